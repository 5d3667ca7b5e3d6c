/* test_sse.c - event streams: nothing lost, nothing twice, slow ones do not hold up others, cheap
 * ones. */
#include <pthread.h>
#include <stdatomic.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "io/sse.h"
#include "io/sys.h"
#include "sock.h"
#include "t.h"

static atomic_int newest; /* events 1..newest exist */
static atomic_int reads;
static atomic_int event_bytes;
static struct sse *streams;

static enum rc source(void *arg, struct sse_filter filter, int64_t after, struct sbuf *to,
		      int64_t *ret_last, struct err *e)
{
	(void)arg;
	(void)e;
	atomic_fetch_add(&reads, 1);
	int64_t last = after;
	while (last < atomic_load(&newest) && last - after < 100 && to->n < SSE_BUFFER_MAX / 2) {
		last++;
		sbuf_printf(to, "id: %lld\ndata: c%lld%s ", (long long)last,
			    (long long)filter.company, filter.masked ? "m" : "");
		for (int i = 0; i < atomic_load(&event_bytes); i++)
			sbuf_char(to, 'x');
		sbuf_text(to, "\n\n");
	}
	*ret_last = last;
	return last > after ? RC_OK : RC_ABSENT;
}

static atomic_int put_out; /* this company may not listen any more */

static bool alive(void *arg, struct sse_filter filter, int64_t pass)
{
	(void)arg;
	(void)filter;
	return pass != atomic_load(&put_out);
}

static void handle(void *arg, struct req *q, struct res *r)
{
	struct str last = web_req_header(q, "last-event-id");
	int64_t after = 0;
	int64_t company = 1;
	(void)arg;
	if (last.p != NULL && !str_i64(last, 0, INT64_MAX, &after))
		after = 0;
	if (q->query.n > 0 && !str_i64(q->query, 0, 1000, &company))
		company = 1;
	if (sse_accept(streams, r, (struct sse_filter){ company % 100, company >= 100, 0 },
		       company % 100, after, NULL) != RC_OK)
		r->status = 503;
}

static struct web *start(void)
{
	struct web *w = NULL;
	struct web_config c = { .listener = WEB_MAIN,
				.address = "127.0.0.1:0",
				.threads = 4,
				.keep_alive_ms = 2000,
				.request_timeout_ms = 2000,
				.body_timeout_ms = 2000,
				.handler = handle };
	MUST(sse_start(source, alive, NULL, &streams, &t_err));
	MUST(web_start(&c, &w, &t_err));
	return w;
}

static void stop(struct web *w)
{
	sse_stop(streams);
	web_stop(w);
	sse_free(streams);
}

static int listen_from(const struct web *w, int company, int after)
{
	char text[200];
	int fd = sock_connect(web_port(w));
	ASSERT(snprintf(text, sizeof text,
			"GET /stream?%d HTTP/1.1\r\nHost: h\r\nLast-Event-ID: %d\r\n\r\n", company,
			after) > 0);
	CHECK(sock_send(fd, text));
	return fd;
}

static void wait_for_clients(int64_t n)
{
	for (int i = 0; i < 500 && sse_clients(streams) != n; i++)
		usleep(10000);
	CHECK_I64("clients", sse_clients(streams), n);
}

TEST(a_stream_resumes_where_it_was_and_goes_on_live)
{
	char a[8000];
	struct web *w = start();
	atomic_store(&newest, 5);
	int fd = listen_from(w, 1, 3);
	sock_read(fd, a, sizeof a, "id: 5\ndata: c1 \n\n");
	CHECK(strstr(a, "Content-Type: text/event-stream\r\n") != NULL);
	CHECK(strstr(a, "id: 3\n") == NULL && strstr(a, "id: 4\n") != NULL);
	for (int i = 6; i <= 300; i++) {
		atomic_store(&newest, i);
		sse_notify(streams);
	}
	char b[20000];
	sock_read(fd, b, sizeof b, "id: 300\ndata: c1 \n\n");
	const char *at = b;
	for (int i = 6; i <= 300; i++) {
		char wanted[32];
		ASSERT(snprintf(wanted, sizeof wanted, "id: %d\ndata: c1 \n\n", i) > 0);
		CHECK(strncmp(at, wanted, strlen(wanted)) == 0);
		at += strlen(wanted);
	}
	close(fd);
	wait_for_clients(0);
	stop(w);
}

TEST(clients_with_another_filter_have_bytes_of_their_own)
{
	static const struct {
		int filter; /* company, and 100 for masked */
		const char *wanted;
	} CASES[] = {
		{ 1, "c1 \n\n" }, { 101, "c1m \n\n" }, { 2, "c2 \n\n" }, { 102, "c2m \n\n" }
	};
	struct web *w = start();

	atomic_store(&newest, 1);
	EACH (t, CASES) {
		char a[4000];
		int fd = listen_from(w, t->filter, 0);

		sock_read(fd, a, sizeof(a), t->wanted);
		CHECK(strstr(a, t->wanted) != NULL);
		close(fd);
	}
	wait_for_clients(0);
	stop(w);
}

TEST(clients_at_one_place_cost_one_read)
{
	enum { N = 50 };
	char a[4000];
	int fds[N];
	struct web *w = start();
	for (int i = 0; i < N; i++) {
		fds[i] = listen_from(w, 1, 0);
		sock_read(fds[i], a, sizeof a, "retry: 2000\n\n");
	}
	wait_for_clients(N);
	usleep(100000);
	atomic_store(&reads, 0);
	atomic_store(&newest, 1);
	sse_notify(streams);
	for (int i = 0; i < N; i++) {
		sock_read(fds[i], a, sizeof a, "id: 1\ndata: c1 \n\n");
		CHECK(strstr(a, "id: 1\n") != NULL);
	}
	usleep(50000);
	CHECK(atomic_load(&reads) <= 4);
	for (int i = 0; i < N; i++)
		close(fds[i]);
	wait_for_clients(0);
	stop(w);
}

TEST(companies_do_not_see_each_other)
{
	char a[4000];
	struct web *w = start();
	atomic_store(&newest, 1);
	for (int i = 1; i <= 40; i++) {
		char wanted[32];
		int fd = listen_from(w, i, 0);
		ASSERT(snprintf(wanted, sizeof wanted, "id: 1\ndata: c%d \n\n", i) > 0);
		sock_read(fd, a, sizeof a, wanted);
		CHECK(strstr(a, wanted) != NULL);
		close(fd);
	}
	stop(w);
}

TEST(who_may_not_listen_any_more_is_cut_off)
{
	char a[2000];
	struct web *w = start();

	atomic_store(&newest, 1);
	int stays = listen_from(w, 1, 0), goes = listen_from(w, 2, 0);

	sock_read(stays, a, sizeof a, "data: c1 \n\n");
	sock_read(goes, a, sizeof a, "data: c2 \n\n");
	atomic_store(&put_out, 2);
	wait_for_clients(1);
	atomic_store(&newest, 2);
	sse_notify(streams);
	sock_read(stays, a, sizeof a, "id: 2\ndata: c1 \n\n");
	close(stays);
	close(goes);
	wait_for_clients(0);
	stop(w);
	atomic_store(&put_out, 0);
}

TEST(a_client_that_does_not_read_does_not_hold_up_others)
{
	static char a[400000];
	struct web *w = start();
	atomic_store(&event_bytes, 20000);
	int slow = listen_from(w, 1, 0);
	int fast = listen_from(w, 1, 0);
	sock_read(fast, a, sizeof a, "retry: 2000\n\n");
	for (int i = 1; i <= 400; i++) { /* 8 MB: more than the kernel holds for one socket */
		char wanted[32];
		atomic_store(&newest, i);
		sse_notify(streams);
		ASSERT(snprintf(wanted, sizeof wanted, "id: %d\n", i) > 0);
		sock_read(fast, a, sizeof a, wanted);
		CHECK(strstr(a, wanted) != NULL);
	}
	CHECK(sse_clients(streams) >= 1);
	close(slow);
	close(fast);
	wait_for_clients(0);
	stop(w);
}

TEST(a_slow_reader_gets_everything_in_order)
{
	enum { EVENTS = 300 };
	static char a[16000000];
	struct web *w = start();
	atomic_store(&event_bytes, 20000);
	atomic_store(&newest, EVENTS);
	int fd = listen_from(w, 1, 0);
	usleep(300000); /* the kernel is full by now */
	sock_read(fd, a, sizeof a, "id: 300\n");
	const char *at = a;
	int seen = 0;
	while ((at = strstr(at, "id: ")) != NULL && ++seen > 0) {
		char wanted[32];
		ASSERT(snprintf(wanted, sizeof wanted, "id: %d\n", seen) > 0);
		CHECK(strncmp(at, wanted, strlen(wanted)) == 0);
		at += 4;
	}
	CHECK_I64("events", seen, EVENTS);
	close(fd);
	stop(w);
}

TEST(a_thousand_clients_are_cheap)
{
	enum { N = 1000 };
	static int fds[N];
	char a[4000];
	sys_raise_file_limit();
	struct web *w = start();
	int64_t before = sys_rss_bytes();
	for (int i = 0; i < N; i++) {
		fds[i] = listen_from(w, 1, 0);
		sock_read(fds[i], a, sizeof a, "retry: 2000\n\n");
	}
	wait_for_clients(N);
	int64_t start_us = clock_mono_us();
	atomic_store(&newest, 1);
	sse_notify(streams);
	for (int i = 0; i < N; i++)
		sock_read(fds[i], a, sizeof a, "id: 1\n");
	CHECK(clock_mono_us() - start_us < 3000000);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	CHECK(sys_rss_bytes() - before < (int64_t)(10 * MIB));
#endif
	fprintf(stderr, "1000 clients: %lld KiB, one event to all in %lld us\n",
		(long long)(sys_rss_bytes() - before) / 1024,
		(long long)(clock_mono_us() - start_us));
	sse_stop(streams);
	CHECK_I64("all closed", sse_clients(streams), 0);
	CHECK(sock_closed(fds[0], 1000) && sock_closed(fds[N - 1], 1000));
	web_stop(w);
	sse_free(streams);
}

TEST(nobody_joins_after_the_end)
{
	char a[4000];
	struct web *w = start();
	sse_stop(streams);
	int fd = listen_from(w, 1, 0);
	sock_read(fd, a, sizeof a, "\r\n\r\n");
	CHECK(strncmp(a, "HTTP/1.1 503", 12) == 0);
	close(fd);
	web_stop(w);
	sse_free(streams);
}
