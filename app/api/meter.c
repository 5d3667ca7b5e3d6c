/* meter.c - see meter.h. */
#include "api/meter.h"

#include <stdatomic.h>

#define FIRST_US 128

int64_t meter_bound_us(int i)
{
	ASSERT(i >= 0 && i < METER_BUCKETS);
	return i == METER_BUCKETS - 1 ? INT64_MAX : (int64_t)FIRST_US << i;
}

void meter_add(struct meter *m, int64_t us)
{
	int i = 0;

	while (i < METER_BUCKETS - 1 && us > meter_bound_us(i))
		i++;
	atomic_fetch_add_explicit(&m->count, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->sum_us, i64_max(us, 0), memory_order_relaxed);
	atomic_fetch_add_explicit(&m->bucket[i], 1, memory_order_relaxed);
}

void meter_read(struct meter *m, struct meter_view *ret)
{
	ret->count = atomic_load_explicit(&m->count, memory_order_relaxed);
	ret->sum_us = atomic_load_explicit(&m->sum_us, memory_order_relaxed);
	for (int i = 0; i < METER_BUCKETS; i++)
		ret->bucket[i] = atomic_load_explicit(&m->bucket[i], memory_order_relaxed);
}
