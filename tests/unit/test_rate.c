/* test_rate.c - each client has a bucket; a full table forgets whoever it costs nothing. */
#include "api/rate.h"

#include "t.h"

static struct rate r;

TEST(rate_lets_a_burst_through_and_then_the_rate)
{
	int64_t now_ms = 1000000, passed = 0;

	rate_init(&r);
	for (int i = 0; i < 200; i++)
		passed += rate_take(&r, 7, 10, now_ms) == 0;
	CHECK_I64("burst", passed, 10 * RATE_BURST_S);
	CHECK_I64("wait", rate_take(&r, 7, 10, now_ms), 100);
	CHECK_I64("another client", rate_take(&r, -7, 10, now_ms), 0);
	CHECK_I64("not yet", rate_take(&r, 7, 10, now_ms + 99) > 0, 1);
	CHECK_I64("one more", rate_take(&r, 7, 10, now_ms + 100), 0);
	CHECK_I64("and no more", rate_take(&r, 7, 10, now_ms + 100), 100);
	CHECK_I64("no limit", rate_take(&r, 7, 0, now_ms), 0);
	CHECK_I64("rested", rate_take(&r, 7, 10, now_ms + 10000), 0);
	CHECK_I64("the clock was set back", rate_take(&r, 7, 10, now_ms - DAY_MS), 0);
	rate_destroy(&r);
}

TEST(rate_keeps_who_is_over_it_when_many_come)
{
	rate_init(&r);
	for (int i = 0; i < 100; i++)
		(void)rate_take(&r, 7, 10, 1000000);
	for (int64_t i = 100; i < 20000; i++)
		CHECK_I64("newcomer", rate_take(&r, i, 10, 1000000), 0);
	CHECK(rate_take(&r, 7, 10, 1000000) > 0);
	rate_destroy(&r);
}
