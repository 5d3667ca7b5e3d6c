/* base.c - the end of the program on broken promises, and its memory. Thread-safe. */
#include "base/base.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdatomic.h>
#include <unistd.h>

#include "base/log.h"
#include "base/thr.h"

#define BASE_PLACES_MAX 256u

static atomic_uint_fast64_t base_nevers;
static atomic_uintptr_t base_places[BASE_PLACES_MAX];

void base_bug(const char *file, int line, const char *func, const char *text)
{
	char out[512];
	int n = snprintf(out, sizeof(out), "totem: bug at %s:%d in %s, thread %s: %s\n", file, line,
			 func, thr_name(), text);

	if (n > 0 && write(STDERR_FILENO, out, size_min((size_t)n, sizeof(out) - 1)) < 0)
		abort();
	abort();
}

/* True for the first caller with this place. A full table stays silent. */
static bool base_place_is_new(const char *file, int line)
{
	uintptr_t place = (uintptr_t)file * 31 + (uintptr_t)line;

	if (place == 0)
		place = 1;
	for (size_t i = 0; i < BASE_PLACES_MAX; i++) {
		uintptr_t seen = 0;

		if (atomic_compare_exchange_strong(&base_places[i], &seen, place))
			return true;
		if (seen == place)
			return false;
	}
	return false;
}

bool base_never(const char *file, int line, const char *text)
{
#ifdef TOTEM_TEST
	base_bug(file, line, "NEVER", text);
#endif
	atomic_fetch_add(&base_nevers, 1);
	if (base_place_is_new(file, line))
		log_event(LOG_ERROR, "base.surprised", "file", file, "line", LOG_I64(line),
			  "condition", text, NULL);
	return true;
}

uint64_t base_never_count(void)
{
	return atomic_load(&base_nevers);
}

#define MEM_LARGE (1 << 20) /* bytes; such blocks are mapped alone */

void mem_start(void)
{
#ifdef __GLIBC__
	/* 0: refused, as under a sanitizer; nothing depends on it */
	(void)mallopt(M_MMAP_THRESHOLD, MEM_LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, MEM_LARGE);
#endif
}

void mem_trim(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

void *mem_alloc(size_t bytes)
{
	void *p = malloc(bytes > 0 ? bytes : 1);

	ASSERT(p != NULL);
	return p;
}

void *mem_new(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	ASSERT(p != NULL); /* calloc checks the product */
	return p;
}

void *mem_grow(void *old, size_t bytes)
{
	void *p = realloc(old, bytes > 0 ? bytes : 1);

	ASSERT(p != NULL);
	return p;
}

char *mem_dup(const char *text, size_t bytes)
{
	size_t all;

	ASSERT(text != NULL || bytes == 0);
	ASSERT(!add_overflows(bytes, 1, &all));

	char *p = mem_alloc(all);

	if (bytes > 0)
		memcpy(p, text, bytes);
	p[bytes] = '\0';
	return p;
}

void mem_free(void *p)
{
	free(p);
}

void mem_freep(void *pp)
{
	void *p;

	memcpy(&p, pp, sizeof(p)); /* pp is the address of a pointer of any type */
	free(p);
	p = NULL;
	memcpy(pp, &p, sizeof(p));
}
