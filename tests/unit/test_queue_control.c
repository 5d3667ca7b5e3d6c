/* test_queue_control.c - what people do to a queue: pause, drain, clear, cancel, run now. */
#include "queue_rig.h"

TEST(pause_resume_and_pause_until)
{
	struct store *st = open_at();
	struct job j;

	add_key(st, 0, 1);
	MUST(queue_pause(st, Q, 0, &t_err));
	CHECK_I64("still", take(st, Q, NOW, &j, 1), 0);
	CHECK_STR("state", counts(st, Q).state, "paused");
	store_close(st);
	st = open_at();
	CHECK_STR("kept over a restart", counts(st, Q).state, "paused");
	MUST(queue_pause(st, Q, NOW + 1000, &t_err));
	CHECK_I64("still", take(st, Q, NOW + 999, &j, 1), 0);
	CHECK_I64("by itself", take(st, Q, NOW + 1000, &j, 1), 1);
	queue_hold(store_queues(st), &j, NOW);
	MUST(queue_pause(st, Q, 0, &t_err));
	MUST(queue_resume(st, Q, &t_err));
	CHECK_I64("resumed", take(st, Q, NOW + 1, &j, 1), 1);
	store_close(st);
}

TEST(drain_runs_what_is_there_and_then_pauses)
{
	struct store *st = open_at();
	struct job j;

	add_key(st, 0, 1);
	add_key(st, 0, 2);
	MUST(queue_drain(st, Q, &t_err));
	add_key(st, 0, 3);
	for (int i = 1; i <= 2; i++) {
		CHECK_I64("there before", take(st, Q, NOW, &j, 1), 1);
		CHECK_I64("there before", j.ref, i);
		queue_tick(store_queues(st), NOW);
		CHECK_STR("not yet", counts(st, Q).state, "draining");
		CHECK_I64("done", settle(st, &j, 'd', 0), RC_OK);
	}
	CHECK_I64("not the later one", take(st, Q, NOW, &j, 1), 0);
	queue_tick(store_queues(st), NOW);
	CHECK_STR("paused", counts(st, Q).state, "paused");
	CHECK_I64("the later one waits", counts(st, Q).waiting, 1);
	store_close(st);
}

static int discarded;

static enum rc on_discard(struct tx *tx, int64_t ref, struct err *e)
{
	(void)tx, (void)ref, (void)e;
	discarded++;
	return RC_OK;
}

TEST(clear_discards_all_but_the_running)
{
	struct store *st = open_at();
	int64_t count = 0;
	struct job j;

	queue_on_discard(store_queues(st), Q, on_discard);
	store_queues(st)->memory_max = 64;
	for (int i = 0; i < 1200; i++)
		add_key(st, i % 7, i);
	CHECK_I64("one runs", take(st, Q, NOW, &j, 1), 1);
	MUST(queue_clear(st, Q, &count, &t_err));
	CHECK_I64("the rest", count, 1199);
	CHECK_I64("each was told", discarded, 1199);
	CHECK_I64("discarded", counts(st, Q).discarded, 1199);
	CHECK_I64("running", counts(st, Q).running, 1);
	CHECK_I64("none waits", counts(st, Q).waiting, 0);
	CHECK_I64("done", settle(st, &j, 'd', 0), RC_OK);
	add_key(st, 3, 5000);
	CHECK_I64("goes on", take(st, Q, NOW, &j, 1), 1);
	CHECK_I64("goes on", j.ref, 5000);
	prove(st, Q);
	store_close(st);
}

TEST(cancel_and_run_now)
{
	struct store *st = open_at();
	int64_t first = queue_first_id(Q) + 1;
	struct job j;

	add(st,
	    (struct job_new){ .queue = Q, .prio = PRIO_NORMAL, .ref = 1, .due_ms = NOW + 60000 });
	add_key(st, 9, 2);
	add_key(st, 9, 3);
	CHECK_I64("later", queue_cancel(st, first + 2, &t_err), RC_OK);
	CHECK_I64("no such", queue_cancel(st, first + 9, &t_err), RC_ABSENT);
	CHECK_I64("taken", take(st, Q, NOW, &j, 1), 1);
	CHECK_I64("running", queue_cancel(st, j.id, &t_err), RC_CONFLICT);
	CHECK_I64("done", settle(st, &j, 'd', 0), RC_OK);
	CHECK_I64("the cancelled one does not come", take(st, Q, NOW, &j, 1), 0);
	MUST(queue_run_now(st, first, &t_err));
	CHECK_I64("now", take(st, Q, NOW, &j, 1), 1);
	CHECK_I64("now", j.ref, 1);
	prove(st, Q);
	store_close(st);
}
