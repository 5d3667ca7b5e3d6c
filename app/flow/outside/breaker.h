/* breaker.h - circuit breaker of one target. Pure: time is a parameter, no locks.
 *
 *            more than half of the last N failed,
 *            or peer says stop                       cool-down over
 *   CLOSED ---------------------------------> OPEN ----------------> HALF_OPEN --(probe ok)--> CLOSED
 *     ^                                        ^                        |
 *     |                                        +------(probe failed)----+   cool-down doubles, capped
 *
 * While open, jobs wait behind the lane's gate without losing attempts. Half-open lets one call pass at a time. */
#ifndef FLOW_BREAKER_H
#define FLOW_BREAKER_H

#include "base/base.h"

#define BREAKER_WINDOW      20 /* calls remembered */
#define BREAKER_CALLS_MIN   6  /* fewer say nothing */
#define BREAKER_COOL_MS     (2 * SECOND_MS)
#define BREAKER_COOL_CAP_MS (60 * SECOND_MS)
#define BREAKER_PROBE_MS \
	(60 * SECOND_MS) /* a probe that nobody reported (cancelled, disk full) is forgotten */

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
	enum breaker_state state;
	uint32_t failed_bits; /* newest in bit 0 */
	int calls;            /* in the window */
	int64_t cool_ms;
	int64_t open_until_ms;
	bool probing;
	int64_t probe_ms; /* when it began */
};

/* Whether a call may begin. False: *ret_until_ms is when to ask again. */
bool breaker_may(struct breaker *b, int64_t now_ms, int64_t *ret_until_ms);
/* Result of a call that breaker_may let begin. True when the state changed (open or closed). */
bool breaker_report(struct breaker *b, bool ok, int64_t now_ms);
/* The peer told us to stop until then. */
bool breaker_trip(struct breaker *b, int64_t until_ms);
/* The probe of a half-open breaker said nothing: another may begin. Else nothing changes. */
void breaker_forget(struct breaker *b);
const char *breaker_state_text(enum breaker_state s);

#endif
