/* backup_list.c - what stands in a folder of backups, what is known of each, and which ones go. See backup.h. */
#include "flow/backup/backup.h"

#include "base/log.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"

#define LISTED_MAX 1024
#define NOTE       "check.json" /* beside the manifest: {"state","at_ms","text"} */
#define NOTE_MAX   (4 * KIB)

/* ---- what a check found ---- */

static const char *const MARKS[] = { "made", "verified", "failed" };

const char *backup_mark_name(enum backup_mark mark)
{
	return MARKS[mark];
}

enum rc backup_note_write(const char *folder, const char *name, enum backup_mark mark,
			  int64_t now_ms, const char *text, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(NOTE_MAX);
	char place[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX];
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ktext(&w, "state", MARKS[mark]);
	jsonw_ki64(&w, "at_ms", now_ms);
	jsonw_ktext(&w, "text", text);
	jsonw_end(&w);
	sbuf_char(&b, '\n');
	ASSERT(sbuf_ok(&b)); /* a text of an error is short */
	TRY(folder_join(folder, name, place, e));
	TRY(folder_join(place, NOTE, path, e));
	return file_write(path, sbuf_view(&b), 0600, e);
}

/* A note that cannot be read says nothing: the backup is checked again. */
static void note_read(const char *place, struct backup_info *ret)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(NOTE_MAX);
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];

	if (folder_join(place, NOTE, path, &e) != RC_OK || file_read(path, &b, &e) != RC_OK ||
	    json_parse(sbuf_view(&b), &root, &e) != RC_OK)
		return;
	for (size_t i = 0; i < COUNT(MARKS); i++) {
		if (str_eqc(json_get_str(root, "state"), MARKS[i]))
			ret->mark = (enum backup_mark)i;
	}
	ret->checked_ms = json_get_i64_or(root, "at_ms", 0);
	if (!str_copy(json_get_str(root, "text"), ret->check_text, sizeof(ret->check_text)))
		ret->check_text[0] = '\0';
}

/* ---- lists ---- */

struct listing {
	const char *folder;
	struct backup_info *info;
	size_t max, n;
};

/* Newest first. */
static void insert(struct listing *l, const struct backup_info *x)
{
	size_t i;

	if (l->n == l->max && l->info[l->n - 1].created_ms >= x->created_ms)
		return;
	i = l->n < l->max ? l->n++ : l->max - 1;
	while (i > 0 && l->info[i - 1].created_ms < x->created_ms) {
		l->info[i] = l->info[i - 1];
		i--;
	}
	l->info[i] = *x;
}

static enum rc list_entry(void *arg, const struct folder_entry *x, struct err *e)
{
	struct listing *l = arg;
	struct backup_info info;

	(void)e;
	if (x->is_folder && backup_name_ok(str_of(x->name)) &&
	    backup_info_get(l->folder, x->name, &info, NULL) == RC_OK)
		insert(l, &info);
	return RC_OK; /* what has no manifest is no backup */
}

enum rc backup_info_get(const char *folder, const char *name, struct backup_info *ret,
			struct err *e)
{
	char path[FOLDER_PATH_MAX];

	TRY(folder_join(folder, name, path, e));
	TRY(backup_manifest_read(path, ret, NULL, e));
	note_read(path, ret);
	/* A folder that was renamed keeps its new name. */
	return str_copy(str_of(name), ret->name, sizeof(ret->name))
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "this is no name of a backup");
}

enum rc backup_list(const char *folder, struct backup_info *ret, size_t max, size_t *ret_count,
		    struct err *e)
{
	struct listing l = { .folder = folder, .info = ret, .max = max };
	struct err why = { .rc = RC_OK };
	enum rc rc;

	ASSERT(max > 0);
	memset(ret, 0, max * sizeof(*ret));
	rc = folder_each(folder, list_entry, &l, &why);
	if (rc != RC_OK && rc != RC_ABSENT)
		return FAIL(e, rc, "%s", why.text);
	*ret_count = l.n;
	return RC_OK;
}

/* ---- what is to be told and done ---- */

struct unreadable {
	const char *folder;
	char newest[BACKUP_NAME_MAX]; /* "": none */
};

/* A folder with the name and the database of a backup whose manifest is damaged or gone. One of a newer program is none of
 * them, nor is a folder that somebody named so. */
static enum rc unreadable_entry(void *arg, const struct folder_entry *x, struct err *e)
{
	struct unreadable *u = arg;
	struct err why = { .rc = RC_OK };
	struct backup_info info;
	char place[FOLDER_PATH_MAX], database[FOLDER_PATH_MAX];
	enum rc rc;

	if (!x->is_folder || !backup_name_ok(str_of(x->name)) || strcmp(x->name, u->newest) <= 0)
		return RC_OK;
	TRY(folder_join(u->folder, x->name, place, e));
	TRY(folder_join(place, "totem.db", database, e));
	rc = backup_info_get(u->folder, x->name, &info, &why);
	if ((rc == RC_INVALID || rc == RC_ABSENT) && file_exists(database))
		ASSERT(str_copy(str_of(x->name), u->newest,
				sizeof(u->newest))); /* as backup_name_ok saw */
	return RC_OK;
}

/* They come newest first, and behind them those that a clock ahead made: nobody can tell how old these are. */
static void look_at(const struct backup_info *i, int64_t now_ms, struct backup_look *ret)
{
	switch (i->mark) {
	case BACKUP_MADE:
		if (ret->to_check[0] == '\0')
			memcpy(ret->to_check, i->name, sizeof(ret->to_check));
		/* Older ones than a verified one are looked through in their turn, without a word. */
		if (ret->verified_ms == 0 && i->created_ms < now_ms - DAY_MS) {
			memcpy(ret->late, i->name, sizeof(ret->late));
			memcpy(ret->late_why, i->check_text, sizeof(ret->late_why));
		}
		break;
	case BACKUP_VERIFIED:
		if (ret->verified_ms == 0)
			ret->verified_ms = i->created_ms;
		break;
	case BACKUP_FAILED:
		if (ret->bad[0] == '\0') {
			memcpy(ret->bad, i->name, sizeof(ret->bad));
			memcpy(ret->bad_why, i->check_text, sizeof(ret->bad_why));
		}
		return;
	}
	if (ret->newest[0] == '\0') {
		memcpy(ret->newest, i->name, sizeof(ret->newest));
		ret->newest_ms = i->created_ms;
		ret->media_bad = i->media_bad;
		ret->media_mended = i->media_mended;
		memcpy(ret->media_first, i->media_first, sizeof(ret->media_first));
	}
}

enum rc backup_look(const char *folder, int64_t now_ms, struct backup_look *ret, struct err *e)
{
	struct backup_info *all = mem_new(LISTED_MAX, sizeof(*all));
	struct unreadable u = { .folder = folder };
	struct err none = { .rc = RC_OK };
	size_t n = 0;
	enum rc rc = backup_list(folder, all, LISTED_MAX, &n, e);

	*ret = (struct backup_look){ .newest_ms = 0 };
	for (int ahead = 0; ahead < 2; ahead++)
		for (size_t i = 0; rc == RC_OK && i < n; i++)
			if ((all[i].created_ms > now_ms) == (ahead == 1))
				look_at(&all[i], now_ms, ret);
	mem_free(all);
	TRY(rc);
	rc = folder_each(folder, unreadable_entry, &u, &none);
	if (rc != RC_OK && rc != RC_ABSENT)
		return FAIL(e, rc, "%s", none.text);
	if (ret->bad[0] == '\0' && u.newest[0] != '\0') {
		memcpy(ret->bad, u.newest, sizeof(ret->bad));
		(void)snprintf(ret->bad_why, sizeof(ret->bad_why),
			       "its manifest.json is damaged or missing");
	}
	return RC_OK;
}

enum rc backup_newest(const char *folder, int64_t now_ms, struct backup_info *ret, struct err *e)
{
	struct backup_look look;

	TRY(backup_look(folder, now_ms, &look, e));
	if (look.newest[0] == '\0')
		return FAIL(e, RC_ABSENT, "there is no backup in %.150s yet: totem backup", folder);
	return backup_info_get(folder, look.newest, ret, e);
}

/* ---- rotation ---- */

static enum rc drop_hidden(void *arg, const struct folder_entry *x, struct err *e)
{
	const char *folder = arg;
	char path[FOLDER_PATH_MAX];

	if (!x->is_folder || !str_starts(str_of(x->name), STR(".making-")))
		return RC_OK;
	TRY(folder_join(folder, x->name, path, e));
	return folder_remove(path, e);
}

/* What is kept, told from the newest to the oldest. */
struct keeping {
	int64_t keep, weeks, now_ms;
	int64_t good;                  /* backups so far that did not fail */
	int64_t ahead;                 /* of a time that has not come, so far */
	int64_t week;                  /* of the last one of them; -1: none */
	bool has_verified, has_failed; /* so far */
};

/* Of those that did not fail: the newest `keep`, the newest of each of the last `weeks` weeks, and always the newest that is
 * verified. The newest that failed stays until a newer one is verified: it counts for nothing, but it may be all there is. */
static bool keeps(struct keeping *k, const struct backup_info *i)
{
	const int64_t span = 7 * DAY_MS;
	bool of_week, first = i->mark == BACKUP_VERIFIED && !k->has_verified;

	/* Made by a clock that was ahead: they push out only their like, never those of today. */
	if (i->created_ms > k->now_ms + DAY_MS)
		return k->ahead++ < k->keep;
	if (i->mark == BACKUP_FAILED) {
		bool only = !k->has_verified && !k->has_failed;

		k->has_failed = true;
		return only;
	}
	of_week = i->created_ms / span > k->now_ms / span - k->weeks &&
		  i->created_ms / span != k->week;
	k->week = i->created_ms / span;
	k->has_verified = k->has_verified || first;
	return k->good++ < k->keep || of_week || first;
}

enum rc backup_hold(const char *folder, const char *name, int *ret_fd, struct err *e)
{
	char place[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX];

	TRY(folder_join(folder, name, place, e));
	TRY(folder_join(place, "manifest.json", path, e));
	return file_hold(path, ret_fd, e);
}

/* False: somebody takes it away just now (backup_hold); it goes the next time. */
static bool let_go(const char *folder, const char *name, int *ret_fd)
{
	char place[FOLDER_PATH_MAX], path[FOLDER_PATH_MAX];
	struct err e = { .rc = RC_OK };

	return folder_join(folder, name, place, &e) == RC_OK &&
	       folder_join(place, "manifest.json", path, &e) == RC_OK &&
	       file_lock(path, ret_fd, &e) == RC_OK;
}

static enum rc rotate(const char *folder, struct backup_info *all, size_t n, struct keeping *k,
		      int *ret_removed, struct err *e)
{
	struct err none = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	bool has_failed = false;
	int held = -1;
	size_t kept = 0;
	enum rc rc;

	rc = folder_each(folder, drop_hidden, (void *)(uintptr_t)folder, &none);
	if (rc != RC_OK && rc != RC_ABSENT)
		return FAIL(e, rc, "%s", none.text);
	for (size_t i = 0; i < n; i++) {
		if (keeps(k, &all[i]) || !let_go(folder, all[i].name, &held)) {
			has_failed = has_failed || all[i].mark == BACKUP_FAILED;
			all[kept++] = all[i]; /* kept <= i */
			continue;
		}
		rc = folder_join(folder, all[i].name, path, e);
		if (rc == RC_OK)
			rc = folder_remove(path, e);
		file_unlock(held);
		TRY(rc);
		(*ret_removed)++;
	}
	/* The list of one that failed may be what is damaged: media wait until it is gone. */
	return kept > 0 && !has_failed ? backup_media_sweep(folder, all, kept, e) : RC_OK;
}

enum rc backup_rotate(const char *folder, int64_t keep, int64_t weeks, int64_t now_ms,
		      int *ret_removed, struct err *e)
{
	struct backup_info *all = mem_new(LISTED_MAX, sizeof(*all));
	size_t n = 0;
	struct keeping k = { .keep = keep, .weeks = weeks, .now_ms = now_ms, .week = -1 };
	int fd = -1;
	enum rc rc = backup_lock(folder, &fd, e);

	*ret_removed = 0;
	if (rc == RC_OK)
		rc = backup_list(folder, all, LISTED_MAX, &n, e);
	/* A full list may not be all there is: then media must stay. */
	if (rc == RC_OK && n == LISTED_MAX)
		rc = FAIL(e, RC_LIMIT,
			  "there are %d backups or more in %.150s; remove some by hand", LISTED_MAX,
			  folder);
	if (rc == RC_OK)
		rc = rotate(folder, all, n, &k, ret_removed, e);
	file_unlock(fd);
	mem_free(all);
	return rc;
}
