/* retention_day.c - see retention_day.h. */
#include "store/retention/retention_day.h"

#include "store/row.h"

enum rc retention_day_add(struct tx *tx, const char *what, int64_t gone, int64_t bytes,
			  struct err *e)
{
	struct stmt s;

	if (gone == 0)
		return RC_OK;
	TRY(stmt_begin(tx->db, Q_RETENTION_DAY_ADD, &s, e));
	stmt_bind_i64(&s, "day", tx->now_ms / DAY_MS);
	stmt_bind_text(&s, "what", what);
	stmt_bind_i64(&s, "gone", gone);
	stmt_bind_i64(&s, "bytes", i64_max(bytes, 0));
	stmt_bind_i64(&s, "last_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc retention_day_each(struct db *db, int64_t from_day, retention_day_fn *fn, void *arg,
			   struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	enum rc rc;

	TRY(row_begin(db, Q_RETENTION_DAY_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "from_day", from_day);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		struct retention_day d;

		arena_reset(&a);
		d.day = stmt_i64(&r.s, "day");
		d.what = row_text(&r, "what");
		d.gone = stmt_i64(&r.s, "gone");
		d.bytes = stmt_i64(&r.s, "bytes");
		d.last_ms = stmt_i64(&r.s, "last_ms");
		TRY(row_fits(&r, e));
		TRY(fn(arg, &d, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc retention_day_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			   struct err *e)
{
	struct stmt s;

	(void)limit; /* a day has a row a kind */
	TRY(stmt_begin(tx->db, Q_RETENTION_DAY_TRIM, &s, e));
	stmt_bind_i64(&s, "before_day", before_ms / DAY_MS);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}
