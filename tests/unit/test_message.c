/* test_message.c - messages, the steps of sending, statuses in any order. */
#include "store/message/message.h"

#include "store_tx.h"

TEST(a_status_only_rises)
{
	static const struct {
		const char *why;
		enum message_status from, to;
		bool may;
	} ROWS[] = {
		{ "up", MESSAGE_PENDING, MESSAGE_ACCEPTED, true },
		{ "over a step", MESSAGE_SENT, MESSAGE_READ, true },
		{ "down", MESSAGE_READ, MESSAGE_DELIVERED, false },
		{ "the same", MESSAGE_SENT, MESSAGE_SENT, false },
		{ "fails before delivery", MESSAGE_SENT, MESSAGE_FAILED, true },
		{ "cannot fail after delivery", MESSAGE_DELIVERED, MESSAGE_FAILED, false },
		{ "failed twice", MESSAGE_FAILED, MESSAGE_FAILED, false },
		{ "sent after failed was earlier", MESSAGE_FAILED, MESSAGE_SENT, false },
		{ "a device has it", MESSAGE_FAILED, MESSAGE_DELIVERED, true },
		{ "played is the top", MESSAGE_READ, MESSAGE_PLAYED, true },
	};
	enum message_status s;

	EACH (r, ROWS)
		CHECK_I64(r->why, message_status_may(r->from, r->to), r->may);
	for (unsigned i = 0; i < MESSAGE_STATUSES; i++) {
		CHECK(message_status_parse(str_of(message_status_text((enum message_status)i)),
					   &s));
		CHECK_I64("there and back", s, i);
	}
	CHECK(!message_status_parse(STR("warning"), &s));
}

TX_TEST(a_message_is_stored_once)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	struct message m = tx_text(&ids, false, "wamid.1");
	struct message out = tx_text(&ids, true, NULL);
	struct message got;
	int64_t id = 0;

	m.hop = 3;
	m.reply_to = STR("wamid.0");
	m.content_json = STR("{\"a\":1}");
	MUST(message_add(tx, &m, &t_err));
	got = tx_message(tx, m.id, &a);
	CHECK(!got.outbound);
	CHECK_STR("type", got.type, "text");
	CHECK_STR("not sent by us", got.sending, NULL);
	CHECK_STR("sender", got.sender_type, "customer");
	CHECK_STR("source", got.source, "customer");
	CHECK_I64("hop", got.hop, 3);
	CHECK_I64("made now", got.created_at, T_NOW);
	CHECK_I64("provider's time", got.timestamp, T_NOW);
	CHECK_SPAN("reply", got.reply_to, STR("wamid.0"));
	CHECK_SPAN("content", got.content, STR("oi"));
	CHECK_SPAN("structure", got.content_json, STR("{\"a\":1}"));
	CHECK(got.error.p == NULL);
	CHECK_I64("again", message_add(tx, &m, &t_err), RC_CONFLICT);
	CHECK_I64("no text", t_err.rc, RC_OK);
	MUST(message_by_meta(tx->db, STR("wamid.1"), &id, &t_err));
	CHECK_I64("found", id, m.id);
	MUST(message_add(tx, &out, &t_err));
	MUST(message_add(tx, &out, &t_err)); /* without an id nothing is the same */
	CHECK_STR("queued", tx_message(tx, out.id, &a).sending, "queued");
}

TX_TEST(sending_goes_its_way)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = tx_text_add(tx, &ids, true, NULL);
	int64_t other = tx_text_add(tx, &ids, true, NULL);

	CHECK_I64("not under way", message_requeued(tx, id, NULL), RC_CONFLICT);
	MUST(message_sending(tx, id, &t_err));
	CHECK_I64("twice", message_sending(tx, id, NULL), RC_CONFLICT);
	CHECK_I64("too late", message_cancel(tx, id, NULL), RC_CONFLICT);
	CHECK_I64("boot", tx_message(tx, id, &a).sending_boot, store_boot(tx->store));
	MUST(message_requeued(tx, id, &t_err));
	MUST(message_sending(tx, id, &t_err));
	MUST(message_unknown(tx, id, "no answer \"yet\"", &t_err));
	CHECK_STR("unknown", tx_message(tx, id, &a).sending, "unknown");
	CHECK_SPAN("why", tx_message(tx, id, &a).error,
		   STR("{\"reason\":\"no answer \\\"yet\\\"\"}"));
	CHECK_I64("never again by itself", message_sending(tx, id, NULL), RC_CONFLICT);
	MUST(message_accepted(tx, id, STR("wamid.7"), &t_err));
	CHECK_STR("done", tx_message(tx, id, &a).sending, "done");
	CHECK_I64("accepted", tx_message(tx, id, &a).status, MESSAGE_ACCEPTED);
	CHECK(tx_message(tx, id, &a).error.p == NULL);
	CHECK_SPAN("its id", tx_message(tx, id, &a).meta_message_id, STR("wamid.7"));
	MUST(message_cancel(tx, other, &t_err));
	CHECK_I64("cancelled", message_sending(tx, other, NULL), RC_CONFLICT);
	CHECK_I64("cancelled", message_failed(tx, other, STR("{}"), NULL), RC_CONFLICT);
	CHECK_I64("cancelled", message_accepted(tx, other, STR("wamid.8"), NULL), RC_CONFLICT);
	CHECK_I64("no id", message_accepted(tx, id, STR(""), NULL), RC_INVALID);
}

TX_TEST(a_refused_message_has_failed)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = tx_text_add(tx, &ids, true, NULL);

	MUST(message_sending(tx, id, &t_err));
	MUST(message_failed(tx, id, STR("{\"code\":131026}"), &t_err));
	CHECK_I64("failed", tx_message(tx, id, &a).status, MESSAGE_FAILED);
	CHECK_STR("settled", tx_message(tx, id, &a).sending, "done");
	CHECK_SPAN("why", tx_message(tx, id, &a).error, STR("{\"code\":131026}"));
}

static enum message_status_result say(struct tx *tx, const char *meta, int64_t callback,
				      enum message_status status, int64_t *ret_id)
{
	const struct message_status_event ev = {
		.meta_message_id = str_of(meta),
		.callback_id = callback,
		.status = status,
		.at_ms = T_NOW,
		.error = status == MESSAGE_FAILED ? STR("{\"code\":1}") : STR_NONE,
	};
	enum message_status_result result = STATUS_PARKED;

	*ret_id = -1;
	MUST(message_apply_status(tx, &ev, ret_id, &result, &t_err));
	return result;
}

TX_TEST(statuses_come_in_any_order)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	static const struct {
		const char *why;
		enum message_status said;
		enum message_status_result result;
		enum message_status then;
		bool error;
	} ROWS[] = {
		{ "sent", MESSAGE_SENT, STATUS_APPLIED, MESSAGE_SENT, false },
		{ "failed", MESSAGE_FAILED, STATUS_APPLIED, MESSAGE_FAILED, true },
		{ "sent again", MESSAGE_SENT, STATUS_DUPLICATE, MESSAGE_FAILED, true },
		{ "read: a device has it", MESSAGE_READ, STATUS_APPLIED, MESSAGE_READ, true },
		{ "delivered comes late", MESSAGE_DELIVERED, STATUS_RECORDED, MESSAGE_READ, true },
		{ "failed again", MESSAGE_FAILED, STATUS_DUPLICATE, MESSAGE_READ, true },
		{ "played", MESSAGE_PLAYED, STATUS_APPLIED, MESSAGE_PLAYED, true },
	};
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = tx_text_add(tx, &ids, true, NULL);
	int64_t found;

	MUST(message_sending(tx, id, &t_err));
	MUST(message_accepted(tx, id, STR("wamid.9"), &t_err));
	EACH (r, ROWS) {
		CHECK_I64(r->why, say(tx, "wamid.9", 0, r->said, &found), r->result);
		CHECK_I64(r->why, found, id);
		CHECK_I64(r->why, tx_message(tx, id, &a).status, r->then);
		CHECK_I64(r->why, tx_message(tx, id, &a).error.p != NULL, r->error);
	}
}

TX_TEST(a_failure_after_delivery_is_only_recorded)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = tx_text_add(tx, &ids, true, "wamid.d");
	int64_t found;

	CHECK_I64("delivered", say(tx, "wamid.d", 0, MESSAGE_DELIVERED, &found), STATUS_SETTLED);
	CHECK_I64("failed", say(tx, "wamid.d", 0, MESSAGE_FAILED, &found), STATUS_RECORDED);
	CHECK_I64("stays", tx_message(tx, id, &a).status, MESSAGE_DELIVERED);
	CHECK_SPAN("error beside it", tx_message(tx, id, &a).error, STR("{\"code\":1}"));
}

TX_TEST(our_own_id_settles_an_unknown_send)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = tx_text_add(tx, &ids, true, NULL);
	int64_t inbound = tx_text_add(tx, &ids, false, "wamid.in");
	int64_t other = tx_text_add(tx, &ids, true, "wamid.other");
	int64_t found;

	MUST(message_sending(tx, id, &t_err));
	MUST(message_unknown(tx, id, "timed out", &t_err));
	CHECK_I64("settles", say(tx, "wamid.u", id, MESSAGE_SENT, &found), STATUS_SETTLED);
	CHECK_I64("ours", found, id);
	CHECK_STR("done", tx_message(tx, id, &a).sending, "done");
	CHECK_SPAN("its id", tx_message(tx, id, &a).meta_message_id, STR("wamid.u"));
	CHECK(tx_message(tx, id, &a).error.p == NULL);
	CHECK_I64("inbound is not ours to settle",
		  say(tx, "wamid.x", inbound, MESSAGE_SENT, &found), STATUS_PARKED);
	CHECK_I64("nobody", found, 0);
	CHECK_I64("no such id", say(tx, "wamid.y", 9999, MESSAGE_SENT, &found), STATUS_PARKED);
	CHECK_I64("another's id", say(tx, "wamid.other", id, MESSAGE_SENT, &found), STATUS_SETTLED);
	CHECK_I64("the provider's id decides", found, other);
}

TX_TEST(a_status_that_overtakes_the_answer_waits_for_it)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = tx_text_add(tx, &ids, true, NULL);
	int64_t found, count = 0;

	MUST(message_sending(tx, id, &t_err));
	CHECK_I64("parked", say(tx, "wamid.p", 0, MESSAGE_DELIVERED, &found), STATUS_PARKED);
	CHECK_I64("parked once", say(tx, "wamid.p", 0, MESSAGE_DELIVERED, &found), STATUS_PARKED);
	CHECK_I64("parked", say(tx, "wamid.p", 0, MESSAGE_SENT, &found), STATUS_PARKED);
	CHECK_I64("foreign", say(tx, "wamid.foreign", 0, MESSAGE_SENT, &found), STATUS_PARKED);
	MUST(message_accepted(tx, id, STR("wamid.p"), &t_err));
	CHECK_I64("joined", tx_message(tx, id, &a).status, MESSAGE_DELIVERED);
	CHECK_I64("known now", say(tx, "wamid.p", 0, MESSAGE_SENT, &found), STATUS_DUPLICATE);
	MUST(message_trim_parked(tx, T_NOW, 100, &count, &t_err));
	CHECK_I64("young", count, 0);
	MUST(message_trim_parked(tx, T_NOW + 1, 100, &count, &t_err));
	CHECK_I64("the foreign one", count, 1);
}

static enum rc see_status(void *arg, const struct message_word *w, struct err *e)
{
	char *text = arg;
	size_t n = strlen(text);

	(void)e;
	CHECK_I64("time", w->at_ms, T_NOW);
	(void)snprintf(text + n, 64 - n, "%s%s ", w->status, w->error.p != NULL ? "!" : "");
	return RC_OK;
}

TX_TEST(a_group_has_a_status_for_each_member)
{
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = tx_text_add(tx, &ids, true, "wamid.g");
	struct message_status_event ev = { .meta_message_id = STR("wamid.g"),
					   .status = MESSAGE_READ,
					   .at_ms = T_NOW };
	enum message_status_result result;
	char text[64] = "";

	ev.recipient = STR("a");
	MUST(message_apply_status(tx, &ev, &id, &result, &t_err));
	CHECK_I64("first", result, STATUS_SETTLED);
	ev.recipient = STR("b");
	MUST(message_apply_status(tx, &ev, &id, &result, &t_err));
	CHECK_I64("second", result, STATUS_RECORDED);
	MUST(message_apply_status(tx, &ev, &id, &result, &t_err));
	CHECK_I64("again", result, STATUS_DUPLICATE);
	MUST(message_status_each(tx->db, id, see_status, text, &t_err));
	CHECK_STR("history", text, "read read ");
	ev.meta_message_id = STR("");
	CHECK_I64("no id", message_apply_status(tx, &ev, &id, &result, NULL), RC_INVALID);
}

TX_TEST(what_was_being_sent_at_a_crash_is_unknown)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = tx_text_add(tx, &ids, true, NULL);
	int64_t waiting = tx_text_add(tx, &ids, true, NULL);
	struct message_counts c;
	int64_t count = -1;

	MUST(message_sending(tx, id, &t_err));
	MUST(message_recover(tx, store_boot(tx->store), &count, &t_err));
	CHECK_I64("this boot", count, 0);
	MUST(message_recover(tx, store_boot(tx->store) + 1, &count, &t_err));
	CHECK_I64("a later boot", count, 1);
	CHECK_STR("unknown", tx_message(tx, id, &a).sending, "unknown");
	CHECK_STR("untouched", tx_message(tx, waiting, &a).sending, "queued");
	(void)tx_text_add(tx, &ids, false, "wamid.i");
	MUST(message_prove(tx->db, &c, &t_err));
	CHECK_I64("inbound", c.inbound, 1);
	CHECK_I64("outbound", c.outbound, 2);
	CHECK_I64("sum", c.queued + c.sending + c.settled + c.unknown + c.cancelled, c.outbound);
	CHECK_I64("unknown", c.unknown, 1);
}

struct page {
	int n;
	int64_t ids[8];
	int64_t last_ts;
};

static enum rc see(void *arg, const struct message *m, struct err *e)
{
	struct page *p = arg;

	(void)e;
	p->ids[p->n++] = m->id;
	p->last_ts = m->timestamp;
	return RC_OK;
}

TX_TEST(pages_of_messages_have_no_gap)
{
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	struct tx_ids other = tx_conversation(tx, "5511987654321");
	struct message_filter f = { .company_id = 1,
				    .conversation_id = ids.conversation,
				    .limit = 2 };
	struct page p = { 0 };
	struct page all = { 0 };

	for (int i = 0; i < 5; i++) {
		struct message m = tx_text(&ids, false, NULL);

		m.timestamp = 1 + i / 2;
		MUST(message_add(tx, &m, &t_err));
	}
	(void)tx_text_add(tx, &other, false, NULL);
	for (int i = 0; i < 4; i++) {
		MUST(message_each(tx->db, &f, see, &p, &t_err));
		f.before_ts = p.last_ts;
		f.before_id = p.ids[p.n - 1];
	}
	CHECK_I64("each once", p.n, 5);
	for (int i = 1; i < p.n; i++)
		CHECK(p.ids[i] < p.ids[i - 1]);
	f = (struct message_filter){ .company_id = 1 };
	MUST(message_each(tx->db, &f, see, &all, &t_err));
	CHECK_I64("all conversations", all.n, 6);
}

TX_TEST(an_echo_of_chatwoot_is_known)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = tx_text_add(tx, &ids, false, NULL);

	MUST(message_link_chatwoot(tx, 5, 77, id, "totem", &t_err));
	CHECK_I64("echo", message_link_chatwoot(tx, 5, 77, 0, "agent", &t_err), RC_CONFLICT);
	CHECK_I64("no text", t_err.rc, RC_OK);
	MUST(message_link_chatwoot(tx, 6, 77, 0, "agent", &t_err));
	MUST(message_set_chatwoot(tx, id, 42, 77, &t_err));
	CHECK_I64("conversation", tx_message(tx, id, &a).chatwoot_conversation_id, 42);
	CHECK_I64("message", tx_message(tx, id, &a).chatwoot_message_id, 77);
	CHECK_I64("no such", message_set_chatwoot(tx, 999, 1, 1, NULL), RC_ABSENT);
}
