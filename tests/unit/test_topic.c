/* test_topic.c - publishing, fan-out to groups, the stream's reading, trimming. */
#include "store/queue/topic.h"

#include "store_tx.h"

static int64_t publish(struct tx *tx, enum topic topic, int64_t company, int64_t okey)
{
	struct topic_event ev = {
		.topic = topic,
		.company_id = company,
		.okey = okey,
		.ref = 11,
		.hop = 2,
		.lane = 9,
		.prio = PRIO_HIGH,
		.correlation = STR("c-1"),
		.payload = STR("{\"a\":1}"),
	};

	MUST(topic_publish(tx, &ev, &t_err));
	CHECK_I64("made now", ev.created_ms, tx->now_ms);
	return ev.id;
}

static void publish_some(struct tx *tx)
{
	(void)publish(tx, TOPIC_INBOUND, 1, 5);
	(void)publish(tx, TOPIC_OUTBOUND_JOBS, 1, 5);
	(void)publish(tx, TOPIC_CONVERSATION, 1, 5);
}

static int waiting(struct store *st, enum queue_id q, struct job *ret_job)
{
	*ret_job = (struct job){ 0 };
	return queue_take(store_queues(st), q, T_NOW, ret_job, 1);
}

TEST(each_group_that_is_on_gets_a_job)
{
	struct store *st = tx_open();
	struct queues *qs = store_queues(st);
	struct job j;

	topic_group_target(qs, QUEUE_SUPPORT_INBOUND, 0);
	topic_group_target(qs, QUEUE_ORCHESTRATOR_INBOUND, 3);
	CHECK_I64("kept", topic_group_target_get(qs, QUEUE_ORCHESTRATOR_INBOUND), 3);
	tx_run(st, publish_some);
	CHECK_I64("always on", waiting(st, QUEUE_CRM_INBOUND, &j), 1);
	CHECK_I64("no gate", j.lane, 0);
	CHECK_I64("event", j.ref, 1);
	CHECK_I64("a batch queue keeps order without keys", j.okey, 0);
	CHECK_I64("priority", j.prio, PRIO_HIGH);
	CHECK_I64("off", waiting(st, QUEUE_SUPPORT_INBOUND, &j), 0);
	CHECK_I64("other topic", waiting(st, QUEUE_ORCHESTRATOR_INBOUND, &j), 0);
	CHECK_I64("dispatcher", waiting(st, QUEUE_MESSAGES, &j), 1);
	CHECK_I64("the event's channel", j.lane, 9);
	topic_group_target(qs, QUEUE_SUPPORT_INBOUND, 4);
	tx_run(st, publish_some);
	CHECK_I64("on", waiting(st, QUEUE_SUPPORT_INBOUND, &j), 1);
	CHECK_I64("its target", j.lane, 4);
	store_close(st);
}

struct seen {
	int n;
	int64_t ids[8];
};

static enum rc see(void *arg, const struct topic_event *ev, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	s->ids[s->n++] = ev->id;
	return RC_OK;
}

TX_TEST(the_stream_reads_a_company_in_order)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct seen s = { 0 };
	struct topic_event ev;
	int64_t first = 0, last = 0;

	MUST(topic_last_id(tx->db, &last, &t_err));
	MUST(topic_first_id(tx->db, &first, &t_err));
	CHECK_I64("none", first + last, 0);
	(void)publish(tx, TOPIC_STATUS, 1, 5);
	(void)publish(tx, TOPIC_STATUS, 2, 5);
	(void)publish(tx, TOPIC_ALERT, 0, 0);
	(void)publish(tx, TOPIC_STATUS, 1, 6);
	MUST(topic_each_after(tx->db, 1, 0, 10, see, &s, &t_err));
	CHECK_I64("own and everybody's", s.n, 3);
	CHECK_I64("oldest first", s.ids[0], 1);
	CHECK_I64("everybody's", s.ids[1], 3);
	MUST(topic_each_after(tx->db, 1, 3, 1, see, &s, &t_err));
	CHECK_I64("after an id", s.ids[3], 4);
	MUST(topic_last_id(tx->db, &last, &t_err));
	MUST(topic_first_id(tx->db, &first, &t_err));
	CHECK_I64("last", last, 4);
	CHECK_I64("first", first, 1);
	MUST(topic_load(tx->db, 2, &a, &ev, &t_err));
	CHECK_I64("topic", ev.topic, TOPIC_STATUS);
	CHECK_I64("company", ev.company_id, 2);
	CHECK_I64("hop", ev.hop, 2);
	CHECK_I64("message", ev.ref, 11);
	CHECK_SPAN("payload", ev.payload, STR("{\"a\":1}"));
	CHECK_SPAN("correlation", ev.correlation, STR("c-1"));
	CHECK_I64("no such", topic_load(tx->db, 9, &a, &ev, NULL), RC_ABSENT);
	CHECK_STR("name", topic_name(TOPIC_STATUS), "whatsapp-status-events");
}

TX_TEST(old_events_go_but_not_those_in_use_nor_the_newest)
{
	int64_t used, count = 0, id = 0;

	for (int i = 0; i < 20; i++)
		(void)publish(tx, TOPIC_CONVERSATION, 1, 1); /* no group */
	used = publish(tx, TOPIC_INBOUND, 1, 1);
	tx->now_ms = T_NOW + 1000;
	for (int i = 0; i < 9; i++)
		(void)publish(tx, TOPIC_CONVERSATION, 1, 1);
	MUST(topic_trim(tx, T_NOW, 100, &count, &t_err));
	CHECK_I64("none is older", count, 0);
	MUST(topic_trim(tx, T_NOW + 1, 15, &count, &t_err));
	CHECK_I64("no more than asked", count, 15);
	MUST(topic_trim(tx, T_NOW + 1, 100, &count, &t_err));
	CHECK_I64("the rest of the old", count, 5);
	MUST(topic_first_id(tx->db, &id, &t_err));
	CHECK_I64("a job needs it", id, used);
	MUST(topic_trim(tx, T_NOW + 9999, 100, &count, &t_err));
	CHECK_I64("all but the used and the newest", count, 8);
	CHECK_I64("numbers go on", publish(tx, TOPIC_STATUS, 1, 1), 31);
}
