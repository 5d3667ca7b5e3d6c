/* meter.h - a histogram of durations that many threads add to: atomics only, no lock, no allocation.
 * Zero value is ready. Bounds are those of the store's commit histogram: 128 us, doubling; the last is the rest. */
#ifndef API_METER_H
#define API_METER_H

#include "base/base.h"

#define METER_BUCKETS 16

struct meter {
	_Atomic int64_t count, sum_us;
	_Atomic int64_t bucket[METER_BUCKETS];
};

struct meter_view {
	int64_t count, sum_us;
	int64_t bucket[METER_BUCKETS]; /* not cumulated */
};

void meter_add(struct meter *m, int64_t us);
/* Each number is right, together they may be some requests apart. */
void meter_read(struct meter *m, struct meter_view *ret);
/* Upper bound of bucket i in microseconds; INT64_MAX for the last. */
int64_t meter_bound_us(int i);

#endif
