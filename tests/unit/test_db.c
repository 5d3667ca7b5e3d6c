/* test_db.c - connections, statements, transactions, verdicts, copies. A failing disk: test_db_disk.c.
 * The table is schema_migrations, because its queries exist in every build. */
#include "io/db.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t.h"

static const char TABLE[] = "CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT "
			    "NOT NULL UNIQUE CHECK (name <> 'bad'),"
			    " checksum INTEGER NOT NULL, applied_ms INTEGER NOT NULL) STRICT";

static const char *file_path(void)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/t.db", t_dir());
	return path;
}

static struct db *open_writer(void)
{
	struct db *db = NULL;

	MUST(db_open(file_path(), DB_WRITER, &db, &t_err));
	return db;
}

static struct db *make_writer(void)
{
	struct db *db = open_writer();

	MUST(db_exec(db, TABLE, &t_err));
	return db;
}

static enum rc put(struct db *db, int64_t number, const char *name, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MIGRATE_INSERT, &s, e));
	stmt_bind_i64(&s, "number", number);
	stmt_bind_text(&s, "name", name);
	stmt_bind_i64(&s, "checksum", 7);
	stmt_bind_i64(&s, "applied_ms", 1);
	return stmt_run(&s, e);
}

static enum rc put_number(struct db *db, int64_t number, struct err *e)
{
	char name[32];

	snprintf(name, sizeof(name), "n%lld", (long long)number);
	return put(db, number, name, e);
}

/* Rows, or -1 when they are not 1, 2, 3 ... */
static int64_t count_rows(struct db *db)
{
	struct stmt s;
	int64_t n = 0;
	enum rc rc;

	MUST(stmt_begin(db, Q_MIGRATE_LIST, &s, &t_err));
	while ((rc = stmt_next(&s, &t_err)) == RC_OK) {
		n++;
		if (stmt_i64(&s, "number") != n) {
			stmt_end(&s);
			return -1;
		}
	}
	CHECK_I64("end of rows", rc, RC_ABSENT);
	return n;
}

TEST(the_library_is_new_enough_and_built_as_wanted)
{
	CHECK(sqlite3_libversion_number() >= 3051003);
	CHECK_STR("version", db_version(), sqlite3_libversion());
	CHECK_I64("thread mode 2", sqlite3_threadsafe(), 2);
	CHECK(sqlite3_compileoption_used("OMIT_LOAD_EXTENSION") == 1);
	CHECK(sqlite3_compileoption_used("DQS=0") == 1);
	CHECK(sqlite3_compileoption_used("ENABLE_FTS5") == 1);
}

TEST(a_writer_is_durable_and_strict)
{
	static const struct {
		const char *pragma;
		int64_t wanted;
	} ROWS[] = {
		{ "synchronous", 2 },
		{ "foreign_keys", 1 },
		{ "wal_autocheckpoint", 1000 },
		{ "cache_size", -65536 },
		{ "temp_store", 2 },
		{ "journal_size_limit", 67108864 },
		{ "trusted_schema", 0 },
		{ "query_only", 0 },
		{ "cell_size_check", 1 },
		{ "busy_timeout", 5000 },
		{ "analysis_limit", 400 },
	};
	struct db *db = make_writer();
	int64_t v = -1;
	struct stat st;

	EACH (r, ROWS) {
		MUST(db_pragma_i64(db, r->pragma, &v, &t_err));
		CHECK_I64(r->pragma, v, r->wanted);
	}
	MUST(db_set_cache_kib(db, 1024, &t_err));
	MUST(db_pragma_i64(db, "cache_size", &v, &t_err));
	CHECK_I64("cache", v, -1024);
	CHECK(stat(file_path(), &st) == 0);
	CHECK_I64("only the owner reads it", st.st_mode & 0777, 0600);
	CHECK_I64("double quotes are no strings", db_exec(db, "SELECT \"nothing\"", NULL), RC_IO);
	CHECK_I64("the schema is not writable",
		  db_exec(db, "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = ''", NULL),
		  RC_IO);
	CHECK_STR("path", db_path(db), file_path());
	db_close(db);
}

TEST(a_reader_reads_and_cannot_write)
{
	struct db *writer = make_writer();
	struct db *reader = NULL;
	int64_t v = -1;

	MUST(put(writer, 1, "one", &t_err));
	MUST(db_open(file_path(), DB_READER, &reader, &t_err));
	CHECK_I64("rows", count_rows(reader), 1);
	MUST(db_pragma_i64(reader, "query_only", &v, &t_err));
	CHECK_I64("query_only", v, 1);
	MUST(db_pragma_i64(reader, "cache_size", &v, &t_err));
	CHECK_I64("cache", v, -2048);
	CHECK_I64("write", put(reader, 2, "two", NULL), RC_IO);
	MUST(put(writer, 2, "two", &t_err));
	CHECK_I64("sees the next commit", count_rows(reader), 2);
	db_close(reader);
	db_close(writer);
}

TEST(a_reader_needs_a_database)
{
	struct db *db = NULL;

	CHECK_I64("no file", db_open(file_path(), DB_READER, &db, NULL), RC_IO);
	CHECK(db == NULL);
	CHECK_I64("no folder", db_open("/nowhere/at/all.db", DB_WRITER, &db, NULL), RC_IO);
	CHECK(db == NULL);
}

TEST(rubbish_is_no_database)
{
	FILE *f = fopen(file_path(), "wb");
	struct db *db = NULL;

	CHECK(f != NULL);
	for (int i = 0; i < 5000; i++)
		fputs("rubbish ", f);
	fclose(f);
	CHECK_I64("open", db_open(file_path(), DB_WRITER, &db, NULL), RC_IO);
	CHECK(db == NULL);
}

TEST(each_failure_has_its_verdict)
{
	struct db *db = make_writer();
	struct err e = { 0 };

	MUST(put(db, 1, "one", &t_err));
	CHECK_I64("primary key", put(db, 1, "other", &e), RC_CONFLICT);
	CHECK(strstr(e.text, "migrate_insert") != NULL);
	CHECK_I64("unique", put(db, 2, "one", NULL), RC_CONFLICT);
	CHECK_I64("check", put(db, 3, "bad", NULL), RC_INVALID);
	CHECK_I64("not null", put(db, 3, NULL, NULL), RC_INVALID);
	CHECK_I64("syntax", db_exec(db, "nonsense", NULL), RC_IO);
	CHECK_I64("nothing came in", count_rows(db), 1);
	CHECK_I64("rowid", db_last_rowid(db), 1);
	db_close(db);
}

TEST(two_writers_wait_and_then_retry)
{
	struct db *one = make_writer();
	struct db *two = open_writer();

	MUST(db_exec(two, "PRAGMA busy_timeout=20", &t_err));
	MUST(db_begin(one, &t_err));
	CHECK_I64("busy", db_begin(two, NULL), RC_RETRY);
	db_rollback(one);
	MUST(db_begin(two, &t_err));
	MUST(db_commit(two, &t_err));
	db_close(two);
	db_close(one);
}

TEST(values_come_back_as_they_went)
{
	struct db *db = make_writer();
	struct stmt s;
	struct str name;

	MUST(stmt_begin(db, Q_MIGRATE_INSERT, &s, &t_err));
	stmt_bind_i64(&s, "number", INT64_MIN);
	stmt_bind_str(&s, "name", STR("a\0b"));
	stmt_bind_i64(&s, "checksum", INT64_MAX);
	stmt_bind_i64(&s, "applied_ms", 0);
	MUST(stmt_run(&s, &t_err));
	CHECK_I64("changes", db_changes(db), 1);
	MUST(stmt_begin(db, Q_MIGRATE_LIST, &s, &t_err));
	MUST(stmt_next(&s, &t_err));
	CHECK(!stmt_null(&s, "number"));
	CHECK_I64("number", stmt_i64(&s, "number"), INT64_MIN);
	name = stmt_str(&s, "name");
	CHECK_SPAN("with a NUL inside", name, STR("a\0b"));
	CHECK_I64("checksum", stmt_i64(&s, "checksum"), INT64_MAX);
	stmt_end(&s);
	stmt_end(&s); /* twice is fine */
	MUST(db_exec(db, "DELETE FROM schema_migrations", &t_err));
	MUST(put(db, 5, "", &t_err));
	MUST(stmt_begin(db, Q_MIGRATE_LIST, &s, &t_err));
	MUST(stmt_next(&s, &t_err));
	(void)stmt_i64(&s, "number");
	name = stmt_str(&s, "name");
	CHECK(name.p != NULL && name.n == 0); /* empty is not NULL */
	stmt_end(&s);
	db_close(db);
}

/* --- what only a wrong program does ------------------------------------------------------------------------- */

static void bind_wrong_name(void *arg)
{
	struct stmt s;

	MUST(stmt_begin(arg, Q_MIGRATE_INSERT, &s, &t_err));
	stmt_bind_i64(&s, "nummer", 1);
}

static void bind_too_few(void *arg)
{
	struct stmt s;

	MUST(stmt_begin(arg, Q_MIGRATE_INSERT, &s, &t_err));
	stmt_bind_i64(&s, "number", 1);
	MUST(stmt_run(&s, &t_err));
}

static void bind_too_many(void *arg)
{
	struct stmt s;

	MUST(stmt_begin(arg, Q_MIGRATE_LIST, &s, &t_err));
	stmt_bind_i64(&s, "number", 1);
}

static void read_out_of_order(void *arg)
{
	struct stmt s;

	MUST(put(arg, 1, "one", &t_err));
	MUST(stmt_begin(arg, Q_MIGRATE_LIST, &s, &t_err));
	MUST(stmt_next(&s, &t_err));
	(void)stmt_str(&s, "name");
}

static void read_without_a_row(void *arg)
{
	struct stmt s;

	MUST(stmt_begin(arg, Q_MIGRATE_LIST, &s, &t_err));
	(void)stmt_i64(&s, "number");
}

static void begin_inside_itself(void *arg)
{
	struct stmt a;
	struct stmt b;

	MUST(put(arg, 2, "two", &t_err));
	MUST(stmt_begin(arg, Q_MIGRATE_LIST, &a, &t_err));
	MUST(stmt_next(&a, &t_err));
	MUST(stmt_begin(arg, Q_MIGRATE_LIST, &b, &t_err));
}

static void commit_without_begin(void *arg)
{
	MUST(db_commit(arg, &t_err));
}

TEST(wrong_use_is_a_bug)
{
	static const struct {
		const char *why;
		void (*fn)(void *arg);
	} ROWS[] = {
		{ "wrong parameter", bind_wrong_name }, { "too few", bind_too_few },
		{ "too many", bind_too_many },          { "wrong column", read_out_of_order },
		{ "no row", read_without_a_row },       { "nested", begin_inside_itself },
		{ "no begin", commit_without_begin },
	};
	struct db *db = make_writer();

	EACH (r, ROWS)
		CHECK_I64(r->why, t_aborts(r->fn, db), true);
	db_close(db);
}

/* --- transactions ------------------------------------------------------------------------------------------- */

TEST(savepoints_lose_only_their_own)
{
	struct db *db = make_writer();

	CHECK(!db_in_transaction(db));
	MUST(db_begin(db, &t_err));
	CHECK(db_in_transaction(db));
	MUST(db_savepoint(db, &t_err));
	MUST(put(db, 1, "one", &t_err));
	MUST(db_release(db, &t_err));
	MUST(db_savepoint(db, &t_err));
	MUST(put(db, 2, "two", &t_err));
	CHECK_I64("conflict", put(db, 1, "x", NULL), RC_CONFLICT);
	MUST(db_rollback_to(db, &t_err));
	MUST(put(db, 2, "again", &t_err));
	MUST(db_commit(db, &t_err));
	CHECK_I64("rows", count_rows(db), 2);
	MUST(db_begin(db, &t_err));
	MUST(put(db, 3, "three", &t_err));
	db_rollback(db);
	db_rollback(db); /* nothing open is fine */
	CHECK_I64("rows", count_rows(db), 2);
	db_close(db);
}

TEST(a_transaction_that_the_database_ended_is_not_continued)
{
	struct db *db = make_writer();

	MUST(db_begin(db, &t_err));
	MUST(put(db, 1, "one", &t_err));
	MUST(db_exec(db, "ROLLBACK", &t_err)); /* as SQLite does by itself when the disk is full */
	CHECK_I64("statement", put(db, 2, "alone", NULL), RC_IO);
	CHECK(!db_in_transaction(db));
	CHECK_I64("savepoint", db_savepoint(db, NULL), RC_IO);
	CHECK_I64("told", db_rollback_to(db, NULL), RC_IO);
	CHECK_I64("commit", db_commit(db, NULL), RC_IO);
	db_rollback(db);
	CHECK_I64("nothing slipped in", count_rows(db), 0);
	MUST(db_begin(db, &t_err));
	MUST(put(db, 1, "one", &t_err));
	MUST(db_commit(db, &t_err));
	CHECK_I64("works again", count_rows(db), 1);
	db_close(db);
}

/* --- copies, checks, numbers -------------------------------------------------------------------------------- */

TEST(a_copy_is_whole_private_and_leaves_nothing_behind)
{
	struct db *writer = make_writer();
	struct db *reader = NULL;
	struct db *copy = NULL;
	struct stat st;
	char path[600];
	char tmp[620];
	FILE *f;

	for (int64_t i = 1; i <= 50; i++)
		MUST(put_number(writer, i, &t_err));
	MUST(db_open(file_path(), DB_READER, &reader, &t_err));
	snprintf(path, sizeof(path), "%s/it's a copy.db", t_dir());
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	f = fopen(tmp, "wb"); /* left by an interrupted one */
	CHECK(f != NULL && fputs("old", f) >= 0 && fclose(f) == 0);
	MUST(db_copy_to(reader, path, &t_err));
	MUST(db_copy_to(writer, path, &t_err)); /* over the old one */
	CHECK(access(tmp, F_OK) != 0);
	CHECK(stat(path, &st) == 0);
	CHECK_I64("only the owner reads it", st.st_mode & 0777, 0600);
	MUST(db_open(path, DB_WRITER, &copy, &t_err));
	MUST(db_quick_check(copy, NULL, &t_err));
	CHECK_I64("rows", count_rows(copy), 50);
	CHECK_I64("reader still cannot write", put_number(reader, 51, NULL), RC_IO);
	CHECK_I64("no such folder", db_copy_to(reader, "/nowhere/x.db", NULL), RC_IO);
	db_close(copy);
	db_close(reader);
	db_close(writer);
}

TEST(a_checkpoint_empties_the_log_and_does_not_wait)
{
	struct db *writer = make_writer();
	struct db *reader = NULL;
	struct db_stats stats;
	struct stmt s;

	MUST(put(writer, 1, "one", &t_err));
	db_get_stats(writer, &stats);
	CHECK(stats.wal_bytes > 0 && stats.file_bytes > 0 && stats.cache_bytes > 0);
	MUST(db_open(file_path(), DB_READER, &reader, &t_err));
	MUST(stmt_begin(reader, Q_MIGRATE_LIST, &s, &t_err));
	MUST(stmt_next(&s, &t_err));
	MUST(put(writer, 2, "two", &t_err));
	MUST(db_checkpoint(writer, &t_err)); /* a reader is in the way: fine, at once */
	stmt_end(&s);
	MUST(db_checkpoint(writer, &t_err));
	db_get_stats(writer, &stats);
	CHECK_I64("log", stats.wal_bytes, 0);
	db_close(reader);
	db_close(writer);
}

TEST(damage_is_found)
{
	struct db *db = make_writer();
	FILE *f;

	for (int64_t i = 1; i <= 500; i++)
		MUST(put_number(db, i, &t_err));
	MUST(db_quick_check(db, NULL, &t_err));
	db_close(db);
	f = fopen(file_path(), "r+b");
	CHECK(f != NULL && fseek(f, 4096 + 8, SEEK_SET) == 0);
	for (int i = 0; i < 3000; i++)
		fputc(0xa5, f);
	fclose(f);
	db = open_writer();
	CHECK_I64("check", db_quick_check(db, NULL, NULL), RC_IO);
	db_close(db);
}

static void *interrupt_soon(void *db)
{
	usleep(50000);
	db_interrupt(db);
	return NULL;
}

TEST(a_long_statement_can_be_ended_from_outside)
{
	struct db *db = open_writer();
	pthread_t t;

	CHECK(pthread_create(&t, NULL, interrupt_soon, db) == 0);
	CHECK_I64("interrupted",
		  db_exec(db,
			  "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT "
			  "count(*) FROM c",
			  NULL),
		  RC_RETRY);
	pthread_join(t, NULL);
	db_close(db);
}

TEST(query_check_tells_what_differs)
{
	static const struct {
		const char *why;
		const char *sql;
	} ROWS[] = {
		{ "no such table", "SELECT 1" },
		{ "no such column: checksum", "CREATE TABLE schema_migrations (number, name)" },
	};
	struct db *good = make_writer();

	MUST(query_check(good, Q_MIGRATE_LIST, &t_err));
	MUST(query_check(good, Q_MIGRATE_INSERT, &t_err));
	db_close(good);
	EACH (r, ROWS) {
		struct err e = { 0 };
		struct db *db;

		unlink(file_path());
		db = open_writer();
		MUST(db_exec(db, r->sql, &t_err));
		CHECK_I64(r->why, query_check(db, Q_MIGRATE_LIST, &e), RC_INVALID);
		CHECK(strstr(e.text, r->why) != NULL);
		CHECK(strstr(e.text, "migrate.sql:") != NULL);
		db_close(db);
	}
}
