/* test_chore.c - work that comes again exists once. */
#include "store/chore.h"
#include "store_tx.h"
#include "t.h"

static int64_t now = INT64_C(1785240000000);

struct want {
	struct chore c;
	int64_t due_ms;
	bool made;
};

static enum rc want_unit(struct tx *tx, void *arg, struct err *e)
{
	struct want *w = arg;

	return chore_want(tx, &w->c, w->due_ms, &w->made, e);
}

static bool want(struct store *st, const char *kind, int64_t ref, int64_t due_ms)
{
	struct want w = { .c = { .kind = kind, .ref = ref }, .due_ms = due_ms };

	MUST(store_write(st, STORE_NORMAL, want_unit, &w, &t_err));
	return w.made;
}

static enum rc end_unit(struct tx *tx, void *arg, struct err *e)
{
	return chore_ended(tx, arg, e);
}

static int64_t clock_fixed(void)
{
	return now;
}

static struct store *open_it(void)
{
	static char path[600];
	struct store_options o = {
		.path = path, .migrate = true, .now_ms = now, .clock = clock_fixed
	};
	struct store *st;

	(void)snprintf(path, sizeof(path), "%s/totem.db", t_dir());
	MUST(store_open(&o, &st, &t_err));
	return st;
}

TEST(a_kind_exists_once_for_each_thing)
{
	struct store *st = open_it();
	struct job j;

	CHECK(want(st, "a", 1, now + 1000));
	CHECK(!want(st, "a", 1, now + 500));
	CHECK(want(st, "a", 2, now + 1000));
	CHECK(want(st, "b", 1, now + 1000));
	CHECK_I64("not due", queue_take(store_queues(st), QUEUE_UPKEEP, now, &j, 1), 0);
	store_close(st);
	st = open_it();
	CHECK(!want(st, "a", 1, now + 1000));
	store_close(st);
}

TEST(who_asks_now_does_not_wait_for_the_period)
{
	struct store *st = open_it();
	struct job j;

	CHECK(want(st, "a", 1, now + HOUR_MS));
	CHECK(!want(st, "a", 1, 0));
	CHECK_I64("due", queue_take(store_queues(st), QUEUE_UPKEEP, now, &j, 1), 1);
	CHECK(!want(st, "a", 1, 0)); /* it runs already */
	store_close(st);
}

TEST(the_next_run_takes_the_place_of_the_last)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct store *st = open_it();
	struct job j;
	struct chore_end end = { .job = &j, .chore = { .kind = "a", .ref = 1 } };
	struct chore_state state;
	struct db *db;

	CHECK(want(st, "a", 1, 0));
	CHECK_I64("one", queue_take(store_queues(st), QUEUE_UPKEEP, now, &j, 1), 1);
	end.error = "no answer";
	end.next_ms = now + 1000;
	MUST(store_write(st, STORE_NORMAL, end_unit, &end, &t_err));
	CHECK(!want(st, "a", 1, now + 5000));
	CHECK_I64("waits", queue_take(store_queues(st), QUEUE_UPKEEP, now, &j, 1), 0);
	CHECK_I64("two", queue_take(store_queues(st), QUEUE_UPKEEP, now + 1000, &j, 1), 1);
	db = store_reader(st);
	MUST(chore_state(db, "a", 1, &a, &state, &t_err));
	CHECK_SPAN("why", state.error, STR("no answer"));
	CHECK_I64("never well", state.ran_ms, 0);
	store_reader_done(st, db);
	end.error = NULL;
	end.next_ms = 0;
	MUST(store_write(st, STORE_NORMAL, end_unit, &end, &t_err));
	db = store_reader(st);
	MUST(chore_state(db, "a", 1, &a, &state, &t_err));
	CHECK_I64("well", state.ran_ms, now);
	CHECK(state.error.n == 0);
	store_reader_done(st, db);
	CHECK(want(st, "a", 1, 0));
	store_close(st);
}
