/* db.c - connections and statements of SQLite.
 *
 * Long file: a library's header is seen by one file only, and statements need it as connections do.
 *
 * Opening decides everything that a connection may do: defensive, untrusted schema, query_only for readers.
 * Every SQLite result passes one function (verdict) and becomes a verdict with SQLite's own text. */
#include "io/db.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/limits.h"
#include "io/crypto.h"

#define VERSION_LEAST      3051003 /* WAL-reset corruption before */
#define WRITER_BUSY_MS     5000
#define READER_BUSY_MS     2000
#define WRITER_CACHE_KIB   65536
#define READER_CACHE_KIB   2048
#define READER_LOOKASIDE   512 /* bytes and count: hundreds of readers, so small */
#define READER_LOOKASIDE_N 24
#define PATH_BYTES_MAX     4096

struct db {
	sqlite3 *raw;
	enum db_mode mode;
	bool in_transaction; /* as we believe; SQLite ends one by itself on a full disk and the like */
	bool ill;            /* see db_is_ill */
	bool damaged;        /* see db_is_damaged */
	char *path;
	sqlite3_stmt *stmts[Q_COUNT > 0 ? Q_COUNT : 1];
};

static const char *vfs_name; /* set once by tests, before any thread */

const char *db_version(void)
{
	return sqlite3_libversion();
}

void db_set_vfs(const char *name)
{
	vfs_name = name;
}

const char *db_path(const struct db *db)
{
	return db->path;
}

static enum rc verdict_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return RC_OK;
	case SQLITE_FULL:
	case SQLITE_TOOBIG:
		return RC_LIMIT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
	case SQLITE_SCHEMA:
	case SQLITE_INTERRUPT:
		return RC_RETRY;
	case SQLITE_CONSTRAINT:
		if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
		    code == SQLITE_CONSTRAINT_ROWID)
			return RC_CONFLICT;
		return RC_INVALID;
	case SQLITE_MISMATCH:
		return RC_INVALID;
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		BUG("SQLite was called in a way it forbids");
	default: /* IOERR, CORRUPT, NOTADB, READONLY, CANTOPEN, NOMEM, ERROR ... */
		return RC_IO;
	}
}

/* The disk or the memory, not the statement and not its values. */
static bool is_illness(int code)
{
	enum rc rc = verdict_of(code);

	return (rc == RC_IO || rc == RC_LIMIT) && (code & 0xff) != SQLITE_ERROR &&
	       (code & 0xff) != SQLITE_TOOBIG;
}

static bool is_damage(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

/* Turns a SQLite result into a verdict with its text; `what` is a query's name or a word. */
static enum rc verdict(struct db *db, int code, const char *what, struct err *e)
{
	enum rc rc = verdict_of(code);

	if (rc == RC_OK)
		return RC_OK;
	db->ill = db->ill || is_illness(code);
	db->damaged = db->damaged || is_damage(code);
	return FAIL(e, rc, "%s: %s (%d)", what, sqlite3_errmsg(db->raw), code);
}

static enum rc exec(struct db *db, const char *sql, const char *what, struct err *e)
{
	return verdict(db, sqlite3_exec(db->raw, sql, NULL, NULL, NULL), what, e);
}

enum rc db_exec(struct db *db, const char *sql, struct err *e)
{
	return exec(db, sql, "exec", e);
}

/* First column of the first row; RC_ABSENT without a row. `text` may be NULL. */
static enum rc first_value(struct db *db, const char *sql, int64_t *ret, char *ret_text,
			   int text_bytes, struct err *e)
{
	sqlite3_stmt *raw = NULL;
	int code = sqlite3_prepare_v3(db->raw, sql, -1, 0, &raw, NULL);
	enum rc rc;

	if (code == SQLITE_OK)
		code = sqlite3_step(raw);
	if (code == SQLITE_ROW) {
		if (ret != NULL)
			*ret = sqlite3_column_int64(raw, 0);
		if (ret_text != NULL)
			sqlite3_snprintf(text_bytes, ret_text, "%s", sqlite3_column_text(raw, 0));
	}
	rc = code == SQLITE_DONE ? RC_ABSENT : verdict(db, code, sql, e);
	sqlite3_finalize(raw);
	return rc;
}

enum rc db_pragma_i64(struct db *db, const char *pragma, int64_t *ret, struct err *e)
{
	char sql[128];

	ASSERT(strlen(pragma) < sizeof(sql) - 8);
	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA %s", pragma);
	return first_value(db, sql, ret, NULL, 0, e);
}

/* Another process may not read messages: SQLite would create the file as the umask says, and gives -wal and
 * -shm the rights of the file. O_EXCL: closing an existing file would drop this process' locks on it. */
static void create_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

static enum rc configure(struct db *db, struct err *e)
{
	static const struct {
		int option;
		int value;
	} switches[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },   { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 }, { SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },     { SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, 1 },
	};
	char mode[16] = "";
	char sql[320];

	for (size_t i = 0; i < COUNT(switches); i++)
		TRY(verdict(db,
			    sqlite3_db_config(db->raw, switches[i].option, switches[i].value, NULL),
			    "config", e));
	sqlite3_busy_timeout(db->raw, db->mode == DB_WRITER ? WRITER_BUSY_MS : READER_BUSY_MS);
	if (db->mode == DB_READER) {
		TRY(exec(db,
			 "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;"
			 "PRAGMA query_only=ON",
			 "open", e));
		return db_set_cache_kib(db, READER_CACHE_KIB, e);
	}
	TRY(first_value(db, "PRAGMA journal_mode=WAL", NULL, mode, sizeof(mode), e));
	if (strcmp(mode, "wal") != 0)
		return FAIL(e, RC_IO, "%s: no write-ahead log here (journal mode %s)", db->path,
			    mode);
	sqlite3_snprintf(
		sizeof(sql), sql,
		"PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=%d; PRAGMA "
		"journal_size_limit=%d;"
		"PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON; PRAGMA analysis_limit=400;"
		"PRAGMA secure_delete=ON", /* what it leaves: io/wipe.h */
		WAL_AUTOCHECKPOINT, WAL_JOURNAL_LIMIT);
	TRY(exec(db, sql, "open", e));
	return db_set_cache_kib(db, WRITER_CACHE_KIB, e);
}

enum rc db_open(const char *path, enum db_mode mode, struct db **ret_db, struct err *e)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
	struct db *db;
	enum rc rc;

	ASSERT(sqlite3_libversion_number() >= VERSION_LEAST);
	ASSERT(strlen(path) < PATH_BYTES_MAX - 16);
	if (mode == DB_WRITER)
		create_private(path);
	flags |= mode == DB_WRITER ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
				   : SQLITE_OPEN_READONLY;
	db = mem_new(1, sizeof(*db));
	db->mode = mode;
	db->path = mem_dup(path, strlen(path));
	rc = verdict(db, sqlite3_open_v2(path, &db->raw, flags, vfs_name), path, e);
	/* Only possible before the first statement. */
	if (rc == RC_OK && mode == DB_READER)
		sqlite3_db_config(db->raw, SQLITE_DBCONFIG_LOOKASIDE, NULL, READER_LOOKASIDE,
				  READER_LOOKASIDE_N);
	if (rc == RC_OK)
		rc = configure(db, e);
	if (rc != RC_OK) {
		db_close(db);
		return rc;
	}
	*ret_db = db;
	return RC_OK;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < COUNT(db->stmts); i++)
		sqlite3_finalize(db->stmts[i]);
	ASSERT(sqlite3_close(db->raw) == SQLITE_OK);
	mem_free(db->path);
	mem_free(db);
}

enum rc db_set_cache_kib(struct db *db, int64_t kib, struct err *e)
{
	char sql[64];

	ASSERT(kib > 0);
	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA cache_size=-%lld", (long long)kib);
	return exec(db, sql, "cache", e);
}

/* True when SQLite ended our transaction by itself: what follows would run outside of one. */
static bool is_lost(const struct db *db)
{
	return db->in_transaction && sqlite3_get_autocommit(db->raw) != 0;
}

static enum rc lost(struct err *e)
{
	return FAIL(e, RC_IO, "the database ended the transaction after an earlier error");
}

static enum rc run_frame(struct db *db, enum query q, struct err *e)
{
	struct stmt s;

	TRY(stmt_begin(db, q, &s, e));
	return stmt_run(&s, e);
}

enum rc db_begin(struct db *db, struct err *e)
{
	ASSERT(db->mode == DB_WRITER);
	ASSERT(!db->in_transaction);
	TRY(run_frame(db, Q_DB_BEGIN, e));
	db->in_transaction = true;
	return RC_OK;
}

enum rc db_commit(struct db *db, struct err *e)
{
	ASSERT(db->in_transaction);
	if (is_lost(db))
		return lost(e);
	TRY(run_frame(db, Q_DB_COMMIT, e));
	db->in_transaction = false;
	return RC_OK;
}

void db_rollback(struct db *db)
{
	struct err e = { 0 };

	/* A failed rollback leaves nothing to do: the connection is found unusable by the next begin. */
	if (sqlite3_get_autocommit(db->raw) == 0)
		(void)exec(db, "ROLLBACK", "rollback", &e);
	db->in_transaction = false;
}

bool db_in_transaction(struct db *db)
{
	return sqlite3_get_autocommit(db->raw) == 0;
}

enum rc db_savepoint(struct db *db, struct err *e)
{
	ASSERT(db->in_transaction);
	if (is_lost(db))
		return lost(e);
	db->ill = false;
	return run_frame(db, Q_DB_SAVEPOINT, e);
}

enum rc db_release(struct db *db, struct err *e)
{
	ASSERT(db->in_transaction);
	if (is_lost(db))
		return lost(e);
	return run_frame(db, Q_DB_RELEASE, e);
}

enum rc db_rollback_to(struct db *db, struct err *e)
{
	ASSERT(db->in_transaction);
	if (is_lost(db))
		return lost(e);
	return exec(db, "ROLLBACK TO unit; RELEASE unit", "rollback", e);
}

bool db_is_ill(const struct db *db)
{
	return db->ill;
}

static enum rc damage(struct db *db, const char *text, struct err *e)
{
	db->damaged = true;
	return FAIL(e, RC_IO, "%s is damaged: %s", db->path, text);
}

/* ---- long work at a pace ---- */

#define PACE_STEPS 2000 /* instructions of SQLite's machine between two looks; about 0.1 ms */

static int pace_look(void *arg)
{
	return tempo_step(arg) ? 0 : 1; /* not 0: SQLITE_INTERRUPT */
}

static void pace_begin(struct db *db, struct tempo *pace)
{
	if (pace != NULL)
		sqlite3_progress_handler(db->raw, PACE_STEPS, pace_look, pace);
}

static void pace_end(struct db *db)
{
	sqlite3_progress_handler(db->raw, 0, NULL, NULL);
}

enum rc db_quick_check(struct db *db, struct tempo *pace, struct err *e)
{
	char text[160] = "no answer";
	enum rc rc;

	pace_begin(db, pace);
	rc = first_value(db, "PRAGMA quick_check(1)", NULL, text, sizeof(text), e);
	pace_end(db);
	TRY(rc);
	return strcmp(text, "ok") == 0 ? RC_OK : damage(db, text, e);
}

static enum rc check_references(struct db *db, struct err *e)
{
	char table[80] = "";
	enum rc rc = first_value(db, "PRAGMA foreign_key_check", NULL, table, sizeof(table), e);

	if (rc == RC_ABSENT)
		return RC_OK;
	return rc == RC_OK ? damage(db, table, e) : rc;
}

enum rc db_full_check(struct db *db, struct tempo *pace, struct err *e)
{
	char text[160] = "no answer";
	enum rc rc;

	pace_begin(db, pace);
	rc = first_value(db, "PRAGMA integrity_check(1)", NULL, text, sizeof(text), e);
	if (rc == RC_OK && strcmp(text, "ok") != 0)
		rc = damage(db, text, e);
	if (rc == RC_OK)
		rc = check_references(db, e);
	pace_end(db);
	return rc;
}

bool db_is_damaged(const struct db *db)
{
	return db->damaged;
}

/* The first page tells whether it is a database at all; the check tells the rest. */
enum rc db_probe(const char *path, bool *ret_damaged, struct err *e)
{
	struct db *db = mem_new(1, sizeof(*db));
	struct err why = { .rc = RC_OK };
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	enum rc rc;

	db->mode = DB_READER;
	db->path = mem_dup(path, strlen(path));
	rc = verdict(db, sqlite3_open_v2(path, &db->raw, flags, vfs_name), path, &why);
	if (rc == RC_OK)
		rc = db_quick_check(db, NULL, &why);
	*ret_damaged = db->damaged;
	rc = rc == RC_OK || db->damaged ? RC_OK : FAIL(e, rc, "%s", why.text);
	db_close(db);
	return rc;
}

/* ---- tables as wholes ---- */

struct table_look {
	struct db *db;
	int samples;
	struct tempo *pace;
	struct crypto_sha256 sha;
};

static enum rc prepare_text(struct db *db, sqlite3_stmt **ret, char *sql, struct err *e)
{
	enum rc rc;

	if (sql == NULL)
		return FAIL(e, RC_IO, "no memory");
	rc = verdict(db, sqlite3_prepare_v3(db->raw, sql, -1, 0, ret, NULL), "table", e);
	sqlite3_free(sql);
	return rc;
}

/* Type, length and bytes, so that no two different rows look alike. */
static void digest_row(struct table_look *l, sqlite3_stmt *s)
{
	for (int i = 0; i < sqlite3_column_count(s); i++) {
		int type = sqlite3_column_type(s, i);
		const void *p = sqlite3_column_blob(s, i); /* numbers: their text */
		int n = sqlite3_column_bytes(s, i);
		char head[32];

		sqlite3_snprintf(sizeof(head), head, "%d:%d:", type, n);
		crypto_sha256_add(&l->sha, str_of(head));
		crypto_sha256_add(&l->sha, str_n(p != NULL ? p : "", (size_t)n));
	}
	crypto_sha256_add(&l->sha, STR("\n"));
}

static enum rc step_rows(struct table_look *l, sqlite3_stmt *s, struct err *e)
{
	int code;

	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		digest_row(l, s);
	sqlite3_reset(s);
	return verdict(l->db, code, "table", e);
}

/* One row at each of `samples` equal steps from the first to the last row number. */
static enum rc sample_numbers(struct table_look *l, const char *name, int64_t low, int64_t high,
			      struct err *e)
{
	sqlite3_stmt *s = NULL;
	enum rc rc = prepare_text(
		l->db, &s,
		sqlite3_mprintf("SELECT * FROM \"%w\" WHERE rowid >= ?1 ORDER BY rowid LIMIT 1",
				name),
		e);

	for (int i = 0; rc == RC_OK && i < l->samples; i++) {
		double part = l->samples > 1 ? (double)i / (l->samples - 1) : 0;

		sqlite3_bind_int64(s, 1, low + (int64_t)((double)(high - low) * part));
		rc = step_rows(l, s, e);
	}
	sqlite3_finalize(s);
	return rc;
}

static enum rc sample_first(struct table_look *l, const char *name, struct err *e)
{
	sqlite3_stmt *s = NULL;
	enum rc rc = prepare_text(
		l->db, &s, sqlite3_mprintf("SELECT * FROM \"%w\" LIMIT %d", name, l->samples), e);

	if (rc == RC_OK)
		rc = step_rows(l, s, e);
	sqlite3_finalize(s);
	return rc;
}

static enum rc look_at_table(struct table_look *l, const char *name, bool numbered,
			     struct db_table *ret, struct err *e)
{
	uint8_t digest[SHA256_BYTES];
	sqlite3_stmt *s = NULL;
	int64_t low = 0, high = -1;
	enum rc rc = prepare_text(
		l->db, &s,
		numbered ? sqlite3_mprintf("SELECT (SELECT count(*) FROM \"%w\"), min(rowid), "
					   "(SELECT max(rowid) FROM \"%w\") FROM \"%w\"",
					   name, name, name)
			 : sqlite3_mprintf("SELECT count(*), 0, -1 FROM \"%w\"", name),
		e);

	if (rc == RC_OK && sqlite3_step(s) == SQLITE_ROW) {
		ret->rows = sqlite3_column_int64(s, 0);
		low = sqlite3_column_int64(s, 1);
		high = sqlite3_column_int64(s, 2);
	}
	if (rc == RC_OK)
		rc = verdict(l->db, sqlite3_reset(s), "table", e);
	sqlite3_finalize(s);
	TRY(rc);
	ret->name = name;
	crypto_sha256_begin(&l->sha);
	if (ret->rows > 0)
		rc = numbered ? sample_numbers(l, name, low, high, e) : sample_first(l, name, e);
	crypto_sha256_end(&l->sha, digest);
	enc_hex(digest, sizeof(digest), ret->digest);
	return rc;
}

static enum rc each_table(struct table_look *l, db_table_fn *fn, void *arg, struct err *e)
{
	static const char sql[] = "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' "
				  "AND type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
	sqlite3_stmt *s = NULL;
	enum rc rc =
		verdict(l->db, sqlite3_prepare_v3(l->db->raw, sql, -1, 0, &s, NULL), "tables", e);
	int code = SQLITE_DONE;

	while (rc == RC_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
		struct db_table t = { .rows = 0 };

		rc = look_at_table(l, (const char *)sqlite3_column_text(s, 0),
				   sqlite3_column_int(s, 1) == 0, &t, e);
		if (rc == RC_OK)
			rc = fn(arg, &t, e);
	}
	if (rc == RC_OK)
		rc = verdict(l->db, code, "tables", e);
	sqlite3_finalize(s);
	return rc;
}

enum rc db_each_table(struct db *db, int samples, struct tempo *pace, db_table_fn *fn, void *arg,
		      struct err *e)
{
	struct table_look l = { .db = db, .samples = samples, .pace = pace };
	enum rc rc;

	pace_begin(db, pace);
	rc = each_table(&l, fn, arg, e);
	pace_end(db);
	return rc;
}

/* ---- copies ---- */

static enum rc sync_path(const char *path, int flags, struct err *e)
{
	int fd = open(path, flags | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok ? RC_OK : FAIL(e, RC_IO, "%s: cannot be synced", path);
}

#define COPY_WRITE_OUT (4 * (int64_t)MIB)

struct copy_pace {
	struct tempo *pace;
	int fd; /* of the copy; -1: none */
	int64_t sent;
};

/* What SQLite wrote goes to the disk in small parts: one large sync at the end would hold up the commits. */
static int copy_look(void *arg)
{
	struct copy_pace *c = arg;
	struct stat st;

	if (c->fd >= 0 && fstat(c->fd, &st) == 0 &&
	    (int64_t)st.st_size - c->sent > COPY_WRITE_OUT) {
		(void)sync_file_range(c->fd, c->sent, (int64_t)st.st_size - c->sent,
				      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
		c->sent = (int64_t)st.st_size;
	}
	return tempo_step(c->pace) ? 0 : 1;
}

/* SQLite makes the file as the umask says; the copy holds the same secrets. */
static enum rc vacuum_into(struct db *db, const char *path, struct tempo *pace, struct err *e)
{
	struct copy_pace c = { .pace = pace };
	char *sql = sqlite3_mprintf("VACUUM INTO %Q", path);
	enum rc rc;

	if (sql == NULL)
		return FAIL(e, RC_IO, "no memory");
	create_private(path);
	/* The copy is a write for query_only, even though this database is only read. */
	if (db->mode == DB_READER)
		(void)exec(db, "PRAGMA query_only=OFF", "copy", NULL);
	if (pace != NULL) {
		c.fd = open(path, O_RDWR | O_CLOEXEC); /* nobody has locks on a new file */
		sqlite3_progress_handler(db->raw, PACE_STEPS, copy_look, &c);
	}
	rc = exec(db, sql, "copy", e);
	if (pace != NULL) {
		pace_end(db);
		if (c.fd >= 0)
			close(c.fd);
	}
	if (db->mode == DB_READER)
		(void)exec(db, "PRAGMA query_only=ON", "copy", NULL);
	sqlite3_free(sql);
	return rc;
}

enum rc db_copy_to(struct db *db, const char *path, struct err *e)
{
	return db_copy_paced(db, path, NULL, e);
}

enum rc db_copy_paced(struct db *db, const char *path, struct tempo *pace, struct err *e)
{
	char tmp[PATH_BYTES_MAX];
	char folder[PATH_BYTES_MAX];
	char *slash;
	enum rc rc;

	if (strlen(path) >= sizeof(tmp) - 8)
		return FAIL(e, RC_LIMIT, "path of the copy is longer than %d bytes",
			    PATH_BYTES_MAX);
	sqlite3_snprintf(sizeof(tmp), tmp, "%s.tmp", path);
	sqlite3_snprintf(sizeof(folder), folder, "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		sqlite3_snprintf(sizeof(folder), folder, ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';

	(void)unlink(tmp); /* left by an interrupted copy */
	rc = vacuum_into(db, tmp, pace, e);
	if (rc == RC_OK)
		rc = sync_path(tmp, O_RDWR, e);
	if (rc == RC_OK && rename(tmp, path) != 0)
		rc = FAIL(e, RC_IO, "%s: cannot be renamed", tmp);
	if (rc != RC_OK) {
		(void)unlink(tmp);
		return rc;
	}
	return sync_path(folder, O_RDONLY | O_DIRECTORY, e);
}

enum rc db_checkpoint_all(struct db *db, bool *ret_all, struct err *e)
{
	int code;

	*ret_all = false;

	/* Not waiting for readers: the next one will do it. */
	sqlite3_busy_timeout(db->raw, 0);
	code = sqlite3_wal_checkpoint_v2(db->raw, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(db->raw, WRITER_BUSY_MS);
	if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
		return RC_OK;
	*ret_all = code == SQLITE_OK;
	return verdict(db, code, "checkpoint", e);
}

enum rc db_checkpoint(struct db *db, struct err *e)
{
	bool all;

	return db_checkpoint_all(db, &all, e);
}

void db_allow_pages(struct db *db, bool allowed)
{
	ASSERT(sqlite3_db_config(db->raw, SQLITE_DBCONFIG_DEFENSIVE, !allowed, NULL) == SQLITE_OK);
}

static int64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

void db_get_stats(struct db *db, struct db_stats *ret)
{
	char wal[PATH_BYTES_MAX];
	int used = 0;
	int highest = 0;

	sqlite3_snprintf(sizeof(wal), wal, "%s-wal", db->path);
	ret->file_bytes = file_size(db->path);
	ret->wal_bytes = file_size(wal);
	sqlite3_db_status(db->raw, SQLITE_DBSTATUS_CACHE_USED, &used, &highest, 0);
	ret->cache_bytes = used;
}

int64_t db_changes(struct db *db)
{
	return sqlite3_changes64(db->raw);
}

int64_t db_last_rowid(struct db *db)
{
	return sqlite3_last_insert_rowid(db->raw);
}

void db_interrupt(struct db *db)
{
	sqlite3_interrupt(db->raw);
}

static enum rc prepare(struct db *db, enum query q, struct err *e)
{
	const struct query_info *info = query_info(q);

	return verdict(db,
		       sqlite3_prepare_v3(db->raw, info->sql, -1, SQLITE_PREPARE_PERSISTENT,
					  &db->stmts[q], NULL),
		       info->name, e);
}

enum rc stmt_begin(struct db *db, enum query q, struct stmt *ret, struct err *e)
{
	ASSERT((unsigned)q < (unsigned)Q_COUNT);
	if (is_lost(db))
		return lost(e);
	if (db->stmts[q] == NULL)
		TRY(prepare(db, q, e));
	ASSERT(!sqlite3_stmt_busy(db->stmts[q])); /* begun again before its end */
	ret->db = db;
	ret->raw = db->stmts[q];
	ret->query = q;
	ret->bound = 0;
	ret->column = -1; /* no row yet */
	return RC_OK;
}

/* Position of the next parameter, after checking that it has this name. */
static int next_bind(struct stmt *s, const char *name)
{
	const struct query_names *n = &query_names[s->query];

	ASSERT(s->raw != NULL);
	ASSERT(s->bound < n->in_count);
	ASSERT(strcmp(n->in[s->bound], name) == 0);
	return ++s->bound;
}

void stmt_bind_i64(struct stmt *s, const char *name, int64_t v)
{
	int i = next_bind(s, name);

	ASSERT(sqlite3_bind_int64(s->raw, i, v) == SQLITE_OK);
}

void stmt_bind_str(struct stmt *s, const char *name, struct str v)
{
	int i = next_bind(s, name);

	ASSERT(sqlite3_bind_text64(s->raw, i, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK);
}

void stmt_bind_text(struct stmt *s, const char *name, const char *v)
{
	stmt_bind_str(s, name, str_of(v));
}

void stmt_bind_blob(struct stmt *s, const char *name, struct str v)
{
	int i = next_bind(s, name);

	ASSERT(sqlite3_bind_blob64(s->raw, i, v.p, v.n, SQLITE_STATIC) == SQLITE_OK);
}

void stmt_end(struct stmt *s)
{
	if (s->raw == NULL)
		return;
	sqlite3_reset(s->raw); /* tells again what the last step told */
	s->raw = NULL;
	s->column = -1;
}

enum rc stmt_next(struct stmt *s, struct err *e)
{
	enum rc rc;
	int code;

	ASSERT(s->raw != NULL);
	ASSERT(s->bound == query_names[s->query].in_count);
	code = sqlite3_step(s->raw);
	if (code == SQLITE_ROW) {
		s->column = 0;
		return RC_OK;
	}
	rc = code == SQLITE_DONE ? RC_ABSENT : verdict(s->db, code, query_info(s->query)->name, e);
	stmt_end(s);
	return rc;
}

enum rc stmt_run(struct stmt *s, struct err *e)
{
	enum rc rc;

	do
		rc = stmt_next(s, e);
	while (rc == RC_OK);
	return rc == RC_ABSENT ? RC_OK : rc;
}

static int this_column(const struct stmt *s, const char *name)
{
	const struct query_names *n = &query_names[s->query];

	ASSERT(s->raw != NULL);
	ASSERT(s->column >= 0);
	ASSERT(s->column < n->out_count);
	ASSERT(strcmp(n->out[s->column], name) == 0);
	return s->column;
}

int64_t stmt_i64(struct stmt *s, const char *name)
{
	int i = this_column(s, name);

	s->column++;
	return sqlite3_column_int64(s->raw, i);
}

struct str stmt_str(struct stmt *s, const char *name)
{
	int i = this_column(s, name);
	const void *p;

	s->column++;
	if (sqlite3_column_type(s->raw, i) == SQLITE_NULL)
		return STR_NONE;
	/* Blob first, then its length: a text is left in its encoding, UTF-8, without a copy. */
	p = sqlite3_column_blob(s->raw, i);
	return str_n(p != NULL ? p : "", (size_t)sqlite3_column_bytes(s->raw, i));
}

bool stmt_null(struct stmt *s, const char *name)
{
	return sqlite3_column_type(s->raw, this_column(s, name)) == SQLITE_NULL;
}

enum rc query_check(struct db *db, enum query q, struct err *e)
{
	const struct query_info *info = query_info(q);
	const struct query_names *n = &query_names[q];
	sqlite3_stmt *raw = NULL;
	int code = sqlite3_prepare_v3(db->raw, info->sql, -1, 0, &raw, NULL);
	enum rc rc = RC_OK;

	if (code != SQLITE_OK)
		rc = FAIL(e, RC_INVALID, "%s: %s: %s", info->file, info->name,
			  sqlite3_errmsg(db->raw));
	else if (sqlite3_bind_parameter_count(raw) != n->in_count)
		rc = FAIL(e, RC_INVALID, "%s: %s takes %d parameters, declared are %d", info->file,
			  info->name, sqlite3_bind_parameter_count(raw), n->in_count);
	else if (sqlite3_column_count(raw) != n->out_count)
		rc = FAIL(e, RC_INVALID, "%s: %s gives %d columns, declared are %d", info->file,
			  info->name, sqlite3_column_count(raw), n->out_count);
	for (int i = 0; rc == RC_OK && i < n->out_count; i++)
		if (strcmp(sqlite3_column_name(raw, i), n->out[i]) != 0)
			rc = FAIL(e, RC_INVALID, "%s: %s gives column %s where %s is declared",
				  info->file, info->name, sqlite3_column_name(raw, i), n->out[i]);
	sqlite3_finalize(raw);
	return rc;
}

enum rc query_plan(struct db *db, enum query q, struct sbuf *to, struct err *e)
{
	const struct query_info *info = query_info(q);
	AUTO(sbuf_release) struct sbuf sql = SBUF(64 * KIB);
	sqlite3_stmt *raw = NULL;
	int code;

	sbuf_text(&sql, "EXPLAIN QUERY PLAN ");
	sbuf_text(&sql, info->sql);
	code = sqlite3_prepare_v3(db->raw, sbuf_c(&sql), -1, 0, &raw, NULL);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(raw);
		if (code != SQLITE_ROW)
			break;
		sbuf_text(to, (const char *)sqlite3_column_text(raw, 3));
		sbuf_char(to, '\n');
	}
	sqlite3_finalize(raw);
	return code == SQLITE_DONE
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "%s: %s", info->name, sqlite3_errmsg(db->raw));
}
