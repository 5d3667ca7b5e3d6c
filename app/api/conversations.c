/* conversations.c - the threads with their aggregates. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/view.h"

struct conversation_page {
	struct view view;
	struct cursor cursor;
};

static enum rc conversation_row(void *arg, const struct conversation *v, struct err *e)
{
	struct conversation_page *p = arg;

	jsonw_object(p->view.w);
	TRY(view_conversation(&p->view, v, e));
	jsonw_end(p->view.w);
	cursor_row(&p->cursor, v->last_message_at, v->id);
	return RC_OK;
}

static enum rc list_write(struct call *c, struct conversation_page *p,
			  struct conversation_filter *f, struct err *e)
{
	struct jsonw w;

	f->company_id = c->who.company_id;
	f->before_ms = p->cursor.a;
	f->before_id = p->cursor.b;
	f->limit = (int)p->cursor.limit;
	p->view.w = &w;
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_karray(&w, "data");
	TRY(conversation_each(p->view.db, f, conversation_row, p, e));
	jsonw_end(&w);
	cursor_next(&p->cursor, &w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
	return RC_OK;
}

void conversation_list(struct call *c)
{
	struct conversation_page p = { .view = { .config = c->config } };
	struct conversation_filter f = { 0 };
	struct err e = { .rc = RC_OK };
	struct str unread;

	if (!cursor_read(c, &p.cursor) || !query_str(c, "search", &f.search) ||
	    !query_str(c, "unread", &unread))
		return;
	if (f.search.n == 0)
		f.search = STR_NONE;
	f.unread_only = str_eqc(unread, "true") || str_eqc(unread, "1");
	p.view.db = store_reader(c->app->store);
	enum rc rc = list_write(c, &p, &f, &e);
	store_reader_done(c->app->store, p.view.db);
	if (rc != RC_OK)
		problem_err(c, &e);
}

/* The conversation of the path, if it is the caller's; else the problem is answered. */
static bool load(struct call *c, struct conversation *ret)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;

	if (!param_id(c, 0, &created_ms, &id))
		return false;
	struct db *db = store_reader(c->app->store);
	enum rc rc = conversation_load(db, id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK && ret->company_id == c->who.company_id && ret->created_ms == created_ms)
		return true;
	if (rc == RC_OK || rc == RC_ABSENT)
		problem(c, 404, "not-found", "There is no conversation with this id.");
	else
		problem_err(c, &e);
	return false;
}

static enum rc one_write(struct call *c, struct db *db, const struct conversation *v, struct err *e)
{
	struct jsonw w;
	struct view view = { .w = &w, .db = db, .config = c->config };

	answer_begin(c, &w);
	jsonw_object(&w);
	TRY(view_conversation(&view, v, e));
	jsonw_end(&w);
	answer_json(c, 200, &w);
	return RC_OK;
}

void conversation_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct conversation v;

	if (!load(c, &v))
		return;
	struct db *db = store_reader(c->app->store);
	enum rc rc = one_write(c, db, &v, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		problem_err(c, &e);
}

void conversation_messages_get(struct call *c)
{
	struct conversation v;

	if (load(c, &v))
		message_of_conversation(c, v.id);
}

static enum rc read_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *id = arg;

	return conversation_read(tx, *id, e);
}

void conversation_read_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct conversation v;
	struct jsonw w;

	if (!load(c, &v))
		return;
	if (v.unread_count > 0 &&
	    store_write(c->app->store, STORE_NORMAL, read_unit, &v.id, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", v.created_ms, v.id);
	jsonw_ki64(&w, "unread_count", 0);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
