/* test_wipe.c - what deleted rows leave in the pages of a database is overwritten, and nothing else. */
#include "io/file.h"
#include "io/wipe.h"
#include "t.h"

#define WORD  "Zqxjkvb"
#define PATH  700
#define ROWS  900
#define WORDS 4

static struct db *made(const char *path)
{
	struct db *db;

	MUST(db_open(path, DB_WRITER, &db, &t_err));
	MUST(db_exec(db,
		     "CREATE TABLE t(id INTEGER PRIMARY KEY, word TEXT, long TEXT) STRICT;"
		     "CREATE TABLE w(word TEXT PRIMARY KEY, n INTEGER) STRICT, WITHOUT ROWID;"
		     "CREATE INDEX t_word ON t(word)",
		     &t_err));
	return db;
}

/* Every third row is somebody's; texts of all lengths, so that pages split and long ones get pages of their own. */
static void fill(struct db *db)
{
	char sql[900];

	MUST(db_begin(db, &t_err));
	for (int i = 0; i < ROWS; i++) {
		const char *word = i % 3 == 0 ? WORD : "other";
		int n = i * 7919 % ROWS;

		(void)snprintf(sql, sizeof(sql),
			       "INSERT INTO t VALUES(%d, '%d %s', replace(hex(zeroblob(%d)), '00', "
			       "'%s %d '));"
			       "INSERT INTO w VALUES('%d %s %s', %d)",
			       i, n, word, i % 40 == 0 ? 2000 : i % 50, word, i, n, word, word, i);
		MUST(db_exec(db, sql, &t_err));
	}
	MUST(db_commit(db, &t_err));
}

static void forget(struct db *db)
{
	MUST(db_begin(db, &t_err));
	MUST(db_exec(db,
		     "DELETE FROM t WHERE word LIKE '%" WORD
		     "%'; DELETE FROM w WHERE word LIKE '%" WORD "%';"
		     "UPDATE t SET long = substr(long, 1, 40) WHERE id % 80 = 1",
		     &t_err));
	MUST(db_commit(db, &t_err));
}

/* The file as it is on the disk holds the word. */
static bool holds(const char *path)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * MIB);

	MUST(file_read(path, &b, &t_err));
	return str_find(sbuf_view(&b), STR(WORD)) >= 0;
}

static int64_t wipe_all(struct db *db, int64_t pages)
{
	struct wipe w = { .from = 1 };
	bool all;

	while (w.from != 0) {
		MUST(db_begin(db, &t_err));
		MUST(wipe_pages(db, &w, pages, &t_err));
		MUST(db_commit(db, &t_err));
	}
	MUST(db_checkpoint_all(db, &all, &t_err));
	CHECK(all);
	return w.wiped;
}

static int64_t pages(struct db *db)
{
	int64_t n = 0;

	MUST(db_pragma_i64(db, "page_count", &n, &t_err));
	return n;
}

TEST(deleted_words_are_in_the_file_until_it_is_wiped)
{
	char path[PATH], log[PATH + 8];
	struct db *db;
	bool all;

	(void)snprintf(path, sizeof(path), "%s/a.db", t_dir());
	(void)snprintf(log, sizeof(log), "%s-wal", path);
	db = made(path);
	fill(db);
	forget(db);
	MUST(db_checkpoint_all(db, &all, &t_err));
	CHECK(holds(path)); /* or this test proves nothing */
	CHECK(wipe_all(db, 16) > 0);
	CHECK(!holds(path));
	CHECK(!holds(log));
	MUST(db_full_check(db, NULL, &t_err));
	CHECK_I64("a second time nothing is written", wipe_all(db, 100000), 0);
	db_close(db);
}

static enum rc same(void *arg, const struct db_table *t, struct err *e)
{
	struct db_table *all = arg;

	(void)e;
	for (int i = 0; i < WORDS; i++) {
		if (all[i].name == NULL) {
			all[i] = *t;
			all[i].name = mem_dup(t->name, strlen(t->name));
			return RC_OK;
		}
		if (strcmp(all[i].name, t->name) == 0) {
			CHECK_I64(t->name, t->rows, all[i].rows);
			CHECK_STR(t->name, t->digest, all[i].digest);
			return RC_OK;
		}
	}
	return RC_OK;
}

TEST(what_is_there_stays_as_it_is_while_rows_come_and_go)
{
	struct db_table before[WORDS] = { 0 };
	char path[PATH];
	struct db *db;

	(void)snprintf(path, sizeof(path), "%s/b.db", t_dir());
	db = made(path);
	fill(db);
	forget(db);
	MUST(db_each_table(db, 1000, NULL, same, before, &t_err));
	CHECK(wipe_all(db, 7) > 0);
	MUST(db_each_table(db, 1000, NULL, same, before, &t_err));
	MUST(db_begin(db, &t_err));
	MUST(db_exec(db, "DELETE FROM t; DELETE FROM w", &t_err));
	MUST(db_commit(db, &t_err));
	(void)wipe_all(db, 64); /* nearly all is zero already */
	fill(db);               /* the pages that were wiped are used again */
	MUST(db_full_check(db, NULL, &t_err));
	forget(db);
	CHECK(pages(db) > 0);
	MUST(db_each_table(db, 1000, NULL, same, before, &t_err));
	for (int i = 0; i < WORDS; i++)
		mem_free((void *)(uintptr_t)before[i].name);
	db_close(db);
}

TEST(whole_pages_are_written_by_nobody_else)
{
	struct err e = { 0 };
	char path[PATH];
	struct db *db;

	(void)snprintf(path, sizeof(path), "%s/c.db", t_dir());
	db = made(path);
	CHECK(db_exec(db, "UPDATE sqlite_dbpage SET data = zeroblob(4096) WHERE pgno = 2", &e) !=
	      RC_OK);
	MUST(wipe_all(db, 10) >= 0 ? RC_OK : RC_IO);
	err_clear(&e);
	CHECK(db_exec(db, "UPDATE sqlite_dbpage SET data = zeroblob(4096) WHERE pgno = 2", &e) !=
	      RC_OK);
	db_close(db);
}

/* Bytes of the file are changed anywhere but in its header; the pages that are not understood stay, nothing is read outside. */
TEST(a_damaged_page_harms_nobody)
{
	char path[PATH];
	struct db *db;
	unsigned rnd = 7;

	(void)snprintf(path, sizeof(path), "%s/d.db", t_dir());
	db = made(path);
	fill(db);
	forget(db);
	db_close(db);
	for (int round = 0; round < 40; round++) {
		struct err e = { 0 };
		struct wipe w = { .from = 1 };
		FILE *f = fopen(path, "r+b");
		long size;

		CHECK(f != NULL && fseek(f, 0, SEEK_END) == 0);
		size = ftell(f);
		for (int i = 0; i < 60; i++) {
			long page, at;

			rnd = rnd * 1103515245 + 12345;
			page = 1 + (long)(rnd >> 8) % (size / 4096 - 1);
			rnd = rnd * 1103515245 + 12345;
			at = (rnd >> 7) % 3 == 0 ? (long)(rnd >> 9) % 4096 : (long)(rnd >> 9) % 24;
			CHECK(fseek(f, page * 4096 + at, SEEK_SET) == 0);
			CHECK(fputc((int)(rnd >> 16 & 0xff), f) != EOF);
		}
		CHECK(fclose(f) == 0);
		MUST(db_open(path, DB_WRITER, &db, &t_err));
		MUST(db_begin(db, &t_err));
		while (w.from != 0 && wipe_pages(db, &w, 64, &e) == RC_OK)
			continue;
		db_rollback(db);
		db_close(db);
	}
}
