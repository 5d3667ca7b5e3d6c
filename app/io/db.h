/* db.h - SQLite connections and named statements. The only door to SQLite.
 *
 * A statement is a number from the generated enum (db/queries, app/tools/sqlgen.c), prepared on first use
 * and kept by its connection. Parameters are bound in the order of the query's `-- in:` line and columns
 * read in the order of its `-- out:` line, each with its name: a wrong or missing name is a bug (ASSERT),
 * found by the first test that runs the line.
 *
 *	struct stmt s;
 *	TRY(stmt_begin(db, Q_MESSAGE_INSERT, &s, e));
 *	stmt_bind_i64(&s, "company_id", m->company_id);
 *	stmt_bind_str(&s, "content", m->content);
 *	TRY(stmt_run(&s, e));                      -- no rows wanted
 *
 *	while ((rc = stmt_next(&s, e)) == RC_OK) { id = stmt_i64(&s, "id"); ... }   -- RC_ABSENT at the end
 *	stmt_end(&s);                              -- before the end of rows only; else done by itself
 *
 * Threads: a connection belongs to one thread at a time (SQLITE_THREADSAFE=2). */
#ifndef IO_DB_H
#define IO_DB_H

#include "base/err.h"
#include "base/sbuf.h"
#include "base/str.h"
#include "gen/queries.h"
#include "io/tempo.h"

struct db;

enum db_mode {
	DB_WRITER, /* creates; WAL, synchronous=FULL, checkpoints; exactly one per process */
	DB_READER, /* query_only */
};

struct db_stats {
	int64_t wal_bytes;
	int64_t file_bytes;
	int64_t cache_bytes;
};

/* SQLite's version, asserted to be 3.51.3 or newer at db_open (WAL-reset corruption before). */
const char *db_version(void);
/* Names a SQLite VFS for all later opens (fault injection in tests). NULL: the default. */
void db_set_vfs(const char *name);
enum rc db_open(const char *path, enum db_mode mode, struct db **ret_db, struct err *e) MUST_CHECK;
void db_close(struct db *db);
const char *db_path(const struct db *db);
/* Page cache of this connection; db_open sets 64 MiB for the writer and 2 MiB for a reader. */
enum rc db_set_cache_kib(struct db *db, int64_t kib, struct err *e) MUST_CHECK;

/* Transactions of the writer; only store/store.c and io/migrate.c call them. */
enum rc db_begin(struct db *db, struct err *e) MUST_CHECK;
enum rc db_commit(struct db *db, struct err *e) MUST_CHECK;
void db_rollback(struct db *db);
enum rc db_savepoint(struct db *db, struct err *e) MUST_CHECK;
enum rc db_release(struct db *db, struct err *e) MUST_CHECK;
/* Not RC_OK: what the unit wrote may still be there, so the whole transaction has to be rolled back. */
enum rc db_rollback_to(struct db *db, struct err *e) MUST_CHECK;
/* Something since the last db_savepoint failed for the disk's or the memory's sake, not for what was asked. */
bool db_is_ill(const struct db *db);
/* False after SQLite ended the transaction by itself (disk full, I/O error). */
bool db_in_transaction(struct db *db);

/* Runs several statements given as text: migrations and pragmas only. */
enum rc db_exec(struct db *db, const char *sql, struct err *e) MUST_CHECK;
enum rc db_pragma_i64(struct db *db, const char *pragma, int64_t *ret, struct err *e) MUST_CHECK;
/* Every page, without comparing indexes. RC_RETRY: stopped by the pace or db_interrupt. */
enum rc db_quick_check(struct db *db, struct tempo *pace, struct err *e) MUST_CHECK;
/* Every page, every index against its table, every reference. RC_RETRY: stopped by the pace. */
enum rc db_full_check(struct db *db, struct tempo *pace, struct err *e) MUST_CHECK;
/* A statement or a check on this connection found the file itself damaged. */
bool db_is_damaged(const struct db *db);
/* Opens the file for reading and looks: is it a damaged database? Not RC_OK: it cannot be told. */
enum rc db_probe(const char *path, bool *ret_damaged, struct err *e) MUST_CHECK;

/* Every table with its rows and a digest of `samples` rows spread over it (by row number; without one: the first). */
#define DB_DIGEST_TEXT 65
struct db_table {
	const char *name;
	int64_t rows;
	char digest[DB_DIGEST_TEXT];
};
typedef enum rc db_table_fn(void *arg, const struct db_table *t, struct err *e);
enum rc db_each_table(struct db *db, int samples, struct tempo *pace, db_table_fn *fn, void *arg,
		      struct err *e) MUST_CHECK;
/* VACUUM INTO `path`.tmp, fsync, rename: a consistent copy while others write. */
enum rc db_copy_to(struct db *db, const char *path, struct err *e) MUST_CHECK;
/* The same at a pace; the disk is kept busy evenly, so that the syncs of others stay short. */
enum rc db_copy_paced(struct db *db, const char *path, struct tempo *pace, struct err *e)
	MUST_CHECK;
enum rc db_checkpoint(struct db *db, struct err *e) MUST_CHECK; /* TRUNCATE; busy is fine */
/* The same; *ret_all: nothing of before stands in the log any more. False: somebody reads in it; try again. */
enum rc db_checkpoint_all(struct db *db, bool *ret_all, struct err *e) MUST_CHECK;
/* Lets statements write whole pages (io/wipe.h only). */
void db_allow_pages(struct db *db, bool allowed);
void db_get_stats(struct db *db, struct db_stats *ret);
int64_t db_changes(struct db *db); /* rows changed by the last statement */
/* Ends a statement that another thread runs on this connection (old readers). */
void db_interrupt(struct db *db);

struct stmt {
	struct db *db;
	void *raw;
	enum query query;
	int bound;  /* parameters bound so far */
	int column; /* next column to read */
};

enum rc stmt_begin(struct db *db, enum query q, struct stmt *ret, struct err *e) MUST_CHECK;
void stmt_bind_i64(struct stmt *s, const char *name, int64_t v);
void stmt_bind_str(struct stmt *s, const char *name,
		   struct str v); /* STR_NONE binds NULL; borrowed until stmt_end */
void stmt_bind_text(struct stmt *s, const char *name, const char *v); /* NULL binds NULL */
void stmt_bind_blob(struct stmt *s, const char *name, struct str v);
/* All rows, ignored. RC_CONFLICT: a UNIQUE or PRIMARY KEY was violated. RC_LIMIT: the disk is full. */
enum rc stmt_run(struct stmt *s, struct err *e) MUST_CHECK;
/* Next row. RC_ABSENT: no more (the statement is ended; `e` is not filled). */
enum rc stmt_next(struct stmt *s, struct err *e) MUST_CHECK;
/* The one row or RC_ABSENT; read columns, then stmt_end. */
void stmt_end(struct stmt *s);
int64_t stmt_i64(struct stmt *s, const char *name); /* NULL reads as 0 */
struct str stmt_str(
	struct stmt *s,
	const char *name); /* text or blob; borrowed until the next row; NULL: STR_NONE */
bool stmt_null(struct stmt *s, const char *name); /* looks, does not advance */
int64_t db_last_rowid(struct db *db);

/* For the test of all queries and the lint. */
struct query_info {
	const char *name;
	const char *sql;
	const char *in; /* "a b c" */
	const char *out;
	const char *file;
};
const struct query_info *query_info(enum query q);
/* Prepares q on db and compares parameters and columns with the declaration. */
enum rc query_check(struct db *db, enum query q, struct err *e) MUST_CHECK;
/* How SQLite would look for its rows on db: a line per step (EXPLAIN QUERY PLAN). */
enum rc query_plan(struct db *db, enum query q, struct sbuf *to, struct err *e) MUST_CHECK;

#endif
