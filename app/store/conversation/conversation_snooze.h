/* conversation_snooze.h - a conversation that is put aside until a time, or until its customer writes. */
#ifndef STORE_CONVERSATION_SNOOZE_H
#define STORE_CONVERSATION_SNOOZE_H

#include "store/conversation/conversation_state.h"

#define CONVERSATION_SNOOZE_MAX_MS (366 * DAY_MS)

/* Snoozes it, told as conversation_state_status tells; one that sleeps already gets another end. until_ms is wall time, 0: no
 * end. A job of queue `upkeep` wakes it then. RC_INVALID: not in the future, or further than CONVERSATION_SNOOZE_MAX_MS. */
enum rc conversation_snooze(struct tx *tx, const struct conversation_act *act, int64_t until_ms,
			    struct err *e) MUST_CHECK;
/* Opens it if its time has come: not if it was woken, resolved or put off further meanwhile, nor if it is gone. */
enum rc conversation_wake(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;

#endif
