/* test_deadletter.c - lists, and the way back into a queue or out. */
#include "store/queue/deadletter.h"

#include "store/message/message.h"
#include "store/queue/topic.h"
#include "store_tx.h"

static int64_t message_id;

static void make(struct tx *tx)
{
	for (int i = 0; i < 3; i++) {
		const struct job_new n = {
			.queue = QUEUE_CRM_INBOUND,
			.prio = PRIO_LOW,
			.okey = 5 + i,
			.ref = 40 + i,
			.correlation = STR("c-1"),
			.payload = STR("{\"a\":1}"),
		};
		int64_t id;

		MUST(queue_add(tx, &n, &id, &t_err));
	}
}

static void bury(struct tx *tx)
{
	struct job j[4];
	int n = queue_take(store_queues(tx->store), QUEUE_CRM_INBOUND, T_NOW, j, 4);

	CHECK_I64("taken", n, 3);
	for (int i = 0; i < n; i++)
		MUST(queue_dead(tx, &j[i], i == 1 ? "ours" : "theirs",
				i == 1 ? "timeout" : "refused", "no", &t_err));
}

struct seen {
	int n;
	int64_t first;
};

static enum rc see(void *arg, const struct deadletter *d, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	if (s->n++ == 0)
		s->first = d->id;
	return RC_OK;
}

static void look(struct tx *tx)
{
	static const struct {
		const char *why;
		struct deadletter_filter f;
		int n, first, count;
	} ROWS[] = {
		{ "all", { .queue = -1 }, 3, 3, 3 },
		{ "queue", { .queue = QUEUE_CRM_INBOUND }, 3, 3, 3 },
		{ "other queue", { .queue = QUEUE_MESSAGES }, 0, 0, 0 },
		{ "reason", { .queue = -1, .reason = "timeout" }, 1, 2, 1 },
		{ "queue and reason",
		  { .queue = QUEUE_CRM_INBOUND, .reason = "refused" },
		  2,
		  3,
		  2 },
		{ "page", { .queue = QUEUE_CRM_INBOUND, .before_id = 3, .limit = 1 }, 1, 2, 2 },
	};
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct deadletter d;

	EACH (r, ROWS) {
		struct seen s = { 0 };
		int64_t count = -1;

		MUST(deadletter_each(tx->db, &r->f, see, &s, &t_err));
		CHECK_I64(r->why, s.n, r->n);
		CHECK_I64(r->why, s.first, r->first);
		MUST(deadletter_count(tx->db, &r->f, &count, &t_err));
		CHECK_I64(r->why, count, r->count);
	}
	MUST(deadletter_load(tx->db, 2, &a, &d, &t_err));
	CHECK_I64("queue", d.queue, QUEUE_CRM_INBOUND);
	CHECK_SPAN("class", d.class, STR("ours"));
	CHECK_SPAN("reason", d.reason, STR("timeout"));
	CHECK_SPAN("error", d.error, STR("no"));
	CHECK_SPAN("payload", d.payload, STR("{\"a\":1}"));
	CHECK_SPAN("correlation", d.correlation, STR("c-1"));
	CHECK_I64("ref", d.ref, 41);
	CHECK_I64("okey", d.okey, 6);
	CHECK_I64("attempts", d.attempts, 1);
	CHECK_I64("no such", deadletter_load(tx->db, 9, &a, &d, NULL), RC_ABSENT);
}

static void settle(struct tx *tx)
{
	int64_t id = 0;

	MUST(deadletter_retry(tx, 1, STR("{\"b\":2}"), &id, &t_err));
	MUST(deadletter_discard(tx, 2, &t_err));
	CHECK_I64("gone", deadletter_retry(tx, 1, STR_NONE, &id, NULL), RC_ABSENT);
	CHECK_I64("gone", deadletter_discard(tx, 2, NULL), RC_ABSENT);
}

TEST(a_dead_letter_goes_back_or_out_and_the_sum_holds)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct store *st = tx_open();
	struct queue_counts c;
	struct job_text text;
	struct db *db;
	struct job j = { 0 };

	tx_run(st, make);
	tx_run(st, bury);
	tx_run(st, look);
	tx_run(st, settle);
	db = store_reader(st);
	MUST(queue_prove(db, QUEUE_CRM_INBOUND, &c, &t_err));
	CHECK_I64("accepted", c.accepted, 3);
	CHECK_I64("dead", c.dead, 1);
	CHECK_I64("discarded", c.discarded, 1);
	CHECK_I64("a job again", queue_take(store_queues(st), QUEUE_CRM_INBOUND, T_NOW, &j, 1), 1);
	CHECK_I64("no attempts", j.attempts, 0);
	CHECK_I64("ref", j.ref, 40);
	CHECK_I64("priority", j.prio, PRIO_LOW);
	MUST(queue_text(db, j.id, &a, &text, &t_err));
	CHECK_SPAN("payload", text.payload, STR("{\"b\":2}"));
	CHECK_SPAN("correlation", text.correlation, STR("c-1"));
	store_reader_done(st, db);
	store_close(st);
}

static void send(struct tx *tx)
{
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	struct message m = {
		.company_id = 1,
		.conversation_id = ids.conversation,
		.channel_id = ids.channel,
		.outbound = true,
		.type = "text",
		.sender_type = "crm_agent",
		.source = "api",
		.wa_id = STR("4915112345678"),
	};
	struct topic_event ev = { .topic = TOPIC_OUTBOUND_JOBS,
				  .company_id = 1,
				  .lane = ids.channel };

	MUST(message_add(tx, &m, &t_err));
	ev.ref = message_id = m.id;
	MUST(topic_publish(tx, &ev, &t_err));
}

static void refuse(struct tx *tx)
{
	struct job j;

	CHECK_I64("taken", queue_take(store_queues(tx->store), QUEUE_MESSAGES, T_NOW, &j, 1), 1);
	MUST(message_sending(tx, message_id, &t_err));
	MUST(message_failed(tx, message_id, STR("{\"code\":1}"), &t_err));
	MUST(queue_dead(tx, &j, "theirs", "refused", "no", &t_err));
}

static void again(struct tx *tx)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct message m;
	int64_t id;

	MUST(deadletter_retry(tx, 1, STR_NONE, &id, &t_err));
	MUST(message_load(tx->db, message_id, &a, &m, &t_err));
	CHECK_STR("queued", m.sending, "queued");
	CHECK_I64("pending", m.status, MESSAGE_PENDING);
	CHECK_I64("no failure any more", m.failed_ms, 0);
	CHECK(m.error.p == NULL);
}

static void lose(struct tx *tx)
{
	struct job j;

	CHECK_I64("taken", queue_take(store_queues(tx->store), QUEUE_MESSAGES, T_NOW, &j, 1), 1);
	MUST(message_sending(tx, message_id, &t_err));
	MUST(message_unknown(tx, message_id, "timed out", &t_err));
	MUST(queue_dead(tx, &j, "theirs", "unknown", "no answer", &t_err));
}

static void never_again(struct tx *tx)
{
	const struct message_status_event failed = { .meta_message_id = STR("wamid.1"),
						     .status = MESSAGE_FAILED,
						     .at_ms = T_NOW };
	enum message_status_result result;
	int64_t id;

	CHECK_I64("unknown", deadletter_retry(tx, 1, STR_NONE, &id, NULL), RC_REFUSED);
	MUST(message_accepted(tx, message_id, STR("wamid.1"), &t_err));
	CHECK_I64("accepted", deadletter_retry(tx, 1, STR_NONE, &id, NULL), RC_REFUSED);
	CHECK_I64("settled", message_failed(tx, message_id, STR("{}"), NULL), RC_CONFLICT);
	MUST(message_apply_status(tx, &failed, &id, &result, &t_err));
	CHECK_I64("the provider had it", deadletter_retry(tx, 1, STR_NONE, &id, NULL), RC_REFUSED);
	MUST(deadletter_discard(tx, 1, &t_err));
}

TEST(a_message_is_sent_again_only_when_it_never_left)
{
	struct store *st = tx_open();

	tx_run(st, send);
	tx_run(st, refuse);
	tx_run(st, again);
	tx_run(st, lose);
	tx_run(st, never_again);
	store_close(st);
}
