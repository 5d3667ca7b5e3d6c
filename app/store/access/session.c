/* session.c - see session.h. */
#include "store/access/session.h"

#include "base/enc.h"
#include "io/crypto.h"
#include "store/access/role.h"
#include "store/row.h"

#define USED_EVERY_MS MINUTE_MS
#define PREFIX        "tsn_"
#define INVITE_PREFIX "tlk_"

static void digest_bind(struct stmt *s, const uint8_t digest[SHA256_BYTES])
{
	stmt_bind_blob(s, "hash", str_n((const char *)digest, SHA256_BYTES));
}

static enum rc trim(struct tx *tx, const struct session_new *n, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SESSION_TRIM, &s, e));
	stmt_bind_i64(&s, "user_id", n->user_id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	stmt_bind_i64(&s, "idle_before_ms", tx->now_ms - n->idle_ms);
	stmt_bind_i64(&s, "keep", SESSION_PER_USER);
	return stmt_run(&s, e);
}

enum rc session_create(struct tx *tx, const struct session_new *n, char ret_text[TOKEN_TEXT_MAX],
		       int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct str agent =
		enc_utf8_ok(n->agent) ? enc_utf8_cut(n->agent, SESSION_AGENT_MAX) : STR_NONE;
	uint8_t digest[SHA256_BYTES];
	int64_t id;

	token_secret(PREFIX, ret_text);
	crypto_sha256(str_of(ret_text), digest);
	TRY(stmt_begin(tx->db, Q_SESSION_INSERT, &s, e));
	stmt_bind_i64(&s, "user_id", n->user_id);
	digest_bind(&s, digest);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	stmt_bind_i64(&s, "expires_ms", tx->now_ms + n->longest_ms);
	stmt_bind_str(&s, "client", n->client);
	stmt_bind_str(&s, "agent", agent.p != NULL ? agent : STR(""));
	TRY(stmt_run(&s, e));
	id = db_last_rowid(tx->db);
	TRY(trim(tx, n, e));
	*ret_id = id;
	return RC_OK;
}

enum rc session_find(struct db *db, struct str text, int64_t now_ms, int64_t idle_ms,
		     struct arena *a, struct session *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct session v = { 0 };
	uint8_t digest[SHA256_BYTES];
	bool disabled;
	enum rc rc;

	if (text.n >= TOKEN_TEXT_MAX || !str_starts(text, STR(PREFIX)))
		return FAIL(e, RC_REFUSED, "this is no session of Totem");
	crypto_sha256(text, digest);
	TRY(row_begin(db, Q_SESSION_BY_HASH, a, &r, e));
	digest_bind(&r.s, digest);
	rc = stmt_next(&r.s, e);
	if (rc == RC_ABSENT)
		return FAIL(e, RC_REFUSED, "this session is over");
	TRY(rc);
	v.id = stmt_i64(&r.s, "id");
	v.user_id = stmt_i64(&r.s, "user_id");
	v.created_ms = stmt_i64(&r.s, "created_ms");
	v.last_used_ms = stmt_i64(&r.s, "last_used_ms");
	v.expires_ms = stmt_i64(&r.s, "expires_ms");
	v.company_id = stmt_i64(&r.s, "company_id");
	v.login = row_str(&r, "login");
	v.name = row_str(&r, "name");
	v.role = row_str(&r, "role");
	v.language = row_str(&r, "language");
	v.user_created_ms = stmt_i64(&r.s, "user_created_ms");
	disabled = stmt_i64(&r.s, "disabled_ms") != 0;
	TRY(row_end(&r, e));
	if (disabled || now_ms >= v.expires_ms || now_ms - v.last_used_ms >= idle_ms)
		return FAIL(e, RC_REFUSED, "this session is over");
	*ret = v;
	return RC_OK;
}

enum rc session_alive(struct db *db, int64_t id, int64_t now_ms, struct session_rights *ret,
		      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_SESSION_ALIVE, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "now_ms", now_ms);
	TRY(stmt_next(&s, e));
	struct str role = stmt_str(&s, "role");

	ret->scopes = role_scopes_of(role);
	ret->masked = role_masks(role);
	return RC_OK;
}

enum rc session_used(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SESSION_USED, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	stmt_bind_i64(&s, "older_than_ms", tx->now_ms - USED_EVERY_MS + 1);
	return stmt_run(&s, e);
}

enum rc session_each(struct db *db, int64_t user_id, session_each_fn *fn, void *arg, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_SESSION_LIST, &s, e));
	stmt_bind_i64(&s, "user_id", user_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct session v = { 0 };

		v.id = stmt_i64(&s, "id");
		v.user_id = stmt_i64(&s, "user_id");
		v.created_ms = stmt_i64(&s, "created_ms");
		v.last_used_ms = stmt_i64(&s, "last_used_ms");
		v.expires_ms = stmt_i64(&s, "expires_ms");
		v.client = stmt_str(&s, "client");
		v.agent = stmt_str(&s, "agent");
		TRY(fn(arg, &v, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc session_end(struct tx *tx, int64_t id, int64_t user_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SESSION_END, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "user_id", user_id);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : FAIL(e, RC_ABSENT, "There is no such session.");
}

enum rc session_end_others(struct tx *tx, int64_t user_id, int64_t but_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SESSION_END_OTHERS, &s, e));
	stmt_bind_i64(&s, "user_id", user_id);
	stmt_bind_i64(&s, "but_id", but_id);
	return stmt_run(&s, e);
}

enum rc session_invite(struct tx *tx, int64_t user_id, char ret_text[TOKEN_TEXT_MAX], struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	uint8_t digest[SHA256_BYTES];

	TRY(session_uninvite(tx, user_id, e));
	token_secret(INVITE_PREFIX, ret_text);
	crypto_sha256(str_of(ret_text), digest);
	TRY(stmt_begin(tx->db, Q_SESSION_INVITATION_INSERT, &s, e));
	stmt_bind_i64(&s, "user_id", user_id);
	digest_bind(&s, digest);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	stmt_bind_i64(&s, "expires_ms", tx->now_ms + INVITATION_MS);
	return stmt_run(&s, e);
}

enum rc session_invited(struct db *db, struct str text, int64_t now_ms, int64_t *ret_user_id,
			struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	uint8_t digest[SHA256_BYTES];
	int64_t user_id;
	enum rc rc;

	if (text.n >= TOKEN_TEXT_MAX || !str_starts(text, STR(INVITE_PREFIX)))
		return FAIL(e, RC_REFUSED, "this link is not known");
	crypto_sha256(text, digest);
	TRY(stmt_begin(db, Q_SESSION_INVITATION_BY_HASH, &s, e));
	digest_bind(&s, digest);
	rc = stmt_next(&s, e);
	if (rc == RC_ABSENT)
		return FAIL(e, RC_REFUSED, "this link is not known");
	TRY(rc);
	user_id = stmt_i64(&s, "user_id");
	if (now_ms >= stmt_i64(&s, "expires_ms"))
		return FAIL(e, RC_REFUSED, "this link is too old");
	*ret_user_id = user_id;
	return RC_OK;
}

enum rc session_uninvite(struct tx *tx, int64_t user_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SESSION_INVITATION_END, &s, e));
	stmt_bind_i64(&s, "user_id", user_id);
	return stmt_run(&s, e);
}
