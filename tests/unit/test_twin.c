/* test_twin.c - who is suspected to be said twice, and who is not. */
#include "store/conversation/twin.h"

#include "store_tx.h"

static int64_t said(struct tx *tx, const struct tx_ids *ids, struct message m, int64_t at_ms)
{
	m.company_id = 1;
	m.conversation_id = ids->conversation;
	m.channel_id = ids->channel;
	m.timestamp = at_ms;
	m.type = m.type != NULL ? m.type : "text";
	m.sender_type = m.outbound ? "system" : "customer";
	m.source = m.outbound ? "api" : "customer";
	m.wa_id = STR("59171234567");
	MUST(message_add(tx, &m, &t_err));
	return m.id;
}

static int64_t twin(struct tx *tx, const struct tx_ids *ids, struct message m, int64_t at_ms,
		    int64_t window_ms)
{
	int64_t id = -1;

	m.company_id = 1;
	m.conversation_id = ids->conversation;
	m.timestamp = at_ms;
	m.type = m.type != NULL ? m.type : "text";
	MUST(twin_find(tx->db, &m, window_ms, &id, &t_err));
	return id;
}

TX_TEST(the_same_words_within_the_time)
{
	struct tx_ids ids = tx_conversation(tx, "59171234567"), other;
	const struct message oi = { .content = STR("oi") };
	int64_t id = said(tx, &ids, oi, T_NOW);

	CHECK_I64("just now", twin(tx, &ids, oi, T_NOW, 5000), id);
	CHECK_I64("the last moment", twin(tx, &ids, oi, T_NOW + 5000, 5000), id);
	CHECK_I64("too late", twin(tx, &ids, oi, T_NOW + 5001, 5000), 0);
	CHECK_I64("overtaken", twin(tx, &ids, oi, T_NOW - 5000, 5000), id);
	CHECK_I64("not looked for", twin(tx, &ids, oi, T_NOW, 0), 0);
	CHECK_I64("others", twin(tx, &ids, (struct message){ .content = STR("Oi") }, T_NOW, 5000),
		  0);
	CHECK_I64("the other way",
		  twin(tx, &ids, (struct message){ .content = STR("oi"), .outbound = true }, T_NOW,
		       5000),
		  0);
	CHECK_I64("about another message",
		  twin(tx, &ids, (struct message){ .content = STR("oi"), .reply_to = STR("w") },
		       T_NOW, 5000),
		  0);
	CHECK_I64("another in the group",
		  twin(tx, &ids,
		       (struct message){ .content = STR("oi"), .sender_source_id = STR("59171") },
		       T_NOW, 5000),
		  0);
	CHECK_I64("another kind",
		  twin(tx, &ids, (struct message){ .content = STR("oi"), .type = "button" }, T_NOW,
		       5000),
		  0);
	CHECK_I64("another structure",
		  twin(tx, &ids,
		       (struct message){ .content = STR("oi"), .content_json = STR("{}") }, T_NOW,
		       5000),
		  0);
	other = tx_conversation(tx, "59177777777");
	CHECK_I64("somebody else", twin(tx, &other, oi, T_NOW, 5000), 0);
}

TX_TEST(what_did_not_go_has_no_twin)
{
	struct tx_ids ids = tx_conversation(tx, "59171234567");
	const struct message ok = { .content = STR("ok"), .outbound = true, .sending = "queued" };
	int64_t id = said(tx, &ids, ok, T_NOW);

	CHECK_I64("waits", twin(tx, &ids, ok, T_NOW, 5000), id);
	MUST(message_cancel(tx, id, &t_err));
	CHECK_I64("cancelled", twin(tx, &ids, ok, T_NOW, 5000), 0);
	id = said(tx, &ids, ok, T_NOW);
	MUST(message_sending(tx, id, &t_err));
	MUST(message_failed(tx, id, STR("{}"), &t_err));
	CHECK_I64("failed: a person tries again", twin(tx, &ids, ok, T_NOW, 5000), 0);
}
