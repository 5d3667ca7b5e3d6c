/* backup_s3_rotate.c - what goes from the store: backups beyond those that are kept, and media that none of them lists. See
 * backup_s3.h. */
#include "base/clock.h"
#include "base/enc.h"
#include "base/log.h"
#include "flow/backup/backup_s3_priv.h"
#include "io/file.h"
#include "io/http.h"

#define SWEPT     ".store-swept" /* in the folder of backups: when, in ms */
#define LIST_HERE ".store-list"  /* a list of the store, while it is read */
#define SWEEP_MS  (20 * HOUR_MS)

static enum rc remove_key(struct backup_s3_client *c, void *arg, struct str key, struct err *e)
{
	(void)arg;
	return backup_s3_ask(c, "DELETE", key, STR(""), STR(""), S3_ANSWER_MAX, NULL, e);
}

/* The manifest goes first: a removal that was interrupted leaves no backup that looks whole. */
static enum rc remove_backup(struct backup_s3_client *c, const char *name, struct err *e)
{
	struct err absent = { .rc = RC_OK };
	char key[S3_KEY_MAX], below[BACKUP_NAME_MAX + 2];
	enum rc rc;

	backup_s3_key(key, name, "manifest.json", 1);
	rc = remove_key(c, NULL, str_of(key), &absent);
	if (rc != RC_OK && rc != RC_ABSENT)
		return FAIL(e, rc, "%s", absent.text);
	(void)snprintf(below, sizeof(below), "%s/", name);
	return backup_s3_each_key(c, below, remove_key, NULL, e);
}

/* Those of a time that has not come push out only their like. */
static bool goes(const struct backup_s3_names *l, size_t i, size_t keep)
{
	size_t of_now = l->n - l->ahead;

	return i < of_now ? i >= keep : i - of_now >= keep;
}

enum rc backup_s3_rotate(const struct s3_target *t, int64_t keep, int *ret_removed, struct err *e)
{
	struct backup_s3_client c = { .t = t, .http = http_new() };
	struct backup_s3_names l = { .n = 0 };
	enum rc rc = backup_s3_names_read(&c, clock_now_ms(), &l, e);

	*ret_removed = 0;
	for (size_t i = 0; rc == RC_OK && i < l.n; i++) {
		if (!goes(&l, i, (size_t)keep))
			continue;
		rc = remove_backup(&c, l.name[i], e);
		*ret_removed += rc == RC_OK;
	}
	backup_s3_names_free(&l);
	http_free(c.http);
	return rc;
}

/* ---- media ---- */

struct sweep {
	struct backup_s3_client c;
	struct backup_s3_names names;
	struct sum_set there, used, lists; /* lists: checksums of those that were read */
	int64_t removed;
};

static enum rc note_used(void *arg, const struct backup_media_file *f, struct err *e)
{
	(void)e;
	(void)sum_set_add(arg, f->sha256, 0); /* as a line of a list was read */
	return RC_OK;
}

/* A list is used only when it is the one that its manifest speaks of: one digit that rotted would cost a file. */
static bool take_list(struct sweep *s, const char *path, const char *sha256)
{
	struct err e = { .rc = RC_OK };
	struct file_sum sum;

	if (folder_sum_file(path, s->c.plan->pace, &sum, &e) != RC_OK ||
	    strcmp(sum.sha256, sha256) != 0 ||
	    backup_media_each(path, note_used, &s->used, &e) != RC_OK)
		return false;
	sum_set_settle(&s->used);
	(void)sum_set_add(&s->lists, sha256, 0);
	sum_set_settle(&s->lists);
	return true;
}

static bool take_here(struct sweep *s, const char *name)
{
	char place[FOLDER_PATH_MAX], list[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };
	struct backup_info info;

	return backup_info_get(s->c.plan->folder, name, &info, &e) == RC_OK &&
	       folder_join(s->c.plan->folder, name, place, &e) == RC_OK &&
	       folder_join(place, "media.list", list, &e) == RC_OK &&
	       take_list(s, list, info.media_sha256);
}

/* The manifest first: lists of a quiet box are the same from day to day, and a large one need not come twice. */
static enum rc take_there(struct sweep *s, const char *name, const char *stage, struct err *e)
{
	char file[FOLDER_PATH_MAX];
	struct backup_info info;

	s->c.name = name;
	TRY(folder_join(stage, "manifest.json", file, e));
	TRY(backup_s3_fetch_pieces(&s->c, "manifest.json", file, e));
	TRY(backup_manifest_read(stage, &info, NULL, e));
	if (sum_set_has_hex(&s->lists, info.media_sha256, 0))
		return RC_OK;
	TRY(folder_join(stage, "media.list", file, e));
	TRY(backup_s3_fetch_pieces(&s->c, "media.list", file, e));
	return take_list(s, file, info.media_sha256)
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "the list of media of %s at the store is damaged",
			      name);
}

/* The last piece first: where it is the others are believed to be. */
static enum rc sweep_rest(struct sweep *s, struct err *e)
{
	char key[S3_KEY_MAX], hex[SUM_TEXT];

	for (size_t i = s->there.count; i-- > 0;) {
		const struct sum_set_item *x = &s->there.item[i];

		if (sum_set_has(&s->used, x->sum, 0))
			continue;
		enc_hex(x->sum, sizeof(x->sum), hex);
		backup_s3_key(key, "media", hex, (int)x->n);
		TRY(remove_key(&s->c, NULL, str_of(key), e));
		s->removed++;
		if (!tempo_step(s->c.plan->pace))
			return FAIL(e, RC_RETRY, "stopped");
	}
	return RC_OK;
}

static bool any_unused(const struct sweep *s)
{
	for (size_t i = 0; i < s->there.count; i++) {
		if (!sum_set_has(&s->used, s->there.item[i].sum, 0))
			return true;
	}
	return false;
}

static enum rc sweep_all(struct sweep *s, const char *stage, struct err *e)
{
	bool *here;
	enum rc rc = RC_OK;

	TRY(backup_s3_names_read(&s->c, clock_now_ms(), &s->names, e));
	if (s->names.n == 0)
		return RC_OK; /* not even the one that was sent: somebody else empties it */
	TRY(backup_s3_media_read(&s->c, &s->there, e));
	here = mem_new(s->names.n, sizeof(*here));
	for (size_t i = 0; i < s->names.n; i++)
		here[i] = take_here(s, s->names.name[i]);
	for (size_t i = 0; rc == RC_OK && i < s->names.n; i++) {
		if (!here[i] && any_unused(s))
			rc = take_there(s, s->names.name[i], stage, e);
		if (rc == RC_OK && !tempo_step(s->c.plan->pace))
			rc = FAIL(e, RC_RETRY, "stopped");
	}
	mem_free(here);
	TRY(rc);
	return sweep_rest(s, e);
}

static bool was_swept(const char *path, int64_t now_ms)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64);
	struct err e = { .rc = RC_OK };
	int64_t at_ms;

	return file_read(path, &b, &e) == RC_OK &&
	       str_i64(str_trim(sbuf_view(&b)), 0, INT64_MAX, &at_ms) && at_ms <= now_ms &&
	       now_ms - at_ms < SWEEP_MS;
}

static enum rc sweep_in(struct sweep *s, const char *stage, struct err *e)
{
	enum rc rc;

	TRY(folder_remove(stage, e));
	TRY(file_mkdir(stage, 0700, e));
	s->c.http = http_new();
	rc = sweep_all(s, stage, e);
	http_free(s->c.http);
	sum_set_free(&s->there);
	sum_set_free(&s->used);
	sum_set_free(&s->lists);
	backup_s3_names_free(&s->names);
	TRY(rc);
	return folder_remove(stage, e);
}

enum rc backup_s3_sweep(const struct backup_plan *plan, const struct s3_target *t, int64_t now_ms,
			struct err *e)
{
	struct sweep *s;
	struct err held = { .rc = RC_OK };
	char swept[FOLDER_PATH_MAX], stage[FOLDER_PATH_MAX], text[32];
	int fd = -1;
	enum rc rc;

	TRY(folder_join(plan->folder, SWEPT, swept, e));
	TRY(folder_join(plan->folder, LIST_HERE, stage, e));
	if (was_swept(swept, now_ms))
		return RC_OK;
	rc = backup_s3_lock(plan, &fd, &held);
	if (rc != RC_OK)
		return rc == RC_CONFLICT ? RC_OK : FAIL(e, rc, "%s", held.text);
	s = mem_new(1, sizeof(*s));
	s->c = (struct backup_s3_client){ .plan = plan, .t = t };
	rc = sweep_in(s, stage, e);
	if (s->removed > 0)
		log_event(LOG_INFO, "backup.store_media_removed", "pieces", LOG_I64(s->removed),
			  NULL);
	mem_free(s);
	(void)snprintf(text, sizeof(text), "%lld\n", (long long)now_ms);
	if (rc == RC_OK)
		rc = file_write(swept, str_of(text), 0600, e);
	file_unlock(fd);
	return rc;
}
