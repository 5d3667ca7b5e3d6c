/* n8n_import.c - see n8n_import.h. */
#include "store/n8n_import.h"

#include "store/row.h"

static void take(struct row *r, struct n8n_import *i)
{
	i->target_id = stmt_i64(&r->s, "target_id");
	i->workflow = row_str(r, "workflow");
	i->state = row_str(r, "state");
	i->detail = row_str(r, "detail");
	i->workflow_id = row_str(r, "workflow_id");
	i->webhook_url = row_str(r, "webhook_url");
	i->door_credential = row_str(r, "door_credential");
	i->api_credential = row_str(r, "api_credential");
	i->wanted_ms = stmt_i64(&r->s, "wanted_ms");
	i->updated_ms = stmt_i64(&r->s, "updated_ms");
}

enum rc n8n_import_get(struct db *db, int64_t target_id, struct str workflow, struct arena *a,
		       struct n8n_import *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_N8N_IMPORT_GET, a, &r, e));
	stmt_bind_i64(&r.s, "target_id", target_id);
	stmt_bind_str(&r.s, "workflow", workflow);
	TRY(stmt_next(&r.s, e));
	take(&r, ret);
	return row_end(&r, e);
}

static void bind_or_null(struct stmt *s, const char *name, struct str v)
{
	stmt_bind_str(s, name, v.n > 0 ? v : STR_NONE);
}

enum rc n8n_import_put(struct tx *tx, const struct n8n_import *i, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_N8N_IMPORT_PUT, &s, e));
	stmt_bind_i64(&s, "target_id", i->target_id);
	stmt_bind_str(&s, "workflow", i->workflow);
	stmt_bind_str(&s, "state", i->state);
	bind_or_null(&s, "detail", i->detail);
	bind_or_null(&s, "workflow_id", i->workflow_id);
	bind_or_null(&s, "webhook_url", i->webhook_url);
	bind_or_null(&s, "door_credential", i->door_credential);
	bind_or_null(&s, "api_credential", i->api_credential);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc n8n_import_each(struct db *db, int64_t target_id, n8n_import_each_fn *fn, void *arg,
			struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	struct n8n_import i;
	enum rc rc;

	TRY(row_begin(db, Q_N8N_IMPORT_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "target_id", target_id);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		arena_reset(&a);
		take(&r, &i);
		TRY(row_fits(&r, e));
		TRY(fn(arg, &i, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
