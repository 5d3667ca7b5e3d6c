/* test_channel_traffic.c - facts of a channel, and what traffic is usual at an hour of the week. */
#include "store/channel/channel_traffic.h"

#include "store/channel/channel_state.h"
#include "store/target.h"
#include "store_tx.h"

static int64_t channel(struct tx *tx)
{
	int64_t id;

	MUST(target_resolve(tx, "channel", STR("main"), &id, &t_err));
	return id;
}

static int64_t expected(struct tx *tx, int64_t id, int64_t from_ms, int64_t to_ms)
{
	int64_t n;

	MUST(channel_traffic_expected(tx->db, id, from_ms, to_ms, &n, &t_err));
	return n;
}

TX_TEST(an_hour_of_the_week_is_learned_and_older_weeks_count_less)
{
	int64_t id = channel(tx), start = tx->now_ms / HOUR_MS * HOUR_MS, hour;

	for (int week = 0; week < 3; week++) {
		hour = start + week * 7 * DAY_MS;
		tx->now_ms = hour + MINUTE_MS;
		for (int i = 0; i < 10 * (week + 1); i++)
			MUST(channel_heard(tx, id, 1, &t_err));
		tx->now_ms = hour + HOUR_MS + MINUTE_MS;
		MUST(channel_traffic_learn(tx, id, start, &t_err));
	}
	/* 10; 10 * 0.7 + 20 * 0.3; 13 * 0.7 + 30 * 0.3 */
	hour = start + 3 * 7 * DAY_MS;
	CHECK_I64("the hour", expected(tx, id, hour, hour + HOUR_MS), 18100);
	CHECK_I64("half of it", expected(tx, id, hour + 30 * MINUTE_MS, hour + HOUR_MS), 9050);
	CHECK_I64("the hour before", expected(tx, id, hour - HOUR_MS, hour), 0);
	CHECK_I64("a day", expected(tx, id, hour - 12 * HOUR_MS, hour + 12 * HOUR_MS), 18100);
	CHECK_I64("nothing between", expected(tx, id, hour, hour), 0);
}

TX_TEST(hours_in_which_the_box_was_off_teach_nothing)
{
	int64_t id = channel(tx), start = tx->now_ms / HOUR_MS * HOUR_MS;

	tx->now_ms = start + 30 * MINUTE_MS;
	MUST(channel_heard(tx, id, 5, &t_err));
	tx->now_ms = start + 3 * HOUR_MS;
	MUST(channel_traffic_learn(tx, id, start + 10 * MINUTE_MS, &t_err));
	CHECK_I64("it ran since ten past", expected(tx, id, start, start + HOUR_MS), 0);
	MUST(channel_traffic_learn(tx, id, start, &t_err));
	CHECK_I64("not twice", expected(tx, id, start, start + 3 * HOUR_MS), 0);
}

TX_TEST(a_fact_keeps_since_when)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t id = channel(tx), n;
	struct err e = { 0 };
	struct str v;
	bool changed;

	CHECK_I64("unknown", channel_fact_get(tx->db, id, FACT_STATUS, &a, &v, &e), RC_ABSENT);
	MUST(channel_fact_set(tx, id, FACT_STATUS, STR("CONNECTED"), &changed, &t_err));
	CHECK(changed);
	MUST(channel_fact_set(tx, id, FACT_STATUS, STR("CONNECTED"), &changed, &t_err));
	CHECK(!changed);
	MUST(channel_fact_get(tx->db, id, FACT_STATUS, &a, &v, &t_err));
	CHECK_SPAN("value", v, STR("CONNECTED"));
	MUST(channel_fact_set(tx, id, FACT_STATUS, STR_NONE, &changed, &t_err));
	CHECK(changed);
	MUST(channel_fact_get_i64(tx->db, id, FACT_STATUS, 42, &n, &t_err));
	CHECK_I64("otherwise", n, 42);
	CHECK_I64("too long",
		  channel_fact_set(tx, id, FACT_QR, str_n("x", CHANNEL_VALUE_MAX + 1), NULL, &e),
		  RC_LIMIT);
}
