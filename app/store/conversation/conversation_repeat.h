/* conversation_repeat.h - a conversation in which both sides say the same again and again: two machines that are too slow for
 * every bound (conversation_automatic.h). */
#ifndef STORE_CONVERSATION_REPEAT_H
#define STORE_CONVERSATION_REPEAT_H

#include "store/store.h"

/* No person does this: the same words each time, the same answer each time, nothing else between, hours long and without a pause
 * in which one sleeps. Who only gets impatient needs less than the hours; who asks the same every day sleeps. */
#define CONVERSATION_REPEAT_PAUSE_MS (6 * HOUR_MS)
#define CONVERSATION_REPEAT_SPAN_MS  (4 * HOUR_MS)
/* Messages of one answer; longer ones are not compared. */
#define CONVERSATION_REPEAT_LINES 5

/* With any reader, before an answer is stored. Whether the last `turns` of the customer's texts and their answers were such.
 * Reads a few messages of one that is not. turns 0: never. */
enum rc conversation_repeats(struct db *db, int64_t id, int64_t turns, bool *ret, struct err *e)
	MUST_CHECK;

#endif
