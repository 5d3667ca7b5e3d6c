/* test_meta_health.c - asking Meta how a number is: addresses, answers, refusals, usage. */
#include "peer/meta/meta_health.h"
#include "t.h"

static struct arena arena = ARENA(256 * KIB);

static const char *url(enum meta_question what, const char *id, const char *token)
{
	static struct sbuf b = SBUF(4 * KIB);
	struct err e = { 0 };
	const struct meta_asked q = { .what = what,
				      .base = STR("https://graph.facebook.com/"),
				      .version = STR("v24.0"),
				      .id = str_of(id),
				      .token = str_of(token) };

	sbuf_reset(&b);
	return meta_health_url(&q, &b, &e) == RC_OK ? sbuf_c(&b) : "refused";
}

TEST(questions_have_an_address_and_bad_parts_none)
{
	CHECK(str_starts(str_of(url(META_ASK_NUMBER, "106540352242922", "")),
			 STR("https://graph.facebook.com/v24.0/106540352242922?fields=display")));
	CHECK_STR("apps", url(META_ASK_SUBSCRIBED, "9", ""),
		  "https://graph.facebook.com/v24.0/9/subscribed_apps");
	CHECK_STR("token", url(META_ASK_TOKEN, "", "EAA+/=x"),
		  "https://graph.facebook.com/v24.0/debug_token?input_token=EAA%2B%2F%3Dx");
	CHECK_STR("fields", url(META_ASK_SUBSCRIPTIONS, "77", ""),
		  "https://graph.facebook.com/v24.0/77/subscriptions");
	CHECK_STR("no id", url(META_ASK_NUMBER, "", ""), "refused");
	CHECK_STR("a path", url(META_ASK_NUMBER, "../me", ""), "refused");
	CHECK_STR("no token", url(META_ASK_TOKEN, "", ""), "refused");
}

TEST(a_number_tells_of_itself)
{
	struct meta_number n;
	struct meta_refusal no;

	MUST(meta_health_number(
		STR("{\"status\":\"CONNECTED\",\"quality_rating\":\"GREEN\",\"throughput\":{"
		    "\"level\":"
		    "\"HIGH\"},\"is_on_biz_app\":true,\"whatsapp_business_manager_messaging_"
		    "limit\":"
		    "\"TIER_10K\",\"webhook_configuration\":{\"application\":\"https://a\",\"phone_"
		    "number\":\"https://"
		    "p\"},\"health_status\":{\"can_send_message\":\"LIMITED\"}}"),
		&arena, &n, &no, &t_err));
	CHECK_SPAN("status", n.status, STR("CONNECTED"));
	CHECK_SPAN("level", n.throughput, STR("HIGH"));
	CHECK_SPAN("tier", n.limit, STR("TIER_10K"));
	CHECK_SPAN("may", n.can_send, STR("LIMITED"));
	CHECK_SPAN("health", n.health, STR("{\"can_send_message\":\"LIMITED\"}"));
	CHECK_SPAN("the number's own address wins", n.callback, STR("https://p"));
	CHECK_I64("with the phone app", n.on_biz_app, 1);
	MUST(meta_health_number(STR("{\"id\":\"1\",\"status\":7,\"throughput\":[]}"), &arena, &n,
				&no, &t_err));
	CHECK(n.status.n == 0 && n.throughput.n == 0 && n.callback.n == 0);
	CHECK_I64("not said", n.on_biz_app, -1);
}

TEST(refusals_and_nonsense_are_told_apart)
{
	struct err e = { 0 };
	struct meta_number n;
	struct meta_refusal no;

	CHECK_I64("refused",
		  meta_health_number(STR("{\"error\":{\"message\":\"expired\",\"code\":190,"
					 "\"error_subcode\":463}}"),
				     &arena, &n, &no, &e),
		  RC_REFUSED);
	CHECK_I64("code", no.code, 190);
	CHECK_I64("subcode", no.subcode, 463);
	CHECK_SPAN("words", no.message, STR("expired"));
	err_clear(&e);
	CHECK_I64("a page", meta_health_number(STR("<html>"), &arena, &n, &no, &e), RC_INVALID);
	err_clear(&e);
	CHECK_I64("a list", meta_health_number(STR("[]"), &arena, &n, &no, &e), RC_INVALID);
	CHECK_I64("no code", no.code, -1);
}

TEST(a_token_tells_its_end_and_what_it_may)
{
	struct err e = { 0 };
	struct meta_token t;
	struct meta_refusal no;

	MUST(meta_health_token(STR("{\"data\":{\"app_id\":\"77\",\"is_valid\":true,\"expires_at\":"
				   "1785240000,\"data_access_expires_at\":-5,\"scopes\":["
				   "\"whatsapp_business_messaging\"]}}"),
			       &arena, &t, &no, &t_err));
	CHECK_I64("end", t.expires_ms, 1785240000000);
	CHECK_I64("nonsense is never", t.data_expires_ms, 0);
	CHECK(t.valid && t.may_send && !t.may_manage);
	CHECK_SPAN("app", t.app_id, STR("77"));
	CHECK_I64("empty", meta_health_token(STR("{}"), &arena, &t, &no, &e), RC_INVALID);
}

TEST(subscriptions_are_read)
{
	struct meta_subscribed s;
	struct meta_subscription u;
	struct meta_refusal no;
	const struct str apps = STR("{\"data\":[{\"whatsapp_business_api_data\":{\"id\":\"5\"},"
				    "\"override_callback_uri\":\"https://o\"},{\"x\":1},null]}");

	MUST(meta_health_subscribed(apps, STR("5"), &arena, &s, &no, &t_err));
	CHECK(s.ours && s.apps == 3);
	CHECK_SPAN("override", s.override_uri, STR("https://o"));
	MUST(meta_health_subscribed(apps, STR("6"), &arena, &s, &no, &t_err));
	CHECK(!s.ours);
	MUST(meta_health_subscribed(apps, STR_NONE, &arena, &s, &no, &t_err));
	CHECK(s.ours); /* whose token it is could not be asked */
	MUST(meta_health_subscriptions(
		STR("{\"data\":[{\"object\":\"page\"},{\"object\":\"whatsapp_business_account\","
		    "\"active\":false,\"callback_url\":\"https://c\",\"fields\":[{\"name\":"
		    "\"messages\"},\"account_update\"]}]}"),
		&arena, &u, &no, &t_err));
	CHECK(u.found && !u.active && u.messages);
	CHECK_SPAN("fields", u.fields, STR("[\"messages\",\"account_update\"]"));
	MUST(meta_health_subscriptions(STR("{\"data\":[]}"), &arena, &u, &no, &t_err));
	CHECK(!u.found && !u.messages);
}

TEST(usage_headers_give_the_highest_share)
{
	static const struct {
		const char *header;
		int percent;
		int64_t regain_ms;
	} ROWS[] = {
		{ "", 0, 0 },
		{ "nonsense", 0, 0 },
		{ "{}", 0, 0 },
		{ "{\"call_count\":28,\"total_time\":25,\"total_cputime\":25}", 28, 0 },
		{ "{\"9\":[{\"type\":\"whatsapp\",\"call_count\":10,\"total_cputime\":97,\"total_"
		  "time\":5,"
		  "\"estimated_time_to_regain_access\":0}]}",
		  97, 0 },
		{ "{\"9\":[{\"call_count\":100,\"estimated_time_to_regain_access\":7}],\"8\":[{}]}",
		  100, 7 * MINUTE_MS },
		{ "{\"9\":[{\"call_count\":99999999,\"estimated_time_to_regain_access\":99999999}]"
		  "}",
		  1000, DAY_MS },
		{ "{\"9\":{\"call_count\":\"x\"}}", 0, 0 },
	};

	EACH (r, ROWS) {
		struct meta_usage u;

		meta_health_usage(str_of(r->header), &u);
		CHECK_I64(r->header, u.percent, r->percent);
		CHECK_I64(r->header, u.regain_ms, r->regain_ms);
	}
}
