/* test_arena.c - memory of one request: alignment, zeros, ceiling. */
#include "base/arena.h"

#include "t.h"

TEST(arena_gives_aligned_zeroed_pieces)
{
	AUTO(arena_release) struct arena a = ARENA(256 * KIB);

	for (size_t n = 0; n < 500; n++) {
		unsigned char *p = arena_alloc(&a, n);

		CHECK(p != NULL && (uintptr_t)p % _Alignof(max_align_t) == 0);
		for (size_t i = 0; p != NULL && i < n; i++)
			if (p[i] != 0)
				T_FAIL("memory is zero");
		if (p != NULL)
			memset(p, 0xFF, n);
	}
}

TEST(arena_memory_is_zero_again_after_a_reset)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);

	for (int round = 0; round < 3; round++) {
		unsigned char *small = arena_alloc(&a, 100);
		unsigned char *large = arena_alloc(&a, 50 * KIB);

		CHECK(small != NULL && large != NULL);
		if (small == NULL || large == NULL)
			return;
		CHECK(small[0] == 0 && small[99] == 0 && large[0] == 0 && large[50 * KIB - 1] == 0);
		memset(small, 0xFF, 100);
		memset(large, 0xFF, 50 * KIB);
		arena_reset(&a);
		CHECK(a.used == 0);
	}
}

TEST(arena_refuses_more_than_its_ceiling)
{
	AUTO(arena_release) struct arena a = ARENA(64);

	CHECK(arena_alloc(&a, 65) == NULL);
	CHECK(arena_alloc(&a, SIZE_MAX) == NULL);
	CHECK(arena_alloc(&a, SIZE_MAX - 20) == NULL);
	CHECK(arena_alloc(&a, 48) != NULL);
	CHECK(arena_str(&a, STR("0123456789abcdef")).p == NULL);
	CHECK(arena_alloc(&a, 16) != NULL);
	CHECK(arena_alloc(&a, 1) == NULL);
	CHECK(arena_printf(&a, "%d", 1) == NULL);
}

TEST(arena_copies_texts)
{
	AUTO(arena_release) struct arena a = ARENA(4 * KIB);
	struct str s = arena_str(&a, STR("a\0b"));

	CHECK_SPAN("with NUL", s, STR("a\0b"));
	CHECK(s.p != NULL && s.p[3] == '\0');
	CHECK_SPAN("none gives empty", arena_str(&a, STR_NONE), STR(""));
	CHECK_STR("dup", arena_dup(&a, STR("xyz")), "xyz");
	CHECK_STR("printf", arena_printf(&a, "%s-%d", "a", 5), "a-5");
}

TEST(arena_zero_value_may_be_released)
{
	struct arena a = ARENA(0);

	CHECK(arena_alloc(&a, 0) == NULL);
	arena_reset(&a);
	arena_release(&a);
	arena_release(&a);
}
