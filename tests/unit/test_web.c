/* test_web.c - the web server as a client sees it, byte by byte: what is refused, what closes, what
 * is kept. */
#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>

#include "base/clock.h"
#include "io/crypto.h"
#include "io/file.h"
#include "io/http.h"
#include "io/web.h"
#include "io/web_msg.h"
#include "sock.h"
#include "t.h"
#include "tls_pair.h"

static atomic_int handled;
static atomic_int taken;
static atomic_int not_taken;

static void take(void *arg, struct web_stream *s)
{
	(void)arg;
	atomic_fetch_add(s != NULL ? &taken : &not_taken, 1);
	if (s == NULL)
		return;
	CHECK(web_stream_fd(s) >= 0 && web_stream_alive(s));
	CHECK_I64("sent", web_stream_send(s, "data: 1\n\n", 9), 9);
	web_stream_close(s);
}

static void echo(struct req *q, struct res *r)
{
	struct err e = { .rc = RC_OK };
	enum rc rc = web_body(q, 1000, &e);
	r->status = rc == RC_OK ? 200 : rc == RC_LIMIT ? 413 : 400;
	sbuf_printf(&r->body, "%s %s?%.*s [%.*s] %s", q->method, q->path, STRF(q->query),
		    STRF(q->body), q->client);
}

static void handle(void *arg, struct req *q, struct res *r)
{
	(void)arg;
	atomic_fetch_add(&handled, 1);
	r->content_type = "text/plain";
	if (strcmp(q->path, "/stream") == 0) {
		r->status = 200;
		r->take_over = take;
	} else if (strcmp(q->path, "/unread") == 0) {
		r->status = 403;
		sbuf_text(&r->body, "no");
	} else if (strcmp(q->path, "/big") == 0) {
		static const char big[3000000];
		r->status = 200;
		r->body_static = str_n(big, sizeof big);
	} else if (strcmp(q->path, "/none") == 0) {
		r->status = 204;
	} else if (strcmp(q->path, "/bye") == 0) {
		r->status = 200;
		r->close = true;
		web_header(r, "X-Foreign", STR("a\r\nSet-Cookie: x=y"));
	} else {
		echo(q, r);
	}
}

static struct web *start(int threads)
{
	struct web *w = NULL;
	struct web_config c = { .listener = WEB_MAIN,
				.address = "127.0.0.1:0",
				.threads = threads,
				.keep_alive_ms = 2000,
				.request_timeout_ms = 1500,
				.body_timeout_ms = 500,
				.handler = handle };
	MUST(web_start(&c, &w, &t_err));
	return w;
}

/* Sends `text` on a new connection and reads until the connection ends or `until` is there. */
static size_t ask(const struct web *w, const char *text, char *answer, size_t max,
		  const char *until)
{
	int fd = sock_connect(web_port(w));
	CHECK(sock_send(fd, text));
	size_t n = sock_read(fd, answer, max, until);
	close(fd);
	return n;
}

TEST(an_answer_has_all_its_headers)
{
	char a[4000];
	struct web *w = start(2);
	ask(w,
	    "POST /a%20b/%C3%A9?x=%31 HTTP/1.1\r\nHost: h\r\nX-Request-Id: me-1\r\nContent-Length: "
	    "3\r\n\r\nabc",
	    a, sizeof a, "127.0.0.1");
	CHECK(strncmp(a, "HTTP/1.1 200 OK\r\nDate: ", 23) == 0);
	CHECK(strstr(a, "\r\nContent-Type: text/plain\r\n") != NULL);
	CHECK(strstr(a, "\r\nContent-Length: 34\r\n") != NULL);
	CHECK(strstr(a, "\r\nX-Request-Id: me-1\r\n") != NULL);
	CHECK(strstr(a, "\r\nX-Content-Type-Options: nosniff\r\n") != NULL);
	CHECK(strcasestr(a, "\r\nConnection:") == NULL);
	CHECK_STR("body", strstr(a, "\r\n\r\n") + 4, "POST /a b/\xc3\xa9?x=%31 [abc] 127.0.0.1");
	web_stop(w);
}

TEST(what_is_ambiguous_is_refused_and_closed)
{
	static const struct {
		const char *why;
		const char *head;
		int status;
	} rows[] = {
		{ "signature twice",
		  "POST / HTTP/1.1\r\nHost: h\r\nX-Hub-Signature-256: a\r\nx-hub-signature-256: "
		  "b\r\n",
		  400 },
		{ "authorization twice",
		  "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: a\r\n", 400 },
		{ "content type twice",
		  "GET / HTTP/1.1\r\nHost: h\r\nContent-Type: a\r\nContent-Type: a\r\n", 400 },
		{ "key twice",
		  "GET / HTTP/1.1\r\nHost: h\r\nIdempotency-Key: a\r\nIdempotency-Key: a\r\n",
		  400 },
		{ "host twice", "GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n", 400 },
		{ "length twice",
		  "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n", 400 },
		{ "length and chunks",
		  "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: "
		  "chunked\r\n",
		  400 },
		{ "length no number", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +2\r\n", 400 },
		{ "blank before colon", "GET / HTTP/1.1\r\nHost: h\r\nX-A : b\r\n", 400 },
		{ "dots", "GET /a/%2e%2e/b HTTP/1.1\r\nHost: h\r\n", 400 },
		{ "NUL", "GET /a%00b HTTP/1.1\r\nHost: h\r\n", 400 },
		{ "line break", "GET /a%0d%0ab HTTP/1.1\r\nHost: h\r\n", 400 },
		{ "bad UTF-8", "GET /a%ff HTTP/1.1\r\nHost: h\r\n", 400 },
		{ "half escape", "GET /a%2 HTTP/1.1\r\nHost: h\r\n", 400 },
		{ "method", "BREW / HTTP/1.1\r\nHost: h\r\n", 400 },
	};
	char text[1000];
	char a[4000];
	struct web *w = start(2);
	EACH (r, rows) {
		ASSERT(snprintf(text, sizeof text, "%s\r\nGET /second HTTP/1.1\r\nHost: h\r\n\r\n",
				r->head) > 0);
		CHECK(ask(w, text, a, sizeof a, NULL) > 0);
		int64_t status = 0;
		CHECK(str_i64(str_sub(str_of(a), 9, 3), 0, 999, &status));
		CHECK_I64(r->why, status, r->status);
		CHECK(strcasestr(a, "\r\nConnection: close\r\n") != NULL);
		CHECK(strstr(a, "application/problem+json") != NULL);
		CHECK(strstr(a, "second") == NULL);
	}
	CHECK_I64("handled", atomic_load(&handled), 0);
	web_stop(w);
}

TEST(too_long_paths_are_told_so)
{
	char text[2000];
	char path[800];
	char a[4000];
	struct web *w = start(2);
	memset(path, 'a', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	ASSERT(snprintf(text, sizeof text, "GET /%s HTTP/1.1\r\nHost: h\r\n\r\n", path) > 0);
	ask(w, text, a, sizeof a, NULL);
	CHECK(strncmp(a, "HTTP/1.1 414 ", 13) == 0);
	web_stop(w);
}

TEST(a_request_id_of_doubtful_form_is_replaced)
{
	char a[4000];
	char b[4000];
	struct web *w = start(2);
	ask(w, "GET /x HTTP/1.1\r\nHost: h\r\nX-Request-Id: a b\"c\r\n\r\n", a, sizeof a,
	    "127.0.0.1");
	ask(w, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n", b, sizeof b, "127.0.0.1");
	const char *x = strstr(a, "X-Request-Id: ");
	const char *y = strstr(b, "X-Request-Id: ");
	CHECK(x != NULL && y != NULL && x[14 + 14] == '7' && strncmp(x, y, 14 + 36) != 0);
	web_stop(w);
}

TEST(a_connection_is_kept_and_pipelined_requests_are_answered_in_order)
{
	char a[4000];
	struct web *w = start(2);
	int fd = sock_connect(web_port(w));
	CHECK(sock_send(fd, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\n"
			    "Content-Length: 2\r\n\r\nxyGET /3 HTTP/1.1\r\nHost: h\r\nConnection: "
			    "close\r\n\r\n"));
	sock_read(fd, a, sizeof a, NULL);
	const char *first = strstr(a, "GET /1");
	const char *second = strstr(a, "POST /2? [xy]");
	const char *third = strstr(a, "GET /3");
	CHECK(first != NULL && second > first && third > second);
	CHECK(strstr(a, "Connection: close") > second);
	close(fd);
	web_stop(w);
}

TEST(a_body_arrives_whole_in_both_forms)
{
	static const struct {
		const char *why;
		const char *request;
		const char *wanted;
	} rows[] = {
		{ "chunks",
		  "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
		  "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		  "[abcde]" },
		{ "no body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "[]" },
		{ "expect",
		  "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: "
		  "2\r\n\r\nab",
		  "[ab]" },
		{ "bad chunk",
		  "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
		  "chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
		  "400" },
	};
	char a[4000];
	struct web *w = start(2);
	EACH (r, rows) {
		ask(w, r->request, a, sizeof a, r->wanted);
		CHECK(strstr(a, r->wanted) != NULL);
	}
	ask(w, rows[2].request, a, sizeof a, "[ab]");
	CHECK(strncmp(a, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200", 37) == 0);
	web_stop(w);
}

TEST(a_body_over_the_ceiling_is_refused_and_closed)
{
	char text[4000];
	char a[4000];
	char body[2001];
	struct web *w = start(2);
	memset(body, 'x', sizeof body - 1);
	body[sizeof body - 1] = '\0';
	ASSERT(snprintf(text, sizeof text,
			"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n%s", body) > 0);
	ask(w, text, a, sizeof a, NULL);
	CHECK(strncmp(a, "HTTP/1.1 413 ", 13) == 0 && strstr(a, "Connection: close") != NULL);
	ASSERT(snprintf(text, sizeof text,
			"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
			"chunked\r\n\r\n7d0\r\n%s\r\n0\r\n\r\n",
			body) > 0);
	ask(w, text, a, sizeof a, NULL);
	CHECK(strncmp(a, "HTTP/1.1 413 ", 13) == 0 && strstr(a, "Connection: close") != NULL);
	web_stop(w);
}

TEST(a_body_that_drips_meets_its_deadline)
{
	char a[4000];
	struct web *w = start(2);
	int fd = sock_connect(web_port(w));
	int64_t start_us = clock_mono_us();
	CHECK(sock_send(fd, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n"));
	for (int i = 0; i < 40 && !sock_closed(fd, 0); i++) {
		if (!sock_send(fd, "x"))
			break;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, 50) > 0)
			break;
	}
	sock_read(fd, a, sizeof a, NULL);
	CHECK(strncmp(a, "HTTP/1.1 400 ", 13) == 0);
	CHECK(clock_mono_us() - start_us < 1500000);
	close(fd);
	web_stop(w);
}

TEST(an_unread_body_is_dropped_when_small_and_closes_when_large)
{
	char a[4000];
	struct web *w = start(2);
	ask(w,
	    "POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /next "
	    "HTTP/1.1\r\nHost: h\r\n\r\n",
	    a, sizeof a, "GET /next");
	CHECK(strstr(a, "403 Forbidden") != NULL && strstr(a, "GET /next") != NULL);
	ask(w, "POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\nhello", a,
	    sizeof a, NULL);
	CHECK(strstr(a, "403 Forbidden") != NULL && strstr(a, "Connection: close") != NULL);
	web_stop(w);
}

TEST(head_and_empty_answers_have_no_body)
{
	char a[4000];
	struct web *w = start(2);
	ask(w, "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", a, sizeof a, NULL);
	CHECK(strstr(a, "Content-Length: 20\r\n") != NULL);
	CHECK_STR("head", strstr(a, "\r\n\r\n"), "\r\n\r\n");
	ask(w, "GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", a, sizeof a, NULL);
	CHECK(strstr(a, "204 No Content") != NULL && strstr(a, "Content-Length") == NULL);
	CHECK_STR("none", strstr(a, "\r\n\r\n"), "\r\n\r\n");
	ask(w, "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n", a, sizeof a, NULL);
	CHECK_I64("no stream", atomic_load(&not_taken), 1);
	web_stop(w);
}

TEST(closing_is_said_and_done)
{
	char a[4000];
	struct web *w = start(2);
	CHECK(ask(w, "GET /bye HTTP/1.1\r\nHost: h\r\n\r\n", a, sizeof a, NULL) > 0);
	CHECK(strstr(a, "Connection: close") != NULL);
	CHECK(strstr(a, "\r\nX-Foreign: aSet-Cookie: x=y\r\n") != NULL);
	CHECK(ask(w, "GET /x HTTP/1.0\r\n\r\n", a, sizeof a, NULL) > 0);
	CHECK(strstr(a, "Connection: close") != NULL);
	web_stop(w);
}

TEST(a_large_answer_comes_whole)
{
	static char a[3100000];
	struct web *w = start(2);
	size_t n = ask(w, "GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", a, sizeof a,
		       NULL);
	CHECK(n > 3000000 && strstr(a, "Content-Length: 3000000\r\n") != NULL);
	web_stop(w);
}

TEST(a_stream_leaves_its_worker)
{
	char a[4000];
	struct web *w = start(1);
	for (int i = 1; i <= 3; i++) {
		ask(w, "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", a, sizeof a, NULL);
		CHECK(strstr(a, "\r\n\r\ndata: 1\n\n") != NULL &&
		      strstr(a, "Content-Length") == NULL);
		CHECK_I64("taken", atomic_load(&taken), i);
		ask(w, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", a, sizeof a,
		    NULL);
		CHECK(strstr(a, "200 OK") != NULL);
	}
	web_stop(w);
}

/* A server whose certificate `pem` our own calls trust from now on. Its address is written. */
static struct web *serve_tls(enum web_listener listener, struct str pem, bool ask_client,
			     char ret_url[64])
{
	char path[512];
	struct web *w = NULL;
	struct web_config c = { .listener = listener,
				.address = "127.0.0.1:0",
				.threads = 2,
				.keep_alive_ms = 2000,
				.request_timeout_ms = 2000,
				.body_timeout_ms = 2000,
				.tls_cert = path,
				.tls_client_ca = ask_client ? path : NULL,
				.handler = handle };

	ASSERT(snprintf(path, sizeof path, "%s/served.pem", t_dir()) > 0);
	MUST(file_write(path, pem, 0600, &t_err));
	MUST(crypto_start(&t_err));
	MUST(http_start(&t_err));
	MUST(http_set_ca_file(path, &t_err));
	MUST(web_start(&c, &w, &t_err));
	ASSERT(snprintf(ret_url, 64, "https://127.0.0.1:%d/x", web_port(w)) > 0);
	return w;
}

TEST(a_certificate_of_the_future_is_refused_and_its_time_is_known)
{
	char url[64];
	struct web *w = serve_tls(WEB_MAIN, STR(TLS_FUTURE_PEM), false, url);
	struct http_request req = { .method = "GET", .url = url, .look_at_cert = true };
	struct http_answer a = HTTP_ANSWER;
	struct http *h = http_new();
	CHECK_I64("refused", http_do(h, &req, &a, NULL), RC_RETRY);
	CHECK(a.cert_refused);
	CHECK_I64("from", a.refused.from_ms, 3787009445000);
	CHECK_I64("until", a.refused.until_ms, 4922996645000);
	req.look_at_cert = false;
	CHECK_I64("refused", http_do(h, &req, &a, NULL), RC_RETRY);
	CHECK(a.cert_refused && a.refused.from_ms == 0);
	http_answer_release(&a);
	http_free(h);
	web_stop(w);
	http_stop();
}

TEST(tls_is_served_and_checked)
{
	char path[512];
	char url[64];
	struct web *w = NULL;
	ASSERT(snprintf(path, sizeof path, "%s/pair.pem", t_dir()) > 0);
	MUST(file_write(path, STR(TLS_PAIR_PEM), 0600, &t_err));
	MUST(crypto_start(&t_err));
	MUST(http_start(&t_err));
	struct web_config c = { .listener = WEB_MAIN,
				.address = "127.0.0.1:0",
				.threads = 2,
				.keep_alive_ms = 2000,
				.request_timeout_ms = 2000,
				.body_timeout_ms = 2000,
				.tls_cert = path,
				.handler = handle };
	MUST(web_start(&c, &w, &t_err));
	ASSERT(snprintf(url, sizeof url, "https://127.0.0.1:%d/x", web_port(w)) > 0);
	struct http_request req = { .method = "POST", .url = url, .body = STR("abc") };
	struct http_answer a = HTTP_ANSWER;
	struct http *h = http_new();
	CHECK_I64("unknown authority", http_do(h, &req, &a, NULL), RC_RETRY);
	CHECK(a.cert_refused && a.cert_ends_ms == 0);
	http_free(h);
	MUST(http_set_ca_file(path, &t_err));
	h = http_new();
	for (int i = 0; i < 5; i++) {
		MUST(http_do(h, &req, &a, &t_err));
		CHECK_SPAN("body", sbuf_view(&a.body), STR("POST /x? [abc] 127.0.0.1"));
	}
	req.url = NULL;
	ASSERT(snprintf(url, sizeof url, "https://127.0.0.1:%d/stream", web_port(w)) > 0);
	req = (struct http_request){ .method = "GET", .url = url, .look_at_cert = true };
	MUST(http_do(h, &req, &a, &t_err));
	CHECK(!a.cert_refused);
	CHECK_I64("the end in tls_pair.h, 2126-10-29 16:17:56", a.cert_ends_ms, 4948964276000);
	CHECK_SPAN("stream", sbuf_view(&a.body), STR("data: 1\n\n"));
	http_answer_release(&a);
	http_free(h);
	web_stop(w);
	http_stop();
}

TEST(who_has_no_client_certificate_reaches_the_port_and_nothing_behind_it)
{
	char url[64];
	struct web *w = serve_tls(WEB_HOOKS, STR(TLS_PAIR_PEM), true, url);
	struct http_request req = { .method = "GET", .url = url, .look_at_cert = true };
	struct http_answer a = HTTP_ANSWER;
	struct http *h = http_new();
	CHECK(http_do(h, &req, &a, NULL) != RC_OK);
	CHECK(a.connected && !a.cert_refused && a.status == 0);
	web_stop(w);
	CHECK(http_do(h, &req, &a, NULL) != RC_OK); /* and where nobody listens */
	CHECK(!a.connected);
	http_answer_release(&a);
	http_free(h);
	http_stop();
}

TEST(a_malformed_address_does_not_open_other_ports)
{
	static const char *const rows[] = { "127.0.0.1:0,127.0.0.1:0", "127.0.0.1:0s", "",
					    "127.0.0.1:0 " };
	EACH (r, rows) {
		struct web *w = NULL;
		struct web_config c = { .address = *r, .threads = 1, .handler = handle };
		CHECK_I64(*r, web_start(&c, &w, NULL), RC_INVALID);
	}
	struct web *w = start(1);
	char taken_port[32];
	ASSERT(snprintf(taken_port, sizeof taken_port, "127.0.0.1:%d", web_port(w)) > 0);
	struct web_config c = { .address = taken_port, .threads = 1, .handler = handle };
	struct web *second = NULL;
	CHECK_I64("port in use", web_start(&c, &second, NULL), RC_IO);
	web_stop(w);
}

TEST(request_ids_do_not_repeat)
{
	static uint8_t seen[4096][WEB_MSG_RANDOM];
	static const uint64_t seed[2] = { 1, 2 };
	bool repeated = false;
	for (size_t i = 0; i < COUNT(seen); i++) {
		web_msg_random(seed, i, seen[i]);
		for (size_t k = 0; k < i; k++)
			repeated = repeated || memcmp(seen[i], seen[k], WEB_MSG_RANDOM) == 0;
	}
	CHECK(!repeated);
}
