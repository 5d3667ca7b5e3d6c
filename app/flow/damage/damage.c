/* damage.c - see damage.h. The spool's own reading and writing is in damage_spool.c. */
#include "flow/damage/damage.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/backup/backup.h"
#include "flow/damage/damage_spool.h"
#include "io/file.h"
#include "io/folder.h"
#include "io/walscan.h"
#include "store/incident.h"
#include "store/queue/queue.h"

#define MARK     "damaged"
#define DATABASE "totem.db"
#define LOCK     "totem.lock"

static enum rc mark_write(const char *data_dir, const char *why, struct err *e)
{
	char path[FOLDER_PATH_MAX], text[ERR_TEXT_MAX + 2];

	TRY(folder_join(data_dir, MARK, path, e));
	if (file_exists(path))
		return RC_OK;                            /* the first reason counts */
	(void)snprintf(text, sizeof(text), "%s\n", why); /* fits */
	return file_write(path, str_of(text), 0600, e);
}

/* One that cannot be read (written by root) is a mark all the same. */
static void mark_read(const char *path, char ret_why[ERR_TEXT_MAX])
{
	AUTO(sbuf_release) struct sbuf b = SBUF(KIB);
	struct err e = { .rc = RC_OK };

	if (file_read(path, &b, &e) != RC_OK ||
	    !str_copy(str_trim(sbuf_view(&b)), ret_why, ERR_TEXT_MAX))
		(void)snprintf(ret_why, ERR_TEXT_MAX, "the database was found damaged");
}

static enum rc raise_unit(struct tx *tx, void *arg, struct err *e)
{
	return incident_raise(tx, INCIDENT_DATABASE_DAMAGED, "box",
			      &(struct incident_args){ { arg } }, e);
}

static void say_so(struct store *st, const char *why)
{
	struct err e = { .rc = RC_OK };

	if (store_write(st, STORE_NORMAL, raise_unit, (void *)(uintptr_t)why, &e) != RC_OK)
		log_err(LOG_WARN, "damage.incident_not_stored", &e);
}

void damage_declare(struct app *app, const char *why)
{
	struct err e = { .rc = RC_OK };

	if (__atomic_exchange_n(&app->damage_told, true, __ATOMIC_SEQ_CST))
		return;
	log_event(LOG_ERROR, "database.damaged", "why", why, "note",
		  "nothing is changed from now on, webhooks are kept in spool.db", NULL);
	if (mark_write(app->data_dir, why, &e) != RC_OK)
		log_err(LOG_ERROR, "damage.mark_not_written", &e);
	queue_stop(store_queues(app->store));
	say_so(app->store, why); /* the page may still be able to show it */
	e = (struct err){ .rc = RC_OK };
	if (damage_spool_open(app, true, &app->spool, &e) != RC_OK)
		log_err(LOG_ERROR, "damage.no_spool", &e); /* peers get 503 and keep theirs */
	else
		say_so(app->spool, why);
	__atomic_store_n(&app->damaged, true, __ATOMIC_SEQ_CST);
	store_halt(app->store);
}

void damage_watch(struct app *app)
{
	char mark[FOLDER_PATH_MAX], why[ERR_TEXT_MAX];

	if (store_is_damaged(app->store))
		damage_declare(app, "a statement met a damaged page");
	else if (!__atomic_load_n(&app->damage_told, __ATOMIC_SEQ_CST) && app->data_dir != NULL &&
		 folder_join(app->data_dir, MARK, mark, NULL) == RC_OK && file_exists(mark)) {
		mark_read(mark, why);
		damage_declare(app, why);
	}
}

struct store *damage_inbox(struct app *app)
{
	struct store *spool;

	if (!__atomic_load_n(&app->damaged, __ATOMIC_ACQUIRE))
		return app->store;
	spool = __atomic_load_n(&app->spool, __ATOMIC_ACQUIRE);
	return spool != NULL ? spool : app->store; /* halted: refused */
}

/* ---- at the start ---- */

static enum rc note_backup(void *arg, const struct folder_entry *x, struct err *e)
{
	bool *any = arg;

	(void)e;
	*any = *any || (x->is_folder && backup_name_ok(str_of(x->name)));
	return RC_OK;
}

/* What a box leaves that a blank folder has not; NULL: nothing of it. */
static const char *trace_of_a_box(const char *data_dir)
{
	char path[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };
	int64_t bytes = 0;
	bool any = false;

	if (folder_join(data_dir, "totem.key", path, &e) == RC_OK && file_exists(path))
		return "its key file is here";
	if (folder_join(data_dir, DATABASE "-wal", path, &e) == RC_OK &&
	    folder_file_bytes(path, &bytes, &e) == RC_OK && bytes > 0)
		return "its write-ahead log is here";
	err_clear(&e);
	if (folder_join(data_dir, "backups", path, &e) == RC_OK &&
	    folder_each(path, note_backup, &any, &e) == RC_OK && any)
		return "its backups are here";
	return NULL;
}

static bool file_gone(const char *data_dir, char ret_why[ERR_TEXT_MAX])
{
	char path[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };
	const char *trace;
	int64_t bytes = 0;
	enum rc rc;

	if (folder_join(data_dir, DATABASE, path, &e) != RC_OK)
		return false;
	rc = folder_file_bytes(path, &bytes, &e);
	if ((rc != RC_OK && rc != RC_ABSENT) || bytes > 0)
		return false;
	trace = trace_of_a_box(data_dir);
	if (trace == NULL)
		return false;
	(void)snprintf(ret_why, ERR_TEXT_MAX, "totem.db is %s, but %s",
		       rc == RC_ABSENT ? "missing" : "empty", trace);
	return true;
}

/* SQLite makes the log before its index and removes the index before the log. */
static bool log_gone(const char *data_dir, char ret_why[ERR_TEXT_MAX])
{
	char wal[FOLDER_PATH_MAX], shm[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };

	if (folder_join(data_dir, DATABASE "-wal", wal, &e) != RC_OK ||
	    folder_join(data_dir, DATABASE "-shm", shm, &e) != RC_OK || file_exists(wal) ||
	    !file_exists(shm))
		return false;
	(void)snprintf(ret_why, ERR_TEXT_MAX,
		       "totem.db-wal is missing, and what was stored last was in it: put it back "
		       "and remove the file named damaged, or restore");
	return true;
}

bool damage_gone(const char *data_dir, char ret_why[ERR_TEXT_MAX])
{
	return file_gone(data_dir, ret_why) || log_gone(data_dir, ret_why);
}

/* Changes nothing. *ret_mark: the next who reads the database would take away what shows it. */
static enum rc look(const char *data_dir, bool *ret_damaged, bool *ret_mark,
		    char ret_why[ERR_TEXT_MAX], struct err *e)
{
	char mark[FOLDER_PATH_MAX], wal[FOLDER_PATH_MAX];
	struct walscan w;

	*ret_mark = false;
	TRY(folder_join(data_dir, MARK, mark, e));
	*ret_damaged = file_exists(mark);
	if (*ret_damaged) {
		mark_read(mark, ret_why);
		return RC_OK;
	}
	*ret_damaged = file_gone(data_dir, ret_why);
	if (*ret_damaged)
		return RC_OK;
	*ret_damaged = *ret_mark = log_gone(data_dir, ret_why);
	if (*ret_damaged)
		return RC_OK;
	TRY(folder_join(data_dir, DATABASE "-wal", wal, e));
	TRY(walscan_read(wal, &w, e));
	*ret_damaged = *ret_mark = walscan_is_damaged(&w);
	if (*ret_damaged)
		(void)snprintf(ret_why, ERR_TEXT_MAX,
			       w.bad_head ? "the head of the write-ahead log is damaged"
					  : "the write-ahead log is damaged at frame %lld: %lld "
					    "commits behind it could not be read",
			       (long long)w.bad_frame, (long long)w.lost_commits);
	return RC_OK;
}

enum rc damage_look(const char *data_dir, bool *ret_damaged, char ret_why[ERR_TEXT_MAX],
		    struct err *e)
{
	bool mark;

	TRY(look(data_dir, ret_damaged, &mark, ret_why, e));
	return mark ? mark_write(data_dir, ret_why, e) : RC_OK;
}

enum rc damage_here(const char *data_dir, bool *ret_damaged, char ret_why[ERR_TEXT_MAX],
		    struct err *e)
{
	struct err held = { .rc = RC_OK };
	char lock[FOLDER_PATH_MAX];
	bool mark;
	int fd = -1;
	enum rc rc;

	TRY(look(data_dir, ret_damaged, &mark, ret_why, e));
	if (!mark) /* whole, or told by what stays */
		return RC_OK;
	/* A log that is being written may look so for a moment: it is judged by whoever holds the lock. */
	TRY(folder_join(data_dir, LOCK, lock, e));
	rc = file_lock(lock, &fd, &held);
	if (rc == RC_CONFLICT) {
		TRY(folder_join(data_dir, MARK, lock, e));
		*ret_damaged = file_exists(lock);
		return RC_OK;
	}
	if (rc != RC_OK)
		return RC_OK; /* a disk that cannot be written: what was seen counts */
	rc = look(data_dir, ret_damaged, &mark, ret_why, e);
	file_unlock(fd);
	return rc;
}

bool damage_explains(const char *data_dir, char ret_why[ERR_TEXT_MAX])
{
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	bool damaged = false;

	if (folder_join(data_dir, DATABASE, path, &e) != RC_OK ||
	    db_probe(path, &damaged, &e) != RC_OK || !damaged)
		return false;
	(void)snprintf(ret_why, ERR_TEXT_MAX, "totem.db is damaged");
	if (mark_write(data_dir, ret_why, &e) != RC_OK)
		log_err(LOG_ERROR, "damage.mark_not_written", &e);
	return true;
}

enum rc damage_start(struct app *app, const char *why, struct err *e)
{
	TRY(damage_spool_open(app, false, &app->store, e));
	__atomic_store_n(&app->damage_told, true, __ATOMIC_SEQ_CST);
	__atomic_store_n(&app->damaged, true, __ATOMIC_SEQ_CST);
	log_event(LOG_ERROR, "database.damaged", "why", why, "note",
		  "nothing is changed, webhooks are kept in spool.db; totem restore brings a "
		  "backup back",
		  NULL);
	say_so(app->store, why);
	__atomic_store_n(&app->spool, app->store, __ATOMIC_RELEASE);
	return RC_OK;
}

void damage_close(struct app *app)
{
	if (app->spool != NULL && app->spool != app->store)
		store_close(app->spool);
	app->spool = NULL;
}
