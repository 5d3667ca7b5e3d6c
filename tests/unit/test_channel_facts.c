/* test_channel_facts.c - what the API shows of a channel, and to whom. */
#include "box.h"
#include "flow/work.h"
#include "io/http.h"
#include "store/channel/channel_state.h"
#include "store/delivery.h"

static const char *const ARGS[] = {
	"channel.main.phone_number_id=109876543210987",
	"channel.main.waba_id=220011223344556",
	"channel.main.app_secret=s",
};
static struct box b;

static enum rc delivery_unit(struct tx *tx, void *arg, struct err *e)
{
	return delivery_add(tx, arg, e);
}

/* A change of the account goes all the way into the facts. */
static void told(const char *field, const char *value)
{
	struct delivery d = { .received_ms = BOX_NOW_MS,
			      .company_id = 1,
			      .source = "meta",
			      .signature = "valid",
			      .request_id = STR("r"),
			      .headers = STR("{}") };
	struct worker w;

	d.body = str_of(arena_printf(&b.arena,
				     "{\"entry\":[{\"id\":\"220011223344556\",\"changes\":[{"
				     "\"field\":\"%s\",\"value\":%s}]}]"
				     ",\"object\":\"whatsapp_business_account\"}",
				     field, value));
	MUST(store_write(b.app.store, STORE_NORMAL, delivery_unit, &d, &t_err));
	worker_init(&w, &b.app, QUEUE_WEBHOOKS);
	while (work_one(&w, BOX_NOW_MS) == RC_OK)
		;
	worker_release(&w);
}

TEST(a_tier_is_known_as_a_word_and_as_a_number)
{
	static const struct {
		const char *field, *value, *tier;
	} CASES[] = {
		{ "business_capability_update",
		  "{\"max_daily_conversations_per_business\":\"TIER_2K\"}", "TIER_2K" },
		{ "business_capability_update", "{\"max_daily_conversations_per_business\":1000}",
		  "1000" },
		{ "business_capability_update", "{\"max_daily_conversation_per_phone\":250}",
		  "250" },
		{ "phone_number_quality_update",
		  "{\"event\":\"ONBOARDING\",\"max_daily_conversations_per_business\":2000}",
		  "2000" },
		{ "phone_number_quality_update", "{\"event\":\"ONBOARDING\",\"current_limit\":[1]}",
		  "2000" },
	};

	box_open(&b, ARGS, COUNT(ARGS));
	MUST(http_start(&t_err));
	EACH (t, CASES) {
		told(t->field, t->value);
		CHECK_I64("get", box_call(&b, "GET", "/api/v1/channels/main", NULL), 200);
		CHECK_STR(t->value, box_get(&b, "limits.messaging_limit_tier"), t->tier);
	}
	http_stop();
	box_close(&b);
}

static enum rc qr_unit(struct tx *tx, void *arg, struct err *e)
{
	static const enum channel_fact OPENERS[] = { FACT_QR, FACT_QR_IMAGE, FACT_PAIRING_CODE };
	const int64_t *id = arg;

	for (size_t i = 0; i < COUNT(OPENERS); i++)
		TRY(channel_fact_set(tx, *id, OPENERS[i], STR("open-sesame"), NULL, e));
	return channel_fact_set(tx, *id, FACT_CONNECTION, STR("connecting"), NULL, e);
}

TEST(who_may_only_look_sees_no_qr_code)
{
	static const char *const PATHS[] = { "/api/v1/channels/main", "/api/v1/channels" };
	char looker[TOKEN_TEXT_MAX];
	int64_t id;

	box_open(&b, ARGS, COUNT(ARGS));
	id = b.app.config->channels[0].id;
	MUST(store_write(b.app.store, STORE_NORMAL, qr_unit, &id, &t_err));
	(void)box_token(&b, SCOPE_BIT(SCOPE_QUEUES_READ), looker);
	EACH (path, PATHS) {
		box_bearer(&b, looker);
		CHECK_I64("looks", box_do(&b, "GET", *path, STR_NONE), 200);
		CHECK(box_has(&b, "connecting") && !box_has(&b, "open-sesame"));
		CHECK_I64("may connect it", box_call(&b, "GET", *path, NULL), 200);
		CHECK(box_has(&b, "\"qr_code\":\"open-sesame\"") &&
		      box_has(&b, "\"qr_image\":\"open-sesame\"") &&
		      box_has(&b, "\"pairing_code\":\"open-sesame\""));
	}
	box_close(&b);
}
