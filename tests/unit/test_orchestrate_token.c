/* test_orchestrate_token.c - tokens for later answers: whole, ours, and not for ever. */
#include "flow/n8n/orchestrate.h"

#include "io/crypto.h"
#include "t.h"

#define NOW INT64_C(1785240000000)

static const uint8_t KEY[32] = { 1, 2, 3 };
static const struct orchestrate_token FULL = { 3, 41, 77, 2, NOW + MINUTE_MS };

static bool reads(const char *text, int64_t now_ms, struct orchestrate_token *ret)
{
	return orchestrate_token_read(KEY, str_of(text), now_ms, ret);
}

TEST(a_token_says_what_was_put_into_it)
{
	char text[ORCHESTRATE_TOKEN_MAX];
	struct orchestrate_token t = { 0 };

	MUST(crypto_start(&t_err));
	orchestrate_token_make(KEY, &FULL, text);
	CHECK(reads(text, NOW, &t));
	CHECK_I64("target", t.target_id, 3);
	CHECK_I64("conversation", t.conversation_id, 41);
	CHECK_I64("message", t.message_id, 77);
	CHECK_I64("hop", t.hop, 2);
	CHECK_I64("last moment", reads(text, NOW + MINUTE_MS - 1, &t), true);
	CHECK_I64("ended", reads(text, NOW + MINUTE_MS, &t), false);
}

TEST(a_changed_token_is_none)
{
	static const uint8_t OTHER[32] = { 9 };
	char text[ORCHESTRATE_TOKEN_MAX];
	struct orchestrate_token t;

	MUST(crypto_start(&t_err));
	orchestrate_token_make(KEY, &FULL, text);
	CHECK(!orchestrate_token_read(OTHER, str_of(text), NOW, &t));
	for (size_t i = 0; text[i] != '\0'; i++) {
		char was = text[i];

		text[i] = was == '5' ? '6' : '5';
		CHECK(!reads(text, NOW, &t));
		text[i] = was;
	}
	CHECK(!orchestrate_token_read(KEY, str_n(text, strlen(text) - 1), NOW, &t));
	CHECK(!reads("tr1.", NOW, &t) && !reads("", NOW, &t) && !reads("tr1.1-2-3-4-5.", NOW, &t));
}

TEST(the_largest_numbers_fit)
{
	const struct orchestrate_token big = { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
					       INT64_MAX };
	char text[ORCHESTRATE_TOKEN_MAX];
	struct orchestrate_token t;

	MUST(crypto_start(&t_err));
	orchestrate_token_make(KEY, &big, text);
	CHECK(reads(text, NOW, &t) && t.message_id == INT64_MAX);
}
