/* conversation_automatic.h - the loop breaker's book of one conversation (pipelines.md, Loops 4): how many automatic messages
 * it had in the running minute, hour and day, whether its automation is stopped, which workflow was last asked about it. Inside a
 * unit, or with any reader. RC_ABSENT: no such conversation. */
#ifndef STORE_CONVERSATION_AUTOMATIC_H
#define STORE_CONVERSATION_AUTOMATIC_H

#include "store/store.h"

/* Fast loops are stopped by what a minute may have, slow ones by the hour, those that take minutes a turn by the day. */
enum automatic_span { AUTOMATIC_MINUTE, AUTOMATIC_HOUR, AUTOMATIC_DAY, AUTOMATIC_SPANS };

struct automatic_limits {
	int64_t max[AUTOMATIC_SPANS]; /* messages of one conversation */
};

struct conversation_automatic {
	int64_t from_ms[AUTOMATIC_SPANS], count[AUTOMATIC_SPANS]; /* of the running ones */
	int64_t off_until_ms;
	bool off_by_loop;  /* the breaker's stop; else a person has it */
	int64_t asked_ms;  /* when a workflow was last asked; 0: never */
	int64_t asked_hop; /* automations that the message had passed by then */
};

enum rc conversation_automatic_load(struct db *db, int64_t id, struct conversation_automatic *ret,
				    struct err *e) MUST_CHECK;
/* Counts one automatic message, whether automation is off or not. RC_REFUSED: it would be one too many; nothing was written. */
enum rc conversation_automatic_count(struct tx *tx, int64_t id, const struct automatic_limits *max,
				     struct err *e) MUST_CHECK;
/* When a workflow may be asked about a message that had to wait, without its answers looking like two machines that talk: at
 * once (*ret_ms <= now_ms) while each span has at most half of what it may, else when the last fuller one ends; and not faster
 * than half of what a minute may have. */
enum rc conversation_automatic_room(struct db *db, int64_t id, const struct automatic_limits *max,
				    int64_t now_ms, int64_t *ret_ms, struct err *e) MUST_CHECK;
/* Automation is silent until then (never shortened), because of a loop; the counts begin afresh. */
enum rc conversation_automatic_stop(struct tx *tx, int64_t id, int64_t until_ms, struct err *e)
	MUST_CHECK;
/* A workflow is asked now about a message that passed `hop` automations. */
enum rc conversation_automatic_asked(struct tx *tx, int64_t id, int64_t hop, struct err *e)
	MUST_CHECK;

#endif
