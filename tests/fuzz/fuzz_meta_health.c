/* fuzz_meta_health.c - any bytes as an answer about a number, a token or a subscription, and as a usage header. */
#include "base/enc.h"
#include "peer/meta/meta_health.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text_ok(struct str s)
{
	ASSERT(s.n == 0 || (s.p != NULL && enc_utf8_ok(s)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a AUTO(arena_release) = ARENA(4 * MIB);
	const struct str body = { (const char *)data, size };
	struct meta_refusal no;
	struct meta_number n;
	struct meta_subscribed s;
	struct meta_token t;
	struct meta_subscription u;
	struct meta_usage use;

	if (meta_health_number(body, &a, &n, &no, NULL) == RC_OK) {
		text_ok(n.status);
		text_ok(n.health);
		text_ok(n.callback);
		ASSERT(n.on_biz_app >= -1 && n.on_biz_app <= 1);
	}
	if (meta_health_subscribed(body, STR("1"), &a, &s, &no, NULL) == RC_OK)
		text_ok(s.override_uri);
	if (meta_health_token(body, &a, &t, &no, NULL) == RC_OK)
		ASSERT(t.expires_ms >= 0 && t.data_expires_ms >= 0);
	if (meta_health_subscriptions(body, &a, &u, &no, NULL) == RC_OK)
		ASSERT(u.found || !u.messages);
	meta_health_usage(body, &use);
	ASSERT(use.percent >= 0 && use.percent <= 1000 && use.regain_ms >= 0 &&
	       use.regain_ms <= DAY_MS);
	return 0;
}
