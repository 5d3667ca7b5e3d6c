/* test_web_file.c - bodies that are taken in pieces, and answers out of a file. */
#include <stdatomic.h>
#include <strings.h>

#include "io/crypto.h"
#include "io/file.h"
#include "io/web.h"
#include "sock.h"
#include "t.h"

#define LONG 700000

static char path[600];
static atomic_llong taken;
static atomic_int ended; /* verdict of the last body, plus one */

static enum rc on_piece(void *arg, const char *p, size_t n, struct err *e)
{
	(void)arg;
	(void)p;
	atomic_fetch_add(&taken, (long long)n);
	return atomic_load(&taken) > 200000 ? FAIL(e, RC_IO, "no room") : RC_OK;
}

static void take_body(struct req *q, struct res *r)
{
	struct err e = { .rc = RC_OK };
	const struct web_sink sink = { on_piece, NULL, 100000, 400 };
	const struct web_sink large = { on_piece, NULL, 1000000, 400 };
	enum rc rc;

	atomic_store(&taken, 0);
	rc = web_body_each(q, strcmp(q->path, "/large") == 0 ? &large : &sink, &e);
	atomic_store(&ended, (int)rc + 1);
	r->status = rc == RC_OK ? 200 : rc == RC_LIMIT ? 413 : rc == RC_IO ? 507 : 400;
	sbuf_printf(&r->body, "%lld", atomic_load(&taken));
}

static void handle(void *arg, struct req *q, struct res *r)
{
	(void)arg;
	if (strcmp(q->method, "POST") == 0) {
		take_body(q, r);
		return;
	}
	r->status = 200;
	MUST(file_in_open(path, &r->file, &t_err));
	r->file_bytes = r->file.bytes;
	if (strcmp(q->path, "/part") == 0) {
		r->status = 206;
		r->file_from = 65530;
		r->file_bytes = 20;
	}
	if (strcmp(q->path, "/short") == 0)
		r->file_bytes = r->file.bytes + 1; /* somebody cut it meanwhile */
}

static struct web *start(void)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(LONG);
	struct web *w = NULL;
	struct web_config c = { .listener = WEB_MAIN,
				.address = "127.0.0.1:0",
				.threads = 2,
				.keep_alive_ms = 2000,
				.request_timeout_ms = 600,
				.body_timeout_ms = 200,
				.handler = handle };

	for (int i = 0; i < LONG; i++)
		sbuf_char(&b, (char)('a' + i % 23));
	(void)snprintf(path, sizeof(path), "%s/f", t_dir());
	MUST(file_write(path, sbuf_view(&b), 0600, &t_err));
	MUST(web_start(&c, &w, &t_err));
	return w;
}

static char answer[LONG + 4000];

static size_t ask(const struct web *w, const char *text, const char *until)
{
	int fd = sock_connect(web_port(w));
	size_t n;

	CHECK(sock_send(fd, text));
	n = sock_read(fd, answer, sizeof(answer), until);
	close(fd);
	return n;
}

TEST(a_file_is_answered_whole_in_part_and_not_at_all)
{
	struct web *w = start();
	const char *body;

	ask(w, "GET /f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", NULL);
	body = strstr(answer, "\r\n\r\n");
	CHECK(body != NULL && strstr(answer, "\r\nContent-Length: 700000\r\n") != NULL);
	body += 4;
	CHECK_I64("all", strlen(body), LONG);
	for (int i = 0; i < LONG; i += 9973)
		CHECK_I64("byte", body[i], 'a' + i % 23);
	ask(w, "GET /part HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", NULL);
	body = strstr(answer, "\r\n\r\n") + 4;
	CHECK(strncmp(answer, "HTTP/1.1 206 ", 13) == 0);
	CHECK_I64("over a step", strlen(body), 20);
	CHECK_I64("its first", body[0], 'a' + 65530 % 23);
	/* Two requests on one connection: the first is only a head. */
	ask(w,
	    "HEAD /f HTTP/1.1\r\nHost: h\r\n\r\nGET /part HTTP/1.1\r\nHost: h\r\nConnection: "
	    "close\r\n\r\n",
	    NULL);
	CHECK(strstr(answer, "\r\nContent-Length: 700000\r\n") != NULL);
	CHECK(strstr(answer, "\r\n\r\nHTTP/1.1 206 ") != NULL);
	web_stop(w);
}

TEST(half_a_file_ends_the_connection)
{
	struct web *w = start();

	/* The length was promised; only the close tells that it was not kept. */
	ask(w, "GET /short HTTP/1.1\r\nHost: h\r\n\r\nGET /part HTTP/1.1\r\nHost: h\r\n\r\n", NULL);
	CHECK(strstr(answer, "\r\nContent-Length: 700001\r\n") != NULL);
	CHECK(strstr(answer, "HTTP/1.1 206") == NULL);
	web_stop(w);
}

TEST(who_does_not_read_is_left)
{
	struct web *w = start();
	int fd = sock_connect(web_port(w));
	int small = 4096;

	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0);
	for (int i = 0; i < 20; i++)
		CHECK(sock_send(fd, "GET /f HTTP/1.1\r\nHost: h\r\n\r\n"));
	/* The other worker still answers, and stopping does not wait for the first. */
	ask(w, "GET /part HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", NULL);
	CHECK(strncmp(answer, "HTTP/1.1 206 ", 13) == 0);
	web_stop(w);
	close(fd);
}

TEST(a_body_is_taken_in_pieces)
{
	static const struct {
		const char *why, *head;
		size_t body;
		const char *end, *path;
		int status;
		enum rc rc;
		long long taken; /* -1: some */
	} ROWS[] = {
		{ "with a length", "Content-Length: 100000\r\n", 100000, "", "/", 200, RC_OK,
		  100000 },
		{ "too long, told", "Content-Length: 100001\r\n", 0, "", "/", 413, RC_LIMIT, 0 },
		{ "in chunks", "Transfer-Encoding: chunked\r\n\r\n186A0\r\n", 100000,
		  "\r\n0\r\n\r\n", "/", 200, RC_OK, 100000 },
		{ "in chunks, too long", "Transfer-Encoding: chunked\r\n\r\n186A1\r\n", 100001,
		  "\r\n0\r\n\r\n", "/", 413, RC_LIMIT, -1 },
		{ "the sink has no room", "Content-Length: 400000\r\n", 400000, "", "/large", 507,
		  RC_IO, -1 },
		{ "too slow", "Content-Length: 100000\r\n", 5000, "", "/", 400, RC_INVALID, -1 },
		{ "a chunk that is none", "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 10, "", "/",
		  400, RC_INVALID, 0 },
		{ "none", "Content-Length: 0\r\n", 0, "", "/", 200, RC_OK, 0 },
	};
	struct web *w = start();

	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = SBUF(1 * MIB);
		char head[20];

		sbuf_printf(&b, "POST %s HTTP/1.1\r\nHost: h\r\n%s%s", r->path, r->head,
			    strstr(r->head, "\r\n\r\n") != NULL ? "" : "\r\n");
		for (size_t i = 0; i < r->body; i++)
			sbuf_char(&b, 'x');
		sbuf_text(&b, r->end);
		atomic_store(&ended, 0);
		ask(w, sbuf_c(&b), "\r\n\r\n");
		(void)snprintf(head, sizeof(head), "HTTP/1.1 %d ", r->status);
		CHECK_STR(r->why, answer[0] != '\0' ? (answer[13] = '\0', answer) : "", head);
		CHECK_I64(r->why, atomic_load(&ended), (int)r->rc + 1);
		if (r->taken >= 0)
			CHECK_I64(r->why, atomic_load(&taken), r->taken);
	}
	web_stop(w);
}
