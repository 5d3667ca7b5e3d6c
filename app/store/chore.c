/* chore.c - see chore.h. The payload of a job is {"kind":"...","args":{...}}, so that a job can be read by itself. */
#include "store/chore.h"

#include "base/sbuf.h"
#include "store/row.h"

#define PAYLOAD_MAX (4 * KIB)

/* *ret_job 0: none is open. */
static enum rc find(struct tx *tx, const struct chore *c, int64_t *ret_job, int64_t *ret_due_ms,
		    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	*ret_job = *ret_due_ms = 0;
	TRY(stmt_begin(tx->db, Q_CHORE_FIND, &s, e));
	stmt_bind_text(&s, "kind", c->kind);
	stmt_bind_i64(&s, "ref", c->ref);
	rc = stmt_next(&s, e);
	if (rc == RC_OK) {
		*ret_job = stmt_i64(&s, "job");
		*ret_due_ms = stmt_i64(&s, "due_ms");
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc add(struct tx *tx, const struct chore *c, int64_t due_ms, struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(PAYLOAD_MAX);
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t id;

	/* kinds are words of ours: nothing to escape */
	sbuf_printf(&payload, "{\"kind\":\"%s\"", c->kind);
	if (c->args.n > 0)
		sbuf_printf(&payload, ",\"args\":%.*s", STRF(c->args));
	sbuf_char(&payload, '}');
	if (!sbuf_ok(&payload))
		return FAIL(e, RC_LIMIT, "the arguments of %s are too long", c->kind);
	TRY(queue_add(tx,
		      &(struct job_new){ .queue = QUEUE_UPKEEP,
					 .prio = PRIO_NORMAL,
					 .due_ms = due_ms,
					 .ref = c->ref,
					 .payload = sbuf_view(&payload) },
		      &id, e));
	TRY(stmt_begin(tx->db, Q_CHORE_PUT, &s, e));
	stmt_bind_text(&s, "kind", c->kind);
	stmt_bind_i64(&s, "ref", c->ref);
	stmt_bind_i64(&s, "job_id", id);
	return stmt_run(&s, e);
}

enum rc chore_want(struct tx *tx, const struct chore *c, int64_t due_ms, bool *ret_new,
		   struct err *e)
{
	int64_t job, job_due_ms;

	ASSERT(strlen(c->kind) <= CHORE_KIND_MAX);
	TRY(find(tx, c, &job, &job_due_ms, e));
	if (ret_new != NULL)
		*ret_new = job == 0;
	if (job == 0)
		return add(tx, c, due_ms, e);
	return due_ms <= tx->now_ms && job_due_ms > tx->now_ms ? queue_hasten(tx, job, e) : RC_OK;
}

static enum rc note(struct tx *tx, const struct chore_end *end, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, end->error == NULL ? Q_CHORE_RAN : Q_CHORE_FAILED, &s, e));
	stmt_bind_text(&s, "kind", end->chore.kind);
	stmt_bind_i64(&s, "ref", end->chore.ref);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	if (end->error != NULL)
		stmt_bind_text(&s, "error", end->error);
	return stmt_run(&s, e);
}

enum rc chore_ended(struct tx *tx, const struct chore_end *end, struct err *e)
{
	TRY(queue_done(tx, end->job, e));
	TRY(note(tx, end, e));
	return end->next_ms > 0 ? chore_want(tx, &end->chore, end->next_ms, NULL, e) : RC_OK;
}

enum rc chore_state(struct db *db, const char *kind, int64_t ref, struct arena *a,
		    struct chore_state *ret, struct err *e)
{
	AUTO(row_drop) struct row r = { 0 };

	TRY(row_begin(db, Q_CHORE_STATE, a, &r, e));
	stmt_bind_text(&r.s, "kind", kind);
	stmt_bind_i64(&r.s, "ref", ref);
	TRY(stmt_next(&r.s, e));
	ret->ran_ms = stmt_i64(&r.s, "ran_ms");
	ret->failed_ms = stmt_i64(&r.s, "failed_ms");
	ret->error = row_str(&r, "error");
	return row_end(&r, e);
}
