/* test_message_plan.c - attempts replace one another once, notes stay, a window is opened by the customer only. */
#include "store/message/message_plan.h"

#include "store_tx.h"

static struct message made(struct tx *tx, const struct tx_ids *ids, const char *meta, bool outbound,
			   int64_t at_ms)
{
	struct message m = { .company_id = 1,
			     .conversation_id = ids->conversation,
			     .channel_id = ids->channel,
			     .timestamp = at_ms,
			     .outbound = outbound,
			     .type = "text",
			     .sender_type = outbound ? "system" : "customer",
			     .source = outbound ? "api" : "customer",
			     .meta_message_id = str_of(meta),
			     .wa_id = STR("59171234567"),
			     .content = STR("x") };

	MUST(message_add(tx, &m, &t_err));
	return m;
}

TX_TEST(a_plan_is_kept_and_an_empty_one_costs_nothing)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "59171234567");
	struct message m = made(tx, &ids, NULL, true, T_NOW);
	struct message_plan p = { .expires_ms = T_NOW + 5, .fallback = STR("{\"name\":\"t\"}") },
			    got;

	MUST(message_plan_set(tx, m.id, &(struct message_plan){ .prio = PRIO_NORMAL }, &t_err));
	MUST(message_plan_load(tx->db, m.id, &a, &got, &t_err));
	CHECK(got.expires_ms == 0 && got.fallback.p == NULL && got.replaced_by == 0);
	MUST(message_plan_set(tx, m.id, &p, &t_err));
	MUST(message_plan_load(tx->db, m.id, &a, &got, &t_err));
	CHECK_I64("expires", got.expires_ms, T_NOW + 5);
	CHECK_STR("fallback", got.fallback.p, "{\"name\":\"t\"}");
	p = (struct message_plan){ .prio = PRIO_HIGH, .tries = 2 };
	MUST(message_plan_set(tx, m.id, &p, &t_err));
	MUST(message_plan_tried(tx, m.id, &t_err));
	MUST(message_plan_load(tx->db, m.id, &a, &got, &t_err));
	CHECK_I64("priority", got.prio, PRIO_HIGH);
	CHECK_I64("tries", got.tries, 3);
	CHECK_I64("gone", message_plan_load(tx->db, 999, &a, &got, &t_err), RC_ABSENT);
}

TX_TEST(only_one_attempt_takes_the_place_of_a_message)
{
	struct tx_ids ids = tx_conversation(tx, "59171234567");
	struct message a = made(tx, &ids, NULL, true, T_NOW), b = made(tx, &ids, NULL, true, T_NOW),
		       c = made(tx, &ids, NULL, true, T_NOW);

	MUST(message_plan_replace(tx, a.id, b.id, &t_err));
	CHECK_I64("taken", message_plan_replace(tx, a.id, c.id, NULL), RC_CONFLICT);
	CHECK_I64("again", message_plan_replace(tx, a.id, b.id, NULL), RC_CONFLICT);
}

TX_TEST(a_decision_settles_only_what_is_in_doubt)
{
	struct tx_ids ids = tx_conversation(tx, "59171234567");
	struct message m = made(tx, &ids, NULL, true, T_NOW), got;
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);

	CHECK_I64("queued", message_plan_sent(tx, m.id, NULL), RC_CONFLICT);
	MUST(message_sending(tx, m.id, &t_err));
	CHECK_I64("sending", message_plan_sent(tx, m.id, NULL), RC_CONFLICT);
	MUST(message_unknown(tx, m.id, "lost", &t_err));
	MUST(message_plan_sent(tx, m.id, &t_err));
	MUST(message_load(tx->db, m.id, &a, &got, &t_err));
	CHECK_STR("sending", got.sending, "done");
	CHECK_I64("status", got.status, MESSAGE_SENT);
	CHECK_I64("twice", message_plan_sent(tx, m.id, NULL), RC_CONFLICT);
}

struct notes {
	int n;
	char last[64];
};

static enum rc note_row(void *arg, int64_t at_ms, struct str actor, struct str note, struct err *e)
{
	struct notes *n = arg;

	(void)e;
	CHECK_I64("at", at_ms, T_NOW);
	(void)snprintf(n->last, sizeof(n->last), "%.*s: %.*s", STRF(actor), STRF(note));
	n->n++;
	return RC_OK;
}

TX_TEST(notes_stay_in_their_order)
{
	struct tx_ids ids = tx_conversation(tx, "59171234567");
	struct message m = made(tx, &ids, NULL, true, T_NOW);
	struct notes n = { 0 };

	MUST(message_plan_note(tx, m.id, STR("totem"), "one", &t_err));
	MUST(message_plan_note(tx, m.id, STR("user 1"), "two", &t_err));
	MUST(message_plan_notes(tx->db, m.id, note_row, &n, &t_err));
	CHECK_I64("notes", n.n, 2);
	CHECK_STR("last", n.last, "user 1: two");
}

TX_TEST(only_the_customer_opens_the_window)
{
	struct tx_ids ids = tx_conversation(tx, "59171234567");
	struct message m = made(tx, &ids, "wamid.1", true, T_NOW), history;
	int64_t heard, id;

	MUST(message_plan_heard(tx->db, &m, T_NOW - DAY_MS, &heard, &t_err));
	CHECK_I64("nobody", heard, 0);
	history = made(tx, &ids, "wamid.2", false, T_NOW - DAY_MS);
	MUST(message_plan_heard(tx->db, &history, T_NOW - DAY_MS, &heard, &t_err));
	CHECK_I64("a day ago is too long ago", heard, 0);
	(void)made(tx, &ids, "wamid.3", false, T_NOW - DAY_MS + 1);
	MUST(message_plan_heard(tx->db, &m, T_NOW - DAY_MS, &heard, &t_err));
	CHECK_I64("within", heard, T_NOW - DAY_MS + 1);
	MUST(message_plan_newest_inbound(tx->db, &m, 0, &id, &t_err));
	CHECK_I64("the newest", id > history.id, true);
	CHECK_I64("none so young", message_plan_newest_inbound(tx->db, &m, T_NOW, &id, &t_err),
		  RC_ABSENT);
}
