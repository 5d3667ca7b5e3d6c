/* letters.c - /api/v1/dead-letters: jobs that will not be tried again by themselves. */
#include "api/batch.h"
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/view.h"
#include "store/queue/deadletter.h"

static void letter_members(struct jsonw *w, const struct deadletter *d)
{
	view_id(w, "id", d->created_ms, d->id);
	jsonw_ktext(w, "queue", queue_name(d->queue));
	jsonw_kstr(w, "class", d->class);
	jsonw_kstr(w, "reason", d->reason);
	jsonw_kstr(w, "error", d->error);
	jsonw_ki64(w, "attempts", d->attempts);
	jsonw_ki64(w, "order_key", d->okey);
	jsonw_ki64(w, "ref", d->ref);
	jsonw_kstr(w, "correlation_id", d->correlation);
	jsonw_ktime(w, "job_created_at", d->job_created_ms);
	jsonw_ktime(w, "created_at", d->created_ms);
}

struct letter_page {
	struct jsonw w;
	struct cursor cursor;
};

static enum rc letter_row(void *arg, const struct deadletter *d, struct err *e)
{
	struct letter_page *p = arg;

	(void)e;
	jsonw_object(&p->w);
	letter_members(&p->w, d);
	jsonw_end(&p->w);
	cursor_row(&p->cursor, 0, d->id);
	return RC_OK;
}

static bool filter_make(struct call *c, struct str queue, struct str reason,
			struct deadletter_filter *ret)
{
	enum queue_id q;

	*ret = (struct deadletter_filter){ .queue = -1 };
	if (queue.n > 0) {
		if (!queue_parse(queue, &q)) {
			problem_field(c, 422, "queue", "There is no queue with this name.");
			return false;
		}
		ret->queue = (int)q;
	}
	if (reason.n > 0)
		ret->reason = arena_dup(c->q->arena, reason);
	return true;
}

static enum rc list_write(struct call *c, struct letter_page *p, const struct deadletter_filter *f,
			  struct err *e)
{
	struct db *db = store_reader(c->app->store);
	int64_t total = 0;
	enum rc rc;

	answer_rows_begin(c, &p->w);
	rc = deadletter_each(db, f, letter_row, p, e);
	if (rc == RC_OK)
		rc = deadletter_count(db, f, &total, e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		return rc;
	jsonw_end(&p->w);
	cursor_next(&p->cursor, &p->w);
	jsonw_ki64(&p->w, "total", total);
	jsonw_end(&p->w);
	answer_json(c, 200, &p->w);
	return RC_OK;
}

void letter_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct letter_page p;
	struct deadletter_filter f;
	struct str queue, reason;

	if (!cursor_read(c, &p.cursor) || !query_str(c, "queue", &queue) ||
	    !query_str(c, "reason", &reason) || !filter_make(c, queue, reason, &f))
		return;
	f.before_id = p.cursor.b;
	f.limit = (int)p.cursor.limit;
	if (list_write(c, &p, &f, &e) != RC_OK)
		problem_err(c, &e);
}

static enum rc reason_row(void *arg, const struct deadletter_reason *r, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	jsonw_object(w);
	jsonw_kstr(w, "queue", r->queue);
	jsonw_kstr(w, "class", r->class);
	jsonw_kstr(w, "reason", r->reason);
	jsonw_ki64(w, "count", r->number);
	jsonw_ktime(w, "oldest_at", r->oldest_ms);
	jsonw_ktime(w, "newest_at", r->newest_ms);
	jsonw_end(w);
	return RC_OK;
}

void letter_reasons_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_rows_begin(c, &w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = deadletter_reasons(db, LIST_LIMIT_MAX, reason_row, &w, &e);
	store_reader_done(c->app->store, db);
	answer_rows_end(c, &w, rc, &e);
}

/* The letter of the path. False: answered. */
static bool load(struct call *c, struct deadletter *ret)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;

	if (!param_id(c, 0, &created_ms, &id))
		return false;
	struct db *db = store_reader(c->app->store);
	enum rc rc = deadletter_load(db, id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK && ret->created_ms == created_ms)
		return true;
	if (rc == RC_OK || rc == RC_ABSENT)
		problem(c, 404, "not-found", "There is no dead letter with this id (any more).");
	else
		problem_err(c, &e);
	return false;
}

void letter_get(struct call *c)
{
	struct deadletter d;
	struct err e = { .rc = RC_OK };
	int64_t message_id, message_ms;
	struct jsonw w;
	enum rc rc;

	if (!load(c, &d))
		return;
	struct db *db = store_reader(c->app->store);
	rc = deadletter_message(db, &d, &message_id, &message_ms, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK && rc != RC_ABSENT) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	letter_members(&w, &d);
	if (rc == RC_OK)
		view_id(&w, "message_id", message_ms, message_id);
	else
		jsonw_kstr(&w, "message_id", STR_NONE);
	jsonw_kraw(&w, "history", d.history);
	jsonw_kstr(&w, "payload", d.payload);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

struct letter_job {
	int64_t id, job_id;
	struct str payload;
};

static enum rc retry_unit(struct tx *tx, void *arg, struct err *e)
{
	struct letter_job *j = arg;

	return deadletter_retry(tx, j->id, j->payload, &j->job_id, e);
}

static enum rc discard_unit(struct tx *tx, void *arg, struct err *e)
{
	struct letter_job *j = arg;

	return deadletter_discard(tx, j->id, e);
}

/* {"payload": ...}: edited; text is taken as it is, anything else as JSON. */
static bool payload_read(struct call *c, const struct json *root, struct str *ret)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(JOB_PAYLOAD_MAX);
	const struct json *payload = json_get(root, "payload");

	*ret = STR_NONE;
	if (payload == NULL || json_kind(payload) == JSON_NULL)
		return true;
	if (json_kind(payload) == JSON_TEXT)
		sbuf_str(&b, json_str(payload));
	else
		json_print(payload, &b);
	if (sbuf_ok(&b))
		*ret = arena_str(c->q->arena, sbuf_view(&b));
	if (ret->p == NULL)
		problem_field(c, 422, "payload", "This is longer than a job may be.");
	return ret->p != NULL;
}

void letter_retry_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	struct letter_job j = { .id = 0 };
	struct deadletter d;
	struct jsonw w;
	char text[24];

	if (!load(c, &d) || !body_json(c, &root) || !payload_read(c, root, &j.payload))
		return;
	j.id = d.id;
	if (store_write(c->app->store, STORE_NORMAL, retry_unit, &j, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	(void)snprintf(text, sizeof(text), "%lld", (long long)j.job_id);
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "queue", queue_name(d.queue));
	jsonw_ktext(&w, "job_id", text);
	jsonw_end(&w);
	answer_json(c, 202, &w);
}

static enum rc retry_one(struct tx *tx, int64_t id, struct err *e)
{
	int64_t job_id;

	return deadletter_retry(tx, id, STR_NONE, &job_id, e);
}

static enum rc collect_row(void *arg, const struct deadletter *d, struct err *e)
{
	(void)e;
	(void)batch_add(arg, d->id); /* a full batch knows it */
	return RC_OK;
}

static enum rc retry_many(struct call *c, const struct deadletter_filter *f, bool dry,
			  struct err *e)
{
	struct deadletter_filter page = *f;
	struct batch b;
	struct jsonw w;
	int64_t total = 0;

	page.limit = BATCH_MAX + 1;
	TRY(batch_init(&b, retry_one, c->q->arena, e));
	struct db *db = store_reader(c->app->store);
	enum rc rc = deadletter_count(db, f, &total, e);
	if (rc == RC_OK && !dry)
		rc = deadletter_each(db, &page, collect_row, &b, e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK && !dry)
		rc = batch_run(&b, c->app->store, e);
	if (rc != RC_OK)
		return rc;
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kbool(&w, "dry_run", dry);
	jsonw_ki64(&w, "matching", total);
	jsonw_ki64(&w, "retried", b.done);
	jsonw_ki64(&w, "refused", b.skipped);
	jsonw_kbool(&w, "more", b.more);
	jsonw_end(&w);
	answer_json(c, dry ? 200 : 202, &w);
	return RC_OK;
}

void letter_retry_many_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	struct deadletter_filter f;

	if (!body_json(c, &root) ||
	    !filter_make(c, json_get_str(root, "queue"), json_get_str(root, "reason"), &f))
		return;
	if (retry_many(c, &f, json_get_bool(root, "dry_run", false), &e) != RC_OK)
		problem_err(c, &e);
}

void letter_discard_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct letter_job j = { .id = 0 };
	struct deadletter d;
	struct jsonw w;

	if (!load(c, &d))
		return;
	j.id = d.id;
	if (store_write(c->app->store, STORE_NORMAL, discard_unit, &j, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", d.created_ms, d.id);
	jsonw_kbool(&w, "discarded", true);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
