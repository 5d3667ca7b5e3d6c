/* test_queue.c - durable work: taking, settling, order, priorities, leases, gates, memory, restarts. */
#include "base/limits.h"
#include "io/sys.h"
#include "queue_rig.h"
#include "store/queue/deadletter.h"

TEST(a_job_is_taken_once_and_done_once)
{
	struct store *st = open_at();
	struct job j, again;

	add_key(st, 0, 7);
	CHECK_I64("one", take(st, Q, NOW, &j, 1), 1);
	CHECK_I64("its reference", j.ref, 7);
	CHECK_I64("leased", take(st, Q, NOW, &again, 1), 0);
	CHECK_I64("done", settle(st, &j, 'd', 0), RC_OK);
	CHECK_I64("only once", settle(st, &j, 'd', 0), RC_CONFLICT);
	CHECK_I64("empty", take(st, Q, NOW, &again, 1), 0);
	CHECK_I64("counted", counts(st, Q).done, 1);
	prove(st, Q);
	store_close(st);
}

TEST(a_unit_that_fails_after_settling_leaves_the_job_leased)
{
	struct store *st = open_at();
	struct job j;

	add_key(st, 0, 1);
	CHECK_I64("taken", take(st, Q, NOW, &j, 1), 1);
	CHECK_I64("the unit fails", settle(st, &j, '!', 0), RC_INVALID);
	CHECK_I64("still running", counts(st, Q).running, 1);
	CHECK_I64("not counted", counts(st, Q).done, 0);
	CHECK_I64("and can be done", settle(st, &j, 'd', 0), RC_OK);
	prove(st, Q);
	store_close(st);
}

TEST(jobs_of_one_key_run_one_at_a_time_in_order)
{
	struct store *st = open_at();
	struct job a, b, none;

	for (int64_t ref = 1; ref <= 3; ref++)
		add_key(st, 42, ref);
	add_key(st, 43, 9);
	CHECK_I64("first of 42", take(st, Q, NOW, &a, 1), 1);
	CHECK_I64("first of 42", a.ref, 1);
	CHECK_I64("the other key runs beside", take(st, Q, NOW, &b, 1), 1);
	CHECK_I64("the other key", b.ref, 9);
	CHECK_I64("42 is busy", take(st, Q, NOW, &none, 1), 0);
	CHECK_I64("retry in 5 s", settle(st, &a, 'r', NOW + 5000), RC_OK);
	CHECK_I64("its place is kept: nothing of 42 overtakes", take(st, Q, NOW, &none, 1), 0);
	CHECK_I64("due", take(st, Q, NOW + 5000, &a, 1), 1);
	CHECK_I64("the same job", a.ref, 1);
	CHECK_I64("attempt counted", a.attempts, 1);
	CHECK_I64("done", settle(st, &a, 'd', 0), RC_OK);
	CHECK_I64("second", take(st, Q, NOW + 5000, &a, 1), 1);
	CHECK_I64("second", a.ref, 2);
	CHECK_I64("since the oldest", queue_key_since(store_queues(st), Q, 42), NOW);
	CHECK_I64("no such key", queue_key_since(store_queues(st), Q, 44), 0);
	CHECK(queue_key_doubted(store_queues(st), Q, 42)); /* it is running */
	CHECK_I64("nothing is known of its run", settle(st, &a, 'r', NOW + 9000), RC_OK);
	CHECK(!queue_key_doubted(store_queues(st), Q, 42));
	CHECK_I64("again", take(st, Q, NOW + 9000, &a, 1), 1);
	queue_doubt(store_queues(st), &a);
	CHECK_I64("in doubt", settle(st, &a, 'r', NOW + 12000), RC_OK);
	CHECK(queue_key_doubted(store_queues(st), Q, 42));
	CHECK(!queue_key_doubted(store_queues(st), Q, 44));
	CHECK_I64("again", take(st, Q, NOW + 12000, &a, 1), 1);
	CHECK_I64("it ends, and the doubt with it", settle(st, &a, 'd', 0), RC_OK);
	CHECK(!queue_key_doubted(store_queues(st), Q, 42));
	prove(st, Q);
	store_close(st);
}

TEST(a_job_made_for_later_holds_back_nobody_until_it_is_due)
{
	struct store *st = open_at();
	const struct job_new later = {
		.queue = Q, .prio = PRIO_NORMAL, .okey = 42, .ref = 1, .due_ms = NOW + 5000
	};
	struct job a, b;

	add(st, later);
	add_key(st, 42, 2);
	CHECK_I64("the later made one goes first", take(st, Q, NOW, &a, 1), 1);
	CHECK_I64("it", a.ref, 2);
	add_key(st, 42, 3);
	CHECK_I64("due, but its key is busy", take(st, Q, NOW + 5000, &b, 1), 0);
	CHECK_I64("a retry keeps its place", settle(st, &a, 'r', NOW + 9000), RC_OK);
	CHECK_I64("nobody passes it", take(st, Q, NOW + 8000, &b, 1), 0);
	CHECK_I64("retried", take(st, Q, NOW + 9000, &a, 1), 1);
	CHECK_I64("it", a.ref, 2);
	CHECK_I64("done", settle(st, &a, 'd', 0), RC_OK);
	CHECK_I64("who waited when the time came", take(st, Q, NOW + 9000, &a, 1), 1);
	CHECK_I64("it", a.ref, 3);
	CHECK_I64("done", settle(st, &a, 'd', 0), RC_OK);
	CHECK_I64("then the one made for later", take(st, Q, NOW + 9000, &a, 1), 1);
	CHECK_I64("it", a.ref, 1);
	CHECK_I64("done", settle(st, &a, 'd', 0), RC_OK);
	prove(st, Q);
	store_close(st);
}

TEST(a_job_made_for_later_is_cancelled_and_run_early_like_any_other)
{
	struct store *st = open_at();
	struct job_new later = {
		.queue = Q, .prio = PRIO_NORMAL, .okey = 42, .ref = 1, .due_ms = NOW + 5000
	};
	struct job a, b;

	add(st, later);
	later.ref = 2;
	add(st, later);
	MUST(queue_cancel(st, queue_first_id(Q) + 1, &t_err));
	add_key(st, 42, 3);
	CHECK_I64("not held back", take(st, Q, NOW, &a, 1), 1);
	CHECK_I64("it", a.ref, 3);
	MUST(queue_run_now(st, queue_first_id(Q) + 2, &t_err));
	CHECK_I64("early, but behind its key", take(st, Q, NOW, &b, 1), 0);
	CHECK_I64("done", settle(st, &a, 'd', 0), RC_OK);
	CHECK_I64("now", take(st, Q, NOW, &a, 1), 1);
	CHECK_I64("it", a.ref, 2);
	CHECK_I64("done", settle(st, &a, 'd', 0), RC_OK);
	prove(st, Q);
	store_close(st);
}

TEST(priorities_go_first_but_low_is_not_starved)
{
	struct store *st = open_at();
	bool low_ran = false;
	struct job j;

	add(st, (struct job_new){ .queue = Q, .prio = PRIO_LOW, .ref = 1000 });
	for (int i = 0; i < 40; i++)
		add(st, (struct job_new){
				.queue = Q, .prio = i == 39 ? PRIO_HIGH : PRIO_NORMAL, .ref = i });
	CHECK_I64("high first", take(st, Q, NOW, &j, 1), 1);
	CHECK_I64("high first", j.ref, 39);
	CHECK_I64("done", settle(st, &j, 'd', 0), RC_OK);
	for (int i = 0; i < 10 && !low_ran; i++) {
		CHECK_I64("next", take(st, Q, NOW, &j, 1), 1);
		low_ran = j.ref == 1000;
		CHECK_I64("done", settle(st, &j, 'd', 0), RC_OK);
	}
	CHECK(low_ran);
	store_close(st);
}

TEST(the_last_attempt_ends_in_a_dead_letter_that_can_be_retried)
{
	struct store *st = open_at();
	struct queue_config c = queue_get_config(store_queues(st), Q);
	struct job j;

	c.attempts = 3;
	queue_configure(store_queues(st), Q, &c);
	add_key(st, 5, 77);
	for (int i = 1; i <= 3; i++) {
		CHECK_I64("taken", take(st, Q, NOW + i * 1000, &j, 1), 1);
		CHECK_I64("failed", settle(st, &j, 'r', NOW + i * 1000), RC_OK);
	}
	CHECK_I64("no more", take(st, Q, NOW + 60000, &j, 1), 0);
	CHECK_I64("dead", counts(st, Q).dead, 1);
	CHECK_I64("failed runs", counts(st, Q).failed, 3);
	prove(st, Q);
	store_close(st);
}

TEST(a_snooze_burns_no_attempt)
{
	struct store *st = open_at();
	struct job j;

	add_key(st, 0, 1);
	for (int i = 0; i < 30; i++) {
		CHECK_I64("taken", take(st, Q, NOW + i, &j, 1), 1);
		CHECK_I64("attempts", j.attempts, 0);
		CHECK_I64("snoozes", j.snoozes, i);
		CHECK_I64("snoozed", settle(st, &j, 's', NOW + i + 1), RC_OK);
	}
	CHECK_I64("alive", counts(st, Q).dead, 0);
	prove(st, Q);
	store_close(st);
}

TEST(a_closed_gate_holds_its_lane_only)
{
	struct store *st = open_at();
	struct queues *qs = store_queues(st);
	struct job j;

	add(st, (struct job_new){ .queue = Q, .prio = PRIO_NORMAL, .lane = 1, .ref = 1 });
	add(st, (struct job_new){ .queue = Q, .prio = PRIO_NORMAL, .lane = 2, .ref = 2 });
	queue_gate(qs, 1, NOW + 1000);
	CHECK_I64("lane 2", take(st, Q, NOW, &j, 1), 1);
	CHECK_I64("lane 2", j.ref, 2);
	CHECK_I64("lane 1 waits", take(st, Q, NOW, &j, 1), 0);
	CHECK_I64("until then", queue_next_due(qs, NOW), NOW + 1000);
	CHECK_I64("open by time", take(st, Q, NOW + 1000, &j, 1), 1);
	CHECK_I64("lane 1", j.ref, 1);
	store_close(st);
}

TEST(a_held_job_comes_back_without_a_trace)
{
	struct store *st = open_at();
	struct job j, k;

	add_key(st, 8, 1);
	CHECK_I64("taken", take(st, Q, NOW, &j, 1), 1);
	queue_hold(store_queues(st), &j, NOW + 50);
	CHECK_I64("not yet", take(st, Q, NOW + 49, &k, 1), 0);
	CHECK_I64("lost lease", settle(st, &j, 'd', 0), RC_CONFLICT);
	CHECK_I64("again", take(st, Q, NOW + 50, &k, 1), 1);
	CHECK_I64("no attempt", k.attempts, 0);
	CHECK_I64("done", settle(st, &k, 'd', 0), RC_OK);
	prove(st, Q);
	store_close(st);
}

TEST(a_batch_is_taken_in_order_and_alone)
{
	struct store *st = open_at();
	struct job jobs[JOB_BATCH_MAX], more;
	int n;

	for (int i = 0; i < 300; i++)
		add(st, (struct job_new){ .queue = B, .prio = PRIO_NORMAL, .ref = i });
	n = take(st, B, NOW, jobs, JOB_BATCH_MAX);
	CHECK_I64("a batch", n, 128);
	for (int i = 0; i < n; i++)
		CHECK_I64("in order", jobs[i].ref, i);
	CHECK_I64("no second batch beside it", take(st, B, NOW, &more, 1), 0);
	for (int i = 0; i < n; i++)
		CHECK_I64("done", settle(st, &jobs[i], 'd', 0), RC_OK);
	CHECK_I64("the next", take(st, B, NOW, jobs, JOB_BATCH_MAX), 128);
	CHECK_I64("goes on", jobs[0].ref, 128);
	store_close(st);
}

TEST(what_does_not_fit_in_memory_waits_on_disk_in_order)
{
	struct store *st = open_at();
	struct job j;

	store_queues(st)->memory_max = 64;
	for (int i = 0; i < 1000; i++)
		add_key(st, 0, i);
	CHECK_I64("all counted", counts(st, Q).waiting, 1000);
	CHECK(store_queues(st)->q[Q].in_memory <= 64);
	for (int i = 0; i < 1000; i++) {
		CHECK_I64("next", take(st, Q, NOW, &j, 1), 1);
		CHECK_I64("in order", j.ref, i);
		CHECK_I64("done", settle(st, &j, 'd', 0), RC_OK);
	}
	CHECK_I64("empty", take(st, Q, NOW, &j, 1), 0);
	add_key(st, 0, 5000);
	CHECK_I64("and goes on", take(st, Q, NOW, &j, 1), 1);
	CHECK_I64("and goes on", j.ref, 5000);
	prove(st, Q);
	store_close(st);
}

TEST(a_restart_finds_every_unfinished_job_in_its_place)
{
	struct store *st = open_at();
	struct job j;

	for (int i = 1; i <= 5; i++)
		add_key(st, 42, i);
	CHECK_I64("taken", take(st, Q, NOW, &j, 1), 1);
	CHECK_I64("retry later", settle(st, &j, 'r', NOW + 5000), RC_OK);
	store_close(st);

	st = open_at();
	CHECK(!store_was_unclean(st));
	CHECK_I64("order is kept over the restart", take(st, Q, NOW, &j, 1), 0);
	CHECK_I64("due", take(st, Q, NOW + 5000, &j, 1), 1);
	CHECK_I64("the first", j.ref, 1);
	CHECK_I64("its attempts", j.attempts, 1);
	CHECK(!j.recovered);
	prove(st, Q);
	store_close(st);
}

/* A model: random acts against the queue and against counters kept here. */
TEST(a_thousand_random_acts_keep_the_law)
{
	struct store *st = open_at();
	struct job held[16];
	int held_n = 0;
	uint32_t r = 12345;
	int64_t now = NOW;

	store_queues(st)->memory_max = 50;
	for (int step = 0; step < 3000; step++) {
		r = r * 1664525 + 1013904223;
		now += r % 50;
		switch (r >> 28) {
		case 0:
		case 1:
		case 2:
		case 3:
		case 4:
			add(st, (struct job_new){ .queue = Q,
						  .prio = (enum job_prio)(r % 3),
						  .okey = r / 7 % 5,
						  .ref = step,
						  .due_ms = r % 11 == 0 ? now + 500 : 0 });
			break;
		case 5:
		case 6:
		case 7:
		case 8:
			if (held_n < 8)
				held_n += take(st, Q, now, &held[held_n], 1);
			break;
		case 9:
			MUST(queue_pause(st, Q, now + 20, &t_err));
			break;
		default:
			if (held_n > 0) {
				static const char HOW[] = { 'd', 'd', 'd', 'r', 's', 'x' };
				char how = HOW[r / 13 % sizeof(HOW)];

				CHECK_I64("settled", settle(st, &held[--held_n], how, now + 100),
					  RC_OK);
			}
			break;
		}
	}
	prove(st, Q);
	while (held_n > 0)
		queue_hold(store_queues(st), &held[--held_n], now);
	for (int i = 0; i < 100000 && counts(st, Q).waiting + counts(st, Q).delayed > 0; i++) {
		now += 1000;
		if (take(st, Q, now, held, 1) == 1)
			CHECK_I64("done", settle(st, held, 'd', 0), RC_OK);
	}
	CHECK_I64("nothing left",
		  counts(st, Q).waiting + counts(st, Q).delayed + counts(st, Q).running, 0);
	prove(st, Q);
	store_close(st);
}
