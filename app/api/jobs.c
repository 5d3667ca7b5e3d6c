/* jobs.c - /api/v1/queues/{queue}/jobs: what waits. A job's id is its row number as text (it has no other). */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/queue_json.h"

struct job_page {
	struct jsonw w;
	struct cursor cursor;
	int64_t only_id; /* of job_get; 0: all */
	bool found;
};

static void job_members(struct jsonw *w, const struct queue_row *r)
{
	static const char *const PRIORITIES[PRIO_COUNT] = { "high", "normal", "low" };
	char id[24];

	(void)snprintf(id, sizeof(id), "%lld", (long long)r->id);
	jsonw_ktext(w, "id", id);
	jsonw_ktext(w, "queue", queue_name(r->queue));
	jsonw_ktext(w, "priority", (unsigned)r->prio < PRIO_COUNT ? PRIORITIES[r->prio] : NULL);
	jsonw_ki64(w, "order_key", r->okey);
	jsonw_ki64(w, "lane", r->lane);
	jsonw_ki64(w, "ref", r->ref);
	jsonw_ki64(w, "attempts", r->attempts);
	jsonw_ki64(w, "snoozes", r->snoozes);
	jsonw_ktime(w, "due_at", r->due_ms);
	jsonw_ktime(w, "created_at", r->created_ms);
	jsonw_kstr(w, "correlation_id", r->correlation);
	jsonw_kraw(w, "history", r->history);
}

static enum rc job_row(void *arg, const struct queue_row *r, struct err *e)
{
	struct job_page *p = arg;

	(void)e;
	if (p->only_id != 0 && r->id != p->only_id)
		return RC_OK;
	jsonw_object(&p->w);
	job_members(&p->w, r);
	if (p->only_id == 0)
		jsonw_end(&p->w);
	p->found = true;
	cursor_row(&p->cursor, 0, r->id);
	return RC_OK;
}

static enum rc list_write(struct call *c, struct job_page *p, enum queue_id q, struct err *e)
{
	struct queue_page page = { .after_id = p->cursor.b, .limit = (int)p->cursor.limit };
	struct db *db = store_reader(c->app->store);
	enum rc rc;

	answer_begin(c, &p->w);
	jsonw_object(&p->w);
	jsonw_karray(&p->w, "data");
	rc = queue_each(db, q, &page, job_row, p, e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		return rc;
	jsonw_end(&p->w);
	cursor_next(&p->cursor, &p->w);
	jsonw_end(&p->w);
	answer_json(c, 200, &p->w);
	return RC_OK;
}

void job_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct job_page p = { .only_id = 0 };
	enum queue_id q;

	if (!queue_json_param(c, &q) || !cursor_read(c, &p.cursor))
		return;
	if (list_write(c, &p, q, &e) != RC_OK)
		problem_err(c, &e);
}

static bool job_param(struct call *c, enum queue_id *ret_q, int64_t *ret_id)
{
	if (!queue_json_param(c, ret_q))
		return false;
	if (str_i64(c->q->param[1], 1, INT64_MAX - 1, ret_id))
		return true;
	problem(c, 404, "not-found", "There is no job with this id.");
	return false;
}

static enum rc one_write(struct call *c, struct db *db, struct job_page *p, enum queue_id q)
{
	struct queue_page page = { .after_id = p->only_id - 1, .limit = 1 };
	struct err e = { .rc = RC_OK };
	struct job_text text;
	enum rc rc;

	answer_begin(c, &p->w);
	rc = queue_each(db, q, &page, job_row, p, &e);
	if (rc == RC_OK && p->found)
		rc = queue_text(db, p->only_id, c->q->arena, &text, &e);
	if (rc == RC_ABSENT || (rc == RC_OK && !p->found)) {
		problem(c, 404, "not-found",
			"This job is finished, or there never was one with this id.");
	} else if (rc != RC_OK) {
		problem_err(c, &e);
	} else {
		jsonw_kraw(&p->w, "payload", text.payload);
		jsonw_end(&p->w);
		answer_json(c, 200, &p->w);
	}
	return rc;
}

void job_get(struct call *c)
{
	struct job_page p = { .only_id = 0 };
	enum queue_id q;

	if (!job_param(c, &q, &p.only_id))
		return;
	struct db *db = store_reader(c->app->store);
	(void)one_write(c, db, &p, q); /* it answers either way */
	store_reader_done(c->app->store, db);
}

static void done_answer(struct call *c, enum rc rc, const struct err *e)
{
	struct jsonw w;

	if (rc != RC_OK) {
		problem_err(c, e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kstr(&w, "id", c->q->param[1]);
	jsonw_kbool(&w, "ok", true);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

/* The job has to be of the queue of the path: 404 else. */
static bool job_here(struct call *c, int64_t *ret_id)
{
	struct job_page p = { .only_id = 0 };
	enum queue_id q;

	if (!job_param(c, &q, &p.only_id))
		return false;
	struct db *db = store_reader(c->app->store);
	enum rc rc = one_write(c, db, &p, q);
	store_reader_done(c->app->store, db);
	*ret_id = p.only_id;
	return rc == RC_OK && p.found;
}

void job_run_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	int64_t id;

	if (job_here(c, &id))
		done_answer(c, queue_run_now(c->app->store, id, &e), &e);
}

void job_cancel_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	int64_t id;

	if (job_here(c, &id))
		done_answer(c, queue_cancel(c->app->store, id, &e), &e);
}
