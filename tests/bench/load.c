/* load.c - load generator for the benches and the crash test: one thread, one epoll, keep-alive
 * connections that each have one request on the way.
 *
 * Promises: every request is different and is sent once; a request whose answer did not come is
 * counted as lost and never repeated, so `--out` holds exactly what the server acknowledged.
 * With --rate the latency counts from the moment a request was due, not from when a connection
 * became free, so a stalled server cannot hide its stall. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load_body.h"
#include "load_tls.h"
#include "util.h"

#define IN_MAX       (64u << 10)
#define BUCKETS      (40 * 64)
#define RETRY_US     20000
#define GRACE_US     3000000

enum link_state { DOWN, CONNECTING, SHAKING, IDLE, SENDING, WAITING };

struct link {
	int              fd;
	enum link_state  state;
	uint32_t         events; /* what epoll watches now */
	struct load_tls *tls;
	struct link     *next_idle;
	char            *out, *in;
	size_t           out_n, sent, in_n;
	int64_t          since_us, retry_us;
	char             wamid[LOAD_WAMID_N + 1];
};

static struct {
	const char *url, *secret, *out_path, *get, *phone_id, *waba;
	char        path[512], host[128];
	int         port, connections, templates, customers, size, timeout_ms;
	double      seconds, rate;
	int64_t     count;
	bool        tls, json;
} opt = { .secret = "test_app_secret", .connections = 64, .templates = 4000, .customers = 1000,
	  .size = 1000, .seconds = 5, .timeout_ms = 30000, .phone_id = "106540352242922",
	  .waba = "102290129340398" };

static struct {
	int                ep, out_fd;
	struct sockaddr_in to;
	struct link       *links, *idle;
	struct load_body  *body;
	struct buf         acked;
	int64_t            begin_us, end_us, last_ok_us;
	int64_t            sent, ok, refused, lost, connect_errors, reconnects, timeouts, outstanding;
	int64_t            by_status[600], sum_us, max_us, min_us;
	uint64_t           histogram[BUCKETS];
	int                down;
	bool               stop;
} run = { .out_fd = -1, .min_us = INT64_MAX };

static volatile sig_atomic_t interrupted;

static void on_signal(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

/* 64 steps per power of two: within 1.6 %. */
static size_t bucket_of(uint64_t us)
{
	int top = us < 64 ? 0 : 57 - __builtin_clzll(us);
	size_t at = us < 64 ? us : (size_t)(top + 1) * 64 + ((us >> top) & 63);

	return at < BUCKETS ? at : BUCKETS - 1;
}

static int64_t bucket_value(size_t at)
{
	return at < 128 ? (int64_t)at : (int64_t)((64 + at % 64) << (at / 64 - 1));
}

static int64_t percentile(double p)
{
	uint64_t want = (uint64_t)((double)(run.ok + run.refused) * p / 100), seen = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		seen += run.histogram[i];
		if (seen > want)
			return bucket_value(i) < run.max_us ? bucket_value(i) : run.max_us;
	}
	return run.max_us;
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
		run.lost++;
		run.outstanding--;
	} else if (l->state == CONNECTING || l->state == SHAKING) {
		run.connect_errors++;
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
	if (run.stop || now >= run.end_us || (opt.count && run.sent >= opt.count))
		return false;
	*ret_since_us = now;
	if (opt.rate > 0) {
		*ret_since_us = run.begin_us + (int64_t)((double)run.sent * 1e6 / opt.rate);
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
		l->out_n = (size_t)sprintf(l->out, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", opt.path, opt.host);
	else
		l->out_n = load_body_write(run.body, (uint64_t)run.sent, l->out, l->wamid);
	run.sent++;
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
		int  rc = load_tls_handshake(l->tls, &for_write);
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
	int64_t us = now - l->since_us;

	run.outstanding--;
	run.histogram[bucket_of((uint64_t)us)]++;
	run.sum_us += us;
	if (us > run.max_us)
		run.max_us = us;
	if (us < run.min_us)
		run.min_us = us;
	if (status >= 0 && status < 600)
		run.by_status[status]++;
	if (status != 200) {
		run.refused++;
		return;
	}
	run.ok++;
	run.last_ok_us = now;
	if (run.out_fd >= 0) {
		buf_put(&run.acked, l->wamid, LOAD_WAMID_N);
		buf_put(&run.acked, "\n", 1);
	}
}

/* 1 = whole answer, 0 = more, -1 = not HTTP. */
static int answer_whole(struct link *l, int *ret_status, bool *ret_close)
{
	char       *end, *length;
	bool        chunked;
	size_t      head_n;

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
	bool    close_it = false;
	int     status = 0, whole;
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
	int       err = 0;
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
		run.reconnects++;
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
	int64_t         wait_us = run.down ? 5000 : 100000;
	struct timespec ts;

	if (opt.rate > 0 && run.idle && !run.stop) {
		int64_t due = run.begin_us + (int64_t)((double)run.sent * 1e6 / opt.rate) - now;
		wait_us = due < 0 ? 0 : due < wait_us ? due : wait_us;
	}
	if (now < run.end_us && run.end_us - now < wait_us)
		wait_us = run.end_us - now;
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
			run.timeouts++;
			link_down(l, now);
		}
	}
}

static void loop(void)
{
	struct epoll_event ev[512];
	int64_t            now = mono_us(), last_sweep = 0;

	run.begin_us = now;
	run.end_us = now + (int64_t)(opt.seconds * 1e6);
	for (;;) {
		bool finished = now >= run.end_us || (opt.count && run.sent >= opt.count) || interrupted;
		if (finished)
			run.stop = true;
		if (finished && (run.outstanding <= 0 || now >= run.end_us + GRACE_US))
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
	run.lost += run.outstanding;
}

static void report(void)
{
	double        took = (double)((run.last_ok_us ? run.last_ok_us : run.end_us) - run.begin_us) / 1e6;
	int64_t       n = run.ok + run.refused;
	struct rusage use;
	FILE         *line = opt.json ? stderr : stdout;

	getrusage(RUSAGE_SELF, &use);
	if (took <= 0)
		took = 1e-6;
	fprintf(line, "%s  %d connections  %.2f s  %.0f req/s  p50 %lld  p90 %lld  p99 %lld  p99.9 %lld  "
	        "max %lld us  ok %lld  non-200 %lld  lost %lld  connect errors %lld\n", opt.url,
	        opt.connections, took, (double)run.ok / took, (long long)percentile(50),
	        (long long)percentile(90), (long long)percentile(99), (long long)percentile(99.9),
	        (long long)run.max_us, (long long)run.ok, (long long)run.refused,
	        (long long)run.lost, (long long)run.connect_errors);
	if (!opt.json)
		return;
	printf("{\"url\":\"%s\",\"connections\":%d,\"seconds\":%.3f,\"rate\":%.0f,\"size\":%d,\"sent\":%lld,"
	       "\"ok\":%lld,\"non_200\":%lld,\"lost\":%lld,\"timeouts\":%lld,\"connect_errors\":%lld,"
	       "\"connects\":%lld,\"req_per_s\":%.1f,\"min_us\":%lld,\"mean_us\":%.1f,\"p50_us\":%lld,"
	       "\"p90_us\":%lld,\"p99_us\":%lld,\"p999_us\":%lld,\"max_us\":%lld,\"cpu_s\":%.3f,"
	       "\"statuses\":{", opt.url, opt.connections, took, opt.rate, opt.size,
	       (long long)run.sent, (long long)run.ok, (long long)run.refused, (long long)run.lost,
	       (long long)run.timeouts, (long long)run.connect_errors, (long long)run.reconnects,
	       (double)run.ok / took, n ? (long long)run.min_us : 0,
	       n ? (double)run.sum_us / (double)n : 0, (long long)percentile(50),
	       (long long)percentile(90), (long long)percentile(99), (long long)percentile(99.9),
	       (long long)run.max_us,
	       (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
	for (int i = 0, first = 1; i < 600; i++) {
		if (run.by_status[i])
			printf("%s\"%d\":%lld", first ? "" : ",", i, (long long)run.by_status[i]);
		first &= !run.by_status[i];
	}
	printf("}}\n");
}

static void usage(void)
{
	puts("usage: load --url http[s]://127.0.0.1:PORT/PATH [--connections 64] [--seconds 5]\n"
	     "  [--secret S] [--phone-id ID] [--waba ID] [--distinct 4000] [--customers 1000]\n"
	     "  [--size 1000] [--rate R] [--count N] [--out FILE] [--timeout-ms 30000] [--tls] [--json]\n"
	     "  [--path-get /healthz]   GET in place of signed webhooks: the ceiling of the server\n"
	     "Every request has its own wamid and signature and is never sent again.");
}

static double number(const char *s, double min, double max)
{
	char  *end;
	double v = strtod(s, &end);

	if (end == s || *end || v < min || v > max)
		die("%s: expected a number from %g to %g", s, min, max);
	return v;
}

static void read_flags(int argc, char **argv)
{
	static const struct option options[] = {
		{ "url", 1, NULL, 'u' }, { "connections", 1, NULL, 'c' }, { "seconds", 1, NULL, 's' },
		{ "secret", 1, NULL, 'k' }, { "distinct", 1, NULL, 'd' }, { "tls", 0, NULL, 't' },
		{ "rate", 1, NULL, 'r' }, { "size", 1, NULL, 'z' }, { "customers", 1, NULL, 'm' },
		{ "json", 0, NULL, 'j' }, { "count", 1, NULL, 'n' }, { "out", 1, NULL, 'o' },
		{ "path-get", 1, NULL, 'g' }, { "phone-id", 1, NULL, 'p' }, { "waba", 1, NULL, 'w' },
		{ "timeout-ms", 1, NULL, 'T' }, { "help", 0, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	int  c;
	char scheme[8] = "";

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'u': opt.url = optarg; break;
		case 'c': opt.connections = (int)number(optarg, 1, 20000); break;
		case 's': opt.seconds = number(optarg, 0.01, 86400); break;
		case 'k': opt.secret = optarg; break;
		case 'd': opt.templates = (int)number(optarg, 1, 500000); break;
		case 't': opt.tls = true; break;
		case 'r': opt.rate = number(optarg, 0, 1e7); break;
		case 'z': opt.size = (int)number(optarg, 700, LOAD_BODY_MAX); break;
		case 'm': opt.customers = (int)number(optarg, 1, 99999999); break;
		case 'j': opt.json = true; break;
		case 'n': opt.count = (int64_t)number(optarg, 1, 1e12); break;
		case 'o': opt.out_path = optarg; break;
		case 'g': opt.get = optarg; break;
		case 'p': opt.phone_id = optarg; break;
		case 'w': opt.waba = optarg; break;
		case 'T': opt.timeout_ms = (int)number(optarg, 1, 3600000); break;
		case 'h': usage(); exit(0);
		default: usage(); exit(2);
		}
	}
	if (!opt.url || sscanf(opt.url, "%7[a-z]://127.0.0.1:%d%500s", scheme, &opt.port, opt.path) < 2) {
		fputs("load: --url http://127.0.0.1:PORT/PATH is needed; loopback only\n", stderr);
		exit(2);
	}
	opt.tls |= !strcmp(scheme, "https");
	if (!opt.path[0])
		strcpy(opt.path, "/");
	if (opt.get)
		snprintf(opt.path, sizeof opt.path, "%s", opt.get);
	snprintf(opt.host, sizeof opt.host, "127.0.0.1:%d", opt.port);
}

int main(int argc, char **argv)
{
	size_t out_max = 1024;

	read_flags(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	if (opt.tls)
		load_tls_start();
	if (!opt.get) {
		run.body = load_body_new(&(struct load_shape){
			.path = opt.path, .host = opt.host, .secret = opt.secret, .phone_id = opt.phone_id,
			.waba = opt.waba, .templates = opt.templates, .customers = opt.customers,
			.size = opt.size });
		out_max = load_body_max(run.body) + 1;
	}
	if (opt.out_path) {
		run.out_fd = open(opt.out_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (run.out_fd < 0)
			die("open %s: %s", opt.out_path, strerror(errno));
	}
	run.ep = epoll_create1(EPOLL_CLOEXEC);
	run.to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port) };
	run.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	run.links = xalloc((size_t)opt.connections * sizeof *run.links);
	run.down = opt.connections;
	for (int i = 0; i < opt.connections; i++) {
		run.links[i].fd = -1;
		run.links[i].out = xalloc(out_max);
		run.links[i].in = xalloc(IN_MAX + 1);
	}
	loop();
	report();
	return run.ok ? 0 : 1;
}
