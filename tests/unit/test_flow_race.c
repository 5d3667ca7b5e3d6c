/* test_flow_race.c - everybody at the queues at once, for two seconds: adders, workers with all outcomes, somebody who
 * clears and cancels, somebody who pauses and drains, gates and ticks. At the end the law holds, nothing is left and no
 * job ran for two at the same time. Meant for the thread sanitizer. */
#include "base/clock.h"
#include "base/thr.h"
#include "store/queue/deadletter.h"
#include "store/queue/queue_priv.h"
#include "t.h"

#define ADDERS   3
#define TAKERS   6
#define RUN_US   2000000
#define SPILL    200 /* jobs in memory: most wait on disk */
#define REFS_MAX 4000000

static const enum queue_id QUEUES[] = { QUEUE_SUPPORT_INBOUND, QUEUE_CRM_INBOUND };

struct race {
	struct store *st;
	bool stop, drain;
	uint8_t *running; /* by ref: atomic */
	int64_t refs;     /* given out; atomic */
	int64_t doubles;  /* atomic */
};

struct member {
	struct thr thr;
	struct race *race;
	uint32_t random;
};

static bool going(const struct race *r)
{
	return !__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE);
}

static uint32_t next(struct member *m)
{
	m->random = m->random * 1664525 + 1013904223;
	return m->random >> 8;
}

/* Every verdict but those of the disk may come. */
static void may_fail(enum rc rc)
{
	CHECK(rc != RC_IO && rc != RC_LIMIT);
}

static enum queue_id some_queue(struct member *m)
{
	return QUEUES[next(m) % COUNT(QUEUES)];
}

/* ---- adding ---- */

struct adding {
	struct member *m;
	enum queue_id queue;
	int n;
	bool fails;
};

static enum rc add_unit(struct tx *tx, void *arg, struct err *e)
{
	struct adding *a = arg;

	for (int i = 0; i < a->n; i++) {
		struct job_new n = { .queue = a->queue,
				     .prio = (enum job_prio)(next(a->m) % PRIO_COUNT),
				     .okey = next(a->m) % 20,
				     .lane = next(a->m) % 3 };

		n.ref = __atomic_fetch_add(&a->m->race->refs, 1, __ATOMIC_RELAXED) % REFS_MAX;
		n.due_ms = next(a->m) % 10 == 0 ? tx->now_ms + 20 : 0;
		TRY(queue_add(tx, &n, NULL, e));
	}
	return a->fails ? FAIL(e, RC_INVALID, "the unit ends badly") : RC_OK;
}

static void adder_run(void *arg)
{
	struct member *m = arg;

	while (going(m->race)) {
		struct adding a = { m, some_queue(m), 1 + (int)(next(m) % 4), next(m) % 9 == 0 };
		struct err e = { 0 };
		enum rc rc = store_write(m->race->st, STORE_URGENT, add_unit, &a, &e);

		CHECK(rc == (a.fails ? RC_INVALID : RC_OK));
	}
}

/* ---- working ---- */

struct settling {
	const struct job *jobs;
	int n;
	uint32_t how;
};

static enum rc settle_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct settling *s = arg;

	for (int i = 0; i < s->n; i++) {
		switch (s->how % 8) {
		case 0:
			TRY(queue_retry(tx, &s->jobs[i], tx->now_ms + 5, "race", "again", e));
			break;
		case 1:
			TRY(queue_snooze(tx, &s->jobs[i], tx->now_ms + 5, "later", e));
			break;
		case 2:
			TRY(queue_dead(tx, &s->jobs[i], "ours", "race", "dead", e));
			break;
		default:
			TRY(queue_done(tx, &s->jobs[i], e));
			break;
		}
	}
	return s->how % 16 == 15 ? FAIL(e, RC_INVALID, "after the settling") : RC_OK;
}

static void enter(struct race *r, const struct job *jobs, int n)
{
	for (int i = 0; i < n; i++)
		if (__atomic_exchange_n(&r->running[jobs[i].ref], 1, __ATOMIC_ACQ_REL) != 0)
			__atomic_add_fetch(&r->doubles, 1, __ATOMIC_RELAXED);
}

static void leave(struct race *r, const struct job *jobs, int n)
{
	for (int i = 0; i < n; i++)
		__atomic_store_n(&r->running[jobs[i].ref], 0, __ATOMIC_RELEASE);
}

static int work(struct member *m, enum queue_id q)
{
	struct queues *qs = store_queues(m->race->st);
	struct job jobs[32];
	struct settling s = { .jobs = jobs, .how = next(m) };
	struct err e = { 0 };

	s.n = queue_take(qs, q, clock_now_ms(), jobs, COUNT(jobs));
	if (s.n == 0)
		return 0;
	if (__atomic_load_n(&m->race->drain, __ATOMIC_ACQUIRE))
		s.how = 7; /* done */
	enter(m->race, jobs, s.n);
	leave(m->race, jobs, s.n); /* before it is settled: the next run may begin at once */
	if (s.how % 11 != 3)
		may_fail(store_write(m->race->st, STORE_NORMAL, settle_unit, &s, &e));
	for (int i = s.n; i > 0; i--)
		if (s.how % 2 == 0)
			queue_hold(qs, &jobs[i - 1], clock_now_ms() + 3);
		else
			(void)queue_hold_tried(qs, &jobs[i - 1], clock_now_ms());
	return s.n;
}

static void taker_run(void *arg)
{
	struct member *m = arg;
	struct queues *qs = store_queues(m->race->st);

	while (going(m->race)) {
		enum queue_id q = some_queue(m);

		if (work(m, q) == 0)
			(void)queue_wait(qs, q, clock_now_ms(), clock_mono_us() + 2000);
	}
}

/* ---- people ---- */

static void wait_ms(struct race *r, int64_t ms)
{
	(void)queue_wait(store_queues(r->st), QUEUE_MESSAGES, clock_now_ms(),
			 clock_mono_us() + ms * 1000);
}

static enum rc revive_unit(struct tx *tx, void *arg, struct err *e)
{
	int64_t job;

	return deadletter_retry(tx, *(const int64_t *)arg, STR_NONE, &job, e);
}

static void people_run(void *arg)
{
	struct member *m = arg;
	struct race *r = m->race;
	int64_t letter = 1;

	while (going(r)) {
		enum queue_id q = some_queue(m);
		int64_t id = queue_first_id(q) + (int64_t)next(m) % 2000;
		struct err e = { 0 };
		int64_t n;

		switch (next(m) % 12) {
		case 0:
			CHECK(queue_clear(r->st, q, &n, &e) == RC_OK);
			break;
		case 1:
			CHECK(queue_pause(r->st, q, clock_now_ms() + 10, &e) == RC_OK);
			break;
		case 2:
			CHECK(queue_drain(r->st, q, &e) == RC_OK);
			break;
		case 3:
		case 4:
			CHECK(queue_resume(r->st, q, &e) == RC_OK);
			break;
		case 5:
		case 6:
			may_fail(queue_cancel(r->st, id, &e));
			break;
		case 7:
			may_fail(queue_run_now(r->st, id, &e));
			break;
		case 8:
			may_fail(store_write(r->st, STORE_NORMAL, revive_unit, &letter, &e));
			letter++;
			break;
		case 9:
			queue_gate(store_queues(r->st), 1 + next(m) % 2, clock_now_ms() + 20);
			break;
		default:
			queue_gate(store_queues(r->st), 1 + next(m) % 2, 0);
			break;
		}
		wait_ms(r, 5);
	}
}

static void janitor_run(void *arg)
{
	struct member *m = arg;
	struct race *r = m->race;

	while (going(r)) {
		struct queue_counts c;
		struct store_stats stats;

		queue_tick(store_queues(r->st), clock_now_ms());
		queue_get_counts(store_queues(r->st), some_queue(m), clock_now_ms(), &c);
		CHECK(c.running >= 0 && c.done >= 0);
		store_get_stats(r->st, &stats);
		(void)queue_next_due(store_queues(r->st), clock_now_ms());
		wait_ms(r, 3);
	}
}

/* ---- the end ---- */

static void prove(struct race *r)
{
	struct db *db = store_reader(r->st);
	struct queue_counts c;

	EACH (q, QUEUES)
		MUST(queue_prove(db, *q, &c, &t_err));
	store_reader_done(r->st, db);
}

static void work_off(struct race *r)
{
	struct member m = { .race = r, .random = 5 };
	struct queues *qs = store_queues(r->st);

	__atomic_store_n(&r->drain, true, __ATOMIC_RELEASE);
	queue_gate(qs, 1, 0);
	queue_gate(qs, 2, 0);
	EACH (q, QUEUES) {
		struct queue_counts c = { .waiting = 1 };
		int64_t count;

		MUST(queue_resume(r->st, *q, &t_err));
		for (int i = 0; i < 300; i++)
			if (work(&m, *q) == 0)
				wait_ms(r, 1);
		MUST(queue_clear(r->st, *q, &count, &t_err)); /* what is many goes fast */
		for (int i = 0; i < 100 && work(&m, *q) > 0; i++)
			;
		queue_get_counts(qs, *q, clock_now_ms(), &c);
		CHECK_I64("nothing runs", c.running, 0);
		CHECK_I64("nothing left", c.waiting + c.delayed, 0);
		CHECK_I64("law in memory", c.accepted, c.done + c.discarded + c.dead);
	}
}

TEST(everybody_at_once_keeps_the_law)
{
	static void (*const ROLES[])(void *arg) = { people_run, janitor_run };
	struct race r = { .running = mem_new(REFS_MAX, 1) };
	struct member m[ADDERS + TAKERS + COUNT(ROLES)];
	struct store_options o = { .migrate = true, .now_ms = clock_now_ms() };
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/t.db", t_dir());
	o.path = path;
	MUST(store_open(&o, &r.st, &t_err));
	EACH (q, QUEUES) {
		struct queue_config c = queue_get_config(store_queues(r.st), *q);

		c.attempts = 3;
		queue_configure(store_queues(r.st), *q, &c);
	}
	store_queues(r.st)->memory_max = SPILL;
	MUST(store_run(r.st, &t_err));
	for (size_t i = 0; i < COUNT(m); i++) {
		m[i] = (struct member){ .race = &r, .random = (uint32_t)i * 77 + 1 };
		MUST(thr_start(&m[i].thr, "race",
			       i < ADDERS            ? adder_run
			       : i < ADDERS + TAKERS ? taker_run
						     : ROLES[i - ADDERS - TAKERS],
			       &m[i], &t_err));
	}
	for (int64_t until = clock_mono_us() + RUN_US; clock_mono_us() < until;)
		wait_ms(&r, 50);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELEASE);
	for (size_t i = 0; i < COUNT(m); i++)
		thr_join(&m[i].thr);
	CHECK_I64("two at one job", r.doubles, 0);
	prove(&r);
	work_off(&r);
	prove(&r);
	store_close(r.st);
	mem_free(r.running);
}
