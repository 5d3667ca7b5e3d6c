/* queue_discard.c - what people do to single jobs and to all that wait: clear, cancel, run now. */
#include "store/queue/queue_priv.h"

#define CLEAR_CHUNK 500

void queue_on_discard(struct queues *qs, enum queue_id q, queue_discard_fn *fn)
{
	mtx_lock(&qs->lock);
	qs->q[q].on_discard = fn;
	mtx_unlock(&qs->lock);
}

/* What the writer needs to know of one job in memory. */
static struct slot *find_slot(struct queue *q, int64_t id) /* lock held */
{
	for (int i = 0; i < q->lane_count; i++) {
		for (int p = 0; p < PRIO_COUNT; p++) {
			for (struct slot *s = q->lanes[i].ready[p].head; s != NULL; s = s->next) {
				for (struct slot *b = s; b != NULL; b = b->behind) {
					if (b->id == id)
						return b;
				}
			}
		}
	}
	for (size_t i = 0; i < q->heap_n; i++) {
		for (struct slot *b = q->heap[i]; b != NULL; b = b->behind) {
			if (b->id == id)
				return b;
		}
	}
	for (struct slot *s = q->running.head; s != NULL; s = s->next) {
		for (struct slot *b = s; b != NULL; b = b->behind) {
			if (b->id == id)
				return b;
		}
	}
	return NULL;
}

struct discard {
	enum queue_id q;
	int64_t from, to; /* ids (from, to] */
	int64_t last;     /* last id looked at */
	int64_t count;    /* discarded so far */
	int seen;
};

struct gone {
	enum queue_id q;
	int64_t id, now_ms;
	struct slot *slot; /* NULL: not in memory when the unit ran */
};

static void gone_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct gone *g = arg;
	struct queue *q = &qs->q[g->q];
	struct slot *s;

	mtx_lock(&qs->lock);
	q->rows--;
	/* A job that was added in the same transaction came into memory a moment ago. */
	s = g->slot == NULL && g->id <= q->loaded_to ? find_slot(q, g->id) : g->slot;
	if (s != NULL) {
		ASSERT(s->id == g->id && s->state != SLOT_RUNNING); /* the queue stands still */
		sched_remove(qs, q, s, g->now_ms);
	}
	mtx_unlock(&qs->lock);
}

static enum rc discard_job(struct tx *tx, const struct gone *g, int64_t ref, struct err *e)
{
	struct queues *qs = store_queues(tx->store);
	struct queue *q = &qs->q[g->q];
	queue_discard_fn *on_discard;

	mtx_lock(&qs->lock);
	on_discard = q->on_discard;
	mtx_unlock(&qs->lock);
	if (on_discard != NULL)
		TRY(on_discard(tx, ref, e));
	TRY(queue_remove_row(tx, g->id, e));
	q->delta.touched = true;
	q->delta.discarded++;
	tx_after(tx, gone_after, g, sizeof(*g));
	return RC_OK;
}

/* Clearing holds the queue still (clearing), so no job can begin to run between the look and the commit. */
static enum rc discard_unit(struct tx *tx, void *arg, struct err *e)
{
	struct queues *qs = store_queues(tx->store);
	struct discard *d = arg;
	int64_t ids[CLEAR_CHUNK], refs[CLEAR_CHUNK];
	struct stmt s;
	enum rc rc;
	int n = 0;

	TRY(stmt_begin(tx->db, Q_QUEUE_REFS, &s, e));
	stmt_bind_i64(&s, "after", d->from);
	stmt_bind_i64(&s, "last", d->to);
	stmt_bind_i64(&s, "limit", CLEAR_CHUNK);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		ids[n] = stmt_i64(&s, "id");
		refs[n++] = stmt_i64(&s, "ref");
	}
	if (rc != RC_ABSENT)
		return rc;
	d->seen = n;
	d->count = 0;
	for (int i = 0; i < n; i++) {
		struct gone g = { .q = d->q, .id = ids[i], .now_ms = tx->now_ms };
		bool running;

		mtx_lock(&qs->lock);
		g.slot = ids[i] <= qs->q[d->q].loaded_to ? find_slot(&qs->q[d->q], ids[i]) : NULL;
		running = g.slot != NULL && g.slot->state == SLOT_RUNNING;
		mtx_unlock(&qs->lock);
		d->last = ids[i];
		if (running)
			continue;
		TRY(discard_job(tx, &g, refs[i], e));
		d->count++;
	}
	return RC_OK;
}

/* No job begins to run and none is read from disk until stand_still_end. Several may ask for it. */
static void stand_still(struct queues *qs, struct queue *q)
{
	mtx_lock(&qs->lock);
	q->clearing++;
	while (q->refilling) /* it may hold rows that are about to be discarded */
		(void)cnd_wait(&q->changed, &qs->lock, INT64_MAX);
	mtx_unlock(&qs->lock);
}

static void stand_still_end(struct queues *qs, struct queue *q)
{
	mtx_lock(&qs->lock);
	q->clearing--;
	cnd_broadcast(&q->changed);
	mtx_unlock(&qs->lock);
}

enum rc queue_clear(struct store *st, enum queue_id id, int64_t *ret_count, struct err *e)
{
	struct queues *qs = store_queues(st);
	struct queue *q = &qs->q[id];
	struct discard d = { .q = id, .from = queue_first_id(id) - 1 };
	int64_t count = 0;
	enum rc rc;

	stand_still(qs, q);
	mtx_lock(&qs->lock);
	d.to = q->newest;
	mtx_unlock(&qs->lock);
	do {
		rc = store_write(st, STORE_NORMAL, discard_unit, &d, e);
		if (rc == RC_OK) {
			count += d.count;
			d.from = d.last;
		}
	} while (rc == RC_OK && d.seen == CLEAR_CHUNK);
	stand_still_end(qs, q);
	*ret_count = count;
	return rc;
}

struct one_job {
	int64_t id;
};

static enum rc cancel_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct one_job *o = arg;
	enum queue_id id;
	struct discard d;

	if (!queue_of_id(o->id, &id))
		return FAIL(e, RC_ABSENT, "no such job");
	d = (struct discard){ .q = id, .from = o->id - 1, .to = o->id };
	TRY(discard_unit(tx, &d, e));
	if (d.seen == 0)
		return FAIL(e, RC_ABSENT, "no such job: it may be done");
	if (d.count == 0)
		return FAIL(e, RC_CONFLICT, "the job is running");
	return RC_OK;
}

enum rc queue_cancel(struct store *st, int64_t job_id, struct err *e)
{
	struct one_job o = { job_id };
	struct queues *qs = store_queues(st);
	enum queue_id id;
	enum rc rc;

	if (!queue_of_id(job_id, &id))
		return FAIL(e, RC_ABSENT, "no such job");
	stand_still(qs, &qs->q[id]);
	rc = store_write(st, STORE_NORMAL, cancel_unit, &o, e);
	stand_still_end(qs, &qs->q[id]);
	return rc;
}

static void run_now_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct gone *g = arg;
	struct slot *s;

	mtx_lock(&qs->lock);
	s = find_slot(&qs->q[g->q], g->id);
	if (s != NULL && s->state != SLOT_RUNNING)
		sched_undelay(qs, &qs->q[g->q], s);
	cnd_broadcast(&qs->q[g->q].changed);
	mtx_unlock(&qs->lock);
}

enum rc queue_hasten(struct tx *tx, int64_t job_id, struct err *e)
{
	struct gone g = { .id = job_id };
	struct stmt s;

	if (!queue_of_id(job_id, &g.q))
		return FAIL(e, RC_ABSENT, "no such job");
	TRY(stmt_begin(tx->db, Q_QUEUE_RUN_NOW, &s, e));
	stmt_bind_i64(&s, "id", job_id);
	TRY(stmt_run(&s, e));
	if (db_changes(tx->db) == 0)
		return FAIL(e, RC_ABSENT, "no such job: it may be done");
	tx_after(tx, run_now_after, &g, sizeof(g));
	return RC_OK;
}

static enum rc run_now_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct one_job *o = arg;

	return queue_hasten(tx, o->id, e);
}

enum rc queue_run_now(struct store *st, int64_t job_id, struct err *e)
{
	struct one_job o = { job_id };

	return store_write(st, STORE_NORMAL, run_now_unit, &o, e);
}
