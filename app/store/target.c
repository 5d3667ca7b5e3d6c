/* target.c - channels, Chatwoot, n8n: their rows and states. */
#include "store/target.h"

#define THE_COMPANY 1 /* GAP: targets belong to the only company, since 0001 */

static const char *const KINDS[] = { "channel", "chatwoot", "n8n", "lookup" };

bool target_slug_ok(struct str slug)
{
	if (slug.n == 0 || slug.n > TARGET_SLUG_MAX)
		return false;
	for (size_t i = 0; i < slug.n; i++) {
		char c = slug.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	return true;
}

static bool kind_ok(const char *kind)
{
	for (size_t i = 0; i < COUNT(KINDS); i++)
		if (strcmp(kind, KINDS[i]) == 0)
			return true;
	return false;
}

static enum rc find(struct db *db, const char *kind, struct str slug, int64_t *ret_id,
		    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_TARGET_FIND, &s, e));
	stmt_bind_text(&s, "kind", kind);
	stmt_bind_str(&s, "slug", slug);
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "id");
	return RC_OK;
}

enum rc target_resolve(struct tx *tx, const char *kind, struct str slug, int64_t *ret_id,
		       struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	if (!kind_ok(kind))
		return FAIL(e, RC_INVALID,
			    "%.20s: no kind of target (channel, chatwoot, n8n, lookup)", kind);
	if (!target_slug_ok(slug))
		return FAIL(e, RC_INVALID, "%.*s: a name of a target has 1 to %d of a-z 0-9 - _",
			    (int)size_min(slug.n, 60), slug.p != NULL ? slug.p : "",
			    TARGET_SLUG_MAX);
	rc = find(tx->db, kind, slug, ret_id, e);
	if (rc != RC_ABSENT)
		return rc;
	TRY(stmt_begin(tx->db, Q_TARGET_INSERT, &s, e));
	stmt_bind_i64(&s, "company_id", THE_COMPANY);
	stmt_bind_text(&s, "kind", kind);
	stmt_bind_str(&s, "slug", slug);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	*ret_id = db_last_rowid(tx->db);
	return RC_OK;
}

enum rc target_name(struct db *db, int64_t id, char ret_name[TARGET_NAME_MAX], struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	(void)snprintf(ret_name, TARGET_NAME_MAX, "target %lld", (long long)id);
	TRY(stmt_begin(db, Q_TARGET_NAME, &s, e));
	stmt_bind_i64(&s, "id", id);
	rc = stmt_next(&s, e);
	if (rc == RC_OK)
		ASSERT(str_copy(stmt_str(&s, "name"), ret_name, TARGET_NAME_MAX));
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc target_made(struct db *db, int64_t id, int64_t *ret_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_TARGET_MADE, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_next(&s, e));
	*ret_ms = stmt_i64(&s, "created_ms");
	return RC_OK;
}

/* Cut at a character's end: reasons are written for people. */
static void copy_cut(struct str s, char *to, size_t bytes)
{
	size_t n = size_min(s.n, bytes - 1);

	while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xC0u) == 0x80u)
		n--;
	if (n > 0)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

enum rc target_each(struct db *db, target_each_fn *fn, void *arg, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct target t;
	enum rc rc;

	TRY(stmt_begin(db, Q_TARGET_LIST, &s, e));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		t.id = stmt_i64(&s, "id");
		t.company_id = stmt_i64(&s, "company_id");
		copy_cut(stmt_str(&s, "kind"), t.kind, sizeof(t.kind));
		copy_cut(stmt_str(&s, "slug"), t.slug, sizeof(t.slug));
		copy_cut(stmt_str(&s, "state"), t.state, sizeof(t.state));
		t.paused_until_ms = stmt_i64(&s, "paused_until_ms");
		copy_cut(stmt_str(&s, "reason"), t.reason, sizeof(t.reason));
		TRY(fn(arg, &t, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc set_state(struct tx *tx, const struct target *t, const char *reason, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_TARGET_STATE, &s, e));
	stmt_bind_i64(&s, "id", t->id);
	stmt_bind_text(&s, "state", t->state);
	stmt_bind_i64(&s, "paused_until_ms", t->paused_until_ms);
	stmt_bind_text(&s, "reason", reason);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_ABSENT;
}

enum rc target_pause(struct tx *tx, int64_t id, int64_t until_ms, const char *reason, struct err *e)
{
	const struct target t = { .id = id, .paused_until_ms = until_ms, .state = "paused" };

	return set_state(tx, &t, reason, e);
}

enum rc target_resume(struct tx *tx, int64_t id, struct err *e)
{
	const struct target t = { .id = id, .state = "up" };

	return set_state(tx, &t, NULL, e);
}

enum rc target_resume_if(struct tx *tx, int64_t id, const char *reason_prefix, bool *ret,
			 struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_TARGET_RESUME_IF, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_text(&s, "prefix", reason_prefix);
	TRY(stmt_run(&s, e));
	*ret = db_changes(tx->db) > 0;
	return RC_OK;
}
