/* deadletter.c - dead letters: lists, and the way back or out. */
#include "store/queue/deadletter.h"

#include "store/message/message.h"
#include "store/queue/queue_priv.h"
#include "store/row.h"

/* With what only the way back needs. */
struct dead {
	struct deadletter d;
	enum job_prio prio;
};

static enum rc take(struct row *r, struct dead *ret_dead, struct err *e)
{
	struct stmt *s = &r->s;
	struct deadletter *ret = &ret_dead->d;
	struct str queue;

	*ret_dead = (struct dead){ .prio = PRIO_NORMAL };
	ret->id = stmt_i64(s, "id");
	queue = stmt_str(s, "queue");
	if (!queue_parse(queue, &ret->queue))
		return FAIL(e, RC_INVALID, "dead letter %lld is of no known queue: %.*s",
			    (long long)ret->id, STRF(queue));
	ret->class = row_str(r, "class");
	ret->reason = row_str(r, "reason");
	ret->error = row_str(r, "error");
	ret->correlation = row_str(r, "correlation");
	ret->history = row_str(r, "history");
	ret->payload = row_str(r, "payload");
	ret->okey = stmt_i64(s, "okey");
	ret->lane = stmt_i64(s, "lane");
	ret_dead->prio = (enum job_prio)stmt_i64(s, "prio");
	ret->ref = stmt_i64(s, "ref");
	ret->attempts = stmt_i64(s, "attempts");
	ret->job_created_ms = stmt_i64(s, "job_created_ms");
	ret->created_ms = stmt_i64(s, "created_ms");
	return row_fits(r, e);
}

static const char *queue_of(const struct deadletter_filter *f)
{
	return f->queue >= 0 ? queue_name((enum queue_id)f->queue) : NULL;
}

enum rc deadletter_each(struct db *db, const struct deadletter_filter *f, deadletter_each_fn *fn,
			void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	struct dead dead;
	enum rc rc;

	TRY(row_begin(db, f->queue >= 0 ? Q_DEADLETTER_LIST_QUEUE : Q_DEADLETTER_LIST, &a, &r, e));
	if (f->queue >= 0)
		stmt_bind_text(&r.s, "queue", queue_of(f));
	stmt_bind_i64(&r.s, "before_id", f->before_id > 0 ? f->before_id : INT64_MAX);
	stmt_bind_text(&r.s, "reason", f->reason);
	stmt_bind_i64(&r.s, "limit", row_limit(f->limit));
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		arena_reset(&a);
		TRY(take(&r, &dead, e));
		TRY(fn(arg, &dead.d, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc load(struct db *db, int64_t id, struct arena *a, struct dead *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_DEADLETTER_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	return take(&r, ret, e);
}

enum rc deadletter_load(struct db *db, int64_t id, struct arena *a, struct deadletter *ret,
			struct err *e)
{
	struct dead dead;

	TRY(load(db, id, a, &dead, e));
	*ret = dead.d;
	return RC_OK;
}

enum rc deadletter_reasons(struct db *db, int limit, deadletter_reason_fn *fn, void *arg,
			   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_DEADLETTER_REASONS, &s, e));
	stmt_bind_i64(&s, "limit", limit);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		const struct deadletter_reason r = { .queue = stmt_str(&s, "queue"),
						     .class = stmt_str(&s, "class"),
						     .reason = stmt_str(&s, "reason"),
						     .number = stmt_i64(&s, "number"),
						     .oldest_ms = stmt_i64(&s, "oldest_ms"),
						     .newest_ms = stmt_i64(&s, "newest_ms") };

		TRY(fn(arg, &r, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc deadletter_count(struct db *db, const struct deadletter_filter *f, int64_t *ret,
			 struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_DEADLETTER_COUNT, &s, e));
	stmt_bind_i64(&s, "before_id", f->before_id > 0 ? f->before_id : INT64_MAX);
	stmt_bind_text(&s, "queue", queue_of(f));
	stmt_bind_text(&s, "reason", f->reason);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "number");
	return RC_OK;
}

static enum rc delete_row(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_DEADLETTER_DELETE, &s, e));
	stmt_bind_i64(&s, "id", id);
	return stmt_run(&s, e);
}

static enum rc requeue(struct tx *tx, int64_t message_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_DEADLETTER_REQUEUE, &s, e));
	stmt_bind_i64(&s, "id", message_id);
	TRY(stmt_run(&s, e));
	ASSERT(db_changes(tx->db) == 1); /* the state was just read */
	return RC_OK;
}

/* A send may be tried again only when it is certain that the provider never took it. */
enum rc deadletter_message(struct db *db, const struct deadletter *d, int64_t *ret_id,
			   int64_t *ret_created_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (d->queue != QUEUE_MESSAGES)
		return FAIL(e, RC_ABSENT, "this job sends no message");
	TRY(stmt_begin(db, Q_DEADLETTER_ABOUT, &s, e));
	stmt_bind_i64(&s, "event_id", d->ref);
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "id");
	*ret_created_ms = stmt_i64(&s, "created_at");
	return RC_OK;
}

static enum rc revive_message(struct tx *tx, int64_t event_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct str status, sending;
	bool failed, queued, has_meta, replaced;
	int64_t id;
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_DEADLETTER_MESSAGE, &s, e));
	stmt_bind_i64(&s, "event_id", event_id);
	rc = stmt_next(&s, e);
	if (rc == RC_ABSENT)
		return FAIL(e, RC_ABSENT, "the message of this job is not there any more");
	TRY(rc);
	id = stmt_i64(&s, "id");
	status = stmt_str(&s, "status");
	sending = stmt_str(&s, "sending");
	has_meta = stmt_str(&s, "meta_message_id").p != NULL;
	queued = str_eqc(sending, "queued");
	failed = str_eqc(status, message_status_text(MESSAGE_FAILED)) && str_eqc(sending, "done") &&
		 !has_meta;
	replaced = stmt_i64(&s, "replaced_by") != 0;
	if (replaced)
		return FAIL(e, RC_REFUSED,
			    "message %lld was sent again as another message: sending it too could "
			    "send it twice",
			    (long long)id);
	if (!queued && !failed)
		return FAIL(e, RC_REFUSED,
			    "message %lld is %.*s, %.*s: sending it again could send it twice",
			    (long long)id, STRF(sending), STRF(status));
	stmt_end(&s);
	return failed ? requeue(tx, id, e) : RC_OK;
}

enum rc deadletter_retry(struct tx *tx, int64_t id, struct str payload, int64_t *ret_job_id,
			 struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	struct dead dead;
	struct job_new job;

	TRY(load(tx->db, id, &a, &dead, e));
	if (dead.d.queue == QUEUE_MESSAGES)
		TRY(revive_message(tx, dead.d.ref, e));
	job = (struct job_new){
		.queue = dead.d.queue,
		.prio = dead.prio,
		.okey = dead.d.okey,
		.lane = dead.d.lane,
		.ref = dead.d.ref,
		.correlation = dead.d.correlation,
		.payload = payload.p != NULL ? payload : dead.d.payload,
		/* An earlier try may have reached the peer: the next run has to know. */
		.history = dead.d.history.p != NULL ? dead.d.history : STR("[]"),
	};
	TRY(queue_readd(tx, &job, ret_job_id, e));
	return delete_row(tx, id, e);
}

enum rc deadletter_discard(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	struct deadletter d;

	TRY(deadletter_load(tx->db, id, &a, &d, e));
	TRY(delete_row(tx, id, e));
	return queue_dead_discarded(tx, d.queue, e);
}
