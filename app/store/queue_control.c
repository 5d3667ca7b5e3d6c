/* queue_control.c - loading at start, the tick, gates, and what people do to queues: pause, drain, clear, cancel. */
#include "store/queue_priv.h"

#include "base/clock.h"
#include "base/log.h"

#define LEASE_MS (5 * MINUTE_MS) /* longer than any call to a peer may take */
#define CLEAR_CHUNK 500

static const struct queue_config DEFAULTS[] = {
#define QUEUE(name, text, concurrency_, attempts_, backoff_ms_, batch_)                                        \
	{ .concurrency = concurrency_, .attempts = attempts_, .backoff_ms = backoff_ms_, .batch = batch_, .lease_ms = LEASE_MS },
#include "store/queue.def"
#undef QUEUE
};

/* ---- loading ---- */

int64_t queue_load_row(struct queues *qs, struct queue *q, struct stmt *row, int64_t now_ms)
{
	struct slot *s = sched_slot_new(qs);
	int64_t boot, id;

	s->id = id = stmt_i64(row, "id");
	s->okey = queue_order_key(q, stmt_i64(row, "okey"));
	s->lane = stmt_i64(row, "lane");
	s->prio = (enum job_prio)stmt_i64(row, "prio");
	s->due_ms = stmt_i64(row, "due_ms");
	s->attempts = (int)stmt_i64(row, "attempts");
	s->snoozes = (int)stmt_i64(row, "snoozes");
	s->created_ms = stmt_i64(row, "created_ms");
	s->ref = stmt_i64(row, "ref");
	boot = stmt_i64(row, "boot");
	s->crashes = (int)stmt_i64(row, "crashes") + (boot != 0 ? 1 : 0);
	s->recovered = store_was_unclean(qs->store) && id <= q->recovered_to;
	sched_insert(qs, q, s, now_ms);
	return id;
}

static enum rc load_queue(struct queue *q, struct db *db, struct err *e)
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
	stmt_end(&s);

	TRY(stmt_begin(db, Q_QUEUE_ROWS, &s, e));
	stmt_bind_i64(&s, "first", queue_first_id(q->id));
	stmt_bind_i64(&s, "last", queue_last_id(q->id));
	TRY(stmt_next(&s, e));
	q->rows = stmt_i64(&s, "rows");
	q->newest = q->recovered_to = stmt_i64(&s, "newest");
	stmt_end(&s);
	q->loaded_to = queue_first_id(q->id) - 1;
	q->spilled = q->rows > 0; /* the first take loads them */
	return RC_OK;
}

/* Jobs that were marked as running at too many deaths of the process: the suspects become dead letters. */
static enum rc bury_killers(struct queues *qs, struct db *db, int64_t now_ms, struct err *e)
{
	for (int i = 0; i < QUEUE_COUNT; i++) {
		struct queue *q = &qs->q[i];
		struct stmt s;
		int64_t n;

		if (q->rows == 0)
			continue;
		TRY(stmt_begin(db, Q_QUEUE_BURY_KILLERS, &s, e));
		stmt_bind_i64(&s, "first", queue_first_id(q->id));
		stmt_bind_i64(&s, "last", queue_last_id(q->id));
		stmt_bind_text(&s, "queue", queue_name(q->id));
		stmt_bind_i64(&s, "crashes", JOB_CRASH_MAX);
		stmt_bind_i64(&s, "created_ms", now_ms);
		TRY(stmt_run(&s, e));
		n = db_changes(db);
		if (n == 0)
			continue;
		TRY(stmt_begin(db, Q_QUEUE_REMOVE_KILLERS, &s, e));
		stmt_bind_i64(&s, "first", queue_first_id(q->id));
		stmt_bind_i64(&s, "last", queue_last_id(q->id));
		stmt_bind_i64(&s, "crashes", JOB_CRASH_MAX);
		TRY(stmt_run(&s, e));
		q->rows -= n;
		q->delta.touched = true;
		q->delta.dead += n;
		q->delta.failed += n;
	}
	return RC_OK;
}

enum rc queues_load(struct store *st, struct db *writer, int64_t now_ms, struct queues **ret, struct err *e)
{
	struct queues *qs = mem_new(1, sizeof(*qs));
	enum rc rc = RC_OK;

	mtx_init(&qs->lock, LOCK_QUEUE);
	qs->store = st;
	qs->memory_max = QUEUE_MEMORY_MAX;
	for (int i = 0; i < QUEUE_COUNT; i++) {
		qs->q[i].id = (enum queue_id)i;
		qs->q[i].config = DEFAULTS[i];
		cnd_init(&qs->q[i].changed);
	}
	for (int i = 0; i < QUEUE_COUNT && rc == RC_OK; i++)
		rc = load_queue(&qs->q[i], writer, e);
	if (rc == RC_OK)
		rc = bury_killers(qs, writer, now_ms, e);
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

/* ---- tick ---- */

static void expire_leases(struct queues *qs, struct queue *q, int64_t now_ms) REQUIRES(qs->lock)
{
	int64_t now_us = clock_mono_us();

	for (struct slot *s = q->running.head, *next; s != NULL; s = next) {
		next = s->next;
		if (s->lease_until_us < now_us) {
			s->recovered = true;
			sched_return(qs, q, s, now_ms, now_ms);
			sched_signal(q);
		}
	}
}

static bool drained(const struct queue *q)
{
	if (q->drain_to == 0 || q->running_n > 0 || q->spilled)
		return false;
	for (int i = 0; i < q->lane_count; i++) {
		for (int p = 0; p < PRIO_COUNT; p++) {
			for (struct slot *s = q->lanes[i].ready[p].head; s != NULL; s = s->next) {
				if (s->id <= q->drain_to)
					return false;
			}
		}
	}
	for (size_t i = 0; i < q->heap_n; i++) {
		if (q->heap[i]->id <= q->drain_to)
			return false;
	}
	return true;
}

void queue_tick(struct queues *qs, int64_t now_ms)
{
	for (int i = 0; i < QUEUE_COUNT; i++) {
		struct queue *q = &qs->q[i];
		bool done;

		mtx_lock(&qs->lock);
		expire_leases(qs, q, now_ms);
		done = drained(q);
		mtx_unlock(&qs->lock);
		if (done) {
			struct err e = { 0 };

			if (queue_pause(qs->store, q->id, 0, &e) != RC_OK)
				log_err(LOG_DEBUG, "queue.drain_failed", &e);
		}
	}
}

/* ---- gates ---- */

void queue_gate(struct queues *qs, int64_t lane, int64_t until_ms)
{
	int i;

	ASSERT(lane != 0);
	mtx_lock(&qs->lock);
	for (i = 0; i < qs->gate_count && qs->gates[i].lane != lane; i++)
		;
	if (i == qs->gate_count && qs->gate_count < QUEUE_LANES_MAX)
		qs->gates[qs->gate_count++].lane = lane;
	if (i < QUEUE_LANES_MAX && qs->gates[i].until_ms != until_ms) {
		qs->gates[i].until_ms = until_ms;
		for (int k = 0; k < QUEUE_COUNT; k++)
			cnd_broadcast(&qs->q[k].changed);
	}
	mtx_unlock(&qs->lock);
}

int64_t queue_gated_until(struct queues *qs, int64_t lane)
{
	int64_t until;

	mtx_lock(&qs->lock);
	until = sched_gate(qs, lane);
	mtx_unlock(&qs->lock);
	return until;
}

/* ---- pause, resume, drain ---- */

struct state_change {
	enum queue_id q;
	const char *state;
	int64_t until_ms;
};

static void state_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct state_change *c = arg;
	struct queue *q = &qs->q[c->q];

	mtx_lock(&qs->lock);
	q->paused = strcmp(c->state, "paused") == 0;
	q->paused_until_ms = q->paused ? c->until_ms : 0;
	q->drain_to = strcmp(c->state, "draining") == 0 ? i64_max(q->newest, 1) : 0;
	cnd_broadcast(&q->changed);
	mtx_unlock(&qs->lock);
}

static enum rc state_unit(struct tx *tx, void *arg, struct err *e)
{
	struct state_change *c = arg;
	struct stmt s;

	TRY(stmt_begin(tx->db, Q_QUEUE_SET_STATE, &s, e));
	stmt_bind_text(&s, "name", queue_name(c->q));
	stmt_bind_text(&s, "state", c->state);
	stmt_bind_i64(&s, "paused_until_ms", c->until_ms);
	TRY(stmt_run(&s, e));
	tx_after(tx, state_after, c, sizeof(*c));
	return RC_OK;
}

enum rc queue_pause(struct store *st, enum queue_id q, int64_t until_ms, struct err *e)
{
	struct state_change c = { .q = q, .state = "paused", .until_ms = until_ms };

	return store_write(st, STORE_NORMAL, state_unit, &c, e);
}

enum rc queue_resume(struct store *st, enum queue_id q, struct err *e)
{
	struct state_change c = { .q = q, .state = "running" };

	return store_write(st, STORE_NORMAL, state_unit, &c, e);
}

enum rc queue_drain(struct store *st, enum queue_id q, struct err *e)
{
	struct state_change c = { .q = q, .state = "draining" };

	return store_write(st, STORE_NORMAL, state_unit, &c, e);
}

/* ---- clear, cancel, run now ---- */

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
	int64_t from, to;  /* ids (from, to] */
	int64_t last;      /* last id looked at */
	int64_t count;     /* discarded so far */
	int seen;
};

struct gone {
	enum queue_id q;
	int64_t id, now_ms;
};

static void gone_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct gone *g = arg;
	struct queue *q = &qs->q[g->q];
	struct slot *s;

	mtx_lock(&qs->lock);
	q->rows--;
	s = find_slot(q, g->id);
	if (s != NULL)
		sched_remove(qs, q, s, g->now_ms);
	mtx_unlock(&qs->lock);
}

static enum rc discard_job(struct tx *tx, enum queue_id id, int64_t job_id, int64_t ref, struct err *e)
{
	struct queue *q = &store_queues(tx->store)->q[id];
	struct gone g = { .q = id, .id = job_id, .now_ms = tx->now_ms };
	struct stmt s;

	if (q->on_discard != NULL)
		TRY(q->on_discard(tx, ref, e));
	TRY(stmt_begin(tx->db, Q_QUEUE_REMOVE, &s, e));
	stmt_bind_i64(&s, "id", job_id);
	TRY(stmt_run(&s, e));
	q->delta.touched = true;
	q->delta.discarded++;
	tx_after(tx, gone_after, &g, sizeof(g));
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
		struct slot *slot;
		bool running;

		mtx_lock(&qs->lock);
		slot = find_slot(&qs->q[d->q], ids[i]);
		running = slot != NULL && slot->state == SLOT_RUNNING;
		mtx_unlock(&qs->lock);
		d->last = ids[i];
		if (running)
			continue;
		TRY(discard_job(tx, d->q, ids[i], refs[i], e));
		d->count++;
	}
	return RC_OK;
}

static void set_clearing(struct queues *qs, struct queue *q, bool on)
{
	mtx_lock(&qs->lock);
	q->clearing = on;
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

	set_clearing(qs, q, true);
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
	set_clearing(qs, q, false);
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
	set_clearing(qs, &qs->q[id], true);
	rc = store_write(st, STORE_NORMAL, cancel_unit, &o, e);
	set_clearing(qs, &qs->q[id], false);
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

static enum rc run_now_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct one_job *o = arg;
	struct gone g = { .id = o->id };
	struct stmt s;

	if (!queue_of_id(o->id, &g.q))
		return FAIL(e, RC_ABSENT, "no such job");
	TRY(stmt_begin(tx->db, Q_QUEUE_RUN_NOW, &s, e));
	stmt_bind_i64(&s, "id", o->id);
	TRY(stmt_run(&s, e));
	if (db_changes(tx->db) == 0)
		return FAIL(e, RC_ABSENT, "no such job: it may be done");
	tx_after(tx, run_now_after, &g, sizeof(g));
	return RC_OK;
}

enum rc queue_run_now(struct store *st, int64_t job_id, struct err *e)
{
	struct one_job o = { job_id };

	return store_write(st, STORE_NORMAL, run_now_unit, &o, e);
}
