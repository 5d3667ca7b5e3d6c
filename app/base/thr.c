/* thr.c - named threads. The name shows in the log, in bug reports and in the kernel's lists. */
#include "base/thr.h"

#include <sys/prctl.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define THR_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define THR_SANITIZED 1
#endif
#endif

#ifdef THR_SANITIZED
#define THR_STACK_FACTOR 8u /* sanitizers put red zones around everything */
#else
#define THR_STACK_FACTOR 1u
#endif

static _Thread_local char thr_own_name[16] = "main";

static void *thr_body(void *arg)
{
	struct thr *t = arg;

	memcpy(thr_own_name, t->name, sizeof(thr_own_name));
	(void)prctl(PR_SET_NAME, thr_own_name, 0, 0, 0); /* a wrong name in top is no harm */
	t->run(t->arg);
	return NULL;
}

enum rc thr_start(struct thr *t, const char *name, void (*run)(void *arg), void *arg, struct err *e)
{
	pthread_attr_t attr;
	struct str short_name = str_sub(str_of(name), 0, sizeof(t->name) - 1);
	int rc;

	ASSERT(t != NULL && !t->started);
	ASSERT(name != NULL && run != NULL);
	ASSERT(str_copy(short_name, t->name, sizeof(t->name)));
	/* The rest of the kernel's 16 bytes too: the thread copies all of them. */
	memset(t->name + short_name.n, 0, sizeof(t->name) - short_name.n);
	t->run = run;
	t->arg = arg;
	ASSERT(pthread_attr_init(&attr) == 0);
	ASSERT(pthread_attr_setstacksize(&attr, THR_STACK_BYTES * THR_STACK_FACTOR) == 0);
	rc = pthread_create(&t->id, &attr, thr_body, t);
	ASSERT(pthread_attr_destroy(&attr) == 0);
	if (rc != 0)
		return FAIL(e, RC_IO, "cannot start the thread %s: error %d", t->name, rc);
	t->started = true;
	return RC_OK;
}

void thr_join(struct thr *t)
{
	if (!t->started)
		return;
	ASSERT(pthread_join(t->id, NULL) == 0);
	t->started = false;
}

const char *thr_name(void)
{
	return thr_own_name;
}
