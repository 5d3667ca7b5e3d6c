/* delivery.c - raw webhook requests. Ids grow with time, so searches by time halve over the ids. */
#include "store/delivery.h"

#include "store/queue/queue_priv.h"
#include "store/row.h"

static const struct row_times TIMES = { Q_DELIVERY_LAST, Q_DELIVERY_FIRST, Q_DELIVERY_PROBE };

static enum rc add_job(struct tx *tx, int64_t id, struct str request_id, struct err *e)
{
	const struct job_new job = {
		.queue = QUEUE_WEBHOOKS,
		.prio = PRIO_NORMAL,
		.ref = id,
		.correlation = request_id,
	};
	int64_t job_id;

	return queue_add(tx, &job, &job_id, e);
}

static struct str or_text(struct str s, struct str fallback)
{
	return s.p != NULL ? s : fallback;
}

enum rc delivery_add(struct tx *tx, struct delivery *d, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	ASSERT(d->source != NULL && d->signature != NULL);
	if (d->received_ms == 0)
		d->received_ms = tx->now_ms;
	TRY(stmt_begin(tx->db, Q_DELIVERY_INSERT, &s, e));
	stmt_bind_i64(&s, "received_ms", d->received_ms);
	stmt_bind_i64(&s, "company_id", d->company_id);
	stmt_bind_i64(&s, "target_id", d->target_id);
	stmt_bind_text(&s, "source", d->source);
	stmt_bind_str(&s, "request_id", or_text(d->request_id, STR("")));
	stmt_bind_text(&s, "signature", d->signature);
	stmt_bind_str(&s, "headers", or_text(d->headers, STR("{}")));
	stmt_bind_i64(&s, "body_size", (int64_t)d->body.n);
	stmt_bind_blob(&s, "body", or_text(d->body, STR("")));
	TRY(stmt_run(&s, e));
	d->id = db_last_rowid(tx->db);
	return add_job(tx, d->id, d->request_id, e);
}

static enum rc set_outcome(struct tx *tx, int64_t id, const char *outcome, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_DELIVERY_OUTCOME, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_text(&s, "outcome", outcome);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : RC_ABSENT;
}

enum rc delivery_empty(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_ERASE_DELIVERY, &s, e));
	stmt_bind_i64(&s, "id", id);
	return stmt_run(&s, e);
}

enum rc delivery_replay(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct str request_id, outcome;
	bool put_aside;

	TRY(stmt_begin(tx->db, Q_DELIVERY_REQUEST, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_next(&s, e));
	request_id = stmt_str(&s, "request_id");
	outcome = stmt_str(&s, "outcome");
	if (str_eqc(outcome, DELIVERY_ERASED))
		return FAIL(e, RC_CONFLICT, "what this request said was erased");
	put_aside = outcome.p != NULL;
	TRY(add_job(tx, id, request_id, e));
	stmt_end(&s);
	return put_aside ? set_outcome(tx, id, NULL, e) : RC_OK; /* on its way again */
}

enum rc delivery_marks(struct db *db, struct delivery_marks *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_DELIVERY_MARKS, &s, e));
	TRY(stmt_next(&s, e));
	*ret = (struct delivery_marks){ .messages = stmt_i64(&s, "messages"),
					.changes = stmt_i64(&s, "changes"),
					.contacts = stmt_i64(&s, "contacts"),
					.conversations = stmt_i64(&s, "conversations"),
					.events = stmt_i64(&s, "events"),
					.written = stmt_i64(&s, "written") };
	return RC_OK;
}

enum rc delivery_set_outcome(struct tx *tx, int64_t id, const char *outcome, struct err *e)
{
	ASSERT(outcome != NULL);
	return set_outcome(tx, id, outcome, e);
}

static void take(struct row *r, struct delivery *ret)
{
	*ret = (struct delivery){ 0 };
	ret->id = stmt_i64(&r->s, "id");
	ret->received_ms = stmt_i64(&r->s, "received_ms");
	ret->company_id = stmt_i64(&r->s, "company_id");
	ret->target_id = stmt_i64(&r->s, "target_id");
	ret->source = row_text(r, "source");
	ret->signature = row_text(r, "signature");
	ret->request_id = row_str(r, "request_id");
	ret->headers = row_str(r, "headers");
	ret->outcome = row_str(r, "outcome");
}

enum rc delivery_load(struct db *db, int64_t id, struct arena *a, struct delivery *ret,
		      struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };
	struct delivery d;

	TRY(row_begin(db, Q_DELIVERY_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	take(&r, &d);
	d.body = row_str(&r, "body");
	TRY(row_end(&r, e));
	*ret = d;
	return RC_OK;
}

/* Times become ids, so that a filter by time does not read the whole table. */
static enum rc bounds(struct db *db, const struct delivery_filter *f, int64_t *ret_from,
		      int64_t *ret_before, struct err *e)
{
	int64_t at;

	*ret_from = 0;
	*ret_before = f->before_id > 0 ? f->before_id : INT64_MAX;
	if (f->from_ms > 0)
		TRY(row_at(db, &TIMES, f->from_ms, ret_from, e));
	if (f->to_ms > 0) {
		TRY(row_at(db, &TIMES, f->to_ms, &at, e));
		*ret_before = i64_min(*ret_before, at);
	}
	return RC_OK;
}

enum rc delivery_each(struct db *db, const struct delivery_filter *f, delivery_each_fn *fn,
		      void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	struct delivery d;
	int64_t from, before;
	enum rc rc;

	TRY(bounds(db, f, &from, &before, e));
	TRY(row_begin(db, Q_DELIVERY_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "from_id", from);
	stmt_bind_i64(&r.s, "before_id", before);
	stmt_bind_i64(&r.s, "from_ms", f->from_ms);
	stmt_bind_i64(&r.s, "to_ms", f->to_ms > 0 ? f->to_ms : INT64_MAX);
	stmt_bind_text(&r.s, "source", f->source);
	stmt_bind_i64(&r.s, "put_aside", f->only_put_aside);
	stmt_bind_i64(&r.s, "limit", row_limit(f->limit));
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		arena_reset(&a);
		take(&r, &d);
		TRY(row_fits(&r, e));
		TRY(fn(arg, &d, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc delivery_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
		      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t below;

	TRY(row_trim_below(tx->db, &TIMES, before_ms, &below, e));
	TRY(stmt_begin(tx->db, Q_DELIVERY_TRIM, &s, e));
	stmt_bind_i64(&s, "below_id", below);
	stmt_bind_i64(&s, "hooks_first", queue_first_id(QUEUE_WEBHOOKS));
	stmt_bind_i64(&s, "hooks_last", queue_last_id(QUEUE_WEBHOOKS));
	stmt_bind_i64(&s, "limit", limit);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}
