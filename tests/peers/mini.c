/* mini.c - the loop and the server side; the client is in mini_client.c, the timers in
 * mini_timer.c. See mini.h. A connection handles one request at a time: while an answer is owed, later
 * pipelined bytes wait in its input buffer, so answers cannot overtake each other. */
#include "mini.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn {
	struct mini_fd f; /* first: mini_watch() hands it back */
	struct mini *m;
	uint64_t id;
	struct buf in, out, head, chunks;
	bool busy, in_pump, close_after, endless, drip, hung, continued, want_write;
	int64_t drip_ms;
	size_t endless_n;
};

struct mini {
	int ep, wake;
	atomic_bool stop;
	struct mini_fd wake_fd, listen_fd;
	mini_handler *handle;
	void *ctx;
	struct conn *conns[MINI_CONNS_MAX];
	uint64_t gen;
	size_t conn_hint;
	struct mini_timers timers;
	struct mini_fd *dead;
};

static void conn_pump(struct conn *c);

void mini_watch(struct mini *m, struct mini_fd *f, uint32_t events, bool is_new)
{
	struct epoll_event ev = { .events = events, .data.ptr = f };

	if (epoll_ctl(m->ep, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, f->fd, &ev))
		die("epoll_ctl: %s", strerror(errno));
}

void mini_bury(struct mini *m, struct mini_fd *f)
{
	if (f->dead)
		return;
	f->dead = true;
	close(f->fd);
	f->next_dead = m->dead;
	m->dead = f;
}

void mini_after(struct mini *m, int64_t ms, mini_timer *fn, void *ctx, void *arg)
{
	mini_timers_add(&m->timers, ms, fn, ctx, arg);
}

static struct conn *conn_find(struct mini *m, uint64_t id)
{
	struct conn *c = m->conns[id % MINI_CONNS_MAX];

	return c && c->id == id && !c->f.dead ? c : NULL;
}

/* Later than the close: a handler may still read its request after it had the line cut. */
static void conn_free(struct mini_fd *f)
{
	struct conn *c = (struct conn *)f;

	buf_free(&c->in);
	buf_free(&c->out);
	buf_free(&c->head);
	buf_free(&c->chunks);
	free(c);
}

static void conn_close(struct conn *c)
{
	if (c->f.dead)
		return;
	c->m->conns[c->id % MINI_CONNS_MAX] = NULL;
	mini_bury(c->m, &c->f);
}

static void conn_reset(struct conn *c)
{
	struct linger l = { 1, 0 };

	setsockopt(c->f.fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	conn_close(c);
}

/* Sends what waits; false when the connection has gone. */
static bool conn_flush(struct conn *c)
{
	size_t endless_stop = c->endless_n + (1u << 20); /* the other connections want a turn */

	while (c->out.n && !c->drip) {
		ssize_t n =
			c->endless && c->endless_n >= endless_stop
				? (errno = EAGAIN, -1)
				: send(c->f.fd, c->out.p, c->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (!c->want_write)
				mini_watch(c->m, &c->f, EPOLLIN | EPOLLOUT | EPOLLRDHUP, false);
			c->want_write = true;
			return true;
		}
		if (n < 0) {
			conn_close(c);
			return false;
		}
		buf_drop(&c->out, (size_t)n);
		if (c->endless && !c->out.n && c->endless_n < MINI_ENDLESS_MAX) {
			buf_printf(&c->out, "1000\r\n%04096d\r\n", 0);
			c->endless_n += 4096;
		}
	}
	if (c->want_write) {
		mini_watch(c->m, &c->f, EPOLLIN | EPOLLRDHUP, false);
		c->want_write = false;
	}
	if (!c->out.n && c->close_after && !c->busy) {
		conn_close(c);
		return false;
	}
	return true;
}

static void conn_drip(void *ctx, void *arg)
{
	struct mini *m = ctx;
	uint64_t *id = arg;
	struct conn *c = conn_find(m, *id);

	if (!c || !c->out.n || send(c->f.fd, c->out.p, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) {
		if (c)
			conn_close(c);
		free(id);
		return;
	}
	buf_drop(&c->out, 1);
	if (c->out.n) {
		mini_after(m, c->drip_ms, conn_drip, m, id);
		return;
	}
	free(id);
	c->drip = false;
	c->busy = false;
	conn_pump(c);
}

static const char *reason(int status)
{
	return status < 300 ? "OK" : status < 400 ? "Found" : status < 500 ? "Refused" : "Error";
}

/* Carries an answer out now; the delay is over. */
static void answer_now(struct conn *c, const struct mini_answer *a)
{
	static const char garbage[] = "\x16\x03\x01\x02\0\x01\0\x01\xfc\r\n<<not http>>\r\n\r\n";
	size_t before = c->out.n;

	switch (a->fault) {
	case MINI_HANG:
		c->hung = true; /* busy for ever: nothing more is read from this peer */
		return;
	case MINI_CLOSE:
		conn_close(c);
		return;
	case MINI_RESET:
		conn_reset(c);
		return;
	case MINI_GARBAGE:
		buf_put(&c->out, garbage, sizeof garbage - 1);
		c->close_after = true;
		c->busy = false;
		(void)conn_flush(c);
		return;
	case MINI_ENDLESS:
		buf_puts(&c->out, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
				  "Transfer-Encoding: chunked\r\n\r\n");
		c->endless = c->close_after = true;
		c->busy = false;
		(void)conn_flush(c);
		return;
	case MINI_FINE:
	case MINI_CUT:
	case MINI_DRIP:
		break;
	}
	buf_printf(&c->out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s\r\n",
		   a->status, reason(a->status), a->type ? a->type : "application/json", a->body_n,
		   a->extra ? a->extra : "", c->close_after ? "Connection: close\r\n" : "");
	buf_put(&c->out, a->body, a->body_n);
	if (a->fault == MINI_CUT && before + a->cut_after < c->out.n) {
		c->out.n = before + a->cut_after;
		c->close_after = true;
	} else if (a->fault == MINI_DRIP) {
		uint64_t *id = xalloc(sizeof *id);
		*id = c->id;
		c->drip = true;
		c->drip_ms = a->delay_ms > 0 ? a->delay_ms : 10;
		mini_after(c->m, 0, conn_drip, c->m, id);
		return;
	}
	c->busy = false;
	if (c->in_pump) /* the pump flushes once for all pipelined answers */
		return;
	if (conn_flush(c))
		conn_pump(c);
}

struct later {
	uint64_t conn;
	struct mini_answer a;
	char *body, *extra;
};

static void answer_later(void *ctx, void *arg)
{
	struct later *l = arg;
	struct conn *c = conn_find(ctx, l->conn);

	if (c)
		answer_now(c, &l->a);
	free(l->body);
	free(l->extra);
	free(l);
}

void mini_answer(struct mini *m, uint64_t conn, const struct mini_answer *a)
{
	struct conn *c = conn_find(m, conn);

	if (!c)
		return;
	if (a->delay_ms > 0 && a->fault != MINI_DRIP && a->fault != MINI_HANG) {
		struct later *l = xalloc(sizeof *l);
		l->conn = conn;
		l->a = *a;
		l->a.body = l->body = xcopy(a->body, a->body_n);
		l->a.extra = l->extra = a->extra ? xcopy(a->extra, strlen(a->extra)) : NULL;
		mini_after(m, a->delay_ms, answer_later, m, l);
		return;
	}
	answer_now(c, a);
}

bool mini_header(const struct mini_req *req, const char *name, char *out, size_t size)
{
	return mini_head_get(req->head, name, out, size);
}

/* Takes one request out of the input and hands it on; false = not whole yet or gone. */
static bool conn_request(struct conn *c)
{
	struct mini_req req = { .conn = c->id };
	size_t head_n = mini_head_size(&c->in), body_n, total;
	const char *body;
	char v[64], *line, *query;
	bool to_eof;
	int whole;

	if (!head_n) {
		if (c->in.n > MINI_HEAD_MAX)
			conn_close(c);
		return false;
	}
	whole = mini_body(&c->in, head_n, &c->chunks, &to_eof, &body, &body_n, &total);
	if (whole < 0) {
		conn_close(c);
		return false;
	}
	c->head.n = 0;
	buf_put(&c->head, c->in.p, head_n - 2);
	if (!whole) {
		if (!c->continued && mini_head_get(c->head.p, "expect", v, sizeof v)) {
			c->continued = true;
			buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
		}
		return false;
	}
	c->continued = false;
	req.method = line = c->head.p;
	req.head = strchr(line, '\n') + 1;
	line[strcspn(line, "\r\n")] = '\0';
	line = strchr(line, ' ');
	if (!line) {
		conn_close(c);
		return false;
	}
	*line++ = '\0';
	req.path = line;
	line[strcspn(line, " ")] = '\0';
	query = strchr(line, '?');
	if (query)
		*query++ = '\0';
	req.query = query ? query : "";
	if (mini_head_get(req.head, "connection", v, sizeof v) && !strcasecmp(v, "close"))
		c->close_after = true;
	/* The handler wants a NUL behind the body; the next pipelined byte may stand there. */
	char *after = body == c->chunks.p ? c->chunks.p + body_n : c->in.p + total;
	char keep = *after;
	*after = '\0';
	req.body = body;
	req.body_n = body_n;
	c->busy = true;
	c->m->handle(c->m->ctx, &req);
	if (c->f.dead)
		return false;
	*after = keep;
	buf_drop(&c->in, total);
	return true;
}

static void conn_pump(struct conn *c)
{
	if (c->in_pump || c->f.dead)
		return;
	c->in_pump = true;
	while (!c->busy && !c->hung && !c->close_after && c->in.n && conn_request(c))
		;
	c->in_pump = false;
	if (!c->f.dead && (c->out.n || (c->close_after && !c->busy)))
		(void)conn_flush(c);
}

static void conn_event(struct mini *m, struct mini_fd *f, uint32_t events)
{
	struct conn *c = (struct conn *)f;

	(void)m;
	if (events & EPOLLOUT && !conn_flush(c))
		return;
	if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
		return;
	for (;;) {
		size_t want = c->in.n < 8192 ? 8192 : c->in.n;
		if (c->in.n > MINI_HEAD_MAX + MINI_BODY_MAX) {
			conn_close(c);
			return;
		}
		buf_need(&c->in, want);
		ssize_t n = recv(f->fd, c->in.p + c->in.n, want, MSG_DONTWAIT);
		if (n > 0) {
			c->in.n += (size_t)n;
			c->in.p[c->in.n] = '\0';
			if ((size_t)n == want)
				continue;
			break;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		conn_close(c); /* the peer has left; what was processed stays processed */
		return;
	}
	conn_pump(c);
}

static void listen_event(struct mini *m, struct mini_fd *f, uint32_t events)
{
	int one = 1;

	(void)events;
	for (;;) {
		int fd = accept4(f->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		size_t at = m->conn_hint, tried = 0;
		while (m->conns[at] && tried++ < MINI_CONNS_MAX)
			at = (at + 1) % MINI_CONNS_MAX;
		if (m->conns[at]) {
			close(fd);
			continue;
		}
		m->conn_hint = (at + 1) % MINI_CONNS_MAX;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		struct conn *c = xalloc(sizeof *c);
		c->f.fd = fd;
		c->f.on_event = conn_event;
		c->f.on_free = conn_free;
		c->m = m;
		c->id = ++m->gen * MINI_CONNS_MAX + at;
		m->conns[at] = c;
		mini_watch(m, &c->f, EPOLLIN | EPOLLRDHUP, true);
	}
}

static void wake_event(struct mini *m, struct mini_fd *f, uint32_t events)
{
	(void)m;
	(void)f;
	(void)events; /* the stop flag is looked at after each batch */
}

struct mini *mini_new(mini_handler *handle, void *ctx)
{
	struct mini *m = xalloc(sizeof *m);

	m->ep = epoll_create1(EPOLL_CLOEXEC);
	m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->ep < 0 || m->wake < 0)
		die("epoll or eventfd: %s", strerror(errno));
	m->handle = handle;
	m->ctx = ctx;
	m->wake_fd = (struct mini_fd){ .fd = m->wake, .on_event = wake_event };
	mini_watch(m, &m->wake_fd, EPOLLIN, true);
	return m;
}

int mini_listen(struct mini *m, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	socklen_t n = sizeof a;
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) || listen(fd, 1024) ||
	    getsockname(fd, (struct sockaddr *)&a, &n))
		die("listen on port %d: %s", port, strerror(errno));
	m->listen_fd = (struct mini_fd){ .fd = fd, .on_event = listen_event };
	mini_watch(m, &m->listen_fd, EPOLLIN, true);
	return ntohs(a.sin_port);
}

void mini_run(struct mini *m)
{
	struct epoll_event ev[256];

	while (!atomic_load(&m->stop)) {
		int64_t now = mono_us();
		mini_timers_fire(&m->timers, now);
		int n = epoll_wait(m->ep, ev, 256, mini_timers_wait_ms(&m->timers, now));
		for (int i = 0; i < n; i++) {
			struct mini_fd *f = ev[i].data.ptr;
			if (!f->dead)
				f->on_event(m, f, ev[i].events);
		}
		while (m->dead) {
			struct mini_fd *f = m->dead;
			m->dead = f->next_dead;
			f->on_free ? f->on_free(f) : free(f);
		}
	}
}

void mini_stop(struct mini *m)
{
	uint64_t one = 1;

	atomic_store(&m->stop, true);
	(void)!write(m->wake, &one, sizeof one);
}
