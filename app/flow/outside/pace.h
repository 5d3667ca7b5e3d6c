/* pace.h - token bucket. Pure: time is a parameter. Used for the rate of a number and for one recipient. */
#ifndef FLOW_PACE_H
#define FLOW_PACE_H

#include "base/base.h"

struct pace {
	int64_t tokens_us; /* credit in microseconds of refill time */
	int64_t at_ms;     /* last refill */
	bool started;
};

/* Takes one token: `every_us` refill time of one, `burst` at most saved. False: *ret_at_ms is when one is there. */
bool pace_take(struct pace *p, int64_t now_ms, int64_t every_us, int64_t burst, int64_t *ret_at_ms);

#endif
