/* queue.c - names and numbers, what happens around units, adding and taking jobs. Beside it: queue_settle.c (outcomes),
 * queue_load.c (reading from disk), queue_sched.c (the schedule), queue_control.c, queue_clock.c, queue_discard.c, queue_rekey.c,
 * queue_view.c.
 *
 * Two worlds meet here: rows change inside the writer's transaction, the schedule changes after its commit
 * (tx_after). So the schedule never shows what is not on the disk. */
#include "store/queue/queue_priv.h"

#include "base/clock.h"

static const char *const NAMES[] = {
#define QUEUE(name, text, concurrency, attempts, backoff_ms, batch) text,
#include "store/queue/queue.def"
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

int64_t queue_key_mask(void)
{
	return QUEUE_KEY_MASK;
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

int64_t *queues_group_targets(struct queues *qs, enum queue_id group)
{
	return qs->group_targets[group];
}

/* ---- around units and transactions ---- */

void queues_transaction(struct queues *qs)
{
	mtx_lock(&qs->lock);
	qs->transaction++;
	mtx_unlock(&qs->lock);
}

void queues_unit_begin(struct queues *qs, int depth)
{
	for (int i = 0; i < QUEUE_COUNT; i++)
		qs->q[i].saved[depth] = qs->q[i].delta;
}

void queues_unit_undo(struct queues *qs, int depth)
{
	for (int i = 0; i < QUEUE_COUNT; i++) {
		int64_t sequence =
			qs->q[i].delta.sequence; /* a number once given is not given again */
		bool touched = qs->q[i].delta.touched;

		qs->q[i].delta = qs->q[i].saved[depth];
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
	bool tried;
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
	if (a->id <= q->loaded_to) {
		; /* a refill read it between the commit and this moment */
	} else if (q->spilled || q->in_memory >= qs->memory_max) {
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
		s->recovered = a->tried;
		q->loaded_to = a->id;
		sched_insert(qs, q, s, a->created_ms);
		sched_signal(q);
	}
	mtx_unlock(&qs->lock);
}

static enum rc add_row(struct tx *tx, const struct job_new *n, int64_t *ret_id, struct err *e)
{
	struct queue *q = &store_queues(tx->store)->q[n->queue];
	struct added a = { .okey = n->okey,
			   .lane = n->lane,
			   .ref = n->ref,
			   .created_ms = tx->now_ms,
			   .due_ms = n->due_ms,
			   .queue = n->queue,
			   .prio = n->prio,
			   .tried = n->history.p != NULL };
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
	stmt_bind_str(&s, "history", n->history);
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
	*ret = (struct job){ .id = s->id,
			     .queue = q->id,
			     .prio = s->prio,
			     .okey = s->okey,
			     .lane = s->lane,
			     .ref = s->ref,
			     .created_ms = s->created_ms,
			     .attempts = s->attempts,
			     .snoozes = s->snoozes,
			     .refusals = s->refusals,
			     .recovered = s->recovered,
			     .token = s->token,
			     .slot = s };
}

/* A job that was running when the process died runs alone: it shall not take its neighbours with it. */
static bool breaks_batch(struct queues *qs, struct queue *q, int64_t now_ms) REQUIRES(qs->lock)
{
	const struct slot *next = sched_pick(qs, q, now_ms, false);

	return next == NULL || next->crashes > 0;
}

int queue_take(struct queues *qs, enum queue_id id, int64_t now_ms, struct job *ret_jobs, int max)
{
	struct queue *q = &qs->q[id];
	bool low;
	int n = 0;

	mtx_lock(&qs->lock);
	low = queue_wants_refill(qs, q);
	mtx_unlock(&qs->lock);
	if (low)
		queue_refill(qs, q, now_ms);

	mtx_lock(&qs->lock);
	max = (int)i64_min(max, q->config.batch);
	while (n < max && !qs->stopping && !stands_still(q, now_ms)) {
		struct slot *s = n == 0 || !breaks_batch(qs, q, now_ms)
					 ? sched_pick(qs, q, now_ms, true)
					 : NULL;

		if (s == NULL)
			break;
		q->taking = true;
		lease(qs, q, s, &ret_jobs[n++]);
		if (s->crashes > 0)
			break;
	}
	q->taking = false;
	mtx_unlock(&qs->lock);
	return n;
}

/* A job of a batch queue keeps its place and the whole queue waits: its jobs stand in the order of their ids. */
static bool give_back(struct queues *qs, const struct job *j, int64_t due_ms, bool tried)
{
	struct queue *q = &qs->q[j->queue];
	struct slot *s = j->slot;
	bool ours;

	mtx_lock(&qs->lock);
	ours = queue_is_leased(j);
	if (ours) {
		s->recovered = s->recovered || tried;
		if (q->config.batch > 1) {
			q->hold_until_ms = due_ms;
			sched_return(qs, q, s, due_ms, due_ms);
		} else {
			sched_return(qs, q, s, due_ms, due_ms - 1);
			s->held = true;
		}
		sched_signal(q);
	}
	mtx_unlock(&qs->lock);
	return ours;
}

void queue_hold(struct queues *qs, const struct job *j, int64_t due_ms)
{
	(void)give_back(qs, j, due_ms, false); /* a lost lease: nothing to give back */
}

bool queue_hold_tried(struct queues *qs, const struct job *j, int64_t due_ms)
{
	return give_back(qs, j, due_ms, true);
}

bool queue_is_leased(const struct job *j)
{
	const struct slot *s = j->slot;

	return s->state == SLOT_RUNNING && s->token == j->token && s->id == j->id;
}

bool queue_renew(struct queues *qs, const struct job *j)
{
	struct slot *s = j->slot;
	bool ours;

	mtx_lock(&qs->lock);
	ours = queue_is_leased(j);
	if (ours)
		s->lease_until_us = clock_mono_us() + qs->q[j->queue].config.lease_ms * 1000;
	mtx_unlock(&qs->lock);
	return ours;
}

static int64_t due_in(struct queues *qs, struct queue *q, int64_t now_ms) REQUIRES(qs->lock)
{
	int64_t next;

	if (stands_still(q, now_ms))
		return q->paused_until_ms != 0 ? q->paused_until_ms : INT64_MAX;
	next = sched_next_due(qs, q, now_ms);
	if (queue_wants_refill(qs, q))
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
		(void)cnd_wait(&q->changed, &qs->lock,
			       i64_min(until_mono_us, clock_mono_us() + wait_ms * 1000));
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
