/* sse.c - one epoll thread, all event streams.
 *
 *   worker --sse_accept/join--> joining list --eventfd--> thread --source--> bytes --> sockets
 *   commit --sse_notify-------------------------^
 *
 * Clients at the same place (filter, position) get the same bytes, read once. The bytes go
 * straight to the socket; only what the kernel does not take is kept, so an idle client has no
 * buffer. All fields of a client belong to the thread once it has joined. */
#include "io/sse_priv.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mtx.h"
#include "base/thr.h"

#define SSE_EVENTS     64
#define SSE_GATHER_MS  10 /* at most a hundred rounds of reading a second, whatever the commits */
#define SSE_STALL_MS   (2 * SSE_HEARTBEAT_MS)
#define SSE_READ_MAX   (4 * MIB)
#define SSE_ROUNDS_MAX 64 /* reads for one client in one go; then the others have their turn */

/* The bytes after this place, read at most once per round. NULL: the source failed. */
static const struct group *group_of(struct sse *s, struct sse_filter filter, int64_t after)
{
	for (size_t i = 0; i < SSE_GROUPS; i++) {
		const struct group *g = &s->groups[i];

		if (g->filter.company == filter.company && g->filter.masked == filter.masked &&
		    g->after == after)
			return g;
	}
	struct group *g = &s->groups[s->group_next];
	struct err e = { .rc = RC_OK };
	s->group_next = (s->group_next + 1) % SSE_GROUPS;
	sbuf_reset(&g->bytes);
	g->bytes.max = SSE_READ_MAX;
	g->filter = filter;
	g->after = after;
	g->last = after;
	enum rc rc = s->source(s->arg, filter, after, &g->bytes, &g->last, &e);
	if ((rc != RC_OK && rc != RC_ABSENT) || !sbuf_ok(&g->bytes)) {
		log_err(LOG_DEBUG, "sse.read_failed", &e);
		g->filter.company = -1; /* matches nobody: read again in the next round */
		return NULL;
	}
	return g;
}

static void client_feed(struct sse *s, struct client *c, int64_t now_ms)
{
	for (int i = 0; i < SSE_ROUNDS_MAX; i++) {
		if (c->stream == NULL || c->unsent.n > 0)
			return; /* its place is kept; the flush asks again */
		const struct group *g = group_of(s, c->filter, c->position);
		if (g == NULL || g->last == c->position)
			return;
		c->position = g->last;
		sse_client_send(c, sbuf_view(&g->bytes), now_ms);
	}
	s->more = true;
}

static void groups_clear(struct sse *s)
{
	for (size_t i = 0; i < COUNT(s->groups); i++) {
		s->groups[i].filter.company = -1;
		if (s->groups[i].bytes.cap > 64 * KIB)
			sbuf_release(&s->groups[i].bytes);
	}
	s->group_next = 0;
}

/* --- the thread --- */

static void sweep(struct sse *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		struct client *c = s->clients[i];
		if (c->stream != NULL)
			s->clients[kept++] = c;
		else
			sse_client_free(c);
	}
	s->count = kept;
}

static void joins_take(struct sse *s, int64_t now_ms)
{
	mtx_lock(&s->lock);
	struct client *c = TAKE(s->joining);
	mtx_unlock(&s->lock);
	while (c != NULL) {
		struct client *next = c->next;
		struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = c };
		ASSERT(s->count < SSE_CLIENTS_MAX);
		s->clients[s->count++] = c;
		c->moved_ms = now_ms;
		if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, web_stream_fd(c->stream), &ev) != 0)
			sse_client_drop(c);
		s->more = true;
		c = next;
	}
}

static void heartbeat(struct sse *s, int64_t now_ms)
{
	for (size_t i = 0; i < s->count; i++) {
		struct client *c = s->clients[i];
		if (c->unsent.n == 0)
			sse_client_send(c, STR(":\n\n"), now_ms);
		else if (now_ms - c->moved_ms >= SSE_STALL_MS)
			sse_client_drop(c);
	}
}

/* Who lost the right to listen (logged out, disabled, revoked) is cut off. Many tabs of one person share an answer. */
static void check(struct sse *s)
{
	struct client *asked = NULL;
	bool ok = true;

	for (size_t i = 0; i < s->count; i++) {
		struct client *c = s->clients[i];

		if (c->stream == NULL || c->pass == 0)
			continue;
		if (asked == NULL || asked->pass != c->pass ||
		    asked->filter.masked != c->filter.masked ||
		    asked->filter.rights != c->filter.rights)
			ok = s->alive(s->arg, c->filter, c->pass);
		asked = c;
		if (!ok)
			sse_client_drop(c);
	}
}

static struct shout *shouts_take(struct sse *s)
{
	mtx_lock(&s->lock);
	struct shout *first = TAKE(s->shouts);
	s->shouts_end = &s->shouts;
	s->shout_count = 0;
	mtx_unlock(&s->lock);
	return first;
}

static void shouts_send(struct sse *s, int64_t now_ms)
{
	struct shout *next;

	for (struct shout *t = shouts_take(s); t != NULL; t = next) {
		next = t->next;
		for (size_t i = 0; i < s->count; i++) {
			struct client *c = s->clients[i];

			if (c->stream != NULL && c->unsent.n == 0 &&
			    (t->company == 0 || t->company == c->filter.company))
				sse_client_send(c, str_n(t->bytes, t->n), now_ms);
		}
		mem_free(t);
	}
}

/* One wait and what it brought. */
static void events_take(struct sse *s, int64_t wait_ms)
{
	struct epoll_event events[SSE_EVENTS];
	int n = epoll_wait(s->epoll_fd, events, SSE_EVENTS, (int)wait_ms);
	ASSERT(n >= 0 || errno == EINTR);
	int64_t now_ms = clock_mono_us() / 1000;
	for (int i = 0; i < n; i++) {
		struct client *c = events[i].data.ptr;
		if (c == NULL) {
			uint64_t posts;
			/* Only empties the counter; an empty one is no news. */
			if (read(s->wake_fd, &posts, sizeof posts) == (ssize_t)sizeof posts)
				joins_take(s, now_ms);
			shouts_send(s, now_ms);
			continue;
		}
		if (c->stream != NULL && (events[i].events & (EPOLLHUP | EPOLLERR)) != 0)
			sse_client_drop(c);
		if (c->stream != NULL && (events[i].events & (EPOLLIN | EPOLLRDHUP)) != 0 &&
		    !web_stream_alive(c->stream))
			sse_client_drop(c);
		sse_client_flush(c, now_ms);
	}
}

static void feed_all(struct sse *s, int64_t now_ms)
{
	s->more = false;
	atomic_store(&s->notified, false); /* before reading: a later commit wakes again */
	groups_clear(s);
	for (size_t i = 0; i < s->count; i++)
		client_feed(s, s->clients[i], now_ms);
}

static void close_all(struct sse *s)
{
	joins_take(s, clock_mono_us() / 1000);
	for (size_t i = 0; i < s->count; i++)
		sse_client_free(s->clients[i]);
	s->count = 0;
	mtx_lock(&s->lock);
	s->closed = true;
	struct client *late = TAKE(s->joining);
	mtx_unlock(&s->lock);
	for (struct shout *t = shouts_take(s), *after; t != NULL; t = after) {
		after = t->next;
		mem_free(t);
	}
	while (late != NULL) {
		struct client *next = late->next;
		sse_client_free(late);
		late = next;
	}
}

static void run(void *arg)
{
	struct sse *s = arg;
	int64_t now_ms = clock_mono_us() / 1000;
	int64_t beat_ms = now_ms + SSE_HEARTBEAT_MS;
	int64_t feed_ms = now_ms; /* earliest next read of the source */
	int64_t check_ms = s->alive != NULL ? now_ms + SSE_CHECK_MS : INT64_MAX;
	while (!atomic_load(&s->stopping)) {
		bool due = s->more || atomic_load(&s->notified);
		int64_t until_ms = i64_min(check_ms, due ? i64_min(feed_ms, beat_ms) : beat_ms);
		events_take(s, i64_max(until_ms - now_ms, 0));
		now_ms = clock_mono_us() / 1000;
		if ((s->more || atomic_load(&s->notified)) && now_ms >= feed_ms) {
			feed_all(s, now_ms);
			feed_ms = now_ms + SSE_GATHER_MS;
		}
		if (now_ms >= beat_ms) {
			heartbeat(s, now_ms);
			beat_ms = now_ms + SSE_HEARTBEAT_MS;
		}
		if (now_ms >= check_ms) {
			check(s);
			check_ms = now_ms + SSE_CHECK_MS;
		}
		sweep(s);
	}
	close_all(s);
}

/* --- other threads --- */

static void wake_thread(struct sse *s)
{
	uint64_t one = 1;
	/* Fails only when the counter is full, and then the thread is awake anyway. */
	ssize_t put = write(s->wake_fd, &one, sizeof one);
	ASSERT(put == (ssize_t)sizeof one || errno == EAGAIN || errno == EINTR);
}

void sse_notify(struct sse *s)
{
	/* One system call per round of reading, not one per commit. */
	if (!atomic_exchange(&s->notified, true))
		wake_thread(s);
}

void sse_shout(struct sse *s, int64_t company, struct str frame)
{
	bool taken = false;

	if (frame.n > SSE_SHOUT_MAX || sse_clients(s) == 0)
		return;
	struct shout *t = mem_alloc(sizeof(*t) + frame.n);
	*t = (struct shout){ .company = company, .n = frame.n };
	memcpy(t->bytes, frame.p, frame.n);
	mtx_lock(&s->lock);
	if (!s->closed && s->shout_count < SSE_SHOUTS) {
		*s->shouts_end = t;
		s->shouts_end = &t->next;
		s->shout_count++;
		taken = true;
	}
	mtx_unlock(&s->lock);
	if (taken)
		wake_thread(s);
	else
		mem_free(t);
}

static void join(void *arg, struct web_stream *stream)
{
	struct client *c = arg;
	struct sse *s = c->sse;
	c->stream = stream;
	mtx_lock(&s->lock);
	bool taken = stream != NULL && !s->closed && !atomic_load(&s->stopping);
	if (taken) {
		c->next = s->joining;
		s->joining = c;
	}
	mtx_unlock(&s->lock);
	if (taken)
		wake_thread(s);
	else
		sse_client_free(c);
}

enum rc sse_accept(struct sse *s, struct res *r, struct sse_filter filter, int64_t pass,
		   int64_t after_id, struct err *e)
{
	if (atomic_load(&s->stopping))
		return FAIL(e, RC_RETRY, "event streams are stopping");
	if (atomic_fetch_add(&s->accepted, 1) >= (int)SSE_CLIENTS_MAX) {
		atomic_fetch_sub(&s->accepted, 1);
		return FAIL(e, RC_LIMIT, "%u event streams are open", SSE_CLIENTS_MAX);
	}
	struct client *c = mem_new(1, sizeof *c);
	c->sse = s;
	c->filter = filter;
	c->pass = pass;
	c->position = after_id;
	c->unsent.max = SSE_BUFFER_MAX;
	r->status = 200;
	r->content_type = "text/event-stream";
	web_header(r, "Cache-Control", STR("no-cache, no-transform"));
	web_header(r, "X-Accel-Buffering", STR("no"));
	sbuf_str(&r->body, STR("retry: 2000\n\n"));
	r->take_over = join;
	r->take_over_arg = c;
	return RC_OK;
}

int64_t sse_clients(const struct sse *s)
{
	return atomic_load(&s->accepted);
}

enum rc sse_start(sse_source *source, sse_alive *alive, void *arg, struct sse **ret_sse,
		  struct err *e)
{
	struct sse *s = mem_new(1, sizeof *s);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };
	s->source = source;
	s->alive = alive;
	s->arg = arg;
	mtx_init(&s->lock, LOCK_STREAM);
	s->shouts_end = &s->shouts;
	s->clients = mem_new(SSE_CLIENTS_MAX, sizeof(struct client *));
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	groups_clear(s);
	enum rc rc = RC_OK;
	if (s->epoll_fd < 0 || s->wake_fd < 0 ||
	    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->wake_fd, &ev) != 0)
		rc = FAIL(e, RC_IO, "event streams: %m");
	if (rc == RC_OK)
		rc = thr_start(&s->thread, "sse", run, s, e);
	if (rc != RC_OK) {
		sse_free(s);
		return rc;
	}
	*ret_sse = s;
	return RC_OK;
}

void sse_stop(struct sse *s)
{
	if (s == NULL || atomic_exchange(&s->stopping, true))
		return;
	wake_thread(s);
	thr_join(&s->thread);
}

void sse_free(struct sse *s)
{
	if (s == NULL)
		return;
	if (s->thread.started)
		sse_stop(s);
	ASSERT(atomic_load(&s->accepted) == 0); /* web_stop comes before sse_free */
	for (size_t i = 0; i < COUNT(s->groups); i++)
		sbuf_release(&s->groups[i].bytes);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	mtx_destroy(&s->lock);
	mem_free(s->clients);
	mem_free(s);
}
