/* conversation_back.h - silences of automation (conversation_state.h) that were set while the clock was ahead: when it is right
 * again they would last until the old time comes, a year perhaps. */
#ifndef STORE_CONVERSATION_BACK_H
#define STORE_CONVERSATION_BACK_H

#include "store/store.h"

/* By cause, in the order of the table in conversation_state.h. */
struct conversation_silences {
	int64_t loop_ms, handover_ms, human_ms;
};
struct conversation_back {
	int64_t now_ms;
	struct conversation_silences
		most; /* what lasts longer from now on was set by another clock */
	struct conversation_silences new; /* that is what it becomes */
};
/* Units of its own, reading outside of them. "Until it is resolved" stays. *ret_count: how many were shortened; what one became
 * since it was read (resolved, silenced anew) stays or lasts no longer than that. */
enum rc conversation_back(struct store *st, const struct conversation_back *b, int64_t *ret_count,
			  struct err *e) MUST_CHECK;

#endif
