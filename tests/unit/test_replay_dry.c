/* test_replay_dry.c - what a replay would change is told, and nothing changes; who may listen to the event stream. */
#include "api/stream.h"
#include "box.h"
#include "flow/ingest/ingest.h"
#include "io/http.h"
#include "store/queue/queue.h"

#define BODY(id)                                                                               \
	"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"2\",\"changes\":["     \
	"{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{" \
	"\"display_phone_number\":\"5511400000000\",\"phone_number_id\":\"1\"},\"contacts\":[" \
	"{\"profile\":{\"name\":\"L\"},\"wa_id\":\"595981000001\"}],\"messages\":[{\"from\":"  \
	"\"595981000001\",\"id\":\"" id "\",\"timestamp\":\"1785239990\",\"type\":\"text\","   \
	"\"text\":{\"body\":\"hola\"}}]}}]}]}"

#define STATUS(id, word)                                                                       \
	"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"2\",\"changes\":["     \
	"{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{" \
	"\"display_phone_number\":\"5511400000000\",\"phone_number_id\":\"1\"},\"statuses\":[" \
	"{\"id\":\"" id "\",\"status\":\"" word "\",\"timestamp\":\"1785239999\","             \
	"\"recipient_id\":\"595981000001\"}]}}]}]}"
#define REVOKE(id, target)                                                                     \
	"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"2\",\"changes\":["     \
	"{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{" \
	"\"display_phone_number\":\"5511400000000\",\"phone_number_id\":\"1\"},\"contacts\":[" \
	"{\"profile\":{\"name\":\"Luz\"},\"wa_id\":\"595981000001\"}],\"messages\":[{"         \
	"\"from\":\"595981000001\",\"id\":\"" id "\",\"timestamp\":\"1785239995\","            \
	"\"type\":\"revoke\",\"revoke\":{\"original_message_id\":\"" target "\"}}]}}]}]}"

static const char *const ARGS[] = { "channel.main.phone_number_id=1",
				    "channel.main.app_secret=secret-app" };
static struct box b;

static enum rc delivery_unit(struct tx *tx, void *arg, struct err *e)
{
	return delivery_add(tx, arg, e);
}

static void deliver(const char *body)
{
	struct delivery d = { .received_ms = BOX_NOW_MS,
			      .company_id = 1,
			      .source = "meta",
			      .signature = "valid",
			      .request_id = STR("r"),
			      .headers = STR("{}"),
			      .body = str_of(body) };

	MUST(store_write(b.app.store, STORE_NORMAL, delivery_unit, &d, &t_err));
}

static void work(void)
{
	struct worker w;

	worker_init(&w, &b.app, QUEUE_WEBHOOKS);
	while (work_one(&w, BOX_NOW_MS) == RC_OK)
		;
	worker_release(&w);
}

/* Of the newest delivery. */
static void dry(void)
{
	const char *id;

	CHECK_I64("list", box_call(&b, "GET", "/api/v1/deliveries?limit=1", NULL), 200);
	id = arena_dup(&b.arena, str_of(box_get(&b, "data.0.id")));
	CHECK_I64("dry run",
		  box_call(&b, "POST", arena_printf(&b.arena, "/api/v1/deliveries/%s/replay", id),
			   "{\"dry_run\":true}"),
		  200);
}

static int64_t waiting(void)
{
	struct queue_counts n;

	queue_get_counts(store_queues(b.app.store), QUEUE_WEBHOOKS, BOX_NOW_MS, &n);
	return n.waiting;
}

TEST(a_dry_replay_tells_the_difference_and_makes_none)
{
	MUST(http_start(&t_err));
	box_open(&b, ARGS, COUNT(ARGS));
	deliver(BODY("wamid.A"));
	dry();
	CHECK_I64("a message", box_get_i64(&b, "new.messages"), 1);
	CHECK_I64("a contact", box_get_i64(&b, "new.contacts"), 1);
	CHECK_I64("a conversation", box_get_i64(&b, "new.conversations"), 1);
	CHECK_I64("known", box_get_i64(&b, "known"), 0);
	CHECK_STR("its item", box_get(&b, "items.0.effect"), "new");
	CHECK_STR("kind", box_get(&b, "items.0.kind"), "message");
	CHECK_STR("what", box_get(&b, "items.0.what"), "text");
	CHECK_STR("Meta's id", box_get(&b, "items.0.peer_id"), "wamid.A");
	CHECK_STR("not here", box_get(&b, "items.0.message_id"), "");
	CHECK_I64("its job is where it was", waiting(), 1);
	CHECK_I64("messages", box_call(&b, "GET", "/api/v1/messages", NULL), 200);
	CHECK_STR("nothing remained", box_get(&b, "data.0.id"), "");
	work();
	CHECK_I64("messages", box_call(&b, "GET", "/api/v1/messages", NULL), 200);
	CHECK_STR("the first", box_get(&b, "data.0.content"), "hola");
	dry();
	CHECK_I64("nothing new", box_get_i64(&b, "new.messages"), 0);
	CHECK_I64("nobody new", box_get_i64(&b, "new.contacts"), 0);
	CHECK_I64("known", box_get_i64(&b, "known"), 1);
	CHECK_STR("its item", box_get(&b, "items.0.effect"), "known");
	CHECK("which" && box_get(&b, "items.0.message_id")[0] != '\0');
	deliver("not json");
	dry();
	CHECK("would be put aside" && box_get(&b, "put_aside")[0] != '\0');
	CHECK_I64("no message", box_get_i64(&b, "new.messages"), 0);
	CHECK_STR("no item", box_get(&b, "items.0.kind"), "");
	box_close(&b);
	http_stop();
}

/* A page of the range, two of them. */
static void range(const char *after)
{
	CHECK_I64("range",
		  box_call(&b, "POST",
			   arena_printf(&b.arena, "/api/v1/deliveries/replay?limit=2%s%s",
					*after != '\0' ? "&after=" : "", after),
			   "{\"from\":\"2020-01-01T00:00:00Z\",\"to\":\"2099-01-01T00:00:00Z\","
			   "\"dry_run\":true}"),
		  200);
}

TEST(a_dry_replay_of_a_range_tells_each_of_them)
{
	const char *next;

	MUST(http_start(&t_err));
	box_open(&b, ARGS, COUNT(ARGS));
	deliver(BODY("wamid.A"));
	work();
	deliver(BODY("wamid.B"));
	deliver(REVOKE("wamid.R", "wamid.A"));
	range("");
	CHECK_I64("all", box_get_i64(&b, "matching"), 3);
	CHECK_I64("one more", box_get_i64(&b, "left_off"), 1);
	CHECK_STR("oldest first", box_get(&b, "data.0.items.0.effect"), "known");
	CHECK_I64("nothing new", box_get_i64(&b, "data.0.new.messages"), 0);
	CHECK_STR("the second", box_get(&b, "data.1.items.0.peer_id"), "wamid.B");
	CHECK_I64("is new", box_get_i64(&b, "data.1.new.messages"), 1);
	CHECK_STR("when", box_get(&b, "data.1.source"), "meta");
	CHECK_STR("a page", box_get(&b, "data.2.id"), "");
	next = arena_printf(&b.arena, "%s", box_get(&b, "next"));
	range(next);
	CHECK_I64("all", box_get_i64(&b, "matching"), 3);
	CHECK_I64("no more", box_get_i64(&b, "left_off"), 0);
	CHECK_STR("the third", box_get(&b, "data.0.items.0.changes.0.field"), "content");
	CHECK_STR("that was all", box_get(&b, "data.1.id"), "");
	CHECK_STR("no further page", box_get(&b, "next"), "");
	CHECK_I64("they wait", waiting(), 2);
	CHECK_I64("messages", box_call(&b, "GET", "/api/v1/messages", NULL), 200);
	CHECK_STR("nothing remained", box_get(&b, "data.1.id"), "");
	CHECK_I64("too many",
		  box_call(&b, "POST", "/api/v1/deliveries/replay?limit=101",
			   "{\"from\":\"2020-01-01T00:00:00Z\",\"to\":\"2099-01-01T00:00:00Z\","
			   "\"dry_run\":true}"),
		  422);
	box_close(&b);
}

static enum rc sent_unit(struct tx *tx, void *arg, struct err *e)
{
	struct message *m = arg;

	return message_add(tx, m, e);
}

/* One of ours that Meta has taken, in the conversation of wamid.A. */
static void ours(const char *meta_id)
{
	struct message m = { .company_id = 1,
			     .conversation_id = 1,
			     .channel_id = 1,
			     .timestamp = BOX_NOW_MS,
			     .created_at = BOX_NOW_MS,
			     .outbound = true,
			     .status = MESSAGE_ACCEPTED,
			     .type = "text",
			     .sending = "done",
			     .sender_type = "crm_agent",
			     .source = "api",
			     .meta_message_id = str_of(meta_id),
			     .wa_id = STR("595981000001"),
			     .content = STR("buenas") };

	MUST(store_write(b.app.store, STORE_NORMAL, sent_unit, &m, &t_err));
}

TEST(a_dry_replay_tells_each_field_that_would_change)
{
	MUST(http_start(&t_err));
	box_open(&b, ARGS, COUNT(ARGS));
	deliver(BODY("wamid.A"));
	work();
	ours("wamid.B");
	deliver(STATUS("wamid.B", "delivered"));
	dry();
	CHECK_STR("a state", box_get(&b, "items.0.kind"), "status");
	CHECK_STR("changes", box_get(&b, "items.0.effect"), "changed");
	CHECK_STR("field", box_get(&b, "items.0.changes.0.field"), "status");
	CHECK_STR("from", box_get(&b, "items.0.changes.0.from"), "accepted");
	CHECK_STR("to", box_get(&b, "items.0.changes.0.to"), "delivered");
	CHECK_STR("nothing else", box_get(&b, "items.0.changes.1.field"), "");
	work();
	dry();
	CHECK_STR("now it is known", box_get(&b, "items.0.effect"), "known");
	CHECK_STR("no field", box_get(&b, "items.0.changes.0.field"), "");
	deliver(STATUS("wamid.B", "sent"));
	dry();
	CHECK_STR("late: kept beside", box_get(&b, "items.0.effect"), "noted");
	/* an act changes another message, and the customer has a new name */
	deliver(REVOKE("wamid.C", "wamid.A"));
	dry();
	CHECK_STR("an act", box_get(&b, "items.0.effect"), "changed");
	CHECK_I64("is a message", box_get_i64(&b, "items.0.new.messages"), 1);
	CHECK_STR("its text", box_get(&b, "items.0.changes.0.field"), "content");
	CHECK_STR("goes", box_get(&b, "items.0.changes.0.from"), "hola");
	CHECK_STR("revoked", box_get(&b, "items.0.changes.1.field"), "revoked_at");
	CHECK_STR("before", box_get(&b, "items.0.changes.1.from"), "");
	CHECK("after" && box_get(&b, "items.0.changes.1.to")[0] != '\0');
	CHECK_STR("name", box_get(&b, "items.0.changes.2.field"), "contact");
	CHECK_STR("old name", box_get(&b, "items.0.changes.2.from"), "L");
	CHECK_STR("new name", box_get(&b, "items.0.changes.2.to"), "Luz");
	CHECK_I64("messages", box_call(&b, "GET", "/api/v1/contacts", NULL), 200);
	CHECK_STR("nothing remained", box_get(&b, "data.0.name"), "L");
	box_close(&b);
	http_stop();
}

static enum rc revoke_unit(struct tx *tx, void *arg, struct err *e)
{
	return token_revoke(tx, *(int64_t *)arg, e);
}

TEST(a_revoked_token_does_not_listen_any_more)
{
	const struct sse_filter f = { .company = 1 };
	char text[TOKEN_TEXT_MAX];
	int64_t id;

	box_open(&b, ARGS, COUNT(ARGS));
	id = box_token(&b, 1, text);
	CHECK(stream_alive(&b.app, f, -id));
	MUST(store_write(b.app.store, STORE_NORMAL, revoke_unit, &id, &t_err));
	CHECK(!stream_alive(&b.app, f, -id));
	CHECK(!stream_alive(&b.app, f, 4711)); /* no such session */
	box_close(&b);
}
