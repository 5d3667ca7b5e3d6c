/* work.h - the workers: threads that take jobs of one queue and run its handler. All queues go through here.
 *
 * A handler gets leased jobs (one, or a batch for batch queues) and must settle each of them in store units
 * (done, retry, snooze, dead) or give it back (queue_hold). What a handler leaves leased is dealt with here:
 *
 *   the store or the database is at its end (RC_LIMIT, RC_IO, RC_RETRY)   held for WORK_HOLD_MS, nothing counted, and
 *                                                                         marked durably before it runs again
 *   any other error                                                       retried with an attempt counted; a batch is
 *                                                                         run again job by job first */
#ifndef FLOW_WORK_H
#define FLOW_WORK_H

#include "base/arena.h"
#include "flow/app.h"
#include "store/queue/queue.h"

#define WORK_HOLD_MS   1000
#define WORK_ARENA_MAX (64 * MIB) /* a batch of parsed deliveries; ordinary jobs use kilobytes */

struct http;

/* Calls to peers of this run that are not written yet: flow/outside/called.h. */
#define WORK_NOTES       4
#define WORK_NOTE_ANSWER 501
struct work_note {
	int64_t message_id, at_ms, took_ms;
	int status;
	char target[80], class[24], answer[WORK_NOTE_ANSWER];
};
struct worker_notes {
	struct work_note note[WORK_NOTES];
	int n;
	struct store_rider rider;
};

struct worker {
	struct app *app;
	enum queue_id queue;
	struct http *http;  /* this thread's connections */
	struct arena arena; /* reset before each run */
	uint32_t random;    /* jitter */
	struct worker_notes notes;
};

typedef enum rc work_fn(struct worker *w, const struct job *jobs, int n, int64_t now_ms,
			struct err *e);

void worker_init(struct worker *w, struct app *app, enum queue_id q);
void worker_release(struct worker *w);
/* Takes what is due and runs it. RC_OK: something was done. RC_ABSENT: nothing is due. Never fails otherwise: what
 * went wrong is logged and held. One unit of work; the simulator calls it directly. */
enum rc work_one(struct worker *w, int64_t now_ms);
uint32_t work_random(struct worker *w);
/* Settles one job by itself in a unit: for handlers whose only write is the outcome. */
enum rc work_retry(struct worker *w, const struct job *j, int64_t now_ms, int64_t peer_ms,
		   const char *reason, const char *error, struct err *e) MUST_CHECK;
enum rc work_done(struct worker *w, const struct job *j, struct err *e) MUST_CHECK;
enum rc work_dead(struct worker *w, const struct job *j, const char *class, const char *reason,
		  const char *error, struct err *e) MUST_CHECK;

/* All pools: threads per queue as configured. */
struct pools;
enum rc pools_start(struct app *app, struct pools **ret, struct err *e) MUST_CHECK;
void pools_stop(struct pools *p); /* after queue_stop; joins */

#endif
