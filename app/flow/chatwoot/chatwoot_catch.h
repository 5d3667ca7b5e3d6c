/* chatwoot_catch.h - what agents wrote in Chatwoot while their webhooks did not arrive (R15).
 *
 * Chatwoot sends each webhook once: what was sent while this box was down, unreachable or too slow is lost there. Kind
 * "chatwoot.catch_up" of queue `upkeep` asks for it - after a start, when the breaker of Chatwoot closes, and every
 * catch_up_minutes: conversations that were active since the last time, those included that an agent opened meanwhile,
 * their status and assignee, and in each the messages behind the last one that was known then. They go the way of a
 * webhook (chatwoot_hook_apply), whose table of known ids lets each through once, whichever comes first. */
#ifndef FLOW_CHATWOOT_CATCH_H
#define FLOW_CHATWOOT_CATCH_H

#include "flow/ingest/ingest.h"

/* Events of that age may still be on their way, and the clocks of two machines differ: a Chatwoot up to so far behind loses
 * nothing. What is known already is never sent again, however often it is looked at. */
#define CHATWOOT_CATCH_MARGIN_MS (10 * MINUTE_MS)
#define CHATWOOT_CATCH_PAGES_MAX \
	400 /* 10000 conversations; asked for again by each run of a pass */

/* Of one run; the next one goes on where it ended. Chatwoot allows 3000 requests a minute and address (1.9): half of them
 * are left to the messages. */
#define CHATWOOT_CATCH_CALLS_MAX 250
#define CHATWOOT_CATCH_PAUSE_MS  (20 * SECOND_MS)

/* Soon after a start, not in it: a box that dies again and again would do nothing but ask. */
#define CHATWOOT_CATCH_START_MS (3 * SECOND_MS)

/* After a start what agents wrote meanwhile goes first: webhooks of their messages wait for the end of the first look, no
 * longer than this after the start. A look that fails or takes several runs is not waited for: until it is at its end, and
 * for CHATWOOT_CATCH_LOOK_MS at most, the thread of a webhook is looked at by itself (kind "chatwoot.look"), and each
 * waits no longer than this for that. */
#define CHATWOOT_CATCH_HOLD_MS (20 * SECOND_MS)
#define CHATWOOT_CATCH_LOOK_MS (15 * MINUTE_MS)
/* They are looked at again together, in their order. */
#define CHATWOOT_CATCH_HOLD_STEP_MS 500
/* Inside a unit, for such a webhook: p->defer_ms: how long it has to wait now; 0: not at all. */
enum rc chatwoot_catch_hold(struct tx *tx, struct parsed *p, const struct chatwoot_target *t,
			    struct err *e) MUST_CHECK;

/* After a start: asks at once instead of when it would be due. */
void chatwoot_catch_start(struct app *app);

#endif
