/* receipt.h - what came of a time in which the box or a peer was away: from when to when, what waited at its end, and
 * what became of that. A receipt is open until nothing of it waits any more, at most for a day. */
#ifndef STORE_RECEIPT_H
#define STORE_RECEIPT_H

#include "store/store.h"

#define RECEIPT_SHORTEST_MS \
	(30 * SECOND_MS) /* a shorter absence of a peer or of the box has none, a crash always */
#define RECEIPT_BOUNDS_MAX 2048
#define RECEIPTS_KEPT      500
#define RECEIPT_CAUGHT_MS \
	(90 *             \
	 DAY_MS) /* so long it is known which messages were found by asking; longer while a receipt counts them */
#define RECEIPT_JOBS_MAX 50000 /* of a queue that a receipt can list; its numbers count more */

/* Upkeep comes again and again: it is nobody's work that waited. */
#define RECEIPT_COUNTS(q) ((q) != QUEUE_UPKEEP)

struct receipt {
	int64_t id, from_ms, to_ms;
	struct str kind;    /* stop, crash, peer */
	struct str subject; /* "box", "chatwoot.main" */
	int64_t found;      /* jobs that waited at its end */
	int64_t caught;     /* written in that time, found by asking because no webhook came */
	int64_t open;       /* of `found`, still unfinished */
	int64_t dead;       /* of those, dead letters now: a person has to look */
	int64_t unknown; /* messages of which it is not known now whether they left: a person too */
	int64_t lost;    /* accepted - done - discarded - dead - there */
	int64_t settled_ms; /* 0: open */
	struct str bounds;
};

/* At a start, before anything runs. Nothing when the box was away for a moment only. `found`: jobs that wait. */
enum rc receipt_start(struct tx *tx, int64_t boot, int64_t to_ms, int64_t found, struct err *e)
	MUST_CHECK;
/* In the unit that closes the incident of a target. */
enum rc receipt_peer(struct tx *tx, const char *kind, const char *subject, int64_t target_id,
		     struct err *e) MUST_CHECK;
/* In the unit that takes a message over that a catch-up found. */
struct receipt_catch {
	int64_t target_id, written_ms;
	int64_t message_id;          /* 0: not a message here yet */
	int64_t chatwoot_message_id; /* 0: of a channel */
};
enum rc receipt_caught(struct tx *tx, const struct receipt_catch *c, struct err *e) MUST_CHECK;
/* How an open one stands now; with the conservation law once nothing of it waits. */
enum rc receipt_review(struct tx *tx, const struct receipt *r, struct err *e) MUST_CHECK;
typedef enum rc receipt_each_fn(void *arg, const struct receipt *r, struct err *e);
/* Newest first. before_id 0: from the newest. */
enum rc receipt_each(struct db *db, int64_t before_id, int limit, receipt_each_fn *fn, void *arg,
		     struct err *e) MUST_CHECK;

#endif
