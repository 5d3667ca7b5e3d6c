/* mini.h - a small HTTP/1.1 server and client on one epoll loop, made to misbehave on order.
 *
 *      socket -> parse -> handler -> mini_answer() -> [delay] -> [fault] -> socket
 *                             \-> mini_call() ------> peer -> done()
 *
 * Promises: keep-alive, pipelined requests (answered in order), Content-Length and chunked
 * bodies, Expect: 100-continue; every size, count and wait is bounded by the names below.
 * Threads: one loop is one thread; only mini_stop() may be called from another. Handlers,
 * timers and done() run on the loop's thread and must not block. */
#ifndef PEERS_MINI_H
#define PEERS_MINI_H

#include <stdatomic.h>

#include "util.h"

#define MINI_HEAD_MAX      (64u << 10)
#define MINI_BODY_MAX      (32u << 20)
#define MINI_CONNS_MAX     8192
#define MINI_CALLS_MAX     400000       /* waiting outgoing calls per client */
#define MINI_ENDLESS_MAX   (256u << 20) /* an "endless" body ends here by a close */
#define MINI_IDLE_REUSE_US 1000000      /* older idle connections are not used again */

struct mini;
struct mini_client;

struct mini_req {
	uint64_t conn; /* handle for mini_answer(); survives the request, never reused */
	const char *method;
	const char *path;  /* without the query, not decoded */
	const char *query; /* "" when none */
	const char *head;  /* header lines */
	const char *body;  /* NUL-terminated, valid until the handler returns */
	size_t body_n;
};

enum mini_fault {
	MINI_FINE,
	MINI_HANG,    /* never answers; the line stays up until the peer leaves */
	MINI_CLOSE,   /* FIN without an answer */
	MINI_RESET,   /* RST without an answer */
	MINI_CUT,     /* closes after cut_after bytes of the answer */
	MINI_GARBAGE, /* bytes that are not HTTP, then a close */
	MINI_ENDLESS, /* a chunked body that does not end */
	MINI_DRIP     /* one byte every delay_ms milliseconds */
};

struct mini_answer {
	int status;
	const char *type;  /* NULL = application/json */
	const char *extra; /* more header lines, each with \r\n, or NULL */
	const char *body;
	size_t body_n;
	enum mini_fault fault;
	int64_t delay_ms;
	size_t cut_after;
};

typedef void mini_handler(void *ctx, const struct mini_req *req);
typedef void mini_timer(void *ctx, void *arg);
/* status 0: no answer (refused, closed, not HTTP); -1: not within the time; -2: queue full. */
typedef void mini_done(void *ctx, void *arg, int status, const char *body, size_t body_n);

struct mini *mini_new(mini_handler *handle, void *ctx);
/* Binds 127.0.0.1:port (0 = chosen by the system) and returns the port. */
int mini_listen(struct mini *m, int port);
void mini_run(struct mini *m);  /* until mini_stop() */
void mini_stop(struct mini *m); /* from any thread */

/* Once per request, in the handler or later; a connection that has gone is ignored. */
void mini_answer(struct mini *m, uint64_t conn, const struct mini_answer *a);
/* Value of a header, without surrounding blanks; false when absent. */
bool mini_header(const struct mini_req *req, const char *name, char *out, size_t size);

void mini_after(struct mini *m, int64_t ms, mini_timer *fn, void *ctx, void *arg);

struct mini_call {
	const char *method, *path;
	const char *head; /* more header lines, each with \r\n, or NULL */
	const char *body;
	size_t body_n;
	int timeout_ms;  /* from the moment it gets a connection */
	mini_done *done; /* may be NULL */
	void *ctx, *arg;
};
/* url: http://127.0.0.1:PORT (loopback only, anything else ends the program). */
struct mini_client *mini_client_new(struct mini *m, const char *url, int conns_max);
void mini_call(struct mini_client *c, const struct mini_call *call); /* copies what it needs */
size_t mini_client_waiting(const struct mini_client *c);

/* Between mini.c and mini_client.c. */
struct mini_fd {
	int fd;
	bool dead;
	void (*on_event)(struct mini *m, struct mini_fd *f, uint32_t events);
	void (*on_free)(struct mini_fd *f); /* NULL = free() */
	struct mini_fd *next_dead;
};
void mini_watch(struct mini *m, struct mini_fd *f, uint32_t events, bool is_new);
void mini_bury(struct mini *m, struct mini_fd *f); /* closes now, frees after the batch */

/* Between mini.c and mini_timer.c: the heap of a loop's timers. Zero is empty. */
struct timer;
struct mini_timers {
	struct timer *heap;
	size_t n, cap;
	uint64_t seq;
};
void mini_timers_add(struct mini_timers *h, int64_t ms, mini_timer *fn, void *ctx, void *arg);
void mini_timers_fire(struct mini_timers *h, int64_t now_us); /* all that are due */
int mini_timers_wait_ms(const struct mini_timers *h,
			int64_t now_us); /* until the next; at most 1000 */

/* Parses a message's framing. Bytes of head (with the blank line), 0 = more needed. */
size_t mini_head_size(const struct buf *in);
/* Finds the body after `head_n`. 1 = whole (total and body set; chunked bodies are decoded into
 * `chunks`), 0 = more needed, -1 = broken. `to_eof`: an answer without a length ends by close. */
int mini_body(const struct buf *in, size_t head_n, struct buf *chunks, bool *ret_to_eof,
	      const char **ret_body, size_t *ret_body_n, size_t *ret_total);
bool mini_head_get(const char *head, const char *name, char *out, size_t size);

#endif
