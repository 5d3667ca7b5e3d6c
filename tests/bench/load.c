/* load.c - load generator for the benches and the crash test: one thread, one epoll, keep-alive
 * connections that each have one request on the way.
 *
 * Promises: every request is different and is sent once; a request whose answer did not come is
 * counted as lost and never repeated, so `--out` holds exactly what the server acknowledged.
 * With --rate the latency counts from the moment a request was due, not from when a connection
 * became free, so a stalled server cannot hide its stall. Words: load_opt.c; numbers: load_report.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load_body.h"
#include "load_opt.h"
#include "load_report.h"
#include "load_tls.h"
#include "util.h"

#define IN_MAX   (64u << 10)
#define RETRY_US 20000
#define GRACE_US 3000000

enum link_state { DOWN, CONNECTING, SHAKING, IDLE, SENDING, WAITING };

struct link {
	int fd;
	enum link_state state;
	uint32_t events; /* what epoll watches now */
	struct load_tls *tls;
	struct link *next_idle;
	char *out, *in;
	size_t out_n, sent, in_n;
	int64_t since_us, retry_us;
	char wamid[LOAD_WAMID_N + 1];
};

static struct load_opt opt;

static struct {
	int ep, out_fd;
	struct sockaddr_in to;
	struct link *links, *idle;
	struct load_body *body;
	struct buf acked;
	struct load_count count;
	int64_t outstanding;
	int down;
	bool stop;
} run = { .out_fd = -1, .count.min_us = INT64_MAX };

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

static void watch(struct link *l, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = l };

	if (l->events == events)
		return;
	if (epoll_ctl(run.ep, l->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, l->fd, &ev))
		die("epoll_ctl: %s", strerror(errno));
	l->events = events;
}

static void link_down(struct link *l, int64_t now)
{
	if (l->state == SENDING || l->state == WAITING) {
		run.count.lost++;
		run.outstanding--;
	} else if (l->state == CONNECTING || l->state == SHAKING) {
		run.count.connect_errors++;
	}
	if (l->fd >= 0)
		close(l->fd);
	load_tls_free(l->tls);
	l->tls = NULL;
	l->fd = -1;
	l->events = 0;
	l->state = DOWN;
	l->retry_us = now + RETRY_US;
	run.down++;
}

static void link_connect(struct link *l, int64_t now)
{
	int one = 1;

	run.down--;
	l->in_n = l->sent = l->out_n = 0;
	l->state = CONNECTING;
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(l->fd, (struct sockaddr *)&run.to, sizeof run.to) && errno != EINPROGRESS) {
		link_down(l, now);
		return;
	}
	watch(l, EPOLLOUT);
}

static void link_write(struct link *l, int64_t now)
{
	while (l->sent < l->out_n) {
		ssize_t n = l->tls ? load_tls_send(l->tls, l->out + l->sent, l->out_n - l->sent)
				   : send(l->fd, l->out + l->sent, l->out_n - l->sent,
					  MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n <= 0 && errno == EAGAIN) {
			watch(l, EPOLLIN | EPOLLOUT);
			return;
		}
		if (n <= 0) {
			link_down(l, now);
			return;
		}
		l->sent += (size_t)n;
	}
	l->state = WAITING;
	watch(l, EPOLLIN);
}

/* Is another request due? Answers from when its latency counts. */
static bool next_due(int64_t now, int64_t *ret_since_us)
{
	if (run.stop || now >= run.count.end_us || (opt.count && run.count.sent >= opt.count))
		return false;
	*ret_since_us = now;
	if (opt.rate > 0) {
		*ret_since_us =
			run.count.begin_us + (int64_t)((double)run.count.sent * 1e6 / opt.rate);
		return *ret_since_us <= now;
	}
	return true;
}

static void link_next(struct link *l, int64_t now)
{
	int64_t since;

	if (!next_due(now, &since)) {
		l->state = IDLE;
		l->next_idle = run.idle;
		run.idle = l;
		return;
	}
	if (opt.get)
		l->out_n = (size_t)sprintf(l->out, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", opt.path,
					   opt.host);
	else
		l->out_n = load_body_write(run.body, (uint64_t)run.count.sent, l->out, l->wamid);
	run.count.sent++;
	run.outstanding++;
	l->sent = l->in_n = 0;
	l->since_us = since;
	l->state = SENDING;
	link_write(l, now);
}

static void link_ready(struct link *l, int64_t now)
{
	if (l->tls) {
		bool for_write;
		int rc = load_tls_handshake(l->tls, &for_write);
		if (rc < 0) {
			link_down(l, now);
			return;
		}
		if (!rc) {
			watch(l, for_write ? EPOLLOUT : EPOLLIN);
			return;
		}
	}
	watch(l, EPOLLIN);
	link_next(l, now);
}

static void answered(struct link *l, int status, int64_t now)
{
	run.outstanding--;
	load_count_answer(&run.count, status, now - l->since_us, now);
	if (status == 200 && run.out_fd >= 0) {
		buf_put(&run.acked, l->wamid, LOAD_WAMID_N);
		buf_put(&run.acked, "\n", 1);
	}
}

/* 1 = whole answer, 0 = more, -1 = not HTTP. */
static int answer_whole(struct link *l, int *ret_status, bool *ret_close)
{
	char *end, *length;
	bool chunked;
	size_t head_n;

	l->in[l->in_n] = '\0';
	end = strstr(l->in, "\r\n\r\n");
	if (!end)
		return l->in_n >= IN_MAX ? -1 : 0;
	if (strncmp(l->in, "HTTP/1.", 7))
		return -1;
	head_n = (size_t)(end - l->in) + 4;
	*end = '\0';
	*ret_status = atoi(l->in + 9);
	length = strcasestr(l->in, "\r\ncontent-length:");
	chunked = !length && strcasestr(l->in, "\r\ntransfer-encoding: chunked");
	*ret_close = strcasestr(l->in, "\r\nconnection: close") != NULL;
	*end = '\r';
	if (length)
		return l->in_n >= head_n + strtoul(length + 17, NULL, 10);
	if (chunked)
		return l->in_n >= 5 && !memcmp(l->in + l->in_n - 5, "0\r\n\r\n", 5);
	return 1;
}

static void link_read(struct link *l, int64_t now)
{
	bool close_it = false;
	int status = 0, whole;
	ssize_t n;

	for (;;) {
		n = l->tls ? load_tls_recv(l->tls, l->in + l->in_n, IN_MAX - l->in_n)
			   : recv(l->fd, l->in + l->in_n, IN_MAX - l->in_n, MSG_DONTWAIT);
		if (n <= 0 && n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || l->state != WAITING) { /* closed, or an answer to nothing */
			link_down(l, now);
			return;
		}
		l->in_n += (size_t)n;
		whole = answer_whole(l, &status, &close_it);
		if (whole < 0) {
			link_down(l, now);
			return;
		}
		if (whole)
			break;
	}
	answered(l, status, now);
	l->in_n = 0;
	if (close_it) {
		l->state = IDLE;
		link_down(l, now);
		l->retry_us = now;
		return;
	}
	link_next(l, now);
}

static void link_event(struct link *l, uint32_t events, int64_t now)
{
	int err = 0;
	socklen_t n = sizeof err;

	switch (l->state) {
	case DOWN:
		return;
	case CONNECTING:
		getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &err, &n);
		if (err) {
			link_down(l, now);
			return;
		}
		run.count.reconnects++;
		if (opt.tls)
			l->tls = load_tls_new(&l->fd);
		l->state = SHAKING;
		link_ready(l, now);
		return;
	case SHAKING:
		link_ready(l, now);
		return;
	case SENDING:
		if (events & EPOLLOUT)
			link_write(l, now);
		else
			link_down(l, now);
		return;
	case IDLE: /* a TLS ticket may come; anything else is a close */
	case WAITING:
		if (l->state == IDLE) {
			struct link **at = &run.idle;
			while (*at && *at != l)
				at = &(*at)->next_idle;
			if (*at)
				*at = l->next_idle;
		}
		link_read(l, now);
		if (l->state == IDLE && l->fd >= 0 && !run.stop) {
			bool listed = false;
			for (struct link *i = run.idle; i; i = i->next_idle)
				listed |= i == l;
			if (!listed)
				link_next(l, now);
		}
		return;
	}
}

static void flush_acked(void)
{
	size_t done = 0;

	while (run.acked.n > done) {
		ssize_t n = write(run.out_fd, run.acked.p + done, run.acked.n - done);
		if (n < 0 && errno != EINTR)
			die("write %s: %s", opt.out_path, strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	run.acked.n = 0;
}

/* Waits until the next request is due, to the microsecond, or until something happens. */
static int wait_events(struct epoll_event *ev, int max, int64_t now)
{
	int64_t wait_us = run.down ? 5000 : 100000;
	struct timespec ts;

	if (opt.rate > 0 && run.idle && !run.stop) {
		int64_t due = run.count.begin_us +
			      (int64_t)((double)run.count.sent * 1e6 / opt.rate) - now;
		wait_us = due < 0 ? 0 : due < wait_us ? due : wait_us;
	}
	if (now < run.count.end_us && run.count.end_us - now < wait_us)
		wait_us = run.count.end_us - now;
	ts = (struct timespec){ wait_us / 1000000, wait_us % 1000000 * 1000 };
	return epoll_pwait2(run.ep, ev, max, &ts, NULL);
}

static void sweep(int64_t now)
{
	for (int i = 0; i < opt.connections; i++) {
		struct link *l = &run.links[i];
		if (l->state == DOWN && now >= l->retry_us && !run.stop) {
			link_connect(l, now);
		} else if (l->state == WAITING && now - l->since_us > opt.timeout_ms * 1000ll) {
			run.count.timeouts++;
			link_down(l, now);
		}
	}
}

static void loop(void)
{
	struct epoll_event ev[512];
	int64_t now = mono_us(), last_sweep = 0;

	run.count.begin_us = now;
	run.count.end_us = now + (int64_t)(opt.seconds * 1e6);
	for (;;) {
		bool finished = now >= run.count.end_us ||
				(opt.count && run.count.sent >= opt.count) || interrupted;
		if (finished)
			run.stop = true;
		if (finished && (run.outstanding <= 0 || now >= run.count.end_us + GRACE_US))
			break;
		if (now - last_sweep > (run.down ? 5000 : 100000)) {
			sweep(now);
			last_sweep = now;
		}
		int n = wait_events(ev, 512, now);
		now = mono_us();
		for (int i = 0; i < n; i++) {
			link_event(ev[i].data.ptr, ev[i].events, now);
			now = mono_us();
		}
		for (int64_t since; run.idle && next_due(now, &since);) {
			struct link *l = run.idle;
			run.idle = l->next_idle;
			link_next(l, now);
		}
		if (run.acked.n)
			flush_acked();
	}
	run.count.lost += run.outstanding;
}

int main(int argc, char **argv)
{
	size_t out_max = 1024;

	load_opt_read(&opt, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	if (opt.tls)
		load_tls_start();
	if (!opt.get) {
		run.body = load_body_new(&(struct load_shape){ .path = opt.path,
							       .host = opt.host,
							       .secret = opt.secret,
							       .phone_id = opt.phone_id,
							       .waba = opt.waba,
							       .templates = opt.templates,
							       .customers = opt.customers,
							       .size = opt.size });
		out_max = load_body_max(run.body) + 1;
	}
	if (opt.out_path) {
		run.out_fd = open(opt.out_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (run.out_fd < 0)
			die("open %s: %s", opt.out_path, strerror(errno));
	}
	run.ep = epoll_create1(EPOLL_CLOEXEC);
	run.to = (struct sockaddr_in){ .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)opt.port) };
	run.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	run.links = xalloc((size_t)opt.connections * sizeof *run.links);
	run.down = opt.connections;
	for (int i = 0; i < opt.connections; i++) {
		run.links[i].fd = -1;
		run.links[i].out = xalloc(out_max);
		run.links[i].in = xalloc(IN_MAX + 1);
	}
	loop();
	load_report(&run.count, &opt);
	return run.count.ok ? 0 : 1;
}
