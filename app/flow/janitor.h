/* janitor.h - what has to be looked after while the box runs: leases, retention, the disk, the log of the database.
 *
 * Each step is cheap and bounded: retention deletes at most JANITOR_CHUNK rows a unit and JANITOR_CHUNKS units of a
 * kind at once, between the writes of others, and goes on in the next second while more is there. */
#ifndef FLOW_JANITOR_H
#define FLOW_JANITOR_H

#include "flow/handlers.h"
#include "store/target.h"

#define JANITOR_CHUNK        500
#define JANITOR_CHUNKS       20
#define JANITOR_FILLS        20             /* units of the search index in a quiet second */
#define JANITOR_EVERY_MS     MINUTE_MS      /* retention */
#define JANITOR_INCIDENTS_MS (180 * DAY_MS) /* after their end */
#define JANITOR_BOOTS_MS     (400 * DAY_MS)
#define JANITOR_YOUNG_MS     HOUR_MS /* raw requests of this age stay, however large the database is */
#define JANITOR_RECENT_MS \
	(30 * DAY_MS) /* so do messages, and links of Chatwoot so long behind their messages */
#define JANITOR_PARKED_MS DAY_MS       /* statuses that no send asked for */
#define JANITOR_NEWS_MS   (7 * DAY_MS) /* incidents that nobody tells again */

/* Closes the gates of targets that are paused in the database. Once, before the pools start. */
enum rc janitor_lanes(struct app *app, int64_t now_ms, struct err *e) MUST_CHECK;
/* Until when the row of a target keeps its gate closed; 0: not at all, INT64_MAX: until it is resumed. */
int64_t janitor_gate_of(const struct target *t);
/* Steps of janitor_one (handlers.h), with what they measure as a parameter. */
void janitor_disk(struct app *app, int64_t free_bytes);
void janitor_wal(struct app *app, int64_t wal_bytes);
/* True: all is trimmed, or nothing may be deleted now (flow/clock/clockdoubt.h); false: more is there. */
bool janitor_trim(struct app *app, int64_t now_ms);

#endif
