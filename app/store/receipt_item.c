/* receipt_item.c - see receipt_item.h. */
#include "store/receipt_item.h"

#include "store/queue/queue_priv.h"
#include "store/row.h"

static enum rc begin(struct db *db, enum query query, const struct receipt_item_page *p,
		     struct stmt *s, struct err *e)
{
	TRY(stmt_begin(db, query, s, e));
	stmt_bind_i64(s, "receipt_id", p->receipt_id);
	stmt_bind_i64(s, "after_id", p->after_id);
	stmt_bind_i64(s, "limit", row_limit(p->limit));
	return RC_OK;
}

static enum rc each_job(struct db *db, const struct receipt_item_page *p, receipt_item_fn *fn,
			void *arg, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(begin(db, Q_RECEIPT_ITEM_JOBS, p, &s, e));
	stmt_bind_i64(&s, "state", p->state);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct receipt_item i;

		i.id = stmt_i64(&s, "job_id");
		i.message_id = stmt_i64(&s, "message_id");
		i.delivery_id = stmt_i64(&s, "delivery_id");
		i.delivery_ms = stmt_i64(&s, "delivery_ms");
		i.deadletter_id = stmt_i64(&s, "letter_id");
		i.deadletter_ms = stmt_i64(&s, "letter_ms");
		i.state = (enum receipt_item_state)stmt_i64(&s, "state");
		if (!queue_of_id(i.id, &i.queue))
			return FAIL(e, RC_INVALID, "job %lld is of no queue", (long long)i.id);
		TRY(fn(arg, &i, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc messages(struct stmt *s, enum receipt_item_state state, receipt_item_fn *fn,
			void *arg, struct err *e)
{
	enum rc rc;

	while ((rc = stmt_next(s, e)) == RC_OK) {
		struct receipt_item i = { .state = state };

		i.id = stmt_i64(s, "id");
		i.message_id = stmt_i64(s, "message_id");
		TRY(fn(arg, &i, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc each_message(struct db *db, const struct receipt_item_page *p, receipt_item_fn *fn,
			    void *arg, struct err *e)
{
	bool caught = p->state == RECEIPT_ITEM_CAUGHT;
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(begin(db, caught ? Q_RECEIPT_ITEM_CAUGHT : Q_RECEIPT_ITEM_UNKNOWN, p, &s, e));
	return messages(&s, p->state, fn, arg, e);
}

enum rc receipt_item_each(struct db *db, const struct receipt_item_page *p, receipt_item_fn *fn,
			  void *arg, struct err *e)
{
	return p->state >= RECEIPT_ITEM_CAUGHT ? each_message(db, p, fn, arg, e)
					       : each_job(db, p, fn, arg, e);
}

enum rc receipt_caught_each(struct db *db, int64_t target_id, const struct receipt_item_page *p,
			    receipt_item_fn *fn, void *arg, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_RECEIPT_CAUGHT_OF, &s, e));
	stmt_bind_i64(&s, "target_id", target_id);
	stmt_bind_i64(&s, "before_id", p->after_id > 0 ? p->after_id : INT64_MAX);
	stmt_bind_i64(&s, "limit", row_limit(p->limit));
	return messages(&s, RECEIPT_ITEM_CAUGHT, fn, arg, e);
}

enum rc receipt_caught_count(struct db *db, int64_t target_id, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_RECEIPT_CAUGHT_COUNT, &s, e));
	stmt_bind_i64(&s, "target_id", target_id);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "n");
	return RC_OK;
}
