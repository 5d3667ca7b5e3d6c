/* test_sign.c - signatures of webhooks: the published vectors, and everything that must be refused.
 */
#include "peer/sign.h"

#include "io/crypto.h"
#include "t.h"

#define NOW_MS ((int64_t)1790000000 * SECOND_MS)

static const char good[] =
	"sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756";
#define BODY STR("{\"object\":\"whatsapp_business_account\",\"entry\":[]}")

TEST(known_vectors_are_made_and_accepted)
{
	static const struct {
		const char *why;
		const char *secret;
		const char *body;
		const char *text;
	} rows[] = {
		{ "compact", "test_app_secret",
		  "{\"object\":\"whatsapp_business_account\",\"entry\":[]}", good },
		{ "spaced", "test_app_secret",
		  "{\"object\": \"whatsapp_business_account\", \"entry\": []}",
		  "sha256=56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a" },
		{ "generic", "It's a Secret to Everybody", "Hello, World!",
		  "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
	};
	MUST(crypto_start(&t_err));
	EACH (r, rows) {
		char text[SIGN_TEXT_MAX];
		struct str secret = str_of(r->secret);
		sign_meta_make(secret, str_of(r->body), text);
		CHECK_STR(r->why, text, r->text);
		CHECK_I64(r->why, sign_meta_check(str_of(text), str_of(r->body), &secret, 1, NULL),
			  RC_OK);
	}
}

TEST(a_malformed_signature_is_refused)
{
	static const char *const headers[] = {
		"",
		"sha256=",
		"dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
		"sha1=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
		"sha256=DEC6A680679A968E7E0319355B23599CBFC54502C0784668E9618BAA0C633756",
		"sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c63375",
		"sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c6337560",
		" sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
		"SHA256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
		"sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c63375g",
	};
	const struct str secret = STR("test_app_secret");
	MUST(crypto_start(&t_err));
	CHECK_I64("good", sign_meta_check(str_of(good), BODY, &secret, 1, NULL), RC_OK);
	CHECK_I64("none", sign_meta_check(STR_NONE, BODY, &secret, 1, NULL), RC_REFUSED);
	EACH (h, headers)
		CHECK_I64(*h, sign_meta_check(str_of(*h), BODY, &secret, 1, NULL), RC_REFUSED);
}

TEST(every_changed_digit_and_byte_is_refused)
{
	const struct str secret = STR("test_app_secret");
	char header[sizeof good];
	char body[64];
	MUST(crypto_start(&t_err));
	for (size_t i = 7; i < sizeof good - 1; i++) {
		memcpy(header, good, sizeof good);
		header[i] = header[i] == '0' ? '1' : '0';
		if (header[i] == good[i])
			continue;
		CHECK_I64("digit", sign_meta_check(str_of(header), BODY, &secret, 1, NULL),
			  RC_REFUSED);
	}
	for (size_t i = 0; i < BODY.n; i++) {
		memcpy(body, BODY.p, BODY.n);
		body[i] ^= 1;
		CHECK_I64("byte",
			  sign_meta_check(str_of(good), str_n(body, BODY.n), &secret, 1, NULL),
			  RC_REFUSED);
	}
}

TEST(one_of_several_secrets_is_enough)
{
	const struct str secrets[] = { STR("old"), STR(""), STR("test_app_secret"), STR("other") };
	size_t index = 99;
	MUST(crypto_start(&t_err));
	CHECK_I64("third", sign_meta_check(str_of(good), BODY, secrets, 4, &index), RC_OK);
	CHECK_I64("index", index, 2);
	CHECK_I64("not among", sign_meta_check(str_of(good), BODY, secrets, 2, NULL), RC_REFUSED);
	CHECK_I64("no secrets", sign_meta_check(str_of(good), BODY, NULL, 0, NULL), RC_REFUSED);
}

TEST(an_empty_secret_never_matches)
{
	const struct str secret = STR("");
	char text[SIGN_TEXT_MAX];
	MUST(crypto_start(&t_err));
	sign_meta_make(secret, BODY, text);
	CHECK_I64("empty", sign_meta_check(str_of(text), BODY, &secret, 1, NULL), RC_REFUSED);
}

TEST(chatwoot_signs_time_and_body)
{
	const struct str secrets[] = { STR("inbox"), STR("account") };
	static const struct {
		const char *why;
		const char *timestamp;
		enum rc rc;
	} rows[] = {
		{ "now", "1790000000", RC_OK },
		{ "300 s old", "1789999700", RC_OK },
		{ "301 s old", "1789999699", RC_REFUSED },
		{ "300 s ahead", "1790000300", RC_OK },
		{ "301 s ahead", "1790000301", RC_REFUSED },
		{ "far ahead", "9223372036854775", RC_REFUSED },
		{ "overflow", "92233720368547758070", RC_REFUSED },
		{ "negative", "-1790000000", RC_REFUSED },
		{ "text", "soon", RC_REFUSED },
		{ "empty", "", RC_REFUSED },
		{ "fraction", "1790000000.5", RC_REFUSED },
	};
	MUST(crypto_start(&t_err));
	EACH (r, rows) {
		char text[SIGN_TEXT_MAX];
		size_t index = 99;
		sign_chatwoot_make(secrets[1], str_of(r->timestamp), BODY, text);
		const struct sign_chatwoot c = { str_of(text), str_of(r->timestamp), BODY, NOW_MS };
		CHECK_I64(r->why, sign_chatwoot_check(&c, secrets, 2, &index, NULL), r->rc);
		CHECK_I64(r->why, index, r->rc == RC_OK ? 1 : 99);
	}
}

TEST(chatwoot_without_headers_is_told_apart_from_a_forgery)
{
	const struct str secret = STR("inbox");
	char text[SIGN_TEXT_MAX];
	MUST(crypto_start(&t_err));
	sign_chatwoot_make(secret, STR("1790000000"), BODY, text);
	struct sign_chatwoot c = { STR_NONE, STR_NONE, BODY, NOW_MS };
	CHECK_I64("no headers", sign_chatwoot_check(&c, &secret, 1, NULL, NULL), RC_ABSENT);
	c.timestamp = STR("1790000000");
	CHECK_I64("only time", sign_chatwoot_check(&c, &secret, 1, NULL, NULL), RC_REFUSED);
	c.signature = str_of(text);
	CHECK_I64("both", sign_chatwoot_check(&c, &secret, 1, NULL, NULL), RC_OK);
	c.body = STR("{}");
	CHECK_I64("body", sign_chatwoot_check(&c, &secret, 1, NULL, NULL), RC_REFUSED);
	c.body = BODY;
	c.timestamp = STR("1790000001");
	CHECK_I64("time", sign_chatwoot_check(&c, &secret, 1, NULL, NULL), RC_REFUSED);
	c.timestamp = STR_NONE;
	CHECK_I64("only signature", sign_chatwoot_check(&c, &secret, 1, NULL, NULL), RC_REFUSED);
}

TEST(tokens_are_equal_only_when_they_are)
{
	MUST(crypto_start(&t_err));
	CHECK(sign_token_equal(STR("abc"), STR("abc")));
	CHECK(!sign_token_equal(STR("abc"), STR("abd")));
	CHECK(!sign_token_equal(STR("ab"), STR("abc")));
	CHECK(!sign_token_equal(STR("abc"), STR("ab")));
	CHECK(!sign_token_equal(STR(""), STR("")));
	CHECK(!sign_token_equal(STR_NONE, STR("abc")));
	CHECK(!sign_token_equal(STR("abc"), STR_NONE));
}
