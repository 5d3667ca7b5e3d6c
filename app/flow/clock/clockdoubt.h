/* clockdoubt.h - a clock that is days ahead of the last time the box knew is not believed at once: what is deleted by its
 * age by such a clock is deleted before its time, and for ever. Retention (flow/janitor.h)
 * and the rotation of backups wait, and a person is told, until
 *   - a time service keeps the clock (the kernel says so): at once, so a box that was only switched off waits a minute at most;
 *   - or it has run CLOCKDOUBT_RUN_MS with it, over restarts: where there is no time service, or the kernel does not say;
 *   - or the clock is back near the time that was known. */
#ifndef FLOW_CLOCKDOUBT_H
#define FLOW_CLOCKDOUBT_H

#include "flow/app.h"

#define CLOCKDOUBT_AHEAD_MS \
	(3 * DAY_MS) /* less than the shortest retention that a person would miss */
#define CLOCKDOUBT_RUN_MS \
	(3 * DAY_MS) /* time for a person to read the incident, also over a weekend */

/* From clockwatch, once a second, before retention. What is known is written once a minute, and when it changes; a failure
 * is logged, and the doubt stays as it is in memory. */
void clockdoubt_one(struct app *app, int64_t now_ms, int64_t mono_us);
/* Whether nothing may be deleted by age now. */
bool clockdoubt_is(const struct app *app);
/* The same for other threads: false while it is doubted, and before the first look. */
bool clockdoubt_sure(const struct app *app);
/* For a command without a server: what the database knows, against `now_ms`. */
enum rc clockdoubt_of(struct db *db, int64_t now_ms, bool *ret, struct err *e) MUST_CHECK;

#endif
