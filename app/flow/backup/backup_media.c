/* backup_media.c - media files of a backup: each once, under its checksum, for all backups of a folder. See backup.h; what
 * rotted or went: backup_media.h. */
#include "flow/backup/backup_media.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/sbuf.h"
#include "flow/backup/sum_set.h"
#include "io/file.h"

#define LIST     "media.list"
#define LIST_MAX (256 * MIB) /* about a million files */
#define LINE_MAX (FOLDER_PATH_MAX + 128)

enum rc backup_media_path(const char *folder, const char *sha256, char ret_path[FOLDER_PATH_MAX],
			  struct err *e)
{
	int n = snprintf(ret_path, FOLDER_PATH_MAX, "%s/media/%.2s/%s", folder, sha256, sha256);

	return n > 0 && n < FOLDER_PATH_MAX
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "the path of the backup folder is too long");
}

/* ---- lists ---- */

static bool sum_ok(const char *text)
{
	return strlen(text) == SUM_TEXT - 1 && strspn(text, "0123456789abcdef") == SUM_TEXT - 1;
}

/* A path in a list comes from a disk that may be somebody else's: it stays below the media folder. */
static bool path_ok(const char *path)
{
	return path[0] != '\0' && path[0] != '/' && strstr(path, "..") == NULL;
}

static bool line_parse(struct str line, struct backup_media_file *ret)
{
	struct str sum, bytes, changed;

	return str_cut(&line, ' ', &sum) && str_copy(sum, ret->sha256, sizeof(ret->sha256)) &&
	       sum_ok(ret->sha256) && str_cut(&line, ' ', &bytes) &&
	       str_i64(bytes, 0, INT64_MAX, &ret->bytes) && str_cut(&line, ' ', &changed) &&
	       str_i64(changed, 0, INT64_MAX, &ret->changed_ms) &&
	       str_copy(line, ret->path, sizeof(ret->path)) && path_ok(ret->path);
}

enum rc backup_media_each(const char *list, backup_media_fn *fn, void *arg, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(LIST_MAX);
	struct backup_media_file f;
	struct str rest, line;

	TRY(file_read(list, &b, e));
	rest = sbuf_view(&b);
	while (str_cut(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		if (!line_parse(line, &f))
			return FAIL(e, RC_INVALID, "%.180s has a line that is none of a media list",
				    list);
		TRY(fn(arg, &f, e));
	}
	return RC_OK;
}

/* What the last backup knew of a path: then the file need not be read again. Sorted by path. */
struct known {
	struct backup_media_file *f;
	size_t n, room;
};

static enum rc known_add(void *arg, const struct backup_media_file *f, struct err *e)
{
	struct known *k = arg;

	(void)e;
	if (k->n == k->room) {
		k->room = k->room == 0 ? 64 : k->room * 2;
		k->f = mem_grow(k->f, k->room * sizeof(*k->f));
	}
	k->f[k->n++] = *f;
	return RC_OK;
}

static int by_path(const void *a, const void *b)
{
	const struct backup_media_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static const struct backup_media_file *known_find(const struct known *k, const char *path,
						  const struct folder_entry *x)
{
	struct backup_media_file wanted = { 0 };
	const struct backup_media_file *found;

	if (k->n == 0 || !str_copy(str_of(path), wanted.path, sizeof(wanted.path)))
		return NULL;
	found = bsearch(&wanted, k->f, k->n, sizeof(*k->f), by_path);
	return found != NULL && found->bytes == x->bytes && found->changed_ms == x->changed_ms
		       ? found
		       : NULL;
}

/* ---- saving ---- */

struct save {
	const struct backup_plan *plan;
	struct known known;
	struct backup_info *info;
	struct sbuf list;
	struct backup_media_watch watch;
	char root[FOLDER_PATH_MAX];  /* media folder of the box */
	char below[FOLDER_PATH_MAX]; /* folder being walked, relative to it; "" at the top */
	int depth;
};

static enum rc save_walk(void *arg, const struct folder_entry *x, struct err *e);

/* The copy `temp` of a file takes its place in the pool, unless it is there. */
static enum rc pool_place(struct save *s, const char *temp, const struct file_sum *sum,
			  struct err *e)
{
	char to[FOLDER_PATH_MAX], sub[FOLDER_PATH_MAX];
	struct err absent = { .rc = RC_OK };
	struct file_sum back;

	TRY(backup_media_path(s->plan->folder, sum->sha256, to, e));
	/* One that rotted in the pool is replaced here. */
	if (folder_sum_file(to, s->plan->pace, &back, &absent) == RC_OK &&
	    strcmp(back.sha256, sum->sha256) == 0)
		return file_remove(temp, e);
	TRY(folder_sum_file(temp, s->plan->pace, &back, e));
	if (strcmp(back.sha256, sum->sha256) != 0)
		return FAIL(e, RC_IO, "%.180s was written and reads differently", to);
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(strrchr(to, '/') - to), to); /* shorter */
	TRY(file_mkdir(sub, 0700, e));
	return folder_move(temp, to, e);
}

/* Copies the file into the pool under its checksum; where that is not its name, the pool's bytes come first. */
static enum rc pool_add(struct save *s, const char *path, struct file_sum *ret, struct err *e)
{
	char from[FOLDER_PATH_MAX], temp[FOLDER_PATH_MAX];
	struct backup_media_name name;
	bool good = false;

	TRY(folder_join(s->root, path, from, e));
	if (snprintf(temp, sizeof(temp), "%s/media/.incoming", s->plan->folder) >=
	    (int)sizeof(temp))
		return FAIL(e, RC_INVALID, "the path of the backup folder is too long");
	TRY(folder_copy_file(from, temp, 0600, s->plan->pace, ret, e));
	if (backup_media_name(path, &name) && strcmp(name.text, ret->sha256) != 0)
		TRY(backup_media_mend(&s->watch, path, &good, ret, e));
	return good ? file_remove(temp, e) : pool_place(s, temp, ret, e);
}

/* Whether what the last backup knew of it still holds, without reading it or, in its turn, by reading it. */
static enum rc is_as_known(struct save *s, const char *path, const struct folder_entry *x,
			   struct file_sum *ret, bool *ret_known, struct err *e)
{
	const struct backup_media_file *known = known_find(&s->known, path, x);
	struct err absent = { .rc = RC_OK };
	char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX];
	struct backup_media_name name;
	int64_t there;

	*ret_known = known != NULL &&
		     backup_media_path(s->plan->folder, known->sha256, to, e) == RC_OK &&
		     folder_file_bytes(to, &there, &absent) == RC_OK && there == x->bytes;
	if (!*ret_known)
		return RC_OK;
	ret->bytes = x->bytes;
	memcpy(ret->sha256, known->sha256, sizeof(ret->sha256));
	if (!backup_media_name(path, &name))
		return RC_OK;
	*ret_known = strcmp(name.text, known->sha256) == 0;
	if (!*ret_known || !backup_media_turn(&name, s->info->created_ms))
		return RC_OK;
	TRY(folder_join(s->root, path, from, e));
	TRY(folder_sum_file(from, s->plan->pace, ret, e));
	*ret_known = strcmp(name.text, ret->sha256) == 0;
	return RC_OK;
}

static enum rc list_add(struct save *s, const char *path, const struct file_sum *sum,
			int64_t changed_ms, struct err *e)
{
	sbuf_printf(&s->list, "%s %lld %lld %s\n", sum->sha256, (long long)sum->bytes,
		    (long long)changed_ms, path);
	s->info->media_files++;
	s->info->media_bytes += sum->bytes;
	return sbuf_ok(&s->list) ? RC_OK : FAIL(e, RC_LIMIT, "there are too many media files");
}

static enum rc save_file(struct save *s, const char *path, const struct folder_entry *x,
			 struct err *e)
{
	struct err absent = { .rc = RC_OK };
	struct file_sum sum;
	bool known;
	enum rc rc = is_as_known(s, path, x, &sum, &known, &absent);

	if (rc == RC_OK && !known)
		rc = pool_add(s, path, &sum, &absent);
	if (rc == RC_ABSENT)
		return RC_OK; /* removed by retention between listing and reading */
	if (rc != RC_OK)
		return FAIL(e, rc, "%s", absent.text);
	return list_add(s, path, &sum, x->changed_ms, e);
}

/* A row is stored, and its file is not there. */
static enum rc save_missing(void *arg, const char *path, struct err *e)
{
	struct save *s = arg;
	struct file_sum sum;
	bool good;

	TRY(backup_media_mend(&s->watch, path, &good, &sum, e));
	return good ? list_add(s, path, &sum, 0, e) : RC_OK;
}

static enum rc save_folder(struct save *s, const char *path, struct err *e)
{
	struct err gone = { .rc = RC_OK };
	char outer[FOLDER_PATH_MAX], full[FOLDER_PATH_MAX];
	enum rc rc;

	if (s->depth == FOLDER_DEPTH)
		return FAIL(e, RC_INVALID, "media folders are nested too deep");
	TRY(folder_join(s->root, path, full, e));
	memcpy(outer, s->below, sizeof(outer));
	ASSERT(str_copy(str_of(path), s->below, sizeof(s->below)));
	s->depth++;
	rc = folder_each(full, save_walk, s, &gone);
	s->depth--;
	memcpy(s->below, outer, sizeof(outer));
	return rc == RC_OK || rc == RC_ABSENT ? RC_OK : FAIL(e, rc, "%s", gone.text);
}

/* Names that begin with a dot are files on their way. */
static enum rc save_walk(void *arg, const struct folder_entry *x, struct err *e)
{
	struct save *s = arg;
	char path[FOLDER_PATH_MAX];

	if (x->name[0] == '.' || strchr(x->name, '\n') != NULL)
		return RC_OK;
	if (s->below[0] == '\0') {
		if (!str_copy(str_of(x->name), path, sizeof(path)))
			return RC_OK; /* longer than any of ours */
	} else {
		TRY(folder_join(s->below, x->name, path, e));
	}
	return x->is_folder ? save_folder(s, path, e) : save_file(s, path, x, e);
}

static enum rc save_all(struct save *s, const char *stage, const char *newest_list, struct err *e)
{
	struct err none = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	struct file_sum sum;
	enum rc rc;

	if (newest_list == NULL ||
	    backup_media_each(newest_list, known_add, &s->known, &none) != RC_OK)
		s->known.n = 0; /* a damaged list only costs time */
	if (s->known.n > 0)
		qsort(s->known.f, s->known.n, sizeof(*s->known.f), by_path);
	TRY(folder_join(s->plan->folder, "media", path, e));
	TRY(file_mkdir(path, 0700, e));
	TRY(folder_join(s->plan->data_dir, "media", s->root, e));
	none = (struct err){ .rc = RC_OK };
	s->watch.root = s->root;
	rc = folder_each(s->root, save_walk, s, &none);
	if (rc != RC_OK && rc != RC_ABSENT)
		return FAIL(e, rc, "%s", none.text);
	TRY(backup_media_missing(&s->watch, save_missing, s, e));
	TRY(folder_join(stage, LIST, path, e));
	TRY(file_write(path, sbuf_view(&s->list), 0600, e));
	TRY(folder_sum_file(path, NULL, &sum, e));
	memcpy(s->info->media_sha256, sum.sha256, sizeof(sum.sha256));
	return RC_OK;
}

enum rc backup_media_save(const struct backup_plan *plan, const char *stage,
			  const char *newest_list, struct backup_info *info, struct err *e)
{
	struct save s = { .plan = plan, .info = info, .list = SBUF(LIST_MAX) };
	enum rc rc;

	info->media_files = info->media_bytes = info->media_bad = info->media_mended = 0;
	s.watch = (struct backup_media_watch){ .plan = plan, .info = info };
	backup_media_watch(&s.watch);
	rc = save_all(&s, stage, newest_list, e);
	backup_media_watch_end(&s.watch);
	sbuf_release(&s.list);
	mem_free(s.known.f);
	return rc;
}

/* ---- checking ---- */

struct check {
	const char *folder;
	bool deep;
	struct tempo *pace;
};

static enum rc check_file(void *arg, const struct backup_media_file *f, struct err *e)
{
	const struct check *c = arg;
	struct err why = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	struct file_sum sum = { .bytes = -1 };
	enum rc rc;

	TRY(backup_media_path(c->folder, f->sha256, path, e));
	rc = c->deep ? folder_sum_file(path, c->pace, &sum, &why)
		     : folder_file_bytes(path, &sum.bytes, &why);
	if (rc == RC_RETRY)
		return FAIL(e, rc, "%s", why.text);
	if (rc != RC_OK || sum.bytes != f->bytes || (c->deep && strcmp(sum.sha256, f->sha256) != 0))
		return FAIL(e, RC_INVALID,
			    "the media file %.40s of the backup is missing or damaged", f->sha256);
	return tempo_step(c->pace) ? RC_OK : FAIL(e, RC_RETRY, "stopped");
}

enum rc backup_media_check(const char *folder, const char *list, bool deep, struct tempo *pace,
			   struct err *e)
{
	struct check c = { .folder = folder, .deep = deep, .pace = pace };

	return backup_media_each(list, check_file, &c, e);
}

/* ---- sweeping ---- */

struct sweep {
	struct sum_set used;
	char folder[FOLDER_PATH_MAX]; /* media/ab */
};

static enum rc sweep_used(void *arg, const struct backup_media_file *f, struct err *e)
{
	(void)e;
	(void)sum_set_add(arg, f->sha256, 0); /* as line_parse saw */
	return RC_OK;
}

static enum rc sweep_file(void *arg, const struct folder_entry *x, struct err *e)
{
	struct sweep *s = arg;
	char path[FOLDER_PATH_MAX];

	TRY(folder_join(s->folder, x->name, path, e));
	if (x->is_folder || sum_set_has_hex(&s->used, x->name, 0))
		return RC_OK;
	return file_remove(path, e);
}

static enum rc sweep_folder(void *arg, const struct folder_entry *x, struct err *e)
{
	struct sweep *s = arg;
	struct sweep inner = { .used = s->used };

	if (!x->is_folder)
		return RC_OK;
	TRY(folder_join(s->folder, x->name, inner.folder, e));
	return folder_each(inner.folder, sweep_file, &inner, e);
}

static enum rc sweep_all(struct sweep *s, const char *folder, const struct backup_info *kept,
			 size_t count, struct err *e)
{
	struct err none = { .rc = RC_OK };
	char backup[FOLDER_PATH_MAX], list[FOLDER_PATH_MAX];
	enum rc rc;

	for (size_t i = 0; i < count; i++) {
		TRY(folder_join(folder, kept[i].name, backup, e));
		TRY(folder_join(backup, LIST, list, e));
		/* Unreadable: nothing is swept. Lists of one box are much the same: doubles go at once. */
		TRY(backup_media_each(list, sweep_used, &s->used, e));
		sum_set_settle(&s->used);
	}
	TRY(folder_join(folder, "media", s->folder, e));
	rc = folder_each(s->folder, sweep_folder, s, &none);
	return rc == RC_OK || rc == RC_ABSENT ? RC_OK : FAIL(e, rc, "%s", none.text);
}

enum rc backup_media_sweep(const char *folder, const struct backup_info *kept, size_t count,
			   struct err *e)
{
	struct sweep s = { .used = { .count = 0 } };
	enum rc rc = sweep_all(&s, folder, kept, count, e);

	sum_set_free(&s.used);
	return rc;
}
