/* row.h - reading a row into an arena, and searching rows by time; for the tables in this folder.
 *
 *	struct row r;
 *	TRY(row_begin(db, Q_X_LOAD, a, &r, e));
 *	stmt_bind_i64(&r.s, "id", id);
 *	TRY(stmt_next(&r.s, e));
 *	ret->name = row_str(&r, "name");
 *	return row_end(&r, e);                 -- RC_LIMIT when the arena was full
 *
 * Declared with AUTO(row_drop), the statement ends on every way out. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "store/store.h"

struct row {
	struct stmt s;
	struct arena *a;
	bool failed; /* the arena was full */
};

#define ROW_LIST_ARENA (4 * MIB) /* ceiling for one row of a list */

enum rc row_begin(struct db *db, enum query q, struct arena *a, struct row *ret, struct err *e)
	MUST_CHECK;
struct str row_str(struct row *r, const char *name);   /* NULL: STR_NONE */
const char *row_text(struct row *r, const char *name); /* C text; NULL: NULL */
/* Ends the statement. */
enum rc row_end(struct row *r, struct err *e) MUST_CHECK;
/* For lists: RC_LIMIT when the row did not fit; the statement goes on. */
enum rc row_fits(const struct row *r, struct err *e) MUST_CHECK;
void row_drop(struct row *r);

/* How many rows a list gives. */
int64_t row_limit(int limit);

/* A table whose ids grow with time: queries for its newest and oldest id and for the first row at or behind an id. */
struct row_times {
	enum query last, first, probe;
};
/* First id whose time is at_ms or later, by halving; one behind the newest when all are older, 0 without rows. Exact
 * as far as the wall clock never went back. */
enum rc row_at(struct db *db, const struct row_times *t, int64_t at_ms, int64_t *ret_id,
	       struct err *e) MUST_CHECK;
/* The same, but never behind the newest row: a table that is trimmed below it never gives an id a second time. */
enum rc row_trim_below(struct db *db, const struct row_times *t, int64_t before_ms, int64_t *ret_id,
		       struct err *e) MUST_CHECK;

#endif
