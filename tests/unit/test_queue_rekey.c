/* test_queue_rekey.c - two orders become one: nothing runs twice, nothing of either overtakes. */
#include "queue_rig.h"

#define FROM 41
#define TO   42

struct keys {
	int64_t from, to;
};

static enum rc rekey_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct keys *k = arg;

	return queue_rekey(tx, k->from, k->to, e);
}

static void rekey(struct store *st)
{
	struct keys k = { FROM, TO };

	MUST(store_write(st, STORE_NORMAL, rekey_unit, &k, &t_err));
}

/* Takes and does what is due at `now`, one after the other: the refs as digits. */
static const char *order(struct store *st, int64_t now_ms)
{
	static _Thread_local char text[32];
	struct job j, none;
	size_t n = 0;

	while (n + 1 < sizeof(text) && take(st, Q, now_ms, &j, 1) == 1) {
		text[n++] = (char)('0' + j.ref);
		CHECK_I64("one of them at a time", take(st, Q, now_ms, &none, 1), 0);
		CHECK_I64("done", settle(st, &j, 'd', 0), RC_OK);
	}
	text[n] = '\0';
	return text;
}

TEST(both_that_wait_become_one_order)
{
	struct store *st = open_at();

	add_key(st, FROM, 1);
	add_key(st, TO, 2);
	add_key(st, FROM, 3);
	add_key(st, TO, 4);
	rekey(st);
	add_key(st, TO, 5);
	CHECK_STR("by age", order(st, NOW), "12345");
	prove(st, Q);
	store_close(st);
}

TEST(a_key_that_nobody_has_takes_them_as_they_are)
{
	struct store *st = open_at();
	struct job a, none;

	add_key(st, FROM, 1);
	add_key(st, FROM, 2);
	CHECK_I64("running", take(st, Q, NOW, &a, 1), 1);
	rekey(st);
	add_key(st, TO, 3);
	CHECK_I64("waits for it", take(st, Q, NOW, &none, 1), 0);
	CHECK_I64("again in 5 s", settle(st, &a, 'r', NOW + 5000), RC_OK);
	CHECK_STR("its place is kept", order(st, NOW), "");
	CHECK_STR("then all", order(st, NOW + 5000), "123");
	prove(st, Q);
	store_close(st);
}

TEST(who_runs_holds_the_place)
{
	struct store *st = open_at();
	struct job a, none;

	add_key(st, TO, 1);
	add_key(st, FROM, 2);
	add_key(st, FROM, 3);
	CHECK_I64("the older one", take(st, Q, NOW, &a, 1), 1);
	CHECK_I64("is put off", settle(st, &a, 'r', NOW + 9000), RC_OK);
	CHECK_I64("the other runs", take(st, Q, NOW, &a, 1), 1);
	CHECK_I64("it", a.ref, 2);
	rekey(st);
	CHECK_I64("nothing beside", take(st, Q, NOW + 9000, &none, 1), 0);
	CHECK_I64("done", settle(st, &a, 'd', 0), RC_OK);
	CHECK_STR("then the older one, at its time", order(st, NOW), "");
	CHECK_STR("then the older one, at its time", order(st, NOW + 9000), "13");
	prove(st, Q);
	store_close(st);
}

TEST(two_that_run_both_end_well)
{
	struct store *st = open_at();
	struct job a, b, none;

	add_key(st, FROM, 1);
	add_key(st, TO, 2);
	add_key(st, FROM, 3);
	CHECK_I64("one", take(st, Q, NOW, &a, 1), 1);
	CHECK_I64("and the other", take(st, Q, NOW, &b, 1), 1);
	rekey(st);
	CHECK_I64("no third", take(st, Q, NOW, &none, 1), 0);
	CHECK_I64("again at once", settle(st, &a, 's', NOW - 1), RC_OK);
	CHECK_I64("behind who runs", take(st, Q, NOW, &none, 1), 0);
	CHECK_I64("done", settle(st, &b, 'd', 0), RC_OK);
	CHECK_STR("each once", order(st, NOW), "31");
	prove(st, Q);
	store_close(st);
}

TEST(made_for_later_and_on_disk_they_come_along)
{
	struct store *st = open_at();
	struct job a, none;

	add(st, (struct job_new){ .queue = Q,
				  .prio = PRIO_NORMAL,
				  .okey = FROM,
				  .ref = 1,
				  .due_ms = NOW + 5000 });
	store_queues(st)->memory_max = 1;
	add_key(st, FROM, 2);
	add_key(st, TO, 3);
	rekey(st);
	store_queues(st)->memory_max = 100;
	CHECK_I64("from disk", take(st, Q, NOW, &a, 1), 1);
	CHECK_I64("the older one", a.ref, 2);
	CHECK_I64("one order", take(st, Q, NOW + 5000, &none, 1), 0);
	CHECK_I64("done", settle(st, &a, 'd', 0), RC_OK);
	CHECK_STR("and the scheduled one at the end", order(st, NOW + 5000), "31");
	prove(st, Q);
	store_close(st);
}

TEST(after_a_restart_it_is_still_one_order)
{
	struct store *st = open_at();
	struct job a, none;

	add_key(st, FROM, 1);
	add_key(st, TO, 2);
	rekey(st);
	store_close(st);
	st = open_at();
	CHECK_I64("one", take(st, Q, NOW, &a, 1), 1);
	CHECK_I64("one at a time", take(st, Q, NOW, &none, 1), 0);
	CHECK_I64("done", settle(st, &a, 'd', 0), RC_OK);
	CHECK_STR("the other", order(st, NOW), "2");
	prove(st, Q);
	store_close(st);
}

/* Random keys, merges, retries and snoozes: each job is done once, and of each first key in its order. */
static uint32_t next(uint32_t *r)
{
	*r = *r * 1664525 + 1013904223;
	return *r >> 8;
}

TEST(any_mixture_is_done_once_each)
{
	struct store *st = open_at();
	uint32_t r = 7;
	int64_t ref = 0, done = 0;
	struct job j[4];
	int n = 0;

	for (int step = 0; step < 600; step++) {
		switch (next(&r) % 4) {
		case 0:
		case 1:
			add_key(st, next(&r) % 2 != 0 ? FROM : TO, ++ref);
			break;
		case 2:
			if (n < 4)
				n += take(st, Q, NOW + step, &j[n], 1);
			break;
		default:
			if (n > 0) {
				const char how = "ddsr"[next(&r) % 4];

				n--;
				CHECK_I64("settled",
					  settle(st, &j[n], how, NOW + step + next(&r) % 20),
					  RC_OK);
				done += how == 'd';
			}
		}
		if (next(&r) % 40 == 0)
			rekey(st);
	}
	while (n > 0)
		done += settle(st, &j[--n], 'd', 0) == RC_OK;
	while (take(st, Q, NOW + 10000, &j[0], 1) == 1)
		done += settle(st, &j[0], 'd', 0) == RC_OK;
	CHECK_I64("all, but the dead", done + counts(st, Q).dead, ref);
	prove(st, Q);
	store_close(st);
}
