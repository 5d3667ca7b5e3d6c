/* store.c - group commit: units, their transaction and the writer thread. Promises: see store.h. */
#include "base/clock.h"
#include "base/limits.h"
#include "store/store_priv.h"

/* ---- after-commit records ---- */

void tx_after(struct tx *tx, tx_after_fn *fn, const void *arg, size_t bytes)
{
	struct store *st = tx->store;

	ASSERT(bytes <= TX_AFTER_MAX);
	if (st->after_n == st->after_cap) {
		st->after_cap = st->after_cap == 0 ? 256 : st->after_cap * 2;
		st->after = mem_grow(st->after, st->after_cap * sizeof(*st->after));
	}
	st->after[st->after_n].fn = fn;
	memcpy(st->after[st->after_n].arg, arg, bytes);
	st->after_n++;
}

static void empty_log(struct store *st, const void *arg)
{
	struct err e = { 0 };
	bool *ret_all;

	memcpy(&ret_all, arg, sizeof(ret_all));
	if (db_checkpoint_all(st->writer, ret_all, &e) != RC_OK)
		*ret_all = false; /* asked for again */
}

void store_empty_log(struct tx *tx, bool *ret_all)
{
	*ret_all = false;
	tx_after(tx, empty_log, &ret_all, sizeof(ret_all));
}

void store_event_published(struct tx *tx)
{
	tx->store->event_published = true;
}

/* ---- one transaction ---- */

/* RC_LIMIT and RC_IO tell the caller that the store is at its end and that the same may work later. A unit that
 * fails so while disk and memory are in order (a row too long for its arena) would fail for ever: RC_INVALID. */
static void own_fault(struct store *st, struct unit *u)
{
	if ((u->rc != RC_LIMIT && u->rc != RC_IO) || db_is_ill(st->writer))
		return;
	u->rc = RC_INVALID;
	if (u->e != NULL)
		u->e->rc = RC_INVALID;
}

/* Runs one unit in its savepoint. False: the transaction itself is broken (SQLite ended it). `depth`: 1 inside of a unit. */
static bool run_nested(struct store *st, struct tx *tx, struct unit *u, int depth)
{
	size_t mark = st->after_n;
	bool published = st->event_published;
	struct err why = { 0 };

	u->rc = db_savepoint(st->writer, u->e);
	if (u->rc != RC_OK)
		return db_in_transaction(st->writer);
	queues_unit_begin(st->queues, depth);
	u->rc = u->run(tx, u->arg, u->e);
	if (u->rc == RC_OK)
		u->rc = db_release(st->writer, u->e);
	if (u->rc == RC_OK)
		return true;
	st->after_n = mark;
	st->event_published = published;
	queues_unit_undo(st->queues, depth);
	if (!db_in_transaction(st->writer))
		return false;
	own_fault(st, u);
	/* What cannot be undone alone is undone with all the others. */
	return db_rollback_to(st->writer, &why) == RC_OK;
}

enum rc store_try(struct tx *tx, store_unit *unit, void *arg, struct err *e)
{
	struct store *st = tx->store;
	struct unit u = { .run = unit, .arg = arg, .e = e };

	/* A broken transaction is found again by the unit around this one. */
	if (!run_nested(st, tx, &u, 1) && u.rc != RC_LIMIT)
		u.rc = RC_IO;
	return u.rc;
}

/* Nothing of the transaction remains. Returns how many units it had; those that failed by themselves keep their reason. */
static int64_t fail_all(struct unit *first, enum rc rc, const struct err *e)
{
	int64_t n = 0;

	for (struct unit *u = first; u != NULL; u = u->next, n++) {
		if (u->rc != RC_OK && u->rc != RC_COUNT)
			continue;
		u->rc = rc;
		if (u->e != NULL) {
			*u->e = *e;
			u->e->rc = rc;
		}
	}
	return n;
}

#define BUCKETS         16
#define BUCKET_FIRST_US 128

static void count_commit(struct store *st, int64_t units, int64_t failed, int64_t us, bool ok)
{
	int bucket = 0;

	while (bucket < BUCKETS - 1 && us > (int64_t)BUCKET_FIRST_US << bucket)
		bucket++;
	if (!ok && db_is_damaged(st->writer))
		__atomic_store_n(&st->damaged, true, __ATOMIC_RELAXED);
	mtx_lock(&st->lock);
	st->stats.units += units;
	st->stats.failed_units += failed;
	st->stats.failing = !ok;
	if (ok) {
		/* Also read without the lock: store_commit_count. */
		__atomic_store_n(&st->stats.commits, st->stats.commits + 1, __ATOMIC_RELAXED);
		st->stats.batch_max = i64_max(st->stats.batch_max, units);
		st->stats.commit_us_sum += us;
		st->stats.commit_us_bucket[bucket]++;
		st->stats.last_commit_ms = st->clock();
	}
	mtx_unlock(&st->lock);
}

/* Commits what the units did and applies their effects, or fails them all. */
static enum rc finish(struct store *st, int64_t now_ms, struct err *e)
{
	enum rc rc = queues_before_commit(st->queues, st->writer, e);
	void (*on_event)(void *arg);
	void *on_event_arg;

	if (rc == RC_OK)
		rc = db_commit(st->writer, e);
	if (rc != RC_OK)
		return rc;
	queues_after_commit(st->queues, now_ms);
	for (size_t i = 0; i < st->after_n; i++)
		st->after[i].fn(st, st->after[i].arg);
	mtx_lock(&st->lock);
	on_event = st->on_event;
	on_event_arg = st->on_event_arg;
	mtx_unlock(&st->lock);
	if (st->event_published && on_event != NULL)
		on_event(on_event_arg);
	return RC_OK;
}

/* Acknowledgements are never put off, and of the others at least one runs: no class starves. */
static bool may_cut_after(const struct unit *u)
{
	return u->next != NULL && u->cls == STORE_NORMAL && u->next->cls == STORE_NORMAL;
}

/* One transaction over the list. Units beyond the time budget (normal ones) are returned for the next one. */
static struct unit *run_batch(struct store *st, struct unit *first)
{
	struct tx tx = { .db = st->writer, .store = st, .now_ms = st->clock() };
	struct err e = { 0 };
	int64_t began_us = clock_mono_us(), units = 0, failed = 0;
	struct unit *rest = NULL;
	bool alive = true;
	enum rc rc;

	st->after_n = 0;
	st->event_published = false;
	queues_transaction(st->queues);
	rc = db_begin(st->writer, &e);
	for (struct unit *u = first; rc == RC_OK && u != NULL; u = u->next) {
		alive = run_nested(st, &tx, u, 0);
		units++;
		failed += u->rc != RC_OK ? 1 : 0;
		if (!alive)
			break;
		if (may_cut_after(u) && clock_mono_us() - began_us > STORE_BATCH_MS_MAX * 1000) {
			rest = u->next;
			u->next = NULL;
		}
	}
	if (rc == RC_OK)
		rc = alive ? finish(st, tx.now_ms, &e)
			   : FAIL(&e, RC_LIMIT,
				  "the transaction was ended by the disk: full or failing");
	if (rc != RC_OK) {
		db_rollback(
			st->writer); /* also when SQLite ended it by itself: the connection has to know */
		queues_rollback(st->queues);
		units = failed = fail_all(first, rc == RC_LIMIT ? RC_LIMIT : RC_IO, &e);
	}
	st->after_n = 0;
	count_commit(st, units, failed, clock_mono_us() - began_us, rc == RC_OK);
	return rest;
}

/* ---- the writer thread ---- */

static struct unit *take_list(struct unit_list *l, size_t max)
{
	struct unit *first = l->head, *last = first;
	size_t n = 1;

	if (first == NULL)
		return NULL;
	while (last->next != NULL && n < max) {
		last = last->next;
		n++;
	}
	l->head = last->next;
	l->n -= (int64_t)n;
	if (l->head == NULL)
		l->tail = NULL;
	last->next = NULL;
	return first;
}

static void put_back(struct unit_list *l, struct unit *first)
{
	struct unit *last = first;
	int64_t n = 1;

	while (last->next != NULL) {
		last = last->next;
		n++;
	}
	last->next = l->head;
	if (l->head == NULL)
		l->tail = last;
	l->head = first;
	l->n += n;
}

/* Waits for units and takes the next batch: all urgent ones, then others. NULL: stopping and empty. */
static struct unit *next_batch(struct store *st, bool gather)
{
	struct unit *first, *last;

	mtx_lock(&st->lock);
	st->gathering = gather;
	if (gather && !st->stopping)
		(void)cnd_wait(&st->work, &st->lock, clock_mono_us() + STORE_GATHER_US);
	st->gathering = false;
	while (st->waiting[0].head == NULL && st->waiting[1].head == NULL && !st->stopping)
		(void)cnd_wait(&st->work, &st->lock, INT64_MAX);
	first = take_list(&st->waiting[STORE_URGENT], STORE_BATCH_UNITS_MAX);
	if (first == NULL) {
		first = take_list(&st->waiting[STORE_NORMAL], STORE_BATCH_UNITS_MAX);
	} else {
		for (last = first; last->next != NULL; last = last->next)
			;
		last->next = take_list(&st->waiting[STORE_NORMAL], STORE_BATCH_UNITS_MAX);
	}
	mtx_unlock(&st->lock);
	return first;
}

void store_writer(void *arg)
{
	struct store *st = arg;
	struct unit *first, *rest, *next;
	bool gather = false;

	while ((first = next_batch(st, gather)) != NULL) {
		rest = run_batch(st, first);
		if (rest != NULL) {
			mtx_lock(&st->lock);
			put_back(&st->waiting[STORE_NORMAL], rest);
			mtx_unlock(&st->lock);
		}
		gather = rest == NULL && first->next != NULL;
		for (struct unit *u = first; u != NULL; u = next) {
			next = u->next; /* the unit lives on the stack of the one we wake */
			wake_post(&u->wake);
		}
	}
}

/* ---- callers ---- */

/* Of this thread: see store_ride. */
static _Thread_local struct store_rider *rider;

void store_ride(struct store_rider *r)
{
	rider = r;
}

struct ridden {
	store_unit *unit;
	void *arg;
	const struct store_rider *rider;
};

static enum rc ridden_unit(struct tx *tx, void *arg, struct err *e)
{
	struct ridden *r = arg;

	TRY(r->unit(tx, r->arg, e));
	return r->rider->unit(tx, r->rider->arg, e);
}

static enum rc write_one(struct store *st, struct unit *u)
{
	struct unit_list *l = &st->waiting[u->cls];

	if (!st->threaded) {
		(void)run_batch(st, u);
		return u->rc;
	}
	mtx_lock(&st->lock);
	if (l->n >= (int64_t)STORE_QUEUE_MAX || st->stopping) {
		mtx_unlock(&st->lock);
		return FAIL(u->e, RC_LIMIT, "too many writes wait: try again in a moment");
	}
	if (l->tail != NULL)
		l->tail->next = u;
	else
		l->head = u;
	l->tail = u;
	if (l->n++ == 0 && !st->gathering)
		cnd_signal(&st->work);
	mtx_unlock(&st->lock);
	wake_wait(&u->wake);
	return u->rc;
}

enum rc store_write(struct store *st, enum store_class cls, store_unit *run, void *arg,
		    struct err *e)
{
	struct store_rider *along = rider != NULL && !rider->done ? rider : NULL;
	struct ridden both = { .unit = run, .arg = arg, .rider = along };
	struct unit u = { .run = run, .arg = arg, .e = e, .rc = RC_COUNT, .cls = cls };
	enum rc rc;

	if (st->read_only)
		return FAIL(e, RC_REFUSED, "the store is open for reading only");
	if (__atomic_load_n(&st->halted, __ATOMIC_RELAXED))
		return FAIL(
			e, RC_IO,
			"the database is damaged: nothing is changed until a backup is restored");
	if (along != NULL) {
		u.run = ridden_unit;
		u.arg = &both;
	}
	rc = write_one(st, &u);
	if (along != NULL)
		along->done = rc == RC_OK;
	return rc;
}
