/* store_pool.c - the readers' pool and what can be asked about the store. */
#include "base/log.h"
#include "store/store_priv.h"

/* Opens one more connection. NULL: it cannot be (descriptors, memory) and others are in use: one of them will do. */
static struct db *open_reader(struct store *st)
{
	struct err e = { 0 };
	struct db *db = NULL;
	int left;

	if (db_open(st->path, DB_READER, &db, &e) == RC_OK)
		return db;
	mtx_lock(&st->pool_lock);
	left = --st->pool_open;
	mtx_unlock(&st->pool_lock);
	/* The file was opened and migrated before. */
	if (left == 0)
		base_bug(__FILE__, __LINE__, __func__, e.text);
	log_err(LOG_WARN, "store.reader_not_opened", &e);
	return NULL;
}

/* An idle one, or NULL and the right to open one. After a failed opening only idle ones count. */
static struct db *wait_for_reader(struct store *st, bool may_open)
{
	struct db *db = NULL;

	mtx_lock(&st->pool_lock);
	while (st->pool_n == 0 &&
	       (st->pool_open == READERS_POOL || (!may_open && st->pool_open > 0)))
		(void)cnd_wait(&st->pool_free, &st->pool_lock, INT64_MAX);
	if (st->pool_n > 0)
		db = st->pool[--st->pool_n];
	else
		st->pool_open++;
	mtx_unlock(&st->pool_lock);
	return db;
}

struct db *store_reader(struct store *st)
{
	struct db *db = wait_for_reader(st, true);

	if (db == NULL)
		db = open_reader(st);
	while (db == NULL) {
		db = wait_for_reader(st, false);
		if (db == NULL)
			db = open_reader(st);
	}
	return db;
}

void store_reader_done(struct store *st, struct db *db)
{
	if (db_is_damaged(db))
		__atomic_store_n(&st->damaged, true, __ATOMIC_RELAXED);
	mtx_lock(&st->pool_lock);
	st->pool[st->pool_n++] = db;
	cnd_signal(&st->pool_free);
	mtx_unlock(&st->pool_lock);
}

struct queues *store_queues(struct store *st)
{
	return st->queues;
}
int64_t store_boot(const struct store *st)
{
	return st->boot;
}
const char *store_boot_id(const struct store *st)
{
	return st->boot_id;
}
bool store_was_unclean(const struct store *st)
{
	return st->unclean;
}

void store_halt(struct store *st)
{
	__atomic_store_n(&st->halted, true, __ATOMIC_RELAXED);
}

bool store_is_damaged(const struct store *st)
{
	return __atomic_load_n(&st->damaged, __ATOMIC_RELAXED);
}

void store_on_event(struct store *st, void (*fn)(void *arg), void *arg)
{
	mtx_lock(&st->lock);
	st->on_event_arg = arg;
	st->on_event = fn;
	mtx_unlock(&st->lock);
}

const int64_t *store_commit_count(const struct store *st)
{
	return &st->stats.commits;
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
