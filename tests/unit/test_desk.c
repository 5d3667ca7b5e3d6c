/* test_desk.c - assigning, status, labels, unread, quick answers, and pages of a conversation in both directions. */
#include "people.h"

#include "store/conversation/conversation.h"
#include "store/queue/topic.h"

static struct box b;
static struct browser ana, agent;

/* A conversation; its id. */
static const char *conversation(const char *to)
{
	CHECK_I64(to,
		  box_call(&b, "POST", "/api/v1/messages",
			   arena_printf(&b.arena, "{\"to\":\"%s\",\"text\":\"hola\"}", to)),
		  202);
	return box_get(&b, "conversation_id");
}

static int64_t listed(const char *query)
{
	AUTO(json_freep) struct json *root = NULL;

	CHECK_I64(query,
		  browser_call(&b, &agent, "GET",
			       arena_printf(&b.arena, "/api/v1/conversations?%s", query), NULL),
		  200);
	MUST(json_parse(box_body(&b), &root, &t_err));
	return json_count(json_get(root, "data"));
}

static int post(const char *id, const char *verb, const char *body)
{
	return browser_call(&b, &agent, "POST",
			    arena_printf(&b.arena, "/api/v1/conversations/%s/%s", id, verb), body);
}

static void open_box(void)
{
	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	people_owner(&b, &ana);
	(void)people_add(&b, &ana, "agent", &agent);
}

TEST(desk_assigns_to_people_in_use)
{
	const char *id, *one, *two;

	open_box();
	one = conversation("+59171234567");
	two = conversation("+59171234568");
	CHECK_I64("users", browser_call(&b, &ana, "GET", "/api/v1/users", NULL), 200);
	id = box_get(&b, "data.0.id");
	CHECK_I64("me", post(one, "assign", "{\"user_id\":\"me\"}"), 200);
	CHECK_STR("name", box_get(&b, "assigned.name"), "agent");
	CHECK_I64("another",
		  post(two, "assign", arena_printf(&b.arena, "{\"user_id\":\"%s\"}", id)), 200);
	CHECK_I64("mine", listed("assigned=me"), 1);
	CHECK_I64("hers", listed(arena_printf(&b.arena, "assigned=%s", id)), 1);
	CHECK_I64("nobody's", listed("assigned=none"), 0);
	CHECK_I64("given back", post(one, "assign", "{\"user_id\":null}"), 200);
	CHECK_I64("nobody's", listed("assigned=none"), 1);
	CHECK_I64("no such", post(one, "assign", "{\"user_id\":\"x\"}"), 422);
	CHECK_I64("missing", post(one, "assign", "{}"), 422);
	CHECK_I64("no such", post("00000000-0000-7000-8000-000000000000", "assign", "{}"), 404);
	CHECK_I64("noted",
		  browser_call(&b, &ana, "GET", "/api/v1/audit?action=conversations.", NULL), 200);
	CHECK_STR("noted", box_get(&b, "data.2.action"), "conversations.assign");
	box_close(&b);
}

TEST(desk_tells_whom_to_assign_to)
{
	const char *id;

	open_box();
	CHECK_I64("colleagues", browser_call(&b, &agent, "GET", "/api/v1/colleagues", NULL), 200);
	CHECK_STR("role", box_get(&b, "data.1.role"), "agent");
	CHECK_STR("no more than that", box_get(&b, "data.1.login"), "");
	id = box_get(&b, "data.1.id");
	CHECK_I64("disabled",
		  browser_call(&b, &ana, "PATCH", arena_printf(&b.arena, "/api/v1/users/%s", id),
			       "{\"disabled\":true}"),
		  200);
	CHECK_I64("colleagues", browser_call(&b, &ana, "GET", "/api/v1/colleagues", NULL), 200);
	CHECK_STR("she stays", box_get(&b, "data.0.role"), "owner");
	CHECK_STR("who is disabled is not offered", box_get(&b, "data.1.id"), "");
	box_close(&b);
}

TEST(desk_sets_status_and_labels)
{
	const char *one;

	open_box();
	one = conversation("+59171234567");
	(void)conversation("+59171234568");
	CHECK_I64("resolved", post(one, "status", "{\"status\":\"resolved\"}"), 200);
	CHECK_STR("resolved", box_get(&b, "status"), "resolved");
	CHECK_I64("open", listed("status=open"), 1);
	CHECK_I64("no word", post(one, "status", "{\"status\":\"gone\"}"), 422);
	CHECK_I64("labels",
		  post(one, "labels", "{\"labels\":[\"Urgente\",\" pago \",\"Urgente\"]}"), 200);
	CHECK(box_has(&b, "\"labels\":[\"Urgente\",\"pago\"]"));
	CHECK_I64("with it", listed("label=pago"), 1);
	CHECK_I64("and open", listed("label=pago&status=open"), 0);
	CHECK_I64("in use", browser_call(&b, &agent, "GET", "/api/v1/labels", NULL), 200);
	CHECK_I64("one conversation", box_get_i64(&b, "data.1.conversations"), 1);
	CHECK_I64("empty", post(one, "labels", "{\"labels\":[\"\"]}"), 422);
	CHECK_I64("no text", post(one, "labels", "{\"labels\":[1]}"), 422);
	CHECK_I64("kept", listed("label=pago"), 1);
	CHECK_I64("none", post(one, "labels", "{\"labels\":[]}"), 200);
	CHECK_I64("gone", listed("label=pago"), 0);
	box_close(&b);
}

static enum rc touch_unit(struct tx *tx, void *arg, struct err *e)
{
	return conversation_touch(tx, arg, e);
}

static enum rc count_event(void *arg, const struct topic_event *ev, struct err *e)
{
	int *n = arg;

	(void)e;
	*n += ev->topic == TOPIC_CONVERSATION;
	return RC_OK;
}

TEST(desk_reading_clears_unread_and_tells_the_others)
{
	struct conversation_touch t = {
		.id = 1, .at_ms = BOX_NOW_MS, .inbound_ms = 1, .unread = 3
	};
	const char *one;
	struct db *db;
	int events = 0;

	open_box();
	one = conversation("+59171234567");
	(void)conversation("+59171234568");
	MUST(store_write(b.app.store, STORE_NORMAL, touch_unit, &t, &t_err));
	CHECK_I64("unread", listed("unread=true"), 1);
	CHECK_I64("how much", browser_call(&b, &agent, "GET", "/api/v1/conversations/unread", NULL),
		  200);
	CHECK_I64("messages", box_get_i64(&b, "messages"), 3);
	CHECK_I64("read", post(one, "read", "{}"), 200);
	CHECK_I64("unread", listed("unread=true"), 0);
	db = store_reader(b.app.store);
	MUST(topic_each_after(db, 1, 0, 100, count_event, &events, &t_err));
	store_reader_done(b.app.store, db);
	CHECK_I64("told", events, 1);
	CHECK_I64("looks", post(one, "presence", "{\"state\":\"typing\"}"), 200);
	CHECK_I64("no state", post(one, "presence", "{\"state\":\"asleep\"}"), 422);
	box_close(&b);
}

TEST(desk_quick_answers)
{
	const char *id;

	open_box();
	CHECK_I64("made",
		  browser_call(&b, &agent, "POST", "/api/v1/quick-answers",
			       "{\"shortcut\":\"horario\",\"title\":\"Horario\",\"text\":\"Abrimos "
			       "a las 9 "
			       "<b>\"}"),
		  201);
	id = box_get(&b, "id");
	CHECK_I64("taken",
		  browser_call(&b, &agent, "POST", "/api/v1/quick-answers",
			       "{\"shortcut\":\"horario\",\"title\":\"x\",\"text\":\"x\"}"),
		  409);
	CHECK_I64("a rule",
		  browser_call(&b, &agent, "POST", "/api/v1/quick-answers",
			       "{\"shortcut\":\"Con Espacio\",\"title\":\"x\",\"text\":\"x\"}"),
		  422);
	CHECK_I64("changed",
		  browser_call(&b, &agent, "PATCH",
			       arena_printf(&b.arena, "/api/v1/quick-answers/%s", id),
			       "{\"text\":\"Abrimos a las 8\"}"),
		  200);
	CHECK_STR("text", box_get(&b, "text"), "Abrimos a las 8");
	CHECK_STR("kept", box_get(&b, "title"), "Horario");
	CHECK_I64("list", browser_call(&b, &agent, "GET", "/api/v1/quick-answers", NULL), 200);
	CHECK_STR("it", box_get(&b, "data.0.id"), id);
	CHECK_I64("gone",
		  browser_call(&b, &agent, "DELETE",
			       arena_printf(&b.arena, "/api/v1/quick-answers/%s", id), "{}"),
		  200);
	CHECK_I64("gone",
		  browser_call(&b, &agent, "DELETE",
			       arena_printf(&b.arena, "/api/v1/quick-answers/%s", id), "{}"),
		  404);
	box_close(&b);
}

static const char *texts(void)
{
	AUTO(json_freep) struct json *root = NULL;
	AUTO(sbuf_release) struct sbuf s = SBUF(1024);

	MUST(json_parse(box_body(&b), &root, &t_err));
	for (const struct json *n = json_first(json_get(root, "data")); n != NULL; n = json_next(n))
		sbuf_str(&s, json_get_str(n, "content"));
	return arena_dup(&b.arena, sbuf_view(&s));
}

TEST(desk_pages_go_both_ways)
{
	const char *ids[9], *one = NULL, *prev;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	for (int i = 0; i < 9; i++) {
		CHECK_I64("sent",
			  box_call(&b, "POST", "/api/v1/messages",
				   arena_printf(&b.arena,
						"{\"to\":\"+59171234567\",\"text\":\"%d\"}", i)),
			  202);
		ids[i] = box_get(&b, "id");
		one = box_get(&b, "conversation_id");
	}
	const char *base = arena_printf(&b.arena, "/api/v1/conversations/%s/messages?limit=3", one);
	CHECK_I64("newest", box_call(&b, "GET", base, NULL), 200);
	CHECK_STR("newest", texts(), "876");
	CHECK_I64("around",
		  box_call(&b, "GET", arena_printf(&b.arena, "%s&from=%s", base, ids[4]), NULL),
		  200);
	CHECK_STR("this and older", texts(), "432");
	prev = box_get(&b, "prev");
	CHECK_I64("older",
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "%s&after=%s", base, box_get(&b, "next")), NULL),
		  200);
	CHECK_STR("older", texts(), "10");
	CHECK_I64("newer",
		  box_call(&b, "GET", arena_printf(&b.arena, "%s&before=%s", base, prev), NULL),
		  200);
	CHECK_STR("directly newer, newest first", texts(), "765");
	CHECK_I64("newer",
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "%s&before=%s", base, box_get(&b, "prev")), NULL),
		  200);
	CHECK_STR("the end", texts(), "8");
	CHECK_I64("nothing newer",
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "%s&before=%s", base, box_get(&b, "prev")), NULL),
		  200);
	CHECK_STR("nothing", texts(), "");
	CHECK_I64("no cursor",
		  box_call(&b, "GET", arena_printf(&b.arena, "%s&before=x", base), NULL), 422);
	CHECK_I64("not here", box_call(&b, "GET", arena_printf(&b.arena, "%s&from=x", base), NULL),
		  422);
	box_close(&b);
}
