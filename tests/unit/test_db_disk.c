/* test_db_disk.c - the database on a disk that fails, fills up or loses power.
 * The table is schema_migrations, because its queries exist in every build. */
#include <unistd.h>

#include "faultvfs.h"
#include "io/db.h"
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

/* Writes rows in transactions of their own until an error comes; gives the number of acknowledged ones. */
static int64_t write_until_error(struct db *db, int64_t rows, enum rc *ret_rc)
{
	for (int64_t i = 1; i <= rows; i++) {
		enum rc rc = db_begin(db, NULL);

		if (rc == RC_OK)
			rc = put_number(db, i, NULL);
		if (rc == RC_OK)
			rc = db_commit(db, NULL);
		if (rc != RC_OK) {
			db_rollback(db);
			*ret_rc = rc;
			return i - 1;
		}
	}
	*ret_rc = RC_OK;
	return rows;
}

#define DISK_ROWS 40

static void start_on_bad_disk(struct db **ret_db)
{
	char side[600];

	unlink(file_path());
	snprintf(side, sizeof(side), "%s-wal", file_path());
	unlink(side);
	faultvfs_start();
	*ret_db = make_writer();
	MUST(db_exec(*ret_db, "PRAGMA wal_autocheckpoint=6",
		     &t_err)); /* checkpoints are part of the game */
}

/* After the damage: whole, and every acknowledged row is there. */
static void look_after(const char *why, int64_t acknowledged)
{
	struct db *db = open_writer();
	int64_t rows = count_rows(db);

	CHECK_I64(why, db_quick_check(db, NULL, &t_err), RC_OK);
	if (rows < acknowledged || rows > acknowledged + 1)
		CHECK_I64(why, rows, acknowledged);
	db_close(db);
}

static void cut_everywhere(enum faultvfs_cut how)
{
	int64_t n = 1;
	enum rc rc = RC_IO;

	for (; rc != RC_OK; n++) {
		struct db *db;
		int64_t acknowledged;
		char why[64];

		ASSERT(n < 2000);
		start_on_bad_disk(&db);
		faultvfs_set(&(struct fault){ .power_at_sync = n });
		acknowledged = write_until_error(db, DISK_ROWS, &rc);
		db_close(db);
		faultvfs_cut(how, (uint64_t)n);
		snprintf(why, sizeof(why), "power lost at sync %lld", (long long)n);
		look_after(why, acknowledged);
	}
	CHECK(n > DISK_ROWS); /* each commit syncs: else this test looked at nothing */
}

TEST(acknowledged_rows_survive_a_power_cut_at_every_sync)
{
	cut_everywhere(FAULTVFS_DROP);
}

TEST(acknowledged_rows_survive_a_torn_power_cut_at_every_sync)
{
	cut_everywhere(FAULTVFS_MIX);
}

TEST(acknowledged_rows_survive_a_power_cut_at_every_write)
{
	enum rc rc = RC_IO;

	for (int64_t n = 1; rc != RC_OK; n += 3) {
		struct db *db;
		int64_t acknowledged;

		ASSERT(n < 5000);
		start_on_bad_disk(&db);
		faultvfs_set(&(struct fault){ .power_at_write = n });
		acknowledged = write_until_error(db, DISK_ROWS / 2, &rc);
		db_close(db);
		faultvfs_cut(n % 2 == 0 ? FAULTVFS_MIX : FAULTVFS_DROP, (uint64_t)n);
		look_after("power lost at a write", acknowledged);
	}
}

/* The disk must be able to lose data, or the tests above prove nothing: without syncs rows go. */
TEST(the_bad_disk_does_lose_what_was_not_synced)
{
	struct db *db;
	enum rc rc;

	start_on_bad_disk(&db);
	MUST(db_checkpoint(db, &t_err));
	MUST(db_exec(db, "PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0", &t_err));
	faultvfs_set(&(struct fault){ .power_at_write = 30 });
	CHECK(write_until_error(db, DISK_ROWS, &rc) > 2);
	CHECK(faultvfs_power_is_off());
	db_close(db);
	faultvfs_cut(FAULTVFS_DROP, 1);
	db = open_writer();
	CHECK_I64("rows", count_rows(db), 0);
	MUST(db_quick_check(db, NULL, &t_err));
	db_close(db);
}

TEST(a_failing_disk_is_told_and_forgotten)
{
	static const struct {
		const char *why;
		struct fault fault;
		enum rc rc;
	} ROWS[] = {
		{ "write", { .fail_write = 5 }, RC_IO },
		{ "half a write", { .short_write = 5 }, RC_IO },
		{ "sync", { .fail_sync = 3 }, RC_IO },
		{ "all writes", { .fail_write = 9, .lasting = true }, RC_IO },
		{ "all syncs", { .fail_sync = 4, .lasting = true }, RC_IO },
		{ "full", { .full_after = 60000 }, RC_LIMIT },
	};

	EACH (r, ROWS) {
		struct db *db;
		int64_t acknowledged;
		enum rc rc;

		start_on_bad_disk(&db);
		MUST(db_exec(db, "PRAGMA wal_autocheckpoint=1000", &t_err));
		faultvfs_set(&r->fault);
		acknowledged = write_until_error(db, DISK_ROWS, &rc);
		CHECK_I64(r->why, rc, r->rc);
		CHECK(faultvfs_counts().failed > 0);
		CHECK(acknowledged < DISK_ROWS);
		faultvfs_set(&(struct fault){ 0 });
		CHECK(count_rows(db) >= acknowledged); /* reading goes on */
		MUST(db_begin(db, &t_err)); /* and so does writing when the disk is well again */
		MUST(put(db, 1000, "later", &t_err));
		MUST(db_commit(db, &t_err));
		MUST(db_exec(db, "DELETE FROM schema_migrations WHERE number = 1000", &t_err));
		db_close(db);
		look_after(r->why, acknowledged);
	}
}
