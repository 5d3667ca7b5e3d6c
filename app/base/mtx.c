/* mtx.c - ranked mutexes, conditions on the monotonic clock, and futex wake-ups.
 *
 * Each thread keeps the list of what it holds, lowest rank first; so the check costs one comparison
 * and no lock of its own. It is always on. */
#include "base/mtx.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MTX_HELD_MAX 16u

static const int MTX_RANK[] = {
#define LOCK(name, rank) [LOCK_##name] = (rank),
#include "base/locks.def"
#undef LOCK
};

static const char *const MTX_NAME[] = {
#define LOCK(name, rank) [LOCK_##name] = #name,
#include "base/locks.def"
#undef LOCK
};

static _Thread_local struct {
	const struct mtx *m[MTX_HELD_MAX];
	size_t n;
} mtx_held;

void mtx_init(struct mtx *m, enum lock_class cls)
{
	ASSERT(cls < LOCK_CLASSES);
	ASSERT(pthread_mutex_init(&m->m, NULL) == 0);
	m->cls = cls;
}

void mtx_destroy(struct mtx *m)
{
	ASSERT(pthread_mutex_destroy(&m->m) == 0); /* EBUSY: somebody holds it */
}

static void mtx_check_rank(const struct mtx *m)
{
	const struct mtx *top;
	char text[128];

	ASSERT(mtx_held.n < MTX_HELD_MAX);
	if (mtx_held.n == 0)
		return;
	top = mtx_held.m[mtx_held.n - 1];
	if (MTX_RANK[m->cls] > MTX_RANK[top->cls])
		return;
	(void)snprintf(text, sizeof(text), "lock %s (rank %d) taken under %s (rank %d)",
		       MTX_NAME[m->cls], MTX_RANK[m->cls], MTX_NAME[top->cls], MTX_RANK[top->cls]);
	BUG(text);
}

void NO_THREAD_SAFETY mtx_lock(struct mtx *m)
{
	ASSERT(m->cls < LOCK_CLASSES);
	mtx_check_rank(m);
	ASSERT(pthread_mutex_lock(&m->m) == 0);
	mtx_held.m[mtx_held.n++] = m;
}

void NO_THREAD_SAFETY mtx_unlock(struct mtx *m)
{
	size_t i = mtx_held.n;

	while (i > 0 && mtx_held.m[i - 1] != m)
		i--;
	ASSERT(i > 0); /* the thread holds it */
	mtx_held.n--;
	for (i--; i < mtx_held.n; i++)
		mtx_held.m[i] = mtx_held.m[i + 1];
	ASSERT(pthread_mutex_unlock(&m->m) == 0);
}

void NO_THREAD_SAFETY mtx_assert_held(const struct mtx *m)
{
	size_t i = mtx_held.n;

	while (i > 0 && mtx_held.m[i - 1] != m)
		i--;
	ASSERT(i > 0);
}

void cnd_init(struct cnd *c)
{
	pthread_condattr_t attr;

	ASSERT(pthread_condattr_init(&attr) == 0);
	ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	ASSERT(pthread_cond_init(&c->c, &attr) == 0);
	ASSERT(pthread_condattr_destroy(&attr) == 0);
}

void cnd_destroy(struct cnd *c)
{
	ASSERT(pthread_cond_destroy(&c->c) == 0);
}

void cnd_signal(struct cnd *c)
{
	ASSERT(pthread_cond_signal(&c->c) == 0);
}

void cnd_broadcast(struct cnd *c)
{
	ASSERT(pthread_cond_broadcast(&c->c) == 0);
}

bool NO_THREAD_SAFETY cnd_wait(struct cnd *c, struct mtx *m, int64_t until_mono_us)
{
	struct timespec until;
	int rc;

	/* The last one taken: whoever holds a higher one while waiting, waits with it. */
	ASSERT(mtx_held.n > 0 && mtx_held.m[mtx_held.n - 1] == m);
	if (until_mono_us == INT64_MAX) {
		ASSERT(pthread_cond_wait(&c->c, &m->m) == 0);
		return true;
	}
	until_mono_us = i64_max(until_mono_us, 0);
	until.tv_sec = (time_t)(until_mono_us / 1000000);
	until.tv_nsec = (long)(until_mono_us % 1000000 * 1000);
	rc = pthread_cond_timedwait(&c->c, &m->m, &until);
	ASSERT(rc == 0 || rc == ETIMEDOUT);
	return rc == 0;
}

/* Values of the futex word. */
enum { WAKE_NEW = 0, WAKE_POSTED = 1, WAKE_WAITING = 2 };

static long wake_futex(struct wake *w, int op, uint32_t value)
{
	return syscall(SYS_futex, &w->word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

void wake_post(struct wake *w)
{
	uint32_t was = atomic_exchange_explicit(&w->word, WAKE_POSTED, memory_order_acq_rel);

	ASSERT(was != WAKE_POSTED);
	/* From here on the waiter may have gone, and the word with it; waking a stranger's address
	 * is harmless, because every waiter checks its word again. */
	if (was == WAKE_WAITING)
		(void)wake_futex(w, FUTEX_WAKE, 1);
}

void wake_wait(struct wake *w)
{
	uint32_t seen = WAKE_NEW;

	if (!atomic_compare_exchange_strong_explicit(&w->word, &seen, WAKE_WAITING,
						     memory_order_acq_rel, memory_order_acquire)) {
		ASSERT(seen == WAKE_POSTED); /* one waiter */
		return;
	}
	while (atomic_load_explicit(&w->word, memory_order_acquire) != WAKE_POSTED)
		/* EAGAIN and EINTR are the same to us: look again. */
		(void)wake_futex(w, FUTEX_WAIT, WAKE_WAITING);
}
