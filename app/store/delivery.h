/* delivery.h - requests that peers made to us, verbatim, before anyone parses them. */
#ifndef STORE_DELIVERY_H
#define STORE_DELIVERY_H

#include "store/queue/queue.h"

/* A key among the headers: the name in the address, when it is none of ours. */
#define HOOK_UNKNOWN_NAME "Path-Unknown"

/* A key among the headers: the request was processed before in a database that a restore put aside. What it says is taken
 * into the tables and told to nobody, but for the messages whose ids (with blanks between) stand in its members. */
#define DELIVERY_RESTORED  "Restored"
#define RESTORED_SUPPORT   "support"   /* still to be told to Chatwoot */
#define RESTORED_ASSISTANT "assistant" /* and to the assistant */

struct delivery {
	int64_t id;
	int64_t received_ms;
	int64_t company_id;
	int64_t target_id;
	const char *source;    /* meta, chatwoot, ... */
	const char *signature; /* valid, path, none */
	struct str request_id;
	struct str headers; /* JSON object */
	struct str body;
	struct str outcome; /* none: processed or on its way */
};

/* Appends the row and its job in queue `webhooks` (job.ref = delivery id). Two appends, no index: the
 * acknowledgement path. */
enum rc delivery_add(struct tx *tx, struct delivery *d, struct err *e) MUST_CHECK; /* sets d->id */
/* A second job for a stored delivery (replay). Processing is idempotent. RC_CONFLICT: its bytes were erased. */
enum rc delivery_replay(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
enum rc delivery_load(struct db *db, int64_t id, struct arena *a, struct delivery *ret,
		      struct err *e) MUST_CHECK;
/* Newest rows of the tables that requests change, and all rows ever written by this connection: the difference of two
 * is what happened between them. */
struct delivery_marks {
	int64_t messages, changes, contacts, conversations, events, written;
};
enum rc delivery_marks(struct db *db, struct delivery_marks *ret, struct err *e) MUST_CHECK;
/* Why it was put aside, e.g. "not json", "unknown number 123". */
enum rc delivery_set_outcome(struct tx *tx, int64_t id, const char *outcome, struct err *e)
	MUST_CHECK;
/* Its bytes go, its row stays, so that counts stay true; its outcome is DELIVERY_ERASED from now on. */
#define DELIVERY_ERASED "erased"
enum rc delivery_empty(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
struct delivery_filter {
	int64_t before_id;      /* 0: from the newest */
	int64_t from_ms, to_ms; /* 0: open */
	const char *source;     /* NULL: all */
	bool only_put_aside;
	int limit;
};
typedef enum rc delivery_each_fn(void *arg, const struct delivery *d,
				 struct err *e); /* without body */
enum rc delivery_each(struct db *db, const struct delivery_filter *f, delivery_each_fn *fn,
		      void *arg, struct err *e) MUST_CHECK;
/* Deletes those received before, that no job or dead letter refers to; at most `limit`. */
enum rc delivery_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
		      struct err *e) MUST_CHECK;

#endif
