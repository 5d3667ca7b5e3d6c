/* queue_settle.c - the outcomes of a run: done, again, later, dead; the mark before a dangerous run. */
#include "store/queue/queue_priv.h"

struct settled {
	struct slot *slot;
	uint64_t token;
	int64_t due_ms; /* -1: the job is finished */
	int64_t now_ms;
	enum queue_id queue;
	bool attempt, snooze;
	bool apart; /* it leaves its key */
};

static void settle_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct settled *d = arg;
	struct queue *q = &qs->q[d->queue];

	mtx_lock(&qs->lock);
	/* The unit claimed the lease in this transaction: it cannot have ended since. */
	ASSERT(d->slot->state == SLOT_RUNNING && d->slot->token == d->token);
	d->slot->claimed_in = 0;
	if (d->due_ms < 0) {
		q->rows--;
		sched_remove(qs, q, d->slot, d->now_ms);
	} else {
		d->slot->attempts += d->attempt ? 1 : 0;
		d->slot->snoozes += d->snooze ? 1 : 0;
		if (d->apart)
			sched_part(qs, q, d->slot, d->now_ms);
		sched_return(qs, q, d->slot, d->due_ms, d->now_ms);
	}
	sched_signal(q);
	mtx_unlock(&qs->lock);
}

/* A claimed lease does not end before the transaction does, however long the disk takes. */
static bool lease_is_ours(struct queues *qs, const struct job *j)
{
	struct slot *s = j->slot;
	bool ours;

	mtx_lock(&qs->lock);
	ours = queue_is_leased(j);
	if (ours)
		s->claimed_in = qs->transaction;
	mtx_unlock(&qs->lock);
	return ours;
}

static enum rc claim(struct tx *tx, const struct job *j, struct err *e)
{
	if (!lease_is_ours(store_queues(tx->store), j))
		return FAIL(e, RC_CONFLICT, "job %lld of %s: the lease ended", (long long)j->id,
			    queue_name(j->queue));
	store_queues(tx->store)->q[j->queue].delta.touched = true;
	return RC_OK;
}

enum outcome { OUTCOME_END, OUTCOME_ATTEMPT, OUTCOME_SNOOZE, OUTCOME_APART };

static void register_settled(struct tx *tx, const struct job *j, int64_t due_ms, enum outcome how)
{
	struct settled d = { .slot = j->slot,
			     .token = j->token,
			     .due_ms = due_ms,
			     .now_ms = tx->now_ms,
			     .queue = j->queue,
			     .attempt = how == OUTCOME_ATTEMPT,
			     .snooze = how == OUTCOME_SNOOZE || how == OUTCOME_APART,
			     .apart = how == OUTCOME_APART };

	tx_after(tx, settle_after, &d, sizeof(d));
}

enum rc queue_remove_row(struct tx *tx, int64_t id, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, Q_QUEUE_REMOVE, &s, e));
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_run(&s, e));
	ASSERT(db_changes(tx->db) == 1); /* the schedule never shows what is not on the disk */
	return RC_OK;
}

enum rc queue_done(struct tx *tx, const struct job *j, struct err *e)
{
	TRY(claim(tx, j, e));
	TRY(queue_remove_row(tx, j->id, e));
	store_queues(tx->store)->q[j->queue].delta.done++;
	register_settled(tx, j, -1, OUTCOME_END);
	return RC_OK;
}

/* One entry of the history: {"at":ms,"error":"..."} is made by SQL (json_object), so no JSON text is built here. */
static enum rc note_failure(struct tx *tx, const struct job *j, int64_t due_ms, const char *error,
			    struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, Q_QUEUE_NOTE, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	stmt_bind_i64(&s, "attempts", j->attempts + 1);
	stmt_bind_i64(&s, "due_ms", due_ms);
	stmt_bind_i64(&s, "at_ms", tx->now_ms);
	stmt_bind_text(&s, "error", error);
	return stmt_run(&s, e);
}

enum rc queue_retry(struct tx *tx, const struct job *j, int64_t due_ms, const char *reason,
		    const char *error, struct err *e)
{
	struct queues *qs = store_queues(tx->store);

	TRY(claim(tx, j, e));
	TRY(note_failure(tx, j, due_ms, error, e));
	if (j->attempts + 1 >= queue_get_config(qs, j->queue).attempts)
		return queue_dead(tx, j, "theirs", reason, error, e);
	qs->q[j->queue].delta.failed++;
	register_settled(tx, j, due_ms, OUTCOME_ATTEMPT);
	return RC_OK;
}

static enum rc snooze(struct tx *tx, const struct job *j, int64_t due_ms, const char *error,
		      struct err *e)
{
	struct stmt s;

	TRY(claim(tx, j, e));
	TRY(stmt_begin(tx->db, Q_QUEUE_SNOOZE, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	stmt_bind_i64(&s, "due_ms", due_ms);
	stmt_bind_i64(&s, "at_ms", tx->now_ms);
	stmt_bind_text(&s, "error", error);
	return stmt_run(&s, e);
}

enum rc queue_snooze(struct tx *tx, const struct job *j, int64_t due_ms, const char *error,
		     struct err *e)
{
	TRY(snooze(tx, j, due_ms, error, e));
	register_settled(tx, j, due_ms, OUTCOME_SNOOZE);
	return RC_OK;
}

enum rc queue_snooze_apart(struct tx *tx, const struct job *j, int64_t due_ms, const char *error,
			   struct err *e)
{
	struct stmt s;

	TRY(snooze(tx, j, due_ms, error, e));
	TRY(stmt_begin(tx->db, Q_QUEUE_PART, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	TRY(stmt_run(&s, e));
	register_settled(tx, j, due_ms, OUTCOME_APART);
	return RC_OK;
}

struct refused {
	struct slot *slot;
	uint64_t token;
};

static void refused_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct refused *r = arg;

	mtx_lock(&qs->lock);
	if (r->slot->token == r->token) /* claimed: the lease holds until settle_after */
		r->slot->refusals++;
	mtx_unlock(&qs->lock);
}

enum rc queue_refused(struct tx *tx, const struct job *j, struct err *e)
{
	const struct refused r = { .slot = j->slot, .token = j->token };
	struct stmt s;

	TRY(claim(tx, j, e));
	TRY(stmt_begin(tx->db, Q_QUEUE_REFUSED, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	TRY(stmt_run(&s, e));
	tx_after(tx, refused_after, &r, sizeof(r));
	return RC_OK;
}

enum rc queue_dead(struct tx *tx, const struct job *j, const char *class, const char *reason,
		   const char *error, struct err *e)
{
	struct queue *q = &store_queues(tx->store)->q[j->queue];
	struct stmt s;

	TRY(claim(tx, j, e));
	TRY(stmt_begin(tx->db, Q_QUEUE_BURY, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	stmt_bind_text(&s, "queue", queue_name(j->queue));
	stmt_bind_text(&s, "class", class);
	stmt_bind_text(&s, "reason", reason);
	stmt_bind_text(&s, "error", error);
	stmt_bind_i64(&s, "attempts", j->attempts + 1);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	TRY(queue_remove_row(tx, j->id, e));
	q->delta.failed++;
	q->delta.dead++;
	register_settled(tx, j, -1, OUTCOME_END);
	return RC_OK;
}

enum rc queue_mark_start(struct tx *tx, const struct job *j, struct err *e)
{
	struct stmt s;

	TRY(claim(tx, j, e));
	TRY(stmt_begin(tx->db, Q_QUEUE_MARK, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	stmt_bind_i64(&s, "boot", store_boot(tx->store));
	return stmt_run(&s, e);
}

enum rc queue_text(struct db *db, int64_t job_id, struct arena *a, struct job_text *ret,
		   struct err *e)
{
	struct job_text t;
	struct stmt s;

	TRY(stmt_begin(db, Q_QUEUE_TEXT, &s, e));
	stmt_bind_i64(&s, "id", job_id);
	TRY(stmt_next(&s, e));
	t.payload = arena_str(a, stmt_str(&s, "payload"));
	t.correlation = arena_str(a, stmt_str(&s, "correlation"));
	t.history = arena_str(a, stmt_str(&s, "history"));
	stmt_end(&s);
	*ret = t;
	return RC_OK;
}
