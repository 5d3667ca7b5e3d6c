/* damage_spool.c - see damage_spool.h. */
#include "flow/damage/damage_spool.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/backup/backup.h"
#include "flow/damage/damage.h"
#include "io/file.h"
#include "store/delivery.h"
#include "store/setting/setting.h"
#include "store/target.h"

#define SPOOL "spool.db"
#define CHUNK 100 /* requests taken over in one commit */

/* ---- what the spool has to know ---- */

struct seed {
	struct db *from;
	int64_t now_ms;
	int64_t copied;
};

static enum rc seed_target(struct tx *tx, const struct target *t, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(tx->db, Q_SPOOL_TARGET, &s, e));
	stmt_bind_i64(&s, "id", t->id);
	stmt_bind_i64(&s, "company_id", t->company_id);
	stmt_bind_text(&s, "kind", t->kind);
	stmt_bind_text(&s, "slug", t->slug);
	stmt_bind_i64(&s, "created_ms", tx->now_ms);
	return stmt_run(&s, e);
}

struct target_list {
	struct target t[64];
	size_t n;
};

static enum rc note_target(void *arg, const struct target *t, struct err *e)
{
	struct target_list *l = arg;

	(void)e;
	if (l->n < COUNT(l->t))
		l->t[l->n++] = *t;
	return RC_OK;
}

/* Sealed values are copied as they are: the key file is the same. */
static enum rc seed_settings(struct tx *tx, struct seed *w, struct err *e)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	enum rc rc;

	TRY(stmt_begin(w->from, Q_SETTING_LIST, &q, e));
	while ((rc = stmt_next(&q, e)) == RC_OK) {
		AUTO(stmt_end) struct stmt s = { 0 };

		TRY(stmt_begin(tx->db, Q_SETTING_PUT, &s, e));
		stmt_bind_str(&s, "key", stmt_str(&q, "key"));
		stmt_bind_str(&s, "value", stmt_str(&q, "value"));
		stmt_bind_i64(&s, "updated_ms", w->now_ms);
		TRY(stmt_run(&s, e));
		w->copied++;
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc seed_unit(struct tx *tx, void *arg, struct err *e)
{
	struct target_list list = { .n = 0 };
	struct seed *w = arg;

	w->now_ms = tx->now_ms;
	TRY(target_each(w->from, note_target, &list, e));
	for (size_t i = 0; i < list.n; i++)
		TRY(seed_target(tx, &list.t[i], e));
	return seed_settings(tx, w, e);
}

/* True: settings came from there. A damaged source may give all, or nothing. */
static bool seed_from(struct store *spool, const char *path)
{
	struct err e = { .rc = RC_OK };
	struct seed w = { .from = NULL };
	int64_t bytes;
	enum rc rc;

	/* Not an empty one: SQLite would delete the log beside it. */
	if (folder_file_bytes(path, &bytes, &e) != RC_OK || bytes == 0 ||
	    db_open(path, DB_READER, &w.from, &e) != RC_OK)
		return false;
	rc = store_write(spool, STORE_NORMAL, seed_unit, &w, &e);
	db_close(w.from);
	if (rc != RC_OK)
		log_err(LOG_WARN, "spool.settings_not_read", &e);
	return rc == RC_OK && w.copied > 0;
}

static void seed(struct app *app, struct store *spool)
{
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX], folder[FOLDER_PATH_MAX];
	struct backup_info newest;

	if (folder_join(app->data_dir, "totem.db", path, &e) == RC_OK && seed_from(spool, path))
		return;
	/* backup_dir is a setting and may not be readable; the usual place is. */
	if (folder_join(app->data_dir, "backups", folder, &e) == RC_OK &&
	    backup_newest(folder, app->started_ms, &newest, &e) == RC_OK &&
	    snprintf(path, sizeof(path), "%s/%s/totem.db", folder, newest.name) <
		    (int)sizeof(path) &&
	    seed_from(spool, path))
		return;
	log_event(LOG_ERROR, "spool.without_settings", "note",
		  "neither database nor backup could be read: webhooks are refused until the "
		  "secrets are in the environment or the settings file",
		  NULL);
}

/* A spool that a death left between its tables and its settings is asked again, and so is one whose source could not be
 * read then. Not counted: rows that are no settings (box.salt). */
static enum rc is_seeded(struct store *spool, bool *ret, struct err *e)
{
	struct db *db = store_reader(spool);
	struct stmt q = { 0 };
	enum rc rc = stmt_begin(db, Q_SETTING_LIST, &q, e);

	*ret = false;
	while (rc == RC_OK && !*ret && (rc = stmt_next(&q, e)) == RC_OK)
		*ret = setting_find(stmt_str(&q, "key")) != NULL;
	stmt_end(&q);
	store_reader_done(spool, db);
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return RC_OK;
}

static enum rc make_ready(struct app *app, bool running, struct store *spool, struct err *e)
{
	bool seeded;

	TRY(is_seeded(spool, &seeded, e));
	if (!seeded)
		seed(app, spool);
	return running ? store_run(spool, e) : RC_OK;
}

enum rc damage_spool_open(struct app *app, bool running, struct store **ret, struct err *e)
{
	char path[FOLDER_PATH_MAX];
	struct store_options o = { .path = path, .migrate = true, .now_ms = clock_now_ms() };
	struct store *spool;
	enum rc rc;

	TRY(folder_join(app->data_dir, SPOOL, path, e));
	TRY(store_open(&o, &spool, e));
	rc = make_ready(app, running, spool, e);
	if (rc != RC_OK) {
		store_close(spool);
		return rc;
	}
	__atomic_store_n(ret, spool, __ATOMIC_RELEASE);
	return RC_OK;
}

/* ---- taking over ---- */

struct taking {
	struct db *spool;
	int64_t after, count; /* last number taken, how many in this commit */
	bool more;
};

void damage_spool_row_read(struct stmt *q, struct damage_spool_row *ret)
{
	ret->d = (struct delivery){ .id = stmt_i64(q, "id") };
	ret->d.received_ms = stmt_i64(q, "received_ms");
	ret->d.company_id = stmt_i64(q, "company_id");
	ret->d.target_id = stmt_i64(q, "target_id");
	sbuf_str(&ret->source, stmt_str(q, "source"));
	sbuf_str(&ret->signature, stmt_str(q, "signature"));
	ret->d.source = sbuf_c(&ret->source);
	ret->d.signature = sbuf_c(&ret->signature);
	ret->d.request_id = stmt_str(q, "request_id");
	ret->d.headers = stmt_str(q, "headers");
	ret->d.body = stmt_str(q, "body");
	sbuf_str(&ret->kind, stmt_str(q, "kind"));
	ret->slug = stmt_str(q, "slug");
}

enum rc damage_spool_row_put(struct tx *tx, struct damage_spool_row *s, struct err *e)
{
	if (s->d.target_id != 0 && s->slug.p != NULL)
		TRY(target_resolve(tx, sbuf_c(&s->kind), s->slug, &s->d.target_id, e));
	return delivery_add(tx, &s->d, e);
}

void damage_spool_row_release(struct damage_spool_row *s)
{
	sbuf_release(&s->source);
	sbuf_release(&s->signature);
	sbuf_release(&s->kind);
}

static enum rc take_one(struct tx *tx, struct stmt *q, struct taking *t, struct err *e)
{
	AUTO(damage_spool_row_release) struct damage_spool_row s = DAMAGE_SPOOL_ROW;

	damage_spool_row_read(q, &s);
	t->after = s.d.id;
	return damage_spool_row_put(tx, &s, e);
}

static enum rc take_unit(struct tx *tx, void *arg, struct err *e)
{
	struct taking *t = arg;

	t->more = false;
	for (t->count = 0; t->count < CHUNK; t->count++) {
		AUTO(stmt_end) struct stmt q = { 0 };
		enum rc rc;

		TRY(stmt_begin(t->spool, Q_SPOOL_NEXT, &q, e));
		stmt_bind_i64(&q, "after_id", t->after);
		rc = stmt_next(&q, e);
		if (rc == RC_ABSENT)
			return RC_OK;
		TRY(rc);
		TRY(take_one(tx, &q, t, e));
	}
	t->more = true;
	return RC_OK;
}

static enum rc forget(struct db *spool, int64_t to_id, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(spool, Q_SPOOL_FORGET, &s, e));
	stmt_bind_i64(&s, "to_id", to_id);
	return stmt_run(&s, e);
}

/* A death between the two commits brings a chunk a second time; ingest recognizes what it knows. */
static enum rc take_all(struct app *app, struct db *spool, int64_t *ret_count, struct err *e)
{
	struct taking t = { .spool = spool, .more = true };

	while (t.more) {
		TRY(store_write(app->store, STORE_NORMAL, take_unit, &t, e));
		*ret_count += t.count;
		TRY(forget(spool, t.after, e));
	}
	return RC_OK;
}

static enum rc remove_spool(const char *path, struct err *e)
{
	static const char *const ENDS[] = { "", "-wal", "-shm" };
	char name[FOLDER_PATH_MAX];

	for (size_t i = 0; i < COUNT(ENDS); i++) {
		(void)snprintf(name, sizeof(name), "%.500s%s", path, ENDS[i]); /* fits */
		TRY(file_remove(name, e));
	}
	return RC_OK;
}

enum rc damage_take_over(struct app *app, int64_t *ret_count, struct err *e)
{
	char path[FOLDER_PATH_MAX];
	struct db *spool = NULL;
	enum rc rc;

	*ret_count = 0;
	TRY(folder_join(app->data_dir, SPOOL, path, e));
	if (!file_exists(path))
		return RC_OK;
	TRY(db_open(path, DB_WRITER, &spool, e));
	rc = take_all(app, spool, ret_count, e);
	db_close(spool);
	TRY(rc);
	log_event(LOG_WARN, "spool.taken_over", "requests", LOG_I64(*ret_count), NULL);
	return remove_spool(path, e);
}
