/* backup_tar.c - see backup_tar.h. */
#include "flow/backup/backup_tar.h"

#include "io/file.h"

#define STEP  (256 * KIB)
#define SPARE (64 * (int64_t)MIB)

/* The parts of a backup beside its media, in their order: what says what has to follow stands first. */
static const struct {
	const char *name;
	bool must;
} PARTS[] = {
	{ "manifest.json", true },     { "media.list", true },         { "totem.db", true },
	{ "totem.key.sealed", false }, { "totem.conf.sealed", false },
};

struct backup_tar {
	char folder[FOLDER_PATH_MAX], place[FOLDER_PATH_MAX], list[FOLDER_PATH_MAX];
	struct backup_info info;
	struct file_in parts[COUNT(PARTS)];
	int64_t bytes;
	int hold; /* -1: not held */
};

/* ---- taking away ---- */

static enum rc part_open(struct backup_tar *b, size_t i, struct err *e)
{
	char path[FOLDER_PATH_MAX];
	struct err why = { .rc = RC_OK };
	enum rc rc;

	TRY(folder_join(b->place, PARTS[i].name, path, e));
	rc = file_in_open(path, &b->parts[i], &why);
	if (rc == RC_ABSENT && !PARTS[i].must)
		return RC_OK;
	if (rc != RC_OK)
		return FAIL(e, rc == RC_ABSENT ? RC_INVALID : rc, "%s of the backup: %.150s",
			    PARTS[i].name, why.text);
	b->bytes += tar_room(b->parts[i].bytes);
	return RC_OK;
}

static enum rc media_count(void *arg, const struct backup_media_file *f, struct err *e)
{
	struct backup_tar *b = arg;
	struct err why = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	int64_t bytes;

	TRY(backup_media_path(b->folder, f->sha256, path, e));
	if (folder_file_bytes(path, &bytes, &why) != RC_OK || bytes != f->bytes)
		return FAIL(e, RC_INVALID,
			    "the media file %.40s of the backup is missing or damaged", f->sha256);
	b->bytes += tar_room(bytes);
	return RC_OK;
}

static enum rc open_all(struct backup_tar *b, const char *name, struct err *e)
{
	TRY(backup_hold(b->folder, name, &b->hold, e));
	TRY(backup_info_get(b->folder, name, &b->info, e));
	if (b->info.mark == BACKUP_FAILED)
		return FAIL(e, RC_REFUSED, "this backup failed its check: %.180s",
			    b->info.check_text);
	TRY(folder_join(b->folder, name, b->place, e));
	TRY(folder_join(b->place, "media.list", b->list, e));
	for (size_t i = 0; i < COUNT(PARTS); i++)
		TRY(part_open(b, i, e));
	TRY(backup_media_each(b->list, media_count, b, e));
	b->bytes += TAR_END_BYTES;
	return RC_OK;
}

enum rc backup_tar_open(const char *folder, const char *name, struct backup_tar **ret,
			struct err *e)
{
	struct backup_tar *b;
	enum rc rc;

	if (!backup_name_ok(str_of(name)))
		return FAIL(e, RC_ABSENT, "there is no backup with this name");
	b = mem_new(1, sizeof(*b));
	b->hold = -1;
	if (str_copy(str_of(folder), b->folder, sizeof(b->folder)))
		rc = open_all(b, name, e);
	else
		rc = FAIL(e, RC_INVALID, "the path of the backup folder is too long");
	if (rc == RC_OK)
		*ret = b;
	else
		backup_tar_close(b);
	return rc;
}

int64_t backup_tar_bytes(const struct backup_tar *b)
{
	return b->bytes;
}

const struct backup_info *backup_tar_info(const struct backup_tar *b)
{
	return &b->info;
}

struct writing {
	const struct backup_tar *b;
	struct tar_out out;
	struct tempo *pace;
};

static enum rc media_write(void *arg, const struct backup_media_file *f, struct err *e)
{
	AUTO(file_in_close) struct file_in in = { .open = false };
	struct writing *w = arg;
	struct err why = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX], name[TAR_NAME_MAX + 1];
	enum rc rc;

	TRY(backup_media_path(w->b->folder, f->sha256, path, e));
	(void)snprintf(name, sizeof(name), "media/%.2s/%s", f->sha256, f->sha256); /* 73 bytes */
	if (file_in_open(path, &in, &why) != RC_OK || in.bytes != f->bytes)
		return FAIL(e, RC_IO, "the media file %.40s went away meanwhile", f->sha256);
	rc = tar_add_file(&w->out, name, &in, f->bytes, w->pace, e);
	folder_cool_file(path);
	return rc;
}

enum rc backup_tar_write(const struct backup_tar *b, struct tempo *pace, tar_sink_fn *sink,
			 void *arg, struct err *e)
{
	struct writing w = { .b = b,
			     .out = { sink, arg, i64_max(b->info.created_ms, 0) },
			     .pace = pace };
	char name[TAR_NAME_MAX + 1], path[FOLDER_PATH_MAX];

	for (size_t i = 0; i < COUNT(PARTS); i++) {
		if (!b->parts[i].open)
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", b->info.name,
			       PARTS[i].name); /* short */
		TRY(tar_add_file(&w.out, name, &b->parts[i], b->parts[i].bytes, pace, e));
		TRY(folder_join(b->place, PARTS[i].name, path, e));
		folder_cool_file(path);
	}
	TRY(backup_media_each(b->list, media_write, &w, e));
	return tar_end(&w.out, e);
}

void backup_tar_close(struct backup_tar *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < COUNT(PARTS); i++)
		file_in_close(&b->parts[i]);
	file_unlock(b->hold);
	mem_free(b);
}

/* ---- putting back ---- */

struct unpacking {
	const char *folder;
	char name[BACKUP_NAME_MAX]; /* of the backup; "": not seen yet */
	unsigned seen;              /* bits of PARTS */
	struct tar_in in;
	char *room; /* STEP bytes */
};

/* "media/ab/abcd..." */
static bool is_media(struct str name)
{
	struct str sum = str_sub(name, str_of("media/ab/").n, name.n);

	if (name.n != 9 + SUM_TEXT - 1 || !str_starts(name, STR("media/")) || name.p[8] != '/' ||
	    memcmp(name.p + 6, sum.p, 2) != 0)
		return false;
	for (size_t i = 0; i < sum.n; i++) {
		if (memchr("0123456789abcdef", sum.p[i], 16) == NULL)
			return false;
	}
	return true;
}

/* Which part "totem-.../totem.db" is; COUNT(PARTS): none. The first one names the backup. */
static size_t part_of(struct unpacking *u, struct str name)
{
	struct str rest = name, above;
	size_t i = 0;

	if (!str_cut(&rest, '/', &above) || !backup_name_ok(above))
		return COUNT(PARTS);
	if (u->name[0] == '\0' && !str_copy(above, u->name, sizeof(u->name)))
		return COUNT(PARTS);
	while (i < COUNT(PARTS) && !str_eqc(rest, PARTS[i].name))
		i++;
	return str_eqc(above, u->name) ? i : COUNT(PARTS);
}

static enum rc bytes_write(struct unpacking *u, struct file_out *out, struct err *e)
{
	size_t n;

	for (;;) {
		TRY(tar_read(&u->in, u->room, STEP, &n, e));
		if (n == 0)
			return file_out_sync(out, e);
		TRY(file_out_add(out, u->room, n, e));
	}
}

/* `above` and `name` were put together here, never taken over from the archive. */
static enum rc file_unpack(struct unpacking *u, const char *above, const char *name, struct err *e)
{
	AUTO(file_out_drop) struct file_out out = { .open = false };
	char folder[FOLDER_PATH_MAX];

	TRY(folder_join(u->folder, above, folder, e));
	TRY(file_mkdir(folder, 0700, e));
	TRY(file_out_begin(folder, &out, e));
	TRY(bytes_write(u, &out, e));
	return file_out_place(&out, folder, name, e);
}

static enum rc entry_unpack(struct unpacking *u, const struct tar_entry *x, struct err *e)
{
	struct str name = str_of(x->name);
	char above[16];
	size_t part;

	if (x->folder)
		return RC_OK; /* what is needed is made; other tars write them down */
	if (str_starts(name, STR("./")))
		name = str_sub(name, 2, name.n);
	if (is_media(name)) {
		(void)snprintf(above, sizeof(above), "%.8s", name.p); /* media/ab */
		return file_unpack(u, above, name.p + 9, e);
	}
	part = part_of(u, name);
	if (part == COUNT(PARTS) || (u->seen & (1u << part)) != 0)
		return FAIL(e, RC_INVALID,
			    "the archive is none of a backup: it has something else in it, or "
			    "something twice");
	u->seen |= 1u << part;
	return file_unpack(u, u->name, PARTS[part].name, e);
}

static enum rc room_check(const struct unpacking *u, struct err *e)
{
	int64_t needed = u->in.file.bytes + SPARE, free_bytes;

	TRY(file_free_space(u->folder, &free_bytes, e));
	return free_bytes >= needed
		       ? RC_OK
		       : FAIL(e, RC_LIMIT,
			      "unpacking the archive needs %lld MiB in %.100s, %lld are free",
			      (long long)(needed / (int64_t)MIB), u->folder,
			      (long long)(free_bytes / (int64_t)MIB));
}

static enum rc unpack_all(struct unpacking *u, struct err *e)
{
	struct err none = { .rc = RC_OK };
	struct tar_entry x;
	enum rc rc;

	TRY(file_mkdir(u->folder, 0700, e));
	TRY(room_check(u, e));
	while ((rc = tar_next(&u->in, &x, &none)) == RC_OK)
		TRY(entry_unpack(u, &x, e));
	if (rc != RC_ABSENT)
		return FAIL(e, rc, "%s", none.text);
	for (size_t i = 0; i < COUNT(PARTS); i++) {
		if (PARTS[i].must && (u->seen & (1u << i)) == 0)
			return FAIL(e, RC_INVALID, "the archive is none of a backup: it has no %s",
				    PARTS[i].name);
	}
	return RC_OK;
}

enum rc backup_tar_unpack(const char *file, const char *folder, char ret_name[BACKUP_NAME_MAX],
			  struct err *e)
{
	struct unpacking u = { .folder = folder };
	enum rc rc = file_in_open(file, &u.in.file, e);

	if (rc != RC_OK)
		return rc;
	u.room = mem_new(1, STEP);
	rc = unpack_all(&u, e);
	if (rc == RC_OK)
		memcpy(ret_name, u.name, sizeof(u.name));
	mem_free(u.room);
	file_in_close(&u.in.file);
	return rc;
}
