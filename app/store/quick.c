/* quick.c - see quick.h. */
#include "store/quick.h"

#include "base/enc.h"
#include "store/row.h"

static enum rc rules(const struct quick *q, struct err *e)
{
	if (q->shortcut.n == 0 || q->shortcut.n > QUICK_SHORTCUT_MAX)
		return FAIL(e, RC_INVALID, "A shortcut has 1 to %d characters.",
			    QUICK_SHORTCUT_MAX);
	for (size_t i = 0; i < q->shortcut.n; i++) {
		char c = q->shortcut.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return FAIL(e, RC_INVALID,
				    "A shortcut has small letters, digits, - and _ only.");
	}
	if (str_trim(q->title).n == 0 || q->title.n > QUICK_TITLE_MAX || !enc_utf8_ok(q->title))
		return FAIL(e, RC_INVALID, "A title has 1 to %d bytes.", QUICK_TITLE_MAX);
	if (str_trim(q->text).n == 0 || q->text.n > QUICK_TEXT_MAX || !enc_utf8_ok(q->text))
		return FAIL(e, RC_INVALID, "A text has 1 to %d bytes.", QUICK_TEXT_MAX);
	return RC_OK;
}

enum rc quick_put(struct tx *tx, const struct quick *q, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(rules(q, e));
	TRY(stmt_begin(tx->db, q->id == 0 ? Q_QUICK_INSERT : Q_QUICK_UPDATE, &s, e));
	stmt_bind_i64(&s, q->id == 0 ? "company_id" : "id", q->id == 0 ? q->company_id : q->id);
	stmt_bind_str(&s, "shortcut", q->shortcut);
	stmt_bind_str(&s, "title", q->title);
	stmt_bind_str(&s, "text", q->text);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	rc = stmt_run(&s, NULL);
	if (rc == RC_CONFLICT)
		return FAIL(e, RC_CONFLICT, "Another quick answer has this shortcut.");
	if (rc != RC_OK)
		return FAIL(e, rc, "The quick answer could not be stored.");
	if (q->id != 0 && db_changes(tx->db) == 0)
		return FAIL(e, RC_ABSENT, "There is no quick answer with this id.");
	*ret_id = q->id != 0 ? q->id : db_last_rowid(tx->db);
	return RC_OK;
}

enum rc quick_drop(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_QUICK_DELETE, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0
		       ? RC_OK
		       : FAIL(e, RC_ABSENT, "There is no quick answer with this id.");
}

/* In order of the columns. */
static void take(struct row *r, struct quick *q)
{
	*q = (struct quick){ .id = stmt_i64(&r->s, "id") };
	q->shortcut = row_str(r, "shortcut");
	q->title = row_str(r, "title");
	q->text = row_str(r, "text");
	q->created_ms = stmt_i64(&r->s, "created_ms");
	q->updated_ms = stmt_i64(&r->s, "updated_ms");
}

enum rc quick_load(struct db *db, int64_t company_id, int64_t id, struct arena *a,
		   struct quick *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_QUICK_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	stmt_bind_i64(&r.s, "company_id", company_id);
	TRY(stmt_next(&r.s, e));
	take(&r, ret);
	ret->company_id = company_id;
	return row_end(&r, e);
}

enum rc quick_each(struct db *db, int64_t company_id, quick_each_fn *fn, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	struct quick q;
	enum rc rc;

	TRY(row_begin(db, Q_QUICK_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "company_id", company_id);
	stmt_bind_i64(&r.s, "limit", QUICK_MAX);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		arena_reset(&a);
		take(&r, &q);
		TRY(row_fits(&r, e));
		TRY(fn(arg, &q, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
