/* arena.h - memory of one request or one job: many small pieces, freed together.
 *
 * Zero value plus a ceiling is ready: `struct arena a = ARENA(64 * KIB);`, then
 * AUTO(arena_release). arena_reset keeps the first block. Not thread-safe: one owner. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;

struct arena {
	struct arena_block *last;
	size_t used;
	size_t max;
};

#define ARENA(limit)                                    \
	{                                               \
		.last = NULL, .used = 0, .max = (limit) \
	}

void arena_release(struct arena *a);
void arena_reset(struct arena *a);
/* Zeroed, aligned for any type. NULL when the ceiling is reached. */
void *arena_alloc(struct arena *a, size_t bytes) MUST_CHECK;
/* Copy with a NUL behind it; p NULL only when the ceiling is reached (STR_NONE gives an empty
 * text). */
struct str arena_str(struct arena *a, struct str s) MUST_CHECK;
char *arena_dup(struct arena *a, struct str s) MUST_CHECK; /* C text */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;

#endif
