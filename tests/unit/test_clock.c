/* test_clock.c - times as text, and that the clocks run. */
#include "base/clock.h"

#include "t.h"

TEST(clock_text_and_parse_are_inverse)
{
	static const struct {
		const char *text;
		int64_t ms;
	} ROWS[] = {
		{ "1970-01-01T00:00:00.000Z", 0 },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "2000-02-29T12:00:00.000Z", INT64_C(951825600000) },
		{ "2001-09-09T01:46:40.000Z", INT64_C(1000000000000) },
		{ "2026-01-05T10:00:00.123Z", INT64_C(1767607200123) },
		{ "2100-03-01T00:00:00.000Z", INT64_C(4107542400000) },
		{ "0000-01-01T00:00:00.000Z", INT64_C(-62167219200000) },
		{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
	};
	EACH (r, ROWS) {
		char text[CLOCK_TEXT_MAX];
		int64_t ms = 0;

		clock_text(r->ms, text);
		CHECK_STR(r->text, text, r->text);
		CHECK(clock_parse(str_of(r->text), &ms));
		CHECK_I64(r->text, ms, r->ms);
	}
}

TEST(clock_text_goes_forth_and_back_on_every_day_of_800_years)
{
	char text[CLOCK_TEXT_MAX];
	int64_t ms;

	for (int64_t day = -150000; day < 150000; day++) {
		clock_text(day * DAY_MS + 3723004, text);
		if (!clock_parse(str_of(text), &ms) || ms != day * DAY_MS + 3723004) {
			CHECK_STR("day", text, "");
			return;
		}
	}
	CHECK(true);
}

TEST(clock_text_is_clipped_to_four_digits_of_year)
{
	char text[CLOCK_TEXT_MAX];

	clock_text(INT64_MAX, text);
	CHECK_STR("late", text, "9999-12-31T23:59:59.999Z");
	clock_text(INT64_MIN, text);
	CHECK_STR("early", text, "0000-01-01T00:00:00.000Z");
}

TEST(clock_parse_accepts_what_rfc_3339_does)
{
	static const struct {
		const char *text;
		int64_t ms;
	} ROWS[] = {
		{ "1985-04-12T23:20:50.52Z", INT64_C(482196050520) },
		{ "1996-12-19T16:39:57-08:00", INT64_C(851042397000) },
		{ "1990-12-31T23:59:60Z", INT64_C(662688000000) },
		{ "1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130) },
		{ "1970-01-01t00:00:00z", 0 },
		{ "1970-01-01 00:00:00Z", 0 },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "1970-01-01T00:00:00.0019999999999999999Z", 1 },
		{ "1970-01-01T23:59:00+23:59", 0 },
	};
	EACH (r, ROWS) {
		int64_t ms = -1;

		CHECK_I64(r->text, clock_parse(str_of(r->text), &ms), true);
		CHECK_I64(r->text, ms, r->ms);
	}
}

TEST(clock_parse_refuses_everything_else)
{
	static const char *const ROWS[] = {
		"",
		"2026",
		"2026-01-05",
		"2026-01-05T10:00:00",
		"2026-01-05T10:00Z",
		"2026-1-05T10:00:00Z",
		"2026-00-05T10:00:00Z",
		"2026-13-05T10:00:00Z",
		"2026-01-00T10:00:00Z",
		"2026-01-32T10:00:00Z",
		"2026-04-31T10:00:00Z",
		"2026-02-29T10:00:00Z",
		"2100-02-29T10:00:00Z",
		"2026-01-05T24:00:00Z",
		"2026-01-05T10:60:00Z",
		"2026-01-05T10:00:61Z",
		"2026-01-05T10:00:00.Z",
		"2026-01-05T10:00:00,5Z",
		"2026-01-05T10:00:00+0100",
		"2026-01-05T10:00:00+24:00",
		"2026-01-05T10:00:00+01:60",
		"2026-01-05T10:00:00+01",
		"2026-01-05T10:00:00ZZ",
		"2026-01-05T10:00:00Z ",
		" 2026-01-05T10:00:00Z",
		"-026-01-05T10:00:00Z",
		"2026-01--5T10:00:00Z",
		"12026-01-05T10:00:00Z",
		NULL,
	};
	EACH (r, ROWS) {
		int64_t ms = 77;

		CHECK_I64(*r, clock_parse(str_of(*r), &ms), false);
		CHECK_I64(*r, ms, 77);
	}
	int64_t ms;

	CHECK(!clock_parse(STR("2026-01-05T10:00:00\0Z"), &ms));
}

TEST(clocks_run_forward)
{
	int64_t before = clock_mono_us();

	CHECK(clock_now_ms() > INT64_C(1700000000000));
	CHECK(before > 0);
	CHECK(clock_mono_us() >= before);
}
