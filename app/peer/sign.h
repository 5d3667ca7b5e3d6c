/* sign.h - signatures of peers over webhooks: checking and (for tests and fan-out) making.
 *
 * Meta: X-Hub-Signature-256 "sha256=" + 64 lower-case hex digits, HMAC-SHA256(app secret, raw body
 * bytes); never over re-serialised JSON (meta-cloud-api.md 1.2). Chatwoot: X-Chatwoot-Signature in
 * the same form over
 * "<X-Chatwoot-Timestamp>.<raw body>" (chatwoot-n8n-evolution.md 0.3, 1.6; servers from 4.11.2
 * / 4.13.0).
 *
 * Several secrets may be in force at once (several apps on one WABA; a secret being rotated). All
 * of them are always tried, so that time does not tell which one matched. Empty secrets never
 * match. Pure; thread-safe. */
#ifndef PEER_SIGN_H
#define PEER_SIGN_H

#include "base/err.h"
#include "base/str.h"

#define SIGN_TEXT_MAX 72 /* "sha256=", 64 digits, a NUL */
/* window of the timestamp, both ways, inclusive (1.6) */
#define SIGN_CHATWOOT_SKEW_MS (300 * SECOND_MS)

/* RC_OK: `ret_index` (may be NULL) is the place of the secret that matched. RC_REFUSED: header
 * missing or malformed (prefix, upper-case digits, length), no secrets, or none matches. */
enum rc sign_meta_check(struct str header, struct str body, const struct str *secrets, size_t count,
			size_t *ret_index) MUST_CHECK;

/* Whether a signature's header has the documented form: told before the body is read. */
bool sign_form_ok(struct str header);

struct sign_chatwoot {
	struct str signature; /* header values as received; STR_NONE when absent */
	struct str timestamp; /* unix seconds as text */
	struct str body;      /* raw bytes */
	int64_t now_ms;
};

/* RC_OK as above. RC_ABSENT: neither header is there: a server older than 4.13; only the operator's
 * setting may let that pass. RC_REFUSED: anything else, also a timestamp outside the window. */
enum rc sign_chatwoot_check(const struct sign_chatwoot *c, const struct str *secrets, size_t count,
			    size_t *ret_index, struct err *e) MUST_CHECK;

void sign_meta_make(struct str secret, struct str body, char ret_text[SIGN_TEXT_MAX]);
void sign_chatwoot_make(struct str secret, struct str timestamp, struct str body,
			char ret_text[SIGN_TEXT_MAX]);

#define SIGN_JWT_LEEWAY_MS (60 * SECOND_MS) /* clocks of the two machines */

/* Evolution's webhooks: "Bearer <JWT>", HS256 with `key`, claims iat, exp (10 minutes), app "evolution", action "webhook"
 * (chatwoot-n8n-evolution.md 3.3). It is not bound to the body. RC_OK; RC_ABSENT: no bearer token. RC_REFUSED:
 * malformed, another algorithm ("none" too), wrong key, expired, not yet valid, or for another purpose: `e` says which. */
enum rc sign_jwt_check(struct str authorization, struct str key, int64_t now_ms, struct err *e)
	MUST_CHECK;

/* Verify tokens and bearer tokens: constant time in content and in length (both sides are hashed
 * first). An empty expected token equals nothing. */
bool sign_token_equal(struct str given, struct str expected);

#endif
