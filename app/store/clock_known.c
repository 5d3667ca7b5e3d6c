/* clock_known.c - see clock_known.h. */
#include "store/clock_known.h"

enum rc clock_known_get(struct db *db, struct clock_known *ret, struct err *e)
{
	struct stmt s;

	*ret = (struct clock_known){ 0 };
	TRY(stmt_begin(db, Q_CLOCK_KNOWN_GET, &s, e));
	TRY(stmt_next(&s, e));
	ret->seen_ms = stmt_i64(&s, "seen_ms");
	ret->ran_ms = stmt_i64(&s, "ran_ms");
	stmt_end(&s);
	return RC_OK;
}

enum rc clock_known_set(struct tx *tx, const struct clock_known *k, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, Q_CLOCK_KNOWN_SET, &s, e));
	stmt_bind_i64(&s, "seen_ms", k->seen_ms);
	stmt_bind_i64(&s, "ran_ms", k->ran_ms);
	return stmt_run(&s, e);
}
