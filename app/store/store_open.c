/* store_open.c - opening (boot, salt of the ids, queues), running and closing. */
#include "base/clock.h"
#include "base/log.h"
#include "io/crypto.h"
#include "io/migrate.h"
#include "store/store_priv.h"

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
	case RC_CONFLICT:
	case RC_INVALID:
	case RC_REFUSED:
	case RC_LIMIT:
	case RC_RETRY:
	case RC_UNKNOWN:
	case RC_IO:
	case RC_COUNT:
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
	if (rc != RC_OK)
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
	TRY(thr_start(&st->thread, "writer", store_writer, st, e));
	st->threaded = true;
	return RC_OK;
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

static enum rc beat_unit(struct tx *tx, void *arg, struct err *e)
{
	struct stmt s;

	(void)arg;
	TRY(stmt_begin(tx->db, Q_STORE_BEAT, &s, e));
	stmt_bind_i64(&s, "id", tx->store->boot);
	stmt_bind_i64(&s, "alive_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc store_beat(struct store *st, struct err *e)
{
	return store_write(st, STORE_NORMAL, beat_unit, NULL, e);
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
