/* test_http.c - outbound calls against a peer that misbehaves in all the ways that matter for a
 * message: what is certain to be unsent, what may have arrived, and that nothing is sent twice. */
#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>

#include "base/clock.h"
#include "io/http.h"
#include "io/http_guard.h"
#include "sock.h"
#include "t.h"

enum manner {
	ANSWERS,
	CUTS_SECOND,   /* reads the second request of a connection whole, then closes without an
			  answer */
	RESETS_SECOND, /* the same with a reset */
	CLOSES_IDLE,   /* closes right after each answer, silently */
	HANGS,
	ANSWERS_LONG,
	ANSWERS_HALF,
	ANSWERS_GARBAGE,
	CLOSES_UNREAD,
	DRIPS,
};

struct peer {
	enum manner manner;
	int fd;
	int port;
	const char *extra; /* answer headers */
	atomic_int received;
	char last[4096];
	pthread_t thread;
};

/* One whole request with Content-Length; false when the connection ended. */
static bool peer_read(struct peer *p, int fd)
{
	char text[sizeof p->last];
	size_t n = 0;
	for (;;) {
		ssize_t got = recv(fd, text + n, sizeof text - 1 - n, 0);
		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = '\0';
		const char *end = strstr(text, "\r\n\r\n");
		if (end == NULL)
			continue;
		const char *length = strcasestr(text, "content-length:");
		size_t body = length != NULL ? strtoul(length + 15, NULL, 10) : 0;
		if (n >= (size_t)(end - text) + 4 + body)
			break;
	}
	memcpy(p->last, text, n + 1);
	atomic_fetch_add(&p->received, 1);
	return true;
}

static void peer_answer(struct peer *p, int fd)
{
	char text[1024];
	int n = snprintf(text, sizeof text,
			 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: "
			 "2\r\n\r\nok",
			 p->extra != NULL ? p->extra : "");
	ASSERT(n > 0 && (size_t)n < sizeof text);
	ASSERT(sock_send(fd, text));
}

static void peer_reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	ASSERT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0);
}

static void peer_long(int fd)
{
	char block[1001];
	memset(block, 'x', sizeof block - 1);
	block[sizeof block - 1] = '\0';
	bool ok = sock_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
	for (int i = 0; ok && i < 100; i++)
		ok = sock_send(fd, block);
}

static void peer_drip(int fd)
{
	bool ok = sock_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
	while (ok && !sock_closed(fd, 50))
		ok = sock_send(fd, "x");
}

/* One connection; false ends it. */
static bool peer_act(struct peer *p, int fd, int number)
{
	switch (p->manner) {
	case CUTS_SECOND:
	case RESETS_SECOND:
		if (number == 2 && p->manner == RESETS_SECOND)
			peer_reset(fd);
		if (number == 2)
			return false;
		peer_answer(p, fd);
		return true;
	case ANSWERS:
		peer_answer(p, fd);
		return true;
	case CLOSES_IDLE:
		peer_answer(p, fd);
		return false;
	case HANGS:
		return sock_closed(fd, 10000);
	case ANSWERS_LONG:
		peer_long(fd);
		return false;
	case ANSWERS_HALF:
		ASSERT(sock_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
		return false;
	case ANSWERS_GARBAGE:
		ASSERT(sock_send(fd, "what do you want\r\n\r\n"));
		return false;
	case DRIPS:
		peer_drip(fd);
		return false;
	case CLOSES_UNREAD:
		return false;
	}
	return false;
}

static void *peer_run(void *arg)
{
	struct peer *p = arg;
	for (;;) {
		int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return NULL;
		int number = 0;
		while (p->manner != CLOSES_UNREAD && peer_read(p, fd) && peer_act(p, fd, ++number))
			;
		close(fd);
	}
}

static void peer_start(struct peer *p)
{
	p->fd = sock_listen(&p->port);
	ASSERT(pthread_create(&p->thread, NULL, peer_run, p) == 0);
	MUST(http_start(&t_err));
}

/* After http_free: the peer's connections have ended then. */
static void peer_stop(struct peer *p)
{
	shutdown(p->fd, SHUT_RDWR); /* wakes accept */
	ASSERT(pthread_join(p->thread, NULL) == 0);
	close(p->fd);
}

static enum rc call(struct http *h, const struct peer *p, const char *method, const char *body,
		    struct http_answer *a)
{
	char url[64];
	int n = snprintf(url, sizeof url, "http://127.0.0.1:%d/x?secret=1", p->port);
	ASSERT(n > 0);
	struct http_request req = { .method = method,
				    .url = url,
				    .body = str_of(body),
				    .timeout_ms = 700,
				    .answer_max = 5000 };
	err_clear(&t_err);
	return http_do(h, &req, a, &t_err);
}

TEST(an_answer_comes_whole_with_its_headers)
{
	struct peer p = { .manner = ANSWERS,
			  .extra = "Retry-After: 7\r\nFacebook-API-Version: v23.0\r\n" };
	struct http_answer a = HTTP_ANSWER;
	peer_start(&p);
	struct http *h = http_new();
	CHECK_I64("verdict", call(h, &p, "POST", "{}", &a), RC_OK);
	CHECK_I64("status", a.status, 200);
	CHECK_SPAN("body", sbuf_view(&a.body), STR("ok"));
	CHECK_STR("type", a.content_type, "application/json");
	CHECK_STR("version", a.api_version, "v23.0");
	CHECK_I64("retry-after", a.retry_after_ms, 7000);
	CHECK(strncmp(p.last, "POST /x?secret=1 HTTP/1.1\r\n", 27) == 0);
	CHECK(strstr(p.last, "\r\n\r\n{}") != NULL);
	CHECK(strcasestr(p.last, "expect:") == NULL && strcasestr(p.last, "content-type:") == NULL);
	http_answer_release(&a);
	http_free(h);
	peer_stop(&p);
}

TEST(every_method_leaves_as_it_was_asked)
{
	static const struct {
		const char *method;
		const char *body;
		const char *line;
	} rows[] = {
		{ "POST", "abc", "POST /x" }, { "GET", NULL, "GET /x" },
		{ "PUT", "abc", "PUT /x" },   { "DELETE", NULL, "DELETE /x" },
		{ "POST", "", "POST /x" },    { "PATCH", "{}", "PATCH /x" },
		{ "POST", NULL, "POST /x" },  { "DELETE", "{}", "DELETE /x" },
		{ "GET", NULL, "GET /x" },
	};
	struct peer p = { .manner = ANSWERS };
	struct http_answer a = HTTP_ANSWER;
	peer_start(&p);
	struct http *h = http_new();
	EACH (r, rows) {
		CHECK_I64(r->method, call(h, &p, r->method, r->body, &a), RC_OK);
		CHECK(strncmp(p.last, r->line, strlen(r->line)) == 0);
		const char *end = strstr(p.last, "\r\n\r\n");
		CHECK_STR(r->method, end + 4, r->body != NULL ? r->body : "");
	}
	http_answer_release(&a);
	http_free(h);
	peer_stop(&p);
}

/* libcurl alone repeats a request whose reused connection dies: that would be a second message. */
TEST(a_message_is_never_sent_twice_by_itself)
{
	static const enum manner manners[] = { CUTS_SECOND, RESETS_SECOND };
	static const struct {
		const char *method;
		const char *body;
	} rows[] = { { "POST", "{\"text\":\"hello\"}" },
		     { "POST", NULL },
		     { "DELETE", NULL },
		     { "PUT", "x" } };
	EACH (m, manners) {
		struct peer p = { .manner = *m };
		struct http_answer a = HTTP_ANSWER;
		peer_start(&p);
		EACH (r, rows) {
			struct http *h = http_new();
			atomic_store(&p.received, 0);
			CHECK_I64("first", call(h, &p, r->method, r->body, &a), RC_OK);
			CHECK_I64("second", call(h, &p, r->method, r->body, &a), RC_UNKNOWN);
			CHECK_I64(r->method, atomic_load(&p.received), 2);
			CHECK_I64("status", a.status, 0);
			CHECK_I64("third", call(h, &p, r->method, r->body, &a), RC_OK);
			CHECK_I64("each once", atomic_load(&p.received), 3);
			http_free(h);
		}
		peer_stop(&p);
		http_stop();
		http_answer_release(&a);
	}
}

TEST(a_question_may_be_asked_again)
{
	struct peer p = { .manner = CUTS_SECOND };
	struct http_answer a = HTTP_ANSWER;
	peer_start(&p);
	struct http *h = http_new();
	CHECK_I64("first", call(h, &p, "GET", NULL, &a), RC_OK);
	CHECK_I64("second", call(h, &p, "GET", NULL, &a), RC_OK);
	CHECK_I64("asked", atomic_load(&p.received), 3);
	http_answer_release(&a);
	http_free(h);
	peer_stop(&p);
}

TEST(a_connection_that_was_closed_while_idle_costs_nothing)
{
	struct peer p = { .manner = CLOSES_IDLE };
	struct http_answer a = HTTP_ANSWER;
	peer_start(&p);
	struct http *h = http_new();
	for (int i = 1; i <= 20; i++) {
		CHECK_I64("verdict", call(h, &p, "POST", "{}", &a), RC_OK);
		CHECK_I64("received", atomic_load(&p.received), i);
		/* Until the close is there; without it the race is real and RC_UNKNOWN is right. */
		usleep(5000);
	}
	http_answer_release(&a);
	http_free(h);
	peer_stop(&p);
}

TEST(what_may_have_arrived_is_unknown)
{
	static const struct {
		enum manner manner;
		const char *why;
	} rows[] = { { HANGS, "hangs" },
		     { ANSWERS_LONG, "long" },
		     { ANSWERS_HALF, "half" },
		     { ANSWERS_GARBAGE, "garbage" },
		     { DRIPS, "drips" } };
	EACH (r, rows) {
		struct peer p = { .manner = r->manner };
		struct http_answer a = HTTP_ANSWER;
		peer_start(&p);
		struct http *h = http_new();
		int64_t start_us = clock_mono_us();
		CHECK_I64(r->why, call(h, &p, "POST", "{}", &a), RC_UNKNOWN);
		CHECK_I64(r->why, a.status, 0);
		CHECK_I64(r->why, a.too_long, r->manner == ANSWERS_LONG);
		CHECK(clock_mono_us() - start_us < 2000000);
		CHECK(strstr(t_err.text, "127.0.0.1") != NULL &&
		      strstr(t_err.text, "secret") == NULL);
		http_answer_release(&a);
		http_free(h);
		peer_stop(&p);
		http_stop();
	}
}

TEST(a_peer_that_hangs_up_at_once_has_read_nothing)
{
	struct peer p = { .manner = CLOSES_UNREAD };
	struct http_answer a = HTTP_ANSWER;
	peer_start(&p);
	struct http *h = http_new();
	for (int i = 0; i < 20; i++) {
		enum rc rc = call(h, &p, "POST", "{}", &a);
		CHECK(rc == RC_RETRY || rc == RC_UNKNOWN);
	}
	CHECK_I64("received", atomic_load(&p.received), 0);
	http_answer_release(&a);
	http_free(h);
	peer_stop(&p);
}

TEST(what_provably_did_not_leave_may_be_tried_again)
{
	static const char *const urls[] = { "http://127.0.0.1:1/", "http://no-such-host.invalid/",
					    "https://127.0.0.1:1/" };
	struct http_answer a = HTTP_ANSWER;
	MUST(http_start(&t_err));
	struct http *h = http_new();
	EACH (url, urls) {
		struct http_request req = {
			.method = "POST", .url = *url, .body = STR("{}"), .timeout_ms = 5000
		};
		err_clear(&t_err);
		CHECK_I64(*url, http_do(h, &req, &a, &t_err), RC_RETRY);
	}
	/* A TLS hello to a plain server is not a request. */
	struct peer p = { .manner = ANSWERS_GARBAGE };
	char url[64];
	p.fd = sock_listen(&p.port);
	ASSERT(pthread_create(&p.thread, NULL, peer_run, &p) == 0);
	ASSERT(snprintf(url, sizeof url, "https://127.0.0.1:%d/", p.port) > 0);
	struct http_request req = {
		.method = "POST", .url = url, .body = STR("{}"), .timeout_ms = 500
	};
	CHECK_I64("tls", http_do(h, &req, &a, NULL), RC_RETRY);
	http_answer_release(&a);
	http_free(h);
	peer_stop(&p);
}

TEST(a_bad_request_is_refused_before_it_leaves)
{
	static const struct {
		const char *why;
		const char *url;
		struct http_header header;
	} rows[] = {
		{ "scheme", "file:///etc/passwd", { "X-A", "b" } },
		{ "scheme", "ftp://127.0.0.1/", { "X-A", "b" } },
		{ "no url", "", { "X-A", "b" } },
		{ "port", "http://127.0.0.1:99999/", { "X-A", "b" } },
		{ "line break", "http://127.0.0.1:1/", { "X-A", "b\r\nX-B: c" } },
		{ "name", "http://127.0.0.1:1/", { "X A", "b" } },
		{ "name", "http://127.0.0.1:1/", { "", "b" } },
		{ "length", "http://127.0.0.1:1/", { "content-length", "5" } },
	};
	struct http_answer a = HTTP_ANSWER;
	MUST(http_start(&t_err));
	struct http *h = http_new();
	EACH (r, rows) {
		struct http_request req = { .method = "POST",
					    .url = r->url,
					    .headers = &r->header,
					    .header_count = 1,
					    .body = STR("{}") };
		err_clear(&t_err);
		CHECK_I64(r->why, http_do(h, &req, &a, &t_err), RC_INVALID);
	}
	http_answer_release(&a);
	http_free(h);
}

TEST(a_users_url_cannot_reach_inside)
{
	static const char *const hosts[] = { "127.0.0.1",         "2130706433", "0x7f.1",
					     "localhost",         "[::1]",      "0.0.0.0",
					     "[::ffff:127.0.0.1]" };
	struct peer p = { .manner = ANSWERS };
	struct http_answer a = HTTP_ANSWER;
	char url[96];
	peer_start(&p);
	struct http *h = http_new();
	/* A connection that was opened without the guard is there, and must not be used. */
	CHECK_I64("unguarded", call(h, &p, "GET", NULL, &a), RC_OK);
	EACH (host, hosts) {
		ASSERT(snprintf(url, sizeof url, "http://%s:%d/", *host, p.port) > 0);
		struct http_request req = { .method = "GET", .url = url, .guard_private = true };
		err_clear(&t_err);
		CHECK_I64(*host, http_do(h, &req, &a, &t_err), RC_REFUSED);
	}
	CHECK_I64("received", atomic_load(&p.received), 1);
	http_answer_release(&a);
	http_free(h);
	peer_stop(&p);
}

TEST(the_guard_knows_public_addresses)
{
	static const struct {
		const char *address;
		bool allowed;
	} rows[] = {
		{ "8.8.8.8", true },
		{ "10.1.2.3", false },
		{ "172.15.0.1", true },
		{ "172.16.0.1", false },
		{ "172.31.255.255", false },
		{ "172.32.0.1", true },
		{ "192.168.1.1", false },
		{ "169.254.169.254", false },
		{ "100.64.0.1", false },
		{ "100.128.0.1", true },
		{ "127.9.9.9", false },
		{ "0.1.2.3", false },
		{ "224.0.0.1", false },
		{ "255.255.255.255", false },
		{ "223.255.255.1", true },
		{ "198.19.0.1", false },
		{ "2a03:2880::1", true },
		{ "::1", false },
		{ "::", false },
		{ "::ffff:8.8.8.8", false },
		{ "64:ff9b::808:808", false },
		{ "fe80::1", false },
		{ "fc00::1", false },
		{ "ff02::1", false },
		{ "2002:7f00:1::", false },
		{ "2001:0:1::1", false },
		{ "2001:db8::1", false },
		{ "2001:4860:4860::8888", true },
	};
	EACH (r, rows) {
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		bool is4 = inet_pton(AF_INET, r->address, &v4.sin_addr) == 1;
		CHECK(is4 || inet_pton(AF_INET6, r->address, &v6.sin6_addr) == 1);
		const struct sockaddr *at =
			is4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
		CHECK_I64(r->address, http_guard_allows(at), r->allowed);
	}
}
