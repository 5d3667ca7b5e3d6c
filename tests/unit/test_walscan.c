/* test_walscan.c - a write-ahead log before SQLite looks at it. */
#include "io/db.h"
#include "io/file.h"
#include "io/walscan.h"
#include "t.h"

static char path[600], wal[620];

/* A database in WAL mode with `commits` transactions of one row each that were not checkpointed; its log is copied, as
 * after a kill. */
static void make(int commits)
{
	AUTO(sbuf_release) struct sbuf log = SBUF(8 * MIB);
	struct db *db = NULL;
	char from[640];

	(void)snprintf(path, sizeof(path), "%s/x.db", t_dir());
	(void)snprintf(from, sizeof(from), "%s-wal", path);
	(void)snprintf(wal, sizeof(wal), "%s/log", t_dir());
	MUST(db_open(path, DB_WRITER, &db, &t_err));
	MUST(db_exec(db, "CREATE TABLE x(a TEXT) STRICT", &t_err));
	for (int i = 1; i < commits; i++)
		MUST(db_exec(db, "INSERT INTO x VALUES ('row')", &t_err));
	MUST(file_read(from, &log, &t_err));
	MUST(file_write(wal, sbuf_view(&log), 0600, &t_err));
	db_close(db);
}

static struct walscan scan(void)
{
	struct walscan w;

	MUST(walscan_read(wal, &w, &t_err));
	return w;
}

#define FRAME (24 + 4096)

TEST(a_whole_log_is_read_to_its_end)
{
	struct walscan w;

	make(5);
	w = scan();
	CHECK_I64("commits", w.commits, 5);
	CHECK_I64("bad", w.bad_frame, 0);
	CHECK(!walscan_is_damaged(&w));
}

TEST(a_torn_last_transaction_is_no_damage)
{
	struct walscan w;
	int64_t frames;

	make(5);
	frames = scan().frames;
	t_spoil(wal, 32 + (frames - 1) * FRAME + 100);
	w = scan();
	CHECK_I64("bad", w.bad_frame, frames);
	CHECK_I64("lost", w.lost_commits, 1);
	CHECK(!walscan_is_damaged(&w));
}

TEST(a_frame_that_rotted_in_the_middle_is_damage)
{
	struct walscan w;

	make(6);
	t_spoil(wal, 32 + 1 * FRAME + 24 + 50); /* the page of the second frame */
	w = scan();
	CHECK_I64("bad", w.bad_frame, 2);
	CHECK(w.lost_commits > 1 && walscan_is_damaged(&w));
}

TEST(a_head_that_is_none_is_damage_when_frames_follow)
{
	struct walscan w;

	make(6);
	t_spoil(wal, 2);
	w = scan();
	CHECK(w.bad_head && walscan_is_damaged(&w));
	MUST(file_write(wal, STR("short"), 0600, &t_err));
	w = scan();
	CHECK(!walscan_is_damaged(&w));
	MUST(file_remove(wal, &t_err));
	w = scan();
	CHECK(!walscan_is_damaged(&w));
}
