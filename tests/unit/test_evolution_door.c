/* test_evolution_door.c - who may post as Evolution, and what of a body is masked. */
#include "flow/evolution/evolution_door.h"

#include "base/enc.h"
#include "io/crypto.h"
#include "peer/sign.h"
#include "t.h"

#define NOW_MS ((int64_t)1785240000 * SECOND_MS)

static void part(struct sbuf *to, const char *json)
{
	size_t from = to->n;
	enc_base64(to, (const uint8_t *)json, strlen(json));
	while (to->n > from && to->p[to->n - 1] == '=')
		to->n--;
	for (size_t i = from; i < to->n; i++)
		to->p[i] = to->p[i] == '+' ? '-' : to->p[i] == '/' ? '_' : to->p[i];
}

/* "Bearer <head>.<claims>.<mac>" */
static void token(struct sbuf *to, const char *head, const char *claims, const char *key)
{
	uint8_t mac[SHA256_BYTES];
	sbuf_text(to, "Bearer ");
	part(to, head);
	sbuf_char(to, '.');
	part(to, claims);
	crypto_hmac_sha256(str_of(key), str_sub(sbuf_view(to), 7, to->n), mac);
	sbuf_char(to, '.');
	size_t from = to->n;
	enc_base64(to, mac, sizeof mac);
	while (to->n > from && to->p[to->n - 1] == '=')
		to->n--;
	for (size_t i = from; i < to->n; i++)
		to->p[i] = to->p[i] == '+' ? '-' : to->p[i] == '/' ? '_' : to->p[i];
}

static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

static enum rc check(const char *h, const char *claims, const char *key, struct str expected)
{
	struct sbuf text AUTO(sbuf_release) = SBUF(4 * KIB);
	token(&text, h, claims, key);
	return sign_jwt_check(sbuf_view(&text), expected, NOW_MS, NULL);
}

TEST(a_token_of_evolution_is_believed)
{
	static const char good[] = "{\"iat\":1785239990,\"exp\":1785240590,\"app\":\"evolution\","
				   "\"action\":\"webhook\"}";
	CHECK(check(head, good, "key", STR("key")) == RC_OK);
	CHECK(check(head, good, "key", STR("other")) == RC_REFUSED);
	CHECK(check(head, good, "", STR("")) == RC_REFUSED);
	CHECK(check("{\"alg\":\"none\"}", good, "key", STR("key")) == RC_REFUSED);
	CHECK(check("{\"alg\":\"HS512\"}", good, "key", STR("key")) == RC_REFUSED);
	CHECK(check("{", good, "key", STR("key")) == RC_REFUSED);
}

TEST(claims_have_to_fit)
{
	static const struct {
		const char *claims;
		enum rc rc;
	} rows[] = {
		/* expired, but within the leeway of a minute */
		{ "{\"iat\":1785239340,\"exp\":1785239940,\"app\":\"evolution\",\"action\":"
		  "\"webhook\"}",
		  RC_OK },
		{ "{\"iat\":1785239339,\"exp\":1785239939,\"app\":\"evolution\",\"action\":"
		  "\"webhook\"}",
		  RC_REFUSED },
		{ "{\"iat\":1785240060,\"exp\":1785240660,\"app\":\"evolution\",\"action\":"
		  "\"webhook\"}",
		  RC_OK },
		{ "{\"iat\":1785240061,\"exp\":1785240661,\"app\":\"evolution\",\"action\":"
		  "\"webhook\"}",
		  RC_REFUSED },
		{ "{\"iat\":1785240000,\"app\":\"evolution\",\"action\":\"webhook\"}", RC_REFUSED },
		{ "{\"iat\":1785240000,\"exp\":1785240600,\"app\":\"other\",\"action\":"
		  "\"webhook\"}",
		  RC_REFUSED },
		{ "{\"iat\":1785240000,\"exp\":1785240600,\"app\":\"evolution\",\"action\":"
		  "\"login\"}",
		  RC_REFUSED },
		{ "[]", RC_REFUSED },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_I64(rows[i].claims, check(head, rows[i].claims, "key", STR("key")),
			  rows[i].rc);
}

TEST(what_is_no_token_is_refused)
{
	static const char *const bad[] = { "Bearer ",        "Bearer a",  "Bearer a.b",
					   "Bearer a.b.c.d", "Bearer ..", "Bearer a.b.c" };
	CHECK(sign_jwt_check(STR_NONE, STR("key"), NOW_MS, NULL) == RC_ABSENT);
	CHECK(sign_jwt_check(STR("Basic abc"), STR("key"), NOW_MS, NULL) == RC_ABSENT);
	for (size_t i = 0; i < COUNT(bad); i++)
		CHECK(sign_jwt_check(str_of(bad[i]), STR("key"), NOW_MS, NULL) == RC_REFUSED);
}

static struct str one_header(void *arg, const char *name)
{
	return strcmp(name, "X-Totem-Key") == 0 ? *(struct str *)arg : STR_NONE;
}

TEST(a_header_is_a_badge_too)
{
	struct str value = STR("secret");
	struct channel ch = { .slug = "loja", .provider = "evolution" };
	struct evolution_badge b = { .header = one_header, .arg = &value, .now_ms = NOW_MS };
	struct config c = { .channel_count = 1 };
	CHECK(evolution_door_check(&ch, &b, NULL) == RC_ABSENT);
	ch.webhook_header_name = STR("X-Totem-Key");
	CHECK(evolution_door_check(&ch, &b, NULL) == RC_ABSENT);
	ch.webhook_header_value = STR("secret");
	CHECK(evolution_door_check(&ch, &b, NULL) == RC_OK);
	c.channels[0] = ch;
	CHECK(evolution_door_any(&c, &b) == &c.channels[0]);
	value = STR("Secret");
	CHECK(evolution_door_check(&ch, &b, NULL) == RC_REFUSED);
	CHECK(evolution_door_any(&c, &b) == NULL);
	value = STR_NONE;
	CHECK(evolution_door_check(&ch, &b, NULL) == RC_REFUSED);
}

TEST(secrets_are_masked_and_nothing_else)
{
	static const struct {
		const char *body, *masked; /* NULL: nothing to mask */
	} rows[] = {
		{ "{\"apikey\":\"abc-1\",\"a\":1}", "{\"apikey\":\"*****\",\"a\":1}" },
		{ "{\"a\":{\"apikey\" : \"x\\\"y\"}}", "{\"a\":{\"apikey\" : \"****\"}}" },
		{ "{\"headers\":{\"jwt_key\":\"k\",\"Authorization\":\"Bearer z\"}}",
		  "{\"headers\":{\"jwt_key\":\"*\",\"Authorization\":\"********\"}}" },
		{ "{\"apikey\":null}", NULL },
		{ "{\"apikey\":\"\"}", NULL },
		{ "{\"text\":\"say \\\"apikey\\\":\\\"abc\\\"\"}", NULL },
		{ "{\"apikeys\":\"abc\"}", NULL },
		{ "{\"apikey\":\"cut", "{\"apikey\":\"***" },
		{ "\"apikey\"", NULL },
		{ "", NULL },
		{ "no json at all", NULL },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sbuf copy AUTO(sbuf_release) = SBUF(KIB);
		bool any = evolution_door_redact(str_of(rows[i].body), &copy);
		CHECK(any == (rows[i].masked != NULL));
		if (any)
			CHECK_SPAN(rows[i].body, sbuf_view(&copy), str_of(rows[i].masked));
	}
}

TEST(session_secrets_are_known_by_their_event)
{
	CHECK(evolution_door_is_secret(STR("{\"event\":\"creds.update\",\"data\":{}}"), STR_NONE));
	CHECK(evolution_door_is_secret(STR("{\"event\" : \"CREDS_UPDATE\"}"), STR_NONE));
	CHECK(evolution_door_is_secret(STR("{}"), STR("creds-update")));
	CHECK(!evolution_door_is_secret(STR("{\"data\":{\"event\":\"creds.update\"}}"), STR_NONE));
	CHECK(!evolution_door_is_secret(
		STR("{\"a\":\"\\\\\",\"x\":\"\\\",\\\"event\\\":\\\"creds.update\"}"), STR_NONE));
	CHECK(evolution_door_is_secret(
		STR("{\"event\":null,\"x\":[{}],\"t\":\"}]\\\"\",\"event\":\"creds.update\"}"),
		STR_NONE));
	struct sbuf late AUTO(sbuf_release) = SBUF(1 * MIB);

	sbuf_text(&late, "{\"data\":{\"noiseKey\":\"");
	for (int i = 0; i < 100000; i++)
		sbuf_char(&late, 'A');
	sbuf_text(&late, "\"},\"event\":\"creds.update\"}");
	CHECK(evolution_door_is_secret(sbuf_view(&late), STR_NONE)); /* wherever the word stands */
	CHECK(!evolution_door_is_secret(STR("{\"event\":\"messages.upsert\"}"), STR_NONE));
	CHECK(!evolution_door_is_secret(STR("{\"data\":\"creds.update\"}"), STR_NONE));
	CHECK(!evolution_door_is_secret(STR("{\"event\":"), STR_NONE));
}
