/* jobs.c - /api/v1/queues/{queue}/jobs: what waits. A job's id is its row number as text (it has no other). */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/queue_json.h"

#define RUNNING_MAX 4096 /* more than workers can have at a time */
#define LOOK_MAX \
	20000 /* rows that one page passes over, a few milliseconds: then it ends, the list does not */

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DELAYED, JOB_ANY };
static const char *const STATES[] = { "waiting", "running", "delayed" };

struct job_page {
	struct jsonw w;
	struct cursor cursor;
	int64_t only_id; /* of job_get; 0: all */
	int64_t now_ms;
	const int64_t *running; /* ids, in order */
	int running_n;
	enum job_state state; /* wanted */
	bool found;
};

static int by_id(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Who runs now: the tables do not know it. */
static bool running_read(struct call *c, struct job_page *p, enum queue_id q)
{
	int64_t *ids = arena_alloc(c->q->arena, RUNNING_MAX * sizeof(*ids));

	if (ids == NULL) {
		problem(c, 503, "busy", "no memory for this page");
		return false;
	}
	p->running_n = queue_running(store_queues(c->app->store), q, ids, RUNNING_MAX);
	qsort(ids, (size_t)p->running_n, sizeof(*ids), by_id);
	p->running = ids;
	p->now_ms = c->q->now_ms;
	return true;
}

static enum job_state state_of(const struct job_page *p, const struct queue_row *r)
{
	if (bsearch(&r->id, p->running, (size_t)p->running_n, sizeof(r->id), by_id) != NULL)
		return JOB_RUNNING;
	return r->due_ms > p->now_ms ? JOB_DELAYED : JOB_WAITING;
}

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
	if (p->state != JOB_ANY && (p->cursor.n == p->cursor.limit || state_of(p, r) != p->state))
		return RC_OK;
	jsonw_object(&p->w);
	job_members(&p->w, r);
	jsonw_ktext(&p->w, "state", STATES[state_of(p, r)]);
	if (p->only_id == 0)
		jsonw_end(&p->w);
	p->found = true;
	cursor_row(&p->cursor, p->state == JOB_DELAYED ? r->due_ms : 0, r->id);
	return RC_OK;
}

/* Those that run are looked up one by one: they are few. In place of one that has ended meanwhile the next row is found. */
static enum rc running_rows(struct db *db, struct job_page *p, enum queue_id q, struct err *e)
{
	for (int i = 0; i < p->running_n && p->cursor.n < p->cursor.limit; i++) {
		const struct queue_page page = { .after_id = p->running[i] - 1, .limit = 1 };

		if (p->running[i] <= i64_max(p->cursor.b, p->cursor.last_b))
			continue;
		TRY(queue_each(db, q, &page, job_row, p, e));
	}
	return RC_OK;
}

/* Those that run are passed over. */
static enum rc delayed_rows(struct db *db, struct job_page *p, enum queue_id q, struct err *e)
{
	bool later = p->cursor.a > p->now_ms; /* else what is due meanwhile waits no more */
	const struct queue_delayed page = { .after_due_ms = later ? p->cursor.a : p->now_ms,
					    .after_id = later ? p->cursor.b : INT64_MAX,
					    .limit = (int)p->cursor.limit + p->running_n };

	return queue_each_delayed(db, q, &page, job_row, p, e);
}

/* In the order in which they came, past those that are delayed: there may be very many between two. */
static enum rc waiting_rows(struct db *db, struct job_page *p, enum queue_id q, struct err *e)
{
	struct queue_page page = { .after_id = p->cursor.b,
				   .due_to_ms = p->now_ms + 1,
				   .limit = (int)p->cursor.limit + p->running_n };

	TRY(queue_nth(db, q, page.after_id, LOOK_MAX, &page.to_id, e));
	TRY(queue_each(db, q, &page, job_row, p, e));
	if (page.to_id != 0 && p->cursor.n < p->cursor.limit)
		cursor_looked(&p->cursor, 0, page.to_id);
	return RC_OK;
}

static enum rc rows(struct db *db, struct job_page *p, enum queue_id q, struct err *e)
{
	const struct queue_page all = { .after_id = p->cursor.b, .limit = (int)p->cursor.limit };

	switch (p->state) {
	case JOB_WAITING:
		return waiting_rows(db, p, q, e);
	case JOB_RUNNING:
		return running_rows(db, p, q, e);
	case JOB_DELAYED:
		return delayed_rows(db, p, q, e);
	case JOB_ANY:
		return queue_each(db, q, &all, job_row, p, e);
	}
	BUG("unknown state of a job");
}

static bool state_read(struct call *c, enum job_state *ret)
{
	struct str state;

	*ret = JOB_ANY;
	if (!query_str(c, "state", &state))
		return false;
	if (state.n == 0)
		return true;
	for (size_t i = 0; i < COUNT(STATES); i++)
		*ret = str_eqc(state, STATES[i]) ? (enum job_state)i : *ret;
	if (*ret != JOB_ANY)
		return true;
	problem_field(c, 422, "state", "This has to be waiting, running or delayed.");
	return false;
}

void job_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct job_page p = { .state = JOB_ANY };
	enum queue_id q;

	if (!queue_json_param(c, &q) || !cursor_read(c, &p.cursor) || !state_read(c, &p.state) ||
	    !running_read(c, &p, q))
		return;
	answer_rows_begin(c, &p.w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = rows(db, &p, q, &e);
	store_reader_done(c->app->store, db);
	cursor_rows_end(c, &p.cursor, &p.w, rc, &e);
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
	struct job_page p = { .state = JOB_ANY };
	enum queue_id q;

	if (!job_param(c, &q, &p.only_id) || !running_read(c, &p, q))
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
	struct job_page p = { .state = JOB_ANY };
	enum queue_id q;

	if (!job_param(c, &q, &p.only_id) || !running_read(c, &p, q))
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
