/* test_queue_clock.c - the clock was set back: which waits end, and which are a person's. */
#include "queue_rig.h"

#include "store/chore.h"
#include "store/queue/topic.h"

#define AHEAD  (NOW + 365 * DAY_MS) /* what the clock showed before; NOW is right */
#define BEYOND (NOW + 20 * MINUTE_MS)

static int64_t pulled(struct store *st)
{
	int64_t n = -1;

	MUST(queue_clock_back(st, BEYOND, &n, &t_err));
	return n;
}

TEST(retries_and_waits_of_a_later_clock_are_due)
{
	struct store *st = open_at();
	struct job j[4];

	for (int i = 1; i <= 4; i++)
		add_key(st, i, i);
	add_key(st, 1, 9); /* behind the first */
	for (int i = 0; i < 4; i++)
		CHECK_I64("taken", take(st, Q, AHEAD, &j[i], 1), 1);
	CHECK_I64("retried", settle(st, &j[0], 'r', AHEAD + 5000), RC_OK);
	CHECK_I64("snoozed", settle(st, &j[1], 's', AHEAD + HOUR_MS), RC_OK);
	queue_hold(store_queues(st), &j[2], AHEAD + 1000);
	CHECK_I64("soon", settle(st, &j[3], 'r', BEYOND), RC_OK);
	CHECK_I64("before", take(st, Q, NOW, j, 4), 0);
	CHECK_I64("on disk", pulled(st), 2);
	for (int i = 0; i < 3; i++)
		CHECK_I64("due", take(st, Q, NOW, &j[i], 1), 1);
	CHECK_I64("the three", 1 << j[0].ref | 1 << j[1].ref | 1 << j[2].ref, 2 + 4 + 8);
	CHECK_I64("the near one waits", take(st, Q, BEYOND - 1, &j[3], 1), 0);
	CHECK_I64("for its time", take(st, Q, BEYOND, &j[3], 1), 1);
	CHECK_I64("for its time", j[3].ref, 4);
	prove(st, Q);
	store_close(st);
}

TEST(they_are_so_after_a_restart_and_in_order)
{
	struct store *st = open_at();
	struct job j[3];

	add_key(st, 7, 1);
	add_key(st, 7, 2);
	CHECK_I64("taken", take(st, Q, AHEAD, j, 1), 1);
	CHECK_I64("retried", settle(st, &j[0], 'r', AHEAD + 5000), RC_OK);
	store_close(st);
	st = open_at();
	CHECK_I64("on disk", pulled(st), 1);
	for (int i = 1; i <= 2; i++) {
		CHECK_I64("one by one", take(st, Q, NOW, j, 3), 1);
		CHECK_I64("in order", j[0].ref, i);
		CHECK_I64("done", settle(st, &j[0], 'd', 0), RC_OK);
	}
	store_close(st);
}

TEST(more_than_one_unit_of_them)
{
	struct store *st = open_at();
	struct job j;

	for (int i = 1; i <= 450; i++) {
		add_key(st, 0, i);
		CHECK_I64("taken", take(st, Q, AHEAD, &j, 1), 1);
		CHECK_I64("retried", settle(st, &j, 'r', AHEAD + 5000), RC_OK);
	}
	CHECK_I64("all", pulled(st), 450);
	CHECK_I64("once", pulled(st), 0);
	CHECK_I64("none is delayed", counts(st, Q).delayed, 0);
	store_close(st);
}

static enum rc chore_unit(struct tx *tx, void *arg, struct err *e)
{
	const char *const *kind = arg;

	return chore_want(tx, &(struct chore){ .kind = *kind, .ref = 1 }, AHEAD + HOUR_MS, NULL, e);
}

TEST(periodic_work_is_due_and_the_end_of_a_snooze_is_not)
{
	struct store *st = open_at();
	const char *kinds[] = { "channel.check", "conversation.wake" };
	struct job j[3];

	for (size_t i = 0; i < COUNT(kinds); i++)
		MUST(store_write(st, STORE_NORMAL, chore_unit, &kinds[i], &t_err));
	CHECK_I64("on disk", pulled(st), 1);
	CHECK_I64("the check", take(st, QUEUE_UPKEEP, NOW, j, 3), 1);
	CHECK_I64("the snooze waits", counts(st, QUEUE_UPKEEP).waiting, 0);
	CHECK_I64("the snooze waits", counts(st, QUEUE_UPKEEP).delayed, 1);
	store_close(st);
}

/* Message 1 was planned by a person, 2 is made by the program after a failure of 1. */
static enum rc rows_unit(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return db_exec(
		tx->db,
		"INSERT INTO targets(id, company_id, kind, slug, state, created_ms) VALUES(1, 1, "
		"'channel', 'c', 'up', 0) ON CONFLICT DO NOTHING;"
		"INSERT INTO contacts(id, company_id, name, created_ms, updated_ms) VALUES(1, 1, "
		"'p', 0, 0);"
		"INSERT INTO whatsapp_conversations(id, company_id, channel_id, contact_id, wa_id, "
		"created_ms, last_message_at) VALUES(1, 1, 1, 1, '34600', 0, 0);"
		"INSERT INTO whatsapp_messages(id, company_id, conversation_id, channel_id, "
		"delivery_id, direction, type, status, sender_type, source, timestamp, created_at, "
		"wa_id, content, attempt_of) SELECT value, 1, 1, 1, 0, 'outbound', 'text', "
		"'pending', 'crm_agent', 'api', 0, 0, 'x', 'y', value - 1 FROM json_each('[1,2]')",
		e);
}

static enum rc send_unit(struct tx *tx, void *arg, struct err *e)
{
	struct topic_event ev = { .topic = TOPIC_OUTBOUND_JOBS,
				  .company_id = 1,
				  .okey = 1,
				  .ref = *(int64_t *)arg,
				  .prio = PRIO_NORMAL,
				  .lane = 1,
				  .due_ms = AHEAD + HOUR_MS };

	return topic_publish(tx, &ev, e);
}

TEST(a_send_that_a_person_planned_keeps_its_time)
{
	struct store *st = open_at();
	struct job j[3];

	MUST(store_write(st, STORE_NORMAL, rows_unit, NULL, &t_err));
	for (int64_t id = 1; id <= 2; id++)
		MUST(store_write(st, STORE_NORMAL, send_unit, &id, &t_err));
	CHECK_I64("the attempt", pulled(st), 1);
	CHECK_I64("the attempt", take(st, QUEUE_MESSAGES, NOW, j, 3), 1);
	CHECK_I64("the plan", counts(st, QUEUE_MESSAGES).delayed, 1);
	CHECK_I64("at its time", take(st, QUEUE_MESSAGES, AHEAD + HOUR_MS, j, 3), 0);
	CHECK_I64("after the attempt", settle(st, &j[0], 'd', 0), RC_OK);
	CHECK_I64("at its time", take(st, QUEUE_MESSAGES, AHEAD + HOUR_MS, j, 3), 1);
	store_close(st);
}
