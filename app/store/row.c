/* row.c - reading a row into an arena, and searching rows by time. */
#include "store/row.h"

#include "base/limits.h"

enum rc row_begin(struct db *db, enum query q, struct arena *a, struct row *ret, struct err *e)
{
	ret->a = a;
	ret->failed = false;
	return stmt_begin(db, q, &ret->s, e);
}

struct str row_str(struct row *r, const char *name)
{
	struct str v = stmt_str(&r->s, name);

	if (v.p == NULL)
		return STR_NONE;
	v = arena_str(r->a, v);
	if (v.p == NULL)
		r->failed = true;
	return v;
}

const char *row_text(struct row *r, const char *name)
{
	return row_str(r, name).p; /* arena_str puts a NUL behind it */
}

enum rc row_fits(const struct row *r, struct err *e)
{
	if (r->failed)
		return FAIL(e, RC_LIMIT, "a row is longer than %zu bytes", r->a->max);
	return RC_OK;
}

enum rc row_end(struct row *r, struct err *e)
{
	stmt_end(&r->s);
	return row_fits(r, e);
}

void row_drop(struct row *r)
{
	stmt_end(&r->s);
}

int64_t row_limit(int limit)
{
	return limit > 0 ? limit : LIST_LIMIT_DEFAULT;
}

static enum rc edge(struct db *db, enum query q, int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, q, &s, e));
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "id");
	return RC_OK;
}

/* RC_ABSENT: nothing at or behind the id. */
static enum rc probe(struct db *db, enum query q, int64_t at_id, int64_t *ret_id, int64_t *ret_ms,
		     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, q, &s, e));
	stmt_bind_i64(&s, "at_id", at_id);
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "id");
	*ret_ms = stmt_i64(&s, "at_ms");
	return RC_OK;
}

enum rc row_at(struct db *db, const struct row_times *t, int64_t at_ms, int64_t *ret_id,
	       struct err *e)
{
	int64_t low, high, last;

	TRY(edge(db, t->last, &last, e));
	TRY(edge(db, t->first, &low, e));
	if (last == 0) {
		*ret_id = 0;
		return RC_OK;
	}
	high = last + 1;
	while (low < high) { /* rows below `low` are older, rows from `high` on are not */
		int64_t middle = low + (high - low) / 2;
		int64_t id, ms;
		enum rc rc = probe(db, t->probe, middle, &id, &ms, e);

		if (rc == RC_ABSENT || (rc == RC_OK && ms >= at_ms))
			high = middle;
		else if (rc == RC_OK)
			low = id + 1;
		else
			return rc;
	}
	*ret_id = low;
	return RC_OK;
}

enum rc row_trim_below(struct db *db, const struct row_times *t, int64_t before_ms, int64_t *ret_id,
		       struct err *e)
{
	int64_t last;

	TRY(row_at(db, t, before_ms, ret_id, e));
	TRY(edge(db, t->last, &last, e));
	*ret_id = i64_min(*ret_id, last);
	return RC_OK;
}
