/* test_http_file.c - files over HTTP: answers into a sink, forms out of a source. */
#include <pthread.h>
#include <strings.h>

#include "base/clock.h"
#include "io/http.h"
#include "sock.h"
#include "t.h"

#define LONG 300000

struct peer {
	const char *head; /* of the answer */
	size_t body;      /* so many 'x' behind it */
	bool drips;       /* then one byte each 50 ms */
	int fd, port;
	char got[20000];
	size_t got_n;
	pthread_t thread;
};

/* One request, whole when its declared length is here. */
static void peer_read(struct peer *p, int fd)
{
	for (;;) {
		const char *end = strstr(p->got, "\r\n\r\n");
		const char *length = strcasestr(p->got, "content-length:");
		size_t body = length != NULL ? strtoul(length + 15, NULL, 10) : 0;
		ssize_t n;

		if (end != NULL && p->got_n >= (size_t)(end - p->got) + 4 + body)
			return;
		n = recv(fd, p->got + p->got_n, sizeof(p->got) - 1 - p->got_n, 0);
		if (n <= 0)
			return;
		p->got_n += (size_t)n;
		p->got[p->got_n] = '\0';
	}
}

static void *peer_run(void *arg)
{
	struct peer *p = arg;
	int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);
	char part[1001];
	bool ok;

	if (fd < 0)
		return NULL;
	memset(part, 'x', sizeof(part) - 1);
	peer_read(p, fd);
	ok = sock_send(fd, p->head);
	for (size_t sent = 0; ok && sent < p->body; sent += sizeof(part) - 1) {
		part[size_min(sizeof(part) - 1, p->body - sent)] = '\0';
		ok = sock_send(fd, part);
	}
	while (ok && p->drips && !sock_closed(fd, 50))
		ok = sock_send(fd, "x");
	close(fd);
	return NULL;
}

static struct http *start(struct peer *p)
{
	p->fd = sock_listen(&p->port);
	ASSERT(pthread_create(&p->thread, NULL, peer_run, p) == 0);
	MUST(http_start(&t_err));
	return http_new();
}

static void stop(struct peer *p, struct http *h)
{
	http_free(h);
	shutdown(p->fd, SHUT_RDWR);
	ASSERT(pthread_join(p->thread, NULL) == 0);
	close(p->fd);
	http_stop();
}

struct sink {
	int64_t bytes, fail_at;
};

static enum rc on_bytes(void *arg, const char *p, size_t n, struct err *e)
{
	struct sink *s = arg;

	CHECK(n > 0 && p[0] == 'x' && p[n - 1] == 'x');
	s->bytes += (int64_t)n;
	return s->fail_at > 0 && s->bytes >= s->fail_at ? FAIL(e, RC_IO, "my disk broke") : RC_OK;
}

struct row {
	const char *why;
	struct peer peer;
	int64_t sink_max, fail_at;
	enum rc rc;
	int status;
	int64_t sunk; /* -1: some */
	const char *body, *says;
};

static void try_row(const struct row *r)
{
	struct peer p = r->peer;
	struct sink s = { .fail_at = r->fail_at };
	struct http_answer a = HTTP_ANSWER;
	struct http *h = start(&p);
	char url[64];
	struct http_request req = { .method = "GET",
				    .url = url,
				    .timeout_ms = 20000,
				    .sink = on_bytes,
				    .sink_arg = &s,
				    .sink_max = r->sink_max,
				    .low_speed_bytes = 1000,
				    .low_speed_s = 1 };

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/x?secret=1", p.port);
	err_clear(&t_err);
	CHECK_I64(r->why, http_do(h, &req, &a, &t_err), r->rc);
	CHECK_I64(r->why, a.status, r->status);
	CHECK_STR(r->why, sbuf_c(&a.body), r->body != NULL ? r->body : "");
	if (r->sunk >= 0)
		CHECK_I64(r->why, a.sunk_bytes, r->sunk);
	if (r->says != NULL)
		CHECK(strstr(t_err.text, r->says) != NULL);
	http_answer_release(&a);
	stop(&p, h);
}

TEST(an_answer_goes_into_the_sink)
{
	static const struct row ROWS[] = {
		{ .why = "longer than any answer in memory",
		  .peer = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n",
			    .body = LONG },
		  .sink_max = LONG,
		  .status = 200,
		  .sunk = LONG },
		{ .why = "of unknown length",
		  .peer = { .head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", .body = LONG },
		  .sink_max = INT64_MAX,
		  .status = 200,
		  .sunk = LONG },
		{ .why = "an error stays in memory",
		  .peer = { .head = "HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\n", .body = 3 },
		  .sink_max = LONG,
		  .status = 404,
		  .body = "xxx" },
		{ .why = "a redirect is not followed",
		  .peer = { .head = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/y\r\n"
				    "Content-Length: 0\r\n\r\n" },
		  .sink_max = LONG,
		  .status = 302 },
	};

	EACH (r, ROWS)
		try_row(r);
}

TEST(a_sink_that_ends_early_tells_why)
{
	static const struct row ROWS[] = {
		{ .why = "a byte too many",
		  .peer = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n",
			    .body = LONG },
		  .sink_max = LONG - 1,
		  .rc = RC_LIMIT,
		  .sunk = -1,
		  .says = "299999" },
		{ .why = "the disk",
		  .peer = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n",
			    .body = LONG },
		  .sink_max = LONG,
		  .fail_at = 1000,
		  .rc = RC_IO,
		  .sunk = -1,
		  .says = "my disk" },
		{ .why = "cut",
		  .peer = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n",
			    .body = 5000 },
		  .sink_max = LONG,
		  .rc = RC_UNKNOWN,
		  .sunk = 5000,
		  .says = "127.0.0.1" },
		{ .why = "slower than asked for",
		  .peer = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n",
			    .body = 10,
			    .drips = true },
		  .sink_max = LONG,
		  .rc = RC_UNKNOWN,
		  .sunk = -1 },
	};

	EACH (r, ROWS)
		try_row(r);
}

struct source {
	const char *text;
	bool broken;
};

/* Seven bytes at once, at most. */
static enum rc on_source(void *arg, int64_t offset, char *p, size_t n, size_t *ret_n, struct err *e)
{
	const struct source *s = arg;
	struct str left = str_sub(str_of(s->text), (size_t)offset, size_min(n, 7));

	if (s->broken && offset > 0)
		return FAIL(e, RC_IO, "the file cannot be read");
	if (left.n > 0)
		memcpy(p, left.p, left.n);
	*ret_n = left.n;
	return RC_OK;
}

static enum rc post_form(struct http *h, const struct peer *p, struct source *s,
			 struct http_answer *a)
{
	const struct http_field fields[] = { { "messaging_product", "whatsapp" },
					     { "type", "image/png" } };
	const struct http_form form = { .fields = fields,
					.field_count = COUNT(fields),
					.file_name = "a b.png",
					.file_type = "image/png",
					.file_bytes = (int64_t)strlen(s->text),
					.source = on_source,
					.source_arg = s };
	const struct http_header auth = { "Authorization", "Bearer x" };
	char url[64];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/m", p->port);
	err_clear(&t_err);
	return http_do(h,
		       &(struct http_request){ .method = "POST",
					       .url = url,
					       .headers = &auth,
					       .header_count = 1,
					       .timeout_ms = 5000,
					       .form = &form },
		       a, &t_err);
}

TEST(a_form_carries_fields_and_the_file)
{
	struct peer p = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", .body = 2 };
	struct source s = { .text = "the bytes of a file, longer than one piece" };
	struct http_answer a = HTTP_ANSWER;
	struct http *h = start(&p);

	CHECK_I64("verdict", post_form(h, &p, &s, &a), RC_OK);
	CHECK_I64("status", a.status, 200);
	CHECK(strncmp(p.got, "POST /m HTTP/1.1\r\n", 18) == 0);
	CHECK(strcasestr(p.got, "Content-Type: multipart/form-data; boundary=") != NULL);
	CHECK(strcasestr(p.got, "\r\nContent-Length: ") != NULL);
	CHECK(strcasestr(p.got, "Transfer-Encoding") == NULL &&
	      strcasestr(p.got, "Expect:") == NULL);
	CHECK(strstr(p.got, "name=\"messaging_product\"\r\n\r\nwhatsapp\r\n") != NULL);
	CHECK(strstr(p.got, "name=\"file\"; filename=\"a b.png\"\r\nContent-Type: image/png\r\n\r\n"
			    "the bytes of a file, longer than one piece\r\n--") != NULL);
	http_answer_release(&a);
	stop(&p, h);
}

TEST(a_file_that_breaks_ends_the_upload)
{
	struct peer p = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", .body = 2 };
	struct source s = { .text = "the bytes of a file", .broken = true };
	struct http_answer a = HTTP_ANSWER;
	struct http *h = start(&p);

	CHECK_I64("verdict", post_form(h, &p, &s, &a), RC_IO);
	CHECK(strstr(t_err.text, "cannot be read") != NULL);
	CHECK_I64("status", a.status, 0);
	http_answer_release(&a);
	stop(&p, h);
}
