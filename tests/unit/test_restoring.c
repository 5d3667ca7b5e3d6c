/* test_restoring.c - a backup takes the place of a data folder: all or nothing, and nothing is sent twice. */
#include "box.h"
#include "flow/backup/restore.h"
#include "flow/supervise.h"
#include "flow/supervise_key.h"
#include "io/file.h"
#include "store/delivery.h"
#include "store/setting/setting.h"

struct rig {
	char backups[FOLDER_PATH_MAX], target[FOLDER_PATH_MAX];
	struct backup_info made;
	struct restore_plan plan;
	struct restore_report report;
};

static void put(const char *folder, const char *name, const char *text)
{
	char path[FOLDER_PATH_MAX], sub[FOLDER_PATH_MAX];

	MUST(folder_join(folder, name, path, &t_err));
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(strrchr(path, '/') - path), path);
	MUST(file_mkdir(sub, 0700, &t_err));
	MUST(file_write(path, str_of(text), 0600, &t_err));
}

static bool holds(const char *folder, const char *name, const char *text)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	char path[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };

	return folder_join(folder, name, path, &e) == RC_OK && file_read(path, &b, &e) == RC_OK &&
	       str_eqc(sbuf_view(&b), text);
}

static bool there(const char *folder, const char *name)
{
	char path[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };

	return folder_join(folder, name, path, &e) == RC_OK && file_exists(path);
}

static enum rc add_unit(struct tx *tx, void *arg, struct err *e)
{
	struct delivery d = {
		.company_id = 1, .source = "meta", .signature = "valid", .body = STR("{}")
	};

	(void)arg;
	return delivery_add(tx, &d, e);
}

/* A box with one request, one picture and a key; its backup; an empty target. */
static void make_box(struct rig *r, bool with_send, struct str passphrase)
{
	static struct box b;
	uint8_t key[CRYPTO_KEY_BYTES];
	struct backup_plan plan = { .data_dir = t_dir(),
				    .folder = r->backups,
				    .passphrase = passphrase };
	static const char *const ARGS[] = { "channel.main.phone_number_id=1",
					    "channel.main.window_hours=0", "channel.main.token=t" };
	bool damaged;

	*r = (struct rig){ .plan = { .passphrase = passphrase, .without_key = passphrase.n == 0 } };
	MUST(folder_join(t_dir(), "backups", r->backups, &t_err));
	MUST(folder_join(t_dir(), "new", r->target, &t_err));
	box_open(&b, ARGS, with_send ? COUNT(ARGS) : 0);
	MUST(supervise_key(t_dir(), true, key, &t_err));
	put(t_dir(), "media/1/ab/abcd", "a picture");
	MUST(store_write(b.app.store, STORE_NORMAL, add_unit, NULL, &t_err));
	if (with_send)
		CHECK_I64("send",
			  box_call(&b, "POST", "/api/v1/messages",
				   "{\"to\":\"+595981123456\",\"type\":\"text\",\"text\":{\"body\":"
				   "\"x\"}}"),
			  202);
	MUST(backup_make(&plan, BOX_NOW_MS, &r->made, &damaged, &t_err));
	box_close(&b);
	MUST(file_mkdir(r->target, 0700, &t_err));
	r->plan.data_dir = r->target;
	r->plan.folder = r->backups;
	r->plan.name = r->made.name;
}

/* Sealing is slow on purpose; most tests do without. */
static void up(struct rig *r, bool with_send)
{
	make_box(r, with_send, STR_NONE);
}

static void up_sealed(struct rig *r)
{
	make_box(r, false, STR("long passphrase"));
}

static enum rc run(struct rig *r, struct err *e)
{
	*e = (struct err){ .rc = RC_OK };
	return restore_run(&r->plan, BOX_NOW_MS + 5000, &r->report, e);
}

static int64_t count_rows(const char *folder)
{
	struct backup_tables *t = mem_new(1, sizeof(*t));
	char path[FOLDER_PATH_MAX];
	struct db *db = NULL;
	int64_t n = 0;

	MUST(folder_join(folder, "totem.db", path, &t_err));
	MUST(db_open(path, DB_READER, &db, &t_err));
	MUST(backup_tables_read(db, NULL, t, &t_err));
	db_close(db);
	for (size_t i = 0; i < t->n; i++)
		n += t->t[i].rows;
	mem_free(t);
	return n;
}

TEST(a_blank_folder_gets_everything)
{
	AUTO(sbuf_release) struct sbuf key = SBUF(KIB);
	char path[FOLDER_PATH_MAX];
	struct err e;
	struct rig r;

	up_sealed(&r);
	CHECK_I64("restored", run(&r, &e), RC_OK);
	CHECK(r.report.key_restored);
	CHECK(!r.report.paused);
	CHECK_I64("rows", count_rows(r.target), r.made.rows);
	CHECK(holds(r.target, "media/1/ab/abcd", "a picture"));
	MUST(folder_join(t_dir(), "totem.key", path, &t_err));
	MUST(file_read(path, &key, &t_err));
	CHECK(holds(r.target, "totem.key", sbuf_c(&key)));
	CHECK(!there(r.target, "restore.journal"));
	CHECK(!there(r.target, ".restore"));
}

TEST(what_was_there_is_kept_and_a_stale_log_never_meets_the_new_database)
{
	struct err e;
	struct rig r;

	up_sealed(&r);
	put(r.target, "totem.db", "old database");
	put(r.target, "totem.db-wal", "old log");
	put(r.target, "totem.key", "old key");
	put(r.target, "media/1/zz/old", "old picture");
	put(r.target, "damaged", "why");
	CHECK_I64("restored", run(&r, &e), RC_OK);
	CHECK(holds(r.report.kept, "totem.db", "old database"));
	CHECK(holds(r.report.kept, "totem.db-wal", "old log"));
	CHECK(holds(r.report.kept, "totem.key", "old key"));
	CHECK(holds(r.report.kept, "media/1/zz/old", "old picture"));
	CHECK(!there(r.target, "damaged"));
	CHECK(!holds(r.target, "totem.db-wal", "old log"));
	CHECK_I64("rows", count_rows(r.target), r.made.rows);
}

TEST(a_damaged_backup_changes_nothing)
{
	static const struct {
		const char *why, *name;
	} ROWS[] = { { "manifest", "manifest.json" },
		     { "list", "media.list" },
		     { "database", "totem.db" } };
	struct err e;
	struct rig r;

	up(&r, false);
	put(r.target, "totem.db", "old database");
	EACH (row, ROWS) {
		char folder[FOLDER_PATH_MAX], from[FOLDER_PATH_MAX], aside[FOLDER_PATH_MAX];

		MUST(folder_join(r.backups, r.made.name, folder, &t_err));
		MUST(folder_join(folder, row->name, from, &t_err));
		MUST(folder_join(folder, "aside", aside, &t_err));
		MUST(folder_move(from, aside, &t_err));
		put(folder, row->name, "nonsense");
		CHECK(run(&r, &e) != RC_OK);
		CHECK(holds(r.target, "totem.db", "old database"));
		CHECK(!there(r.target, ".restore"));
		CHECK(!there(r.target, "restore.journal"));
		MUST(folder_move(aside, from, &t_err));
	}
	CHECK_I64("and then it works", run(&r, &e), RC_OK);
}

TEST(a_wrong_passphrase_is_told_and_without_any_it_asks)
{
	struct err e;
	struct rig r;

	up_sealed(&r);
	r.plan.passphrase = STR("other");
	CHECK_I64("wrong", run(&r, &e), RC_REFUSED);
	r.plan.passphrase = STR_NONE;
	CHECK_I64("none", run(&r, &e), RC_REFUSED);
	CHECK(str_find(str_of(e.text), STR("--without-key")) >= 0);
	r.plan.without_key = true;
	CHECK_I64("wanted so", run(&r, &e), RC_OK);
	CHECK(!r.report.has_key);
	put(r.target, "totem.key", "own key");
	CHECK_I64("own key", run(&r, &e), RC_OK);
	CHECK(r.report.has_key && !r.report.key_restored);
	CHECK(holds(r.target, "totem.key", "own key"));
}

static int64_t paused_queues(const char *folder)
{
	char path[FOLDER_PATH_MAX];
	struct db *db = NULL;
	struct stmt s;
	int64_t n = 0;

	MUST(folder_join(folder, "totem.db", path, &t_err));
	MUST(db_open(path, DB_READER, &db, &t_err));
	MUST(stmt_begin(db, Q_RESTORE_PAUSED, &s, &t_err));
	MUST(stmt_next(&s, &t_err));
	n = stmt_i64(&s, "paused");
	stmt_end(&s);
	db_close(db);
	return n;
}

TEST(what_waited_to_be_sent_waits_for_a_person)
{
	struct err e;
	struct rig r;

	up(&r, true);
	CHECK_I64("restored", run(&r, &e), RC_OK);
	CHECK(r.report.paused);
	CHECK_I64("waiting", r.report.waiting, 1);
	CHECK_I64("queues", paused_queues(r.target), 2);
	r.plan.resume = true;
	CHECK_I64("wanted so", run(&r, &e), RC_OK);
	CHECK_I64("queues", paused_queues(r.target), 0);
}

/* The states that a death between two renames can leave. */
TEST(an_interrupted_swap_is_finished_by_the_next_start)
{
	static const struct {
		const char *why, *journal;
		bool old_db, new_db_staged, old_moved;
	} ROWS[] = {
		{ "nothing moved", "keep before-restore-X\n", true, true, false },
		{ "old moved, not noted", "keep before-restore-X\n", false, true, true },
		{ "old moved", "put before-restore-X\n", false, true, true },
		{ "new in place", "put before-restore-X\n", false, false, true },
	};
	struct rig r;

	up(&r, false);
	EACH (row, ROWS) {
		MUST(folder_remove(r.target, &t_err));
		MUST(file_mkdir(r.target, 0700, &t_err));
		if (row->old_db)
			put(r.target, "totem.db", "old");
		if (row->old_moved)
			put(r.target, "before-restore-X/totem.db", "old");
		put(r.target, row->new_db_staged ? ".restore/totem.db" : "totem.db", "new");
		put(r.target, ".restore/totem.key", "new key");
		put(r.target, "restore.journal", row->journal);
		MUST(restore_settle(r.target, &t_err));
		MUST(restore_settle(r.target, &t_err)); /* nothing left to do */
		CHECK(holds(r.target, "totem.db", "new"));
		CHECK(holds(r.target, "totem.key", "new key"));
		CHECK(holds(r.target, "before-restore-X/totem.db", "old"));
		CHECK(!there(r.target, "restore.journal"));
		CHECK(!there(r.target, ".restore"));
	}
	put(r.target, "restore.journal", "put ../elsewhere\n");
	{
		struct err e = { .rc = RC_OK };

		CHECK_I64("not ours", restore_settle(r.target, &e), RC_INVALID);
	}
}

/* As a mount or a folder of somebody else does: the folder of kept files has one that rename(2) does not replace. */
TEST(what_cannot_be_moved_aside_leaves_the_box_as_it_was)
{
	struct err e;
	struct rig r;

	up(&r, false);
	put(r.target, "totem.db", "old database");
	put(r.target, "totem.db-wal", "old log");
	put(r.target, "media/1/zz/old", "old picture");
	put(r.target, "before-restore-20260728T120005000Z/media/in the way", "x");
	CHECK_I64("failed", run(&r, &e), RC_IO);
	CHECK(str_starts(str_of(e.text), STR("nothing was changed: ")));
	CHECK(holds(r.target, "totem.db", "old database"));
	CHECK(holds(r.target, "totem.db-wal", "old log"));
	CHECK(holds(r.target, "media/1/zz/old", "old picture"));
	CHECK(!there(r.target, "restore.journal"));
	CHECK(!there(r.target, ".restore"));
	CHECK(holds(r.target, "before-restore-20260728T120005000Z/media/in the way", "x"));
	/* and when the first try died with the journal written */
	put(r.target, ".restore/media/1/ab/abcd", "new picture");
	put(r.target, "restore.journal", "keep before-restore-20260728T120005000Z\n");
	MUST(restore_settle(r.target, &t_err));
	CHECK(holds(r.target, "totem.db", "old database"));
	CHECK(holds(r.target, "media/1/zz/old", "old picture"));
	CHECK(!there(r.target, "restore.journal"));
}

TEST(a_part_of_another_file_system_is_told)
{
	struct err e = { .rc = RC_OK };

	CHECK_I64("own", folder_movable(t_dir(), t_dir(), &e), RC_OK);
	CHECK_I64("absent", folder_movable("/proc/none", t_dir(), &e), RC_OK);
	CHECK_I64("mount", folder_movable("/proc", t_dir(), &e), RC_REFUSED);
}

TEST(a_backup_of_a_newer_program_is_refused)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB), changed = SBUF(64 * KIB);
	char folder[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX];
	struct str rest, head;
	struct err e;
	struct rig r;

	up(&r, false);
	put(r.target, "totem.db", "old database");
	MUST(folder_join(r.backups, r.made.name, folder, &t_err));
	MUST(folder_join(folder, "manifest.json", path, &t_err));
	MUST(file_read(path, &b, &t_err));
	rest = sbuf_view(&b);
	head = str_n(rest.p, (size_t)str_find(rest, STR("\"schema\":")) + 9);
	rest = str_n(rest.p + head.n, rest.n - head.n);
	sbuf_str(&changed, head);
	sbuf_char(&changed, '9'); /* 29 is 929 */
	sbuf_str(&changed, rest);
	put(folder, "manifest.json", sbuf_c(&changed));
	CHECK_I64("newer", run(&r, &e), RC_REFUSED);
	CHECK(str_find(str_of(e.text), STR("newer Totem")) >= 0);
	CHECK(holds(r.target, "totem.db", "old database"));
	CHECK(!there(r.target, ".restore"));
}

static enum rc secret_unit(struct tx *tx, void *arg, struct err *e)
{
	return setting_put(tx, arg, STR("backup_passphrase"), STR("sealed here"), e);
}

/* A new machine was started once by its package, so it has a key of its own. */
TEST(a_key_that_opens_nothing_is_not_the_right_one)
{
	static struct box b;
	uint8_t key[CRYPTO_KEY_BYTES], other[CRYPTO_KEY_BYTES];
	AUTO(sbuf_release) struct sbuf text = SBUF(KIB);
	char path[FOLDER_PATH_MAX];
	struct backup_plan plan;
	struct err e;
	struct rig r;
	bool damaged;

	up(&r, false);
	box_open(&b, NULL, 0);
	MUST(supervise_key(t_dir(), true, key, &t_err));
	MUST(store_write(b.app.store, STORE_NORMAL, secret_unit, key, &t_err));
	plan = (struct backup_plan){ .data_dir = t_dir(), .folder = r.backups };
	MUST(backup_make(&plan, BOX_NOW_MS + 1000, &r.made, &damaged, &t_err));
	box_close(&b);
	r.plan.name = r.made.name;
	r.plan.without_key = false;
	MUST(supervise_key(r.target, true, other, &t_err));
	CHECK_I64("another key", run(&r, &e), RC_REFUSED);
	CHECK(str_find(str_of(e.text), STR("opens none")) >= 0);
	CHECK(!there(r.target, "totem.db"));
	r.plan.without_key = true;
	CHECK_I64("wanted so", run(&r, &e), RC_OK);
	CHECK(r.report.has_key && !r.report.key_fits);
	MUST(folder_join(t_dir(), "totem.key", path, &t_err));
	MUST(file_read(path, &text, &t_err));
	put(r.target, "totem.key", sbuf_c(&text));
	r.plan.without_key = false;
	CHECK_I64("the right one", run(&r, &e), RC_OK);
	CHECK(r.report.key_fits);
}

TEST(an_interrupted_staging_is_forgotten)
{
	struct rig r;

	up(&r, false);
	put(r.target, "totem.db", "old");
	put(r.target, ".restore/totem.db", "half");
	MUST(restore_settle(r.target, &t_err));
	CHECK(holds(r.target, "totem.db", "old"));
	CHECK(!there(r.target, ".restore"));
}
