/* test_conversation_automatic.c - the loop breaker's book of one conversation. */
#include "base/clock.h"
#include "store/conversation_automatic.h"
#include "store_tx.h"

static const struct automatic_limits MAX = { { 2, 5, 7 } };

TX_TEST(too_many_automatic_messages_in_a_minute_an_hour_or_a_day_are_refused)
{
	int64_t id = tx_conversation(tx, "4915112345678").conversation;
	static const struct {
		const char *why;
		int64_t after_ms;
		enum rc wanted;
	} ROWS[] = {
		{ "first", 0, RC_OK },
		{ "second", 1000, RC_OK },
		{ "third is too many", 59999, RC_REFUSED },
		{ "the next minute", 60000, RC_OK },
		{ "second of that", 60001, RC_OK },
		{ "the fifth of the hour", 10 * MINUTE_MS, RC_OK },
		{ "the sixth is too many, however slow", HOUR_MS - 1, RC_REFUSED },
		{ "the next hour", HOUR_MS, RC_OK },
		{ "the seventh of the day", 3 * HOUR_MS, RC_OK },
		{ "the eighth is too many", DAY_MS - 1, RC_REFUSED },
		{ "the next day", DAY_MS, RC_OK },
		{ "the clock went back", 0, RC_OK },
	};

	EACH (r, ROWS) {
		tx->now_ms = T_NOW + r->after_ms;
		CHECK_I64(r->why, conversation_automatic_count(tx, id, &MAX, NULL), r->wanted);
	}
	CHECK_I64("no such", conversation_automatic_count(tx, 99, &MAX, NULL), RC_ABSENT);
}

TX_TEST(what_waited_is_spread_so_that_half_of_each_limit_is_left)
{
	static const struct automatic_limits WIDE = { { 4, 8, 100 } };
	int64_t id = tx_conversation(tx, "4915112345678").conversation, at = 0;

	for (int i = 0; i < 3; i++)
		MUST(conversation_automatic_count(tx, id, &WIDE, &t_err));
	MUST(conversation_automatic_room(tx->db, id, &WIDE, T_NOW + 1, &at, &t_err));
	CHECK_I64("when the minute ends", at, T_NOW + MINUTE_MS);
	tx->now_ms = T_NOW + MINUTE_MS;
	MUST(conversation_automatic_room(tx->db, id, &WIDE, tx->now_ms, &at, &t_err));
	CHECK_I64("a minute later at once", at, tx->now_ms);
	MUST(conversation_automatic_count(tx, id, &WIDE, &t_err));
	MUST(conversation_automatic_count(tx, id, &WIDE, &t_err));
	MUST(conversation_automatic_room(tx->db, id, &WIDE, tx->now_ms, &at, &t_err));
	CHECK_I64("more than half of the hour: when that ends", at, T_NOW + HOUR_MS);
	MUST(conversation_automatic_room(tx->db, id, &(struct automatic_limits){ { 4, 8, 9 } },
					 tx->now_ms, &at, &t_err));
	CHECK_I64("and of the day", at, T_NOW + DAY_MS);
	tx->now_ms = T_NOW + HOUR_MS;
	MUST(conversation_automatic_asked(tx, id, 0, &t_err));
	MUST(conversation_automatic_room(tx->db, id, &WIDE, tx->now_ms, &at, &t_err));
	CHECK_I64("two questions a minute", at, tx->now_ms + MINUTE_MS / 2);
	MUST(conversation_automatic_room(tx->db, id, &WIDE, T_NOW - 1, &at, &t_err));
	CHECK_I64("the clock went back: nobody waits for the future", at, T_NOW - 1);
}

TX_TEST(a_stop_counts_until_its_time_and_begins_afresh)
{
	int64_t id = tx_conversation(tx, "4915112345678").conversation;
	struct conversation_automatic a;

	for (int i = 0; i < 2; i++)
		MUST(conversation_automatic_count(tx, id, &MAX, &t_err));
	MUST(conversation_automatic_stop(tx, id, T_NOW + 5000, &t_err));
	MUST(conversation_automatic_stop(tx, id, T_NOW + 1000, &t_err)); /* never shortened */
	MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
	CHECK_I64("until", a.off_until_ms, T_NOW + 5000);
	CHECK(a.off_by_loop);
	for (int i = 0; i < AUTOMATIC_SPANS; i++)
		CHECK_I64("counted", a.count[i], 0);
	CHECK_I64("no such", conversation_automatic_stop(tx, 99, 1, NULL), RC_ABSENT);
}

TX_TEST(which_workflow_was_asked_is_known)
{
	int64_t id = tx_conversation(tx, "4915112345678").conversation;
	struct conversation_automatic a;

	MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
	CHECK_I64("none yet", a.asked_ms, 0);
	MUST(conversation_automatic_asked(tx, id, 3, &t_err));
	MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
	CHECK_I64("when", a.asked_ms, T_NOW);
	CHECK_I64("hop", a.asked_hop, 3);
	CHECK_I64("no such", conversation_automatic_asked(tx, 99, 0, NULL), RC_ABSENT);
}
