/* test_contacts.c - the API of people: list, names, the stop list, merging and undoing it. */
#include "t.h"

#include "base/ids.h"
#include "box.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/message/message.h"

static const char *const ARGS[] = { "channel.main.phone_number_id=1" };
static struct box b;

struct maker {
	const char *phone, *user, *name;
	char id[ID_TEXT_MAX];
	int64_t row;
};

static enum rc make_unit(struct tx *tx, void *arg, struct err *e)
{
	struct maker *m = arg;
	const struct contact_who who = { .phone = str_of(m->phone),
					 .user_id = str_of(m->user),
					 .name = str_of(m->name) };
	int64_t conversation;

	TRY(contact_resolve(tx, 1, &who, &m->row, e));
	id_text(tx->now_ms, m->row, m->id);
	return conversation_resolve(tx, 1, b.app.config->channels[0].id, m->row,
				    m->phone != NULL ? who.phone : who.user_id, &conversation, e);
}

static void make(struct maker *m)
{
	MUST(store_write(b.app.store, STORE_NORMAL, make_unit, m, &t_err));
}

static const char *path(const char *id, const char *rest)
{
	return arena_printf(&b.arena, "/api/v1/contacts/%s%s", id, rest);
}

TEST(contacts_are_listed_found_and_paged)
{
	struct maker ana = { .phone = "5511900000001", .name = "Ana Lima" };
	struct maker rui = { .user = "BR.77", .name = "Rui" };
	static const struct {
		const char *why, *query, *first;
		int status;
	} CASES[] = {
		{ "newest first", "", "Rui", 200 },
		{ "by a name", "?search=lima", "Ana Lima", 200 },
		{ "by a number", "?search=90000", "Ana Lima", 200 },
		{ "by a user id", "?search=BR.7", "Rui", 200 },
		{ "groups", "?kind=group", "", 200 },
		{ "the stop list", "?marketing=stop", "", 200 },
		{ "malformed", "?limit=x", "", 422 },
	};

	box_open(&b, ARGS, COUNT(ARGS));
	make(&ana);
	make(&rui);
	EACH (t, CASES) {
		CHECK_I64(t->why,
			  box_call(&b, "GET",
				   arena_printf(&b.arena, "/api/v1/contacts%s", t->query), NULL),
			  t->status);
		CHECK_STR(t->why, box_get(&b, "data.0.name"), t->first);
	}
	CHECK_I64("a page", box_call(&b, "GET", "/api/v1/contacts?limit=1", NULL), 200);
	CHECK_I64("the next",
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "/api/v1/contacts?limit=1&after=%s",
					box_get(&b, "next")),
			   NULL),
		  200);
	CHECK_STR("the next", box_get(&b, "data.0.name"), "Ana Lima");
	box_close(&b);
}

TEST(contacts_take_a_name_and_a_wish)
{
	static const struct {
		const char *why, *body;
		int status;
	} CASES[] = {
		{ "a name", "{\"name\":\"Ana, Filial\"}", 200 },
		{ "a wish", "{\"marketing\":\"stop\"}", 200 },
		{ "another wish", "{\"marketing\":\"perhaps\"}", 422 },
		{ "a number as name", "{\"name\":7}", 422 },
		{ "nothing", "{}", 422 },
		{ "no JSON", "x", 400 },
	};
	struct maker ana = { .phone = "5511900000001", .name = "Ana" };

	box_open(&b, ARGS, COUNT(ARGS));
	make(&ana);
	EACH (t, CASES)
		CHECK_I64(t->why, box_call(&b, "PATCH", path(ana.id, ""), t->body), t->status);
	CHECK_I64("shown", box_call(&b, "GET", path(ana.id, ""), NULL), 200);
	CHECK_STR("name", box_get(&b, "name"), "Ana, Filial");
	CHECK_STR("profile", box_get(&b, "profile_name"), "Ana");
	CHECK_STR("wish", box_get(&b, "marketing"), "stop");
	CHECK_I64("back", box_call(&b, "PATCH", path(ana.id, ""), "{\"name\":null}"), 200);
	CHECK_STR("name", box_get(&b, "name"), "Ana");
	CHECK_I64("too long",
		  box_call(&b, "PATCH", path(ana.id, ""),
			   arena_printf(&b.arena, "{\"name\":\"%0201d\"}", 0)),
		  422);
	CHECK_I64("nobody",
		  box_call(&b, "PATCH", path("0198c0de-0000-7000-8000-000000000001", ""), "{}"),
		  404);
	box_close(&b);
}

TEST(contacts_are_merged_and_parted_again)
{
	struct maker ana = { .phone = "5511900000001", .name = "Ana" };
	struct maker bia = { .user = "BR.77", .name = "Bia" };
	const char *merge, *body;

	box_open(&b, ARGS, COUNT(ARGS));
	make(&ana);
	make(&bia);
	body = arena_printf(&b.arena, "{\"contact_id\":\"%s\"}", bia.id);
	CHECK_I64("merged", box_call(&b, "POST", path(ana.id, "/merge"), body), 200);
	CHECK_STR("who went", box_get(&b, "merges.0.contact_id"), bia.id);
	CHECK_STR("why", box_get(&b, "merges.0.reason"), "person");
	CHECK(box_has(&b, "BR.77"));
	merge = box_get(&b, "merges.0.id");
	CHECK_I64("the other", box_call(&b, "GET", path(bia.id, ""), NULL), 200);
	CHECK_STR("leads there", box_get(&b, "merged_into"), ana.id);
	CHECK_I64("one is listed", box_call(&b, "GET", "/api/v1/contacts", NULL), 200);
	CHECK_STR("one is listed", box_get(&b, "data.1.name"), "");
	CHECK_I64("one thread", box_call(&b, "GET", "/api/v1/conversations", NULL), 200);
	CHECK_STR("one thread", box_get(&b, "data.1.id"), "");
	CHECK_I64("again", box_call(&b, "POST", path(ana.id, "/merge"), body), 409);
	CHECK_I64("itself",
		  box_call(&b, "POST", path(ana.id, "/merge"),
			   arena_printf(&b.arena, "{\"contact_id\":\"%s\"}", ana.id)),
		  409);
	CHECK_I64("nobody", box_call(&b, "POST", path(ana.id, "/merge"), "{}"), 422);
	CHECK_I64("no such merge",
		  box_call(&b, "POST", path(ana.id, "/unmerge"), "{\"merge_id\":\"x\"}"), 422);
	CHECK_I64("parted",
		  box_call(&b, "POST", path(ana.id, "/unmerge"),
			   arena_printf(&b.arena, "{\"merge_id\":\"%s\"}", merge)),
		  200);
	CHECK(!box_has(&b, "BR.77"));
	CHECK_I64("nothing left", box_call(&b, "POST", path(ana.id, "/unmerge"), "{}"), 409);
	CHECK_I64("the other", box_call(&b, "GET", path(bia.id, ""), NULL), 200);
	CHECK(box_has(&b, "BR.77") && box_has(&b, "\"merged_into\":null"));
	box_close(&b);
}

struct sent {
	int64_t row;
	char id[ID_TEXT_MAX];
};

static enum rc sent_unit(struct tx *tx, void *arg, struct err *e)
{
	static const struct {
		enum message_status status;
		const char *error;
	} WORDS[] = { { MESSAGE_SENT, NULL },
		      { MESSAGE_FAILED, "{\"code\":131026}" },
		      { MESSAGE_DELIVERED, NULL },
		      { MESSAGE_FAILED, "{\"code\":131026}" } };
	struct sent *s = arg;
	const struct contact_who who = { .phone = STR("5511900000001") };
	struct message m = { .company_id = 1,
			     .channel_id = b.app.config->channels[0].id,
			     .outbound = true,
			     .type = "text",
			     .sender_type = "crm_agent",
			     .source = "api",
			     .wa_id = who.phone,
			     .content = STR("x") };
	enum message_status_result result;
	int64_t contact, id;

	TRY(contact_resolve(tx, 1, &who, &contact, e));
	TRY(conversation_resolve(tx, 1, m.channel_id, contact, m.wa_id, &m.conversation_id, e));
	TRY(message_add(tx, &m, e));
	TRY(message_sending(tx, m.id, e));
	TRY(message_accepted(tx, m.id, STR("wamid.1"), e));
	for (size_t i = 0; i < (size_t)s->row; i++)
		TRY(message_apply_status(
			tx,
			&(struct message_status_event){ .meta_message_id = STR("wamid.1"),
							.status = WORDS[i].status,
							.at_ms = (int64_t)i + 1,
							.error = str_of(WORDS[i].error) },
			&id, &result, e));
	id_text(m.created_at, m.id, s->id);
	return RC_OK;
}

/* A failure is a flag beside the rank. */
TEST(messages_show_failure_and_rank_apart)
{
	static const struct {
		const char *why;
		int64_t words;
		const char *status, *rank, *failed;
	} CASES[] = {
		{ "sent", 1, "sent", "sent", "\"failed\":false" },
		{ "failed", 2, "failed", "sent", "\"failed\":true" },
		{ "delivered all the same", 3, "delivered", "delivered", "\"failed\":true" },
	};

	EACH (t, CASES) {
		struct sent s = { .row = t->words };
		char file[600];

		(void)snprintf(file, sizeof(file), "%s/totem.db", t_dir());
		(void)remove(file);
		box_open(&b, ARGS, COUNT(ARGS));
		MUST(store_write(b.app.store, STORE_NORMAL, sent_unit, &s, &t_err));
		CHECK_I64(t->why,
			  box_call(&b, "GET", arena_printf(&b.arena, "/api/v1/messages/%s", s.id),
				   NULL),
			  200);
		CHECK_STR(t->why, box_get(&b, "status"), t->status);
		CHECK_STR(t->why, box_get(&b, "rank"), t->rank);
		CHECK(box_has(&b, t->failed));
		if (t->words > 1)
			CHECK_I64(t->why, box_get_i64(&b, "error.code"), 131026);
		box_close(&b);
	}
}
