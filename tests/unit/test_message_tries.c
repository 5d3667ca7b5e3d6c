/* test_message_tries.c - which of the tries of a message a status is about, and what it is worth then. */
#include "store/message/message.h"

#include "store_tx.h"

/* One word with our own id and the number of the try. */
static enum message_status_result tagged(struct tx *tx, const char *meta, int64_t callback,
					 int64_t try, enum message_status status)
{
	const struct message_status_event ev = { .meta_message_id = str_of(meta),
						 .callback_id = callback,
						 .callback_try = try,
						 .status = status,
						 .at_ms = T_NOW };
	enum message_status_result result = STATUS_PARKED;
	int64_t found;

	MUST(message_apply_status(tx, &ev, &found, &result, &t_err));
	return result;
}

/* Try 1 is over, provably refused; then 'q'ueued, on its way 's', 'a'ccepted as wamid.2, in doubt 'u', 'c'ancelled. */
static int64_t second_try(struct tx *tx, const struct tx_ids *ids, char stands)
{
	int64_t id = tx_text_add(tx, ids, true, NULL);

	MUST(message_sending(tx, id, &t_err));
	MUST(message_requeued(tx, id, &t_err));
	if (stands == 'c')
		MUST(message_cancel(tx, id, &t_err));
	if (stands != 'q' && stands != 'c')
		MUST(message_sending(tx, id, &t_err));
	if (stands == 'a')
		MUST(message_accepted(tx, id, STR("wamid.2"), &t_err));
	if (stands == 'u')
		MUST(message_unknown(tx, id, "timed out", &t_err));
	return id;
}

/* Each word is about try 1 (its id is wamid.1) or 2 (wamid.2), or has an old tag without a number (0, its id is wamid.0):
 * "s1" sent, "f2" failed, "d1" delivered. */
static enum message_status_result word(struct tx *tx, int64_t id, const char w[2])
{
	enum message_status st = w[0] == 'f'   ? MESSAGE_FAILED
				 : w[0] == 'd' ? MESSAGE_DELIVERED
					       : MESSAGE_SENT;
	char meta[] = "wamid.?";

	meta[sizeof(meta) - 2] = w[1];
	return tagged(tx, meta, id, w[1] - '0', st);
}

TX_TEST(a_failure_counts_when_nothing_else_of_the_message_went)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	static const struct {
		char stands;
		const char *said; /* words of two letters each */
		enum message_status_result last;
		const char *sending;
		enum message_status then;
	} ROWS[] = {
		/* of an earlier try: only noted, whatever the message does */
		{ 'q', "f1", STATUS_NOTED, "queued", MESSAGE_PENDING },
		{ 's', "f1", STATUS_NOTED, "sending", MESSAGE_PENDING },
		{ 'u', "f1", STATUS_NOTED, "unknown", MESSAGE_PENDING },
		{ 'a', "f1", STATUS_NOTED, "done", MESSAGE_ACCEPTED },
		{ 'c', "f1", STATUS_NOTED, "cancelled", MESSAGE_PENDING },
		{ 'q', "f1f1", STATUS_DUPLICATE, "queued", MESSAGE_PENDING },
		/* and `sent` behind it is outdated, while a device that has it is not */
		{ 'q', "f1s1", STATUS_RECORDED, "queued", MESSAGE_PENDING },
		{ 's', "f1s1", STATUS_RECORDED, "sending", MESSAGE_PENDING },
		{ 'u', "f1s1", STATUS_RECORDED, "unknown", MESSAGE_PENDING },
		{ 'q', "f1d1", STATUS_SETTLED, "done", MESSAGE_DELIVERED },
		/* that it went settles it, wherever it stands */
		{ 'q', "s1", STATUS_SETTLED, "done", MESSAGE_SENT },
		{ 'c', "s1", STATUS_SETTLED, "done", MESSAGE_SENT },
		{ 'u', "s1", STATUS_SETTLED, "done", MESSAGE_SENT },
		{ 's', "s1", STATUS_APPLIED, "done", MESSAGE_SENT },
		{ 'q', "s1f1", STATUS_APPLIED, "done", MESSAGE_FAILED },
		/* of the last try */
		{ 's', "f2", STATUS_APPLIED, "done", MESSAGE_FAILED },
		{ 'u', "f2", STATUS_SETTLED, "done", MESSAGE_FAILED },
		{ 'a', "f2", STATUS_APPLIED, "done", MESSAGE_FAILED },
		{ 'a', "f2f2", STATUS_DUPLICATE, "done", MESSAGE_FAILED },
		/* but not when another one went; and then of both */
		{ 's', "s1f2", STATUS_NOTED, "done", MESSAGE_SENT },
		{ 'a', "s1f2", STATUS_NOTED, "done", MESSAGE_SENT },
		{ 'a', "s1f2f1", STATUS_APPLIED, "done", MESSAGE_FAILED },
		{ 'a', "s1f1", STATUS_NOTED, "done", MESSAGE_SENT },
		{ 'a', "s1f1f2", STATUS_APPLIED, "done", MESSAGE_FAILED },
		/* a failure that was believed is taken back by another try that went, also by a word that was heard before */
		{ 'a', "f2s1", STATUS_SETTLED, "done", MESSAGE_SENT },
		{ 'a', "s2f2s1", STATUS_SETTLED, "done", MESSAGE_SENT },
		{ 'a', "f2s1f1", STATUS_APPLIED, "done", MESSAGE_FAILED },
		{ 'a', "f2s2", STATUS_RECORDED, "done", MESSAGE_FAILED },
		/* a tag of before there were numbers is about no try in particular */
		{ 'a', "f0", STATUS_NOTED, "done", MESSAGE_ACCEPTED },
		{ 's', "f0", STATUS_NOTED, "sending", MESSAGE_PENDING },
		{ 'a', "s0f2", STATUS_NOTED, "done", MESSAGE_SENT },
		{ 'a', "s0f2f0", STATUS_APPLIED, "done", MESSAGE_FAILED },
	};
	struct tx_ids ids = tx_conversation(tx, "4915112345678");

	EACH (r, ROWS) {
		enum message_status_result last = STATUS_PARKED;
		char why[32];
		int64_t id;

		MUST(db_exec(tx->db, "SAVEPOINT row", &t_err));
		id = second_try(tx, &ids, r->stands);
		for (const char *w = r->said; *w != '\0'; w += 2)
			last = word(tx, id, w);
		(void)snprintf(why, sizeof(why), "%c %s", r->stands, r->said);
		CHECK_I64(why, last, r->last);
		CHECK_STR(why, tx_message(tx, id, &a).sending, r->sending);
		CHECK_I64(why, tx_message(tx, id, &a).status, r->then);
		MUST(db_exec(tx->db, "ROLLBACK TO row", &t_err));
	}
}

TX_TEST(how_far_it_came_stays_beside_failed)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t refused = tx_text_add(tx, &ids, true, NULL), id = second_try(tx, &ids, 'a');

	MUST(message_sending(tx, refused, &t_err));
	MUST(message_failed(tx, refused, STR("{}"), &t_err));
	CHECK_STR("refused", tx_message(tx, refused, &a).reached, "pending");
	(void)tagged(tx, "wamid.2", id, 2, MESSAGE_SENT);
	CHECK(tx_message(tx, id, &a).reached == NULL); /* status says it */
	(void)tagged(tx, "wamid.2", id, 2, MESSAGE_FAILED);
	CHECK_STR("it had been sent", tx_message(tx, id, &a).reached, "sent");
	CHECK(tx_message(tx, id, &a).failed_ms > 0);
	(void)tagged(tx, "wamid.1", id, 1, MESSAGE_SENT);
	CHECK_I64("the other try went: it has not failed", tx_message(tx, id, &a).failed_ms, 0);
	(void)tagged(tx, "wamid.9", refused, 1, MESSAGE_SENT);
	CHECK_I64("it went although it was refused", tx_message(tx, refused, &a).failed_ms, 0);
}

TX_TEST(the_number_in_another_message_s_tag_says_nothing)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t one = second_try(tx, &ids, 'a'), other = second_try(tx, &ids, 'q');

	/* the id is of the last try of `one`, whatever the tag of `other` says */
	CHECK_I64("last", tagged(tx, "wamid.2", other, 1, MESSAGE_FAILED), STATUS_APPLIED);
	CHECK_I64("failed", tx_message(tx, one, &a).status, MESSAGE_FAILED);
	CHECK_STR("waits on", tx_message(tx, other, &a).sending, "queued");
}
