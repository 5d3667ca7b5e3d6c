/* wa_template.c - see wa_template.h. */
#include "store/channel/wa_template.h"

#include "store/row.h"

static struct str or_none(struct str s)
{
	return s.n > 0 ? s : STR_NONE;
}

static void bind(struct stmt *s, const struct wa_template *t, int64_t now_ms)
{
	stmt_bind_i64(s, "company_id", t->company_id);
	stmt_bind_str(s, "waba_id", t->waba_id);
	stmt_bind_str(s, "name", t->name);
	stmt_bind_str(s, "language", t->language);
	stmt_bind_str(s, "meta_id", or_none(t->meta_id));
	stmt_bind_str(s, "status", or_none(t->status));
	stmt_bind_str(s, "category", or_none(t->category));
	stmt_bind_str(s, "quality", or_none(t->quality));
	stmt_bind_str(s, "reason", or_none(t->reason));
	stmt_bind_i64(s, "now_ms", now_ms);
}

enum rc wa_template_put(struct tx *tx, const struct wa_template *t, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	ASSERT(t->status.n > 0);
	TRY(stmt_begin(tx->db, Q_TEMPLATE_PUT, &s, e));
	bind(&s, t, tx->now_ms);
	stmt_bind_str(&s, "components", t->components);
	return stmt_run(&s, e);
}

enum rc wa_template_news(struct tx *tx, const struct wa_template *t, bool stale, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_TEMPLATE_NEWS, &s, e));
	bind(&s, t, tx->now_ms);
	stmt_bind_i64(&s, "stale", stale);
	return stmt_run(&s, e);
}

enum rc wa_template_listed(struct tx *tx, struct str waba_id, int64_t begun_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt forget = { 0 };
	AUTO(stmt_end) struct stmt note = { 0 };

	TRY(stmt_begin(tx->db, Q_TEMPLATE_FORGET, &forget, e));
	stmt_bind_str(&forget, "waba_id", waba_id);
	stmt_bind_i64(&forget, "before_ms", begun_ms);
	TRY(stmt_run(&forget, e));
	TRY(stmt_begin(tx->db, Q_TEMPLATE_LISTED, &note, e));
	stmt_bind_str(&note, "waba_id", waba_id);
	stmt_bind_i64(&note, "synced_ms", tx->now_ms);
	return stmt_run(&note, e);
}

enum rc wa_template_synced_ms(struct db *db, struct str waba_id, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_TEMPLATE_LIST_TIME, &s, e));
	stmt_bind_str(&s, "waba_id", waba_id);
	rc = stmt_next(&s, e);
	*ret = rc == RC_OK ? stmt_i64(&s, "synced_ms") : 0;
	return rc == RC_ABSENT ? RC_OK : rc;
}

static void take(struct row *r, struct wa_template *ret)
{
	ret->id = stmt_i64(&r->s, "id");
	ret->company_id = stmt_i64(&r->s, "company_id");
	ret->waba_id = row_str(r, "waba_id");
	ret->name = row_str(r, "name");
	ret->language = row_str(r, "language");
	ret->meta_id = row_str(r, "meta_id");
	ret->status = row_str(r, "status");
	ret->category = row_str(r, "category");
	ret->quality = row_str(r, "quality");
	ret->reason = row_str(r, "reason");
	ret->components = row_str(r, "components");
	ret->created_ms = stmt_i64(&r->s, "created_ms");
	ret->updated_ms = stmt_i64(&r->s, "updated_ms");
}

enum rc wa_template_find(struct db *db, const struct wa_template_key *k, struct arena *a,
			 struct wa_template *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_TEMPLATE_FIND, a, &r, e));
	stmt_bind_str(&r.s, "waba_id", k->waba_id);
	stmt_bind_str(&r.s, "name", k->name);
	stmt_bind_str(&r.s, "language", k->language);
	TRY(stmt_next(&r.s, e));
	take(&r, ret);
	return row_end(&r, e);
}

enum rc wa_template_each(struct db *db, const struct wa_template_filter *f, wa_template_each_fn *fn,
			 void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	struct wa_template t;
	enum rc rc;

	TRY(row_begin(db, Q_TEMPLATE_PAGE, &a, &r, e));
	stmt_bind_i64(&r.s, "company_id", f->company_id);
	stmt_bind_str(&r.s, "waba_id", or_none(f->waba_id));
	stmt_bind_str(&r.s, "status", or_none(f->status));
	stmt_bind_str(&r.s, "search", or_none(f->search));
	stmt_bind_i64(&r.s, "after_id", f->after_id);
	stmt_bind_i64(&r.s, "limit", row_limit(f->limit));
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		arena_reset(&a);
		take(&r, &t);
		TRY(row_fits(&r, e));
		TRY(fn(arg, &t, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
