/* conversation_snooze.c - see conversation_snooze.h. Every end that is chosen has a job of its own: one that comes too early,
 * because another end was chosen later, finds a conversation that sleeps on, and does nothing. */
#include "store/conversation/conversation_snooze.h"

#include "store/queue/queue.h"
#include "store/row.h"

static enum rc put_end(struct tx *tx, int64_t id, int64_t until_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CONVERSATION_SNOOZE, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "until_ms", until_ms);
	return stmt_run(&s, e);
}

enum rc conversation_snooze(struct tx *tx, const struct conversation_act *act, int64_t until_ms,
			    struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct conversation c;
	int64_t job;

	if (until_ms != 0 &&
	    (until_ms <= tx->now_ms || until_ms > tx->now_ms + CONVERSATION_SNOOZE_MAX_MS))
		return FAIL(e, RC_INVALID, "until is a time within the next 366 days");
	TRY(conversation_state_status(tx, act, STR("snoozed"), e));
	TRY(put_end(tx, act->id, until_ms, e));
	TRY(conversation_load(tx->db, act->id, &a, &c, e));
	TRY(conversation_changed(tx, c.company_id, act->id, e));
	if (until_ms == 0)
		return RC_OK;
	return queue_add(tx,
			 &(struct job_new){ .queue = QUEUE_UPKEEP,
					    .prio = PRIO_NORMAL,
					    .due_ms = until_ms,
					    .ref = act->id,
					    .payload = STR("{\"kind\":\"conversation.wake\"}") },
			 &job, e);
}

enum rc conversation_wake(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct err why = { .rc = RC_OK };
	struct conversation c;
	enum rc rc = conversation_load(tx->db, id, &a, &c, &why);

	if (rc == RC_ABSENT)
		return RC_OK;
	if (rc != RC_OK) {
		*e = why;
		return rc;
	}
	/* c.id: a conversation that was merged meanwhile wakes where it went, if that one sleeps */
	if (!str_eqc(c.status, "snoozed") || c.snoozed_until_ms == 0 ||
	    c.snoozed_until_ms > tx->now_ms)
		return RC_OK;
	return conversation_state_status(
		tx, &(struct conversation_act){ .id = c.id, .origin = "flow" }, STR("open"), e);
}
