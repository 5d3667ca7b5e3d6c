/* test_backup.c - backups: made while others write, carried, sealed. */
#include "backup_rig.h"
#include "flow/backup/backup_run.h"

TEST(a_backup_is_whole_and_says_what_it_holds)
{
	struct backup_info made, listed[4];
	struct rig r;
	size_t n = 0;

	up(&r);
	put(t_dir(), "media/1/ab/abcd", "a picture");
	make_at(&r, BOX_NOW_MS, &made);
	CHECK(made.rows >= 100); /* 50 requests and their jobs */
	CHECK_I64("media", made.media_files, 1);
	CHECK(!made.sealed_key);
	MUST(backup_list(r.folder, listed, COUNT(listed), &n, &t_err));
	CHECK_I64("listed", n, 1);
	CHECK_STR("name", listed[0].name, made.name);
	CHECK_I64("again", verify(&r, made.name), RC_OK);
	box_close(&r.b);
}

TEST(what_is_written_meanwhile_is_in_the_next_one)
{
	struct backup_info one, two;
	struct rig r;

	up(&r);
	make_at(&r, BOX_NOW_MS, &one);
	add(&r, 10);
	make_at(&r, BOX_NOW_MS + 1000, &two);
	CHECK_I64("rows", two.rows - one.rows, 20);
	box_close(&r.b);
}

TEST(each_damage_of_a_backup_is_found)
{
	static const struct {
		const char *file;
		off_t at;
	} ROWS[] = { { "totem.db", 4096 * 3 + 100 },
		     { "totem.db", 20 },
		     { "manifest.json", 2 },
		     { "media.list", 5 } };
	struct backup_info made;
	struct rig r;
	int i = 0;

	up(&r);
	put(t_dir(), "media/1/ab/abcd", "a picture");
	EACH (row, ROWS) {
		char path[FOLDER_PATH_MAX];

		make_at(&r, BOX_NOW_MS + 1000 * i++, &made);
		path_in(&r, made.name, row->file, path);
		t_spoil(path, row->at);
		CHECK(verify(&r, made.name) != RC_OK);
	}
	box_close(&r.b);
}

TEST(a_missing_or_changed_media_file_is_found)
{
	struct backup_info made;
	char sum[SUM_TEXT], path[FOLDER_PATH_MAX];
	struct rig r;

	up(&r);
	put(t_dir(), "media/1/ab/abcd", "a picture");
	make_at(&r, BOX_NOW_MS, &made);
	crypto_sha256_hex(STR("a picture"), sum);
	MUST(backup_media_path(r.folder, sum, path, &t_err));
	t_spoil(path, 3);
	CHECK_I64("changed", verify(&r, made.name), RC_INVALID);
	MUST(file_remove(path, &t_err));
	CHECK_I64("missing", verify(&r, made.name), RC_INVALID);
	box_close(&r.b);
}

TEST(media_are_kept_once_and_go_with_their_last_backup)
{
	struct backup_info one, two;
	char sum[SUM_TEXT], old[FOLDER_PATH_MAX], kept[FOLDER_PATH_MAX], media[FOLDER_PATH_MAX];
	struct stat before, after;
	int removed = 0;
	struct rig r;

	up(&r);
	put(t_dir(), "media/1/ab/old", "goes");
	put(t_dir(), "media/1/cd/kept", "stays");
	make_at(&r, BOX_NOW_MS, &one);
	crypto_sha256_hex(STR("stays"), sum);
	MUST(backup_media_path(r.folder, sum, kept, &t_err));
	crypto_sha256_hex(STR("goes"), sum);
	MUST(backup_media_path(r.folder, sum, old, &t_err));
	CHECK(stat(kept, &before) == 0);
	MUST(folder_join(t_dir(), "media/1/ab/old", media, &t_err));
	MUST(file_remove(media, &t_err));
	make_at(&r, BOX_NOW_MS + DAY, &two);
	CHECK(stat(kept, &after) == 0 && before.st_ino == after.st_ino);
	CHECK(file_exists(old));
	MUST(backup_rotate(r.folder, 1, 0, BOX_NOW_MS + DAY, &removed, &t_err));
	CHECK_I64("removed", removed, 1);
	CHECK(!file_exists(old));
	CHECK(file_exists(kept));
	CHECK_I64("the newest", verify(&r, two.name), RC_OK);
	box_close(&r.b);
}

TEST(a_damaged_database_makes_no_backup_and_the_old_ones_stay)
{
	struct backup_info made, listed[4];
	char path[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };
	bool damaged = false;
	struct rig r;
	size_t n = 0;

	up(&r);
	make_at(&r, BOX_NOW_MS, &made);
	box_close(&r.b);
	MUST(folder_join(t_dir(), "totem.db", path, &t_err));
	for (off_t page = 4; page < 40; page++)
		t_spoil(path, page * 4096 + 3); /* counters of cells */
	CHECK(backup_make(&r.plan, BOX_NOW_MS + 1000, &made, &damaged, &e) != RC_OK);
	CHECK(damaged);
	MUST(backup_list(r.folder, listed, COUNT(listed), &n, &t_err));
	CHECK_I64("still there", n, 1);
	CHECK_I64("whole", verify(&r, listed[0].name), RC_OK);
}

TEST(the_key_is_sealed_under_the_passphrase_only)
{
	AUTO(sbuf_release) struct sbuf plain = SBUF(4 * KIB);
	char key[FOLDER_PATH_MAX], sealed[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };
	struct backup_info made;
	struct rig r;

	up(&r);
	r.plan.passphrase = STR("correct horse");
	make_at(&r, BOX_NOW_MS, &made);
	CHECK(made.sealed_key);
	path_in(&r, made.name, "totem.key.sealed", sealed);
	MUST(folder_join(t_dir(), "totem.key", key, &t_err));
	{
		AUTO(sbuf_release) struct sbuf text = SBUF(4 * KIB), secret = SBUF(4 * KIB);

		MUST(file_read(sealed, &text, &t_err));
		MUST(file_read(key, &secret, &t_err));
		CHECK(str_find(sbuf_view(&text), str_trim(sbuf_view(&secret))) < 0);
		MUST(backup_unseal_file(sealed, "totem.key", STR("correct horse"), &plain, &t_err));
		CHECK_SPAN("plain", sbuf_view(&plain), sbuf_view(&secret));
	}
	CHECK_I64("wrong", backup_unseal_file(sealed, "totem.key", STR("wrong"), &plain, &e),
		  RC_REFUSED);
	r.plan.passphrase = STR("wrong");
	CHECK_I64("verify", verify(&r, made.name), RC_REFUSED);
	box_close(&r.b);
}

TEST(a_copy_on_another_disk_stands_alone)
{
	char stick[FOLDER_PATH_MAX];
	struct backup_info made;
	struct rig r;

	up(&r);
	put(t_dir(), "media/1/ab/abcd", "a picture");
	make_at(&r, BOX_NOW_MS, &made);
	MUST(folder_join(t_dir(), "stick", stick, &t_err));
	MUST(file_mkdir(stick, 0700, &t_err));
	MUST(backup_copy_out(&r.plan, made.name, stick, &t_err));
	MUST(backup_copy_out(&r.plan, made.name, stick, &t_err)); /* nothing to do */
	MUST(folder_remove(r.folder, &t_err));
	r.plan.folder = stick;
	CHECK_I64("stick", verify(&r, made.name), RC_OK);
	box_close(&r.b);
}

TEST(a_stopped_backup_leaves_nothing)
{
	bool stop = true, damaged;
	struct tempo p = { .percent = 50, .stop = &stop };
	struct backup_info made, listed[2];
	struct err e = { .rc = RC_OK };
	struct rig r;
	size_t n = 9;

	up(&r);
	r.plan.pace = &p;
	CHECK_I64("stopped", backup_make(&r.plan, BOX_NOW_MS, &made, &damaged, &e), RC_RETRY);
	MUST(backup_list(r.folder, listed, COUNT(listed), &n, &t_err));
	CHECK_I64("none", n, 0);
	box_close(&r.b);
}

TEST(two_at_a_time_are_refused)
{
	struct err e = { .rc = RC_OK };
	struct backup_info made;
	bool damaged;
	struct rig r;
	int fd = -1;

	up(&r);
	MUST(backup_lock(r.folder, &fd, &t_err));
	CHECK_I64("second", backup_make(&r.plan, BOX_NOW_MS, &made, &damaged, &e), RC_CONFLICT);
	file_unlock(fd);
	box_close(&r.b);
}

TEST(names_that_lead_elsewhere_are_none)
{
	static const char *const BAD[] = { "",          "..",    "totem-../x",
					   "totem-a/b", "other", ".making-totem-1" };

	EACH (b, BAD)
		CHECK(!backup_name_ok(str_of(*b)));
	CHECK(backup_name_ok(STR("totem-20260105T030000Z-2")));
}

TEST(one_is_due_by_the_newest_and_not_right_after_the_start)
{
	const int64_t hour = 3600 * 1000, ten = 600 * 1000;

	CHECK_I64("never", backup_run_due(0, 0, 0, 0), 0);
	CHECK_I64("none yet", backup_run_due(24, 0, 5000 * hour, 0), 5000 * hour + ten);
	CHECK_I64("next", backup_run_due(24, 5000 * hour, 5001 * hour, 11 * hour), 5024 * hour);
	CHECK_I64("late", backup_run_due(24, 4000 * hour, 5000 * hour, 0), 5000 * hour + ten);
	/* Started a year ahead, then set back: by the clock it starts in a year only. */
	CHECK_I64("set back", backup_run_due(24, 13760 * hour, 5000 * hour, hour),
		  4999 * hour + ten);
}
