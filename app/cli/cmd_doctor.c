/* cmd_doctor.c - totem doctor: all of totem check, then the living box: does the server answer, is it ready, which
 * incidents are open, can the names of the peers be resolved and do they answer. */
#include "base/log.h"
#include "base/url.h"
#include "cli/call.h"
#include "cli/check.h"
#include "cli/cmd.h"
#include "io/http.h"
#include "io/probe.h"

#define TIMEOUT_MS 8000
#define HOST_MAX   256

/* Settings that hold an address of somebody else. */
static const struct {
	const char *kind, *name;
} PEERS[] = {
	{ "channel", "base_url" }, { "chatwoot", "url" }, { "n8n", "url" }, { "lookup", "url" }
};

/* "https://host:1/x" -> host; false: none. */
static bool host_of(struct str url, char ret_host[HOST_MAX])
{
	ptrdiff_t at = str_find(url, STR("://"));
	struct str host;

	if (at < 0)
		return false;
	host = str_sub(url, (size_t)at + 3, url.n);
	if (host.n > 0 && host.p[0] == '[') /* an address needs no resolving */
		return false;
	for (size_t i = 0; i < host.n; i++) {
		if (strchr("/:?#", host.p[i]) != NULL)
			host.n = i;
	}
	return host.n > 0 && str_copy(host, ret_host, HOST_MAX);
}

/* Any answer will do: the address leads to a web server. */
static void look_at_peer(struct check *k, struct http *h, const char *label, struct str url)
{
	const struct http_request q = { .method = "GET", .url = url.p, .timeout_ms = TIMEOUT_MS };
	struct http_answer a = HTTP_ANSWER;
	struct err e = { .rc = RC_OK };
	char host[HOST_MAX], text[24];

	if (host_of(url, host) && probe_resolve(host, &e) != RC_OK) {
		finding_add(&k->findings, FINDING_NAME, FINDING_BAD, e.text, host);
		return;
	}
	if (http_do(h, &q, &a, &e) == RC_OK) {
		(void)snprintf(text, sizeof(text), "HTTP %d, %lld ms", a.status,
			       (long long)a.duration_ms);
		finding_add(&k->findings, FINDING_PEER, FINDING_FINE, text, label);
	} else {
		finding_add(&k->findings, FINDING_PEER, FINDING_BAD, e.text, label);
	}
	http_answer_release(&a);
}

/* The way that Meta takes, as far as it can be gone from inside. */
static void look_at_public(struct check *k, struct str address)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(KIB);
	struct http_request q = { .method = "GET", .timeout_ms = TIMEOUT_MS };
	struct http_answer a = HTTP_ANSWER;
	struct err e = { .rc = RC_OK };
	struct http *h = http_new();
	char text[24];

	while (str_ends(address, STR("/")))
		address.n--;
	sbuf_str(&url, address);
	sbuf_text(&url, "/healthz");
	q.url = sbuf_c(&url);
	if (http_do(h, &q, &a, &e) != RC_OK) {
		finding_add(&k->findings, FINDING_PUBLIC_SILENT, FINDING_WARNS, q.url, e.text);
	} else if (a.status != 200) {
		(void)snprintf(text, sizeof(text), "HTTP %d", a.status);
		finding_add(&k->findings, FINDING_PUBLIC_SILENT, FINDING_WARNS, q.url, text);
	} else {
		finding_add(&k->findings, FINDING_PUBLIC_URL, FINDING_FINE, q.url, NULL);
	}
	http_answer_release(&a);
	http_free(h);
}

static void look_at_peers(struct check *k)
{
	struct http *h = http_new();
	struct str slug;

	for (size_t p = 0; p < COUNT(PEERS); p++) {
		for (size_t i = 0; setting_slug(k->settings, PEERS[p].kind, i, &slug); i++) {
			char name[64], label[100];
			struct str url;

			if (!str_copy(slug, name, sizeof(name)))
				continue;
			(void)snprintf(label, sizeof(label), "%s.%s", PEERS[p].kind, name);
			url = setting_of(k->settings, PEERS[p].kind, name, PEERS[p].name);
			/* A place to fill in ({{dni}}) is no address yet. */
			if (url.n > 0 && str_find(url, STR("{{")) < 0)
				look_at_peer(k, h, label, url);
		}
	}
	http_free(h);
}

static void look_at_incidents(struct check *k, struct caller *by)
{
	static const char *const LANGS[] = { "en", "es", "pt" };
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	char path[80];

	(void)snprintf(path, sizeof(path), "/api/v1/incidents?open=true&lang=%s",
		       LANGS[k->findings.lang]);
	if (call_do(by, &(struct call_request){ "GET", path, STR_NONE }, &a, &e) != RC_OK) {
		finding_add(&k->findings, FINDING_SERVER, FINDING_BAD, e.text, NULL);
	} else {
		for (const struct json *i = json_first(json_get(a.root, "data")); i != NULL;
		     i = json_next(i)) {
			AUTO(sbuf_release) struct sbuf text = SBUF(4 * KIB), cure = SBUF(4 * KIB);

			if (json_kind(json_get(i, "closed_at")) == JSON_TEXT)
				continue;
			sbuf_str(&text, json_get_str(i, "text"));
			sbuf_str(&cure, json_get_str(i, "cure"));
			finding_add(&k->findings, FINDING_INCIDENT, FINDING_WARNS, sbuf_c(&text),
				    sbuf_c(&cure));
		}
	}
	call_answer_release(&a);
}

static void look_at_server(struct check *k)
{
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	struct caller by;

	if (call_begin_server(k->cli, &by, &e) != RC_OK) {
		finding_add(&k->findings, FINDING_SERVER, FINDING_BAD, e.text, NULL);
		return;
	}
	if (call_do(&by, &(struct call_request){ "GET", "/readyz", STR_NONE }, &a, &e) == RC_OK) {
		finding_add(&k->findings, FINDING_SERVER, FINDING_FINE, "ok", NULL);
	} else if (a.root != NULL) {
		for (const struct json *r = json_first(json_get(a.root, "reasons")); r != NULL;
		     r = json_next(r)) {
			AUTO(sbuf_release) struct sbuf text = SBUF(KIB);

			sbuf_str(&text, json_get_str(r, "detail"));
			finding_add(&k->findings, FINDING_SERVER, FINDING_BAD, sbuf_c(&text), NULL);
		}
	} else {
		finding_add(&k->findings, FINDING_SERVER, FINDING_BAD, e.text, NULL);
	}
	call_answer_release(&a);
	look_at_incidents(k, &by);
	call_end(&by);
}

int cmd_doctor(struct cli *c)
{
	struct str address;
	struct check k;

	if (c->word_count > 0)
		return cli_usage(c, "doctor takes options only");
	if (!cmd_check_begin(&k, c))
		return CLI_EXIT_USAGE;
	http_stop(); /* commands begin it themselves */
	look_at_server(&k);
	if (k.settings != NULL) {
		address = setting_str(k.settings, "public_url");
		if (address.n > 0)
			look_at_public(&k, address);
		else
			finding_add(&k.findings, FINDING_PUBLIC_URL, FINDING_WARNS, "-", NULL);
		look_at_peers(&k);
	}
	return cmd_check_end(&k);
}
