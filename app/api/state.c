/* state.c - finds the memory of an app. Broken rule: "no mutable globals" (29). struct app has no field for the api
 * layer; with one, state_of becomes `return app->api`. The key holds the boot id, so that nothing of an earlier life of
 * the same address is believed. */
#include "api/state.h"

#include <stdatomic.h>

#define STATE_APPS 2

static struct slot {
	_Atomic uint64_t key; /* 0: empty, or being made */
	bool locks_made;
	struct state state;
} slots[STATE_APPS];
static atomic_flag making = ATOMIC_FLAG_INIT;
static unsigned next_slot; /* under `making` */

static uint64_t key_of(const struct app *app)
{
	uint64_t key = (uint64_t)(uintptr_t)app;

	if (app->store != NULL)
		key ^= str_hash(str_of(store_boot_id(app->store)));
	return key != 0 ? key : 1;
}

static struct state *find(uint64_t key)
{
	for (size_t i = 0; i < STATE_APPS; i++) {
		if (atomic_load_explicit(&slots[i].key, memory_order_acquire) == key)
			return &slots[i].state;
	}
	return NULL;
}

static void state_reset(struct slot *s)
{
	if (s->locks_made)
		mtx_destroy(&s->state.lock);
	memset(&s->state, 0, sizeof(s->state));
	mtx_init(&s->state.lock, LOCK_FLOW);
	s->locks_made = true;
}

struct state *state_of(const struct app *app)
{
	uint64_t key = key_of(app);
	struct state *found = find(key);
	struct slot *s;

	if (found != NULL)
		return found;
	while (atomic_flag_test_and_set_explicit(&making, memory_order_acquire))
		; /* at most once in a life, for a memset */
	found = find(key);
	if (found == NULL) {
		s = &slots[next_slot++ % STATE_APPS];
		atomic_store(&s->key, 0);
		state_reset(s);
		atomic_store_explicit(&s->key, key, memory_order_release);
		found = &s->state;
	}
	atomic_flag_clear_explicit(&making, memory_order_release);
	return found;
}
