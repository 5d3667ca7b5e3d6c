/* conversation_wake.c - kind "conversation.wake" of upkeep: the end of a snooze. ref: the conversation. */
#include "flow/upkeep_kinds.h"
#include "store/conversation/conversation_snooze.h"

static enum rc wake_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *id = arg;

	return conversation_wake(tx, *id, e);
}

enum rc conversation_wake_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	(void)ret_next_ms;
	return store_write(u->w->app->store, STORE_NORMAL, wake_unit, &u->ref, e);
}
