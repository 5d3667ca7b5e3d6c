/* arena.c - blocks of memory with one end of life. One owner, no locks.
 *
 * `used` counts what was handed out, rounded up to the alignment; the ceiling is on that. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>

#define ARENA_ALIGN       (alignof(max_align_t))
#define ARENA_BLOCK_FIRST ((size_t)2048)
#define ARENA_BLOCK_MAX   (256 * KIB)

struct arena_block {
	struct arena_block *before;
	size_t cap;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

void arena_release(struct arena *a)
{
	struct arena_block *b = a->last;

	while (b != NULL) {
		struct arena_block *before = b->before;

		mem_free(b);
		b = before;
	}
	a->last = NULL;
	a->used = 0;
}

void arena_reset(struct arena *a)
{
	while (a->last != NULL && a->last->before != NULL) {
		struct arena_block *b = a->last;

		a->last = b->before;
		mem_free(b);
	}
	if (a->last != NULL) {
#ifdef TOTEM_TEST
		memset(a->last->bytes, 0xDD,
		       a->last->used); /* whoever still reads it, shall see it */
#endif
		a->last->used = 0;
	}
	a->used = 0;
}

static struct arena_block *arena_more(struct arena *a, size_t bytes)
{
	size_t cap = ARENA_BLOCK_FIRST;
	size_t all;

	if (a->last != NULL)
		cap = size_min(a->last->cap * 2, ARENA_BLOCK_MAX);
	if (cap < bytes)
		cap = bytes;
	ASSERT(!add_overflows(cap, sizeof(struct arena_block), &all));

	struct arena_block *b = mem_alloc(all);

	b->before = a->last;
	b->cap = cap;
	b->used = 0;
	a->last = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	struct arena_block *b = a->last;
	size_t need;
	size_t sum;
	void *p;

	if (add_overflows(bytes > 0 ? bytes : 1, ARENA_ALIGN - 1, &need))
		return NULL;
	need -= need % ARENA_ALIGN;
	if (add_overflows(a->used, need, &sum) || sum > a->max)
		return NULL;
	if (b == NULL || b->cap - b->used < need)
		b = arena_more(a, need);
	p = b->bytes + b->used;
	b->used += need;
	a->used = sum;
	memset(p, 0, bytes);
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = arena_dup(a, s);

	return p != NULL ? (struct str){ p, s.n } : STR_NONE;
}

char *arena_dup(struct arena *a, struct str s)
{
	size_t bytes;
	char *p;

	if (add_overflows(s.n, 1, &bytes))
		return NULL;
	p = arena_alloc(a, bytes);
	if (p != NULL && s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	int n;
	char *p;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		return NULL;
	p = arena_alloc(a, (size_t)n + 1);
	if (p == NULL)
		return NULL;
	va_start(args, fmt);
	n = vsnprintf(p, (size_t)n + 1, fmt, args);
	va_end(args);
	ASSERT(n >= 0);
	return p;
}
