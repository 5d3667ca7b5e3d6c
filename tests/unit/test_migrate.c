/* test_migrate.c - numbered migrations, refusals, the copy before a change, and crashes in the middle. */
#include "io/migrate.h"

#include <sys/stat.h>
#include <unistd.h>

#include "faultvfs.h"
#include "t.h"

static const struct migration GOOD[] = {
	{ 1, "0001_first",
	  "CREATE TABLE a (id INTEGER PRIMARY KEY, note TEXT) STRICT;\n"
	  "INSERT INTO a (id, note) VALUES (1, 'one'), (2, 'two');" },
	{ 2, "0002_second",
	  "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a (id)) STRICT;"
	  "INSERT INTO b (id, a) VALUES (10, 1);" },
	/* The way a table is rebuilt: impossible while references are enforced. */
	{ 3, "0003_third",
	  "CREATE TABLE a_new (id INTEGER PRIMARY KEY, note TEXT, more TEXT) STRICT;"
	  "INSERT INTO a_new (id, note) SELECT id, note FROM a; DROP TABLE a;"
	  "ALTER TABLE a_new RENAME TO a;" },
};

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

static int64_t pragma(struct db *db, const char *name)
{
	int64_t v = -1;

	MUST(db_pragma_i64(db, name, &v, &t_err));
	return v;
}

TEST(an_empty_database_gets_everything_once)
{
	struct migrate_report r;
	struct db *db = open_writer();

	MUST(migrate_run(db, GOOD, COUNT(GOOD), 5, &r, &t_err));
	CHECK_I64("from", r.from, 0);
	CHECK_I64("to", r.to, 3);
	CHECK_STR("no copy of nothing", r.copy, "");
	MUST(migrate_run(db, GOOD, COUNT(GOOD), 6, &r, &t_err));
	CHECK_I64("again from", r.from, 3);
	CHECK_I64("again to", r.to, 3);
	CHECK_STR("no copy without a change", r.copy, "");
	CHECK_I64("user_version", pragma(db, "user_version"), 3);
	CHECK_I64("references are enforced again", pragma(db, "foreign_keys"), 1);
	CHECK_I64("enforced", db_exec(db, "INSERT INTO b (id, a) VALUES (11, 99)", NULL),
		  RC_INVALID);
	db_close(db);
	db = open_writer();
	MUST(migrate_run(db, GOOD, COUNT(GOOD), 7, &r, &t_err));
	CHECK_I64("after reopening", r.from, 3);
	db_close(db);
}

TEST(a_database_with_data_is_copied_before)
{
	struct migrate_report r;
	struct db *db = open_writer();
	struct db *copy = NULL;

	MUST(migrate_run(db, GOOD, 1, 5, &r, &t_err));
	MUST(migrate_run(db, GOOD, COUNT(GOOD), 6, &r, &t_err));
	CHECK_I64("from", r.from, 1);
	CHECK_I64("to", r.to, 3);
	CHECK(str_ends(str_of(r.copy), STR("t.db.before-0002")));
	db_close(db);
	MUST(db_open(r.copy, DB_READER, &copy, &t_err));
	CHECK_I64("the copy is the old one", pragma(copy, "user_version"), 1);
	MUST(db_quick_check(copy, NULL, &t_err));
	db_close(copy);
}

TEST(a_migration_that_fails_leaves_the_one_before)
{
	static const struct {
		const char *why;
		const char *sql;
	} ROWS[] = {
		{ "syntax", "CREATE TABLE c (id INTEGER) STRICT; CREATE TABEL d (id);" },
		{ "it leaves rows that refer to nothing", "DELETE FROM a;" },
		{ "UNIQUE", "INSERT INTO a (id) VALUES (1);" },
	};

	EACH (r, ROWS) {
		struct migration table[] = { GOOD[0], GOOD[1], { 3, "0003_bad", r->sql } };
		struct migrate_report report;
		struct err e = { 0 };
		struct db *db;

		unlink(file_path());
		db = open_writer();
		CHECK(migrate_run(db, table, 3, 5, &report, &e) != RC_OK);
		CHECK(strstr(e.text, r->why) != NULL);
		CHECK(strstr(e.text, "0003_bad") != NULL);
		CHECK_I64(r->why, pragma(db, "user_version"), 2);
		CHECK_I64("nothing of it is there", db_exec(db, "SELECT * FROM c", NULL), RC_IO);
		MUST(migrate_run(db, GOOD, COUNT(GOOD), 6, &report,
				 &t_err)); /* the mended one runs */
		db_close(db);
	}
}

TEST(what_is_not_ours_is_refused_untouched)
{
	static const struct migration CHANGED[] = {
		{ 1, "0001_first", "CREATE TABLE a (id INTEGER PRIMARY KEY) STRICT;" },
		{ 2, "0002_second", "CREATE TABLE z (id INTEGER) STRICT;" },
	};
	static const struct migration RENAMED[] = { { 1, "0001_other", "" } };
	struct migrate_report r;
	struct err e = { 0 };
	struct db *db = open_writer();
	int64_t before;

	MUST(migrate_run(db, GOOD, 1, 5, &r, &t_err));
	before = pragma(db, "schema_version");
	CHECK_I64("text changed", migrate_run(db, CHANGED, 2, 6, &r, &e), RC_REFUSED);
	CHECK(strstr(e.text, "0001_first differs") != NULL);
	CHECK_I64("name changed", migrate_run(db, RENAMED, 1, 6, &r, NULL), RC_REFUSED);
	MUST(migrate_run(db, GOOD, 2, 6, &r, &t_err));
	CHECK(pragma(db, "schema_version") > before);
	before = pragma(db, "schema_version");
	CHECK_I64("newer than the program", migrate_run(db, GOOD, 1, 7, &r, NULL), RC_REFUSED);
	MUST(db_exec(db, "DELETE FROM schema_migrations WHERE number = 2", &t_err));
	CHECK_I64("a row is missing", migrate_run(db, GOOD, 3, 7, &r, NULL), RC_REFUSED);
	CHECK_I64("untouched", pragma(db, "schema_version"), before);
	db_close(db);

	unlink(file_path());
	db = open_writer();
	MUST(db_exec(db, "CREATE TABLE stranger (id INTEGER)", &t_err));
	CHECK_I64("somebody else's file", migrate_run(db, GOOD, 3, 7, &r, NULL), RC_REFUSED);
	CHECK_I64("untouched", pragma(db, "user_version"), 0);
	db_close(db);
}

TEST(no_copy_no_change)
{
	struct migrate_report r;
	struct db *db = open_writer();
	char in_the_way[600];

	MUST(migrate_run(db, GOOD, 1, 5, &r, &t_err));
	snprintf(in_the_way, sizeof(in_the_way), "%s.before-0002", file_path());
	CHECK(mkdir(in_the_way, 0700) == 0); /* a file cannot be renamed over a folder */
	CHECK_I64("refused", migrate_run(db, GOOD, 3, 6, &r, NULL), RC_IO);
	CHECK_I64("untouched", pragma(db, "user_version"), 1);
	db_close(db);
}

TEST(power_may_go_at_every_sync_of_a_migration)
{
	enum rc rc = RC_IO;
	int64_t n = 1;

	for (; rc != RC_OK; n++) {
		struct migrate_report r;
		char wal[600];
		struct db *db;

		ASSERT(n < 200);
		unlink(file_path());
		snprintf(wal, sizeof(wal), "%s-wal", file_path());
		unlink(wal);
		faultvfs_start();
		db = open_writer();
		MUST(migrate_run(db, GOOD, 1, 5, &r, &t_err));
		faultvfs_set(&(struct fault){ .power_at_sync = n });
		rc = migrate_run(db, GOOD, COUNT(GOOD), 6, &r, NULL);
		db_close(db);
		faultvfs_cut(n % 2 == 0 ? FAULTVFS_MIX : FAULTVFS_DROP, (uint64_t)n);
		db = open_writer();
		MUST(db_quick_check(db, NULL, &t_err));
		CHECK(rc != RC_OK || pragma(db, "user_version") == 3);
		MUST(migrate_run(db, GOOD, COUNT(GOOD), 7, &r, &t_err));
		CHECK_I64("finished", r.to, 3);
		CHECK(r.from >= 1);
		db_close(db);
	}
	CHECK(n > 3);
}

TEST(the_real_table_counts_from_one)
{
	size_t count;
	const struct migration *table = migrate_table(&count);

	CHECK(count > 0);
	for (size_t i = 0; i < count; i++) {
		CHECK_I64(table[i].name, table[i].number, i + 1);
		CHECK(strlen(table[i].name) > 5 && table[i].sql[0] != '\0');
	}
}
