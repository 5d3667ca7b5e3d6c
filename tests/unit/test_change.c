/* test_change.c - edits, revokes and reactions, before and after their target. */
#include "store/change.h"

#include "base/sbuf.h"
#include "store/message/message.h"
#include "store_tx.h"

static struct tx_ids ids;

static int64_t add(struct tx *tx, const char *wamid, const char *type, bool outbound)
{
	struct message m = { .company_id = 1,
			     .conversation_id = ids.conversation,
			     .channel_id = ids.channel,
			     .outbound = outbound,
			     .sending = outbound ? "done" : NULL,
			     .status = MESSAGE_DELIVERED,
			     .type = type,
			     .sender_type = outbound ? "crm_agent" : "customer",
			     .source = outbound ? "phone" : "customer",
			     .meta_message_id = str_of(wamid),
			     .wa_id = STR("5511900000001"),
			     .content = STR("first text") };

	MUST(message_add(tx, &m, &t_err));
	return m.id;
}

struct act {
	const char *kind, *target, *text;
	int64_t at_ms;
	bool outbound;
};

static int64_t act(struct tx *tx, const struct act *a)
{
	static int number;
	char wamid[32];
	int64_t target = -1;

	(void)snprintf(wamid, sizeof(wamid), "wamid.ACT%d", number++);
	const struct change_new c = { .kind = a->kind,
				      .target = str_of(a->target),
				      .by_message = add(tx, wamid, a->kind, a->outbound),
				      .conversation_id = ids.conversation,
				      .outbound = a->outbound,
				      .actor = a->outbound ? STR_NONE : STR("5511900000001"),
				      .at_ms = a->at_ms,
				      .text = str_of(a->text) };
	MUST(change_add(tx, &c, &target, &t_err));
	return target;
}

static enum rc line(void *arg, const struct change *c, struct err *e)
{
	(void)e;
	sbuf_printf(arg, "%s %.*s %lld %.*s<%.*s\n", c->kind, STRF(c->actor), (long long)c->at_ms,
		    STRF(c->text), STRF(c->before));
	return RC_OK;
}

static void check_target(struct tx *tx, const char *why, int64_t id, const char *content,
			 const char *reactions)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf text = SBUF(4 * KIB);
	struct message m;

	MUST(message_load(tx->db, id, &a, &m, &t_err));
	CHECK_SPAN(why, m.content, str_of(content));
	MUST(change_each_reaction(tx->db, id, line, &text, &t_err));
	CHECK_SPAN(why, sbuf_view(&text), str_of(reactions));
}

TX_TEST(acts_change_their_target_and_keep_what_it_was)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf text = SBUF(4 * KIB);
	struct message m;

	ids = tx_conversation(tx, "5511900000001");
	int64_t id = add(tx, "wamid.1", "text", false);
	CHECK_I64("joined", act(tx, &(struct act){ "edit", "wamid.1", "second", 100, false }), id);
	check_target(tx, "edited", id, "second", "");
	CHECK_I64("older", act(tx, &(struct act){ "edit", "wamid.1", "late", 50, false }), id);
	check_target(tx, "an older edit changes nothing", id, "second", "");
	CHECK_I64("ours", act(tx, &(struct act){ "edit", "wamid.1", "forged", 200, true }), id);
	check_target(tx, "nobody edits what another wrote", id, "second", "");
	CHECK_I64("revoke", act(tx, &(struct act){ "revoke", "wamid.1", "", 300, false }), id);
	check_target(tx, "deleted", id, REVOKED_TEXT, "");
	CHECK_I64("after", act(tx, &(struct act){ "edit", "wamid.1", "again", 400, false }), id);
	check_target(tx, "what is deleted stays so", id, REVOKED_TEXT, "");
	MUST(message_load(tx->db, id, &a, &m, &t_err));
	CHECK_I64("edited", m.edited_ms, 100);
	CHECK_I64("revoked", m.revoked_ms, 300);
	MUST(change_each(tx->db, id, line, &text, &t_err));
	CHECK_SPAN("the whole story", sbuf_view(&text),
		   STR("edit 5511900000001 50 late<\n"
		       "edit 5511900000001 100 second<first text\n"
		       "edit  200 forged<\n"
		       "revoke 5511900000001 300 <second\n"
		       "edit 5511900000001 400 again<\n"));
}

TX_TEST(the_last_reaction_of_each_person_stands)
{
	ids = tx_conversation(tx, "5511900000001");
	int64_t id = add(tx, "wamid.1", "text", true);
	static const struct act ACTS[] = {
		{ "reaction", "wamid.1", "A", 100, false },
		{ "reaction", "wamid.1", "B", 200, false },
		{ "reaction", "wamid.1", "C", 150, true },
	};

	EACH (r, ACTS)
		CHECK_I64("joined", act(tx, r), id);
	check_target(tx, "two people", id, "first text",
		     "reaction  150 C<\nreaction 5511900000001 200 B<\n");
	(void)act(tx, &(struct act){ "reaction", "wamid.1", "", 300, false });
	check_target(tx, "taken back", id, "first text", "reaction  150 C<\n");
}

TX_TEST(acts_that_come_first_wait_for_their_target)
{
	ids = tx_conversation(tx, "5511900000001");
	CHECK_I64("waits", act(tx, &(struct act){ "edit", "wamid.1", "third", 300, false }), 0);
	CHECK_I64("waits", act(tx, &(struct act){ "edit", "wamid.1", "second", 200, false }), 0);
	CHECK_I64("waits", act(tx, &(struct act){ "reaction", "wamid.1", "A", 250, true }), 0);
	int64_t id = add(tx, "wamid.1", "text", false);
	check_target(tx, "in their order", id, "third", "reaction  250 A<\n");
	int64_t other = add(tx, "wamid.2", "text", false);
	check_target(tx, "another is not touched", other, "first text", "");
}

TX_TEST(a_reaction_that_overtakes_the_answer_to_our_own_send)
{
	ids = tx_conversation(tx, "5511900000001");
	CHECK_I64("waits", act(tx, &(struct act){ "reaction", "wamid.OUT", "A", 10, false }), 0);
	struct message m = { .company_id = 1,
			     .conversation_id = ids.conversation,
			     .channel_id = ids.channel,
			     .outbound = true,
			     .type = "text",
			     .sender_type = "crm_agent",
			     .source = "api",
			     .wa_id = STR("5511900000001"),
			     .content = STR("hello") };
	MUST(message_add(tx, &m, &t_err));
	MUST(message_sending(tx, m.id, &t_err));
	MUST(message_accepted(tx, m.id, STR("wamid.OUT"), &t_err));
	check_target(tx, "joined", m.id, "hello", "reaction 5511900000001 10 A<\n");
}
