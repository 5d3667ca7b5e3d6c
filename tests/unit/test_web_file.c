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

/* An answer that is made while it leaves: "/push" says how long it is, "/push/on" does not, "/push/half" breaks off. */
static atomic_int pushes, let_go;

static enum rc push(void *arg, web_sink_fn *sink, void *sink_arg, struct err *e)
{
	const char *path_asked = arg;
	char piece[1000];

	atomic_fetch_add(&pushes, 1);
	if (sink == NULL) {
		atomic_fetch_add(&let_go, 1);
		return RC_OK;
	}
	for (int i = 0; i < LONG / 1000; i++) {
		memset(piece, 'a' + i % 23, sizeof(piece));
		TRY(sink(sink_arg, piece, sizeof(piece), e));
		if (i == 300 && strcmp(path_asked, "/push/half") == 0)
			return FAIL(e, RC_IO, "what it was made of is gone");
	}
	return RC_OK;
}

static void push_answer(struct req *q, struct res *r)
{
	r->push = push;
	r->push_arg = arena_dup(q->arena, str_of(q->path));
	r->push_bytes = strcmp(q->path, "/push") == 0 ? LONG : -1;
	if (strcmp(q->path, "/push/less") == 0)
		r->push_bytes = LONG + 1;
	if (strcmp(q->path, "/push/more") == 0)
		r->push_bytes = LONG - 1;
}

static void handle(void *arg, struct req *q, struct res *r)
{
	(void)arg;
	if (strcmp(q->method, "POST") == 0) {
		take_body(q, r);
		return;
	}
	r->status = 200;
	if (strncmp(q->path, "/push", 5) == 0) {
		push_answer(q, r);
		return;
	}
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

/* The body of a chunked answer in `answer`, put together; -1: it has no end. */
static long unchunk(const char *p, char *to)
{
	char *end;
	long all = 0;

	for (;;) {
		long n = strtol(p, &end, 16);

		if (strncmp(end, "\r\n", 2) != 0)
			return -1;
		if (n == 0)
			return strcmp(end, "\r\n\r\n") == 0 ? all : -1;
		memcpy(to + all, end + 2, (size_t)n);
		all += n;
		p = end + 2 + n + 2;
	}
}

TEST(an_answer_is_made_while_it_leaves)
{
	static char whole[LONG + 1];
	struct web *w = start();
	const char *body;

	ask(w, "GET /push HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", NULL);
	CHECK(strstr(answer, "\r\nContent-Length: 700000\r\n") != NULL);
	body = strstr(answer, "\r\n\r\n") + 4;
	CHECK_I64("all of it", strlen(body), LONG);
	CHECK_I64("its last", body[LONG - 1], 'a' + 699 % 23);
	ask(w, "GET /push/on HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", NULL);
	CHECK(strstr(answer, "\r\nTransfer-Encoding: chunked\r\n") != NULL &&
	      strstr(answer, "Content-Length") == NULL);
	CHECK_I64("in chunks", unchunk(strstr(answer, "\r\n\r\n") + 4, whole), LONG);
	CHECK_I64("its middle", whole[350500], 'a' + 350 % 23);
	/* Who knows no chunks reads until the end; who wants the head alone gets it, and the next answer behind it. */
	ask(w, "GET /push/on HTTP/1.0\r\nHost: h\r\n\r\n", NULL);
	CHECK(strstr(answer, "chunked") == NULL);
	CHECK_I64("bare", strlen(strstr(answer, "\r\n\r\n") + 4), LONG);
	CHECK_I64("nobody let go yet", atomic_load(&let_go), 0);
	ask(w,
	    "HEAD /push HTTP/1.1\r\nHost: h\r\n\r\nGET /part HTTP/1.1\r\nHost: h\r\nConnection: "
	    "close\r\n\r\n",
	    NULL);
	CHECK(strstr(answer, "\r\n\r\nHTTP/1.1 206 ") != NULL);
	CHECK_I64("let go without a reader", atomic_load(&let_go), 1);
	CHECK_I64("each once", atomic_load(&pushes), 4);
	web_stop(w);
}

TEST(an_answer_that_breaks_off_ends_the_connection)
{
	static const char *const PATHS[] = { "/push/half", "/push/less", "/push/more" };
	static char whole[LONG + 1];
	struct web *w = start();

	for (size_t i = 0; i < COUNT(PATHS); i++) {
		char text[200];

		(void)snprintf(text, sizeof(text),
			       "GET %s HTTP/1.1\r\nHost: h\r\n\r\nGET /part HTTP/1.1\r\nHost: "
			       "h\r\n\r\n",
			       PATHS[i]);
		ask(w, text, NULL);
		CHECK(strstr(answer, "HTTP/1.1 200 ") != NULL &&
		      strstr(answer, "HTTP/1.1 206") == NULL);
		if (i == 0)
			CHECK_I64("no end mark", unchunk(strstr(answer, "\r\n\r\n") + 4, whole),
				  -1);
	}
	web_stop(w);
}
