/* test_orchestrate_apply.c - an answer that was done before is known by its key. */
#include "flow/n8n/orchestrate.h"
#include "store/conversation/merge.h"
#include "store/idem.h"
#include "store_tx.h"

static enum rc answer_key(struct tx *tx, int64_t conversation, struct str key, uint8_t hash,
			  bool *ret_duplicate)
{
	static const struct config NO_CHANNEL = { .channel_count = 0 };
	static const struct str REPLY = { "hola", 4 };
	const struct orchestrate_answer ans = { .conversation_id = conversation,
						.key = key,
						.hash = { hash },
						.replies = &REPLY,
						.reply_count = 1 };
	struct orchestrate_done done;
	struct err e = { .rc = RC_OK };
	enum rc rc = orchestrate_apply(tx, NULL, &NO_CHANNEL, &ans, &done, &e);

	*ret_duplicate = done.duplicate;
	return rc;
}

static enum rc answer(struct tx *tx, int64_t conversation, uint8_t hash, bool *ret_duplicate)
{
	return answer_key(tx, conversation, STR("k"), hash, ret_duplicate);
}

TX_TEST(keys_are_of_one_conversation_and_those_of_before_the_upgrade_of_all)
{
	int64_t one = tx_conversation(tx, "4915112345678").conversation;
	int64_t other = tx_conversation(tx, "4915112345679").conversation;
	uint8_t hash[32] = { 1 };
	struct idem kept = { .token_id = IDEM_CONVERSATIONS + one,
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
	kept.token_id = IDEM_CONVERSATIONS;
	MUST(idem_add(tx, &kept, &t_err));
	CHECK_I64("done by the program before", answer(tx, other, 1, &duplicate), RC_OK);
	CHECK(duplicate);
	CHECK_I64("and another answer", answer(tx, other, 2, &duplicate), RC_CONFLICT);
}

static void keep(struct tx *tx, int64_t conversation, struct str key, uint8_t hash_byte)
{
	uint8_t hash[32] = { hash_byte };
	const struct idem kept = { .token_id = IDEM_CONVERSATIONS + conversation,
				   .key = key,
				   .body_hash = str_n((const char *)hash, sizeof(hash)),
				   .status = 202 };

	MUST(idem_add(tx, &kept, &t_err));
}

/* An answer that was done before two contacts became one was done a second time, and so after the two were parted again. */
TX_TEST(what_was_answered_before_a_merge_is_known_after_it_and_after_its_end)
{
	struct tx_ids gone = tx_conversation(tx, "4915112345678"),
		      stays = tx_conversation(tx, "4915112345679");
	static const struct {
		const char *why;
		uint8_t hash;
		enum rc wanted;
	} ROWS[] = {
		{ "the same answer", 1, RC_OK },
		{ "another one", 2, RC_CONFLICT },
	};
	int64_t merge;
	bool duplicate;

	keep(tx, gone.conversation, STR("k"), 1);
	EACH (r, ROWS)
		CHECK_I64("not yet", answer(tx, stays.conversation, r->hash, &duplicate),
			  RC_ABSENT);
	MUST(merge_contacts(tx, stays.contact, gone.contact, MERGE_PERSON, &merge, &t_err));
	EACH (r, ROWS) {
		CHECK_I64(r->why, answer(tx, stays.conversation, r->hash, &duplicate), r->wanted);
		CHECK_I64("by the old name", answer(tx, gone.conversation, r->hash, &duplicate),
			  r->wanted);
	}
	MUST(merge_undo(tx, merge, &t_err));
	EACH (r, ROWS)
		CHECK_I64("parted", answer(tx, gone.conversation, r->hash, &duplicate), r->wanted);
}

TX_TEST(what_was_answered_while_they_were_one_is_known_to_both_when_they_are_parted)
{
	struct tx_ids gone = tx_conversation(tx, "4915112345678"),
		      stays = tx_conversation(tx, "4915112345679");
	int64_t merge;
	bool duplicate;

	keep(tx, stays.conversation, STR("k"), 2);
	keep(tx, gone.conversation, STR("k"), 1); /* its workflow counts from one in each */
	MUST(merge_contacts(tx, stays.contact, gone.contact, MERGE_PERSON, &merge, &t_err));
	CHECK_I64("the first of two keeps its own", answer(tx, stays.conversation, 2, &duplicate),
		  RC_OK);
	keep(tx, stays.conversation, STR("l"), 3);
	MUST(merge_undo(tx, merge, &t_err));
	CHECK_I64("its own again", answer(tx, gone.conversation, 1, &duplicate), RC_OK);
	CHECK_I64("and what came meanwhile",
		  answer_key(tx, gone.conversation, STR("l"), 3, &duplicate), RC_OK);
	CHECK_I64("as before", answer(tx, stays.conversation, 2, &duplicate), RC_OK);
}
