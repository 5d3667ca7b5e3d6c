/* test_store.c - group commit: durability, isolation of units, effects after the commit, many threads, stop. */
#include "base/clock.h"
#include "base/ids.h"
#include "base/thr.h"
#include "store/queue/queue.h"
#include "store/store.h"
#include "t.h"

#define NOW         ((int64_t)1767607200000)
#define THREADS     32
#define EACH_WRITES 50

static struct store *open_store(bool threaded)
{
	char path[512];
	struct store_options o = { .path = path, .migrate = true, .now_ms = NOW };
	struct store *st = NULL;

	(void)snprintf(path, sizeof(path), "%s/t.db", t_dir());
	MUST(store_open(&o, &st, &t_err));
	if (threaded)
		MUST(store_run(st, &t_err));
	return st;
}

static enum rc add_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *ref = arg;
	struct job_new n = { .queue = QUEUE_MESSAGES, .prio = PRIO_NORMAL, .ref = *ref };

	TRY(queue_add(tx, &n, NULL, e));
	if (*ref % 5 == 4)
		return FAIL(e, RC_INVALID, "each fifth fails after its write");
	return RC_OK;
}

struct writer {
	struct thr thr;
	struct store *st;
	int64_t first;
	int ok, failed, odd;
};

static void write_many(void *arg)
{
	struct writer *w = arg;

	for (int64_t i = 0; i < EACH_WRITES; i++) {
		int64_t ref = w->first + i;
		struct err e = { 0 };
		enum rc rc = store_write(w->st, ref % 2 == 0 ? STORE_URGENT : STORE_NORMAL,
					 add_unit, &ref, &e);

		w->ok += rc == RC_OK;
		w->failed += rc == RC_INVALID && e.rc == RC_INVALID;
		w->odd += rc != RC_OK && rc != RC_INVALID;
	}
}

TEST(many_threads_share_commits_and_a_failing_unit_harms_nobody)
{
	struct store *st = open_store(true);
	struct writer w[THREADS] = { 0 };
	struct store_stats stats;
	struct queue_counts c;
	int ok = 0, failed = 0, odd = 0;

	for (int i = 0; i < THREADS; i++) {
		w[i].st = st;
		w[i].first = (int64_t)i * EACH_WRITES;
		MUST(thr_start(&w[i].thr, "writer", write_many, &w[i], &t_err));
	}
	for (int i = 0; i < THREADS; i++) {
		thr_join(&w[i].thr);
		ok += w[i].ok;
		failed += w[i].failed;
		odd += w[i].odd;
	}
	CHECK_I64("good units", ok, THREADS * EACH_WRITES * 4 / 5);
	CHECK_I64("failed units", failed, THREADS * EACH_WRITES / 5);
	CHECK_I64("others", odd, 0);
	store_get_stats(st, &stats);
	CHECK(stats.commits < ok);
	CHECK(stats.batch_max > 1);
	queue_get_counts(store_queues(st), QUEUE_MESSAGES, NOW, &c);
	CHECK_I64("in memory", c.waiting, ok);
	store_close(st);

	st = open_store(false);
	queue_get_counts(store_queues(st), QUEUE_MESSAGES, NOW, &c);
	CHECK_I64("on disk", c.waiting, ok);
	CHECK_I64("accepted", c.accepted, ok);
	store_close(st);
}

static int after_calls;

static void count_after(struct store *st, const void *arg)
{
	(void)st;
	after_calls += *(const int *)arg;
}

static enum rc after_unit(struct tx *tx, void *arg, struct err *e)
{
	int one = 1;

	tx_after(tx, count_after, &one, sizeof(one));
	return *(bool *)arg ? RC_OK : FAIL(e, RC_REFUSED, "no");
}

TEST(effects_happen_after_the_commit_or_never)
{
	struct store *st = open_store(true);
	bool good = true, bad = false;

	MUST(store_write(st, STORE_NORMAL, after_unit, &good, &t_err));
	CHECK_I64("before the caller goes on", after_calls, 1);
	CHECK_I64("refused", store_write(st, STORE_NORMAL, after_unit, &bad, NULL), RC_REFUSED);
	CHECK_I64("never", after_calls, 1);
	store_close(st);
}

static enum rc trial_unit(struct tx *tx, void *arg, struct err *e)
{
	int64_t good = 1, bad = 4, one = 1;
	struct err why = { 0 };

	(void)arg;
	TRY(store_try(tx, add_unit, &good, e));
	CHECK_I64("each fifth", store_try(tx, add_unit, &bad, &why), RC_INVALID);
	CHECK_I64("and its effects", store_try(tx, after_unit, &(bool){ false }, NULL), RC_REFUSED);
	tx_after(tx, count_after, &one, sizeof(one));
	return add_unit(tx, &good, e);
}

TEST(a_trial_inside_of_a_unit_leaves_no_trace_when_it_fails)
{
	struct store *st = open_store(true);
	struct queue_counts n;

	MUST(store_write(st, STORE_NORMAL, trial_unit, NULL, &t_err));
	queue_get_counts(store_queues(st), QUEUE_MESSAGES, NOW, &n);
	CHECK_I64("jobs", n.waiting, 2);
	CHECK_I64("counted", n.accepted, 2);
	CHECK_I64("effects", after_calls, 1);
	store_close(st);
	st = open_store(false);
	queue_get_counts(store_queues(st), QUEUE_MESSAGES, NOW, &n);
	CHECK_I64("on the disk", n.waiting, 2);
	store_close(st);
}

TEST(an_unclean_end_is_seen_and_a_clean_one_is_not)
{
	struct store *st = open_store(false);
	char boot[ID_TEXT_MAX];

	CHECK(!store_was_unclean(st));
	(void)snprintf(boot, sizeof(boot), "%s", store_boot_id(st));
	store_abandon(st); /* killed here */
	st = open_store(false);
	CHECK(store_was_unclean(st));
	CHECK(strcmp(boot, store_boot_id(st)) != 0);
	CHECK_I64("boots are counted", store_boot(st), 2);
	store_close(st);
	st = open_store(false);
	CHECK(!store_was_unclean(st));
	store_close(st);
}

TEST(ids_made_before_a_restart_are_read_after_it)
{
	struct store *st = open_store(false);
	char text[ID_TEXT_MAX];
	int64_t ms, row;

	id_text(NOW, 77, text);
	store_close(st);
	ids_set_salt(1);
	CHECK(!id_parse(str_of(text), &ms, &row));
	st = open_store(false);
	CHECK(id_parse(str_of(text), &ms, &row));
	CHECK_I64("row", row, 77);
	CHECK_I64("time", ms, NOW);
	store_close(st);
}
