/* rate.c - see rate.h. */
#include "api/rate.h"

_Static_assert(RATE_ENTRIES % RATE_WAYS == 0, "whole buckets");

void rate_init(struct rate *r)
{
	mtx_init(&r->lock, LOCK_FLOW);
}

void rate_destroy(struct rate *r)
{
	mtx_destroy(&r->lock);
}

static struct rate_entry *find(struct rate *r, int64_t client)
{
	uint64_t mixed = (uint64_t)client * UINT64_C(0x9E3779B97F4A7C15);
	struct rate_entry *bucket =
		&r->entry[(mixed >> 32) % (RATE_ENTRIES / RATE_WAYS) * RATE_WAYS];
	struct rate_entry *oldest = bucket;

	for (int i = 0; i < RATE_WAYS; i++) {
		if (bucket[i].client == client)
			return &bucket[i];
		if (bucket[i].full_us < oldest->full_us)
			oldest = &bucket[i];
	}
	*oldest = (struct rate_entry){ .client = client };
	return oldest;
}

/* each_us: what one call takes out of a bucket of size_us. */
static int64_t take(struct rate *r, int64_t client, int64_t each_us, int64_t size_us,
		    int64_t now_ms)
{
	int64_t now_us = now_ms * 1000, over_us;
	struct rate_entry *n;

	ASSERT(client != 0);
	mtx_lock(&r->lock);
	n = find(r, client);
	/* A clock that was set back: what lies beyond a bucket's size is not believed. */
	if (n->full_us < now_us || n->full_us > now_us + 2 * size_us)
		n->full_us = now_us;
	over_us = n->full_us + each_us - now_us - size_us;
	if (over_us <= 0)
		n->full_us += each_us;
	mtx_unlock(&r->lock);
	return over_us <= 0 ? 0 : (over_us + 999) / 1000;
}

int64_t rate_take(struct rate *r, int64_t client, int64_t per_second, int64_t now_ms)
{
	if (per_second <= 0)
		return 0;
	return take(r, client, i64_max(1, INT64_C(1000000) / per_second),
		    RATE_BURST_S * INT64_C(1000000), now_ms);
}

int64_t rate_take_hourly(struct rate *r, int64_t client, int64_t per_hour, int64_t now_ms)
{
	ASSERT(per_hour > 0);
	return take(r, client, HOUR_MS * 1000 / per_hour, HOUR_MS * 1000, now_ms);
}
