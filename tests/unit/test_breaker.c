/* test_breaker.c - the circuit breaker of one target. */
#include "flow/outside/breaker.h"

#include "t.h"

static bool may(struct breaker *b, int64_t now_ms)
{
	int64_t until = 0;

	return breaker_may(b, now_ms, &until);
}

/* Fails often enough to open a fresh one. */
static void fail_open(struct breaker *b, int64_t now_ms)
{
	for (int i = 0; i < BREAKER_CALLS_MIN; i++)
		(void)breaker_report(b, false, now_ms);
	CHECK_I64("open", b->state, BREAKER_OPEN);
}

TEST(it_opens_when_more_than_half_of_enough_calls_failed)
{
	static const struct {
		const char *why, *calls; /* o: fine, x: failed */
		enum breaker_state wanted;
	} ROWS[] = {
		{ "too few to say", "xxxxx", BREAKER_CLOSED },
		{ "enough", "xxxxxx", BREAKER_OPEN },
		{ "half is not more than half", "oxoxoxox", BREAKER_CLOSED },
		{ "four of seven", "oooxxxx", BREAKER_OPEN },
		{ "old failures are forgotten", "xxxxxoooooooooooooooooooooooooxxxxx",
		  BREAKER_CLOSED },
		{ "a success does not open", "xxxxxo", BREAKER_CLOSED },
	};

	EACH (r, ROWS) {
		struct breaker b = { .state = BREAKER_CLOSED };

		for (const char *p = r->calls; *p != '\0'; p++)
			(void)breaker_report(&b, *p == 'o', 0);
		CHECK_I64(r->why, b.state, r->wanted);
	}
}

TEST(while_open_nothing_passes_until_the_cool_down_is_over)
{
	struct breaker b = { .state = BREAKER_CLOSED };
	int64_t until = 0;

	fail_open(&b, 1000);
	CHECK(!breaker_may(&b, 1000, &until));
	CHECK_I64("told until when", until, 1000 + BREAKER_COOL_MS);
	CHECK(!may(&b, 999 + BREAKER_COOL_MS));
	CHECK(may(&b, 1000 + BREAKER_COOL_MS));
	CHECK_I64("one probe", b.state, BREAKER_HALF_OPEN);
	CHECK(!may(&b, 1000 + BREAKER_COOL_MS));
}

TEST(a_good_probe_closes_it_and_forgets)
{
	struct breaker b = { .state = BREAKER_CLOSED };

	fail_open(&b, 0);
	CHECK(may(&b, BREAKER_COOL_MS));
	CHECK(breaker_report(&b, true, BREAKER_COOL_MS));
	CHECK_I64("closed", b.state, BREAKER_CLOSED);
	for (int i = 1; i < BREAKER_CALLS_MIN; i++)
		CHECK(!breaker_report(&b, false, BREAKER_COOL_MS));
	CHECK_I64("counts from the start", b.state, BREAKER_CLOSED);
}

TEST(bad_probes_wait_longer_up_to_the_cap)
{
	struct breaker b = { .state = BREAKER_CLOSED };
	int64_t now = 0, wait = BREAKER_COOL_MS;

	fail_open(&b, 0);
	for (int i = 0; i < 10; i++) {
		CHECK_I64("cool-down", b.open_until_ms, now + wait);
		now = b.open_until_ms;
		CHECK(may(&b, now));
		CHECK(breaker_report(&b, false, now));
		wait = i64_min(wait * 2, BREAKER_COOL_CAP_MS);
	}
	CHECK_I64("capped", wait, BREAKER_COOL_CAP_MS);
}

TEST(a_probe_that_is_never_reported_does_not_close_the_door_for_ever)
{
	struct breaker b = { .state = BREAKER_CLOSED };
	int64_t at = BREAKER_COOL_MS;

	fail_open(&b, 0);
	CHECK(may(&b, at));
	CHECK(!may(&b, at + BREAKER_PROBE_MS - 1));
	CHECK(may(&b, at + BREAKER_PROBE_MS));
	CHECK(!may(&b, at + BREAKER_PROBE_MS));
	CHECK(breaker_report(&b, true, at + BREAKER_PROBE_MS));
	CHECK_I64("closed", b.state, BREAKER_CLOSED);
}

TEST(late_answers_of_calls_from_before_change_nothing)
{
	struct breaker b = { .state = BREAKER_CLOSED };

	fail_open(&b, 0);
	CHECK(!breaker_report(&b, true, 1));
	CHECK(!breaker_report(&b, false, 1));
	CHECK_I64("still open", b.state, BREAKER_OPEN);
}

TEST(the_peer_says_stop)
{
	struct breaker b = { .state = BREAKER_CLOSED };
	int64_t until = 0;

	CHECK(breaker_trip(&b, HOUR_MS));
	CHECK(!breaker_may(&b, HOUR_MS - 1, &until));
	CHECK_I64("as long as told", until, HOUR_MS);
	CHECK(may(&b, HOUR_MS));
	CHECK(!breaker_trip(&b, 2 * HOUR_MS)); /* again, from half-open: no news */
	CHECK(!may(&b, 2 * HOUR_MS - 1));
	CHECK(may(&b, 2 * HOUR_MS));
	CHECK(breaker_report(&b, false, 2 * HOUR_MS));
	CHECK_I64("then the usual rhythm", b.open_until_ms, 2 * HOUR_MS + 2 * BREAKER_COOL_MS);
}

TEST(states_have_words)
{
	CHECK_STR("closed", breaker_state_text(BREAKER_CLOSED), "closed");
	CHECK_STR("open", breaker_state_text(BREAKER_OPEN), "open");
	CHECK_STR("half open", breaker_state_text(BREAKER_HALF_OPEN), "half_open");
}
