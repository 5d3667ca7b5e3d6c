/* sse.h - one epoll thread that owns all event-stream clients (server-sent events, WHATWG HTML 9.2).
 *
 * A worker hands its socket over (web.h take_over); from then on the client costs one small struct. Each client
 * has a filter (company, masked numbers) and a position (last event id sent). The source of events is a callback that
 * reads rows after a position, so a resume after Last-Event-ID and a live event are the same code and
 * nothing is lost between them. A client with unsent bytes gets nothing new before they are gone; when they
 * would pass SSE_BUFFER_MAX, or do not move for two heartbeats, it is dropped and resumes by itself.
 * Heartbeat comment each SSE_HEARTBEAT_MS. */
#ifndef IO_SSE_H
#define IO_SSE_H

#include "io/web.h"

struct sse;

/* What a client gets: clients with the same filter at the same place share their bytes. */
struct sse_filter {
	int64_t company;
	bool masked;     /* phone numbers are not for these eyes */
	uint32_t rights; /* of who listens, when it began: for `alive`; not for the source */
};

/* Whether a client may go on listening; `pass` is what sse_accept got. Called from the sse thread only, every
 * SSE_CHECK_MS for each pass. */
typedef bool sse_alive(void *arg, struct sse_filter filter, int64_t pass);
#define SSE_CHECK_MS 1000

/* Appends events after `after_id` for `filter` (up to a limit of its own) in SSE form to `to`; returns the new
 * position in *ret_last (unchanged when there is nothing). Called from the sse thread only. It should stop
 * near SSE_BUFFER_MAX / 2 bytes: it is called again at once, but a slow client that cannot take one read is
 * dropped. */
typedef enum rc sse_source(void *arg, struct sse_filter filter, int64_t after_id, struct sbuf *to,
			   int64_t *ret_last, struct err *e);

/* `alive` NULL: nobody is asked. Shutdown: sse_stop (all streams are closed, later ones are refused), web_stop, sse_free. */
enum rc sse_start(sse_source *source, sse_alive *alive, void *arg, struct sse **ret_sse,
		  struct err *e) MUST_CHECK;
void sse_stop(struct sse *s);
void sse_free(struct sse *s);
/* New events are there: wake the thread. Any thread, cheap, may be called once per commit. */
void sse_notify(struct sse *s);
/* Fills res so that the socket is handed over after the head. RC_LIMIT: SSE_CLIENTS_MAX reached.
 * RC_RETRY: stopping. `pass` 0: of nobody who could lose it. */
enum rc sse_accept(struct sse *s, struct res *r, struct sse_filter filter, int64_t pass,
		   int64_t after_id, struct err *e) MUST_CHECK;
/* Sends something that is not kept (who is typing, how the queues stand) to all clients of a company, 0: to all: whoever
 * is not there or lags behind misses it, and nothing is masked in it. `frame` ends with an empty line and has no id. Any thread; at most SSE_SHOUTS
 * wait, more are dropped. */
#define SSE_SHOUTS    256
#define SSE_SHOUT_MAX (16 * KIB)
void sse_shout(struct sse *s, int64_t company, struct str frame);
int64_t sse_clients(const struct sse *s);

#endif
