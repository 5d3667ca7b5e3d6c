/* store.c - group commit: the writer thread, the readers' pool, open and close. Promises: see store.h. */
#include "store/store.h"

#include "base/clock.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/thr.h"
#include "io/crypto.h"
#include "io/migrate.h"
#include "store/queue_priv.h"

#define READERS_POOL 24        /* open read connections at most */
#define BUCKETS      16
#define BUCKET_FIRST_US 128

struct unit {
	store_unit *run;
	void *arg;
	struct err *e;
	enum rc rc;
	struct unit *next;
	struct wake wake;
};

struct unit_list {
	struct unit *head, *tail;
	int64_t n;
};

struct after {
	tx_after_fn *fn;
	_Alignas(16) unsigned char arg[TX_AFTER_MAX];
};

struct store {
	char path[512];
	struct db *writer;
	int64_t (*clock)(void);
	struct queues *queues;
	int64_t boot;
	char boot_id[ID_TEXT_MAX];
	bool unclean, read_only;
	void (*on_event)(void *arg);
	void *on_event_arg;

	struct mtx lock; /* LOCK_STORE */
	struct cnd work;
	struct unit_list waiting[2]; /* by enum store_class */
	bool stopping;
	bool gathering; /* the writer wakes by itself: no signal wanted */
	bool threaded;
	struct thr thread;
	struct store_stats stats;

	/* The writer's own */
	struct after *after;
	size_t after_n, after_cap;
	bool event_published;

	struct mtx pool_lock; /* LOCK_POOL */
	struct cnd pool_free;
	struct db *pool[READERS_POOL];
	int pool_n, pool_open;
};

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

void store_event_published(struct tx *tx)
{
	tx->store->event_published = true;
}

/* ---- one transaction ---- */

/* Runs one unit in its savepoint. False: the transaction itself is broken (SQLite ended it). */
static bool run_unit(struct store *st, struct tx *tx, struct unit *u)
{
	size_t mark = st->after_n;
	bool published = st->event_published;

	u->rc = db_savepoint(st->writer, u->e);
	if (u->rc != RC_OK)
		return db_in_transaction(st->writer);
	queues_unit_begin(st->queues);
	u->rc = u->run(tx, u->arg, u->e);
	if (u->rc == RC_OK)
		u->rc = db_release(st->writer, u->e);
	if (u->rc != RC_OK) {
		st->after_n = mark;
		st->event_published = published;
		queues_unit_undo(st->queues);
		if (!db_in_transaction(st->writer))
			return false;
		db_rollback_to(st->writer);
	}
	return true;
}

static void fail_all(struct unit *first, enum rc rc, const struct err *e)
{
	for (struct unit *u = first; u != NULL; u = u->next) {
		if (u->rc == RC_OK || u->rc == RC_COUNT) {
			u->rc = rc;
			if (u->e != NULL && u->e->rc == RC_OK)
				*u->e = *e;
		}
	}
}

static void count_commit(struct store *st, int64_t units, int64_t failed, int64_t us, bool ok)
{
	int bucket = 0;

	while (bucket < BUCKETS - 1 && us > (int64_t)BUCKET_FIRST_US << bucket)
		bucket++;
	mtx_lock(&st->lock);
	st->stats.units += units;
	st->stats.failed_units += failed;
	st->stats.failing = !ok;
	if (ok) {
		st->stats.commits++;
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

	if (rc == RC_OK)
		rc = db_commit(st->writer, e);
	if (rc != RC_OK)
		return rc;
	queues_after_commit(st->queues, now_ms);
	for (size_t i = 0; i < st->after_n; i++)
		st->after[i].fn(st, st->after[i].arg);
	if (st->event_published && st->on_event != NULL)
		st->on_event(st->on_event_arg);
	return RC_OK;
}

/* One transaction over the list. Units beyond the time budget are returned for the next one. */
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
	rc = db_begin(st->writer, &e);
	for (struct unit *u = first; rc == RC_OK && u != NULL; u = u->next) {
		alive = run_unit(st, &tx, u);
		units++;
		failed += u->rc != RC_OK ? 1 : 0;
		if (!alive)
			break;
		if (u->next != NULL && clock_mono_us() - began_us > STORE_BATCH_MS_MAX * 1000) {
			rest = u->next;
			u->next = NULL;
		}
	}
	if (rc == RC_OK)
		rc = alive ? finish(st, tx.now_ms, &e) : FAIL(&e, RC_LIMIT, "the transaction was ended by the disk: full or failing");
	if (rc != RC_OK) {
		if (db_in_transaction(st->writer))
			db_rollback(st->writer);
		queues_rollback(st->queues);
		fail_all(first, rc == RC_LIMIT ? RC_LIMIT : RC_IO, &e);
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

static void writer_run(void *arg)
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

enum rc store_write(struct store *st, enum store_class cls, store_unit *run, void *arg, struct err *e)
{
	struct unit u = { .run = run, .arg = arg, .e = e, .rc = RC_COUNT };
	struct unit_list *l = &st->waiting[cls];

	if (st->read_only)
		return FAIL(e, RC_REFUSED, "the store is open for reading only");
	if (!st->threaded) {
		(void)run_batch(st, &u);
		return u.rc;
	}
	mtx_lock(&st->lock);
	if (l->n >= (int64_t)STORE_QUEUE_MAX || st->stopping) {
		mtx_unlock(&st->lock);
		return FAIL(e, RC_LIMIT, "too many writes wait: try again in a moment");
	}
	if (l->tail != NULL)
		l->tail->next = &u;
	else
		l->head = &u;
	l->tail = &u;
	if (l->n++ == 0 && !st->gathering)
		cnd_signal(&st->work);
	mtx_unlock(&st->lock);
	wake_wait(&u.wake);
	return u.rc;
}

/* ---- readers ---- */

struct db *store_reader(struct store *st)
{
	struct db *db = NULL;
	bool open_one = false;

	mtx_lock(&st->pool_lock);
	while (st->pool_n == 0 && st->pool_open == READERS_POOL)
		(void)cnd_wait(&st->pool_free, &st->pool_lock, INT64_MAX);
	if (st->pool_n > 0) {
		db = st->pool[--st->pool_n];
	} else {
		st->pool_open++;
		open_one = true;
	}
	mtx_unlock(&st->pool_lock);
	if (open_one) {
		struct err e = { 0 };

		/* The file was opened and migrated before: only memory or descriptors can be missing. */
		if (db_open(st->path, DB_READER, &db, &e) != RC_OK)
			base_bug(__FILE__, __LINE__, __func__, e.text);
	}
	return db;
}

void store_reader_done(struct store *st, struct db *db)
{
	mtx_lock(&st->pool_lock);
	st->pool[st->pool_n++] = db;
	cnd_signal(&st->pool_free);
	mtx_unlock(&st->pool_lock);
}

/* ---- open and close ---- */

static enum rc begin_boot(struct store *st, int64_t now_ms, struct err *e)
{
	uint8_t rnd[10];
	struct stmt s;

	crypto_random(rnd, sizeof(rnd));
	id_random_text(now_ms, rnd, st->boot_id);
	TRY(stmt_begin(st->writer, Q_STORE_LAST_BOOT, &s, e));
	switch (stmt_next(&s, e)) {
	case RC_OK:
		st->unclean = stmt_i64(&s, "unclean") != 0;
		stmt_end(&s);
		break;
	case RC_ABSENT:
		break;
	case RC_CONFLICT: case RC_INVALID: case RC_REFUSED: case RC_LIMIT: case RC_RETRY:
	case RC_UNKNOWN: case RC_IO: case RC_COUNT:
		return e != NULL ? e->rc : RC_IO;
	}
	TRY(stmt_begin(st->writer, Q_STORE_BOOT, &s, e));
	stmt_bind_text(&s, "boot_id", st->boot_id);
	stmt_bind_i64(&s, "started_ms", now_ms);
	TRY(stmt_run(&s, e));
	st->boot = db_last_rowid(st->writer);
	return RC_OK;
}

/* The salt of the ids: made once per box, kept as a setting that no one edits. */
static enum rc load_salt(struct store *st, int64_t now_ms, struct err *e)
{
	struct stmt s;
	uint64_t salt = 0;
	char text[32];
	enum rc rc;

	TRY(stmt_begin(st->writer, Q_STORE_SALT, &s, e));
	rc = stmt_next(&s, e);
	if (rc == RC_OK) {
		bool ok = str_u64_hex(stmt_str(&s, "value"), &salt);

		stmt_end(&s);
		if (!ok)
			return FAIL(e, RC_IO, "the id salt in the database is damaged");
	} else if (rc == RC_ABSENT && !st->read_only) {
		crypto_random((uint8_t *)&salt, sizeof(salt));
		salt &= ((uint64_t)1 << 34) - 1;
		(void)snprintf(text, sizeof(text), "%llx", (unsigned long long)salt);
		TRY(stmt_begin(st->writer, Q_STORE_SET_SALT, &s, e));
		stmt_bind_text(&s, "value", text);
		stmt_bind_i64(&s, "updated_ms", now_ms);
		TRY(stmt_run(&s, e));
	} else if (rc != RC_ABSENT) {
		return rc;
	}
	ids_set_salt(salt);
	return RC_OK;
}

static enum rc start_writing(struct store *st, int64_t now_ms, struct err *e)
{
	enum rc rc;

	TRY(db_begin(st->writer, e));
	rc = begin_boot(st, now_ms, e);
	if (rc == RC_OK)
		rc = load_salt(st, now_ms, e);
	if (rc == RC_OK)
		rc = queues_load(st, st->writer, now_ms, &st->queues, e);
	if (rc == RC_OK)
		rc = db_commit(st->writer, e);
	if (rc != RC_OK && db_in_transaction(st->writer))
		db_rollback(st->writer);
	return rc;
}

static enum rc open_writer(struct store *st, const struct store_options *o, struct err *e)
{
	TRY(db_open(o->path, DB_WRITER, &st->writer, e));
	if (o->migrate) {
		struct migrate_report report;
		size_t count;
		const struct migration *table = migrate_table(&count);

		TRY(migrate_run(st->writer, table, count, o->now_ms, &report, e));
	}
	return start_writing(st, o->now_ms, e);
}

enum rc store_open(const struct store_options *o, struct store **ret, struct err *e)
{
	struct store *st = mem_new(1, sizeof(*st));
	enum rc rc = RC_OK;

	mtx_init(&st->lock, LOCK_STORE);
	mtx_init(&st->pool_lock, LOCK_POOL);
	cnd_init(&st->work);
	cnd_init(&st->pool_free);
	st->clock = o->clock != NULL ? o->clock : clock_now_ms;
	st->read_only = o->read_only;
	if (!str_copy(str_of(o->path), st->path, sizeof(st->path)))
		rc = FAIL(e, RC_INVALID, "the path of the database is too long");
	else if (!o->read_only)
		rc = open_writer(st, o, e);
	else
		rc = db_open(o->path, DB_READER, &st->writer, e);
	if (rc == RC_OK && o->read_only)
		rc = load_salt(st, o->now_ms, e);
	if (rc != RC_OK) {
		store_close(st);
		return rc;
	}
	*ret = st;
	return RC_OK;
}

enum rc store_run(struct store *st, struct err *e)
{
	ASSERT(!st->threaded && !st->read_only);
	st->threaded = true;
	return thr_start(&st->thread, "writer", writer_run, st, e);
}

static enum rc stop_unit(struct tx *tx, void *arg, struct err *e)
{
	struct stmt s;

	(void)arg;
	TRY(stmt_begin(tx->db, Q_STORE_STOP, &s, e));
	stmt_bind_i64(&s, "id", tx->store->boot);
	stmt_bind_i64(&s, "stopped_ms", tx->now_ms);
	return stmt_run(&s, e);
}

static void release(struct store *st)
{
	mtx_lock(&st->pool_lock);
	while (st->pool_n > 0)
		db_close(st->pool[--st->pool_n]);
	mtx_unlock(&st->pool_lock);
	db_close(st->writer);
	queues_free(st->queues);
	mem_free(st->after);
	cnd_destroy(&st->work);
	cnd_destroy(&st->pool_free);
	mtx_destroy(&st->lock);
	mtx_destroy(&st->pool_lock);
	mem_free(st);
}

void store_abandon(struct store *st)
{
	if (st == NULL)
		return;
	ASSERT(!st->threaded);
	release(st);
}

void store_close(struct store *st)
{
	struct err e = { 0 };

	if (st == NULL)
		return;
	if (st->queues != NULL && store_write(st, STORE_NORMAL, stop_unit, NULL, &e) != RC_OK)
		log_err(LOG_DEBUG, "store.stop_not_recorded", &e);
	if (st->threaded) {
		mtx_lock(&st->lock);
		st->stopping = true;
		cnd_signal(&st->work);
		mtx_unlock(&st->lock);
		thr_join(&st->thread);
	}
	if (st->writer != NULL && !st->read_only && db_checkpoint(st->writer, &e) != RC_OK)
		log_err(LOG_DEBUG, "store.checkpoint_failed", &e);
	release(st);
}

/* ---- small answers ---- */

struct queues *store_queues(struct store *st) { return st->queues; }
int64_t store_boot(const struct store *st) { return st->boot; }
const char *store_boot_id(const struct store *st) { return st->boot_id; }
const char *store_path(const struct store *st) { return st->path; }
bool store_was_unclean(const struct store *st) { return st->unclean; }

void store_on_event(struct store *st, void (*fn)(void *arg), void *arg)
{
	st->on_event_arg = arg;
	st->on_event = fn;
}

void store_get_stats(struct store *st, struct store_stats *ret)
{
	struct db *db;

	mtx_lock(&st->lock);
	*ret = st->stats;
	ret->waiting = st->waiting[0].n + st->waiting[1].n;
	mtx_unlock(&st->lock);
	db = store_reader(st);
	db_get_stats(db, &ret->file);
	store_reader_done(st, db);
}
