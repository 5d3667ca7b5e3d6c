/* channel_state.h - what the box knows about a channel beside its settings: facts (channel_fact.def) with the time
 * since when, a journal of what the provider told of the account, and the usual traffic of each hour of the week. */
#ifndef STORE_CHANNEL_STATE_H
#define STORE_CHANNEL_STATE_H

#include "store/store.h"

enum channel_fact {
#define FACT(name, text, kind, help) FACT_##name,
#include "store/channel/channel_fact.def"
#undef FACT
	CHANNEL_FACTS
};
enum channel_fact_kind {
	CHANNEL_FACT_TEXT,
	CHANNEL_FACT_BOOL,
	CHANNEL_FACT_INT,
	CHANNEL_FACT_TIME,
	CHANNEL_FACT_JSON
};

#define CHANNEL_VALUE_MAX  (32 * KIB) /* of one fact; a QR image has about 10 KiB. More: RC_LIMIT */
#define CHANNEL_DETAIL_MAX (8 * KIB)  /* of one event; more is left out */
#define CHANNEL_SLOTS      168        /* hours of a week */

const char *channel_fact_name(enum channel_fact f);
enum channel_fact_kind channel_fact_kind(enum channel_fact f);

/* Sets a fact. STR_NONE: forgets it. *ret_changed (may be NULL): it has another value than before. */
enum rc channel_fact_set(struct tx *tx, int64_t channel_id, enum channel_fact f, struct str value,
			 bool *ret_changed, struct err *e) MUST_CHECK;
enum rc channel_fact_set_i64(struct tx *tx, int64_t channel_id, enum channel_fact f, int64_t value,
			     struct err *e) MUST_CHECK;
/* RC_ABSENT: not known. The text lives in the arena. */
enum rc channel_fact_get(struct db *db, int64_t channel_id, enum channel_fact f, struct arena *a,
			 struct str *ret, struct err *e) MUST_CHECK;
/* `otherwise` when it is not known or no number. */
enum rc channel_fact_get_i64(struct db *db, int64_t channel_id, enum channel_fact f,
			     int64_t otherwise, int64_t *ret, struct err *e) MUST_CHECK;

struct channel_fact_row {
	enum channel_fact fact;
	struct str value;
	int64_t changed_ms, seen_ms;
};
typedef enum rc channel_fact_each_fn(void *arg, const struct channel_fact_row *r, struct err *e);
enum rc channel_fact_each(struct db *db, int64_t channel_id, channel_fact_each_fn *fn, void *arg,
			  struct err *e) MUST_CHECK;

/* A webhook named this channel; `messages` of customers were in it (0: statuses, events). Once per delivery or batch. */
enum rc channel_heard(struct tx *tx, int64_t channel_id, int64_t messages, struct err *e)
	MUST_CHECK;

/* The journal of account events. */
struct channel_event_row {
	int64_t id, at_ms, recorded_ms;
	struct str field, event, detail;
};
enum rc channel_event_add(struct tx *tx, int64_t channel_id, const struct channel_event_row *r,
			  struct err *e) MUST_CHECK;
/* Keeps the newest CHANNEL_EVENTS_KEPT of a channel. */
#define CHANNEL_EVENTS_KEPT 1000
enum rc channel_event_trim(struct tx *tx, int64_t channel_id, struct err *e) MUST_CHECK;
typedef enum rc channel_event_each_fn(void *arg, const struct channel_event_row *r, struct err *e);
/* Newest first. */
enum rc channel_event_each(struct db *db, int64_t channel_id, int limit, channel_event_each_fn *fn,
			   void *arg, struct err *e) MUST_CHECK;

#endif
