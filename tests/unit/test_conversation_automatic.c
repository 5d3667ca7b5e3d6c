/* test_conversation_automatic.c - the loop breaker's book of one conversation. */
#include "base/clock.h"
#include "store/conversation/conversation_automatic.h"
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

TX_TEST(turns_are_counted_apart_by_hour_and_day)
{
	int64_t id = tx_conversation(tx, "4915112345678").conversation;
	static const struct {
		const char *why;
		int64_t after_ms;
		enum rc wanted;
	} ROWS[] = {
		{ "first", 0, RC_OK },
		{ "a minute has no bound", 1, RC_OK },
		{ "third", 2, RC_OK },
		{ "fourth", 3, RC_OK },
		{ "fifth", 4, RC_OK },
		{ "the sixth of the hour", HOUR_MS - 1, RC_REFUSED },
		{ "the next hour", HOUR_MS, RC_OK },
		{ "the seventh of the day", HOUR_MS + 1, RC_OK },
		{ "the eighth is too many", DAY_MS - 1, RC_REFUSED },
		{ "the next day", DAY_MS, RC_OK },
	};
	struct conversation_automatic a;

	EACH (r, ROWS) {
		tx->now_ms = T_NOW + r->after_ms;
		CHECK_I64(r->why, conversation_automatic_turn(tx, id, &MAX, NULL), r->wanted);
	}
	MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
	CHECK_I64("messages", a.messages.count[AUTOMATIC_DAY], 0);
	CHECK_I64("turns", a.turns.count[AUTOMATIC_DAY], 1);
	CHECK_I64("no such", conversation_automatic_turn(tx, 99, &MAX, NULL), RC_ABSENT);
}

static enum rc room(struct tx *tx, int64_t id, bool waited, const struct automatic_limits *max,
		    int64_t *ret_ms)
{
	const struct automatic_question q = { id, waited };

	return conversation_automatic_room(tx->db, &q, max, tx->now_ms, ret_ms, &t_err);
}

TX_TEST(what_waited_is_spread_so_that_half_of_each_limit_is_left)
{
	static const struct automatic_limits WIDE = { { 4, 8, 100 } };
	int64_t id = tx_conversation(tx, "4915112345678").conversation, at = 0;

	for (int i = 0; i < 3; i++)
		MUST(conversation_automatic_count(tx, id, &WIDE, &t_err));
	tx->now_ms = T_NOW + 1;
	MUST(room(tx, id, true, &WIDE, &at));
	CHECK_I64("when the minute ends", at, T_NOW + MINUTE_MS);
	tx->now_ms = T_NOW + MINUTE_MS;
	MUST(room(tx, id, true, &WIDE, &at));
	CHECK_I64("a minute later at once", at, tx->now_ms);
	MUST(conversation_automatic_count(tx, id, &WIDE, &t_err));
	MUST(conversation_automatic_count(tx, id, &WIDE, &t_err));
	MUST(room(tx, id, true, &WIDE, &at));
	CHECK_I64("more than half of the hour: when that ends", at, T_NOW + HOUR_MS);
	MUST(room(tx, id, true, &(struct automatic_limits){ { 4, 8, 8 } }, &at));
	CHECK_I64("and of the day", at, T_NOW + DAY_MS);
	MUST(room(tx, id, true, &(struct automatic_limits){ { 4, 9, 10 } }, &at));
	CHECK_I64("there is a minute's left: at once", at, tx->now_ms);
	tx->now_ms = T_NOW + HOUR_MS;
	MUST(conversation_automatic_asked(tx, id, 0, NULL, &t_err));
	MUST(room(tx, id, true, &WIDE, &at));
	CHECK_I64("two questions a minute", at, tx->now_ms + MINUTE_MS / 2);
	tx->now_ms = T_NOW - 1;
	MUST(room(tx, id, true, &WIDE, &at));
	CHECK_I64("the clock went back: nobody waits for the future", at, T_NOW - 1);
}

TX_TEST(a_young_question_waits_for_the_minute_only)
{
	static const struct automatic_limits NARROW = { { 4, 4, 4 } };
	int64_t id = tx_conversation(tx, "4915112345678").conversation, at = 0;

	for (int i = 0; i < 2; i++)
		MUST(conversation_automatic_asked(tx, id, 0, NULL, &t_err));
	MUST(room(tx, id, false, &NARROW, &at));
	CHECK_I64("half of it", at, T_NOW);
	MUST(conversation_automatic_asked(tx, id, 0, NULL, &t_err));
	MUST(room(tx, id, false, &NARROW, &at));
	CHECK_I64("more questions than that", at, T_NOW + MINUTE_MS);
	tx->now_ms = T_NOW + MINUTE_MS;
	for (int i = 0; i < 3; i++)
		MUST(conversation_automatic_count(tx, id, &NARROW, &t_err));
	tx->now_ms++;
	MUST(room(tx, id, false, &NARROW, &at));
	CHECK_I64("more answers", at, T_NOW + 2 * MINUTE_MS);
	tx->now_ms = at;
	MUST(room(tx, id, false, &NARROW, &at));
	CHECK_I64("whatever the hour has", at, tx->now_ms);
}

TX_TEST(a_stop_counts_until_its_time_and_what_led_to_it_begins_afresh)
{
	static const struct {
		const char *why;
		int counted;
		struct automatic_limits max;
		int64_t until_ms; /* after now */
		int64_t left[AUTOMATIC_SPANS];
	} ROWS[] = {
		{ "hops", 1, { { 2, 5, 7 } }, 5000, { 1, 1, 1 } },
		{ "the minute", 2, { { 2, 5, 7 } }, 5000, { 0, 2, 2 } },
		{ "the hour", 2, { { 2, 2, 7 } }, 5000, { 0, 0, 2 } },
		{ "the hour alone", 2, { { 3, 2, 7 } }, 5000, { 0, 0, 2 } },
		{ "the day", 2, { { 3, 5, 2 } }, DAY_MS, { 0, 0, 0 } },
	};
	char phone[] = "4915112345678";
	struct conversation_automatic a;

	EACH (r, ROWS) {
		int64_t id;

		phone[12] = (char)('0' + (r - ROWS));
		id = tx_conversation(tx, phone).conversation;
		for (int i = 0; i < r->counted; i++)
			MUST(conversation_automatic_count(tx, id, &r->max, &t_err));
		MUST(conversation_automatic_stop(tx, id, T_NOW + 5000, &r->max, &t_err));
		tx->now_ms++;
		MUST(conversation_automatic_stop(tx, id, T_NOW + 1000, &r->max, &t_err));
		tx->now_ms--;
		MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
		CHECK_I64(r->why, a.off_until_ms, T_NOW + r->until_ms); /* never shortened */
		CHECK_I64("since", a.off_from_ms, T_NOW);
		CHECK(a.off_by_loop);
		for (int i = 0; i < AUTOMATIC_SPANS; i++)
			CHECK_I64(r->why, a.messages.count[i], r->left[i]);
	}
	CHECK_I64("no such", conversation_automatic_stop(tx, 99, 1, &MAX, NULL), RC_ABSENT);
}

TX_TEST(which_workflow_was_asked_is_known)
{
	int64_t id = tx_conversation(tx, "4915112345678").conversation;
	struct conversation_automatic a, before;

	MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
	CHECK_I64("none yet", a.asked_ms, 0);
	MUST(conversation_automatic_asked(tx, id, 3, &before, &t_err));
	MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
	CHECK_I64("when", a.asked_ms, T_NOW);
	CHECK_I64("hop", a.asked_hop, 3);
	CHECK_I64("questions", a.asked_count, 1);
	MUST(conversation_automatic_unasked(tx, id, &before, T_NOW - 1, &t_err));
	MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
	CHECK_I64("another was asked since", a.asked_ms, T_NOW);
	MUST(conversation_automatic_unasked(tx, id, &before, T_NOW, &t_err));
	MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
	CHECK_I64("it was not reached", a.asked_ms, 0);
	CHECK_I64("nor counted", a.asked_count, 0);
	CHECK_I64("no such", conversation_automatic_asked(tx, 99, 0, NULL, NULL), RC_ABSENT);
}
