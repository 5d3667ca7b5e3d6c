/* state.c - makes and finds the memory of the HTTP side of one app. */
#include "api/state.h"

#include <stdatomic.h>

static void state_release(struct state *s)
{
	if (s == NULL)
		return;
	guard_destroy(&s->guard);
	rate_destroy(&s->rate);
	rate_destroy(&s->reveals);
	mtx_destroy(&s->lock);
	mem_free(atomic_load(&s->openapi));
	mem_free(s);
}

struct state *state_of(struct app *app)
{
	struct state *s = __atomic_load_n(&app->api, __ATOMIC_ACQUIRE), *none = NULL;

	if (s != NULL)
		return s;
	s = mem_new(1, sizeof(*s));
	mtx_init(&s->lock, LOCK_FLOW);
	guard_init(&s->guard);
	rate_init(&s->rate);
	rate_init(&s->reveals);
	if (__atomic_compare_exchange_n(&app->api, &none, s, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		app->api_release = state_release;
		return s;
	}
	state_release(s); /* two first requests at once: the other was first */
	return none;
}
