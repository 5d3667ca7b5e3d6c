/* test_conversation.c - finding, the aggregate, lists. */
#include "store/conversation/conversation.h"

#include "store/search/search.h"
#include "store_tx.h"

static struct conversation load(struct tx *tx, int64_t id, struct arena *a)
{
	struct conversation c = { 0 };

	MUST(conversation_load(tx->db, id, a, &c, &t_err));
	return c;
}

TX_TEST(a_contact_has_one_conversation_on_a_channel)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "5511987654321");
	int64_t id = 0, other = 0, channel = 0;

	MUST(conversation_resolve(tx, 1, ids.channel, ids.contact, STR_NONE, &id, &t_err));
	CHECK_I64("without an address", id, ids.conversation);
	CHECK_SPAN("address stays", load(tx, id, &a).wa_id, STR("5511987654321"));
	MUST(conversation_resolve(tx, 1, ids.channel, ids.contact, STR("551187654321"), &id,
				  &t_err));
	CHECK_I64("other address", id, ids.conversation);
	CHECK_SPAN("address follows", load(tx, id, &a).wa_id, STR("551187654321"));
	CHECK_SPAN("name", load(tx, id, &a).contact_name, STR("Ana"));
	MUST(target_resolve(tx, "channel", STR("second"), &channel, &t_err));
	CHECK_I64("none yet",
		  conversation_resolve(tx, 1, channel, ids.contact, STR_NONE, &other, NULL),
		  RC_ABSENT);
	MUST(conversation_resolve(tx, 1, channel, ids.contact, STR("551187654321"), &other,
				  &t_err));
	CHECK(other != id);
	CHECK_I64("no such", conversation_load(tx->db, 99, &a, &(struct conversation){ 0 }, NULL),
		  RC_ABSENT);
}

TX_TEST(the_later_message_wins_and_unread_grows)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = ids.conversation;
	const struct conversation_touch in = { id, 2000, 20, 2000, 1 };
	const struct conversation_touch late = { id, 1000, 10, 1000, 1 };
	const struct conversation_touch out = { id, 3000, 30, 0, 0 };
	struct conversation c;

	MUST(conversation_touch(tx, &in, &t_err));
	MUST(conversation_touch(tx, &late, &t_err));
	c = load(tx, id, &a);
	CHECK_I64("time", c.last_message_at, 2000);
	CHECK_I64("message", c.last_message_id, 20);
	CHECK_I64("inbound", c.last_inbound_ms, 2000);
	CHECK_I64("unread", c.unread_count, 2);
	MUST(conversation_touch(tx, &out, &t_err));
	MUST(conversation_read(tx, id, &t_err));
	c = load(tx, id, &a);
	CHECK_I64("time", c.last_message_at, 3000);
	CHECK_I64("outbound does not open the window", c.last_inbound_ms, 2000);
	CHECK_I64("read", c.unread_count, 0);
	CHECK_I64("no such", conversation_touch(tx, &(struct conversation_touch){ .id = 99 }, NULL),
		  RC_ABSENT);
	CHECK_I64("no such", conversation_read(tx, 99, NULL), RC_ABSENT);
}

TX_TEST(chatwoot_finds_its_conversation)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	int64_t id = 0;

	CHECK_I64("0 is nobody's", conversation_by_chatwoot(tx->db, 1, 0, &id, NULL), RC_ABSENT);
	MUST(conversation_set_chatwoot(tx, ids.conversation, 7, 42, STR("src"), &t_err));
	MUST(conversation_by_chatwoot(tx->db, 1, 42, &id, &t_err));
	CHECK_I64("found", id, ids.conversation);
	CHECK_I64("contact", load(tx, id, &a).chatwoot_contact_id, 7);
	CHECK_SPAN("source", load(tx, id, &a).chatwoot_source_id, STR("src"));
	CHECK_I64("other company", conversation_by_chatwoot(tx->db, 2, 42, &id, NULL), RC_ABSENT);
}

struct seen {
	int n;
	int64_t ids[8];
	int64_t last_ms, last_id;
	bool stop;
};

static enum rc see(void *arg, const struct conversation *c, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	s->ids[s->n++] = c->id;
	s->last_ms = c->last_message_at;
	s->last_id = c->id;
	return s->stop ? RC_LIMIT : RC_OK;
}

TX_TEST(pages_follow_each_other_without_a_gap)
{
	int64_t ids[5];
	struct conversation_filter f = { .company_id = 1, .limit = 2 };
	struct seen all = { 0 };

	for (int i = 0; i < 5; i++) {
		char phone[16];

		(void)snprintf(phone, sizeof(phone), "491511234567%d", i);
		ids[i] = tx_conversation(tx, phone).conversation;
		/* two of them at the same time */
		MUST(conversation_touch(
			tx,
			&(struct conversation_touch){ .id = ids[i], .at_ms = 1000 * (i / 2) + 1 },
			&t_err));
	}
	for (int page = 0; page < 4; page++) {
		MUST(conversation_each(tx->db, &f, see, &all, &t_err));
		f.before_ms = all.last_ms;
		f.before_id = all.last_id;
	}
	CHECK_I64("all once", all.n, 5);
	for (int i = 0; i < 5 && all.n == 5; i++)
		CHECK_I64("newest first", all.ids[i], ids[4 - i]);
}

TX_TEST(lists_can_be_narrowed_and_stopped)
{
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	struct tx_ids other = tx_conversation(tx, "5511987654321");
	static const struct {
		const char *why, *search;
		bool unread;
		int n;
	} ROWS[] = {
		{ "all", NULL, false, 2 },      { "name, any case", "aNA", false, 2 },
		{ "number", "4915", false, 1 }, { "nobody", "%", false, 0 },
		{ "unread", NULL, true, 1 },
	};
	const struct conversation_filter f = { .company_id = 1 };
	struct seen stopped = { .stop = true };
	bool more;

	MUST(conversation_touch(
		tx, &(struct conversation_touch){ .id = ids.conversation, .at_ms = 1, .unread = 1 },
		&t_err));
	CHECK(other.conversation != ids.conversation);
	MUST(search_fill(tx, &more, &t_err));
	EACH (r, ROWS) {
		const struct conversation_filter some = { .company_id = 1,
							  .search = str_of(r->search),
							  .unread_only = r->unread };
		struct seen s = { 0 };

		MUST(conversation_each(tx->db, &some, see, &s, &t_err));
		CHECK_I64(r->why, s.n, r->n);
	}
	CHECK_I64("the caller's verdict", conversation_each(tx->db, &f, see, &stopped, NULL),
		  RC_LIMIT);
	CHECK_I64("after one", stopped.n, 1);
}
