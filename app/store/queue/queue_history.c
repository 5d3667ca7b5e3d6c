/* queue_history.c - see queue_history.h. */
#include "store/queue/queue_history.h"

#define ROWS_MAX 2000

static enum rc add_one(struct tx *tx, int64_t minute, enum queue_id q, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct queue_counts n;

	queue_get_counts(store_queues(tx->store), q, tx->now_ms, &n);
	TRY(stmt_begin(tx->db, Q_QUEUE_HISTORY_ADD, &s, e));
	stmt_bind_i64(&s, "minute", minute);
	stmt_bind_i64(&s, "queue", q);
	stmt_bind_i64(&s, "accepted", n.accepted);
	stmt_bind_i64(&s, "done", n.done);
	stmt_bind_i64(&s, "failed", n.failed);
	stmt_bind_i64(&s, "dead", n.dead);
	stmt_bind_i64(&s, "waiting", n.waiting + n.delayed + n.running);
	stmt_bind_i64(&s, "oldest_ms", n.oldest_ms > 0 ? i64_max(0, tx->now_ms - n.oldest_ms) : 0);
	return stmt_run(&s, e);
}

enum rc queue_history_add(struct tx *tx, int64_t minute, struct err *e)
{
	for (int q = 0; q < QUEUE_COUNT; q++)
		TRY(add_one(tx, minute, (enum queue_id)q, e));
	return RC_OK;
}

enum rc queue_history_each(struct db *db, enum queue_id q, int64_t from_minute, queue_minute_fn *fn,
			   void *arg, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_QUEUE_HISTORY_LIST, &s, e));
	stmt_bind_i64(&s, "queue", q);
	stmt_bind_i64(&s, "from_minute", from_minute);
	stmt_bind_i64(&s, "limit", ROWS_MAX);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct queue_minute m;

		m.minute = stmt_i64(&s, "minute");
		m.accepted = stmt_i64(&s, "accepted");
		m.done = stmt_i64(&s, "done");
		m.failed = stmt_i64(&s, "failed");
		m.dead = stmt_i64(&s, "dead");
		m.waiting = stmt_i64(&s, "waiting");
		m.oldest_ms = stmt_i64(&s, "oldest_ms");
		TRY(fn(arg, &m, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc queue_history_trim(struct tx *tx, int64_t before_ms, int64_t *ret_count, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_QUEUE_HISTORY_TRIM, &s, e));
	stmt_bind_i64(&s, "before_minute", before_ms / MINUTE_MS);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}
