/* queue_view.c - looking at queues: counts from memory, pages of jobs and the proof from the tables. */
#include "store/queue/queue_priv.h"

static int64_t oldest(const struct queue *q)
{
	int64_t ms = INT64_MAX;

	if (q->running.head != NULL)
		ms = q->running.head->created_ms;
	for (int i = 0; i < q->lane_count; i++) {
		for (int p = 0; p < PRIO_COUNT; p++) {
			if (q->lanes[i].ready[p].head != NULL)
				ms = i64_min(ms, q->lanes[i].ready[p].head->created_ms);
		}
	}
	if (q->heap_n > 0)
		ms = i64_min(ms, q->heap[0]->created_ms);
	return ms == INT64_MAX ? 0 : ms;
}

void queue_get_counts(struct queues *qs, enum queue_id id, int64_t now_ms, struct queue_counts *ret)
{
	struct queue *q = &qs->q[id];
	int64_t second = now_ms / SECOND_MS, done = 0;

	mtx_lock(&qs->lock);
	sched_due(qs, q, now_ms);
	for (int64_t t = second - QUEUE_RATE_SECONDS + 1; t <= q->rate_second && t <= second; t++) {
		if (t > q->rate_second - QUEUE_RATE_SECONDS)
			done += q->rate[t % QUEUE_RATE_SECONDS];
	}
	*ret = (struct queue_counts){
		.accepted = q->base.accepted,
		.done = q->base.done,
		.failed = q->base.failed,
		.dead = q->base.dead,
		.discarded = q->base.discarded,
		.delayed = (int64_t)q->heap_n,
		.running = q->running_n,
		.waiting = q->rows - q->running_n - (int64_t)q->heap_n,
		.oldest_ms = oldest(q),
		.state = q->drain_to != 0 ? "draining"
			 : q->paused      ? "paused"
					  : "running",
		.paused_until_ms = q->paused ? q->paused_until_ms : 0,
		.rate = (double)done / QUEUE_RATE_SECONDS,
	};
	mtx_unlock(&qs->lock);
}

enum rc queue_prove(struct db *db, enum queue_id q, struct queue_counts *ret, struct err *e)
{
	struct queue_counts c = { .state = "" };
	int64_t letters;
	struct stmt s;

	/* One statement sees one snapshot. */
	TRY(stmt_begin(db, Q_QUEUE_PROVE, &s, e));
	stmt_bind_text(&s, "name", queue_name(q));
	stmt_bind_i64(&s, "first", queue_first_id(q));
	stmt_bind_i64(&s, "last", queue_last_id(q));
	TRY(stmt_next(&s, e));
	c.accepted = stmt_i64(&s, "accepted");
	c.done = stmt_i64(&s, "done");
	c.failed = stmt_i64(&s, "failed");
	c.dead = stmt_i64(&s, "dead");
	c.discarded = stmt_i64(&s, "discarded");
	c.waiting = stmt_i64(&s, "rows");
	letters = stmt_i64(&s, "letters");
	stmt_end(&s);
	*ret = c;
	if (c.accepted != c.done + c.discarded + c.dead + c.waiting || letters != c.dead)
		return FAIL(e, RC_CONFLICT,
			    "queue %s: accepted %lld, done %lld, discarded %lld, dead %lld (%lld "
			    "letters), rows %lld",
			    queue_name(q), (long long)c.accepted, (long long)c.done,
			    (long long)c.discarded, (long long)c.dead, (long long)letters,
			    (long long)c.waiting);
	return RC_OK;
}

int queue_running(struct queues *qs, enum queue_id q, int64_t *ret_ids, int max)
{
	int n = 0;

	mtx_lock(&qs->lock);
	for (const struct slot *s = qs->q[q].running.head; s != NULL && n < max; s = s->next)
		ret_ids[n++] = s->id;
	mtx_unlock(&qs->lock);
	return n;
}

static enum rc each(struct stmt *s, enum queue_id q, queue_each_fn *fn, void *arg, struct err *e)
{
	enum rc rc;

	while ((rc = stmt_next(s, e)) == RC_OK) {
		struct queue_row r = { .queue = q };

		r.id = stmt_i64(s, "id");
		r.okey = stmt_i64(s, "okey");
		r.lane = stmt_i64(s, "lane");
		r.prio = (enum job_prio)stmt_i64(s, "prio");
		r.due_ms = stmt_i64(s, "due_ms");
		r.attempts = stmt_i64(s, "attempts");
		r.snoozes = stmt_i64(s, "snoozes");
		r.created_ms = stmt_i64(s, "created_ms");
		r.ref = stmt_i64(s, "ref");
		r.correlation = stmt_str(s, "correlation");
		r.history = stmt_str(s, "history");
		rc = fn(arg, &r, e);
		if (rc != RC_OK) {
			stmt_end(s);
			return rc;
		}
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc queue_each(struct db *db, enum queue_id q, const struct queue_page *page, queue_each_fn *fn,
		   void *arg, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(db, Q_QUEUE_LIST, &s, e));
	stmt_bind_i64(&s, "after", i64_max(page->after_id, queue_first_id(q) - 1));
	stmt_bind_i64(&s, "last", page->to_id > 0 ? page->to_id : queue_last_id(q));
	stmt_bind_i64(&s, "due_to", page->due_to_ms > 0 ? page->due_to_ms : INT64_MAX);
	stmt_bind_i64(&s, "limit", page->limit);
	return each(&s, q, fn, arg, e);
}

enum rc queue_nth(struct db *db, enum queue_id q, int64_t after_id, int n, int64_t *ret_id,
		  struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_QUEUE_NTH, &s, e));
	stmt_bind_i64(&s, "after", i64_max(after_id, queue_first_id(q) - 1));
	stmt_bind_i64(&s, "last", queue_last_id(q));
	stmt_bind_i64(&s, "n", n - 1);
	rc = stmt_next(&s, e);
	*ret_id = rc == RC_OK ? stmt_i64(&s, "id") : 0;
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc queue_each_delayed(struct db *db, enum queue_id q, const struct queue_delayed *page,
			   queue_each_fn *fn, void *arg, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(db, Q_QUEUE_LIST_DELAYED, &s, e));
	stmt_bind_i64(&s, "number", queue_first_id(q) >> QUEUE_ID_BITS);
	stmt_bind_i64(&s, "after_due", page->after_due_ms);
	stmt_bind_i64(&s, "after", page->after_id);
	stmt_bind_i64(&s, "limit", page->limit);
	return each(&s, q, fn, arg, e);
}

int64_t queue_key_since(struct queues *qs, enum queue_id q, int64_t okey)
{
	const struct slot *head;
	int64_t since;

	mtx_lock(&qs->lock);
	head = sched_key_head(&qs->q[q], okey);
	since = head != NULL ? head->created_ms : 0;
	mtx_unlock(&qs->lock);
	return since;
}

void queue_doubt(struct queues *qs, const struct job *j)
{
	struct slot *s = j->slot;

	mtx_lock(&qs->lock);
	if (queue_is_leased(j))
		s->doubt = true;
	mtx_unlock(&qs->lock);
}

/* Jobs of before a crash that were not read yet. What did not fit into memory then was not running. */
static bool unread(const struct queues *qs, const struct queue *q) REQUIRES(qs->lock)
{
	return q->spilled && q->loaded_to < q->recovered_to && q->in_memory < qs->memory_max;
}

bool queue_key_doubted(struct queues *qs, enum queue_id q, int64_t okey)
{
	const struct slot *head;
	bool doubted;

	mtx_lock(&qs->lock);
	head = sched_key_head(&qs->q[q], okey);
	doubted = unread(qs, &qs->q[q]) ||
		  (head != NULL && (head->state == SLOT_RUNNING || head->doubt || head->recovered));
	mtx_unlock(&qs->lock);
	return doubted;
}
