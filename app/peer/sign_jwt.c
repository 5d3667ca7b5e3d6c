/* sign_jwt.c - the token that Evolution signs its webhooks with. Promises: sign.h. No state; any thread. */
#include "base/enc.h"
#include "io/crypto.h"
#include "io/json.h"
#include "peer/sign.h"

#define JWT_MAX (4 * KIB) /* Evolution's have 200 bytes */

/* One base64url part as JSON; NULL: it is none. */
static struct json *part_json(struct str part)
{
	struct sbuf text AUTO(sbuf_release) = SBUF(JWT_MAX);
	struct json *root = NULL;
	if (part.n == 0 || !enc_unbase64(&text, part) ||
	    json_parse(sbuf_view(&text), &root, NULL) != RC_OK)
		return NULL;
	return root;
}

static bool signed_by(struct str signing_input, struct str signature, struct str key)
{
	struct sbuf given AUTO(sbuf_release) = SBUF(JWT_MAX);
	uint8_t mac[SHA256_BYTES];
	crypto_hmac_sha256(key, signing_input, mac);
	return key.n > 0 && enc_unbase64(&given, signature) &&
	       crypto_equal(sbuf_view(&given), str_n((const char *)mac, sizeof mac));
}

static enum rc check_claims(const struct json *claims, int64_t now_ms, struct err *e)
{
	int64_t exp_s, iat_s;
	int64_t now_s = now_ms / SECOND_MS, leeway_s = SIGN_JWT_LEEWAY_MS / SECOND_MS;
	if (!json_get_i64(claims, "exp", &exp_s) || exp_s + leeway_s < now_s)
		return FAIL(e, RC_REFUSED, "The token of the webhook has expired.");
	if (!json_get_i64(claims, "iat", &iat_s) || iat_s - leeway_s > now_s)
		return FAIL(e, RC_REFUSED,
			    "The token of the webhook is from the future: compare the clocks.");
	if (!str_eqc(json_get_str(claims, "app"), "evolution") ||
	    !str_eqc(json_get_str(claims, "action"), "webhook"))
		return FAIL(e, RC_REFUSED, "The token is not one of a webhook of Evolution.");
	return RC_OK;
}

enum rc sign_jwt_check(struct str authorization, struct str key, int64_t now_ms, struct err *e)
{
	struct json *head AUTO(json_freep) = NULL, *claims AUTO(json_freep) = NULL;
	struct str token, rest, part[3];
	size_t n = 0;
	if (authorization.n < 7 || !str_ieq(str_sub(authorization, 0, 7), STR("Bearer ")))
		return FAIL(e, RC_ABSENT, "The webhook carries no bearer token.");
	token = str_trim(str_sub(authorization, 7, authorization.n));
	rest = token;
	while (n < 3 && str_cut(&rest, '.', &part[n]))
		n++;
	if (token.n > JWT_MAX || n != 3 || str_chr(part[2], '.') >= 0 ||
	    part[0].n + part[1].n + part[2].n + 2 != token.n)
		return FAIL(e, RC_REFUSED, "The bearer token is not a JWT.");
	head = part_json(part[0]);
	if (!str_eqc(json_get_str(head, "alg"), "HS256"))
		return FAIL(e, RC_REFUSED, "The JWT is not signed with HS256.");
	if (!signed_by(str_sub(token, 0, part[0].n + 1 + part[1].n), part[2], key))
		return FAIL(e, RC_REFUSED, "The JWT is not signed with this channel's key.");
	claims = part_json(part[1]);
	return check_claims(claims, now_ms, e);
}
