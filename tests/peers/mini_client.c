/* mini_client.c - outgoing calls with a keep-alive pool, on the loop of mini.c.
 * Calls wait in line and leave in order, one per connection at a time. A call is never sent
 * twice by this layer, not even after a stale connection: who may try again is a property of
 * the peer that is played (Meta yes, Chatwoot never), so the caller decides. */
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
#include <sys/socket.h>
#include <unistd.h>

#define SWEEP_MS 20

struct job {
	struct job *next;
	struct buf bytes;
	int timeout_ms;
	mini_done *done;
	void *ctx, *arg;
};

struct link {
	struct mini_fd f; /* first */
	struct mini_client *c;
	struct link *next;
	struct job *job;
	struct buf in, chunks;
	size_t sent;
	bool connecting;
	int64_t deadline_us, idle_since_us;
};

struct mini_client {
	struct mini *m;
	struct sockaddr_in to;
	char host[64];
	struct link *links;
	int links_n, links_max;
	struct job *first, **last;
	size_t waiting;
	bool in_start;
};

static void start(struct mini_client *c);

static void job_end(struct job *j, int status, const char *body, size_t body_n)
{
	if (j->done)
		j->done(j->ctx, j->arg, status, body, body_n);
	buf_free(&j->bytes);
	free(j);
}

static void link_close(struct link *l, int status)
{
	struct mini_client *c = l->c;
	struct job *j = l->job;
	struct link **at = &c->links;

	if (l->f.dead)
		return;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	c->links_n--;
	l->job = NULL;
	buf_free(&l->in);
	buf_free(&l->chunks);
	mini_bury(c->m, &l->f);
	if (j)
		job_end(j, status, "", 0);
	start(c);
}

/* The answer is whole: hand it over and free the connection for the next call. */
static void link_finish(struct link *l, const char *body, size_t body_n, bool keep)
{
	struct job *j = l->job;
	int status = l->in.n > 12 ? atoi(l->in.p + 9) : 0;
	char *copy = xcopy(body, body_n);

	l->job = NULL;
	l->in.n = 0;
	l->idle_since_us = mono_us();
	if (!keep)
		link_close(l, 0);
	job_end(j, status, copy, body_n);
	free(copy);
	if (keep)
		start(l->c);
}

/* Looks whether the answer is whole. `eof`: the peer will send no more. */
static void link_parse(struct link *l, bool eof)
{
	size_t head_n, body_n, total;
	const char *body;
	char v[32];
	bool to_eof;

	for (;;) {
		head_n = mini_head_size(&l->in);
		if (!head_n)
			break;
		if (l->in.n < 13 || strncmp(l->in.p, "HTTP/1.", 7)) {
			link_close(l, 0);
			return;
		}
		if (strncmp(l->in.p + 9, "100", 3))
			break;
		buf_drop(&l->in, head_n);
	}
	if (!head_n) {
		if (eof || l->in.n > MINI_HEAD_MAX)
			link_close(l, 0);
		return;
	}
	int whole = mini_body(&l->in, head_n, &l->chunks, &to_eof, &body, &body_n, &total);
	if (whole < 0 || (whole == 0 && eof)) {
		link_close(l, 0);
		return;
	}
	if (to_eof && strncmp(l->in.p + 9, "204", 3) && strncmp(l->in.p + 9, "304", 3)) {
		if (!eof)
			return;
		body_n = l->in.n - head_n;
	} else if (whole == 0) {
		return;
	}
	bool keep = !eof &&
		    !(mini_head_get(l->in.p, "connection", v, sizeof v) && !strcasecmp(v, "close"));
	link_finish(l, body, body_n, keep);
}

static void link_write(struct link *l)
{
	struct job *j = l->job;

	while (j && l->sent < j->bytes.n) {
		ssize_t n = send(l->f.fd, j->bytes.p + l->sent, j->bytes.n - l->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			mini_watch(l->c->m, &l->f, EPOLLIN | EPOLLOUT | EPOLLRDHUP, false);
			return;
		}
		if (n < 0) {
			link_close(l, 0);
			return;
		}
		l->sent += (size_t)n;
		if (l->sent == j->bytes.n)
			mini_watch(l->c->m, &l->f, EPOLLIN | EPOLLRDHUP, false);
	}
}

static void link_event(struct mini *m, struct mini_fd *f, uint32_t events)
{
	struct link *l = (struct link *)f;
	ssize_t n;

	(void)m;
	if (l->connecting) {
		int err = 0;
		socklen_t err_n = sizeof err;
		getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &err, &err_n);
		if (err) {
			link_close(l, 0);
			return;
		}
		l->connecting = false;
	}
	if (events & EPOLLOUT) {
		link_write(l);
		if (f->dead)
			return;
	}
	if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
		return;
	for (;;) {
		if (l->in.n > MINI_HEAD_MAX + MINI_BODY_MAX) {
			link_close(l, 0);
			return;
		}
		buf_need(&l->in, 8192);
		n = recv(f->fd, l->in.p + l->in.n, 8192, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		l->in.n += (size_t)n;
		l->in.p[l->in.n] = '\0';
		if (n < 8192) {
			n = -1;
			errno = EAGAIN;
			break;
		}
	}
	bool eof = n == 0 || (n < 0 && errno != EAGAIN);
	if (!l->job) {
		link_close(l, 0); /* closed while idle, or speaks unasked */
		return;
	}
	if (l->in.n)
		link_parse(l, eof);
	else if (eof)
		link_close(l, 0);
}

static struct link *link_new(struct mini_client *c)
{
	struct link *l;
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return NULL;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&c->to, sizeof c->to) && errno != EINPROGRESS) {
		close(fd);
		return NULL;
	}
	l = xalloc(sizeof *l);
	l->f.fd = fd;
	l->f.on_event = link_event;
	l->c = c;
	l->connecting = true;
	l->next = c->links;
	c->links = l;
	c->links_n++;
	return l;
}

static struct link *link_idle(struct mini_client *c)
{
	int64_t now = mono_us();

	for (struct link *l = c->links; l; l = l->next) {
		if (!l->job && now - l->idle_since_us < MINI_IDLE_REUSE_US)
			return l;
	}
	return NULL;
}

/* Gives waiting calls to free connections. */
static void start(struct mini_client *c)
{
	if (c->in_start)
		return;
	c->in_start = true;
	while (c->first) {
		struct job *j = c->first;
		struct link *l = link_idle(c);
		bool is_new = !l;
		if (!l && c->links_n >= c->links_max)
			break;
		if (!l)
			l = link_new(c);
		c->first = j->next;
		if (!c->first)
			c->last = &c->first;
		c->waiting--;
		if (!l) {
			job_end(j, 0, "", 0);
			continue;
		}
		l->job = j;
		l->sent = 0;
		l->deadline_us = mono_us() + (int64_t)j->timeout_ms * 1000;
		if (is_new)
			mini_watch(c->m, &l->f, EPOLLIN | EPOLLOUT | EPOLLRDHUP, true);
		else
			link_write(l);
	}
	c->in_start = false;
}

static void sweep(void *ctx, void *arg)
{
	struct mini_client *c = ctx;
	int64_t now = mono_us();

	(void)arg;
	for (struct link *l = c->links, *next; l; l = next) {
		next = l->next;
		if (l->job ? now > l->deadline_us : now - l->idle_since_us > MINI_IDLE_REUSE_US) {
			link_close(l, -1);
			next = c->links; /* done() may have changed the list */
		}
	}
	start(c);
	mini_after(c->m, SWEEP_MS, sweep, c, NULL);
}

struct mini_client *mini_client_new(struct mini *m, const char *url, int conns_max)
{
	struct mini_client *c = xalloc(sizeof *c);
	int port = 0;

	if (sscanf(url, "http://127.0.0.1:%d", &port) != 1 || port <= 0 || port > 65535)
		die("%s: only http://127.0.0.1:PORT is allowed", url);
	c->m = m;
	c->to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	c->to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(c->host, sizeof c->host, "127.0.0.1:%d", port);
	c->links_max = conns_max;
	c->last = &c->first;
	mini_after(m, SWEEP_MS, sweep, c, NULL);
	return c;
}

size_t mini_client_waiting(const struct mini_client *c)
{
	return c->waiting;
}

struct refused {
	mini_done *done;
	void *arg;
};

static void refuse_later(void *ctx, void *arg)
{
	struct refused *r = arg;

	if (r->done)
		r->done(ctx, r->arg, -2, "", 0);
	free(r);
}

void mini_call(struct mini_client *c, const struct mini_call *call)
{
	struct job *j;

	if (c->waiting >= MINI_CALLS_MAX) {
		struct refused *r = xalloc(sizeof *r);
		r->done = call->done;
		r->arg = call->arg;
		mini_after(c->m, 0, refuse_later, call->ctx, r);
		return;
	}
	j = xalloc(sizeof *j);
	j->timeout_ms = call->timeout_ms > 0 ? call->timeout_ms : 5000;
	j->done = call->done;
	j->ctx = call->ctx;
	j->arg = call->arg;
	buf_need(&j->bytes, call->body_n + 512);
	buf_printf(&j->bytes,
		   "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\nContent-Length: %zu\r\n%s\r\n",
		   call->method, call->path, c->host, call->body_n, call->head ? call->head : "");
	buf_put(&j->bytes, call->body, call->body_n);
	*c->last = j;
	c->last = &j->next;
	c->waiting++;
	start(c);
}
