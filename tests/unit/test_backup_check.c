/* test_backup_check.c - backups: verified by restoring them; what fails does not count; which ones stay. */
#include "backup_rig.h"

static struct backup_look look(const struct rig *r, int64_t now_ms)
{
	struct backup_look l;

	MUST(backup_look(r->folder, now_ms, &l, &t_err));
	return l;
}

TEST(a_backup_is_made_and_then_verified_by_restoring_it)
{
	struct backup_info made, is;
	struct backup_look l;
	struct rig r;

	up(&r);
	make_at(&r, BOX_NOW_MS, &made);
	l = look(&r, BOX_NOW_MS);
	CHECK_STR("to check", l.to_check, made.name);
	CHECK_I64("none verified", l.verified_ms, 0);
	CHECK_STR("not late yet", l.late, "");
	CHECK_STR("late after a day", look(&r, BOX_NOW_MS + DAY + 1).late, made.name);
	MUST(backup_verify(&r.plan, made.name, BOX_NOW_MS + 7, &is, &t_err));
	CHECK_I64("mark", is.mark, BACKUP_VERIFIED);
	MUST(backup_info_get(r.folder, made.name, &is, &t_err));
	CHECK_I64("mark kept", is.mark, BACKUP_VERIFIED);
	CHECK_I64("when", is.checked_ms, BOX_NOW_MS + 7);
	l = look(&r, BOX_NOW_MS + 9 * DAY);
	CHECK_I64("verified", l.verified_ms, BOX_NOW_MS);
	CHECK_STR("nothing to check", l.to_check, "");
	CHECK_STR("nothing late", l.late, "");
	CHECK_STR("nothing bad", l.bad, "");
	box_close(&r.b);
}

static void flip(const char *path)
{
	t_spoil(path, 4096 * 3 + 100);
}

static void cut(const char *path)
{
	struct stat st;

	CHECK(stat(path, &st) == 0 && truncate(path, st.st_size - 4096) == 0);
}

static void vanish(const char *path)
{
	MUST(file_remove(path, &t_err));
}

TEST(what_rots_after_it_was_read_back_is_told_and_does_not_count)
{
	static void (*const HOW[])(const char *path) = { flip, cut, vanish };
	int64_t at = BOX_NOW_MS;
	struct backup_info good, made, is;
	struct backup_look l;
	struct rig r;
	int removed;

	up(&r);
	make_at(&r, at, &good);
	CHECK_I64("good", verify(&r, good.name), RC_OK);
	EACH (how, HOW) {
		char path[FOLDER_PATH_MAX];

		make_at(&r, at += 1000, &made);
		path_in(&r, made.name, "totem.db", path);
		(*how)(path);
		CHECK_I64("found", verify(&r, made.name), RC_INVALID);
		l = look(&r, at);
		CHECK_STR("told", l.bad, made.name);
		CHECK(l.bad_why[0] != '\0');
		CHECK_STR("does not count", l.newest, good.name);
	}
	MUST(backup_newest(r.folder, at, &is, &t_err));
	CHECK_STR("is not taken", is.name, good.name);
	/* They push no good one out; the newest of them stays until a newer one is verified. */
	MUST(backup_rotate(r.folder, 1, 0, at, &removed, &t_err));
	CHECK_I64("older failed ones", removed, 2);
	CHECK_STR("stays", look(&r, at).newest, good.name);
	CHECK_STR("still told", look(&r, at).bad, made.name);
	make_at(&r, at += 1000, &good);
	CHECK_I64("next", verify(&r, good.name), RC_OK);
	MUST(backup_rotate(r.folder, 1, 0, at, &removed, &t_err));
	CHECK_I64("the failed and the older one", removed, 2);
	CHECK_STR("well again", look(&r, at).bad, "");
	box_close(&r.b);
}

TEST(a_backup_without_a_readable_manifest_is_told)
{
	struct backup_info made;
	char path[FOLDER_PATH_MAX];
	struct rig r;

	up(&r);
	make_at(&r, BOX_NOW_MS, &made);
	path_in(&r, made.name, "manifest.json", path);
	t_spoil(path, 2);
	CHECK_STR("damaged", look(&r, BOX_NOW_MS).bad, made.name);
	MUST(file_remove(path, &t_err));
	CHECK_STR("gone", look(&r, BOX_NOW_MS).bad, made.name);
	CHECK_STR("does not count", look(&r, BOX_NOW_MS).newest, "");
	box_close(&r.b);
}

TEST(without_room_a_backup_is_looked_through_where_it_lies)
{
	char path[FOLDER_PATH_MAX];
	struct backup_info made, is;
	struct rig r;

	up(&r);
	make_at(&r, BOX_NOW_MS, &made);
	r.plan.spare = INT64_MAX / 2;
	MUST(backup_verify(&r.plan, made.name, BOX_NOW_MS, &is, &t_err));
	CHECK_I64("not verified", is.mark, BACKUP_MADE);
	CHECK(str_find(str_of(is.check_text), STR("restoring it needs")) >= 0);
	CHECK(str_find(str_of(look(&r, BOX_NOW_MS + 2 * DAY).late_why), STR("needs")) >= 0);
	/* What was verified once stays so. */
	r.plan.spare = 0;
	CHECK_I64("with room", verify(&r, made.name), RC_OK);
	r.plan.spare = INT64_MAX / 2;
	MUST(backup_verify(&r.plan, made.name, BOX_NOW_MS, &is, &t_err));
	CHECK_I64("still", is.mark, BACKUP_VERIFIED);
	path_in(&r, made.name, "totem.db", path);
	flip(path);
	CHECK_I64("damage is found without room too", verify(&r, made.name), RC_INVALID);
	CHECK_STR("told", look(&r, BOX_NOW_MS).bad, made.name);
	box_close(&r.b);
}

TEST(the_last_verified_one_is_never_rotated_away)
{
	struct backup_info first, made, listed[8];
	int removed = 0;
	struct rig r;
	size_t n = 0;

	up(&r);
	make_at(&r, BOX_NOW_MS, &first);
	CHECK_I64("verified", verify(&r, first.name), RC_OK);
	for (int64_t day = 1; day <= 2; day++)
		make_at(&r, BOX_NOW_MS + day * DAY, &made);
	MUST(backup_rotate(r.folder, 1, 0, BOX_NOW_MS + 2 * DAY, &removed, &t_err));
	MUST(backup_list(r.folder, listed, COUNT(listed), &n, &t_err));
	CHECK_I64("left", n, 2);
	CHECK_STR("the verified one", listed[1].name, first.name);
	CHECK_I64("newest", verify(&r, listed[0].name), RC_OK);
	MUST(backup_rotate(r.folder, 1, 0, BOX_NOW_MS + 2 * DAY, &removed, &t_err));
	CHECK_I64("goes when a newer one is verified", removed, 1);
	box_close(&r.b);
}

TEST(a_check_that_is_stopped_says_nothing)
{
	bool stop = true;
	struct tempo p = { .percent = 50, .stop = &stop };
	struct backup_info made;
	char path[FOLDER_PATH_MAX];
	struct rig r;

	up(&r);
	make_at(&r, BOX_NOW_MS, &made);
	r.plan.pace = &p;
	CHECK_I64("stopped", verify(&r, made.name), RC_RETRY);
	CHECK_STR("still to be checked", look(&r, BOX_NOW_MS).to_check, made.name);
	path_in(&r, made.name, "check.json", path);
	CHECK(!file_exists(path));
	box_close(&r.b);
}

TEST(a_media_file_that_rotted_in_the_pool_is_copied_anew)
{
	struct backup_info one, two;
	char sum[SUM_TEXT], path[FOLDER_PATH_MAX];
	struct rig r;

	up(&r);
	put(t_dir(), "media/1/ab/abcd", "a picture");
	make_at(&r, BOX_NOW_MS, &one);
	crypto_sha256_hex(STR("a picture"), sum);
	MUST(backup_media_path(r.folder, sum, path, &t_err));
	t_spoil(path, 3);
	CHECK_I64("found", verify(&r, one.name), RC_INVALID);
	make_at(&r, BOX_NOW_MS + 1000, &two);
	CHECK_I64("healed", verify(&r, two.name), RC_OK);
	box_close(&r.b);
}

TEST(rotation_keeps_the_newest_and_one_a_week)
{
	struct backup_info made, listed[16];
	int removed = 0;
	struct rig r;
	size_t n = 0;

	up(&r);
	for (int64_t day = 0; day < 12; day++)
		make_at(&r, BOX_NOW_MS - (11 - day) * 4 * DAY, &made);
	MUST(backup_rotate(r.folder, 3, 4, BOX_NOW_MS, &removed, &t_err));
	MUST(backup_list(r.folder, listed, COUNT(listed), &n, &t_err));
	CHECK(n >= 4 && n <= 6);
	CHECK_I64("all", removed + (int)n, 12);
	CHECK_STR("newest", listed[0].name, made.name);
	box_close(&r.b);
}

/* What a clock that was ahead left behind pushes out none of today's; of its like the newest stay. */
TEST(backups_of_a_time_to_come_count_by_themselves)
{
	struct backup_info today[2], made, listed[16];
	int removed = 0;
	struct rig r;
	size_t n = 0;

	up(&r);
	for (int64_t i = 0; i < 3; i++)
		make_at(&r, BOX_NOW_MS + (365 + i) * DAY, &made);
	for (size_t i = 0; i < COUNT(today); i++)
		make_at(&r, BOX_NOW_MS - (int64_t)(1 - i) * DAY, &today[i]);
	MUST(backup_rotate(r.folder, 2, 0, BOX_NOW_MS, &removed, &t_err));
	MUST(backup_list(r.folder, listed, COUNT(listed), &n, &t_err));
	CHECK_I64("removed", removed, 1);
	CHECK_I64("kept", n, 4);
	CHECK_STR("newest to come", listed[0].name, made.name);
	CHECK_STR("of today", listed[2].name, today[1].name);
	CHECK_STR("of yesterday", listed[3].name, today[0].name);
	box_close(&r.b);
}

TEST(what_rotted_is_not_carried_to_another_disk)
{
	char stick[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };
	struct backup_info made;
	struct rig r;

	up(&r);
	make_at(&r, BOX_NOW_MS, &made);
	path_in(&r, made.name, "totem.db", path);
	flip(path);
	MUST(folder_join(t_dir(), "stick", stick, &t_err));
	CHECK_I64("refused", backup_copy_out(&r.plan, made.name, stick, &e), RC_INVALID);
	MUST(folder_join(stick, made.name, path, &t_err));
	CHECK(!file_exists(path));
	box_close(&r.b);
}

TEST(a_backup_that_a_clock_ahead_made_counts_as_the_oldest)
{
	const int64_t year = 365 * DAY;
	struct backup_info ahead, made, is;
	struct backup_look l;
	struct rig r;

	up(&r);
	make_at(&r, BOX_NOW_MS + year, &ahead);
	MUST(backup_verify(&r.plan, ahead.name, BOX_NOW_MS + year, &is, &t_err));
	CHECK_STR("the only one", look(&r, BOX_NOW_MS).newest, ahead.name);
	make_at(&r, BOX_NOW_MS, &made);
	l = look(&r, BOX_NOW_MS + 1);
	CHECK_STR("newest", l.newest, made.name);
	CHECK_I64("of now", l.newest_ms, BOX_NOW_MS);
	CHECK_STR("to check", l.to_check, made.name);
	MUST(backup_newest(r.folder, BOX_NOW_MS + 1, &is, &t_err));
	CHECK_STR("taken", is.name, made.name);
	CHECK_STR("late", look(&r, BOX_NOW_MS + DAY + 1).late, made.name);
	MUST(backup_verify(&r.plan, made.name, BOX_NOW_MS + 2, &is, &t_err));
	CHECK_I64("verified", look(&r, BOX_NOW_MS + 3).verified_ms, BOX_NOW_MS);
	CHECK_STR("in its time", look(&r, BOX_NOW_MS + year + 1).newest, ahead.name);
	box_close(&r.b);
}
