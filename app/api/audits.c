/* audits.c - /api/v1/audit: who changed what, newest first, and whether the chain is whole. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "base/enc.h"

struct audit_page {
	struct jsonw w;
	struct cursor cursor;
};

static void hash_write(struct jsonw *w, const char *key, const uint8_t hash[SHA256_BYTES])
{
	char text[2 * SHA256_BYTES + 1];

	enc_hex(hash, SHA256_BYTES, text);
	jsonw_ktext(w, key, text);
}

static enum rc audit_row(void *arg, const struct audit *a, struct err *e)
{
	struct audit_page *p = arg;

	(void)e;
	jsonw_object(&p->w);
	jsonw_ki64(&p->w, "id", a->id);
	jsonw_ktime(&p->w, "at", a->at_ms);
	jsonw_ktext(&p->w, "actor_kind", a->kind < ACTOR_COUNT ? audit_actor_text(a->kind) : NULL);
	jsonw_ki64(&p->w, "actor_row", a->actor_id);
	jsonw_kstr(&p->w, "actor", a->actor);
	jsonw_kstr(&p->w, "client", a->client);
	jsonw_kstr(&p->w, "request_id", a->request_id);
	jsonw_kstr(&p->w, "action", a->action);
	jsonw_kstr(&p->w, "subject", a->subject);
	jsonw_kraw(&p->w, "detail", a->detail);
	hash_write(&p->w, "hash", a->hash);
	jsonw_end(&p->w);
	cursor_row(&p->cursor, 0, a->id);
	return RC_OK;
}

static bool filter_read(struct call *c, struct audit_filter *f)
{
	struct str kind, action;

	if (!query_time(c, "from", &f->from_ms) || !query_time(c, "to", &f->to_ms) ||
	    !query_str(c, "actor_kind", &kind) || !query_str(c, "action", &action) ||
	    !query_i64(c, "actor_row", 0, 0, INT64_MAX, &f->actor_id))
		return false;
	f->actor_kind = kind.n > 0 ? arena_dup(c->q->arena, kind) : NULL;
	f->action = action.n > 0 ? arena_dup(c->q->arena, action) : NULL;
	return true;
}

void audit_list(struct call *c)
{
	struct audit_filter f = { .company_id = c->who.company_id };
	struct err e = { .rc = RC_OK };
	struct audit_page p;

	if (!cursor_read(c, &p.cursor) || !filter_read(c, &f))
		return;
	f.before_id = p.cursor.b;
	f.limit = (int)p.cursor.limit;
	answer_rows_begin(c, &p.w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = audit_each(db, &f, audit_row, &p, &e);
	store_reader_done(c->app->store, db);
	cursor_rows_end(c, &p.cursor, &p.w, rc, &e);
}

void audit_verify_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct audit_proof proof;
	struct jsonw w;
	struct db *db = store_reader(c->app->store);
	enum rc rc = audit_prove(db, &proof, &e);

	store_reader_done(c->app->store, db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kbool(&w, "whole", proof.broken_id == 0);
	jsonw_ki64(&w, "rows", proof.rows);
	if (proof.broken_id != 0)
		jsonw_ki64(&w, "broken_at", proof.broken_id);
	hash_write(&w, "head", proof.head);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
