/* pulse.h - the heartbeat that pages see: how the queues stand, as event `queue` of the stream, and their history. */
#ifndef FLOW_PULSE_H
#define FLOW_PULSE_H

#include "flow/app.h"

/* Called once a second by the janitor. Tells open pages about the queues when something changed, and keeps the
 * counters of each minute that is over. */
void pulse_one(struct app *app, int64_t now_ms);

#endif
