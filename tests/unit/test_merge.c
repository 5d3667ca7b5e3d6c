/* test_merge.c - two contacts become one, and two again. */
#include "store/conversation/merge.h"

#include "store/message/message.h"
#include "store_tx.h"

static int64_t channel_of(struct tx *tx, const char *slug)
{
	int64_t id = 0;

	MUST(target_resolve(tx, "channel", str_of(slug), &id, &t_err));
	return id;
}

static int64_t person(struct tx *tx, const char *phone)
{
	const struct contact_who who = { .phone = str_of(phone), .name = str_of(phone) };
	int64_t id = 0;

	MUST(contact_resolve(tx, 1, &who, &id, &t_err));
	return id;
}

static int64_t thread(struct tx *tx, const char *channel, int64_t contact, const char *address)
{
	int64_t id = 0;

	MUST(conversation_resolve(tx, 1, channel_of(tx, channel), contact, str_of(address), &id,
				  &t_err));
	return id;
}

/* An unread message of the customer. */
static int64_t wrote(struct tx *tx, int64_t conversation, const char *address, int64_t at_ms)
{
	struct message m = { .company_id = 1,
			     .conversation_id = conversation,
			     .channel_id = channel_of(tx, "main"),
			     .timestamp = at_ms,
			     .status = MESSAGE_DELIVERED,
			     .type = "text",
			     .sender_type = "customer",
			     .source = "customer",
			     .wa_id = str_of(address),
			     .content = STR("x") };

	MUST(message_add(tx, &m, &t_err));
	MUST(conversation_touch(tx,
				&(struct conversation_touch){ .id = conversation,
							      .at_ms = at_ms,
							      .message_id = m.id,
							      .inbound_ms = at_ms,
							      .unread = 1 },
				&t_err));
	return m.id;
}

static int64_t where(struct tx *tx, int64_t message)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct message m;

	MUST(message_load(tx->db, message, &a, &m, &t_err));
	return m.conversation_id;
}

TX_TEST(what_both_wrote_stands_in_one_thread_and_goes_apart_again)
{
	AUTO(arena_release) struct arena a = ARENA(256 * KIB);
	int64_t ana = person(tx, "5511900000001"), bia = person(tx, "5511900000002"), merge = 0;
	int64_t of_ana = thread(tx, "main", ana, "5511900000001");
	int64_t of_bia = thread(tx, "main", bia, "5511900000002");
	int64_t only_bia = thread(tx, "second", bia, "5511900000002");
	int64_t first = wrote(tx, of_ana, "5511900000001", 1000);
	int64_t second = wrote(tx, of_bia, "5511900000002", 2000), third;
	struct conversation v;
	struct contact c;

	MUST(conversation_set_chatwoot(tx, of_bia, 7, 77, STR("wa:2"), &t_err));
	MUST(merge_contacts(tx, ana, bia, MERGE_PERSON, &merge, &t_err));
	CHECK_I64("Ana's message", where(tx, first), of_ana);
	CHECK_I64("Bia's message", where(tx, second), of_ana);
	MUST(conversation_load(tx->db, of_bia, &a, &v, &t_err));
	CHECK_I64("the old thread leads there", v.id, of_ana);
	CHECK_I64("unread", v.unread_count, 2);
	CHECK_I64("newest", v.last_message_id, second);
	CHECK_SPAN("written to where the last message came from", v.wa_id, STR("5511900000002"));
	CHECK_I64("thread in Chatwoot", v.chatwoot_conversation_id, 77);
	MUST(conversation_load(tx->db, only_bia, &a, &v, &t_err));
	CHECK_I64("the other channel's thread", v.contact_id, ana);
	CHECK_I64("Bia's number is Ana's", person(tx, "5511900000002"), ana);
	third = wrote(tx, of_ana, "5511900000001", 3000);

	MUST(merge_undo(tx, merge, &t_err));
	CHECK_I64("stays", where(tx, first), of_ana);
	CHECK_I64("goes back", where(tx, second), of_bia);
	CHECK_I64("what came since stays", where(tx, third), of_ana);
	MUST(conversation_load(tx->db, of_bia, &a, &v, &t_err));
	CHECK_I64("a thread again", v.id, of_bia);
	CHECK_I64("its newest", v.last_message_id, second);
	CHECK_I64("its thread in Chatwoot", v.chatwoot_conversation_id, 77);
	MUST(conversation_load(tx->db, of_ana, &a, &v, &t_err));
	CHECK_I64("Ana's newest", v.last_message_id, third);
	CHECK_I64("Ana's unread", v.unread_count, 2);
	CHECK_SPAN("Ana's address", v.wa_id, STR("5511900000001"));
	CHECK_I64("no thread in Chatwoot", v.chatwoot_conversation_id, 0);
	MUST(conversation_load(tx->db, only_bia, &a, &v, &t_err));
	CHECK_I64("the other channel's thread", v.contact_id, bia);
	MUST(contact_load(tx->db, bia, &a, &c, &t_err));
	CHECK_I64("Bia is somebody again", c.merged_into, 0);
	CHECK_I64("with her number", person(tx, "5511900000002"), bia);
	CHECK_I64("once", merge_undo(tx, merge, NULL), RC_CONFLICT);
}

TX_TEST(a_merge_undone_by_hand_is_not_made_again)
{
	const struct contact_who both = { .phone = STR("5511900000001"), .user_id = STR("BR.1") };
	const struct contact_who user = { .user_id = STR("BR.1") };
	int64_t phone = person(tx, "5511900000001"), by_user = 0, id = 0, merge = 0;

	MUST(contact_resolve(tx, 1, &user, &by_user, &t_err));
	MUST(merge_contacts(tx, phone, by_user, MERGE_SEEN, &merge, &t_err));
	MUST(merge_undo(tx, merge, &t_err));
	MUST(contact_resolve(tx, 1, &both, &id, &t_err));
	CHECK_I64("the user id is the stronger key", id, by_user);
	CHECK_I64("the number stays where it was", person(tx, "5511900000001"), phone);
}

TX_TEST(merges_follow_one_another)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	int64_t one = person(tx, "5511900000001"), two = person(tx, "5511900000002");
	int64_t three = person(tx, "5511900000003"), inner = 0, outer = 0;
	int64_t of_three = thread(tx, "main", three, "5511900000003");
	int64_t message = wrote(tx, of_three, "5511900000003", 1000);
	struct conversation v;

	(void)thread(tx, "main", two, "5511900000002");
	int64_t of_one = thread(tx, "main", one, "5511900000001");
	MUST(merge_contacts(tx, two, three, MERGE_SEEN, &inner, &t_err));
	MUST(merge_contacts(tx, one, two, MERGE_SEEN, &outer, &t_err));
	CHECK_I64("all the way", where(tx, message), of_one);
	MUST(conversation_load(tx->db, of_three, &a, &v, &t_err));
	CHECK_I64("over two merges", v.id, of_one);
	CHECK_I64("the inner one cannot go first", merge_undo(tx, inner, NULL), RC_CONFLICT);
	MUST(merge_undo(tx, outer, &t_err));
	MUST(merge_undo(tx, inner, &t_err));
	CHECK_I64("back", where(tx, message), of_three);
}

TX_TEST(who_cannot_be_merged)
{
	const struct contact_who group = { .group_id = STR("g") };
	int64_t ana = person(tx, "5511900000001"), bia = person(tx, "5511900000002");
	int64_t cleo = person(tx, "5511900000003"), vizinhos = 0, merge = 0;

	MUST(contact_resolve(tx, 1, &group, &vizinhos, &t_err));
	MUST(merge_contacts(tx, ana, bia, MERGE_SEEN, &merge, &t_err));
	CHECK_I64("itself", merge_contacts(tx, ana, ana, MERGE_PERSON, &merge, NULL), RC_INVALID);
	CHECK_I64("a group", merge_contacts(tx, ana, vizinhos, MERGE_PERSON, &merge, NULL),
		  RC_INVALID);
	CHECK_I64("one who is gone", merge_contacts(tx, cleo, bia, MERGE_PERSON, &merge, NULL),
		  RC_INVALID);
	CHECK_I64("into one who is gone", merge_contacts(tx, bia, cleo, MERGE_PERSON, &merge, NULL),
		  RC_INVALID);
	CHECK_I64("nobody", merge_contacts(tx, ana, 999, MERGE_PERSON, &merge, NULL), RC_ABSENT);
}
