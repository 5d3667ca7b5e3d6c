/* test_delivery.c - raw requests: stored with their job, listed, replayed, trimmed. */
#include "store/delivery.h"

#include "store_tx.h"

static int64_t add(struct tx *tx, const char *source, int64_t at_ms)
{
	struct delivery d = {
		.received_ms = at_ms,
		.company_id = 1,
		.source = source,
		.signature = "valid",
		.request_id = STR("r-1"),
		.headers = STR("{\"a\":\"b\"}"),
		.body = STR("by\0tes"),
	};

	MUST(delivery_add(tx, &d, &t_err));
	return d.id;
}

static void add_one(struct tx *tx)
{
	(void)add(tx, "meta", T_NOW);
}

static void replay_one(struct tx *tx)
{
	MUST(delivery_replay(tx, 1, &t_err));
}

TEST(a_request_and_its_job_are_stored_together)
{
	struct store *st = tx_open();
	struct job j[4] = { 0 };

	tx_run(st, add_one);
	tx_run(st, replay_one);
	CHECK_I64("job and replay", queue_take(store_queues(st), QUEUE_WEBHOOKS, T_NOW, j, 4), 2);
	CHECK_I64("request", j[0].ref, 1);
	CHECK_I64("the same request", j[1].ref, 1);
	store_close(st);
}

TX_TEST(a_request_is_kept_byte_by_byte)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t id = add(tx, "chatwoot", T_NOW - 5);
	struct delivery bare = { .company_id = 1, .source = "lake", .signature = "none" };
	struct delivery d;

	MUST(delivery_load(tx->db, id, &a, &d, &t_err));
	CHECK_SPAN("body", d.body, STR("by\0tes"));
	CHECK_STR("source", d.source, "chatwoot");
	CHECK_STR("signature", d.signature, "valid");
	CHECK_SPAN("request", d.request_id, STR("r-1"));
	CHECK_SPAN("headers", d.headers, STR("{\"a\":\"b\"}"));
	CHECK_I64("time", d.received_ms, T_NOW - 5);
	CHECK(d.outcome.p == NULL);
	MUST(delivery_add(tx, &bare, &t_err));
	MUST(delivery_load(tx->db, bare.id, &a, &d, &t_err));
	CHECK_SPAN("no body", d.body, STR(""));
	CHECK_I64("now", d.received_ms, T_NOW);
	CHECK_I64("no such", delivery_load(tx->db, 99, &a, &d, NULL), RC_ABSENT);
	CHECK_I64("no such", delivery_replay(tx, 99, NULL), RC_ABSENT);
	CHECK_I64("no such", delivery_set_outcome(tx, 99, "x", NULL), RC_ABSENT);
}

TX_TEST(a_replay_takes_it_from_the_shelf)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t id = add(tx, "meta", T_NOW);
	struct delivery d;

	MUST(delivery_set_outcome(tx, id, "not json", &t_err));
	MUST(delivery_load(tx->db, id, &a, &d, &t_err));
	CHECK_SPAN("put aside", d.outcome, STR("not json"));
	MUST(delivery_replay(tx, id, &t_err));
	MUST(delivery_load(tx->db, id, &a, &d, &t_err));
	CHECK(d.outcome.p == NULL);
}

struct seen {
	int n;
	int64_t first, last;
};

static enum rc see(void *arg, const struct delivery *d, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	if (s->n++ == 0)
		s->first = d->id;
	s->last = d->id;
	CHECK(d->body.p == NULL);
	return RC_OK;
}

TX_TEST(lists_follow_their_filter)
{
	static const struct {
		const char *why;
		struct delivery_filter f;
		int n;
		int64_t first;
	} ROWS[] = {
		{ "all", { .limit = 100 }, 20, 20 },
		{ "page", { .limit = 3, .before_id = 10 }, 3, 9 },
		{ "source", { .source = "chatwoot" }, 10, 20 },
		{ "put aside", { .only_put_aside = true }, 1, 7 },
		{ "from", { .from_ms = T_NOW + 15 }, 5, 20 },
		{ "to", { .to_ms = T_NOW + 3 }, 3, 3 },
		{ "between", { .from_ms = T_NOW + 3, .to_ms = T_NOW + 5 }, 2, 5 },
		{ "before all", { .to_ms = T_NOW }, 0, 0 },
		{ "after all", { .from_ms = T_NOW + 99 }, 0, 0 },
	};

	for (int i = 1; i <= 20; i++)
		(void)add(tx, i % 2 == 0 ? "chatwoot" : "meta", T_NOW + i - 1);
	MUST(delivery_set_outcome(tx, 7, "unknown number", &t_err));
	EACH (r, ROWS) {
		struct seen s = { 0 };

		MUST(delivery_each(tx->db, &r->f, see, &s, &t_err));
		CHECK_I64(r->why, s.n, r->n);
		CHECK_I64(r->why, s.first, r->first);
	}
}

static void add_many(struct tx *tx)
{
	for (int i = 0; i < 10; i++)
		(void)add(tx, "meta", T_NOW + i);
}

static void finish_all(struct tx *tx)
{
	struct job j[16];
	int n = queue_take(store_queues(tx->store), QUEUE_WEBHOOKS, T_NOW, j, 16);

	CHECK_I64("all", n, 10);
	for (int i = 0; i < n; i++)
		if (j[i].ref != 2)
			MUST(queue_done(tx, &j[i], &t_err));
		else
			MUST(queue_dead(tx, &j[i], "theirs", "broken", "cannot be read", &t_err));
}

static void trim_waiting(struct tx *tx)
{
	int64_t count = -1;

	MUST(delivery_trim(tx, T_NOW + 99, 100, &count, &t_err));
	CHECK_I64("jobs need them", count, 0);
}

static void trim_done(struct tx *tx)
{
	int64_t count = -1;

	MUST(delivery_trim(tx, T_NOW + 5, 3, &count, &t_err));
	CHECK_I64("no more than asked", count, 3);
	MUST(delivery_trim(tx, T_NOW + 5, 100, &count, &t_err));
	CHECK_I64("the dead letter's stays", count, 1);
	MUST(delivery_trim(tx, T_NOW + 99, 100, &count, &t_err));
	CHECK_I64("the newest stays", count, 4);
	CHECK_I64("numbers go on", add(tx, "meta", T_NOW + 99), 11);
}

TEST(old_requests_go_but_not_those_in_use)
{
	struct store *st = tx_open();

	tx_run(st, add_many);
	tx_run(st, trim_waiting);
	tx_run(st, finish_all);
	tx_run(st, trim_done);
	store_close(st);
}
