/* test_check.c - findings of totem check (and totem doctor, which begins with them) that need a machine in a certain state. */
#include "cli/check.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <unistd.h>

#include "io/file.h"
#include "io/http.h"
#include "io/probe.h"
#include "t.h"

/* main.c is not linked into tests. */
const struct cli_command main_commands[] = { { NULL, NULL, NULL, NULL, NULL, NULL } };

/* The kernel's answer, instead of libc's: its status, or -1: it does not say. */
static int kernel_says = 0;

int adjtimex(struct timex *t)
{
	t->status = kernel_says;
	return kernel_says;
}

/* The JSON object of the finding; STR_NONE: not found. */
static struct str finding_of(struct check *k, const char *code)
{
	struct str all = sbuf_view(&k->findings.text), rest;
	char text[60];
	ptrdiff_t at, end;

	(void)snprintf(text, sizeof(text), "{\"code\":\"%s\"", code);
	at = str_find(all, str_of(text));
	if (at < 0)
		return STR_NONE;
	rest = str_sub(all, (size_t)at, all.n);
	end = str_chr(rest, '}');
	return str_sub(rest, 0, end > 0 ? (size_t)end : rest.n);
}

static bool says(struct check *k, const char *code, const char *what)
{
	return str_find(finding_of(k, code), str_of(what)) >= 0;
}

static void look(struct check *k, const char *const *sets, size_t n)
{
	static struct cli c; /* the check keeps it */

	c = (struct cli){ .data_dir = t_dir(), .set_count = n, .json = true };
	for (size_t i = 0; i < n; i++)
		c.sets[i] = sets[i];
	CHECK(cmd_check_begin(k, &c));
}

static void done(struct check *k)
{
	http_stop();
	if (k->settings != NULL)
		settings_free(TAKE(k->settings));
	db_close(TAKE(k->db));
	sbuf_release(&k->findings.table.cells);
	sbuf_release(&k->findings.text);
}

TEST(a_clock_that_nobody_keeps_is_found)
{
	static const struct {
		int kernel;
		const char *state; /* NULL: no finding */
	} ROWS[] = {
		{ 0, "\"state\":\"ok\"" },
		{ STA_UNSYNC, "\"state\":\"warning\"" },
		{ STA_UNSYNC | STA_PLL, "no time service keeps it right" },
		{ STA_UNSYNC, "timedatectl set-ntp true" },
		{ -1, NULL },
	};
	static const char *const QUIET[] = { "listen=127.0.0.1:0", "hooks_listen=" };

	EACH (r, ROWS) {
		struct check k;

		kernel_says = r->kernel;
		look(&k, QUIET, COUNT(QUIET));
		if (r->state == NULL)
			CHECK(finding_of(&k, "CLOCK_SYNC").n == 0);
		else
			CHECK(says(&k, "CLOCK_SYNC", r->state));
		done(&k);
	}
}

/* The server takes a name's IPv4 address; that [::1] is free there says nothing. */
TEST(of_a_name_the_port_is_tried_that_the_server_opens)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(at);
	char name[40];

	CHECK(bind(fd, (struct sockaddr *)&at, size) == 0 && listen(fd, 1) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&at, &size) == 0);
	(void)snprintf(name, sizeof(name), "localhost:%d", ntohs(at.sin_port));
	CHECK(probe_listen(str_of(name)) == PROBE_LISTEN_TAKEN);
	(void)close(fd);
	CHECK(probe_listen(str_of(name)) == PROBE_LISTEN_FREE);
}

TEST(what_keeps_a_port_from_being_opened_has_its_own_cure)
{
	static const struct {
		const char *listen, *hooks, *code, *says;
	} ROWS[] = {
		{ "192.0.2.1:8080", "", "PORT_ADDRESS", "is no address of this box" },
		{ "nobody.invalid:80", "", "PORT_ADDRESS", "ip addr" },
		{ "127.0.0.1:18099", "127.0.0.1:18099", "PORT_TWICE", "value of listen too" },
		{ "127.0.0.1:0", "127.0.0.1:0", "PORT", "\"state\":\"ok\"" },
		{ "bad", "", "SETTINGS", "argument: listen: " },
		{ "0.0.0.0:99999", "", "SETTINGS", "port 0 to 65535" },
	};

	EACH (r, ROWS) {
		const char *sets[2];
		char listen[80], hooks[80];
		struct check k;

		(void)snprintf(listen, sizeof(listen), "listen=%s", r->listen);
		(void)snprintf(hooks, sizeof(hooks), "hooks_listen=%s", r->hooks);
		sets[0] = listen;
		sets[1] = hooks;
		look(&k, sets, COUNT(sets));
		CHECK(says(&k, r->code, r->says));
		done(&k);
	}
}

TEST(certificates_of_others_that_cannot_be_read_are_found)
{
	static const char *const SETS[] = { "ca_file=/nowhere/ca.pem", "listen=127.0.0.1:0",
					    "hooks_listen=" };
	struct check k;

	look(&k, SETS, COUNT(SETS));
	CHECK(says(&k, "ROOTS", "\"state\":\"WRONG\""));
	CHECK(says(&k, "ROOTS", "ca-certificates"));
	done(&k);
}

TEST(a_file_that_tls_names_is_looked_at)
{
	char cert[600], ca[600], path[560];
	const char *const sets[] = { cert, ca, "listen=127.0.0.1:0", "hooks_listen=" };
	struct check k;

	(void)snprintf(path, sizeof(path), "%s/some.pem", t_dir());
	MUST(file_write(path, STR("nothing of this kind"), 0600, &t_err));
	(void)snprintf(cert, sizeof(cert), "tls_cert=%s", path);
	(void)snprintf(ca, sizeof(ca), "tls_client_ca=%s.none", path);
	look(&k, sets, COUNT(sets));
	CHECK(says(&k, "TLS_FILES", "has no private key in PEM format"));
	CHECK(says(&k, "TLS_FILES", "\"state\":\"WRONG\""));
	CHECK(str_find(sbuf_view(&k.findings.text), STR("tls_client_ca cannot be used")) > 0);
	done(&k);
}
