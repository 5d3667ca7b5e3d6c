/* test_backup_media.c - a file of the box that rots or goes is noticed by the next backup, and put back where one has it. */
#include <fcntl.h>

#include "backup_rig.h"
#include "flow/backup/backup_media.h"
#include "flow/media/media_store.h"
#include "store/incident.h"

#define TEXT "a picture of a customer"

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	return media_put_keep(tx, arg, e);
}

struct kept {
	int64_t id;
	char path[BACKUP_MEDIA_FIRST]; /* below media/ */
	char full[FOLDER_PATH_MAX];
};

static void store_file(struct rig *r, const char *text, struct kept *ret)
{
	const struct media_put_new n = { .company_id = 1, .max = 1000, .origin = "api" };
	const struct media_said said = { .filename = STR("a.txt") };
	AUTO(media_put_drop) struct media_put put = { .too_long = false };
	char sum[SUM_TEXT];

	MUST(media_put_begin(&r->b.app, &n, &put, &t_err));
	MUST(media_put_add(&put, text, strlen(text), &t_err));
	MUST(media_put_place(&put, &said, &t_err));
	MUST(store_write(r->b.app.store, STORE_NORMAL, keep_unit, &put, &t_err));
	ret->id = put.media.id;
	crypto_sha256_hex(str_of(text), sum);
	(void)snprintf(ret->path, sizeof(ret->path), "1/%.2s/%s", sum, sum);
	(void)snprintf(ret->full, sizeof(ret->full), "%.200s/media/%s", t_dir(), ret->path);
}

static bool is_right(const struct kept *k)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(KIB);
	struct err e = { .rc = RC_OK };

	return file_read(k->full, &b, &e) == RC_OK && str_eqc(sbuf_view(&b), TEXT);
}

/* As a disk does it: no time changes. */
static void rot(const struct kept *k)
{
	struct stat st;

	CHECK(stat(k->full, &st) == 0);
	t_spoil(k->full, 3);
	CHECK(utimensat(AT_FDCWD, k->full, (struct timespec[]){ st.st_atim, st.st_mtim }, 0) == 0);
}

static void spoil(const struct kept *k)
{
	MUST(file_write(k->full, STR("something else"), 0600, &t_err));
}

static void lose(const struct kept *k)
{
	MUST(file_remove(k->full, &t_err));
}

static void lose_folder(const struct kept *k)
{
	char media[FOLDER_PATH_MAX];

	(void)k;
	MUST(folder_join(t_dir(), "media", media, &t_err));
	MUST(folder_remove(media, &t_err));
}

/* The day on which a file of this name is read although it did not change. */
static int64_t its_turn(const struct kept *k)
{
	struct backup_media_name name;
	int64_t at = BOX_NOW_MS + 1000;

	CHECK(backup_media_name(k->path, &name));
	while (!backup_media_turn(&name, at))
		at += DAY;
	return at;
}

static bool lists(const struct rig *r, const struct backup_info *made, const char *wanted)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	char path[FOLDER_PATH_MAX];

	path_in(r, made->name, "media.list", path);
	MUST(file_read(path, &b, &t_err));
	return str_find(sbuf_view(&b), str_of(wanted)) >= 0;
}

TEST(what_rotted_or_went_is_put_back_from_the_backups)
{
	static const struct {
		const char *title;
		void (*harm)(const struct kept *k);
	} ROWS[] = { { "rotten in silence", rot },
		     { "written over", spoil },
		     { "removed", lose },
		     { "all of them removed", lose_folder } };

	EACH (row, ROWS) {
		struct backup_info one, two, three;
		struct backup_look look;
		struct kept k;
		struct rig r;

		MUST(folder_remove(t_dir(), &t_err));
		MUST(file_mkdir(t_dir(), 0700, &t_err));
		up(&r);
		store_file(&r, TEXT, &k);
		make_at(&r, BOX_NOW_MS, &one);
		CHECK_I64(row->title, one.media_bad + one.media_mended, 0);
		row->harm(&k);
		make_at(&r, its_turn(&k), &two);
		CHECK_I64(row->title, two.media_mended, 1);
		CHECK_I64(row->title, two.media_bad, 0);
		CHECK_I64(row->title, two.media_files, 1);
		CHECK_STR(row->title, two.media_first, k.path);
		CHECK(is_right(&k) && lists(&r, &two, k.path));
		CHECK_I64(row->title, verify(&r, two.name), RC_OK);
		MUST(backup_look(r.folder, two.created_ms, &look, &t_err));
		CHECK_I64(row->title, look.media_mended, 1);
		make_at(&r, its_turn(&k) + 16 * DAY, &three);
		CHECK_I64(row->title, three.media_bad + three.media_mended, 0);
		box_close(&r.b);
	}
}

TEST(what_no_backup_has_is_told_until_it_is_right)
{
	static const struct {
		const char *title;
		void (*harm)(const struct kept *k);
		int64_t files;
	} ROWS[] = { { "rotten", rot, 1 }, { "removed", lose, 0 } };

	EACH (row, ROWS) {
		struct backup_info made;
		struct backup_look look;
		struct kept k;
		struct rig r;

		MUST(folder_remove(t_dir(), &t_err));
		MUST(file_mkdir(t_dir(), 0700, &t_err));
		up(&r);
		store_file(&r, TEXT, &k);
		row->harm(&k);
		for (int i = 0; i < 2; i++) { /* also when it did not change since */
			make_at(&r, BOX_NOW_MS + 1000 * i, &made);
			CHECK_I64(row->title, made.media_bad, 1);
			CHECK_I64(row->title, made.media_files, row->files);
		}
		MUST(backup_look(r.folder, made.created_ms, &look, &t_err));
		CHECK_I64(row->title, look.media_bad, 1);
		CHECK_STR(row->title, look.media_first, k.path);
		CHECK_I64(row->title, verify(&r, made.name), RC_OK);
		MUST(file_write(k.full, STR(TEXT), 0600, &t_err));
		make_at(&r, BOX_NOW_MS + 3000, &made);
		CHECK_I64(row->title, made.media_bad + made.media_mended, 0);
		MUST(backup_look(r.folder, made.created_ms, &look, &t_err));
		CHECK_I64(row->title, look.media_bad, 0);
		box_close(&r.b);
	}
}

TEST(what_cannot_be_put_back_is_in_the_backup_and_told)
{
	struct backup_info made;
	struct kept k;
	struct rig r;
	char sub[FOLDER_PATH_MAX];

	up(&r);
	store_file(&r, TEXT, &k);
	make_at(&r, BOX_NOW_MS, &made);
	lose(&k);
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(strrchr(k.full, '/') - k.full), k.full);
	MUST(folder_remove(sub, &t_err));
	MUST(file_write(sub, STR("in the way"), 0600, &t_err));
	make_at(&r, BOX_NOW_MS + 1000, &made);
	CHECK_I64("told", made.media_bad, 1);
	CHECK(lists(&r, &made, k.path));
	CHECK_I64("whole", verify(&r, made.name), RC_OK);
	box_close(&r.b);
}

static enum rc leave_unit(struct tx *tx, void *arg, struct err *e)
{
	return media_leave(tx, *(int64_t *)arg, e);
}

TEST(a_file_that_was_taken_away_on_purpose_stays_away)
{
	static void (*const HARMS[])(const struct kept *k) = { lose, spoil };

	for (size_t i = 0; i < COUNT(HARMS); i++) {
		struct backup_info made;
		struct kept k;
		struct rig r;

		MUST(folder_remove(t_dir(), &t_err));
		MUST(file_mkdir(t_dir(), 0700, &t_err));
		up(&r);
		store_file(&r, TEXT, &k);
		make_at(&r, BOX_NOW_MS, &made);
		MUST(store_write(r.b.app.store, STORE_NORMAL, leave_unit, &k.id, &t_err));
		HARMS[i](&k);
		make_at(&r, BOX_NOW_MS + 1000, &made);
		CHECK_I64("judged", made.media_bad + made.media_mended, 0);
		CHECK(!is_right(&k));
		box_close(&r.b);
	}
}

TEST(names_that_are_no_checksums_are_not_judged)
{
	static const char *const NAMES[] = {
		"1/ab/abcd",
		"0/ab/ab",
		"tmp/x",
		"1/cd/ab00000000000000000000000000000000000000000000000000000000000000",
		"x/ab/ab00000000000000000000000000000000000000000000000000000000000000",
		"1/ab/AB00000000000000000000000000000000000000000000000000000000000000"
	};
	struct backup_media_name name;

	EACH (n, NAMES)
		CHECK(!backup_media_name(*n, &name));
	CHECK(backup_media_name(
		"12/ab/ab00000000000000000000000000000000000000000000000000000000000000", &name));
	CHECK_I64("company", name.company_id, 12);
}

/* ---- the incident ---- */

static enum rc see(void *arg, const struct incident *i, struct err *e)
{
	enum incident_code *open = arg;

	(void)e;
	if (str_eqc(i->kind, "media-files") && i->closed_ms == 0)
		*open = i->code;
	return RC_OK;
}

static enum incident_code open_incident(struct rig *r)
{
	struct db *db = store_reader(r->b.app.store);
	enum incident_code open = INCIDENT_CODES;

	MUST(incident_each(db, true, 100, see, &open, &t_err));
	store_reader_done(r->b.app.store, db);
	return open;
}

TEST(the_newest_backup_says_what_the_incident_is)
{
	static const struct {
		const char *title;
		int64_t bad, mended;
		enum incident_code open;
	} ROWS[] = { { "well", 0, 0, INCIDENT_CODES },
		     { "put back", 0, 2, INCIDENT_MEDIA_MENDED },
		     { "some are lost", 1, 2, INCIDENT_MEDIA_BAD },
		     { "well again", 0, 0, INCIDENT_CODES } };
	char told[ERR_TEXT_MAX] = "?";
	struct rig r;

	up(&r);
	EACH (row, ROWS) {
		struct backup_look l = { .media_bad = row->bad, .media_mended = row->mended };

		backup_media_tell(&r.b.app, &l, told);
		CHECK_I64(row->title, open_incident(&r), row->open);
	}
	box_close(&r.b);
}
