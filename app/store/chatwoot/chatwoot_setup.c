/* chatwoot_setup.c - see chatwoot_setup.h. */
#include "store/chatwoot/chatwoot_setup.h"

#include "store/row.h"

enum rc chatwoot_setup_get(struct db *db, int64_t target_id, struct arena *a,
			   struct chatwoot_setup_row *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_CHATWOOT_SETUP_GET, a, &r, e));
	stmt_bind_i64(&r.s, "target_id", target_id);
	TRY(stmt_next(&r.s, e));
	ret->target_id = target_id; /* columns in the order of the query */
	ret->state = row_str(&r, "state");
	ret->detail = row_str(&r, "detail");
	ret->version = row_str(&r, "version");
	ret->found = row_str(&r, "found");
	ret->wanted_ms = stmt_i64(&r.s, "wanted_ms");
	ret->updated_ms = stmt_i64(&r.s, "updated_ms");
	return row_end(&r, e);
}

enum rc chatwoot_setup_put(struct tx *tx, const struct chatwoot_setup_row *row, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHATWOOT_SETUP_PUT, &s, e));
	stmt_bind_i64(&s, "target_id", row->target_id);
	stmt_bind_str(&s, "state", row->state);
	stmt_bind_str(&s, "detail", row->detail.n > 0 ? row->detail : STR_NONE);
	stmt_bind_str(&s, "version", row->version.n > 0 ? row->version : STR_NONE);
	stmt_bind_str(&s, "found", row->found.n > 0 ? row->found : STR("{}"));
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}
