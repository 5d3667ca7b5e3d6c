/* test_orchestrate_apply.c - an answer that was done before is known by its key. */
#include "flow/n8n/orchestrate.h"
#include "store/idem.h"
#include "store_tx.h"

static enum rc answer(struct tx *tx, int64_t conversation, uint8_t hash, bool *ret_duplicate)
{
	static const struct config NO_CHANNEL = { .channel_count = 0 };
	static const struct str REPLY = { "hola", 4 };
	const struct orchestrate_answer ans = { .conversation_id = conversation,
						.key = STR("k"),
						.hash = { hash },
						.replies = &REPLY,
						.reply_count = 1 };
	struct orchestrate_done done;
	struct err e = { .rc = RC_OK };
	enum rc rc = orchestrate_apply(tx, NULL, &NO_CHANNEL, &ans, &done, &e);

	*ret_duplicate = done.duplicate;
	return rc;
}

TX_TEST(keys_are_of_one_conversation_and_those_of_before_the_upgrade_of_all)
{
	int64_t one = tx_conversation(tx, "4915112345678").conversation;
	int64_t other = tx_conversation(tx, "4915112345679").conversation;
	uint8_t hash[32] = { 1 };
	struct idem kept = { .token_id = ORCHESTRATE_KEY_SPACE + one,
			     .key = STR("k"),
			     .body_hash = str_n((const char *)hash, sizeof(hash)),
			     .status = 202 };
	bool duplicate;

	MUST(idem_add(tx, &kept, &t_err));
	CHECK_I64("done before", answer(tx, one, 1, &duplicate), RC_OK);
	CHECK(duplicate);
	CHECK_I64("another answer", answer(tx, one, 2, &duplicate), RC_CONFLICT);
	CHECK_I64("not done: goes on to its channel", answer(tx, other, 1, &duplicate), RC_ABSENT);
	CHECK(!duplicate);
	kept.token_id = ORCHESTRATE_KEY_SPACE;
	MUST(idem_add(tx, &kept, &t_err));
	CHECK_I64("done by the program before", answer(tx, other, 1, &duplicate), RC_OK);
	CHECK(duplicate);
	CHECK_I64("and another answer", answer(tx, other, 2, &duplicate), RC_CONFLICT);
}
