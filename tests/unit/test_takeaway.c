/* test_takeaway.c - a backup is taken away as an archive and put back from it; what is none of ours writes nothing. */
#include "backup_rig.h"
#include "flow/backup/backup_tar.h"
#include "store/access/user.h"

#define MEDIA_TEXT "a picture"

static struct rig r;
static struct backup_info made;
static char file[600], out[600];

static void prepare(void)
{
	up(&r);
	r.b.app.data_dir = t_dir();
	put(t_dir(), "media/1/ab/0123", MEDIA_TEXT);
	put(t_dir(), "media/1/cd/4567", "a song");
	r.plan.passphrase = STR("open sesame");
	make_at(&r, BOX_NOW_MS, &made);
	(void)snprintf(file, sizeof(file), "%s/b.tar", t_dir());
	(void)snprintf(out, sizeof(out), "%s/out/folder", t_dir());
}

static char *path_of(const char *name)
{
	return arena_printf(&r.b.arena, "/api/v1/backups/%s/download", name);
}

static void save(void)
{
	MUST(file_write(file, sbuf_view(&r.b.r.body), 0600, &t_err));
}

TEST(what_was_downloaded_is_a_backup_again)
{
	struct backup_plan there;
	struct backup_info is;
	char name[BACKUP_NAME_MAX];

	prepare();
	CHECK_I64("made", box_call(&r.b, "GET", path_of(made.name), NULL), 200);
	CHECK_I64("whole", r.b.cut, RC_OK);
	CHECK_I64("as long as was said", r.b.r.body.n, r.b.r.push_bytes);
	CHECK_STR("type", r.b.r.content_type, "application/x-tar");
	CHECK(box_has_header(&r.b, "X-Backup-State: made\r\n"));
	CHECK(str_find(sbuf_view(&r.b.r.headers), STR("attachment; filename=\"totem-")) >= 0);
	save();
	MUST(backup_tar_unpack(file, out, name, &t_err));
	CHECK_STR("name", name, made.name);
	there = r.plan;
	there.folder = out;
	MUST(backup_verify(&there, name, BOX_NOW_MS + 1, &is, &t_err));
	CHECK_I64("restored whole", is.mark, BACKUP_VERIFIED);
	CHECK_I64("media", is.media_files, 2);
	CHECK(is.sealed_key);
	CHECK_I64("noted", box_call(&r.b, "GET", "/api/v1/audit?action=backups.download", NULL),
		  200);
	CHECK_STR("which", box_get(&r.b, "data.0.subject"), made.name);
	box_close(&r.b);
}

static int last_status(uint32_t scopes)
{
	char text[TOKEN_TEXT_MAX];

	(void)box_token(&r.b, scopes, text);
	box_bearer(&r.b, text);
	return box_do(&r.b, "GET", path_of(made.name), STR_NONE);
}

TEST(not_everybody_takes_it_away_and_not_what_is_bad)
{
	char path[FOLDER_PATH_MAX];

	prepare();
	CHECK_I64("nobody", box_do(&r.b, "GET", path_of(made.name), STR_NONE), 401);
	CHECK_I64("settings alone", last_status(SCOPE_BIT(SCOPE_SETTINGS)), 403);
	CHECK_I64("messages alone", last_status(SCOPE_BIT(SCOPE_MESSAGES_READ)), 403);
	CHECK_I64("both", last_status(SCOPE_BIT(SCOPE_SETTINGS) | SCOPE_BIT(SCOPE_MESSAGES_READ)),
		  200);
	CHECK_I64("another", box_call(&r.b, "GET", path_of("totem-20200101T000000Z"), NULL), 404);
	CHECK_I64("a path", box_call(&r.b, "GET", path_of("..%2f..%2fetc"), NULL), 404);
	CHECK_I64("noted once",
		  box_call(&r.b, "GET", "/api/v1/audit?action=backups.download", NULL), 200);
	CHECK_STR("only what left", box_get(&r.b, "data.1.action"), "");
	path_in(&r, made.name, "totem.db", path);
	t_spoil(path, 4096 * 3 + 100);
	CHECK_I64("damaged", verify(&r, made.name), RC_INVALID);
	CHECK_I64("failed its check", box_call(&r.b, "GET", path_of(made.name), NULL), 409);
	CHECK(box_has(&r.b, "failed its check"));
	box_close(&r.b);
}

TEST(a_missing_file_is_told_before_anything_leaves)
{
	char list[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX];
	AUTO(sbuf_release) struct sbuf b = SBUF(MIB);
	struct str rest, sum;

	prepare();
	path_in(&r, made.name, "media.list", list);
	MUST(file_read(list, &b, &t_err));
	rest = sbuf_view(&b);
	CHECK(str_cut(&rest, ' ', &sum));
	(void)snprintf(path, sizeof(path), "%.200s/media/%.2s/%.64s", r.folder, sum.p, sum.p);
	MUST(file_remove(path, &t_err));
	CHECK_I64("no 200", box_call(&r.b, "GET", path_of(made.name), NULL), 422);
	CHECK(box_has(&r.b, "missing or damaged"));
	CHECK_I64("let go", r.b.r.push == NULL, true);
	box_close(&r.b);
}

TEST(it_is_not_rotated_away_while_somebody_takes_it)
{
	struct backup_info newer;
	struct backup_tar *tar = NULL;
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * MIB);
	char name[BACKUP_NAME_MAX];
	int removed = -1;

	prepare();
	MUST(backup_tar_open(r.folder, made.name, &tar, &t_err));
	MUST(file_remove(arena_printf(&r.b.arena, "%s/media/1/ab/0123", t_dir()), &t_err));
	make_at(&r, BOX_NOW_MS + DAY, &newer);
	MUST(backup_verify(&r.plan, newer.name, BOX_NOW_MS + DAY, &newer, &t_err));
	MUST(backup_rotate(r.folder, 1, 0, BOX_NOW_MS + DAY, &removed, &t_err));
	CHECK_I64("held", removed, 0);
	MUST(backup_tar_write(tar, NULL, tar_to_sbuf, &b, &t_err));
	CHECK_I64("whole", b.n, backup_tar_bytes(tar));
	backup_tar_close(tar);
	MUST(file_write(file, sbuf_view(&b), 0600, &t_err));
	MUST(backup_tar_unpack(file, out, name, &t_err));
	MUST(backup_rotate(r.folder, 1, 0, BOX_NOW_MS + DAY, &removed, &t_err));
	CHECK_I64("gone the next time", removed, 1);
	CHECK_I64("and not to be had", backup_tar_open(r.folder, made.name, &tar, NULL), RC_ABSENT);
	box_close(&r.b);
}

/* ---- archives of others ---- */

static bool anything_outside(void)
{
	return file_exists(arena_printf(&r.b.arena, "%s/evil", t_dir())) ||
	       file_exists(arena_printf(&r.b.arena, "%s/out/evil", t_dir())) ||
	       file_exists("/tmp/totem-evil");
}

static enum rc unpack(const char *name, const char *second, const char *text)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(MIB);
	struct tar_out t = { tar_to_sbuf, &b, 0 };
	struct err e = { .rc = RC_OK };
	char got[BACKUP_NAME_MAX];
	enum rc rc;

	MUST(tar_add(&t, name, str_of(text), &t_err));
	if (second != NULL)
		MUST(tar_add(&t, second, str_of(text), &t_err));
	MUST(tar_end(&t, &t_err));
	MUST(file_write(file, sbuf_view(&b), 0600, &t_err));
	rc = backup_tar_unpack(file, out, got, &e);
	CHECK(rc == RC_OK || e.text[0] != '\0');
	MUST(folder_remove(out, &t_err));
	return rc;
}

TEST(a_hostile_archive_writes_nothing_elsewhere)
{
	static const char *const NAMES[] = {
		"../evil",
		"/tmp/totem-evil",
		"totem-1/../../evil",
		"totem-1/../evil",
		"totem-1/sub/totem.db",
		"totem-1/check.json",
		"totem-1/",
		"totem-1",
		"",
		"media/../evil",
		"media/ab/../../../evil",
		"media/ab/cdef",
		"../totem-1/totem.db",
		"totem-../totem.db",
		"media/ab/cd23456789012345678901234567890123456789012345678901234567890123",
		"media/ab/ab2345678901234567890123456789012345678901234567890123456789012G",
		"./../evil",
		"././totem-1/totem.db",
	};

	prepare();
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		CHECK_I64(NAMES[i], unpack(NAMES[i], NULL, "x"), RC_INVALID);
		CHECK(!anything_outside());
	}
	CHECK_I64("twice", unpack("totem-1/totem.db", "totem-1/totem.db", "x"), RC_INVALID);
	CHECK_I64("two", unpack("totem-1/totem.db", "totem-2/media.list", "x"), RC_INVALID);
	CHECK_I64("not all", unpack("totem-1/totem.db", "./totem-1/media.list", "x"), RC_INVALID);
	MUST(file_write(file, STR("no archive"), 0600, &t_err));
	CHECK_I64("no archive", backup_tar_unpack(file, out, out + 300, NULL), RC_INVALID);
	box_close(&r.b);
}
