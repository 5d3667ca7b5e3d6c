/* backoff.h - when to try again: exponential from the queue's first pause, capped, with jitter of a quarter. Pure. */
#ifndef FLOW_BACKOFF_H
#define FLOW_BACKOFF_H

#include "base/base.h"

/* attempts: failed runs so far, this one included (1 for the first). random: any number; it spreads the result over
 * [3/4, 5/4] of the curve. peer_ms: what the peer asked for (-1: nothing); the longer wins. */
int64_t backoff_ms(int attempts, int64_t first_ms, int64_t cap_ms, uint32_t random,
		   int64_t peer_ms);

#endif
