/* seen.c - see seen.h. */
#include "api/seen.h"

#include <stdatomic.h>

_Static_assert(SEEN_ENTRIES % SEEN_WAYS == 0, "whole buckets");

static uint64_t mix(int64_t at_ms)
{
	return (uint64_t)at_ms * UINT64_C(0x9E3779B97F4A7C15);
}

static bool is_live(int64_t at_ms, int64_t now_ms)
{
	return at_ms != 0 && now_ms - at_ms < SEEN_FOR_MS && at_ms - now_ms < SEEN_FOR_MS;
}

static struct seen_entry *bucket(struct seen *s, struct seen_mac m)
{
	return &s->entry[m.a % (SEEN_ENTRIES / SEEN_WAYS) * SEEN_WAYS];
}

static bool is_it(struct seen_entry *n, struct seen_mac m, int64_t *ret_at_ms)
{
	int64_t at_ms = atomic_load_explicit(&n->at_ms, memory_order_relaxed);
	uint64_t a = atomic_load_explicit(&n->a, memory_order_relaxed);
	uint64_t b = atomic_load_explicit(&n->b, memory_order_relaxed);

	*ret_at_ms = at_ms;
	return at_ms != 0 && (a ^ mix(at_ms)) == m.a && (b ^ ~mix(at_ms)) == m.b;
}

bool seen_has(struct seen *s, struct seen_mac m, int64_t now_ms)
{
	struct seen_entry *n = bucket(s, m);
	int64_t at_ms;

	for (int i = 0; i < SEEN_WAYS; i++) {
		if (is_it(&n[i], m, &at_ms) && is_live(at_ms, now_ms)) {
			atomic_fetch_add_explicit(&s->hits, 1, memory_order_relaxed);
			return true;
		}
	}
	return false;
}

void seen_add(struct seen *s, struct seen_mac m, int64_t now_ms)
{
	struct seen_entry *n = bucket(s, m);
	struct seen_entry *to = n;
	int64_t oldest_ms = INT64_MAX;

	ASSERT(now_ms > 0);
	for (int i = 0; i < SEEN_WAYS; i++) {
		int64_t at_ms;

		if (is_it(&n[i], m, &at_ms)) {
			to = &n[i];
			break;
		}
		if (!is_live(at_ms, now_ms))
			at_ms = 0;
		if (at_ms < oldest_ms) {
			oldest_ms = at_ms;
			to = &n[i];
		}
	}
	atomic_store_explicit(&to->at_ms, now_ms, memory_order_relaxed);
	atomic_store_explicit(&to->a, m.a ^ mix(now_ms), memory_order_relaxed);
	atomic_store_explicit(&to->b, m.b ^ ~mix(now_ms), memory_order_relaxed);
}

int64_t seen_count(struct seen *s, int64_t now_ms)
{
	int64_t n = 0;

	for (size_t i = 0; i < SEEN_ENTRIES; i++)
		n += is_live(atomic_load_explicit(&s->entry[i].at_ms, memory_order_relaxed),
			     now_ms);
	return n;
}
