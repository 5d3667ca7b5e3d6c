/* test_routes.c - the table keeps its promises; the calls of the API; the OpenAPI document. */
#include "t.h"

#include "api/match.h"
#include "api/stream.h"
#include "base/ids.h"
#include "box.h"
#include "io/asset.h"
#include "store/incident.h"
#include "store/queue/queue.h"

static const char *const ARGS[] = { "channel.main.phone_number_id=1",
				    "channel.main.token=secret-token",
				    "channel.main.app_secret=secret-app",
				    "channel.main.window_hours=0" };
static struct box b;

static void open_box(void)
{
	box_open(&b, ARGS, COUNT(ARGS));
}

TEST(routes_are_all_reached)
{
	size_t n;
	const struct route *rows = route_table(&n);

	for (size_t i = 0; i < n; i++) {
		char path[200];
		size_t at = 0;
		struct match m;

		for (const char *p = rows[i].path; *p != '\0'; p++) {
			if (*p == '{') {
				p = strchr(p, '}');
				path[at++] = 'x';
			} else {
				path[at++] = *p;
			}
		}
		path[at] = '\0';
		struct req q = { .method = rows[i].method,
				 .path = path,
				 .listener = (enum web_listener)rows[i].where };
		CHECK_I64(path, match_find(rows, n, &q, &m), RC_OK);
		CHECK_STR(path, m.route->path, rows[i].path);
	}
}

TEST(routes_with_a_tag_are_in_the_document)
{
	AUTO(json_freep) struct json *doc = NULL;
	AUTO(json_freep) struct json *operations = NULL;
	const struct asset *part = asset_find("/openapi/operations.json");
	size_t n, known = 0;
	const struct route *rows = route_table(&n);

	open_box();
	CHECK_I64("served", box_do(&b, "GET", "/openapi.json", STR_NONE), 200);
	MUST(json_parse(box_body(&b), &doc, &t_err));
	CHECK(part != NULL);
	MUST(json_parse(part->bytes, &operations, &t_err));
	CHECK_SPAN("version", json_get_str(doc, "openapi"), STR("3.1.0"));
	for (size_t i = 0; i < n; i++) {
		const struct json *path = json_get(json_get(doc, "paths"), rows[i].path);
		char key[200];
		int found = 0;

		(void)snprintf(key, sizeof(key), "%s %s", rows[i].method, rows[i].path);
		known += json_get(operations, key) != NULL;
		for (const struct json *op = json_first(path); op != NULL; op = json_next(op))
			found += str_ieq(json_key(op), str_of(rows[i].method));
		CHECK_I64(key, found, rows[i].tag != NULL);
	}
	CHECK_I64("each part belongs to a route", known, json_count(operations));
	CHECK(json_path(doc, "components.schemas.Message.properties.status") != NULL);
	CHECK(json_path(doc, "components.schemas.ProblemType.enum.0") != NULL);
	box_close(&b);
}

/* Every "$ref" of the document leads somewhere. */
static void refs(const struct json *doc, const struct json *n)
{
	struct str ref = json_get_str(n, "$ref");

	if (ref.p != NULL) {
		char path[200];

		CHECK(str_starts(ref, STR("#/")));
		CHECK(str_copy(str_sub(ref, 2, ref.n), path, sizeof(path)));
		for (char *p = path; *p != '\0'; p++)
			*p = *p == '/' ? '.' : *p;
		CHECK_I64(path, json_path(doc, path) != NULL, true);
	}
	for (const struct json *c = json_first(n); c != NULL; c = json_next(c))
		refs(doc, c);
}

TEST(routes_document_has_no_dead_reference)
{
	AUTO(json_freep) struct json *doc = NULL;
	struct str first;

	open_box();
	CHECK_I64("served", box_do(&b, "GET", "/openapi.json", STR_NONE), 200);
	MUST(json_parse(box_body(&b), &doc, &t_err));
	refs(doc, doc);
	first = box_body(&b);
	CHECK_I64("again", box_do(&b, "GET", "/openapi.json", STR_NONE), 200);
	CHECK(box_body(&b).p == first.p); /* anybody may ask: made once */
	box_close(&b);
}

TEST(routes_answer_404_and_405)
{
	open_box();
	CHECK_I64("no path", box_do(&b, "GET", "/nothing", STR_NONE), 404);
	CHECK_STR("problem", b.r.content_type, "application/problem+json");
	CHECK_I64("no method", box_do(&b, "PUT", "/healthz", STR_NONE), 405);
	CHECK(box_has_header(&b, "Allow: GET, HEAD"));
	b.listener = WEB_HOOKS;
	CHECK_I64("settings are not for machines' listener",
		  box_call(&b, "GET", "/api/v1/settings", NULL), 404);
	box_close(&b);
}

#define HELLO "{\"to\":\"+59171234567\",\"type\":\"text\",\"text\":{\"body\":\"Hola\"}}"

TEST(routes_send_a_message_once_per_key)
{
	const char *id, *conversation;

	open_box();
	box_header(&b, "Idempotency-Key", "k1");
	CHECK_I64("taken", box_call(&b, "POST", "/api/v1/messages", HELLO), 202);
	id = box_get(&b, "id");
	conversation = box_get(&b, "conversation_id");
	CHECK_STR("status", box_get(&b, "status"), "pending");
	CHECK_I64("a UUID", strlen(id), 36);
	box_header(&b, "Idempotency-Key", "k1");
	CHECK_I64("again", box_call(&b, "POST", "/api/v1/messages", HELLO), 202);
	CHECK_STR("the same", box_get(&b, "id"), id);
	CHECK(box_has_header(&b, "Idempotency-Replayed: true"));
	box_header(&b, "Idempotency-Key", "k1");
	CHECK_I64("another body",
		  box_call(&b, "POST", "/api/v1/messages",
			   "{\"to\":\"+59171234567\",\"text\":\"x\"}"),
		  409);
	CHECK_I64("read",
		  box_call(&b, "GET", arena_printf(&b.arena, "/api/v1/messages/%s", id), NULL),
		  200);
	CHECK_STR("content", box_get(&b, "content"), "Hola");
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/messages?limit=5", NULL), 200);
	CHECK_STR("it", box_get(&b, "data.0.id"), id);
	CHECK_STR("only one", box_get(&b, "data.1.id"), "");
	CHECK_I64("conversation",
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "/api/v1/conversations/%s", conversation), NULL),
		  200);
	id = box_get(&b, "contact_id");
	CHECK_I64("contact",
		  box_call(&b, "GET", arena_printf(&b.arena, "/api/v1/contacts/%s", id), NULL),
		  200);
	CHECK_I64("to the contact",
		  box_call(&b, "POST", "/api/v1/messages",
			   arena_printf(&b.arena, "{\"contact_id\":\"%s\",\"text\":\"two\"}", id)),
		  202);
	CHECK_STR("same thread", box_get(&b, "conversation_id"), conversation);
	CHECK_I64("to the conversation",
		  box_call(&b, "POST", "/api/v1/messages",
			   arena_printf(&b.arena, "{\"conversation_id\":\"%s\",\"text\":\"three\"}",
					conversation)),
		  202);
	CHECK_I64("thread",
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "/api/v1/conversations/%s/messages?limit=2",
					conversation),
			   NULL),
		  200);
	CHECK_STR("newest first", box_get(&b, "data.0.content"), "three");
	CHECK_I64("next page",
		  box_call(&b, "GET",
			   arena_printf(&b.arena,
					"/api/v1/conversations/%s/messages?limit=2&after=%s",
					conversation, box_get(&b, "next")),
			   NULL),
		  200);
	CHECK_STR("oldest", box_get(&b, "data.0.content"), "Hola");
	CHECK_I64("queue", box_call(&b, "GET", "/api/v1/queues/messages", NULL), 200);
	CHECK_I64("three wait", box_get_i64(&b, "waiting"), 3);
	box_close(&b);
}

static int send_to(const char *channel, const char *to)
{
	return box_call(&b, "POST", "/api/v1/messages",
			arena_printf(&b.arena, "{\"channel\":\"%s\",\"to\":\"%s\",\"text\":\"x\"}",
				     channel, to));
}

/* The clock stands still here: contact n and conversation n have the same id. */
TEST(routes_take_ids_of_contacts_and_conversations_as_to)
{
	static const char *const TWO[] = {
		"channel.main.phone_number_id=1",   "channel.main.token=secret-token",
		"channel.main.app_secret=secret-a", "channel.two.phone_number_id=2",
		"channel.two.token=secret-token",   "channel.two.app_secret=secret-b",
		"channel.main.window_hours=0",      "channel.two.window_hours=0"
	};
	char none[ID_TEXT_MAX], other[ID_TEXT_MAX];
	const char *first, *second;

	box_open(&b, TWO, COUNT(TWO));
	CHECK_I64("contact 1, conversation 1", send_to("main", "+59171234567"), 202);
	first = box_get(&b, "conversation_id");
	CHECK_I64("contact 1, conversation 2", send_to("two", "+59171234567"), 202);
	second = box_get(&b, "conversation_id");
	CHECK_I64("one person", send_to("main", first), 202);
	CHECK_STR("the conversation", box_get(&b, "conversation_id"), first);
	CHECK_I64("as a contact", send_to("two", first), 202);
	CHECK_STR("on the other channel", box_get(&b, "conversation_id"), second);
	CHECK_I64("a conversation only",
		  box_call(&b, "POST", "/api/v1/messages",
			   arena_printf(&b.arena, "{\"to\":\"%s\",\"text\":\"x\"}", second)),
		  202);
	CHECK_STR("on its channel", box_get(&b, "conversation_id"), second);
	CHECK_I64("its channel only", send_to("main", second), 422);
	CHECK_STR("field", box_get(&b, "errors.0.field"), "channel");
	CHECK_I64("contact 2, conversation 3", send_to("main", "+59171234568"), 202);
	CHECK_I64("two people", send_to("two", second), 422);
	CHECK_STR("field", box_get(&b, "errors.0.field"), "to");
	id_text(BOX_NOW_MS, 99, none);
	id_text(BOX_NOW_MS - 1, 1, other);
	CHECK_I64("no row", send_to("main", none), 422);
	CHECK_STR("field", box_get(&b, "errors.0.field"), "to");
	CHECK_I64("other time", send_to("main", other), 422);
	CHECK_STR("field", box_get(&b, "errors.0.field"), "to");
	box_close(&b);
}

TEST(routes_refuse_malformed_query_values)
{
	static const struct {
		const char *field, *path;
	} CASES[] = {
		{ "after", "/api/v1/conversations?after=%00" },
		{ "after", "/api/v1/conversations?limit=2&after=%zz" },
		{ "limit", "/api/v1/conversations?limit=%3" },
		{ "search", "/api/v1/conversations?search=%ff" },
		{ "queue", "/api/v1/dead-letters?queue=%" },
	};

	open_box();
	EACH (t, CASES) {
		CHECK_I64(t->path, box_call(&b, "GET", t->path, NULL), 422);
		CHECK_STR(t->path, box_get(&b, "errors.0.field"), t->field);
	}
	CHECK_I64("not asked for", box_call(&b, "GET", "/api/v1/conversations?other=%zz", NULL),
		  200);
	box_close(&b);
}

TEST(routes_refuse_messages_that_break_a_rule)
{
	static const struct {
		const char *field, *body;
	} CASES[] = {
		{ "text.body", "{\"to\":\"+59171234567\"}" },
		{ "text.body", "{\"to\":\"+59171234567\",\"text\":\"\"}" },
		{ "to", "{\"text\":\"x\"}" },
		{ "to", "{\"to\":\"hello\",\"text\":\"x\"}" },
		{ "to", "{\"to\":\"+59171234567\",\"contact_id\":\"x\",\"text\":\"x\"}" },
		{ "contact_id", "{\"contact_id\":\"x\",\"text\":\"x\"}" },
		{ "conversation_id", "{\"conversation_id\":\"x\",\"text\":\"x\"}" },
		{ "channel", "{\"channel\":\"none\",\"to\":\"+59171234567\",\"text\":\"x\"}" },
		{ "type", "{\"type\":\"carousel\",\"to\":\"+59171234567\",\"text\":\"x\"}" },
		{ "priority", "{\"priority\":\"now\",\"to\":\"+59171234567\",\"text\":\"x\"}" },
		{ "send_at", "{\"send_at\":\"tomorrow\",\"to\":\"+59171234567\",\"text\":\"x\"}" },
		{ "sender.type",
		  "{\"sender\":{\"type\":\"customer\"},\"to\":\"+59171234567\",\"text\":\"x\"}" },
		{ "source",
		  "{\"source\":\"support_bridge\",\"to\":\"+59171234567\",\"text\":\"x\"}" },
		{ "source", "{\"source\":\"ai_response\",\"to\":\"+59171234567\",\"text\":\"x\"}" },
		{ "hop", "{\"hop\":-1,\"to\":\"+59171234567\",\"text\":\"x\"}" },
		{ "txt", "{\"txt\":\"x\",\"to\":\"+59171234567\",\"text\":\"x\"}" },
	};

	open_box();
	EACH (t, CASES) {
		CHECK_I64(t->body, box_call(&b, "POST", "/api/v1/messages", t->body), 422);
		CHECK_STR(t->body, box_get(&b, "errors.0.field"), t->field);
	}
	CHECK_I64("no JSON", box_call(&b, "POST", "/api/v1/messages", "{"), 400);
	CHECK_I64("no object", box_call(&b, "POST", "/api/v1/messages", "[]"), 422);
	CHECK_I64("a loop",
		  box_call(&b, "POST", "/api/v1/messages",
			   "{\"hop\":6,\"sender\":{\"type\":\"ai\"},\"source\":\"ai_response\","
			   "\"to\":\"+59171234567\",\"text\":\"x\"}"),
		  409);
	box_header(&b, "Content-Type", "text/plain");
	CHECK_I64("other type", box_call(&b, "POST", "/api/v1/messages", HELLO), 415);
	box_close(&b);
}

TEST(routes_control_queues)
{
	open_box();
	CHECK_I64("send", box_call(&b, "POST", "/api/v1/messages", HELLO), 202);
	CHECK_I64("pause", box_call(&b, "POST", "/api/v1/queues/messages/pause", NULL), 200);
	CHECK_STR("paused", box_get(&b, "state"), "paused");
	CHECK_I64("resume", box_call(&b, "POST", "/api/v1/queues/messages/resume", NULL), 200);
	CHECK_STR("running", box_get(&b, "state"), "running");
	CHECK_I64("jobs", box_call(&b, "GET", "/api/v1/queues/messages/jobs", NULL), 200);
	const char *job = box_get(&b, "data.0.id");
	CHECK_I64("job",
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "/api/v1/queues/messages/jobs/%s", job), NULL),
		  200);
	CHECK_I64("other queue",
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "/api/v1/queues/webhooks/jobs/%s", job), NULL),
		  404);
	CHECK_I64("run now",
		  box_call(&b, "POST",
			   arena_printf(&b.arena, "/api/v1/queues/messages/jobs/%s/run-now", job),
			   NULL),
		  200);
	CHECK_I64("unconfirmed", box_call(&b, "POST", "/api/v1/queues/messages/clear", "{}"), 409);
	CHECK_I64("too few",
		  box_call(&b, "POST", "/api/v1/queues/messages/clear", "{\"confirm\":0}"), 409);
	CHECK_I64("clear", box_call(&b, "POST", "/api/v1/queues/messages/clear", "{\"confirm\":1}"),
		  200);
	CHECK_I64("gone", box_get_i64(&b, "discarded_now"), 1);
	CHECK_I64("unknown", box_call(&b, "GET", "/api/v1/queues/nothing", NULL), 404);
	CHECK_I64("monitor", box_call(&b, "DELETE", "/api/queue-monitor/clear", NULL), 409);
	CHECK_I64("monitor", box_call(&b, "DELETE", "/api/queue-monitor/clear?confirm=clear", NULL),
		  200);
	CHECK_I64("monitor",
		  box_call(&b, "POST", "/api/queue-monitor/pause", "{\"queue\":\"webhook\"}"), 200);
	CHECK_STR("one", box_get(&b, "webhook.state"), "paused");
	CHECK_STR("not the other", box_get(&b, "message.state"), "running");
	CHECK_I64("limits", box_call(&b, "PATCH", "/api/v1/queues/messages", "{\"attempts\":7}"),
		  200);
	CHECK_I64("taken up", box_get_i64(&b, "limits.attempts"), 7);
	CHECK_I64("bounds", box_call(&b, "PATCH", "/api/v1/queues/messages", "{\"attempts\":0}"),
		  422);
	CHECK_I64("letters", box_call(&b, "GET", "/api/v1/dead-letters", NULL), 200);
	CHECK_I64("none", box_get_i64(&b, "total"), 0);
	CHECK_I64("dry", box_call(&b, "POST", "/api/v1/dead-letters/retry", "{\"dry_run\":true}"),
		  200);
	CHECK_I64("deliveries", box_call(&b, "GET", "/api/v1/deliveries", NULL), 200);
	box_close(&b);
}

TEST(routes_change_settings_all_or_nothing)
{
	open_box();
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/settings", NULL), 200);
	CHECK(!box_has(&b, "secret-token"));
	CHECK(!box_has(&b, "secret-app"));
	CHECK(box_has(&b, "\"key\":\"channel.main.token\",\"value\":\"set\""));
	CHECK_I64(
		"unknown",
		box_call(&b, "PATCH", "/api/v1/settings", "{\"company_name\":\"A\",\"nothing\":1}"),
		422);
	CHECK_STR("names it", box_get(&b, "errors.0.field"), "nothing");
	CHECK_I64("good",
		  box_call(&b, "PATCH", "/api/v1/settings",
			   "{\"company_name\":\"B\",\"automatic_per_minute\":5,\"web_threads\":8}"),
		  200);
	CHECK_STR("restart", box_get(&b, "restart_needed.0"), "web_threads");
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/settings", NULL), 200);
	CHECK(box_has(&b, "\"key\":\"company_name\",\"value\":\"B\",\"source\":\"database\""));
	CHECK_I64("status", box_call(&b, "GET", "/api/v1/status", NULL), 200);
	CHECK_STR("store first", box_get(&b, "parts.0.part"), "store");
	CHECK_I64("incidents", box_call(&b, "GET", "/api/v1/incidents", NULL), 200);
	CHECK_I64("alive", box_do(&b, "GET", "/healthz", STR_NONE), 200);
	CHECK_I64("ready", box_do(&b, "GET", "/readyz", STR_NONE), 200);
	b.app.stopping = true;
	CHECK_I64("stopping", box_do(&b, "GET", "/readyz", STR_NONE), 503);
	CHECK_STR("why", box_get(&b, "reasons.0.reason"), "stopping");
	box_close(&b);
}

static enum rc loop_unit(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	TRY(incident_raise(tx, INCIDENT_DISK_FULL, "disk", NULL, e));
	TRY(incident_raise(tx, INCIDENT_LOOP, "conversation 99", NULL, e)); /* is not here */
	return incident_raise(tx, INCIDENT_LOOP, "conversation 1", NULL, e);
}

TEST(routes_say_in_which_conversation_two_machines_talk)
{
	const char *id;

	open_box();
	CHECK_I64("the first", box_call(&b, "POST", "/api/v1/messages", HELLO), 202);
	id = box_get(&b, "conversation_id");
	MUST(store_write(b.app.store, STORE_NORMAL, loop_unit, NULL, &t_err));
	CHECK_I64("status", box_call(&b, "GET", "/api/v1/status", NULL), 200);
	CHECK_STR("newest first", box_get(&b, "incidents.0.conversation_id"), id);
	CHECK(box_has(&b, "\"subject\":\"conversation 99\",\"conversation_id\":null"));
	CHECK(box_has(&b, "\"subject\":\"disk\",\"conversation_id\":null"));
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/incidents", NULL), 200);
	CHECK_STR("there too", box_get(&b, "data.0.conversation_id"), id);
	box_close(&b);
}

TEST(routes_stream_gives_each_event_once_and_in_order)
{
	AUTO(sbuf_release) struct sbuf to = SBUF(SSE_BUFFER_MAX);
	int64_t last = 0, first;

	open_box();
	CHECK_I64("one", box_call(&b, "POST", "/api/v1/messages", HELLO), 202);
	MUST(stream_source(&b.app, (struct sse_filter){ 1, false, 0 }, 0, &to, &last, &t_err));
	CHECK(str_find(sbuf_view(&to), STR("event: whatsapp_echo\nid: ")) >= 0);
	CHECK(str_find(sbuf_view(&to), STR("\"content\":\"Hola\"")) >= 0);
	CHECK(str_ends(sbuf_view(&to), STR("\n\n")));
	CHECK(last > 0);
	first = last;
	sbuf_reset(&to);
	MUST(stream_source(&b.app, (struct sse_filter){ 1, false, 0 }, first, &to, &last, &t_err));
	CHECK_I64("nothing new", (int64_t)to.n, 0);
	CHECK_I64("same place", last, first);
	MUST(stream_source(&b.app, (struct sse_filter){ 2, false, 0 }, 0, &to, &last, &t_err));
	CHECK_I64("another company sees nothing", (int64_t)to.n, 0);
	CHECK_I64("no streams here", box_call(&b, "GET", "/api/v1/whatsapp/stream", NULL), 503);
	box_close(&b);
}

static enum rc bury_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct job *j = arg;

	return queue_dead(tx, j, "theirs", "test", "it broke", e);
}

TEST(routes_bring_dead_letters_and_deliveries_back)
{
	struct job j;
	const char *id;

	open_box();
	CHECK_I64("send", box_call(&b, "POST", "/api/v1/messages", HELLO), 202);
	CHECK_I64("taken", queue_take(store_queues(b.app.store), QUEUE_MESSAGES, b.now_ms, &j, 1),
		  1);
	MUST(store_write(b.app.store, STORE_NORMAL, bury_unit, &j, &t_err));
	CHECK_I64("letters",
		  box_call(&b, "GET", "/api/v1/dead-letters?queue=messages&reason=test", NULL),
		  200);
	CHECK_I64("one", box_get_i64(&b, "total"), 1);
	id = arena_dup(&b.arena, str_of(box_get(&b, "data.0.id")));
	CHECK_I64("reasons", box_call(&b, "GET", "/api/v1/dead-letters/reasons", NULL), 200);
	CHECK_I64("so many", box_get_i64(&b, "data.0.count"), 1);
	CHECK_STR("reason", box_get(&b, "data.0.reason"), "test");
	CHECK_STR("its queue", box_get(&b, "data.0.queue"), "messages");
	CHECK_I64("show",
		  box_call(&b, "GET", arena_printf(&b.arena, "/api/v1/dead-letters/%s", id), NULL),
		  200);
	CHECK_STR("error", box_get(&b, "error"), "it broke");
	CHECK_I64("dry", box_call(&b, "POST", "/api/v1/dead-letters/retry", "{\"dry_run\":true}"),
		  200);
	CHECK_I64("matching", box_get_i64(&b, "matching"), 1);
	CHECK_I64("retry",
		  box_call(&b, "POST", "/api/v1/dead-letters/retry", "{\"queue\":\"messages\"}"),
		  202);
	CHECK_I64("retried", box_get_i64(&b, "retried"), 1);
	CHECK_I64("gone",
		  box_call(&b, "GET", arena_printf(&b.arena, "/api/v1/dead-letters/%s", id), NULL),
		  404);
	CHECK_I64("queue", box_call(&b, "GET", "/api/v1/queues/messages", NULL), 200);
	CHECK_I64("waits again", box_get_i64(&b, "waiting"), 1);
	CHECK_I64("range without an end",
		  box_call(&b, "POST", "/api/v1/deliveries/replay",
			   "{\"from\":\"2026-01-01T00:00:00Z\"}"),
		  422);
	CHECK_I64("dry",
		  box_call(&b, "POST", "/api/v1/deliveries/replay",
			   "{\"from\":\"2020-01-01T00:00:00Z\",\"to\":\"2030-01-01T00:00:00Z\","
			   "\"dry_run\":true}"),
		  200);
	CHECK_I64("none", box_get_i64(&b, "matching"), 0);
	box_close(&b);
}
