/* test_replay_dry.c - what a replay would change is told, and nothing changes; who may listen to the event stream. */
#include "api/stream.h"
#include "box.h"
#include "flow/ingest.h"
#include "io/http.h"
#include "store/queue.h"

#define BODY(id)                                                                               \
	"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"2\",\"changes\":["     \
	"{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{" \
	"\"display_phone_number\":\"5511400000000\",\"phone_number_id\":\"1\"},\"contacts\":[" \
	"{\"profile\":{\"name\":\"L\"},\"wa_id\":\"595981000001\"}],\"messages\":[{\"from\":"  \
	"\"595981000001\",\"id\":\"" id "\",\"timestamp\":\"1785239990\",\"type\":\"text\","   \
	"\"text\":{\"body\":\"hola\"}}]}}]}]}"

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
	deliver("not json");
	dry();
	CHECK("would be put aside" && box_get(&b, "put_aside")[0] != '\0');
	CHECK_I64("no message", box_get_i64(&b, "new.messages"), 0);
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
