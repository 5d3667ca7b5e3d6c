/* clockback.h - the clock was set back, or is right again after it was ahead: what the program itself planned by the old
 * clock (retries, pauses, periodic work, silences of automation) is not waited for. What a person planned keeps its time, and
 * so does a silence until a conversation is resolved. */
#ifndef FLOW_CLOCKBACK_H
#define FLOW_CLOCKBACK_H

#include "flow/app.h"

/* The longest pause between two tries (flow/outside/backoff.h: the cap and a quarter). Who waits longer because the peer or the
 * provider asked for it is tried once early, which costs one refusal. */
#define CLOCKBACK_WAIT_MAX_MS (JOB_RETRY_CAP_MS + JOB_RETRY_CAP_MS / 4)
/* A run that began before the jump settles with a time of the old clock: looked at again each minute for so long. */
#define CLOCKBACK_LOOK_MS (20 * MINUTE_MS)

/* Nothing of the program is planned further ahead: what a peer asks for is at most a day, periodic work comes daily. */
#define CLOCKBACK_PLAN_MAX_MS (2 * DAY_MS)

/* What is older would surprise whoever gets it now. */
#define CLOCKBACK_KNOWN_MS DAY_MS

/* Once at the start: an earlier life may have run ahead and stopped before anybody knew. */
void clockback_start(struct app *app, int64_t now_ms);
/* *since_ms, up to when something of a target is known, lies ahead of now: a clock wrote it that was ahead, and what came while
 * the box was off is behind it. Then it is CLOCKBACK_KNOWN_MS before now instead, but not before the target was there; and now,
 * if that clock made the target too. Else it stays. */
enum rc clockback_since(struct db *db, int64_t target_id, int64_t now_ms, int64_t *since_ms,
			struct err *e) MUST_CHECK;
/* From clockwatch, once a second: begins at a jump back (`back`), and ends by itself. Failures are logged; the next minute
 * tries again. */
void clockback_one(struct app *app, bool back, int64_t now_ms, int64_t mono_us);

#endif
