/* sse_priv.h - what sse.c and sse_client.c share. */
#ifndef IO_SSE_PRIV_H
#define IO_SSE_PRIV_H

#include "io/sse.h"

#include <stdatomic.h>

#include "base/mtx.h"
#include "base/thr.h"

#define SSE_GROUPS 16

struct client {
	struct sse *sse;
	struct web_stream *stream; /* NULL: to be forgotten */
	struct client *next;       /* joining list */
	struct sse_filter filter;
	int64_t pass;
	int64_t position;
	int64_t moved_ms; /* when unsent bytes last got fewer */
	struct sbuf unsent;
	bool polls_out;
};

/* Something that is not kept. */
struct shout {
	struct shout *next;
	int64_t company; /* 0: all */
	size_t n;
	char bytes[];
};

/* What the source gave for one place in this round. */
struct group {
	struct sse_filter filter; /* company -1: empty */
	int64_t after;
	int64_t last;
	struct sbuf bytes;
};

struct sse {
	sse_source *source;
	sse_alive *alive;
	void *arg;
	struct thr thread;
	int epoll_fd;
	int wake_fd;
	atomic_bool stopping;
	atomic_bool notified;
	atomic_int accepted; /* promised or served */
	struct mtx lock;
	/* Under `lock`: */
	struct client *joining;
	struct shout *shouts, **shouts_end;
	int shout_count;
	bool closed; /* the thread has ended: nobody takes from `joining` */
	/* The thread's own: */
	struct client **clients;
	size_t count;
	struct group groups[SSE_GROUPS];
	size_t group_next;
	bool more; /* somebody has not yet got all there is */
};

/* All of the thread that owns the clients. */
void sse_client_free(struct client *c);
/* Forgotten in the next sweep. */
void sse_client_drop(struct client *c);
/* Behind what is already waiting; order is kept. */
void sse_client_send(struct client *c, struct str bytes, int64_t now_ms);
void sse_client_flush(struct client *c, int64_t now_ms);

#endif
