/* test_backoff.c - when to try again. */
#include "flow/outside/backoff.h"

#include "t.h"

#define MIDDLE 512u /* of 1024: exactly on the curve */

TEST(the_curve_doubles_and_is_capped)
{
	static const struct {
		const char *why;
		int attempts;
		int64_t first, cap, peer, wanted;
	} ROWS[] = {
		{ "first pause", 1, 1000, 60000, -1, 1000 },
		{ "doubles", 2, 1000, 60000, -1, 2000 },
		{ "again", 5, 1000, 60000, -1, 16000 },
		{ "capped", 7, 1000, 60000, -1, 60000 },
		{ "after a thousand failures", 1000, 1000, 60000, -1, 60000 },
		{ "a cap that is no power", 3, 1000, 3000, -1, 3000 },
		{ "the peer wants longer", 1, 1000, 60000, 30000, 30000 },
		{ "longer than the cap too", 1, 1000, 60000, 3600000, 3600000 },
		{ "the peer wants less", 3, 1000, 60000, 500, 4000 },
		{ "the peer says now", 1, 1000, 60000, 0, 1000 },
	};

	EACH (r, ROWS)
		CHECK_I64(r->why, backoff_ms(r->attempts, r->first, r->cap, MIDDLE, r->peer),
			  r->wanted);
}

TEST(jitter_stays_within_a_quarter_and_spreads)
{
	int64_t low = INT64_MAX, high = 0;

	for (uint32_t random = 0; random < 4096; random++) {
		int64_t ms = backoff_ms(4, 1000, 60000, random, -1);

		low = i64_min(low, ms);
		high = i64_max(high, ms);
	}
	CHECK_I64("three quarters of 8 s", low, 6000);
	CHECK(high <= 10000 && high > 9900);
}

static void no_attempts(void *arg)
{
	(void)arg;
	(void)backoff_ms(0, 1000, 60000, MIDDLE, -1);
}

TEST(a_wait_before_any_failure_is_a_bug)
{
	CHECK(t_aborts(no_attempts, NULL));
}
