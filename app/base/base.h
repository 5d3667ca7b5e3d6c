/* base.h - the compiler contract: every project header starts from here.
 *
 * Brings the system headers that everybody needs, the attributes and the few macros that the
 * language of this program has (ASSERT, NEVER, BUG, AUTO, TAKE, COUNT, checked arithmetic), and
 * bans functions that cannot be used safely (poison.h, included at the end of this file).
 *
 * Poisoned words break headers that declare them, so the system headers that do are included here;
 * every other system or vendor header may follow. A vendor header that trips over a poisoned word
 * is included before base.h in its single io file.
 *
 * GNU extensions in use, all named here: attributes (cleanup, format, warn_unused_result,
 * noreturn), typeof, statement expressions (only in TRY). */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MUST_CHECK       __attribute__((warn_unused_result))
#define PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define NORETURN         __attribute__((noreturn))
#define UNUSED           __attribute__((unused))
#define AUTO(release)    __attribute__((cleanup(release)))
#define COUNT(array)     (sizeof(array) / sizeof((array)[0]))

#define KIB       ((size_t)1024)
#define MIB       (KIB * 1024)
#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Clang's thread-safety analysis; empty for GCC. */
#if defined(__clang__)
#define TSA(x) __attribute__((x))
#else
#define TSA(x)
#endif
#define CAPABILITY       TSA(capability("mutex"))
#define GUARDED_BY(m)    TSA(guarded_by(m))
#define REQUIRES(m)      TSA(requires_capability(m))
#define ACQUIRE(m)       TSA(acquire_capability(m))
#define RELEASE(m)       TSA(release_capability(m))
#define ASSERTS(m)       TSA(assert_capability(m))
#define NO_THREAD_SAFETY TSA(no_thread_safety_analysis)

/* A broken promise inside the program: print where, abort. Always compiled, so the expression may
 * contain the call that it checks. Never for what a user, peer, file or clock can cause. */
#define ASSERT(cond) ((cond) ? (void)0 : base_bug(__FILE__, __LINE__, __func__, #cond))
#define BUG(text)    base_bug(__FILE__, __LINE__, __func__, text)

/* Should not happen, but the program can go on: counted, reported once, aborts in test builds. */
#define NEVER(cond) (__builtin_expect((cond), 0) ? base_never(__FILE__, __LINE__, #cond) : false)

/* Reads a pointer and clears its source: ownership moves. */
#define TAKE(p)                            \
	__extension__({                    \
		__typeof__(p) take_ = (p); \
		(p) = NULL;                \
		take_;                     \
	})

NORETURN void base_bug(const char *file, int line, const char *func, const char *text);
bool base_never(const char *file, int line, const char *text);
uint64_t base_never_count(void);

/* Memory. Allocation failure is a crash (all state is on disk); sizes that come from outside are
 * limited before. `mem_new` zeroes. Only base/ and io/ may call them. */
/* Once in main, before any thread: large blocks (bodies of 20 MB) go back to the system when they are freed. By
 * itself glibc keeps them after the first one, in each thread's arena. */
void mem_start(void);
void mem_trim(void); /* after much was freed in small pieces; some milliseconds */
void *mem_alloc(size_t bytes) MUST_CHECK;
void *mem_new(size_t count, size_t size) MUST_CHECK;
void *mem_grow(void *old, size_t bytes) MUST_CHECK;
char *mem_dup(const char *text, size_t bytes) MUST_CHECK; /* adds a NUL */
void mem_free(void *p);
void mem_freep(void *pp); /* for AUTO(mem_freep) on any heap pointer */

static inline bool add_overflows(size_t a, size_t b, size_t *ret)
{
	return __builtin_add_overflow(a, b, ret);
}

static inline int64_t i64_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}
static inline int64_t i64_max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}
static inline size_t size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

#include "base/poison.h"

#endif
