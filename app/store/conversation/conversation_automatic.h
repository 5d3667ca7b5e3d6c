/* conversation_automatic.h - the loop breaker's book of one conversation (pipelines.md, Loops 4): how many automatic messages
 * and how many turns it had in the running minute, hour and day, whether its automation is stopped, which workflow was last
 * asked about it. A turn is an answer of somebody who does not say that it is a machine: the first message after the customer
 * wrote. Inside a unit, or with any reader. RC_ABSENT: no such conversation. */
#ifndef STORE_CONVERSATION_AUTOMATIC_H
#define STORE_CONVERSATION_AUTOMATIC_H

#include "store/store.h"

/* Fast loops are stopped by what a minute may have, slow ones by the hour, those that take minutes a turn by the day. */
enum automatic_span { AUTOMATIC_MINUTE, AUTOMATIC_HOUR, AUTOMATIC_DAY, AUTOMATIC_SPANS };

struct automatic_limits {
	int64_t max[AUTOMATIC_SPANS]; /* of one conversation */
};

struct automatic_counts {
	int64_t from_ms[AUTOMATIC_SPANS], count[AUTOMATIC_SPANS]; /* of the running spans */
};

struct conversation_automatic {
	struct automatic_counts messages;
	struct automatic_counts turns; /* no minutes */
	bool waits;                    /* nobody answered since the customer wrote */
	int64_t off_from_ms, off_until_ms;
	bool off_by_loop;  /* the breaker's stop, since off_from_ms; else a person has it */
	int64_t asked_ms;  /* when a workflow was last asked; 0: never */
	int64_t asked_hop; /* automations that the message had passed by then */
	int64_t asked_from_ms, asked_count; /* questions of the running minute */
};

enum rc conversation_automatic_load(struct db *db, int64_t id, struct conversation_automatic *ret,
				    struct err *e) MUST_CHECK;
/* Counts one automatic message, whether automation is off or not; the customer is answered. RC_REFUSED: it would be one too
 * many; nothing was written. */
enum rc conversation_automatic_count(struct tx *tx, int64_t id, const struct automatic_limits *max,
				     struct err *e) MUST_CHECK;
/* The same for a turn; what a minute may have is not looked at. */
enum rc conversation_automatic_turn(struct tx *tx, int64_t id, const struct automatic_limits *max,
				    struct err *e) MUST_CHECK;
/* The customer is answered by somebody who is not counted. */
enum rc conversation_automatic_answered(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* When a workflow may be asked about a message, without its answers looking like two machines that talk: at once
 * (*ret_ms <= now_ms) while the minute has at most half of what it may, in messages and in questions, else when it ends. One
 * that waited for a minute (behind an album, or an outage): also until an hour or a day ends that has left no more than half
 * of it or than a minute's, and not faster than half of what a minute may have. */
struct automatic_question {
	int64_t conversation_id;
	bool waited;
};
enum rc conversation_automatic_room(struct db *db, const struct automatic_question *q,
				    const struct automatic_limits *max, int64_t now_ms,
				    int64_t *ret_ms, struct err *e) MUST_CHECK;
/* Whether the customer wrote more than `max` messages since then (the provider's clock): no person does in an hour. */
struct automatic_heard {
	int64_t company_id, conversation_id, after_ms, max;
};
enum rc conversation_automatic_heard(struct db *db, const struct automatic_heard *h, bool *ret,
				     struct err *e) MUST_CHECK;
/* The longest running span that has as much as it may; -1: none. What was refused is not counted. */
int conversation_automatic_full(const struct automatic_counts *c,
				const struct automatic_limits *max, int64_t now_ms);
/* Automation is silent until then (never shortened), because of a loop, unless a person has it for longer; if the day was full, until the day ends. What led to
 * it is counted afresh: the longest span that was full, and those that are shorter. */
enum rc conversation_automatic_stop(struct tx *tx, int64_t id, int64_t until_ms,
				    const struct automatic_limits *max, struct err *e) MUST_CHECK;
/* A workflow is asked now about a message that passed `hop` automations. ret_before (or NULL): what to give to `unasked` if
 * it was not reached, with the time of the asking; nothing is taken back if another workflow was asked since. */
enum rc conversation_automatic_asked(struct tx *tx, int64_t id, int64_t hop,
				     struct conversation_automatic *ret_before, struct err *e)
	MUST_CHECK;
enum rc conversation_automatic_unasked(struct tx *tx, int64_t id,
				       const struct conversation_automatic *before,
				       int64_t asked_ms, struct err *e) MUST_CHECK;

#endif
