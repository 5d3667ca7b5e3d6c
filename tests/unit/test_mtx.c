/* test_mtx.c - ranks, conditions, wake-ups and threads. */
#include "base/mtx.h"

#include "t.h"

#include "base/clock.h"
#include "base/thr.h"

/* The analysis of Clang would refuse the wrong orders that are tested here. */
struct pair {
	enum lock_class first, second;
};

static void NO_THREAD_SAFETY rising(void *arg)
{
	const struct pair *p = arg;
	struct mtx a;
	struct mtx b;

	mtx_init(&a, p->first);
	mtx_init(&b, p->second);
	for (int i = 0; i < 3; i++) {
		mtx_lock(&a);
		mtx_lock(&b);
		mtx_assert_held(&a);
		mtx_assert_held(&b);
		if (i % 2 == 0) {
			mtx_unlock(&a); /* not the last one: allowed */
			mtx_unlock(&b);
		} else {
			mtx_unlock(&b);
			mtx_unlock(&a);
		}
	}
	mtx_destroy(&a);
	mtx_destroy(&b);
}

TEST(locks_are_taken_in_rising_rank)
{
	struct pair up[] = { { LOCK_SUPERVISE, LOCK_LOG }, { LOCK_STORE, LOCK_QUEUE } };
	struct pair down[] = { { LOCK_LOG, LOCK_SUPERVISE },
			       { LOCK_QUEUE, LOCK_STORE },
			       { LOCK_STORE, LOCK_STORE } };

	EACH (p, up)
		CHECK(!t_aborts(rising, p));
	EACH (p, down)
		CHECK(t_aborts(rising, p));
}

static void NO_THREAD_SAFETY unlock_unheld(void *arg)
{
	mtx_unlock(arg);
}

static void NO_THREAD_SAFETY lock_twice(void *arg)
{
	mtx_lock(arg);
	mtx_lock(arg);
}

static void NO_THREAD_SAFETY assert_unheld(void *arg)
{
	mtx_assert_held(arg);
}

TEST(wrong_use_of_a_lock_aborts)
{
	struct mtx m;

	mtx_init(&m, LOCK_STORE);
	CHECK(t_aborts(unlock_unheld, &m));
	CHECK(t_aborts(lock_twice, &m));
	CHECK(t_aborts(assert_unheld, &m));
	mtx_destroy(&m);
}

static void report(void *arg)
{
	struct pair down = { LOCK_LOG, LOCK_STORE };

	(void)arg;
	rising(&down);
}

TEST(wrong_order_names_both_locks)
{
	char text[1024];

	(void)t_stderr_of(report, NULL, text, sizeof(text));
	CHECK(strstr(text, "lock STORE (rank 50) taken under LOG (rank 90)") != NULL);
}

struct shared {
	struct mtx m;
	struct cnd c;
	int64_t sum; /* guarded by m; Clang takes GUARDED_BY in C structs only for globals */
	int turn;    /* guarded by m */
};

static void adds(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < 10000; i++) {
		mtx_lock(&s->m);
		s->sum++;
		mtx_unlock(&s->m);
	}
}

TEST(lock_keeps_threads_apart)
{
	struct shared s = { .sum = 0 };
	struct thr t[4] = { 0 };

	memset(t, 0, sizeof(t));
	mtx_init(&s.m, LOCK_STORE);
	for (size_t i = 0; i < COUNT(t); i++)
		MUST(thr_start(&t[i], "adds", adds, &s, &t_err));
	for (size_t i = 0; i < COUNT(t); i++)
		thr_join(&t[i]);
	mtx_lock(&s.m);
	CHECK_I64("sum", s.sum, 40000);
	mtx_unlock(&s.m);
	mtx_destroy(&s.m);
}

static void pong(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < 500; i++) {
		mtx_lock(&s->m);
		while (s->turn != 1)
			CHECK(cnd_wait(&s->c, &s->m, INT64_MAX));
		s->turn = 0;
		cnd_signal(&s->c);
		mtx_unlock(&s->m);
	}
}

TEST(condition_wakes_the_other_side)
{
	struct shared s = { .turn = 0 };
	struct thr t = { 0 };

	mtx_init(&s.m, LOCK_STORE);
	cnd_init(&s.c);
	MUST(thr_start(&t, "pong", pong, &s, &t_err));
	for (int i = 0; i < 500; i++) {
		mtx_lock(&s.m);
		s.turn = 1;
		cnd_broadcast(&s.c);
		while (s.turn != 0)
			CHECK(cnd_wait(&s.c, &s.m, clock_mono_us() + 15 * 1000000));
		mtx_unlock(&s.m);
	}
	thr_join(&t);
	cnd_destroy(&s.c);
	mtx_destroy(&s.m);
}

TEST(condition_ends_at_its_deadline)
{
	static const int64_t WAITS[] = { -5, 0, 20000 };
	struct shared s = { .turn = 0 };

	mtx_init(&s.m, LOCK_STORE);
	cnd_init(&s.c);
	EACH (w, WAITS) {
		int64_t until = clock_mono_us() + *w;

		mtx_lock(&s.m);
		while (cnd_wait(&s.c, &s.m, until)) /* spurious wake-ups are allowed */
			continue;
		mtx_assert_held(&s.m);
		mtx_unlock(&s.m);
		CHECK(clock_mono_us() >= until);
	}
	mtx_lock(&s.m);
	CHECK(!cnd_wait(&s.c, &s.m, INT64_MIN));
	mtx_unlock(&s.m);
	cnd_destroy(&s.c);
	mtx_destroy(&s.m);
}

struct errand {
	struct wake done;
	int value; /* written before wake_post, read after wake_wait */
};

static void post(void *arg)
{
	struct errand *e = arg;

	e->value = 42;
	wake_post(&e->done);
}

TEST(wake_hands_over_in_both_orders)
{
	for (int i = 0; i < 200; i++) {
		struct errand e = { .value = 0 };
		struct thr t = { 0 };

		MUST(thr_start(&t, "post", post, &e, &t_err));
		if (i % 2 == 0)
			thr_join(&t); /* posted before it is waited for */
		wake_wait(&e.done);
		CHECK_I64("value", e.value, 42);
		thr_join(&t);
	}
}

static void post_twice(void *arg)
{
	struct wake w = { 0 };

	(void)arg;
	wake_post(&w);
	wake_post(&w);
}

TEST(wake_is_posted_once)
{
	CHECK(t_aborts(post_twice, NULL));
}

static void tell_name(void *arg)
{
	CHECK_STR("cut to fifteen", thr_name(), arg);
}

TEST(threads_have_names_and_may_start_again)
{
	char name[] = "a-very-long-nam";
	struct thr t = { 0 };

	thr_join(&t); /* not started: nothing */
	CHECK_STR("main", thr_name(), "main");
	for (int i = 0; i < 2; i++) {
		MUST(thr_start(&t, "a-very-long-name-indeed", tell_name, name, &t_err));
		thr_join(&t);
		CHECK(!t.started);
	}
}
