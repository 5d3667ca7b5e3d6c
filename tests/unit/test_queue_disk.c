/* test_queue_disk.c - jobs that wait on disk and what comes in between: commits, refills, clearing, crashes, clean stops. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/thr.h"
#include "store/queue/deadletter.h"
#include "store/queue/queue_priv.h"
#include "t.h"

#define NOW ((int64_t)1767607200000)
#define Q   QUEUE_SUPPORT_INBOUND
#define B   QUEUE_CRM_INBOUND /* a batch queue */

static int64_t the_clock(void)
{
	return NOW;
}

static struct store *open_at(void)
{
	char path[512];
	struct store_options o = {
		.path = path, .migrate = true, .now_ms = NOW, .clock = the_clock
	};
	struct store *st = NULL;

	(void)snprintf(path, sizeof(path), "%s/t.db", t_dir());
	MUST(store_open(&o, &st, &t_err));
	return st;
}

static enum rc add_unit(struct tx *tx, void *arg, struct err *e)
{
	return queue_add(tx, arg, NULL, e);
}

static void add(struct store *st, enum queue_id q, int64_t ref, int64_t due_ms)
{
	struct job_new n = { .queue = q, .prio = PRIO_NORMAL, .ref = ref, .due_ms = due_ms };

	MUST(store_write(st, STORE_NORMAL, add_unit, &n, &t_err));
}

struct settle {
	const struct job *job;
	char how;
};

static enum rc settle_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct settle *s = arg;

	switch (s->how) {
	case 'd':
		return queue_done(tx, s->job, e);
	case 'x':
		return queue_dead(tx, s->job, "theirs", "bad", "no", e);
	case 'm':
		return queue_mark_start(tx, s->job, e);
	default:
		BUG("unknown letter");
	}
}

static enum rc settle(struct store *st, const struct job *j, char how)
{
	struct settle s = { j, how };
	struct err e = { 0 };

	return store_write(st, STORE_NORMAL, settle_unit, &s, &e);
}

static struct queue_counts prove(struct store *st, enum queue_id q)
{
	struct db *db = store_reader(st);
	struct queue_counts c;

	MUST(queue_prove(db, q, &c, &t_err));
	store_reader_done(st, db);
	return c;
}

static int take(struct store *st, enum queue_id q, struct job *jobs, int max)
{
	return queue_take(store_queues(st), q, NOW, jobs, max);
}

/* ---- a worker reads from disk between a commit and its effects ---- */

static struct job seen[8];
static int seen_n;

static void take_now(struct store *st, const void *arg)
{
	(void)arg;
	seen_n += take(st, Q, &seen[seen_n], 1);
}

static enum rc take_between_unit(struct tx *tx, void *arg, struct err *e)
{
	tx_after(tx, take_now, "", 1); /* runs after the commit, before the new job is scheduled */
	return queue_add(tx, arg, NULL, e);
}

TEST(a_job_that_is_read_from_disk_before_its_own_effect_is_not_there_twice)
{
	struct store *st = open_at();
	struct job_new n = { .queue = Q, .prio = PRIO_NORMAL, .ref = 2 };
	struct job j;

	add(st, Q, 1, 0);
	store_close(st);
	st = open_at(); /* job 1 waits on disk */
	MUST(store_write(st, STORE_NORMAL, take_between_unit, &n, &t_err));
	CHECK_I64("taken in between", seen_n, 1);
	CHECK_I64("the other one", take(st, Q, &j, 1), 1);
	CHECK_I64("the other one", j.ref, 2);
	CHECK_I64("not twice", take(st, Q, &seen[1], 1), 0);
	CHECK_I64("done", settle(st, &seen[0], 'd'), RC_OK);
	CHECK_I64("done", settle(st, &j, 'd'), RC_OK);
	CHECK_I64("law", prove(st, Q).done, 2);
	store_close(st);
}

/* ---- nothing left on disk, though the newest id was never loaded ---- */

static bool rests(struct store *st, enum queue_id q)
{
	int64_t began = clock_mono_us();

	(void)queue_wait(store_queues(st), q, NOW, began + 30000);
	return clock_mono_us() - began >= 25000;
}

TEST(workers_rest_when_the_rows_that_waited_on_disk_are_gone)
{
	struct store *st = open_at();
	int64_t count;
	struct job j;

	store_queues(st)->memory_max = 4;
	for (int i = 0; i < 20; i++)
		add(st, Q, i, 0);
	MUST(queue_clear(st, Q, &count, &t_err));
	CHECK_I64("cleared", count, 20);
	CHECK_I64("nothing", take(st, Q, &j, 1), 0);
	CHECK(rests(st, Q));
	CHECK_I64("simulator", queue_next_due(store_queues(st), NOW), INT64_MAX);
	add(st, Q, 99, 0);
	CHECK_I64("goes on", take(st, Q, &j, 1), 1);
	CHECK_I64("done", settle(st, &j, 'd'), RC_OK);
	(void)prove(st, Q);
	store_close(st);
}

/* ---- clearing and reading at the same time ---- */

struct clearer {
	struct thr thr;
	struct store *st;
	bool ended;
};

static void clear_all(void *arg)
{
	struct clearer *c = arg;
	struct err e = { 0 };
	int64_t count;

	CHECK_I64("cleared", queue_clear(c->st, Q, &count, &e), RC_OK);
	__atomic_store_n(&c->ended, true, __ATOMIC_RELEASE);
}

TEST(clearing_waits_for_a_worker_that_reads_from_disk)
{
	struct clearer c = { .st = open_at() };
	struct queues *qs = store_queues(c.st);

	add(c.st, Q, 1, 0);
	MUST(store_run(c.st, &t_err));
	mtx_lock(&qs->lock);
	qs->q[Q].refilling = true; /* it holds a snapshot with job 1 */
	mtx_unlock(&qs->lock);
	MUST(thr_start(&c.thr, "clear", clear_all, &c, &t_err));
	(void)rests(c.st, B);
	CHECK(!__atomic_load_n(&c.ended, __ATOMIC_ACQUIRE));
	mtx_lock(&qs->lock);
	qs->q[Q].refilling = false;
	cnd_broadcast(&qs->q[Q].changed);
	mtx_unlock(&qs->lock);
	thr_join(&c.thr);
	CHECK_I64("discarded", prove(c.st, Q).discarded, 1);
	store_close(c.st);
}

/* ---- a job that is cancelled in the transaction that adds it ---- */

static void wait_for_units(struct store *st, int64_t n)
{
	struct store_stats stats;

	do {
		(void)rests(st, B);
		store_get_stats(st, &stats);
	} while (stats.waiting < n);
}

/* Holds the writer until two more wait: they share the next transaction. */
static enum rc hold_writer_unit(struct tx *tx, void *arg, struct err *e)
{
	struct store_stats stats;

	(void)arg, (void)e;
	do
		store_get_stats(tx->store, &stats);
	while (stats.waiting < 2);
	return RC_OK;
}

static void hold_writer(void *arg)
{
	struct clearer *c = arg;

	CHECK_I64("held", store_write(c->st, STORE_NORMAL, hold_writer_unit, NULL, NULL), RC_OK);
}

static void add_one(void *arg)
{
	struct clearer *c = arg;
	struct job_new n = { .queue = Q, .prio = PRIO_NORMAL, .ref = 1 };

	CHECK_I64("added", store_write(c->st, STORE_NORMAL, add_unit, &n, NULL), RC_OK);
}

TEST(a_job_that_is_cancelled_in_the_commit_that_adds_it_never_runs)
{
	struct clearer c = { .st = open_at() }, a = c;
	struct job j;

	MUST(store_run(c.st, &t_err));
	MUST(thr_start(&c.thr, "hold", hold_writer, &c, &t_err));
	(void)rests(c.st, B);
	MUST(thr_start(&a.thr, "add", add_one, &a, &t_err));
	wait_for_units(c.st, 1);
	CHECK_I64("cancelled", queue_cancel(c.st, queue_first_id(Q) + 1, &t_err), RC_OK);
	thr_join(&a.thr);
	thr_join(&c.thr);
	CHECK_I64("not there", take(c.st, Q, &j, 1), 0);
	CHECK_I64("law", prove(c.st, Q).discarded, 1);
	store_close(c.st);
}

/* ---- draining ---- */

TEST(a_drain_ends_though_a_delayed_job_comes_due_behind_newer_ones)
{
	struct store *st = open_at();
	struct queues *qs = store_queues(st);
	struct queue_counts c;
	struct job j;

	add(st, Q, 1, NOW + 1000);
	MUST(queue_drain(st, Q, &t_err));
	add(st, Q, 2, 0);
	CHECK_I64("not the later one", take(st, Q, &j, 1), 0);
	CHECK_I64("due", queue_take(qs, Q, NOW + 1000, &j, 1), 1);
	CHECK_I64("the one of before", j.ref, 1);
	CHECK_I64("done", settle(st, &j, 'd'), RC_OK);
	queue_tick(qs, NOW + 1000);
	queue_get_counts(qs, Q, NOW + 1000, &c);
	CHECK_STR("ended", c.state, "paused");
	store_close(st);
}

/* ---- batches ---- */

TEST(a_batch_that_is_given_back_keeps_its_place_and_the_queue_waits_with_it)
{
	struct store *st = open_at();
	struct queues *qs = store_queues(st);
	struct job jobs[8], none;

	for (int i = 1; i <= 3; i++)
		add(st, B, i, 0);
	CHECK_I64("a batch", take(st, B, jobs, 8), 3);
	add(st, B, 4, 0);
	for (int i = 0; i < 3; i++)
		CHECK(queue_hold_tried(qs, &jobs[i], NOW + 1000));
	CHECK(!queue_hold_tried(qs, &jobs[0], NOW + 1000));
	CHECK_I64("nobody overtakes", take(st, B, &none, 1), 0);
	CHECK_I64("when", queue_next_due(qs, NOW), NOW + 1000);
	CHECK_I64("again", queue_take(qs, B, NOW + 1000, jobs, 8), 4);
	for (int i = 0; i < 4; i++)
		CHECK_I64("in order", jobs[i].ref, i + 1);
	CHECK(jobs[0].recovered);
	CHECK(!jobs[3].recovered);
	for (int i = 0; i < 4; i++)
		queue_hold(qs, &jobs[i], NOW + HOUR_MS);
	CHECK_I64("a clock that was set back", take(st, B, jobs, 8), 4);
	store_close(st);
}

TEST(a_suspect_of_a_crash_runs_alone)
{
	struct store *st = open_at();
	struct job jobs[8];

	for (int i = 1; i <= 3; i++)
		add(st, B, i, 0);
	store_abandon(st);
	st = open_at();
	CHECK_I64("recovered together", take(st, B, jobs, 8), 3);
	CHECK_I64("the second is marked", settle(st, &jobs[1], 'm'), RC_OK);
	store_abandon(st); /* it killed us */
	st = open_at();
	CHECK_I64("before it", take(st, B, jobs, 8), 1);
	CHECK_I64("before it", jobs[0].ref, 1);
	CHECK_I64("done", settle(st, &jobs[0], 'd'), RC_OK);
	CHECK_I64("alone", take(st, B, jobs, 8), 1);
	CHECK_I64("alone", jobs[0].ref, 2);
	CHECK_I64("done", settle(st, &jobs[0], 'd'), RC_OK);
	CHECK_I64("the rest", take(st, B, jobs, 8), 1);
	store_close(st);
}

/* ---- crashes and clean stops ---- */

TEST(a_job_that_kills_the_process_is_a_dead_letter_in_the_end)
{
	int runs = 0;

	for (int boot = 0; boot < 2 * JOB_CRASH_MAX; boot++) {
		struct store *st = open_at();
		struct job j;

		if (boot == 0)
			add(st, Q, 1, 0);
		if (take(st, Q, &j, 1) == 1) {
			runs++;
			if (j.recovered)
				CHECK_I64("marked", settle(st, &j, 'm'), RC_OK);
		} else {
			CHECK_I64("dead", prove(st, Q).dead, 1);
		}
		store_abandon(st); /* killed */
	}
	CHECK_I64("the first one without a mark", runs, JOB_CRASH_MAX + 1);
}

TEST(a_recovered_job_is_still_one_after_a_clean_stop_and_clean_stops_are_no_crashes)
{
	struct store *st = open_at();
	struct job j;

	add(st, Q, 1, 0);
	store_abandon(st);
	for (int i = 0; i < 2 * JOB_CRASH_MAX; i++) {
		st = open_at();
		CHECK_I64("there", take(st, Q, &j, 1), 1);
		CHECK(j.recovered);
		CHECK_I64("marked", settle(st, &j, 'm'), RC_OK);
		store_close(st); /* it waits for its peer */
	}
	CHECK_I64("not dead", prove(st = open_at(), Q).dead, 0);
	add(st, Q, 2, 0);
	CHECK_I64("old", take(st, Q, &j, 1), 1);
	CHECK(j.recovered);
	CHECK_I64("new", take(st, Q, &j, 1), 1);
	CHECK(!j.recovered);
	store_close(st);
}

static enum rc retry_unit(struct tx *tx, void *arg, struct err *e)
{
	int64_t id;

	return deadletter_retry(tx, *(int64_t *)arg, STR_NONE, &id, e);
}

TEST(a_dead_letter_that_is_retried_is_known_as_tried_also_after_a_restart)
{
	struct store *st = open_at();
	int64_t letter = 1;
	struct job j;

	add(st, Q, 1, 0);
	CHECK_I64("taken", take(st, Q, &j, 1), 1);
	CHECK_I64("dead", settle(st, &j, 'x'), RC_OK);
	MUST(store_write(st, STORE_NORMAL, retry_unit, &letter, &t_err));
	CHECK_I64("again", take(st, Q, &j, 1), 1);
	CHECK(j.recovered);
	CHECK_I64("no attempts", j.attempts, 0);
	store_close(st);
	st = open_at();
	CHECK_I64("again", take(st, Q, &j, 1), 1);
	CHECK(j.recovered);
	CHECK_I64("done", settle(st, &j, 'd'), RC_OK);
	(void)prove(st, Q);
	store_close(st);
}

/* ---- leases ---- */

TEST(an_ended_lease_is_given_to_another_and_the_first_is_told)
{
	struct store *st = open_at();
	struct queues *qs = store_queues(st);
	struct queue_config c = queue_get_config(qs, Q);
	struct job j, k;

	c.lease_ms = -1; /* ends at once */
	queue_configure(qs, Q, &c);
	add(st, Q, 1, 0);
	CHECK_I64("taken", take(st, Q, &j, 1), 1);
	c.lease_ms = MINUTE_MS;
	queue_configure(qs, Q, &c);
	queue_tick(qs, NOW);
	CHECK_I64("again", take(st, Q, &k, 1), 1);
	CHECK(k.recovered);
	CHECK_I64("the first lost it", settle(st, &j, 'd'), RC_CONFLICT);
	CHECK_I64("the second has it", settle(st, &k, 'd'), RC_OK);
	(void)prove(st, Q);
	store_close(st);
}

static enum rc slow_unit(struct tx *tx, void *arg, struct err *e)
{
	struct queues *qs = store_queues(tx->store);
	const struct job *j = arg;
	struct slot *s = j->slot;

	TRY(queue_done(tx, j, e));
	mtx_lock(&qs->lock);
	s->lease_until_us = clock_mono_us() - 1; /* the disk stood still for an hour */
	mtx_unlock(&qs->lock);
	queue_tick(qs, NOW);
	return RC_OK;
}

TEST(a_lease_does_not_end_inside_the_commit_that_settles_it)
{
	struct store *st = open_at();
	struct queues *qs = store_queues(st);
	struct job j, k;

	add(st, Q, 1, 0);
	CHECK_I64("taken", take(st, Q, &j, 1), 1);
	CHECK(queue_renew(qs, &j));
	MUST(store_write(st, STORE_NORMAL, slow_unit, &j, &t_err));
	CHECK(!queue_renew(qs, &j));
	CHECK_I64("once", take(st, Q, &k, 1), 0);
	CHECK_I64("law", prove(st, Q).done, 1);
	store_close(st);
}
