/* lookup_session.c - see lookup_session.h. Sealed is "<mark> <token>", bound to the row's key. */
#include "store/lookup_session.h"

#include "io/crypto.h"

#define CONTEXT_MAX (LOOKUP_SESSION_KEY_MAX + 32)

void lookup_session_key(const char *slug, struct str username, char ret_key[LOOKUP_SESSION_KEY_MAX])
{
	int n = snprintf(ret_key, LOOKUP_SESSION_KEY_MAX, "%s_session_%.*s", slug,
			 (int)size_min(username.n, 200), username.p != NULL ? username.p : "");

	ASSERT(n > 0 && n < LOOKUP_SESSION_KEY_MAX);
}

static void context_of(const char *key, char ret[CONTEXT_MAX])
{
	(void)snprintf(ret, CONTEXT_MAX, "lookup_sessions/%s", key); /* fits */
}

enum rc lookup_session_get(struct db *db, const uint8_t *seal_key, const char *key, struct arena *a,
			   struct lookup_session *ret, struct err *e)
{
	AUTO(sbuf_release) struct sbuf plain = SBUF(16 * KIB);
	AUTO(stmt_end) struct stmt s = { 0 };
	char context[CONTEXT_MAX];
	struct str token, mark;
	enum rc rc = RC_OK;

	context_of(key, context);
	TRY(stmt_begin(db, Q_LOOKUP_SESSION_GET, &s, e));
	stmt_bind_text(&s, "key", key);
	TRY(stmt_next(&s, e));
	if (crypto_unseal(seal_key, str_of(context), stmt_str(&s, "value"), &plain, NULL) != RC_OK)
		return FAIL(e, RC_ABSENT, "a session that this key cannot open");
	token = sbuf_view(&plain);
	if (!str_cut(&token, ' ', &mark) || !str_u64_hex(mark, &ret->mark))
		rc = FAIL(e, RC_ABSENT, "a session of another form");
	else if ((ret->token = arena_str(a, token)).p == NULL)
		rc = FAIL(e, RC_LIMIT, "no room for a session");
	ret->expires_ms = stmt_i64(&s, "expires_ms");
	crypto_zero(plain.p, plain.cap);
	return rc;
}

enum rc lookup_session_put(struct tx *tx, const uint8_t *seal_key, const char *key,
			   const struct lookup_session *session, struct err *e)
{
	AUTO(sbuf_release) struct sbuf plain = SBUF(16 * KIB);
	AUTO(sbuf_release) struct sbuf sealed = SBUF(32 * KIB);
	AUTO(stmt_end) struct stmt s = { 0 };
	char context[CONTEXT_MAX];
	enum rc rc;

	context_of(key, context);
	sbuf_printf(&plain, "%016llx ", (unsigned long long)session->mark);
	sbuf_str(&plain, session->token);
	rc = crypto_seal(seal_key, str_of(context), sbuf_view(&plain), &sealed, e);
	crypto_zero(plain.p, plain.cap);
	TRY(rc);
	TRY(stmt_begin(tx->db, Q_LOOKUP_SESSION_PUT, &s, e));
	stmt_bind_text(&s, "key", key);
	stmt_bind_str(&s, "value", sbuf_view(&sealed));
	stmt_bind_i64(&s, "expires_ms", session->expires_ms);
	stmt_bind_i64(&s, "updated_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc lookup_session_drop(struct tx *tx, const char *key, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_LOOKUP_SESSION_DELETE, &s, e));
	stmt_bind_text(&s, "key", key);
	return stmt_run(&s, e);
}
