/* test_pace.c - the token bucket. */
#include "flow/outside/pace.h"

#include "t.h"

#define SIX_S 6000000 /* microseconds */

/* Takes until there is none; returns how many. */
static int drain(struct pace *p, int64_t now_ms, int64_t every_us, int64_t burst,
		 int64_t *ret_at_ms)
{
	int n = 0;

	while (n < 10000 && pace_take(p, now_ms, every_us, burst, ret_at_ms))
		n++;
	return n;
}

TEST(a_burst_passes_then_one_each_time)
{
	struct pace p = { 0 };
	int64_t at = 0;

	CHECK_I64("burst", drain(&p, 1000, SIX_S, 10, &at), 10);
	CHECK_I64("next one", at, 7000);
	CHECK(!pace_take(&p, 6999, SIX_S, 10, &at));
	CHECK_I64("still the same time", at, 7000);
	CHECK(pace_take(&p, 7000, SIX_S, 10, &at));
	CHECK(!pace_take(&p, 7000, SIX_S, 10, &at));
	CHECK_I64("after a while", drain(&p, 7000 + 18000, SIX_S, 10, &at), 3);
	CHECK_I64("never more than the burst", drain(&p, 900 * MINUTE_MS, SIX_S, 10, &at), 10);
}

TEST(seventy_a_second_are_seventy_a_second)
{
	struct pace p = { 0 };
	int64_t at = 0, now = 0;
	int n = drain(&p, now, 1000000 / 70, 7, &at);

	n = 0;
	while (now < 10000) {
		if (pace_take(&p, now, 1000000 / 70, 7, &at))
			n++;
		else
			now = at;
	}
	CHECK(n >= 693 && n <= 703);
}

TEST(no_pause_is_no_limit)
{
	struct pace p = { 0 };
	int64_t at = -1;

	CHECK_I64("all pass", drain(&p, 0, 0, 1, &at), 10000);
	CHECK_I64("no time was given", at, -1);
}

TEST(a_clock_that_goes_back_gives_no_credit_and_no_debt)
{
	struct pace p = { 0 };
	int64_t at = 0;

	CHECK_I64("burst", drain(&p, HOUR_MS, SIX_S, 2, &at), 2);
	CHECK(!pace_take(&p, MINUTE_MS, SIX_S, 2, &at));
	CHECK_I64("counted from the new time", at, MINUTE_MS + 6000);
	CHECK(pace_take(&p, MINUTE_MS + 6000, SIX_S, 2, &at));
}
