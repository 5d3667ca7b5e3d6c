/* backup_verify.c - a backup looked at again, and copied elsewhere. See backup.h. */
#include "flow/backup/backup.h"

#include "base/log.h"
#include "flow/erase/erased.h"
#include "io/crypto.h"
#include "io/file.h"

#define STEPS      4
#define ROOM_SPARE (64 * (int64_t)MIB) /* stays free beside the scratch */

static void secret_release(struct sbuf *b)
{
	if (b->p != NULL)
		crypto_zero(b->p, b->cap);
	sbuf_release(b);
}

struct verifying {
	const struct backup_plan *plan;
	struct backup_info info;
	struct backup_tables wanted, is;
	char place[FOLDER_PATH_MAX], scratch_dir[FOLDER_PATH_MAX];
	bool restored; /* to the scratch place; else looked through where it lies */
};

static enum rc check_sealed(const struct verifying *v, const char *name, struct err *e)
{
	AUTO(secret_release) struct sbuf plain = SBUF(512 * KIB);
	char file[40], path[FOLDER_PATH_MAX];

	(void)snprintf(file, sizeof(file), "%s.sealed", name);
	TRY(folder_join(v->place, file, path, e));
	if (!file_exists(path))
		return FAIL(e, RC_INVALID, "%s is missing in the backup", file);
	return v->plan->passphrase.n > 0
		       ? backup_unseal_file(path, name, v->plan->passphrase, &plain, e)
		       : RC_OK;
}

static bool has_room(const struct verifying *v, int64_t *ret_needed, int64_t *ret_free)
{
	struct err e = { .rc = RC_OK };

	*ret_needed = v->info.database_bytes + i64_max(v->plan->spare, ROOM_SPARE);
	*ret_free = 0;
	return file_free_space(v->plan->folder, ret_free, &e) == RC_OK && *ret_free >= *ret_needed;
}

static enum rc check_database(struct verifying *v, struct err *e)
{
	char database[FOLDER_PATH_MAX], scratch[FOLDER_PATH_MAX];
	struct file_sum sum;
	int64_t needed, free_bytes;

	TRY(folder_join(v->place, "totem.db", database, e));
	TRY(folder_join(v->scratch_dir, "scratch.db", scratch, e));
	v->restored = has_room(v, &needed, &free_bytes);
	if (v->restored) {
		backup_say(v->plan, "restoring the copy and checking it", 1, STEPS);
		TRY(backup_scratch(database, scratch, v->plan->pace, &v->is, &sum, e));
	} else {
		(void)snprintf(v->info.check_text, sizeof(v->info.check_text),
			       "it was only read back and checked where it lies: restoring it "
			       "needs %lld MiB in %.100s, %lld are free",
			       (long long)(needed / (int64_t)MIB), v->plan->folder,
			       (long long)(free_bytes / (int64_t)MIB));
		backup_say(v->plan, "checking the copy where it lies", 1, STEPS);
		TRY(backup_look_in_place(database, v->plan->pace, &v->is, &sum, e));
	}
	if (sum.bytes != v->info.database_bytes || strcmp(sum.sha256, v->info.database_sha256) != 0)
		return FAIL(e, RC_INVALID, "totem.db of the backup is not what was written");
	return backup_tables_compare(&v->is, &v->wanted, e);
}

static enum rc check_media(struct verifying *v, struct err *e)
{
	char list[FOLDER_PATH_MAX];
	struct file_sum sum;

	backup_say(v->plan, "reading media", 2, STEPS);
	TRY(folder_join(v->place, "media.list", list, e));
	TRY(folder_sum_file(list, v->plan->pace, &sum, e));
	if (strcmp(sum.sha256, v->info.media_sha256) != 0)
		return FAIL(e, RC_INVALID, "media.list of the backup is not what was written");
	return backup_media_check(v->plan->folder, list, true, v->plan->pace, e);
}

/* What an interrupted check left; the lock of checks is held. */
static enum rc drop_scratch(void *arg, const struct folder_entry *x, struct err *e)
{
	const struct verifying *v = arg;
	char path[FOLDER_PATH_MAX];

	if (!x->is_folder || !str_starts(str_of(x->name), STR(".checking-")))
		return RC_OK;
	TRY(folder_join(v->plan->folder, x->name, path, e));
	return folder_remove(path, e);
}

static enum rc verify_parts(struct verifying *v, struct err *e)
{
	TRY(backup_manifest_read(v->place, &v->info, &v->wanted, e));
	TRY(file_mkdir(v->scratch_dir, 0700, e));
	TRY(check_database(v, e));
	TRY(check_media(v, e));
	backup_say(v->plan, "opening what is sealed", 3, STEPS);
	if (v->info.sealed_key)
		TRY(check_sealed(v, "totem.key", e));
	if (v->info.sealed_config)
		TRY(check_sealed(v, "totem.conf", e));
	backup_say(v->plan, "done", STEPS, STEPS);
	return RC_OK;
}

static enum backup_mark mark_of(const struct verifying *v, enum rc found)
{
	if (found == RC_INVALID)
		return BACKUP_FAILED;
	return found == RC_OK && v->restored ? BACKUP_VERIFIED : BACKUP_MADE;
}

/* Beside the backup. What is not a finding (no passphrase, no room, a disk that does not read) takes no good mark away. */
static enum rc note(struct verifying *v, const char *name, int64_t now_ms, const struct err *found,
		    struct err *e)
{
	enum backup_mark mark = mark_of(v, found->rc);
	struct backup_info before;

	if (found->rc == RC_RETRY)
		return FAIL(e, RC_RETRY, "stopped");
	if (mark == BACKUP_MADE && backup_info_get(v->plan->folder, name, &before, NULL) == RC_OK &&
	    before.mark != BACKUP_MADE) {
		v->info = before;
	} else {
		if (found->rc != RC_OK)
			memcpy(v->info.check_text, found->text, sizeof(v->info.check_text));
		v->info.mark = mark;
		v->info.checked_ms = now_ms;
		TRY(backup_note_write(v->plan->folder, name, mark, now_ms, v->info.check_text, e));
	}
	return found->rc == RC_OK ? RC_OK : FAIL(e, found->rc, "%s", found->text);
}

static enum rc verify(struct verifying *v, const char *name, int64_t now_ms, struct err *e)
{
	struct err found = { .rc = RC_OK };
	char hidden[BACKUP_NAME_MAX + 16];
	enum rc rc;

	if (!backup_name_ok(str_of(name)))
		return FAIL(e, RC_ABSENT, "there is no backup with this name");
	TRY(folder_join(v->plan->folder, name, v->place, e));
	if (!file_exists(v->place))
		return FAIL(e, RC_ABSENT, "there is no backup with this name");
	TRY(folder_each(v->plan->folder, drop_scratch, v, e));
	(void)snprintf(hidden, sizeof(hidden), ".checking-%s", name); /* fits */
	TRY(folder_join(v->plan->folder, hidden, v->scratch_dir, e));
	rc = verify_parts(v, &found);
	found.rc = rc == RC_ABSENT ? RC_INVALID : rc; /* what is missing now was there */
	if (!file_exists(v->place))
		return FAIL(e, RC_ABSENT, "the backup was removed while it was checked");
	TRY(note(v, name, now_ms, &found, e));
	ASSERT(str_copy(str_of(name), v->info.name, sizeof(v->info.name))); /* backup_name_ok */
	return RC_OK;
}

static enum rc check_lock(const char *folder, int *ret_fd, struct err *e)
{
	struct err why = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	enum rc rc;

	TRY(folder_join(folder, ".lock-check", path, e));
	rc = file_lock(path, ret_fd, &why);
	if (rc == RC_CONFLICT)
		return FAIL(e, rc, "another backup is being checked in %.150s", folder);
	return rc == RC_OK ? RC_OK : FAIL(e, rc, "%s", why.text);
}

enum rc backup_verify(const struct backup_plan *plan, const char *name, int64_t now_ms,
		      struct backup_info *ret, struct err *e)
{
	struct verifying *v = mem_new(1, sizeof(*v));
	struct err left = { .rc = RC_OK };
	int fd = -1;
	enum rc rc;

	v->plan = plan;
	rc = check_lock(plan->folder, &fd, e);
	if (rc == RC_OK)
		rc = verify(v, name, now_ms, e);
	if (rc == RC_OK)
		*ret = v->info;
	if (v->scratch_dir[0] != '\0' && folder_remove(v->scratch_dir, &left) != RC_OK)
		log_err(LOG_DEBUG, "backup.rest_not_removed", &left);
	file_unlock(fd);
	mem_free(v);
	return rc;
}

/* ---- to another place ---- */

struct outgoing {
	const struct backup_plan *plan;
	char from[FOLDER_PATH_MAX]; /* the backup */
	char to[FOLDER_PATH_MAX];   /* where it is being made */
	const char *target;         /* folder of backups there */
	struct backup_info info;
};

/* Copies and reads back from the other disk. `wanted`: the sum by the manifest; NULL: it has none. */
static enum rc carry(const char *from, const char *to, const char *wanted, struct tempo *pace,
		     struct err *e)
{
	struct file_sum sent, back;

	TRY(folder_copy_file(from, to, 0600, pace, &sent, e));
	if (wanted != NULL && strcmp(sent.sha256, wanted) != 0)
		return FAIL(e, RC_INVALID, "%.180s is not what was written: totem verify", from);
	TRY(folder_sum_file(to, pace, &back, e));
	return strcmp(sent.sha256, back.sha256) == 0
		       ? RC_OK
		       : FAIL(e, RC_IO, "%.180s reads differently from what was written", to);
}

static enum rc carry_entry(void *arg, const struct folder_entry *x, struct err *e)
{
	const struct outgoing *o = arg;
	char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];

	if (x->is_folder)
		return RC_OK;
	TRY(folder_join(o->from, x->name, from, e));
	TRY(folder_join(o->to, x->name, to, e));
	return carry(from, to,
		     strcmp(x->name, "totem.db") == 0     ? o->info.database_sha256
		     : strcmp(x->name, "media.list") == 0 ? o->info.media_sha256
							  : NULL,
		     o->plan->pace, e);
}

static enum rc carry_media(void *arg, const struct backup_media_file *f, struct err *e)
{
	const struct outgoing *o = arg;
	char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX], sub[FOLDER_PATH_MAX];
	struct err absent = { .rc = RC_OK };
	int64_t there;

	TRY(backup_media_path(o->target, f->sha256, to, e));
	if (folder_file_bytes(to, &there, &absent) == RC_OK && there == f->bytes)
		return RC_OK;
	TRY(backup_media_path(o->plan->folder, f->sha256, from, e));
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(strrchr(to, '/') - to), to); /* shorter */
	TRY(file_mkdir(sub, 0700, e));
	return carry(from, to, f->sha256, o->plan->pace, e);
}

static enum rc copy_out(struct outgoing *o, const char *name, struct err *e)
{
	char hidden[BACKUP_NAME_MAX + 16], place[FOLDER_PATH_MAX], list[FOLDER_PATH_MAX];

	if (!backup_name_ok(str_of(name)))
		return FAIL(e, RC_ABSENT, "there is no backup with this name");
	TRY(backup_info_get(o->plan->folder, name, &o->info, e));
	TRY(folder_join(o->plan->folder, name, o->from, e));
	TRY(folder_join(o->target, name, place, e));
	if (file_exists(place))
		return RC_OK;
	(void)snprintf(hidden, sizeof(hidden), ".making-%s", name); /* fits */
	TRY(folder_join(o->target, hidden, o->to, e));
	TRY(folder_remove(o->to, e));
	TRY(file_mkdir(o->to, 0700, e));
	TRY(folder_join(o->from, "media.list", list, e));
	backup_say(o->plan, "copying media", 1, STEPS);
	TRY(backup_media_each(list, carry_media, o, e));
	backup_say(o->plan, "copying the database", 2, STEPS);
	TRY(folder_each(o->from, carry_entry, o, e));
	backup_say(o->plan, "done", STEPS, STEPS);
	return folder_move(o->to, place, e);
}

enum rc backup_copy_out(const struct backup_plan *plan, const char *name, const char *to,
			struct err *e)
{
	struct outgoing o = { .plan = plan, .target = to };
	struct err left = { .rc = RC_OK };
	enum rc rc = copy_out(&o, name, e);

	if (rc == RC_OK)
		rc = erased_merge(plan->folder, to, e);
	if (rc != RC_OK && o.to[0] != '\0' && folder_remove(o.to, &left) != RC_OK)
		log_err(LOG_DEBUG, "backup.rest_not_removed", &left);
	return rc;
}
