/* deadletter.h - jobs that will not be tried again by themselves. */
#ifndef STORE_DEADLETTER_H
#define STORE_DEADLETTER_H

#include "store/queue/queue.h"

struct deadletter {
	int64_t id;
	enum queue_id queue;
	struct str class, reason, error, correlation, history, payload;
	int64_t okey, lane, ref, attempts, job_created_ms, created_ms;
};
struct deadletter_filter {
	int queue;          /* enum queue_id or -1 */
	const char *reason; /* NULL: all */
	int64_t before_id;  /* 0: newest */
	int limit;
};
typedef enum rc deadletter_each_fn(void *arg, const struct deadletter *d, struct err *e);
enum rc deadletter_each(struct db *db, const struct deadletter_filter *f, deadletter_each_fn *fn,
			void *arg, struct err *e) MUST_CHECK;
/* Those of one queue with the same reason. `queue` may be none of ours any more. */
struct deadletter_reason {
	struct str queue, class, reason;
	int64_t number, oldest_ms, newest_ms;
};
typedef enum rc deadletter_reason_fn(void *arg, const struct deadletter_reason *r, struct err *e);
/* The most frequent first, at most `limit`; strings are valid during the call. */
enum rc deadletter_reasons(struct db *db, int limit, deadletter_reason_fn *fn, void *arg,
			   struct err *e) MUST_CHECK;
enum rc deadletter_load(struct db *db, int64_t id, struct arena *a, struct deadletter *ret,
			struct err *e) MUST_CHECK;
/* The message that a dead send was about. RC_ABSENT: it was about something else, or the message is gone. */
enum rc deadletter_message(struct db *db, const struct deadletter *d, int64_t *ret_id,
			   int64_t *ret_created_ms, struct err *e) MUST_CHECK;
enum rc deadletter_count(struct db *db, const struct deadletter_filter *f, int64_t *ret,
			 struct err *e) MUST_CHECK;
/* Back into its queue as a new job with no attempts; payload replaced when `payload` is not none. For queue
 * `messages` the message goes from failed back to queued (never when it is unknown: RC_REFUSED). */
enum rc deadletter_retry(struct tx *tx, int64_t id, struct str payload, int64_t *ret_job_id,
			 struct err *e) MUST_CHECK;
enum rc deadletter_discard(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;

#endif
