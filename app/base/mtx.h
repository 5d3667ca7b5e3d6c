/* mtx.h - ranked mutex, condition and semaphore.
 *
 * Ranks (locks.def) make deadlocks a bug that shows on the first run: taking a lower or equal rank
 * than one already held by the thread aborts. Waiting is on the monotonic clock with a deadline. */
#ifndef BASE_MTX_H
#define BASE_MTX_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"

enum lock_class {
#define LOCK(name, rank) LOCK_##name,
#include "base/locks.def"
#undef LOCK
	LOCK_CLASSES
};

struct CAPABILITY mtx {
	pthread_mutex_t m;
	enum lock_class cls;
};

struct cnd {
	pthread_cond_t c;
};

void mtx_init(struct mtx *m, enum lock_class cls);
void mtx_destroy(struct mtx *m);
void mtx_lock(struct mtx *m) ACQUIRE(m);
void mtx_unlock(struct mtx *m) RELEASE(m);
void mtx_assert_held(const struct mtx *m) ASSERTS(m);

void cnd_init(struct cnd *c);
void cnd_destroy(struct cnd *c);
void cnd_signal(struct cnd *c);
void cnd_broadcast(struct cnd *c);
/* False when `until_mono_us` passed. INT64_MAX waits for ever. */
bool cnd_wait(struct cnd *c, struct mtx *m, int64_t until_mono_us) REQUIRES(m);

/* One-shot wake-up of one waiter (futex): posted once, waited for once. Zero value is ready. */
struct wake {
	_Atomic uint32_t word;
};
void wake_post(struct wake *w);
void wake_wait(struct wake *w);

#endif
