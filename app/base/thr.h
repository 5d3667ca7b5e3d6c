/* thr.h - named threads. The body is a loop of at most twenty lines that calls `x_one(now)`;
 * everything else is a function that tests can call. The stop flag belongs to the owner of the
 * data, under the lock that the thread waits with. */
#ifndef BASE_THR_H
#define BASE_THR_H

#include <pthread.h>

#include "base/err.h"
#include "base/str.h"

#define THR_STACK_BYTES (512 * KIB)

struct thr {
	pthread_t id;
	bool started;
	char name[16];
	void (*run)(void *arg);
	void *arg;
};

/* `t` must live until thr_join. RC_IO: the kernel gives no thread. Names are cut to 15 letters. */
enum rc thr_start(struct thr *t, const char *name, void (*run)(void *arg), void *arg, struct err *e)
	MUST_CHECK;
void thr_join(struct thr *t); /* waits; nothing when it was not started */
const char *thr_name(void);   /* of the calling thread; "main" outside thr_start */

#endif
