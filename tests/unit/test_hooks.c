/* test_hooks.c - webhooks: signatures, storing, duplicates, handshake. */
#include "store/delivery.h"
#include "t.h"

#include "api/state.h"
#include "box.h"
#include "flow/work.h"
#include "io/http.h"
#include "peer/sign.h"
#include "store/channel/channel_state.h"
#include "store/queue/queue.h"

#define EMPTY "{\"object\":\"whatsapp_business_account\",\"entry\":[]}"

static const char *const ARGS[] = {
	"channel.main.app_secret=test_app_secret old_secret",
	"channel.main.verify_token=letmein",
	"channel.main.phone_number_id=1",
	"channel.second.app_secret=second_secret",
	"channel.second.phone_number_id=2",
	"channel.second.verify_token=other",
	"chatwoot.main.url=http://127.0.0.1:9",
	"chatwoot.main.secret=cw_secret",
	"chatwoot.main.path_secret=in-the-path",
};
static struct box b;

static int64_t accepted(void)
{
	struct queue_counts n;

	queue_get_counts(store_queues(b.app.store), QUEUE_WEBHOOKS, b.now_ms, &n);
	return n.accepted;
}

static int post(const char *path, const char *secret, const char *body)
{
	char text[SIGN_TEXT_MAX];

	sign_meta_make(str_of(secret), str_of(body), text);
	box_header(&b, "X-Hub-Signature-256", text);
	return box_do(&b, "POST", path, str_of(body));
}

static void work(void)
{
	struct worker w;

	MUST(http_start(&t_err));
	worker_init(&w, &b.app, QUEUE_WEBHOOKS);
	while (work_one(&w, b.now_ms) == RC_OK)
		;
	worker_release(&w);
	http_stop();
}

static int64_t handshake_at(void)
{
	struct db *db = store_reader(b.app.store);
	int64_t at;

	MUST(channel_fact_get_i64(db, b.app.config->channels[0].id, FACT_HANDSHAKE, 0, &at,
				  &t_err));
	store_reader_done(b.app.store, db);
	return at;
}

TEST(hooks_store_what_is_signed_and_nothing_else)
{
	static const struct {
		const char *why, *path, *secret;
		int status;
	} CASES[] = {
		{ "any channel", "/webhooks/whatsapp", "test_app_secret", 200 },
		{ "the secret before it was changed", "/webhooks/whatsapp", "old_secret", 200 },
		{ "of the other channel", "/webhooks/whatsapp", "second_secret", 200 },
		{ "named", "/webhooks/whatsapp/second", "second_secret", 200 },
		{ "another's secret", "/webhooks/whatsapp/second", "test_app_secret", 401 },
		{ "wrong", "/webhooks/whatsapp", "wrong", 401 },
		{ "unknown channel and secret", "/webhooks/whatsapp/third", "guess", 401 },
	};
	int64_t n = 0;

	box_open(&b, ARGS, COUNT(ARGS));
	EACH (t, CASES) {
		CHECK_I64(t->why, post(t->path, t->secret, EMPTY), t->status);
		n += t->status == 200;
		CHECK_I64(t->why, accepted(), n);
		if (t->status == 200)
			CHECK_SPAN("exactly", box_body(&b), STR("OK"));
	}
	CHECK_I64("counted", state_of(&b.app)->signature_failures, 3);
	CHECK_I64("no header", box_do(&b, "POST", "/webhooks/whatsapp", STR(EMPTY)), 401);
	box_header(&b, "X-Hub-Signature-256",
		   "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756");
	CHECK_I64("Meta's own vector, seen before",
		  box_do(&b, "POST", "/webhooks/whatsapp", STR(EMPTY)), 200);
	CHECK_I64("nothing more", accepted(), n);
	CHECK_I64("no JSON is stored too",
		  post("/webhooks/whatsapp", "test_app_secret", "not json \xff"), 200);
	CHECK_I64("one more", accepted(), n + 1);
	box_close(&b);
}

TEST(hooks_refuse_signatures_that_are_nearly_right)
{
	static const char GOOD[] =
		"sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756";
	static const struct {
		const char *why, *header, *value;
	} CASES[] = {
		{ "upper-case digits", "X-Hub-Signature-256",
		  "sha256=DEC6A680679A968E7E0319355B23599CBFC54502C0784668E9618BAA0C633756" },
		{ "one digit in upper case", "X-Hub-Signature-256",
		  "sha256=Dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756" },
		{ "upper-case prefix", "X-Hub-Signature-256",
		  "SHA256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756" },
		{ "truncated", "X-Hub-Signature-256",
		  "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c63375" },
		{ "half", "X-Hub-Signature-256", "sha256=dec6a680679a968e7e0319355b23599c" },
		{ "prefix only", "X-Hub-Signature-256", "sha256=" },
		{ "empty", "X-Hub-Signature-256", "" },
		{ "without prefix", "X-Hub-Signature-256",
		  "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756" },
		{ "a digit more", "X-Hub-Signature-256",
		  "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c6337560" },
		{ "another body's", "X-Hub-Signature-256",
		  "sha256=56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a" },
		{ "no digits", "X-Hub-Signature-256",
		  "sha256=zzz6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756" },
		{ "only the old header", "X-Hub-Signature",
		  "sha1=0123456789012345678901234567890123456789" },
	};
	int64_t refused = 0;

	box_open(&b, ARGS, COUNT(ARGS));
	EACH (t, CASES) {
		box_header(&b, t->header, t->value);
		CHECK_I64(t->why, box_do(&b, "POST", "/webhooks/whatsapp", STR(EMPTY)), 401);
		CHECK_I64(t->why, state_of(&b.app)->signature_failures, ++refused);
	}
	CHECK_I64("one line of the log", state_of(&b.app)->refusals_unlogged,
		  refused - 1); /* of this time; the next line tells how many */
	CHECK_I64("nothing stored", accepted(), 0);
	CHECK_I64("no row either", box_call(&b, "GET", "/api/v1/deliveries", NULL), 200);
	CHECK(box_has(&b, "\"data\":[]"));
	box_header(&b, "X-Hub-Signature", "sha1=0123456789012345678901234567890123456789");
	box_header(&b, "X-Hub-Signature-256", GOOD);
	CHECK_I64("the old header beside the right one", /* is ignored */
		  box_do(&b, "POST", "/webhooks/whatsapp", STR(EMPTY)), 200);
	CHECK_I64("spaces are other bytes",
		  post("/webhooks/whatsapp", "test_app_secret",
		       "{\"object\": \"whatsapp_business_account\", \"entry\": []}"),
		  200);
	box_close(&b);
}

TEST(hooks_of_meta_need_its_certificate_where_one_is_asked_for)
{
	static const char SHAKE[] = "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444"
				    "&hub.verify_token=letmein";
	static const struct {
		const char *why, *cn;
		int status;
	} CASES[] = {
		{ "none", NULL, 0 },
		{ "another's", "client.webhooks.example.com", 0 },
		{ "the beginning of it", "client.webhooks.fbclientcerts", 0 },
		{ "Meta's", "client.webhooks.fbclientcerts.com", 200 },
	};

	box_open(&b, ARGS, COUNT(ARGS));
	b.app.hook_client_cn = "client.webhooks.fbclientcerts.com";
	EACH (t, CASES) {
		b.client_cn = t->cn;
		CHECK_I64(t->why, post("/webhooks/whatsapp", "test_app_secret", EMPTY),
			  t->status != 0 ? t->status : 401);
		CHECK_I64(t->why, box_do(&b, "GET", SHAKE, STR_NONE),
			  t->status != 0 ? t->status : 403);
	}
	CHECK_I64("the signature counts all the same", post("/webhooks/whatsapp", "wrong", EMPTY),
		  401);
	CHECK_I64("one stored", accepted(), 1);
	b.client_cn = NULL;
	CHECK_I64("others need none",
		  box_do(&b, "POST", "/webhooks/chatwoot/main/in-the-path", STR("{}")), 200);
	box_close(&b);
}

TEST(hooks_know_the_box_s_own_handshake)
{
	static const char SHAKE[] = "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=%s"
				    "&hub.verify_token=%s";
	/* HMAC-SHA256 under the box's key: here 32 zeros. */
	static const char OWN[] =
		"c2fa0bce600b5a54efc70cf65119a095af62e6877eecb12a65c2fe5a27c0349c";
	static const struct {
		const char *why, *challenge, *token, *badge;
		int status;
	} CASES[] = {
		{ "ours", "1158201444", "letmein", OWN, 200 },
		{ "of another challenge", "1158201445", "letmein", OWN, 403 },
		{ "the token counts all the same", "1158201444", "guess", OWN, 403 },
		{ "guessed", "1158201444", "letmein", "0123456789", 403 },
	};

	box_open(&b, ARGS, COUNT(ARGS));
	b.app.hook_client_cn = "client.webhooks.fbclientcerts.com";
	EACH (t, CASES) {
		box_header(&b, "X-Totem-Self-Test", t->badge);
		CHECK_I64(t->why,
			  box_do(&b, "GET", arena_printf(&b.arena, SHAKE, t->challenge, t->token),
				 STR_NONE),
			  t->status);
	}
	CHECK_I64("not Meta's call", handshake_at(), 0);
	b.client_cn = "client.webhooks.fbclientcerts.com";
	CHECK_I64(
		"Meta",
		box_do(&b, "GET", arena_printf(&b.arena, SHAKE, "1158201444", "letmein"), STR_NONE),
		200);
	CHECK_I64("is", handshake_at(), BOX_NOW_MS);
	box_close(&b);
}

TEST(hooks_keep_what_is_signed_for_an_address_that_is_none_of_ours)
{
	static const struct {
		const char *why, *path;
		int status;
	} CASES[] = {
		{ "the secret of a bridge", "/webhooks/chatwoot/old/in-the-path", 200 },
		{ "another", "/webhooks/chatwoot/old/in-the-patH", 401 },
		{ "none", "/webhooks/chatwoot/old", 401 },
	};

	box_open(&b, ARGS, COUNT(ARGS));
	CHECK_I64("Meta", post("/webhooks/whatsapp/third", "second_secret", EMPTY), 200);
	EACH (t, CASES)
		CHECK_I64(t->why, box_do(&b, "POST", t->path, STR("{\"event\":\"x\"}")), t->status);
	work();
	CHECK_I64("shown", box_call(&b, "GET", "/api/v1/deliveries?put_aside=true", NULL), 200);
	CHECK_STR("Chatwoot's", box_get(&b, "data.0.put_aside"),
		  "the bridge is not configured any more");
	CHECK_STR("Meta's", box_get(&b, "data.1.put_aside"), "its address names no channel");
	CHECK_I64(
		"show",
		box_call(&b, "GET",
			 arena_printf(&b.arena, "/api/v1/deliveries/%s", box_get(&b, "data.1.id")),
			 NULL),
		200);
	CHECK_STR("which", box_get(&b, "headers.Path-Unknown"), "third");
	box_close(&b);
}

TEST(hooks_show_and_replay_a_delivery)
{
	const char *id;

	box_open(&b, ARGS, COUNT(ARGS));
	CHECK_I64("stored", post("/webhooks/whatsapp/main", "test_app_secret", "raw \xff"), 200);
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/deliveries?source=meta", NULL), 200);
	id = box_get(&b, "data.0.id");
	CHECK_I64("show",
		  box_call(&b, "GET", arena_printf(&b.arena, "/api/v1/deliveries/%s", id), NULL),
		  200);
	CHECK_STR("not text", box_get(&b, "body_encoding"), "base64");
	CHECK_STR("body", box_get(&b, "body"), "cmF3IP8=");
	CHECK_I64("replay",
		  box_call(&b, "POST", arena_printf(&b.arena, "/api/v1/deliveries/%s/replay", id),
			   NULL),
		  202);
	CHECK_I64("a second job", accepted(), 2);
	box_close(&b);
}

TEST(hooks_answer_equal_bytes_once_an_hour)
{
	box_open(&b, ARGS, COUNT(ARGS));
	CHECK_I64("first", post("/webhooks/whatsapp", "test_app_secret", EMPTY), 200);
	CHECK_I64("again", post("/webhooks/whatsapp", "test_app_secret", EMPTY), 200);
	CHECK_I64("stored once", accepted(), 1);
	CHECK_I64("shown", box_call(&b, "GET", "/api/queue-monitor/stats", NULL), 200);
	CHECK_I64("cached", box_get_i64(&b, "deduplication.cachedMessages"), 1);
	CHECK_I64("waiting", box_get_i64(&b, "webhook.waiting"), 1);
	b.now_ms += HOUR_MS;
	CHECK_I64("forgotten", post("/webhooks/whatsapp", "test_app_secret", EMPTY), 200);
	CHECK_I64("stored again", accepted(), 2);
	b.now_ms -= 30 * DAY_MS;
	CHECK_I64("the clock went back", post("/webhooks/whatsapp", "test_app_secret", EMPTY), 200);
	CHECK_I64("stored again", accepted(), 3);
	box_close(&b);
}

TEST(hooks_shake_hands)
{
	static const struct {
		const char *why, *path;
		int status;
	} CASES[] = {
		{ "right",
		  "/webhooks/"
		  "whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=letmein",
		  200 },
		{ "encoded",
		  "/webhooks/whatsapp/"
		  "main?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=%6cetmein",
		  200 },
		{ "other channel's",
		  "/webhooks/whatsapp/"
		  "second?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=letmein",
		  403 },
		{ "wrong",
		  "/webhooks/"
		  "whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=x",
		  403 },
		{ "none", "/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444", 403 },
		{ "mode",
		  "/webhooks/"
		  "whatsapp?hub.mode=unsubscribe&hub.challenge=1158201444&hub.verify_token=letmein",
		  403 },
		{ "markup",
		  "/webhooks/"
		  "whatsapp?hub.mode=subscribe&hub.challenge=%3Cb%3E&hub.verify_token=letmein",
		  403 },
		{ "no challenge", "/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=letmein",
		  403 },
		{ "unknown",
		  "/webhooks/whatsapp/"
		  "third?hub.mode=subscribe&hub.challenge=1&hub.verify_token=letmein",
		  403 },
	};

	box_open(&b, ARGS, COUNT(ARGS));
	EACH (t, CASES) {
		CHECK_I64(t->why, box_do(&b, "GET", t->path, STR_NONE), t->status);
		if (t->status == 200) {
			CHECK_SPAN(t->why, box_body(&b), STR("1158201444"));
			CHECK_STR(t->why, b.r.content_type, "text/plain");
		}
	}
	box_close(&b);
}

static void sign_chatwoot(struct box *box, const char *secret, int64_t at_s, const char *body)
{
	static char text[SIGN_TEXT_MAX];
	const char *at = arena_printf(&box->arena, "%lld", (long long)at_s);

	sign_chatwoot_make(str_of(secret), str_of(at), str_of(body), text);
	box_header(box, "X-Chatwoot-Signature", text);
	box_header(box, "X-Chatwoot-Timestamp", at);
}

TEST(hooks_of_chatwoot_need_signature_or_path_secret)
{
	int64_t now_s = BOX_NOW_MS / SECOND_MS;

	box_open(&b, ARGS, COUNT(ARGS));
	sign_chatwoot(&b, "cw_secret", now_s, "{}");
	CHECK_I64("signed", box_do(&b, "POST", "/webhooks/chatwoot/main", STR("{}")), 200);
	sign_chatwoot(&b, "cw_secret", now_s - 1000, "{}");
	CHECK_I64("old", box_do(&b, "POST", "/webhooks/chatwoot/main", STR("{}")), 401);
	sign_chatwoot(&b, "wrong", now_s, "{}");
	CHECK_I64("wrong", box_do(&b, "POST", "/webhooks/chatwoot/main", STR("{}")), 401);
	CHECK_I64("unsigned", box_do(&b, "POST", "/webhooks/chatwoot/main", STR("{}")), 401);
	CHECK_I64("path", box_do(&b, "POST", "/webhooks/chatwoot/main/in-the-path", STR("{}")),
		  200);
	CHECK_I64("wrong path", box_do(&b, "POST", "/webhooks/chatwoot/main/guess", STR("{}")),
		  401);
	CHECK_I64("unknown", box_do(&b, "POST", "/webhooks/chatwoot/other", STR("{}")), 401);
	CHECK_I64("two stored", accepted(), 2);
	box_close(&b);
}

/* Whatever an attacker or a proxy does to it: only the bytes that were signed lately with a known secret come in. */
TEST(r02_signatures_of_chatwoot)
{
	static const char BODY[] = "{\"event\":\"x\",\"a\":1}",
			  ALTERED[] = "{\"event\":\"x\",\"a\":2}";
	static const char *const args[] = { "listen=127.0.0.1:0",
					    "chatwoot.main.url=http://127.0.0.1:9",
					    "chatwoot.main.secret=first second" };
	const struct {
		const char *why, *secret, *signature, *timestamp;
		int64_t age_s;
		const char *body;
		int status;
	} rows[] = {
		{ "the first secret", "first", "X-Chatwoot-Signature", "X-Chatwoot-Timestamp", 0,
		  BODY, 200 },
		{ "the second", "second", "X-Chatwoot-Signature", "X-Chatwoot-Timestamp", 1, BODY,
		  200 },
		{ "case of headers", "first", "x-chatwoot-signature", "X-CHATWOOT-TIMESTAMP", 2,
		  BODY, 200 },
		{ "299 s old", "first", "X-Chatwoot-Signature", "X-Chatwoot-Timestamp", 299, BODY,
		  200 },
		{ "301 s old", "first", "X-Chatwoot-Signature", "X-Chatwoot-Timestamp", 301, BODY,
		  401 },
		{ "299 s ahead", "first", "X-Chatwoot-Signature", "X-Chatwoot-Timestamp", -299,
		  BODY, 200 },
		{ "301 s ahead", "first", "X-Chatwoot-Signature", "X-Chatwoot-Timestamp", -301,
		  BODY, 401 },
		{ "wrong secret", "third", "X-Chatwoot-Signature", "X-Chatwoot-Timestamp", 3, BODY,
		  401 },
		{ "altered byte", "first", "X-Chatwoot-Signature", "X-Chatwoot-Timestamp", 4,
		  ALTERED, 401 },
		{ "no signature", "first", "X-Other", "X-Chatwoot-Timestamp", 5, BODY, 401 },
		{ "no timestamp", "first", "X-Chatwoot-Signature", "X-Other", 6, BODY, 401 },
	};

	box_open(&b, args, COUNT(args));
	EACH (r, rows) {
		char text[SIGN_TEXT_MAX];
		const char *at = arena_printf(&b.arena, "%lld",
					      (long long)(BOX_NOW_MS / SECOND_MS - r->age_s));

		sign_chatwoot_make(str_of(r->secret), str_of(at), str_of(BODY), text);
		box_header(&b, r->signature, arena_dup(&b.arena, str_of(text)));
		box_header(&b, r->timestamp, at);
		CHECK_I64(r->why, box_do(&b, "POST", "/webhooks/chatwoot/main", str_of(r->body)),
			  r->status);
	}
	box_close(&b);
}

TEST(r22_the_live_secret_of_a_chatwoot_webhook_is_not_stored)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	static const char BODY[] = "{\"event\":\"x\",\"pubsub_token\":\"live\"}";
	struct delivery d;
	struct db *db;

	box_open(&b, ARGS, COUNT(ARGS));
	CHECK_I64("stored", box_do(&b, "POST", "/webhooks/chatwoot/main/in-the-path", str_of(BODY)),
		  200);
	db = store_reader(b.app.store);
	MUST(delivery_load(db, 1, &a, &d, &t_err));
	store_reader_done(b.app.store, db);
	CHECK_SPAN("masked", d.body, STR("{\"event\":\"x\",\"pubsub_token\":\"****\"}"));
	box_close(&b);
}

TEST(seen_is_bounded_and_forgets_the_oldest)
{
	static struct seen s;
	int64_t at = 1;

	for (uint64_t i = 0; i < SEEN_WAYS + 1; i++)
		seen_add(&s, (struct seen_mac){ 0, i + 1 }, at++);
	CHECK(!seen_has(&s, (struct seen_mac){ 0, 1 }, at));
	for (uint64_t i = 1; i < SEEN_WAYS + 1; i++)
		CHECK(seen_has(&s, (struct seen_mac){ 0, i + 1 }, at));
	CHECK_I64("count", seen_count(&s, at), SEEN_WAYS);
	CHECK_I64("later", seen_count(&s, at + SEEN_FOR_MS), 0);
	CHECK(!seen_has(&s, (struct seen_mac){ 0, 0 }, at));
}
