/* message_plan.c - see message_plan.h. */
#include "store/message/message_plan.h"

#include "store/queue/queue_priv.h"
#include "store/row.h"
#include "store/queue/topic.h"

enum rc message_plan_set(struct tx *tx, int64_t id, const struct message_plan *p, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (p->expires_ms == 0 && p->attempt_of == 0 && p->fallback.n == 0 &&
	    p->prio == PRIO_NORMAL)
		return RC_OK;
	TRY(stmt_begin(tx->db, Q_MESSAGE_PLAN_SET, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "expires_ms", p->expires_ms);
	stmt_bind_i64(&s, "attempt_of", p->attempt_of);
	stmt_bind_i64(&s, "tries", p->tries);
	stmt_bind_i64(&s, "prio", p->prio);
	stmt_bind_str(&s, "fallback", p->fallback.n > 0 ? p->fallback : STR_NONE);
	return stmt_run(&s, e);
}

enum rc message_plan_load(struct db *db, int64_t id, struct arena *a, struct message_plan *ret,
			  struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_MESSAGE_PLAN_LOAD, a, &r, e));
	stmt_bind_i64(&r.s, "id", id);
	TRY(stmt_next(&r.s, e));
	ret->expires_ms = stmt_i64(&r.s, "expires_ms");
	ret->attempt_of = stmt_i64(&r.s, "attempt_of");
	ret->replaced_by = stmt_i64(&r.s, "replaced_by");
	ret->twin_of = stmt_i64(&r.s, "twin_of");
	ret->tries = stmt_i64(&r.s, "tries");
	ret->leaves = stmt_i64(&r.s, "leaves");
	ret->prio = (enum job_prio)stmt_i64(&r.s, "prio");
	ret->fallback = row_str(&r, "fallback");
	return row_end(&r, e);
}

enum rc message_plan_tried(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_PLAN_TRIED, &s, e));
	stmt_bind_i64(&s, "id", id);
	return stmt_run(&s, e);
}

static enum rc changed(struct tx *tx, struct stmt *s, const char *why, struct err *e)
{
	TRY(stmt_run(s, e));
	return db_changes(tx->db) > 0 ? RC_OK : FAIL(e, RC_CONFLICT, "%s", why);
}

enum rc message_plan_replace(struct tx *tx, int64_t id, int64_t replaced_by, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_PLAN_REPLACE, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_i64(&s, "replaced_by", replaced_by);
	return changed(tx, &s, "another attempt has taken the place of this message", e);
}

enum rc message_plan_arrived(struct db *db, int64_t id, bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MESSAGE_PLAN_ARRIVED, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "arrived") != 0;
	return RC_OK;
}

enum rc message_plan_give_back(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_PLAN_GIVE_BACK, &s, e));
	stmt_bind_i64(&s, "id", id);
	return stmt_run(&s, e);
}

enum rc message_plan_failure(struct db *db, int64_t id, int64_t *ret_code, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MESSAGE_PLAN_FAILURE, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_next(&s, e));
	*ret_code = stmt_i64(&s, "code");
	return RC_OK;
}

enum rc message_plan_sent(struct tx *tx, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_PLAN_SENT, &s, e));
	stmt_bind_i64(&s, "id", id);
	return changed(tx, &s, "the outcome of this message is not unknown", e);
}

enum rc message_plan_note(struct tx *tx, int64_t id, struct str actor, const char *note,
			  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_MESSAGE_PLAN_NOTE, &s, e));
	stmt_bind_i64(&s, "message_id", id);
	stmt_bind_i64(&s, "at_ms", tx->now_ms);
	stmt_bind_str(&s, "actor", actor);
	stmt_bind_text(&s, "note", note);
	return stmt_run(&s, e);
}

enum rc message_plan_notes(struct db *db, int64_t id, message_plan_note_fn *fn, void *arg,
			   struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	enum rc rc;

	TRY(row_begin(db, Q_MESSAGE_PLAN_NOTES, &a, &r, e));
	stmt_bind_i64(&r.s, "message_id", id);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		int64_t at_ms = stmt_i64(&r.s, "at_ms");
		struct str actor = row_str(&r, "actor"), note = row_str(&r, "note");

		TRY(row_fits(&r, e));
		TRY(fn(arg, at_ms, actor, note, e));
		arena_reset(&a);
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* made_ms 0: of any time. */
static enum rc job_of(struct db *db, const struct message *m, int64_t made_ms, int64_t *ret_job_id,
		      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MESSAGE_PLAN_JOB, &s, e));
	stmt_bind_i64(&s, "first", queue_first_id(QUEUE_MESSAGES));
	stmt_bind_i64(&s, "last", queue_last_id(QUEUE_MESSAGES));
	stmt_bind_i64(&s, "made_ms", made_ms);
	stmt_bind_i64(&s, "topic", TOPIC_OUTBOUND_JOBS);
	stmt_bind_i64(&s, "message_id", m->id);
	TRY(stmt_next(&s, e));
	*ret_job_id = stmt_i64(&s, "id");
	return RC_OK;
}

/* Neither by its key, which a long wait takes away and a merge changes, nor by an index, which each send would pay for. */
enum rc message_plan_job(struct db *db, const struct message *m, int64_t *ret_job_id, struct err *e)
{
	enum rc rc = job_of(db, m, m->created_at, ret_job_id, e);

	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return job_of(db, m, 0, ret_job_id, e);
}

enum rc message_plan_due(struct db *db, const struct message *m, int64_t *ret_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t due_ms = 0;

	TRY(stmt_begin(db, Q_MESSAGE_PLAN_DUE, &s, e));
	stmt_bind_i64(&s, "number", queue_first_id(QUEUE_MESSAGES) >> QUEUE_ID_BITS);
	stmt_bind_i64(&s, "made_ms", m->created_at);
	stmt_bind_i64(&s, "topic", TOPIC_OUTBOUND_JOBS);
	stmt_bind_i64(&s, "message_id", m->id);
	enum rc rc = stmt_next(&s, e);
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	if (rc == RC_OK)
		due_ms = stmt_i64(&s, "due_ms");
	err_clear(e);
	*ret_ms = due_ms;
	return RC_OK;
}

/* One column of the newest inbound row; RC_ABSENT. */
static enum rc newest(struct db *db, enum query q, const struct message *m, int64_t since_ms,
		      struct stmt *s, struct err *e)
{
	TRY(stmt_begin(db, q, s, e));
	stmt_bind_i64(s, "company_id", m->company_id);
	stmt_bind_i64(s, "conversation_id", m->conversation_id);
	stmt_bind_i64(s, "since_ms", since_ms);
	return stmt_next(s, e);
}

enum rc message_plan_heard(struct db *db, const struct message *m, int64_t since_ms,
			   int64_t *ret_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc = newest(db, Q_MESSAGE_PLAN_HEARD, m, since_ms, &s, e);

	*ret_ms = rc == RC_OK ? stmt_i64(&s, "timestamp") : 0;
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc message_plan_newest_inbound(struct db *db, const struct message *m, int64_t since_ms,
				    int64_t *ret_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(newest(db, Q_MESSAGE_PLAN_NEWEST_INBOUND, m, since_ms, &s, e));
	*ret_id = stmt_i64(&s, "id");
	return RC_OK;
}

enum rc message_plan_place(struct db *db, int64_t channel_id, int64_t contact_id, int64_t *ret_id,
			   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MESSAGE_PLAN_PLACE, &s, e));
	stmt_bind_i64(&s, "channel_id", channel_id);
	stmt_bind_i64(&s, "contact_id", contact_id);
	TRY(stmt_next(&s, e));
	*ret_id = stmt_i64(&s, "id");
	return RC_OK;
}

enum rc message_plan_unsettled(struct db *db, const struct message_plan_filter *f,
			       message_each_fn *fn, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(stmt_end) struct stmt s = { 0 };
	struct message m;
	enum rc rc;

	TRY(stmt_begin(db, Q_MESSAGE_PLAN_UNSETTLED, &s, e));
	stmt_bind_i64(&s, "company_id", f->company_id);
	stmt_bind_text(&s, "sending", f->sending);
	stmt_bind_i64(&s, "before_id", f->before_id > 0 ? f->before_id : INT64_MAX);
	stmt_bind_i64(&s, "limit", row_limit(f->limit));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		arena_reset(&a);
		TRY(message_load(db, stmt_i64(&s, "id"), &a, &m, e));
		TRY(fn(arg, &m, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}
