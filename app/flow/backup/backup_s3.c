/* backup_s3.c - see backup_s3.h. */
#include "flow/backup/backup_s3_priv.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/enc.h"
#include "io/file.h"
#include "io/http.h"
#include "io/json.h"
#include "io/jsonw.h"

#define SENT     ".sent" /* in the folder of backups: {"name","to"} */
#define SENT_MAX (4 * KIB)
#define STEPS    3

enum rc backup_s3_target(const struct settings *s, struct s3_target *ret, struct err *e)
{
	*ret = (struct s3_target){ .url = setting_str(s, "backup_s3_url"),
				   .region = setting_str(s, "backup_s3_region"),
				   .key_id = setting_str(s, "backup_s3_key_id"),
				   .secret = setting_str(s, "backup_s3_secret") };
	return ret->url.n > 0 ? RC_OK : FAIL(e, RC_ABSENT, "no store is set (backup_s3_url)");
}

/* ---- sending ---- */

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static enum rc send_pieces(struct backup_s3_client *c, const char *path, const char *file,
			   struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(S3_PIECE);
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char key[S3_KEY_MAX];

	if (fd < 0)
		return FAIL(e, RC_IO, "%.180s cannot be read: %m", path);
	for (int n = 1;; n++) {
		char *room;
		ssize_t got;

		sbuf_reset(&b);
		while (b.n < S3_PIECE) {
			room = sbuf_room(&b, S3_PIECE - b.n);
			got = read(fd, room, S3_PIECE - b.n);
			if (got < 0)
				return FAIL(e, RC_IO, "%.180s cannot be read: %m", path);
			if (got == 0)
				break;
			sbuf_added(&b, (size_t)got);
		}
		if (b.n == 0 && n > 1)
			return RC_OK;
		backup_s3_key(key, c->name, file, n);
		TRY(backup_s3_put(c, key, sbuf_view(&b), e));
		if (!tempo_step(c->plan->pace))
			return FAIL(e, RC_RETRY, "stopped");
		if (b.n < S3_PIECE)
			return RC_OK;
	}
}

static enum rc send_entry(void *arg, const struct folder_entry *x, struct err *e)
{
	struct backup_s3_client *c = arg;
	char path[FOLDER_PATH_MAX];

	/* What was found on this disk says nothing about the store's. */
	if (x->is_folder || strcmp(x->name, "manifest.json") == 0 ||
	    strcmp(x->name, "check.json") == 0)
		return RC_OK;
	TRY(folder_join(c->backup, x->name, path, e));
	return send_pieces(c, path, x->name, e);
}

/* ---- media ---- */

static enum rc note_piece(struct backup_s3_client *c, void *arg, struct str key, struct err *e)
{
	struct str rest = key, head, sum;
	char hex[SUM_TEXT];
	int64_t n;

	(void)c;
	(void)e;
	/* What is none of ours is none of theirs. */
	if (str_cut(&rest, '/', &head) && str_cut(&rest, '.', &sum) &&
	    str_copy(sum, hex, sizeof(hex)) && str_i64(rest, 1, INT32_MAX, &n))
		(void)sum_set_add(arg, hex, n);
	return RC_OK;
}

enum rc backup_s3_media_read(struct backup_s3_client *c, struct sum_set *ret, struct err *e)
{
	TRY(backup_s3_each_key(c, "media/", note_piece, ret, e));
	sum_set_settle(ret);
	return RC_OK;
}

static enum rc note_wanted(void *arg, const struct backup_media_file *f, struct err *e)
{
	(void)e;
	(void)sum_set_add(arg, f->sha256, f->bytes); /* as a line of a list was read */
	return RC_OK;
}

/* Files of media are at most 100 MB or so (media_file_max_bytes): in pieces too. The last piece goes up last, so where it
 * is the others are. */
static enum rc send_wanted(struct backup_s3_client *c, const struct sum_set *wanted,
			   const struct sum_set *there, struct err *e)
{
	char path[FOLDER_PATH_MAX], hex[SUM_TEXT];
	struct backup_s3_client media = *c;

	media.name = "media";
	for (size_t i = 0; i < wanted->count; i++) {
		const struct sum_set_item *x = &wanted->item[i];

		if (sum_set_has(there, x->sum, x->n / (int64_t)S3_PIECE + 1))
			continue;
		enc_hex(x->sum, sizeof(x->sum), hex);
		TRY(backup_media_path(c->plan->folder, hex, path, e));
		TRY(send_pieces(&media, path, hex, e));
	}
	return RC_OK;
}

static enum rc send_media(struct backup_s3_client *c, const char *list, struct err *e)
{
	struct sum_set wanted = { .count = 0 }, there = { .count = 0 };
	enum rc rc = backup_media_each(list, note_wanted, &wanted, e);

	sum_set_settle(&wanted);
	if (rc == RC_OK && wanted.count > 0)
		rc = backup_s3_media_read(c, &there, e);
	if (rc == RC_OK)
		rc = send_wanted(c, &wanted, &there, e);
	sum_set_free(&wanted);
	sum_set_free(&there);
	return rc;
}

static enum rc send_all(struct backup_s3_client *c, struct err *e)
{
	char list[FOLDER_PATH_MAX], manifest[FOLDER_PATH_MAX];

	TRY(folder_join(c->plan->folder, c->name, c->backup, e));
	TRY(folder_join(c->backup, "media.list", list, e));
	TRY(folder_join(c->backup, "manifest.json", manifest, e));
	backup_say(c->plan, "sending media", 1, STEPS);
	TRY(send_media(c, list, e));
	backup_say(c->plan, "sending the database", 2, STEPS);
	TRY(folder_each(c->backup, send_entry, c, e));
	TRY(send_pieces(c, manifest, "manifest.json", e));
	backup_say(c->plan, "done", STEPS, STEPS);
	return RC_OK;
}

static enum rc note_sent(const struct backup_s3_client *c, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(SENT_MAX);
	char path[FOLDER_PATH_MAX];
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ktext(&w, "name", c->name);
	jsonw_kstr(&w, "to", c->t->url);
	jsonw_end(&w);
	sbuf_char(&b, '\n');
	if (!sbuf_ok(&b))
		return FAIL(e, RC_LIMIT, "the store's address is too long");
	TRY(folder_join(c->plan->folder, SENT, path, e));
	return file_write(path, sbuf_view(&b), 0600, e);
}

bool backup_s3_has(const char *folder, const struct s3_target *t, const char *name)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(SENT_MAX);
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];

	return folder_join(folder, SENT, path, &e) == RC_OK && file_read(path, &b, &e) == RC_OK &&
	       json_parse(sbuf_view(&b), &root, &e) == RC_OK &&
	       str_eqc(json_get_str(root, "name"), name) &&
	       str_eq(json_get_str(root, "to"), t->url);
}

enum rc backup_s3_lock(const struct backup_plan *plan, int *ret_fd, struct err *e)
{
	struct err why = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	enum rc rc;

	TRY(folder_join(plan->folder, ".sending", path, e));
	rc = file_lock(path, ret_fd, &why);
	if (rc == RC_CONFLICT)
		return FAIL(e, rc, "another backup is being sent from %.150s", plan->folder);
	return rc == RC_OK ? RC_OK : FAIL(e, rc, "%s", why.text);
}

enum rc backup_s3_send(const struct backup_plan *plan, const struct s3_target *t, const char *name,
		       struct err *e)
{
	struct backup_s3_client c = { .plan = plan, .t = t, .name = name };
	int fd = -1;
	enum rc rc;

	if (!backup_name_ok(str_of(name)))
		return FAIL(e, RC_ABSENT, "there is no backup with this name");
	TRY(backup_s3_lock(plan, &fd, e));
	c.http = http_new();
	rc = send_all(&c, e);
	http_free(c.http);
	file_unlock(fd);
	TRY(rc);
	return note_sent(&c, e);
}

/* ---- fetching ---- */

enum rc backup_s3_fetch_pieces(struct backup_s3_client *c, const char *file, const char *to,
			       struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(S3_PIECE + 1);
	AUTO(fd_close) int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char key[S3_KEY_MAX];

	if (fd < 0)
		return FAIL(e, RC_IO, "%.180s cannot be made: %m", to);
	for (int n = 1;; n++) {
		struct err absent = { .rc = RC_OK };
		enum rc rc;

		backup_s3_key(key, c->name, file, n);
		rc = backup_s3_ask(c, "GET", str_of(key), STR(""), STR(""), S3_PIECE + 1, &b,
				   &absent);
		if (rc == RC_ABSENT && n > 1)
			break; /* the piece before was exactly full */
		if (rc != RC_OK)
			return FAIL(e, rc, "%s: %.150s", file, absent.text);
		for (size_t put_n = 0; put_n < b.n;) {
			ssize_t put_now = write(fd, b.p + put_n, b.n - put_n);

			if (put_now <= 0)
				return FAIL(e, RC_IO, "%.180s cannot be written: %m", to);
			put_n += (size_t)put_now;
		}
		if (b.n < S3_PIECE)
			break;
	}
	return fsync(fd) == 0 ? RC_OK : FAIL(e, RC_IO, "%.180s cannot be synced: %m", to);
}

static enum rc fetch_media(void *arg, const struct backup_media_file *f, struct err *e)
{
	struct backup_s3_client c = *(struct backup_s3_client *)arg;
	char to[FOLDER_PATH_MAX], sub[FOLDER_PATH_MAX];
	struct err absent = { .rc = RC_OK };
	int64_t there;

	c.name = "media";
	TRY(backup_media_path(c.plan->folder, f->sha256, to, e));
	if (folder_file_bytes(to, &there, &absent) == RC_OK && there == f->bytes)
		return RC_OK;
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(strrchr(to, '/') - to), to); /* shorter */
	TRY(file_mkdir(sub, 0700, e));
	return backup_s3_fetch_pieces(&c, f->sha256, to, e);
}

static enum rc fetch_if(struct backup_s3_client *c, const char *stage, const char *file,
			bool wanted, struct err *e)
{
	char to[FOLDER_PATH_MAX];

	if (!wanted)
		return RC_OK;
	TRY(folder_join(stage, file, to, e));
	return backup_s3_fetch_pieces(c, file, to, e);
}

static enum rc fetch_all(struct backup_s3_client *c, struct err *e)
{
	char hidden[BACKUP_NAME_MAX + 16], stage[FOLDER_PATH_MAX], list[FOLDER_PATH_MAX];
	struct backup_info info;

	(void)snprintf(hidden, sizeof(hidden), ".making-%s", c->name); /* fits */
	TRY(folder_join(c->plan->folder, hidden, stage, e));
	TRY(folder_join(c->plan->folder, c->name, c->backup, e));
	TRY(folder_remove(stage, e));
	TRY(file_mkdir(stage, 0700, e));
	TRY(fetch_if(c, stage, "manifest.json", true, e));
	TRY(backup_manifest_read(stage, &info, NULL, e));
	backup_say(c->plan, "fetching the database", 1, STEPS);
	TRY(fetch_if(c, stage, "totem.db", true, e));
	TRY(fetch_if(c, stage, "media.list", true, e));
	TRY(fetch_if(c, stage, "totem.key.sealed", info.sealed_key, e));
	TRY(fetch_if(c, stage, "totem.conf.sealed", info.sealed_config, e));
	backup_say(c->plan, "fetching media", 2, STEPS);
	TRY(folder_join(stage, "media.list", list, e));
	TRY(backup_media_each(list, fetch_media, c, e));
	backup_say(c->plan, "done", STEPS, STEPS);
	return file_exists(c->backup) ? folder_remove(stage, e) : folder_move(stage, c->backup, e);
}

enum rc backup_s3_fetch(const struct backup_plan *plan, const struct s3_target *t, const char *name,
			char ret_name[BACKUP_NAME_MAX], struct err *e)
{
	struct backup_s3_client c = { .plan = plan, .t = t };
	struct backup_s3_names l = { .n = 0 };
	int fd = -1;
	enum rc rc;

	/* Whoever rotates here takes what is half there, and media that no list names yet. */
	TRY(backup_lock(plan->folder, &fd, e));
	c.http = http_new();
	rc = backup_s3_names_read(&c, clock_now_ms(), &l, e);
	if (rc == RC_OK && name[0] == '\0' && l.n == 0)
		rc = FAIL(e, RC_ABSENT, "there is no backup at the store");
	if (rc == RC_OK)
		rc = str_copy(str_of(name[0] == '\0' ? l.name[0] : name), ret_name,
			      BACKUP_NAME_MAX) &&
				     backup_name_ok(str_of(ret_name))
			     ? RC_OK
			     : FAIL(e, RC_ABSENT, "there is no backup with this name");
	c.name = ret_name;
	if (rc == RC_OK)
		rc = fetch_all(&c, e);
	backup_s3_names_free(&l);
	http_free(c.http);
	file_unlock(fd);
	return rc;
}
