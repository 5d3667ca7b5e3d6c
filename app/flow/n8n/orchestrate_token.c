/* orchestrate_token.c - tokens for later answers, see orchestrate.h. */
#include "base/enc.h"
#include "flow/n8n/orchestrate.h"
#include "io/crypto.h"

#define PREFIX     "tr1."
#define FIELDS_MAX 120

static void mac_of(const uint8_t seal_key[32], struct str fields,
		   char ret_hex[2 * SHA256_BYTES + 1])
{
	uint8_t key[SHA256_BYTES], mac[SHA256_BYTES];

	crypto_hmac_sha256(str_n((const char *)seal_key, 32), STR("orchestrator reply token 1"),
			   key);
	crypto_hmac_sha256(str_n((const char *)key, sizeof(key)), fields, mac);
	enc_hex(mac, sizeof(mac), ret_hex);
	crypto_zero(key, sizeof(key));
}

void orchestrate_token_make(const uint8_t seal_key[32], const struct orchestrate_token *t,
			    char ret_text[ORCHESTRATE_TOKEN_MAX])
{
	char fields[FIELDS_MAX], mac[2 * SHA256_BYTES + 1];

	(void)snprintf(fields, sizeof(fields), "%lld-%lld-%lld-%lld-%lld", (long long)t->target_id,
		       (long long)t->conversation_id, (long long)t->message_id, (long long)t->hop,
		       (long long)t->expires_ms); /* fits: five numbers */
	mac_of(seal_key, str_of(fields), mac);
	(void)snprintf(ret_text, ORCHESTRATE_TOKEN_MAX, PREFIX "%s.%s", fields, mac); /* fits */
}

bool orchestrate_token_read(const uint8_t seal_key[32], struct str text, int64_t now_ms,
			    struct orchestrate_token *ret)
{
	int64_t *const members[] = { &ret->target_id, &ret->conversation_id, &ret->message_id,
				     &ret->hop, &ret->expires_ms };
	char mac[2 * SHA256_BYTES + 1];
	struct str fields, part;

	if (!str_starts(text, STR(PREFIX)) || text.n >= ORCHESTRATE_TOKEN_MAX)
		return false;
	text = str_sub(text, sizeof(PREFIX) - 1, text.n);
	if (!str_cut(&text, '.', &fields) || fields.n >= FIELDS_MAX)
		return false;
	mac_of(seal_key, fields, mac);
	if (!crypto_equal(str_of(mac), text))
		return false;
	for (size_t i = 0; i < COUNT(members); i++) {
		if (!str_cut(&fields, '-', &part) || !str_i64(part, 0, INT64_MAX, members[i]))
			return false;
	}
	return now_ms < ret->expires_ms;
}
