/* chatwoot_link.c - see chatwoot_link.h. */
#include "store/chatwoot/chatwoot_link.h"

#include "store/message/message_plan.h"
#include "store/queue/queue_priv.h"

#define ROW_ARENA    (2 * MIB)
#define ATTEMPTS_MAX 1000 /* of one row: far beyond what people do */

enum rc chatwoot_link_load(struct db *db, struct chatwoot_link *l, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_CHATWOOT_LINK_GET, &s, e));
	stmt_bind_i64(&s, "target_id", l->target_id);
	stmt_bind_i64(&s, "chatwoot_message_id", l->chatwoot_message_id);
	TRY(stmt_next(&s, e));
	l->message_id = stmt_i64(&s, "message_id");
	l->parts = stmt_i64(&s, "parts");
	l->agent = str_eqc(stmt_str(&s, "origin"), "agent");
	l->deleted_ms = stmt_i64(&s, "deleted_ms");
	l->failed_ms = stmt_i64(&s, "failed_ms");
	return RC_OK;
}

enum rc chatwoot_link_put(struct tx *tx, const struct chatwoot_link *l, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHATWOOT_LINK_PUT, &s, e));
	stmt_bind_i64(&s, "target_id", l->target_id);
	stmt_bind_i64(&s, "chatwoot_message_id", l->chatwoot_message_id);
	stmt_bind_i64(&s, "message_id", l->message_id);
	stmt_bind_i64(&s, "parts", l->parts);
	stmt_bind_i64(&s, "deleted_ms", l->deleted_ms);
	stmt_bind_i64(&s, "failed_ms", l->failed_ms);
	return stmt_run(&s, e);
}

enum rc chatwoot_link_waits(struct db *db, enum queue_id q, int64_t okey, bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_CHATWOOT_LINK_WAITS, &s, e));
	stmt_bind_i64(&s, "first", queue_first_id(q));
	stmt_bind_i64(&s, "last", queue_first_id(q) + ((int64_t)1 << QUEUE_ID_BITS) - 1);
	stmt_bind_i64(&s, "okey", okey);
	rc = stmt_next(&s, e);
	*ret = rc == RC_OK;
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* ---- rows ---- */

/* The row that took its place last; a row that retention took has none. */
static enum rc newest_attempt(struct db *db, int64_t id, struct arena *a, struct message *ret,
			      struct err *e)
{
	struct message_plan plan;

	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		TRY(message_plan_load(db, id, a, &plan, e));
		if (plan.replaced_by == 0)
			break;
		id = plan.replaced_by;
	}
	return message_load(db, id, a, ret, e);
}

enum rc chatwoot_link_each(struct db *db, const struct chatwoot_link *l, chatwoot_row_fn *fn,
			   void *arg, struct err *e)
{
	for (int64_t i = 0; i < l->parts && l->message_id != 0; i++) {
		AUTO(arena_release) struct arena a = ARENA(ROW_ARENA);
		struct message m;
		enum rc rc = newest_attempt(db, l->message_id + i, &a, &m, e);

		if (rc == RC_ABSENT) {
			err_clear(e);
			continue;
		}
		TRY(rc);
		TRY(fn(arg, &m, e));
	}
	return RC_OK;
}

struct summing {
	struct arena *a;
	struct chatwoot_sum sum;
	int rows;
};

static bool was_cancelled(const struct message *m)
{
	return m->sending != NULL && strcmp(m->sending, "cancelled") == 0;
}

static enum rc add_row(void *arg, const struct message *m, struct err *e)
{
	struct summing *s = arg;
	bool cancelled = was_cancelled(m);
	bool first = s->rows++ == 0 || s->sum.status != MESSAGE_FAILED;

	if (m->status == MESSAGE_FAILED && !cancelled && (first || s->sum.cancelled)) {
		s->sum.status = MESSAGE_FAILED;
		s->sum.cancelled = false;
		s->sum.error = arena_str(s->a, m->error);
		return s->sum.error.p != NULL || m->error.p == NULL
			       ? RC_OK
			       : FAIL(e, RC_LIMIT, "no room for an error");
	}
	if (cancelled && first) {
		s->sum.status = MESSAGE_FAILED;
		s->sum.cancelled = true;
	} else if (s->rows == 1 ||
		   (first && message_status_rank(m->status) < message_status_rank(s->sum.status))) {
		s->sum.status = m->status;
	}
	return RC_OK;
}

enum rc chatwoot_link_sum(struct db *db, int64_t target_id, const struct message *m,
			  struct arena *a, struct chatwoot_sum *ret, struct err *e)
{
	struct chatwoot_link l = { .target_id = target_id,
				   .chatwoot_message_id = m->chatwoot_message_id };
	struct summing s = { .a = a };
	enum rc rc = chatwoot_link_load(db, &l, e);

	*ret = (struct chatwoot_sum){ .status = was_cancelled(m) ? MESSAGE_FAILED : m->status,
				      .error = m->error,
				      .cancelled = was_cancelled(m),
				      .mark_id = m->id };
	if (rc == RC_ABSENT || (rc == RC_OK && !l.agent))
		return RC_OK;
	TRY(rc);
	TRY(chatwoot_link_each(db, &l, add_row, &s, e));
	if (s.rows > 0)
		*ret = s.sum;
	ret->mark_id = l.message_id != 0 ? l.message_id : m->id;
	ret->deleted = l.deleted_ms != 0;
	return RC_OK;
}

/* ---- threads ---- */

enum rc chatwoot_thread_load(struct db *db, int64_t conversation_id, struct chatwoot_thread *ret,
			     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	*ret = (struct chatwoot_thread){ .conversation_id = conversation_id };
	TRY(stmt_begin(db, Q_CHATWOOT_LINK_THREAD_GET, &s, e));
	stmt_bind_i64(&s, "conversation_id", conversation_id);
	rc = stmt_next(&s, e);
	if (rc == RC_ABSENT)
		return RC_OK;
	TRY(rc);
	ret->state_ms = stmt_i64(&s, "state_ms");
	ret->seen_ms = stmt_i64(&s, "seen_ms");
	ret->typing_ms = stmt_i64(&s, "typing_ms");
	return RC_OK;
}

enum rc chatwoot_thread_put(struct tx *tx, const struct chatwoot_thread *t, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_CHATWOOT_LINK_THREAD_PUT, &s, e));
	stmt_bind_i64(&s, "conversation_id", t->conversation_id);
	stmt_bind_i64(&s, "state_ms", t->state_ms);
	stmt_bind_i64(&s, "seen_ms", t->seen_ms);
	stmt_bind_i64(&s, "typing_ms", t->typing_ms);
	return stmt_run(&s, e);
}
