/* chatwoot_link.h - a message of Chatwoot and its rows here, and how far the state of a conversation there was taken over.
 *
 * The table is also the loop table (message_link_chatwoot): who is in it is never sent again as new. A message of an agent
 * is entered when its webhook is read, its rows follow at once or when its files are here: they are made in one unit, so
 * their ids follow each other. */
#ifndef STORE_CHATWOOT_LINK_H
#define STORE_CHATWOOT_LINK_H

#include "store/message/message.h"
#include "store/queue/queue.h"

struct chatwoot_link {
	int64_t target_id, chatwoot_message_id;
	int64_t message_id; /* first row; 0: none yet */
	int64_t parts;      /* rows: message_id, message_id + 1, ... */
	int64_t deleted_ms; /* an agent deleted it there; 0: not */
	/* It could not be made into messages; message_id is the row that says so. A person may try again. 0: not */
	int64_t failed_ms;
	bool agent; /* written there; else made by us */
};

/* target_id and chatwoot_message_id are given. RC_ABSENT: not known; `e` is not filled. */
enum rc chatwoot_link_load(struct db *db, struct chatwoot_link *l, struct err *e) MUST_CHECK;
/* Writes all but `agent`. */
enum rc chatwoot_link_put(struct tx *tx, const struct chatwoot_link *l, struct err *e) MUST_CHECK;
/* Whether a job of this queue and key is unfinished, those of the running unit included. */
enum rc chatwoot_link_waits(struct db *db, enum queue_id q, int64_t okey, bool *ret, struct err *e)
	MUST_CHECK;

/* The newest attempt of each row, one after the other. Borrowed from an arena of the call. */
typedef enum rc chatwoot_row_fn(void *arg, const struct message *m, struct err *e);
enum rc chatwoot_link_each(struct db *db, const struct chatwoot_link *l, chatwoot_row_fn *fn,
			   void *arg, struct err *e) MUST_CHECK;
/* What an agent should see of all rows together: failed as soon as one is or was cancelled, else as far as the slowest.
 * `error` (of the failed one) lives in the arena. For a message that no agent wrote: its own status. */
struct chatwoot_sum {
	enum message_status status;
	struct str error;
	bool cancelled; /* FAILED because of that, not of an error */
	bool deleted;   /* the agent deleted it: nothing is told any more */
	int64_t mark_id; /* the row whose chatwoot_mark says what was told: one for all rows, so each state is told once */
};
enum rc chatwoot_link_sum(struct db *db, int64_t target_id, const struct message *m,
			  struct arena *a, struct chatwoot_sum *ret, struct err *e) MUST_CHECK;

struct chatwoot_thread {
	int64_t conversation_id;
	int64_t state_ms, seen_ms, typing_ms; /* 0: never */
};
/* All zero when nothing is known. */
enum rc chatwoot_thread_load(struct db *db, int64_t conversation_id, struct chatwoot_thread *ret,
			     struct err *e) MUST_CHECK;
enum rc chatwoot_thread_put(struct tx *tx, const struct chatwoot_thread *t, struct err *e)
	MUST_CHECK;

#endif
