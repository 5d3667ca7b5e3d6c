/* restore.c - see restore.h. */
#include "flow/backup/restore.h"

#include "base/clock.h"
#include "base/log.h"
#include "flow/backup/restore_fits.h"
#include "flow/backup/take_over.h"
#include "flow/backup/take_over_links.h"
#include "flow/erase/erased.h"
#include "io/crypto.h"
#include "io/file.h"
#include "store/incident.h"

#define STAGE   ".restore"
#define JOURNAL "restore.journal"
#define NOTE \
	"restored" /* what the next start tells: "<time of the backup> <sends that waited>[ chatwoot]" */
#define CHATWOOT "chatwoot"
#define STEPS    5
#define SPARE    (64 * (int64_t)MIB)

/* What is swapped. Those of SQLite belong to the database: never the old log beside the new file. */
static const struct {
	const char *name;
	bool only_if_staged; /* the old one stays when the backup brings none */
} PARTS[] = {
	{ "totem.db", false }, { "totem.db-wal", false }, { "totem.db-shm", false },
	{ "totem.key", true }, { "media", true },         { "damaged", false },
	{ NOTE, false },
};

struct restoring {
	const struct restore_plan *plan;
	struct restore_report r;
	struct backup_tables wanted, is;
	char backup[FOLDER_PATH_MAX], stage[FOLDER_PATH_MAX];
	int64_t media_done;
};

static void say(const struct restoring *s, const char *what, int at)
{
	if (s->plan->say != NULL)
		s->plan->say(s->plan->say_arg, what, at, STEPS);
}

/* ---- the swap ---- */

/* Moves to..., if it is there. */
static enum rc move_if(const char *from_dir, const char *to_dir, const char *name, struct err *e)
{
	char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];

	TRY(folder_join(from_dir, name, from, e));
	TRY(folder_join(to_dir, name, to, e));
	return file_exists(from) ? folder_move(from, to, e) : RC_OK;
}

static bool is_in(const char *folder, const char *name)
{
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];

	return folder_join(folder, name, path, &e) == RC_OK && file_exists(path);
}

/* Each step may be repeated: what is moved already is not there any more. */
static enum rc keep_old(const char *data, const char *stage, const char *old, struct err *e)
{
	TRY(file_mkdir(old, 0700, e));
	TRY(take_over_note(old, e));
	for (size_t i = 0; i < COUNT(PARTS); i++) {
		if (!PARTS[i].only_if_staged || is_in(stage, PARTS[i].name))
			TRY(move_if(data, old, PARTS[i].name, e));
	}
	return RC_OK;
}

/* A mount of its own cannot be renamed: told before anything moves. */
static enum rc parts_movable(const char *data, const char *stage, struct err *e)
{
	for (size_t i = 0; i < COUNT(PARTS); i++) {
		char path[FOLDER_PATH_MAX];

		TRY(folder_join(data, PARTS[i].name, path, e));
		if (!PARTS[i].only_if_staged || is_in(stage, PARTS[i].name))
			TRY(folder_movable(path, data, e));
	}
	return RC_OK;
}

static enum rc put_new(const char *data, const char *stage, struct err *e)
{
	for (size_t i = 0; i < COUNT(PARTS); i++)
		TRY(move_if(stage, data, PARTS[i].name, e));
	return RC_OK;
}

static enum rc journal_write(const char *data, const char *word, const char *old, struct err *e)
{
	char path[FOLDER_PATH_MAX], text[FOLDER_PATH_MAX + 16];

	TRY(folder_join(data, JOURNAL, path, e));
	(void)snprintf(text, sizeof(text), "%s %s\n", word, old); /* fits: old is a short name */
	return file_write(path, str_of(text), 0600, e);
}

static enum rc journal_read(const char *journal, char ret_old[FOLDER_PATH_MAX],
			    bool *ret_old_is_kept, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(FOLDER_PATH_MAX + 64);
	struct str rest, word;

	TRY(file_read(journal, &b, e));
	rest = str_trim(sbuf_view(&b));
	if (!str_cut(&rest, ' ', &word) || !str_copy(rest, ret_old, FOLDER_PATH_MAX) ||
	    !str_starts(rest, STR("before-restore-")) ||
	    (!str_eqc(word, "keep") && !str_eqc(word, "put")))
		return FAIL(e, RC_INVALID, "%.180s is no journal of a restore", journal);
	*ret_old_is_kept = str_eqc(word, "put");
	return RC_OK;
}

/* Something could not be moved aside, so the box stays what it was. The journal goes last: a death in between comes back
 * here. Not once it says "put": from then on the way leads forward only. */
static enum rc keep_undo(const char *data, const char *stage, const char *old, struct err *e)
{
	char journal[FOLDER_PATH_MAX], kept[FOLDER_PATH_MAX], noted[FOLDER_PATH_MAX];
	bool is_put;

	TRY(folder_join(data, JOURNAL, journal, e));
	TRY(folder_join(data, old, kept, e));
	TRY(journal_read(journal, noted, &is_put, e));
	if (is_put)
		return FAIL(e, RC_IO, "the journal of the restore could not be synced");
	for (size_t i = 0; i < COUNT(PARTS); i++) {
		if (!is_in(data, PARTS[i].name)) /* else it never went */
			TRY(move_if(kept, data, PARTS[i].name, e));
	}
	TRY(file_remove(journal, e));
	TRY(take_over_forget(kept, e));
	TRY(folder_remove_empty(kept, e));
	return folder_remove(stage, e);
}

static enum rc keep(const char *data, const char *stage, const char *old, bool *ret_undone,
		    struct err *e)
{
	char kept[FOLDER_PATH_MAX];
	struct err left = { .rc = RC_OK };
	enum rc rc;

	TRY(folder_join(data, old, kept, e));
	rc = keep_old(data, stage, kept, e);
	if (rc == RC_OK)
		rc = journal_write(data, "put", old, e);
	if (rc == RC_OK)
		return RC_OK;
	*ret_undone = keep_undo(data, stage, old, &left) == RC_OK;
	if (!*ret_undone)
		log_err(LOG_ERROR, "restore.not_undone", &left);
	return rc;
}

/* *ret_undone: it failed, and the folder is as it was before. */
static enum rc swap(const char *data, const char *old, bool old_is_kept, bool *ret_undone,
		    struct err *e)
{
	char stage[FOLDER_PATH_MAX], journal[FOLDER_PATH_MAX];

	*ret_undone = false;
	TRY(folder_join(data, STAGE, stage, e));
	TRY(folder_join(data, JOURNAL, journal, e));
	if (!old_is_kept)
		TRY(keep(data, stage, old, ret_undone, e));
	TRY(put_new(data, stage, e));
	TRY(file_remove(journal, e));
	return folder_remove(stage, e);
}

enum rc restore_settle(const char *data_dir, struct err *e)
{
	char journal[FOLDER_PATH_MAX], stage[FOLDER_PATH_MAX], old[FOLDER_PATH_MAX];
	bool old_is_kept, undone;
	enum rc rc;

	TRY(folder_join(data_dir, JOURNAL, journal, e));
	TRY(folder_join(data_dir, STAGE, stage, e));
	if (!file_exists(journal))
		return file_exists(stage) ? folder_remove(stage, e)
					  : RC_OK; /* nothing was swapped */
	TRY(journal_read(journal, old, &old_is_kept, e));
	log_event(LOG_WARN, "restore.resumed", "old", old, NULL);
	rc = swap(data_dir, old, old_is_kept, &undone, e);
	if (rc == RC_OK || !undone)
		return rc;
	log_err(LOG_ERROR, "restore.undone", e);
	err_clear(e);
	return RC_OK;
}

/* ---- staging ---- */

static enum rc room_check(const struct restoring *s, struct err *e)
{
	int64_t needed = s->r.info.database_bytes + s->r.info.media_bytes + SPARE, free_bytes;

	TRY(file_free_space(s->plan->data_dir, &free_bytes, e));
	return free_bytes >= needed
		       ? RC_OK
		       : FAIL(e, RC_LIMIT, "the restore needs %lld MiB in %.100s, %lld are free",
			      (long long)(needed / (int64_t)MIB), s->plan->data_dir,
			      (long long)(free_bytes / (int64_t)MIB));
}

static enum rc stage_database(struct restoring *s, struct err *e)
{
	char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];
	struct file_sum sum;

	TRY(folder_join(s->backup, "totem.db", from, e));
	TRY(folder_join(s->stage, "totem.db", to, e));
	say(s, "copying the database and checking it", 1);
	TRY(backup_scratch(from, to, NULL, &s->is, &sum, e));
	if (strcmp(sum.sha256, s->r.info.database_sha256) != 0)
		return FAIL(e, RC_INVALID, "totem.db of the backup is not what was written");
	return backup_tables_compare(&s->is, &s->wanted, e);
}

static enum rc stage_media(void *arg, const struct backup_media_file *f, struct err *e)
{
	struct restoring *s = arg;
	char from[FOLDER_PATH_MAX], media[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX],
		sub[FOLDER_PATH_MAX];
	struct file_sum sum;

	TRY(backup_media_path(s->plan->folder, f->sha256, from, e));
	TRY(folder_join(s->stage, "media", media, e));
	TRY(folder_join(media, f->path, to, e));
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(strrchr(to, '/') - to), to); /* shorter */
	TRY(file_mkdir(sub, 0700, e));
	TRY(folder_copy_file(from, to, 0600, NULL, &sum, e));
	s->media_done++;
	return strcmp(sum.sha256, f->sha256) == 0
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "the media file %.40s of the backup is damaged",
			      f->sha256);
}

static void secret_release(struct sbuf *b)
{
	if (b->p != NULL)
		crypto_zero(b->p, b->cap);
	sbuf_release(b);
}

static enum rc unseal_to(const struct restoring *s, const char *name, const char *to, struct err *e)
{
	AUTO(secret_release) struct sbuf plain = SBUF(512 * KIB);
	char file[40], from[FOLDER_PATH_MAX];

	(void)snprintf(file, sizeof(file), "%s.sealed", name);
	TRY(folder_join(s->backup, file, from, e));
	TRY(backup_unseal_file(from, name, s->plan->passphrase, &plain, e));
	return file_write(to, sbuf_view(&plain), 0600, e);
}

static enum rc stage_key(struct restoring *s, struct err *e)
{
	char own[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];

	TRY(folder_join(s->plan->data_dir, "totem.key", own, e));
	TRY(folder_join(s->stage, "totem.key", to, e));
	if (s->r.info.sealed_key && s->plan->passphrase.n > 0) {
		TRY(unseal_to(s, "totem.key", to, e));
		s->r.key_restored = s->r.has_key = s->r.key_fits = true;
		return RC_OK;
	}
	s->r.has_key = file_exists(own);
	if (s->r.has_key || s->plan->without_key)
		return RC_OK;
	return FAIL(
		e, RC_REFUSED,
		s->r.info.sealed_key
			? "the backup's key file is sealed: give its passphrase "
			  "(TOTEM_PASSPHRASE), or --without-key and enter the secrets again"
			: "the backup has no key file: put totem.key into the data folder, or use "
			  "--without-key and enter the secrets again");
}

/* The own key of a folder may be that of another box: the package starts a new machine, which makes one. */
static enum rc key_check(struct restoring *s, struct err *e)
{
	if (!s->r.has_key || s->r.key_restored)
		return RC_OK;
	TRY(restore_fits_key(s->plan->data_dir, s->stage, &s->r.key_fits, e));
	if (s->r.key_fits || s->plan->without_key)
		return RC_OK;
	return FAIL(e, RC_REFUSED,
		    s->r.info.sealed_key
			    ? "totem.key here is not the backup's and opens none of its secrets: "
			      "give the backup's passphrase (TOTEM_PASSPHRASE), or --without-key "
			      "and enter the secrets again"
			    : "totem.key here is not the backup's and opens none of its secrets: "
			      "put the old box' totem.key into the data folder, or use "
			      "--without-key and enter the secrets again");
}

static enum rc stage_config(struct restoring *s, struct err *e)
{
	if (!s->r.info.sealed_config || s->plan->passphrase.n == 0)
		return RC_OK;
	TRY(folder_join(s->plan->data_dir, "totem.conf.restored", s->r.config, e));
	return unseal_to(s, "totem.conf", s->r.config, e);
}

/* ---- what waited to be sent ---- */

static enum rc count_waiting(struct db *db, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt q = { 0 };

	TRY(stmt_begin(db, Q_RESTORE_WAITING, &q, e));
	TRY(stmt_next(&q, e));
	*ret = stmt_i64(&q, "waiting");
	return RC_OK;
}

/* The incident is raised by the next start: the backup's schema may be an older one. */
static enum rc pause_sends(struct db *db, const struct restoring *s, struct err *e)
{
	char at[CLOCK_TEXT_MAX], text[80], path[FOLDER_PATH_MAX];
	struct stmt q;

	TRY(stmt_begin(db, Q_RESTORE_PAUSE, &q, e));
	TRY(stmt_run(&q, e));
	clock_text(s->r.info.created_ms, at);
	(void)snprintf(text, sizeof(text), "%s %lld%s\n", at, (long long)s->r.waiting,
		       s->r.chatwoot ? " " CHATWOOT : "");
	TRY(folder_join(s->stage, NOTE, path, e));
	return file_write(path, str_of(text), 0600, e);
}

static enum rc hold_sends(struct restoring *s, struct err *e)
{
	char path[FOLDER_PATH_MAX];
	struct db *db = NULL;
	enum rc rc;

	TRY(folder_join(s->stage, "totem.db", path, e));
	TRY(db_open(path, DB_WRITER, &db, e));
	rc = count_waiting(db, &s->r.waiting, e);
	s->r.chatwoot = !take_over_links_known(db, s->plan->data_dir);
	if (rc == RC_OK && (s->r.waiting > 0 || s->r.chatwoot) && !s->plan->resume) {
		rc = pause_sends(db, s, e);
		s->r.paused = true;
	}
	if (rc == RC_OK)
		rc = db_checkpoint(db, e);
	db_close(db);
	return rc;
}

/* ---- all of it ---- */

static enum rc stage_all(struct restoring *s, struct err *e)
{
	char list[FOLDER_PATH_MAX];

	TRY(folder_join(s->plan->folder, s->plan->name, s->backup, e));
	TRY(folder_join(s->plan->data_dir, STAGE, s->stage, e));
	TRY(backup_manifest_read(s->backup, &s->r.info, &s->wanted, e));
	TRY(restore_fits_program(&s->r.info, e));
	TRY(room_check(s, e));
	TRY(folder_remove(s->stage, e));
	TRY(file_mkdir(s->stage, 0700, e));
	TRY(stage_key(s, e)); /* first: a wrong passphrase is told at once */
	TRY(stage_database(s, e));
	TRY(key_check(s, e));
	say(s, "copying media", 2);
	TRY(folder_join(s->backup, "media.list", list, e));
	TRY(backup_media_each(list, stage_media, s, e));
	if (s->media_done != s->r.info.media_files)
		return FAIL(e, RC_INVALID, "media.list of the backup is not what was written");
	say(s, "looking at what waits to be sent", 3);
	TRY(hold_sends(s, e));
	return stage_config(s, e);
}

static enum rc swap_now(const char *data, const char *old, struct err *e)
{
	struct err why = { .rc = RC_OK };
	bool undone;
	enum rc rc = swap(data, old, false, &undone, &why);

	if (rc == RC_OK)
		return RC_OK;
	return undone ? FAIL(e, rc, "nothing was changed: %.200s", why.text)
		      : FAIL(e, rc, "%.200s (the restore goes on with the next command or start)",
			     why.text);
}

/* Also those that only the folder of the backups knows: this may be another machine. */
static enum rc find_erased(struct restoring *s, struct err *e)
{
	enum rc rc;

	TRY(erased_merge(s->plan->folder, s->plan->data_dir, e));
	rc = erased_count(s->plan->data_dir, s->r.info.created_ms, &s->r.erased, e);
	s->r.erased_known = rc == RC_OK;
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc restore(struct restoring *s, int64_t now_ms, struct err *e)
{
	char text[CLOCK_TEXT_MAX], old[64];

	if (!backup_name_ok(str_of(s->plan->name)))
		return FAIL(e, RC_ABSENT, "there is no backup with this name");
	TRY(restore_settle(s->plan->data_dir, e));
	TRY(stage_all(s, e));
	TRY(find_erased(s, e));
	clock_text(now_ms, text);
	(void)snprintf(old, sizeof(old), "before-restore-%.4s%.2s%.2sT%.2s%.2s%.2s%.3sZ", text,
		       text + 5, text + 8, text + 11, text + 14, text + 17, text + 20);
	TRY(folder_join(s->plan->data_dir, old, s->r.kept, e));
	say(s, "taking its place", 4);
	TRY(parts_movable(s->plan->data_dir, s->stage, e));
	TRY(journal_write(s->plan->data_dir, "keep", old, e));
	TRY(swap_now(s->plan->data_dir, old, e));
	say(s, "done", STEPS);
	return RC_OK;
}

enum rc restore_run(const struct restore_plan *plan, int64_t now_ms, struct restore_report *ret,
		    struct err *e)
{
	struct restoring *s = mem_new(1, sizeof(*s));
	struct err left = { .rc = RC_OK };
	char journal[FOLDER_PATH_MAX];
	enum rc rc;

	s->plan = plan;
	rc = restore(s, now_ms, e);
	if (rc == RC_OK) {
		s->r.sends_known = take_over_sends(s->r.kept, s->r.info.created_ms,
						   &s->r.sent_since, &s->r.waited_since);
		*ret = s->r;
	} else if (s->stage[0] != '\0' &&
		   folder_join(plan->data_dir, JOURNAL, journal, &left) == RC_OK &&
		   !file_exists(journal) && folder_remove(s->stage, &left) != RC_OK)
		log_err(LOG_DEBUG, "restore.rest_not_removed", &left);
	mem_free(s);
	return rc;
}

/* ---- after it ---- */

struct note {
	char at[CLOCK_TEXT_MAX], waiting[24];
	bool chatwoot;
};

static enum rc tell_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct note *n = arg;

	return incident_raise(tx, n->chatwoot ? INCIDENT_RESTORED_CHATWOOT : INCIDENT_RESTORED,
			      "box", &(struct incident_args){ { n->at, n->waiting } }, e);
}

enum rc restore_tell(struct app *app, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(KIB);
	char path[FOLDER_PATH_MAX];
	struct str rest, at, waiting;
	struct note n;

	TRY(folder_join(app->data_dir, NOTE, path, e));
	if (!file_exists(path))
		return RC_OK;
	TRY(file_read(path, &b, e));
	rest = str_trim(sbuf_view(&b));
	if (str_cut(&rest, ' ', &at) && str_cut(&rest, ' ', &waiting) &&
	    str_copy(at, n.at, sizeof(n.at)) && str_copy(waiting, n.waiting, sizeof(n.waiting))) {
		n.chatwoot = str_eqc(rest, CHATWOOT);
		TRY(store_write(app->store, STORE_NORMAL, tell_unit, &n, e));
	}
	return file_remove(path, e);
}
