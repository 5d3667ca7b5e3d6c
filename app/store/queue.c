/* queue.c - taking, settling and adding jobs. The schedule itself is in queue_sched.c, control in queue_control.c.
 *
 * Two worlds meet here: rows change inside the writer's transaction, the schedule changes after its commit
 * (tx_after). So the schedule never shows what is not on the disk. */
#include "store/queue_priv.h"

#include "base/clock.h"

static const char *const NAMES[] = {
#define QUEUE(name, text, concurrency, attempts, backoff_ms, batch) text,
#include "store/queue.def"
#undef QUEUE
};

const char *queue_name(enum queue_id q)
{
	ASSERT(q < QUEUE_COUNT);
	return NAMES[q];
}

bool queue_parse(struct str name, enum queue_id *ret)
{
	for (size_t i = 0; i < QUEUE_COUNT; i++) {
		if (str_eqc(name, NAMES[i])) {
			*ret = (enum queue_id)i;
			return true;
		}
	}
	return false;
}

int64_t queue_first_id(enum queue_id q)
{
	return ((int64_t)q + 1) << QUEUE_ID_BITS;
}

int64_t queue_last_id(enum queue_id q)
{
	return (((int64_t)q + 2) << QUEUE_ID_BITS) - 1;
}

bool queue_of_id(int64_t id, enum queue_id *ret)
{
	int64_t n = (id >> QUEUE_ID_BITS) - 1;

	if (n < 0 || n >= QUEUE_COUNT)
		return false;
	*ret = (enum queue_id)n;
	return true;
}

void queue_configure(struct queues *qs, enum queue_id q, const struct queue_config *c)
{
	ASSERT(c->concurrency > 0 && c->attempts > 0 && c->batch > 0);
	mtx_lock(&qs->lock);
	qs->q[q].config = *c;
	mtx_unlock(&qs->lock);
}

struct queue_config queue_get_config(struct queues *qs, enum queue_id q)
{
	struct queue_config c;

	mtx_lock(&qs->lock);
	c = qs->q[q].config;
	mtx_unlock(&qs->lock);
	return c;
}

int64_t *queues_group_targets(struct queues *qs)
{
	return qs->group_targets;
}

/* ---- around units and transactions ---- */

void queues_unit_begin(struct queues *qs)
{
	for (int i = 0; i < QUEUE_COUNT; i++)
		qs->q[i].saved = qs->q[i].delta;
}

void queues_unit_undo(struct queues *qs)
{
	for (int i = 0; i < QUEUE_COUNT; i++) {
		int64_t sequence = qs->q[i].delta.sequence; /* a number once given is not given again */
		bool touched = qs->q[i].delta.touched;

		qs->q[i].delta = qs->q[i].saved;
		qs->q[i].delta.sequence = sequence;
		qs->q[i].delta.touched = touched;
	}
}

enum rc queues_before_commit(struct queues *qs, struct db *db, struct err *e)
{
	for (int i = 0; i < QUEUE_COUNT; i++) {
		const struct queue *q = &qs->q[i];
		struct stmt s;

		if (!q->delta.touched)
			continue;
		TRY(stmt_begin(db, Q_QUEUE_COUNT, &s, e));
		stmt_bind_text(&s, "name", NAMES[i]);
		stmt_bind_i64(&s, "accepted", q->base.accepted + q->delta.accepted);
		stmt_bind_i64(&s, "done", q->base.done + q->delta.done);
		stmt_bind_i64(&s, "failed", q->base.failed + q->delta.failed);
		stmt_bind_i64(&s, "dead", q->base.dead + q->delta.dead);
		stmt_bind_i64(&s, "discarded", q->base.discarded + q->delta.discarded);
		stmt_bind_i64(&s, "sequence", q->base.sequence + q->delta.sequence);
		TRY(stmt_run(&s, e));
	}
	return RC_OK;
}

static void rate_add(struct queue *q, int64_t now_ms, int64_t done)
{
	int64_t second = now_ms / SECOND_MS;

	if (second - q->rate_second >= QUEUE_RATE_SECONDS || second < q->rate_second)
		q->rate_second = second - QUEUE_RATE_SECONDS; /* all cells are old */
	while (q->rate_second < second)
		q->rate[++q->rate_second % QUEUE_RATE_SECONDS] = 0;
	q->rate[second % QUEUE_RATE_SECONDS] += (uint32_t)done;
}

void queues_after_commit(struct queues *qs, int64_t now_ms)
{
	mtx_lock(&qs->lock);
	for (int i = 0; i < QUEUE_COUNT; i++) {
		struct queue *q = &qs->q[i];

		if (!q->delta.touched)
			continue;
		q->base.accepted += q->delta.accepted;
		q->base.done += q->delta.done;
		q->base.failed += q->delta.failed;
		q->base.dead += q->delta.dead;
		q->base.discarded += q->delta.discarded;
		q->base.sequence += q->delta.sequence;
		if (q->delta.done > 0)
			rate_add(q, now_ms, q->delta.done);
		q->delta = (struct queue_numbers){ 0 };
	}
	mtx_unlock(&qs->lock);
}

void queues_rollback(struct queues *qs)
{
	for (int i = 0; i < QUEUE_COUNT; i++)
		qs->q[i].delta = (struct queue_numbers){ 0 };
}

/* ---- adding ---- */

/* A batch queue runs one batch at a time in order of ids: its jobs need no chains, and a batch may hold many of a key. */
int64_t queue_order_key(const struct queue *q, int64_t okey)
{
	return q->config.batch > 1 ? 0 : okey;
}

struct added {
	int64_t id, okey, lane, ref, created_ms, due_ms;
	enum queue_id queue;
	enum job_prio prio;
};
_Static_assert(sizeof(struct added) <= TX_AFTER_MAX, "fits in an after record");

static void add_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct added *a = arg;
	struct queue *q = &qs->q[a->queue];

	mtx_lock(&qs->lock);
	q->rows++;
	q->newest = a->id;
	if (q->spilled || q->in_memory >= qs->memory_max) {
		q->spilled = true;
	} else {
		struct slot *s = sched_slot_new(qs);

		s->id = a->id;
		s->okey = queue_order_key(q, a->okey);
		s->lane = a->lane;
		s->ref = a->ref;
		s->created_ms = a->created_ms;
		s->due_ms = a->due_ms;
		s->prio = a->prio;
		q->loaded_to = a->id;
		sched_insert(qs, q, s, a->created_ms);
		sched_signal(q);
	}
	mtx_unlock(&qs->lock);
}

static enum rc add_row(struct tx *tx, const struct job_new *n, int64_t *ret_id, struct err *e)
{
	struct queue *q = &store_queues(tx->store)->q[n->queue];
	struct added a = { .okey = n->okey, .lane = n->lane, .ref = n->ref, .created_ms = tx->now_ms,
			   .due_ms = n->due_ms, .queue = n->queue, .prio = n->prio };
	struct stmt s;

	ASSERT(n->prio < PRIO_COUNT);
	q->delta.touched = true;
	q->delta.sequence++;
	a.id = queue_first_id(n->queue) + q->base.sequence + q->delta.sequence;
	TRY(stmt_begin(tx->db, Q_QUEUE_ADD, &s, e));
	stmt_bind_i64(&s, "id", a.id);
	stmt_bind_i64(&s, "okey", n->okey);
	stmt_bind_i64(&s, "lane", n->lane);
	stmt_bind_i64(&s, "prio", n->prio);
	stmt_bind_i64(&s, "due_ms", n->due_ms);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	stmt_bind_i64(&s, "ref", n->ref);
	stmt_bind_str(&s, "correlation", n->correlation);
	stmt_bind_str(&s, "payload", n->payload);
	TRY(stmt_run(&s, e));
	tx_after(tx, add_after, &a, sizeof(a));
	if (ret_id != NULL)
		*ret_id = a.id;
	return RC_OK;
}

enum rc queue_add(struct tx *tx, const struct job_new *n, int64_t *ret_id, struct err *e)
{
	TRY(add_row(tx, n, ret_id, e));
	store_queues(tx->store)->q[n->queue].delta.accepted++;
	return RC_OK;
}

enum rc queue_readd(struct tx *tx, const struct job_new *n, int64_t *ret_id, struct err *e)
{
	TRY(add_row(tx, n, ret_id, e));
	store_queues(tx->store)->q[n->queue].delta.dead--;
	return RC_OK;
}

enum rc queue_dead_discarded(struct tx *tx, enum queue_id id, struct err *e)
{
	struct queue *q = &store_queues(tx->store)->q[id];

	(void)e;
	q->delta.touched = true;
	q->delta.dead--;
	q->delta.discarded++;
	return RC_OK;
}

/* ---- settling ---- */

struct settled {
	struct slot *slot;
	uint64_t token;
	int64_t due_ms; /* -1: the job is finished */
	int64_t now_ms;
	enum queue_id queue;
	bool attempt, snooze;
};

static void settle_after(struct store *st, const void *arg)
{
	struct queues *qs = store_queues(st);
	const struct settled *d = arg;
	struct queue *q = &qs->q[d->queue];

	mtx_lock(&qs->lock);
	/* The unit renewed the lease a commit ago (lease_is_ours): it cannot have ended since. */
	ASSERT(d->slot->state == SLOT_RUNNING && d->slot->token == d->token);
	if (d->due_ms < 0) {
		q->rows--;
		sched_remove(qs, q, d->slot, d->now_ms);
	} else {
		d->slot->attempts += d->attempt ? 1 : 0;
		d->slot->snoozes += d->snooze ? 1 : 0;
		sched_return(qs, q, d->slot, d->due_ms, d->now_ms);
	}
	sched_signal(q);
	mtx_unlock(&qs->lock);
}

/* Renews the lease when it is ours, so that it cannot end between this check and the commit. */
static bool lease_is_ours(struct queues *qs, const struct job *j)
{
	struct slot *s = j->slot;
	bool ours;

	mtx_lock(&qs->lock);
	ours = s->state == SLOT_RUNNING && s->token == j->token && s->id == j->id;
	if (ours)
		s->lease_until_us = clock_mono_us() + qs->q[j->queue].config.lease_ms * 1000;
	mtx_unlock(&qs->lock);
	return ours;
}

static enum rc claim(struct tx *tx, const struct job *j, struct err *e)
{
	if (!lease_is_ours(store_queues(tx->store), j))
		return FAIL(e, RC_CONFLICT, "job %lld of %s: the lease ended", (long long)j->id, queue_name(j->queue));
	store_queues(tx->store)->q[j->queue].delta.touched = true;
	return RC_OK;
}

static void register_settled(struct tx *tx, const struct job *j, int64_t due_ms, bool attempt, bool snooze)
{
	struct settled d = { .slot = j->slot, .token = j->token, .due_ms = due_ms, .now_ms = tx->now_ms, .queue = j->queue,
			     .attempt = attempt, .snooze = snooze };

	tx_after(tx, settle_after, &d, sizeof(d));
}

enum rc queue_done(struct tx *tx, const struct job *j, struct err *e)
{
	struct stmt s;

	TRY(claim(tx, j, e));
	TRY(stmt_begin(tx->db, Q_QUEUE_REMOVE, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	TRY(stmt_run(&s, e));
	store_queues(tx->store)->q[j->queue].delta.done++;
	register_settled(tx, j, -1, false, false);
	return RC_OK;
}

/* One entry of the history: {"at":ms,"error":"..."} is made by SQL (json_object), so no JSON text is built here. */
static enum rc note_failure(struct tx *tx, const struct job *j, int64_t due_ms, const char *error, struct err *e)
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

enum rc queue_retry(struct tx *tx, const struct job *j, int64_t due_ms, const char *reason, const char *error, struct err *e)
{
	struct queue *q = &store_queues(tx->store)->q[j->queue];

	TRY(claim(tx, j, e));
	TRY(note_failure(tx, j, due_ms, error, e));
	if (j->attempts + 1 >= q->config.attempts)
		return queue_dead(tx, j, "theirs", reason, error, e);
	q->delta.failed++;
	register_settled(tx, j, due_ms, true, false);
	return RC_OK;
}

enum rc queue_snooze(struct tx *tx, const struct job *j, int64_t due_ms, const char *error, struct err *e)
{
	struct stmt s;

	TRY(claim(tx, j, e));
	TRY(stmt_begin(tx->db, Q_QUEUE_SNOOZE, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	stmt_bind_i64(&s, "due_ms", due_ms);
	stmt_bind_i64(&s, "at_ms", tx->now_ms);
	stmt_bind_text(&s, "error", error);
	TRY(stmt_run(&s, e));
	register_settled(tx, j, due_ms, false, true);
	return RC_OK;
}

enum rc queue_dead(struct tx *tx, const struct job *j, const char *class, const char *reason, const char *error, struct err *e)
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
	TRY(stmt_begin(tx->db, Q_QUEUE_REMOVE, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	TRY(stmt_run(&s, e));
	q->delta.failed++;
	q->delta.dead++;
	register_settled(tx, j, -1, false, false);
	return RC_OK;
}

enum rc queue_mark_start(struct tx *tx, const struct job *j, struct err *e)
{
	struct stmt s;

	TRY(claim(tx, j, e));
	TRY(stmt_begin(tx->db, Q_QUEUE_MARK, &s, e));
	stmt_bind_i64(&s, "id", j->id);
	stmt_bind_i64(&s, "boot", store_boot(tx->store));
	stmt_bind_i64(&s, "crashes", ((const struct slot *)j->slot)->crashes);
	return stmt_run(&s, e);
}

enum rc queue_text(struct db *db, int64_t job_id, struct arena *a, struct job_text *ret, struct err *e)
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

/* ---- taking ---- */

static bool stands_still(struct queue *q, int64_t now_ms)
{
	if (q->clearing)
		return true;
	if (!q->paused)
		return false;
	if (q->paused_until_ms != 0 && now_ms >= q->paused_until_ms)
		q->paused = false;
	return q->paused;
}

static void lease(struct queues *qs, struct queue *q, struct slot *s, struct job *ret)
{
	s->token = ++qs->tokens;
	s->lease_until_us = clock_mono_us() + q->config.lease_ms * 1000;
	*ret = (struct job){ .id = s->id, .queue = q->id, .prio = s->prio, .okey = s->okey, .lane = s->lane,
			     .ref = s->ref, .created_ms = s->created_ms, .attempts = s->attempts,
			     .snoozes = s->snoozes, .recovered = s->recovered, .token = s->token, .slot = s };
}

/* Reads the next jobs that wait on disk. The lock is not held while reading. */
static void refill(struct queues *qs, struct queue *q, int64_t now_ms)
{
	struct db *db;
	struct stmt s;
	struct err e = { 0 };
	int64_t after, n = 0;

	mtx_lock(&qs->lock);
	if (!q->spilled || q->refilling || q->clearing || q->in_memory >= qs->memory_max / 2) {
		mtx_unlock(&qs->lock);
		return;
	}
	q->refilling = true;
	after = q->loaded_to;
	mtx_unlock(&qs->lock);

	db = store_reader(qs->store);
	if (stmt_begin(db, Q_QUEUE_LOAD, &s, &e) == RC_OK) {
		stmt_bind_i64(&s, "after", after);
		stmt_bind_i64(&s, "last", queue_last_id(q->id));
		stmt_bind_i64(&s, "limit", QUEUE_REFILL);
		while (stmt_next(&s, &e) == RC_OK) {
			mtx_lock(&qs->lock);
			q->loaded_to = queue_load_row(qs, q, &s, now_ms);
			mtx_unlock(&qs->lock);
			n++;
		}
	}
	store_reader_done(qs->store, db);

	mtx_lock(&qs->lock);
	q->refilling = false;
	sched_signal(q);
	if (n < QUEUE_REFILL && q->loaded_to >= q->newest && e.rc != RC_IO)
		q->spilled = false;
	mtx_unlock(&qs->lock);
}

int queue_take(struct queues *qs, enum queue_id id, int64_t now_ms, struct job *ret_jobs, int max)
{
	struct queue *q = &qs->q[id];
	bool low;
	int n = 0;

	mtx_lock(&qs->lock);
	low = q->spilled && q->in_memory < qs->memory_max / 2;
	mtx_unlock(&qs->lock);
	if (low)
		refill(qs, q, now_ms);

	mtx_lock(&qs->lock);
	max = (int)i64_min(max, q->config.batch);
	while (n < max && !qs->stopping && !stands_still(q, now_ms)) {
		struct slot *s = sched_pick(qs, q, now_ms, true);

		if (s == NULL)
			break;
		q->taking = true;
		lease(qs, q, s, &ret_jobs[n++]);
	}
	q->taking = false;
	mtx_unlock(&qs->lock);
	return n;
}

void queue_hold(struct queues *qs, const struct job *j, int64_t due_ms)
{
	struct slot *s = j->slot;

	mtx_lock(&qs->lock);
	if (s->state == SLOT_RUNNING && s->token == j->token) {
		sched_return(qs, &qs->q[j->queue], s, due_ms, due_ms - 1);
		sched_signal(&qs->q[j->queue]);
	}
	mtx_unlock(&qs->lock);
}

static int64_t due_in(struct queues *qs, struct queue *q, int64_t now_ms) REQUIRES(qs->lock)
{
	int64_t next;

	if (stands_still(q, now_ms))
		return q->paused_until_ms != 0 ? q->paused_until_ms : INT64_MAX;
	next = sched_next_due(qs, q, now_ms);
	if (q->spilled && !q->clearing && !q->refilling && q->in_memory < qs->memory_max / 2)
		next = now_ms; /* the next take reads more from disk */
	return next;
}

bool queue_wait(struct queues *qs, enum queue_id id, int64_t now_ms, int64_t until_mono_us)
{
	struct queue *q = &qs->q[id];
	int64_t due;
	bool going;

	mtx_lock(&qs->lock);
	due = due_in(qs, q, now_ms);
	if (due > now_ms && !qs->stopping) {
		int64_t wait_ms = i64_min(due - now_ms, DAY_MS);

		q->waiters++;
		(void)cnd_wait(&q->changed, &qs->lock, i64_min(until_mono_us, clock_mono_us() + wait_ms * 1000));
		q->waiters--;
	}
	going = !qs->stopping;
	mtx_unlock(&qs->lock);
	return going;
}

int64_t queue_next_due(struct queues *qs, int64_t now_ms)
{
	int64_t next = INT64_MAX;

	mtx_lock(&qs->lock);
	for (int i = 0; i < QUEUE_COUNT; i++)
		next = i64_min(next, due_in(qs, &qs->q[i], now_ms));
	mtx_unlock(&qs->lock);
	return next;
}

void queue_stop(struct queues *qs)
{
	mtx_lock(&qs->lock);
	qs->stopping = true;
	for (int i = 0; i < QUEUE_COUNT; i++)
		cnd_broadcast(&qs->q[i].changed);
	mtx_unlock(&qs->lock);
}
