/* queue_load.c - from disk into the schedule: at start, after a crash, and whatever did not fit in memory. */
#include "base/clock.h"
#include "base/log.h"
#include "store/queue/queue_priv.h"

#define LEASE_MS \
	(10 *    \
	 MINUTE_MS) /* longer than any call to a peer may take (n8n: 5 minutes); each call renews it */
#define READ_AGAIN_US 1000000 /* after a failed read */

static const struct queue_config DEFAULTS[] = {
#define QUEUE(name, text, concurrency_, attempts_, backoff_ms_, batch_) \
	{ .concurrency = concurrency_,                                  \
	  .attempts = attempts_,                                        \
	  .backoff_ms = backoff_ms_,                                    \
	  .batch = batch_,                                              \
	  .lease_ms = LEASE_MS },
#include "store/queue/queue.def"
#undef QUEUE
};

static int64_t load_row(struct queues *qs, struct queue *q, struct stmt *row, int64_t now_ms)
	REQUIRES(qs->lock)
{
	struct slot *s = sched_slot_new(qs);
	bool tried;
	int64_t id;

	s->id = id = stmt_i64(row, "id");
	s->okey = queue_order_key(q, stmt_i64(row, "okey"));
	s->lane = stmt_i64(row, "lane");
	s->prio = (enum job_prio)stmt_i64(row, "prio");
	s->due_ms = stmt_i64(row, "due_ms");
	s->attempts = (int)stmt_i64(row, "attempts");
	s->snoozes = (int)stmt_i64(row, "snoozes");
	s->refusals = (int)stmt_i64(row, "refusals");
	s->created_ms = stmt_i64(row, "created_ms");
	s->ref = stmt_i64(row, "ref");
	s->crashes = (int)stmt_i64(row, "crashes");
	tried = stmt_i64(row, "tried") != 0;
	s->recovered = tried || id <= q->recovered_to;
	sched_insert(qs, q, s, now_ms);
	/* Behind another of its key it cannot have been running: nothing of it has to be looked up. */
	if (s->state == SLOT_BLOCKED && !tried)
		s->recovered = false;
	return id;
}

static enum rc load_numbers(struct queue *q, struct db *db, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(db, Q_QUEUE_ENSURE, &s, e));
	stmt_bind_text(&s, "name", queue_name(q->id));
	stmt_bind_i64(&s, "number", q->id);
	TRY(stmt_run(&s, e));
	TRY(stmt_begin(db, Q_QUEUE_STATE, &s, e));
	stmt_bind_text(&s, "name", queue_name(q->id));
	TRY(stmt_next(&s, e));
	q->base.accepted = stmt_i64(&s, "accepted");
	q->base.done = stmt_i64(&s, "done");
	q->base.failed = stmt_i64(&s, "failed");
	q->base.dead = stmt_i64(&s, "dead");
	q->base.discarded = stmt_i64(&s, "discarded");
	q->base.sequence = stmt_i64(&s, "sequence");
	/* A drain that a restart interrupted ends as a pause: the mark is not kept. */
	q->paused = !str_eqc(stmt_str(&s, "state"), "running");
	q->paused_until_ms = stmt_i64(&s, "paused_until_ms");
	q->recovered_to = stmt_i64(&s, "recovered_to");
	stmt_end(&s);
	return RC_OK;
}

static enum rc count_rows(struct queue *q, struct db *db, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(db, Q_QUEUE_ROWS, &s, e));
	stmt_bind_i64(&s, "first", queue_first_id(q->id));
	stmt_bind_i64(&s, "last", queue_last_id(q->id));
	TRY(stmt_next(&s, e));
	q->rows = stmt_i64(&s, "rows");
	q->newest = stmt_i64(&s, "newest");
	stmt_end(&s);
	return RC_OK;
}

/* Marks of runs that did not end (queue_mark_start): after a crash each counts, after a clean stop none does. */
static enum rc count_crashes(struct queue *q, struct db *db, bool unclean, int64_t *ret_marks,
			     struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(db, Q_QUEUE_UNMARK, &s, e));
	stmt_bind_i64(&s, "died", unclean);
	stmt_bind_i64(&s, "first", queue_first_id(q->id));
	stmt_bind_i64(&s, "last", queue_last_id(q->id));
	TRY(stmt_run(&s, e));
	*ret_marks = db_changes(db);
	return RC_OK;
}

/* Jobs that were marked as running at too many deaths of the process: the suspects become dead letters. */
static enum rc bury_killers(struct queue *q, struct db *db, int64_t now_ms, struct err *e)
{
	struct stmt s;
	int64_t n;

	TRY(stmt_begin(db, Q_QUEUE_BURY_KILLERS, &s, e));
	stmt_bind_i64(&s, "first", queue_first_id(q->id));
	stmt_bind_i64(&s, "last", queue_last_id(q->id));
	stmt_bind_text(&s, "queue", queue_name(q->id));
	stmt_bind_i64(&s, "crashes", JOB_CRASH_MAX);
	stmt_bind_i64(&s, "created_ms", now_ms);
	TRY(stmt_run(&s, e));
	n = db_changes(db);
	if (n == 0)
		return RC_OK;
	TRY(stmt_begin(db, Q_QUEUE_REMOVE_KILLERS, &s, e));
	stmt_bind_i64(&s, "first", queue_first_id(q->id));
	stmt_bind_i64(&s, "last", queue_last_id(q->id));
	stmt_bind_i64(&s, "crashes", JOB_CRASH_MAX);
	TRY(stmt_run(&s, e));
	q->delta.touched = true;
	q->delta.dead += n;
	q->delta.failed += n;
	return count_rows(q, db, e);
}

/* What was there when a process died may have run: kept on disk, because a clean stop may come before it runs again. */
static enum rc note_recovered(struct queue *q, struct db *db, struct err *e)
{
	struct stmt s;

	q->recovered_to = q->newest;
	TRY(stmt_begin(db, Q_QUEUE_RECOVERED, &s, e));
	stmt_bind_text(&s, "name", queue_name(q->id));
	stmt_bind_i64(&s, "recovered_to", q->recovered_to);
	return stmt_run(&s, e);
}

static enum rc load_queue(struct queue *q, struct db *db, bool unclean, int64_t now_ms,
			  struct err *e)
{
	int64_t marks = 0;

	TRY(load_numbers(q, db, e));
	TRY(count_rows(q, db, e));
	if (q->rows > 0)
		TRY(count_crashes(q, db, unclean, &marks, e));
	if (unclean && marks > 0)
		TRY(bury_killers(q, db, now_ms, e));
	if (unclean && q->rows > 0)
		TRY(note_recovered(q, db, e));
	q->loaded_to = queue_first_id(q->id) - 1;
	q->spilled = q->rows > 0; /* the first take loads them */
	return RC_OK;
}

enum rc queues_load(struct store *st, struct db *writer, int64_t now_ms, struct queues **ret,
		    struct err *e)
{
	struct queues *qs = mem_new(1, sizeof(*qs));
	enum rc rc = RC_OK;

	mtx_init(&qs->lock, LOCK_QUEUE);
	qs->store = st;
	qs->memory_max = QUEUE_MEMORY_MAX;
	qs->transaction = 1;
	for (int i = 0; i < QUEUE_COUNT; i++) {
		qs->q[i].id = (enum queue_id)i;
		qs->q[i].config = DEFAULTS[i];
		cnd_init(&qs->q[i].changed);
	}
	for (int i = 0; i < QUEUE_COUNT && rc == RC_OK; i++)
		rc = load_queue(&qs->q[i], writer, store_was_unclean(st), now_ms, e);
	if (rc == RC_OK)
		rc = queues_before_commit(qs, writer, e);
	if (rc != RC_OK) {
		queues_free(qs);
		return rc;
	}
	queues_after_commit(qs, now_ms);
	*ret = qs;
	return RC_OK;
}

void queues_free(struct queues *qs)
{
	if (qs == NULL)
		return;
	sched_free(qs);
	mtx_destroy(&qs->lock);
	mem_free(qs);
}

/* ---- reading more ---- */

bool queue_wants_refill(const struct queues *qs, const struct queue *q)
{
	return q->spilled && !q->refilling && q->clearing == 0 &&
	       q->in_memory < qs->memory_max / 2 && clock_mono_us() >= q->read_after_us;
}

/* RC_ABSENT: all rows of this snapshot, or as many as asked for, are in the schedule. */
static enum rc read_rows(struct queues *qs, struct queue *q, int64_t after, int64_t now_ms,
			 int64_t *ret_n, struct err *e)
{
	struct db *db = store_reader(qs->store);
	struct stmt s;
	enum rc rc = stmt_begin(db, Q_QUEUE_LOAD, &s, e);

	*ret_n = 0;
	if (rc == RC_OK) {
		stmt_bind_i64(&s, "after", after);
		stmt_bind_i64(&s, "last", queue_last_id(q->id));
		stmt_bind_i64(&s, "limit", QUEUE_REFILL);
		while ((rc = stmt_next(&s, e)) == RC_OK) {
			mtx_lock(&qs->lock);
			q->loaded_to = load_row(qs, q, &s, now_ms);
			mtx_unlock(&qs->lock);
			++*ret_n;
		}
	}
	store_reader_done(qs->store, db);
	return rc;
}

void queue_refill(struct queues *qs, struct queue *q, int64_t now_ms)
{
	struct err e = { 0 };
	int64_t after, newest, n;
	enum rc rc;

	mtx_lock(&qs->lock);
	if (!queue_wants_refill(qs, q)) {
		mtx_unlock(&qs->lock);
		return;
	}
	q->refilling = true;
	after = q->loaded_to;
	newest = q->newest;
	mtx_unlock(&qs->lock);
	rc = read_rows(qs, q, after, now_ms, &n, &e);
	if (rc != RC_ABSENT)
		log_err(LOG_WARN, "queue.not_read", &e);
	mtx_lock(&qs->lock);
	q->refilling = false;
	if (rc != RC_ABSENT) {
		q->read_after_us = clock_mono_us() + READ_AGAIN_US;
	} else if (n < QUEUE_REFILL) {
		/* The snapshot is younger than `newest`: up to there nothing is left on disk, be it discarded or buried. */
		q->loaded_to = i64_max(q->loaded_to, newest);
		q->spilled = q->newest > q->loaded_to;
	}
	cnd_broadcast(&q->changed); /* workers, and who waits to clear */
	mtx_unlock(&qs->lock);
}
