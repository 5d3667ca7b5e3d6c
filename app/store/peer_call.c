/* peer_call.c - see peer_call.h. */
#include "store/peer_call.h"

#include "store/row.h"

enum rc peer_call_add(struct tx *tx, const struct peer_call *a, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_PEER_CALL_ADD, &s, e));
	stmt_bind_i64(&s, "message_id", a->message_id);
	stmt_bind_str(&s, "target", a->target);
	stmt_bind_i64(&s, "at_ms", a->at_ms);
	stmt_bind_i64(&s, "took_ms", a->took_ms);
	stmt_bind_i64(&s, "status", a->status);
	stmt_bind_str(&s, "class", a->class);
	stmt_bind_str(&s, "answer", a->answer);
	return stmt_run(&s, e);
}

enum rc peer_call_each(struct db *db, int64_t message_id, peer_call_each_fn *fn, void *arg,
		       struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_PEER_CALL_LIST, &s, e));
	stmt_bind_i64(&s, "message_id", message_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct peer_call a = { .message_id = message_id };

		a.target = stmt_str(&s, "target");
		a.at_ms = stmt_i64(&s, "at_ms");
		a.took_ms = stmt_i64(&s, "took_ms");
		a.status = (int)stmt_i64(&s, "status");
		a.class = stmt_str(&s, "class");
		a.answer = stmt_str(&s, "answer");
		TRY(fn(arg, &a, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc peer_call_of(struct db *db, const struct peer_call_page *p, peer_call_each_fn *fn,
		     void *arg, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, p->failed ? Q_PEER_CALL_FAILED : Q_PEER_CALL_OF, &s, e));
	stmt_bind_str(&s, "target", p->target);
	stmt_bind_i64(&s, "from_ms", p->from_ms);
	stmt_bind_i64(&s, "at_ms", p->to_ms);
	stmt_bind_i64(&s, "message_id", p->message_id);
	stmt_bind_i64(&s, "n", p->n);
	stmt_bind_i64(&s, "limit", row_limit(p->limit));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct peer_call a = { .target = p->target };

		a.message_id = stmt_i64(&s, "message_id");
		a.n = (int)stmt_i64(&s, "n");
		a.at_ms = stmt_i64(&s, "at_ms");
		a.took_ms = stmt_i64(&s, "took_ms");
		a.status = (int)stmt_i64(&s, "status");
		a.class = stmt_str(&s, "class");
		a.answer = stmt_str(&s, "answer");
		a.message_ms = stmt_i64(&s, "created_ms");
		TRY(fn(arg, &a, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc peer_call_count(struct db *db, const struct peer_call_page *p, int64_t *ret_calls,
			int64_t *ret_failed, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_PEER_CALL_COUNT, &s, e));
	stmt_bind_str(&s, "target", p->target);
	stmt_bind_i64(&s, "from_ms", p->from_ms);
	stmt_bind_i64(&s, "to_ms", p->to_ms);
	stmt_bind_i64(&s, "most", PEER_CALL_COUNT_MAX);
	TRY(stmt_next(&s, e));
	*ret_calls = stmt_i64(&s, "calls");
	*ret_failed = stmt_i64(&s, "failed");
	return RC_OK;
}

enum rc peer_call_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
		       struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_PEER_CALL_TRIM, &s, e));
	stmt_bind_i64(&s, "before_ms", before_ms);
	stmt_bind_i64(&s, "limit", limit);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	return RC_OK;
}

enum rc peer_call_letters(struct db *db, int64_t message_id, peer_call_letter_fn *fn, void *arg,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_PEER_CALL_LETTERS, &s, e));
	stmt_bind_i64(&s, "message_id", message_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct peer_call_letter l;

		l.id = stmt_i64(&s, "id");
		l.queue = stmt_str(&s, "queue");
		l.class = stmt_str(&s, "class");
		l.reason = stmt_str(&s, "reason");
		l.error = stmt_str(&s, "error");
		l.created_ms = stmt_i64(&s, "created_ms");
		TRY(fn(arg, &l, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc peer_call_statuses(struct db *db, int64_t message_id, peer_call_status_fn *fn, void *arg,
			   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_PEER_CALL_STATUSES, &s, e));
	stmt_bind_i64(&s, "message_id", message_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct peer_call_status v;

		v.status = stmt_str(&s, "status");
		v.recipient = stmt_str(&s, "recipient");
		v.at_ms = stmt_i64(&s, "at_ms");
		v.recorded_ms = stmt_i64(&s, "recorded_ms");
		v.error = stmt_str(&s, "error");
		TRY(fn(arg, &v, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
