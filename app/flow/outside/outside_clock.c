/* outside_clock.c - see outside.h: the clock was set back. Times of the old clock would hold for as long as it was ahead. */
#include "flow/outside/outside_priv.h"

static void nearer(int64_t *ms, int64_t beyond_ms, int64_t now_ms)
{
	if (*ms > beyond_ms && *ms != INT64_MAX)
		*ms = now_ms;
}

static void breaker_back(struct breaker *b, int64_t beyond_ms, int64_t now_ms)
{
	nearer(&b->open_until_ms, beyond_ms, now_ms);
	b->probe_ms = i64_min(b->probe_ms, now_ms);
}

void outside_clock_back(struct app *app, int64_t beyond_ms, int64_t now_ms)
{
	struct outside *o = app->outside;

	mtx_lock(&o->lock);
	for (int i = 0; i < o->count; i++) {
		struct one *t = &o->targets[i];

		breaker_back(&t->breaker, beyond_ms, now_ms);
		breaker_back(&t->bulk, beyond_ms, now_ms);
		t->share_at_ms = i64_min(t->share_at_ms, now_ms);
		t->throttled_ms = i64_min(t->throttled_ms, now_ms);
	}
	for (size_t i = 0; i < OUTSIDE_RECIPIENTS; i++) {
		nearer(&o->recipients[i].until_ms, beyond_ms, now_ms);
		nearer(&o->recipients[i].free_ms, beyond_ms, now_ms);
	}
	mtx_unlock(&o->lock);
}
