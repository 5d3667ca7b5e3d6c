/* quick.c - /api/v1/quick-answers. */
#include "store/quick.h"

#include "api/handlers.h"
#include "api/view.h"

static void quick_members(struct jsonw *w, const struct quick *q)
{
	view_id(w, "id", q->created_ms, q->id);
	jsonw_kstr(w, "shortcut", q->shortcut);
	jsonw_kstr(w, "title", q->title);
	jsonw_kstr(w, "text", q->text);
	jsonw_ktime(w, "created_at", q->created_ms);
	jsonw_ktime(w, "updated_at", q->updated_ms);
}

static enum rc quick_row(void *arg, const struct quick *q, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	jsonw_object(w);
	quick_members(w, q);
	jsonw_end(w);
	return RC_OK;
}

void quick_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_rows_begin(c, &w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = quick_each(db, c->who.company_id, quick_row, &w, &e);
	store_reader_done(c->app->store, db);
	answer_rows_end(c, &w, rc, &e);
}

static bool load(struct call *c, struct quick *ret)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;

	if (!param_id(c, 0, &created_ms, &id))
		return false;
	struct db *db = store_reader(c->app->store);
	enum rc rc = quick_load(db, c->who.company_id, id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK && ret->created_ms == created_ms) {
		c->audit.subject = ret->shortcut;
		return true;
	}
	if (rc == RC_OK || rc == RC_ABSENT)
		problem(c, 404, "not-found", "There is no quick answer with this id.");
	else
		problem_err(c, &e);
	return false;
}

struct put_job {
	const struct quick *quick;
	int64_t id;
};

static enum rc put_unit(struct tx *tx, void *arg, struct err *e)
{
	struct put_job *j = arg;

	return quick_put(tx, j->quick, &j->id, e);
}

static void put(struct call *c, const struct quick *q, int status)
{
	struct put_job j = { .quick = q };
	struct err e = { .rc = RC_OK };
	struct quick stored;
	struct jsonw w;
	struct db *db;
	enum rc rc = store_write(c->app->store, STORE_NORMAL, put_unit, &j, &e);

	if (rc == RC_OK) {
		db = store_reader(c->app->store);
		rc = quick_load(db, c->who.company_id, j.id, c->q->arena, &stored, &e);
		store_reader_done(c->app->store, db);
	}
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	quick_members(&w, &stored);
	jsonw_end(&w);
	answer_json(c, status, &w);
}

static void read_members(const struct json *root, struct quick *q)
{
	if (json_get(root, "shortcut") != NULL)
		q->shortcut = json_get_str(root, "shortcut");
	if (json_get(root, "title") != NULL)
		q->title = json_get_str(root, "title");
	if (json_get(root, "text") != NULL)
		q->text = json_get_str(root, "text");
}

void quick_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct quick q = { .company_id = c->who.company_id };

	if (!body_json(c, &root))
		return;
	read_members(root, &q);
	c->audit.subject = q.shortcut;
	put(c, &q, 201);
}

void quick_patch(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct quick q;

	if (!load(c, &q) || !body_json(c, &root))
		return;
	read_members(root, &q);
	put(c, &q, 200);
}

static enum rc drop_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct quick *q = arg;

	return quick_drop(tx, q->id, e);
}

void quick_delete(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct quick q;
	struct jsonw w;

	if (!load(c, &q))
		return;
	if (store_write(c->app->store, STORE_NORMAL, drop_unit, &q, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", q.created_ms, q.id);
	jsonw_kbool(&w, "deleted", true);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
