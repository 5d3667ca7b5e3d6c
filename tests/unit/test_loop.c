/* test_loop.c - who counts as a machine in a conversation, and how far its answers go. */
#include "flow/loop.h"

#include "base/clock.h"
#include "base/limits.h"
#include "store/conversation/conversation.h"
#include "store/conversation/conversation_automatic.h"
#include "store/conversation/conversation_state.h"
#include "store_tx.h"

#define BOUND 2
#define TURNS 7

static const struct config CONFIG = { .automatic = { { BOUND, 100, 100 } },
				      .turns = { { 0, TURNS, 100 } },
				      .automation_off_ms = 10 * MINUTE_MS };

static struct send_new from(int64_t conversation, const char *source, const char *sender,
			    const char *user, int64_t hop)
{
	return (struct send_new){ .conversation_id = conversation,
				  .source = source,
				  .sender_type = sender,
				  .sender_user_id = user != NULL ? str_of(user) : STR_NONE,
				  .hop = hop };
}

static void customer_writes(struct tx *tx, int64_t conversation)
{
	MUST(conversation_touch(tx,
				&(struct conversation_touch){ .id = conversation,
							      .at_ms = tx->now_ms,
							      .inbound_ms = tx->now_ms },
				&t_err));
}

/* How many of five such messages in a row get through, each an answer or not. */
static int admitted(struct tx *tx, struct send_new n, bool answers)
{
	struct err e = { .rc = RC_OK };
	int count = 0;
	bool loop = false;

	for (int i = 0; i < 5; i++) {
		struct send_new own = n;

		if (answers)
			customer_writes(tx, n.conversation_id);
		if (loop_admit(tx, &CONFIG, &own, &loop, &e) == RC_OK)
			count++;
		else
			CHECK(loop);
	}
	return count;
}

TX_TEST(who_counts_while_a_workflow_runs_and_while_none_does)
{
	static const struct {
		const char *why, *source, *sender, *user;
		int64_t hop;
		int quiet, running, answering; /* of five; the last while one runs */
	} ROWS[] = {
		{ "a program", "api", "crm_agent", NULL, 0, 5, 5, BOUND },
		{ "a program that says system", "api", "system", NULL, 0, 5, 5, BOUND },
		{ "a named agent of the CRM", "api", "crm_agent", "ana", 0, 5, 5, 5 },
		{ "the page", "page", "crm_agent", "u", 0, 5, 5, 5 },
		{ "the command line", "cli", "crm_agent", NULL, 0, 5, 5, 5 },
		{ "an agent in Chatwoot", "support_bridge", "chatwoot_agent", NULL, 0, 5, 5, 5 },
		{ "an assistant", "ai_response", "ai", NULL, 0, BOUND, BOUND, BOUND },
		{ "an assistant by the API", "api", "ai", NULL, 0, BOUND, BOUND, BOUND },
		{ "whoever says a hop", "api", "crm_agent", NULL, 1, BOUND, BOUND, BOUND },
		{ "who went round too often", "api", "system", NULL, LOOP_HOP_MAX + 1, 0, 0, 0 },
	};
	char phone[] = "49151123456AA";

	EACH (r, ROWS) {
		size_t i = (size_t)(r - ROWS);
		int64_t id;

		for (int kind = 0; kind < 3; kind++) {
			const int wanted[3] = { r->quiet, r->running, r->answering };

			phone[11] = (char)('0' + i);
			phone[12] = (char)('0' + kind);
			id = tx_conversation(tx, phone).conversation;
			if (kind > 0)
				MUST(conversation_automatic_asked(tx, id, 0, NULL, &t_err));
			CHECK_I64(r->why,
				  admitted(tx, from(id, r->source, r->sender, r->user, r->hop),
					   kind == 2),
				  wanted[kind]);
		}
	}
}

TX_TEST(an_answer_has_a_hop_more_than_what_the_workflow_was_asked)
{
	int64_t id = tx_conversation(tx, "4915112345678").conversation;
	struct send_new n = from(id, "api", "crm_agent", NULL, 0);
	bool loop = false;

	MUST(conversation_automatic_asked(tx, id, 3, NULL, &t_err));
	MUST(loop_admit(tx, &CONFIG, &n, &loop, &t_err));
	CHECK_I64("one more", n.hop, 4);
	MUST(conversation_automatic_asked(tx, id, LOOP_HOP_MAX, NULL, &t_err));
	n = from(id, "api", "crm_agent", NULL, 0);
	CHECK_I64("too many", loop_admit(tx, &CONFIG, &n, &loop, NULL), RC_REFUSED);
	CHECK(loop);
	n = from(id, "page", "crm_agent", "ana", 0);
	MUST(loop_admit(tx, &CONFIG, &n, &loop, &t_err));
	CHECK_I64("a person has none", n.hop, 0);
	tx->now_ms += LOOP_RUN_MS;
	n = from(id, "api", "crm_agent", NULL, 0);
	MUST(loop_admit(tx, &CONFIG, &n, &loop, &t_err));
	CHECK_I64("the run is long over", n.hop, 0);
	tx->now_ms -= LOOP_RUN_MS + 1;
	MUST(loop_admit(tx, &CONFIG, &n, &loop, &t_err));
	CHECK_I64("the clock went back", n.hop, 0);
}

TX_TEST(a_persons_silence_is_no_loop_and_holds_no_program)
{
	int64_t id = tx_conversation(tx, "4915112345678").conversation;
	struct send_new ai = from(id, "api", "ai", NULL, 0),
			program = from(id, "api", "crm_agent", NULL, 0);
	bool loop = true;

	MUST(conversation_automatic_asked(tx, id, 0, NULL, &t_err));
	MUST(conversation_state_silence(tx, id, tx->now_ms + MINUTE_MS, "human", &t_err));
	CHECK_I64("an assistant", loop_admit(tx, &CONFIG, &ai, &loop, NULL), RC_REFUSED);
	CHECK(!loop);
	MUST(loop_admit(tx, &CONFIG, &program, &loop, &t_err));
	MUST(loop_stop(tx, &CONFIG, id, &t_err));
	program = from(id, "api", "crm_agent", NULL, 0);
	MUST(loop_admit(tx, &CONFIG, &program, &loop, &t_err)); /* a notice */
	program.hop = 0;
	customer_writes(tx, id);
	CHECK_I64("the breaker holds both", loop_admit(tx, &CONFIG, &program, &loop, NULL),
		  RC_REFUSED);
	CHECK(loop);
}

TX_TEST(turns_of_those_who_do_not_say_so_are_bounded)
{
	static const struct {
		const char *why, *source, *sender, *user;
		bool bounded;
	} ROWS[] = {
		{ "a program", "api", "crm_agent", NULL, true },
		{ "a named agent", "api", "crm_agent", "ana", true },
		{ "the page", "page", "crm_agent", "u", false },
		{ "the command line", "cli", "crm_agent", NULL, false },
	};
	char phone[] = "4915112345678";

	EACH (r, ROWS) {
		int64_t id;
		bool loop = false;
		struct send_new n;

		phone[12] = (char)('0' + (r - ROWS));
		id = tx_conversation(tx, phone).conversation;
		n = from(id, r->source, r->sender, r->user, 0);
		for (int i = 0; i < TURNS; i++) {
			customer_writes(tx, id);
			MUST(loop_admit(tx, &CONFIG, &n, &loop, &t_err));
		}
		MUST(loop_admit(tx, &CONFIG, &n, &loop, &t_err)); /* one more line */
		customer_writes(tx, id);
		loop = false;
		CHECK_I64(r->why, loop_admit(tx, &CONFIG, &n, &loop, NULL),
			  r->bounded ? RC_REFUSED : RC_OK);
		CHECK(loop);
		CHECK_I64("in Chatwoot the same", loop_turn(tx, &CONFIG, id, NULL),
			  r->bounded ? RC_REFUSED : RC_OK);
	}
}

TX_TEST(a_machine_that_hammers_moves_no_end)
{
	int64_t id = tx_conversation(tx, "4915112345678").conversation, began = tx->now_ms;
	static const struct {
		int64_t after_ms, until_ms;
	} ROWS[] = {
		{ 0, 10 * MINUTE_MS },
		{ 5 * SECOND_MS, 10 * MINUTE_MS },
		{ 20 * SECOND_MS, 10 * MINUTE_MS },
		{ 10 * MINUTE_MS - 1, 10 * MINUTE_MS },
		{ 10 * MINUTE_MS, 20 * MINUTE_MS },
		{ HOUR_MS, HOUR_MS + 10 * MINUTE_MS },
	};
	struct conversation_automatic a;

	EACH (r, ROWS) {
		tx->now_ms = began + r->after_ms;
		MUST(loop_stop(tx, &CONFIG, id, &t_err));
		MUST(conversation_automatic_load(tx->db, id, &a, &t_err));
		CHECK_I64("until", a.off_until_ms - began, r->until_ms);
	}
}
