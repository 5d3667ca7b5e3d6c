/* chatwoot_catch.h - what agents wrote in Chatwoot while their webhooks did not arrive (R15).
 *
 * Chatwoot sends each webhook once: what was sent while this box was down, unreachable or too slow is lost there. Kind
 * "chatwoot.catch_up" of queue `upkeep` asks for it: conversations that were active since the last time, and in
 * each the messages behind the last one that was known then. They go the way of a webhook (chatwoot_hook_apply), whose
 * table of known ids lets each through once, whichever comes first. */
#ifndef FLOW_CHATWOOT_CATCH_H
#define FLOW_CHATWOOT_CATCH_H

#include "flow/app.h"

/* Events of that age may still be on their way, and the clocks of two machines differ. */
#define CHATWOOT_CATCH_MARGIN_MS (2 * MINUTE_MS)
#define CHATWOOT_CATCH_PAGES_MAX 40 /* 1000 conversations in one run; the next run goes on */

/* Soon after a start, not in it: a box that dies again and again would do nothing but ask. */
#define CHATWOOT_CATCH_START_MS (3 * SECOND_MS)

/* After a start: asks at once instead of when it would be due. */
void chatwoot_catch_start(struct app *app);

#endif
