/* clockwatch.h - a clock that jumps is told. Nothing is lost by it: what arrives is taken in and processed, and what the
 * program itself planned by a clock that was ahead does not wait for that time (flow/clock/clockback.h); what a person planned
 * for a later time goes on when it comes. But signatures with a time are refused, and people read wrong hours. */
#ifndef FLOW_CLOCKWATCH_H
#define FLOW_CLOCKWATCH_H

#include "flow/app.h"

#define CLOCKWATCH_JUMP_MS MINUTE_MS /* less is a time service at work */
#define CLOCKWATCH_UNKEPT_MS \
	DAY_MS /* so long a box may be without its time service before a person is told */

/* Once a second, from the janitor. The first call compares with the newest start that the database knows; later ones with
 * the monotonic clock. An incident is open from a jump back until the old time is reached again. Once a minute
 * the kernel is asked whether a time service keeps the clock; an incident is open when none did for a day. */
void clockwatch_one(struct app *app, int64_t now_ms, int64_t mono_us);

#endif
