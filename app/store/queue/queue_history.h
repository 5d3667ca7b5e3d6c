/* queue_history.h - the counters of all queues, minute by minute, for a day: for charts. */
#ifndef STORE_QUEUE_HISTORY_H
#define STORE_QUEUE_HISTORY_H

#include "store/queue/queue.h"

#define QUEUE_HISTORY_MS (25 * HOUR_MS)

struct queue_minute {
	int64_t minute; /* since 1970; its end is when the counters were read */
	int64_t accepted, done, failed, dead; /* since ever */
	int64_t waiting;                      /* with delayed and running ones */
	int64_t oldest_ms;                    /* age of the oldest */
};

/* Inside a unit: a row for each queue, once a minute (again: nothing). */
enum rc queue_history_add(struct tx *tx, int64_t minute, struct err *e) MUST_CHECK;
typedef enum rc queue_minute_fn(void *arg, const struct queue_minute *m, struct err *e);
/* Oldest first, from that minute on. */
enum rc queue_history_each(struct db *db, enum queue_id q, int64_t from_minute, queue_minute_fn *fn,
			   void *arg, struct err *e) MUST_CHECK;
enum rc queue_history_trim(struct tx *tx, int64_t before_ms, int64_t *ret_count, struct err *e)
	MUST_CHECK;

#endif
