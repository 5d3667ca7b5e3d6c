/* sign.c - signatures of peers over webhooks. Promises: sign.h. No state; any thread. */
#include "peer/sign.h"

#include "base/enc.h"
#include "io/crypto.h"

static const struct str prefix = { "sha256=", 7 };

/* The MAC inside a header value; false when it has not exactly the documented form. */
static bool parse_header(struct str header, uint8_t ret_mac[SHA256_BYTES])
{
	if (header.n != prefix.n + (size_t)2 * SHA256_BYTES || !str_starts(header, prefix))
		return false;
	return enc_unhex(str_sub(header, prefix.n, (size_t)2 * SHA256_BYTES), ret_mac, SHA256_BYTES,
			 true);
}

/* Tries every secret, also after a hit, so that the time does not tell which one it was. */
static bool match_any(const uint8_t mac[SHA256_BYTES], const struct str *parts, size_t part_count,
		      const struct str *secrets, size_t count, size_t *ret_index)
{
	bool found = false;
	size_t place = 0;
	for (size_t i = 0; i < count; i++) {
		uint8_t own[SHA256_BYTES];
		if (secrets[i].n == 0)
			continue;
		crypto_hmac_sha256_parts(secrets[i], parts, part_count, own);
		bool equal = crypto_equal(str_n((const char *)mac, SHA256_BYTES),
					  str_n((const char *)own, SHA256_BYTES));
		if (equal && !found)
			place = i;
		found |= equal;
		crypto_zero(own, sizeof own);
	}
	if (found && ret_index != NULL)
		*ret_index = place;
	return found;
}

bool sign_form_ok(struct str header)
{
	uint8_t mac[SHA256_BYTES];

	return parse_header(header, mac);
}

enum rc sign_meta_check(struct str header, struct str body, const struct str *secrets, size_t count,
			size_t *ret_index)
{
	uint8_t mac[SHA256_BYTES];
	ASSERT(secrets != NULL || count == 0);
	if (!parse_header(header, mac))
		return RC_REFUSED;
	return match_any(mac, &body, 1, secrets, count, ret_index) ? RC_OK : RC_REFUSED;
}

enum rc sign_chatwoot_check(const struct sign_chatwoot *c, const struct str *secrets, size_t count,
			    size_t *ret_index, struct err *e)
{
	uint8_t mac[SHA256_BYTES];
	int64_t at_s = 0;
	ASSERT(secrets != NULL || count == 0);
	if (c->signature.p == NULL && c->timestamp.p == NULL)
		return FAIL(e, RC_ABSENT, "the webhook is not signed");
	if (!parse_header(c->signature, mac))
		return FAIL(e, RC_REFUSED, "X-Chatwoot-Signature is missing or malformed");
	if (!str_i64(c->timestamp, 0, INT64_MAX / SECOND_MS, &at_s))
		return FAIL(e, RC_REFUSED, "X-Chatwoot-Timestamp is missing or malformed");
	/* Whole seconds of ours against whole seconds of theirs: the edge itself is inside. */
	int64_t skew_s = c->now_ms / SECOND_MS - at_s;
	if (skew_s > SIGN_CHATWOOT_SKEW_MS / SECOND_MS ||
	    skew_s < -(SIGN_CHATWOOT_SKEW_MS / SECOND_MS))
		return FAIL(e, RC_REFUSED, "X-Chatwoot-Timestamp is outside of the window");
	const struct str parts[] = { c->timestamp, STR("."), c->body };
	if (!match_any(mac, parts, COUNT(parts), secrets, count, ret_index))
		return FAIL(e, RC_REFUSED, "X-Chatwoot-Signature matches no secret");
	return RC_OK;
}

static void make(struct str secret, const struct str *parts, size_t count,
		 char ret_text[SIGN_TEXT_MAX])
{
	uint8_t mac[SHA256_BYTES];
	_Static_assert(SIGN_TEXT_MAX >= 7 + 2 * SHA256_BYTES + 1,
		       "room for prefix, digits and NUL");
	crypto_hmac_sha256_parts(secret, parts, count, mac);
	memcpy(ret_text, prefix.p, prefix.n);
	enc_hex(mac, SHA256_BYTES, ret_text + prefix.n);
}

void sign_meta_make(struct str secret, struct str body, char ret_text[SIGN_TEXT_MAX])
{
	make(secret, &body, 1, ret_text);
}

void sign_chatwoot_make(struct str secret, struct str timestamp, struct str body,
			char ret_text[SIGN_TEXT_MAX])
{
	const struct str parts[] = { timestamp, STR("."), body };
	make(secret, parts, COUNT(parts), ret_text);
}

bool sign_token_equal(struct str given, struct str expected)
{
	uint8_t a[SHA256_BYTES];
	uint8_t b[SHA256_BYTES];
	crypto_sha256(given, a);
	crypto_sha256(expected, b);
	bool equal =
		crypto_equal(str_n((const char *)a, sizeof a), str_n((const char *)b, sizeof b));
	return equal && expected.n > 0;
}
