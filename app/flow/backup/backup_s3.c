/* backup_s3.c - see backup_s3.h. */
#include "flow/backup/backup_s3.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/file.h"
#include "io/http.h"
#include "io/json.h"
#include "io/jsonw.h"

#define PIECE      (8 * MIB)
#define TIMEOUT_MS (5 * MINUTE_MS) /* one piece over a slow line */
#define LISTED_MAX 512             /* backups at the store */
#define ANSWER_MAX (4 * MIB)
#define KEY_MAX    600
#define TRIES      3
#define SENT       ".sent" /* in the folder of backups: {"name","to"} */
#define SENT_MAX   (4 * KIB)
#define STEPS      3

struct store_client {
	const struct backup_plan *plan; /* NULL: only lists and removals */
	const struct s3_target *t;
	struct http *http;
	char backup[FOLDER_PATH_MAX]; /* FOLDER/NAME here */
	const char *name;
};

enum rc backup_s3_target(const struct settings *s, struct s3_target *ret, struct err *e)
{
	*ret = (struct s3_target){ .url = setting_str(s, "backup_s3_url"),
				   .region = setting_str(s, "backup_s3_region"),
				   .key_id = setting_str(s, "backup_s3_key_id"),
				   .secret = setting_str(s, "backup_s3_secret") };
	return ret->url.n > 0 ? RC_OK : FAIL(e, RC_ABSENT, "no store is set (backup_s3_url)");
}

/* One request. 2xx: RC_OK, `ret` filled. 404: RC_ABSENT. */
static enum rc ask_once(struct store_client *c, const char *method, struct str key,
			struct str query, struct str body, size_t answer_max, struct sbuf *ret,
			struct err *e)
{
	const struct s3_request q = { method, key, query, body, clock_now_ms() };
	struct s3_signed s;
	struct http_header headers[3];
	struct http_request r = { .method = method,
				  .headers = headers,
				  .header_count = COUNT(headers),
				  .body = body,
				  .timeout_ms = TIMEOUT_MS,
				  .answer_max = answer_max };
	struct http_answer a = HTTP_ANSWER;
	enum rc rc;

	TRY(s3_sign(c->t, &q, &s, e));
	headers[0] = (struct http_header){ "x-amz-date", s.date };
	headers[1] = (struct http_header){ "x-amz-content-sha256", s.sha256 };
	headers[2] = (struct http_header){ "Authorization", s.authorization };
	r.url = s.url;
	rc = http_do(c->http, &r, &a, e);
	if (rc == RC_OK && a.status == 404)
		rc = FAIL(e, RC_ABSENT, "it is not at the store");
	else if (rc == RC_OK && (a.status < 200 || a.status > 299))
		rc = FAIL(e, a.status == 403 ? RC_REFUSED : RC_RETRY,
			  "the store answers %d to %s%s", a.status, method,
			  a.status == 403 ? ": check key, secret, region and clock" : "");
	if (rc == RC_OK && ret != NULL) {
		sbuf_reset(ret);
		sbuf_str(ret, sbuf_view(&a.body));
		if (!sbuf_ok(ret))
			rc = FAIL(e, RC_LIMIT, "the store's answer is too long");
	}
	http_answer_release(&a);
	return rc;
}

/* Weather: the same once more. All of these may happen twice. */
static enum rc ask(struct store_client *c, const char *method, struct str key, struct str query,
		   struct str body, size_t answer_max, struct sbuf *ret, struct err *e)
{
	for (int i = 1;; i++) {
		struct err why = { .rc = RC_OK };
		enum rc rc = ask_once(c, method, key, query, body, answer_max, ret, &why);

		if (rc == RC_OK || i == TRIES || (rc != RC_RETRY && rc != RC_UNKNOWN))
			return rc == RC_OK ? RC_OK : FAIL(e, rc, "%s", why.text);
	}
}

static enum rc put(struct store_client *c, const char *key, struct str body, struct err *e)
{
	return ask(c, "PUT", str_of(key), STR(""), body, ANSWER_MAX, NULL, e);
}

/* ---- lists ---- */

typedef enum rc key_fn(struct store_client *c, void *arg, struct str key, struct err *e);

/* Keys below the prefix that begin with `below`, without the prefix. */
static enum rc each_key(struct store_client *c, const char *below, key_fn *fn, void *arg,
			struct err *e)
{
	AUTO(sbuf_release)
	struct sbuf token = SBUF(KIB), query = SBUF(4 * KIB), key = SBUF(KIB),
		    answer = SBUF(ANSWER_MAX);
	struct str prefix = s3_prefix(c->t), rest;

	do {
		sbuf_reset(&query);
		s3_list_query(c->t, str_of(below), sbuf_view(&token), &query);
		TRY(ask(c, "GET", STR(""), sbuf_view(&query), STR(""), ANSWER_MAX, &answer, e));
		rest = sbuf_view(&answer);
		while (s3_list_key(&rest, &key)) {
			size_t skip = prefix.n > 0 ? prefix.n + 1 : 0;

			TRY(fn(c, arg, str_sub(sbuf_view(&key), skip, key.n), e));
		}
		sbuf_reset(&token);
	} while (s3_list_more(sbuf_view(&answer), &token));
	return RC_OK;
}

static enum rc note_there(struct store_client *c, void *arg, struct str key, struct err *e)
{
	bool *there = arg;

	(void)c;
	(void)key;
	(void)e;
	*there = true;
	return RC_OK;
}

/* ---- sending ---- */

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void piece_key(char ret[KEY_MAX], const char *name, const char *file, int n)
{
	(void)snprintf(ret, KEY_MAX, "%.60s/%.100s.%05d", name, file, n); /* fits */
}

static enum rc send_pieces(struct store_client *c, const char *path, const char *file,
			   struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(PIECE);
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char key[KEY_MAX];

	if (fd < 0)
		return FAIL(e, RC_IO, "%.180s cannot be read: %m", path);
	for (int n = 1;; n++) {
		char *room;
		ssize_t got;

		sbuf_reset(&b);
		while (b.n < PIECE) {
			room = sbuf_room(&b, PIECE - b.n);
			got = read(fd, room, PIECE - b.n);
			if (got < 0)
				return FAIL(e, RC_IO, "%.180s cannot be read: %m", path);
			if (got == 0)
				break;
			sbuf_added(&b, (size_t)got);
		}
		if (b.n == 0 && n > 1)
			return RC_OK;
		piece_key(key, c->name, file, n);
		TRY(put(c, key, sbuf_view(&b), e));
		if (!tempo_step(c->plan->pace))
			return FAIL(e, RC_RETRY, "stopped");
		if (b.n < PIECE)
			return RC_OK;
	}
}

static enum rc send_entry(void *arg, const struct folder_entry *x, struct err *e)
{
	struct store_client *c = arg;
	char path[FOLDER_PATH_MAX];

	/* What was found on this disk says nothing about the store's. */
	if (x->is_folder || strcmp(x->name, "manifest.json") == 0 ||
	    strcmp(x->name, "check.json") == 0)
		return RC_OK;
	TRY(folder_join(c->backup, x->name, path, e));
	return send_pieces(c, path, x->name, e);
}

/* Files of media are at most 100 MB or so (media_file_max_bytes): in pieces too, the first one tells whether it is there. */
static enum rc send_media(void *arg, const struct backup_media_file *f, struct err *e)
{
	struct store_client c = *(struct store_client *)arg;
	char path[FOLDER_PATH_MAX], key[KEY_MAX];
	bool there = false;

	c.name = "media";
	piece_key(key, "media", f->sha256, (int)(f->bytes / (int64_t)PIECE) + 1);
	TRY(each_key(&c, key, note_there, &there, e));
	if (there)
		return RC_OK; /* the last piece goes up last */
	TRY(backup_media_path(c.plan->folder, f->sha256, path, e));
	return send_pieces(&c, path, f->sha256, e);
}

static enum rc send_all(struct store_client *c, struct err *e)
{
	char list[FOLDER_PATH_MAX], manifest[FOLDER_PATH_MAX];

	TRY(folder_join(c->plan->folder, c->name, c->backup, e));
	TRY(folder_join(c->backup, "media.list", list, e));
	TRY(folder_join(c->backup, "manifest.json", manifest, e));
	backup_say(c->plan, "sending media", 1, STEPS);
	TRY(backup_media_each(list, send_media, c, e));
	backup_say(c->plan, "sending the database", 2, STEPS);
	TRY(folder_each(c->backup, send_entry, c, e));
	TRY(send_pieces(c, manifest, "manifest.json", e));
	backup_say(c->plan, "done", STEPS, STEPS);
	return RC_OK;
}

static enum rc note_sent(const struct store_client *c, struct err *e)
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

enum rc backup_s3_send(const struct backup_plan *plan, const struct s3_target *t, const char *name,
		       struct err *e)
{
	struct store_client c = { .plan = plan, .t = t, .http = http_new(), .name = name };
	enum rc rc = backup_name_ok(str_of(name))
			     ? send_all(&c, e)
			     : FAIL(e, RC_ABSENT, "there is no backup with this name");

	http_free(c.http);
	TRY(rc);
	return note_sent(&c, e);
}

struct names {
	char name[LISTED_MAX][BACKUP_NAME_MAX];
	size_t n;
};

/* Whole ones only: those that have a manifest. */
static enum rc note_name(struct store_client *c, void *arg, struct str key, struct err *e)
{
	struct names *l = arg;
	struct str rest = key, name;

	(void)c;
	(void)e;
	if (str_cut(&rest, '/', &name) && str_starts(rest, STR("manifest.json")) &&
	    backup_name_ok(name) && l->n < LISTED_MAX &&
	    str_copy(name, l->name[l->n], sizeof(l->name[0])))
		l->n++;
	return RC_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(b, a); /* newest first: names are times */
}

static enum rc list_names(struct store_client *c, struct names *ret, struct err *e)
{
	ret->n = 0;
	TRY(each_key(c, "totem-", note_name, ret, e));
	qsort(ret->name, ret->n, sizeof(ret->name[0]), by_name);
	return RC_OK;
}

static enum rc remove_key(struct store_client *c, void *arg, struct str key, struct err *e)
{
	(void)arg;
	return ask(c, "DELETE", key, STR(""), STR(""), ANSWER_MAX, NULL, e);
}

/* The manifest goes first: a removal that was interrupted leaves no backup that looks whole. */
static enum rc remove_backup(struct store_client *c, const char *name, struct err *e)
{
	struct err absent = { .rc = RC_OK };
	char key[KEY_MAX], below[BACKUP_NAME_MAX + 2];
	enum rc rc;

	piece_key(key, name, "manifest.json", 1);
	rc = remove_key(c, NULL, str_of(key), &absent);
	if (rc != RC_OK && rc != RC_ABSENT)
		return FAIL(e, rc, "%s", absent.text);
	(void)snprintf(below, sizeof(below), "%s/", name);
	return each_key(c, below, remove_key, NULL, e);
}

enum rc backup_s3_rotate(const struct s3_target *t, int64_t keep, int *ret_removed, struct err *e)
{
	struct store_client c = { .t = t, .http = http_new() };
	struct names *l = mem_new(1, sizeof(*l));
	enum rc rc = list_names(&c, l, e);

	*ret_removed = 0;
	for (size_t i = (size_t)keep; rc == RC_OK && i < l->n; i++) {
		rc = remove_backup(&c, l->name[i], e);
		*ret_removed += rc == RC_OK;
	}
	mem_free(l);
	http_free(c.http);
	return rc;
}

/* ---- fetching ---- */

static enum rc fetch_pieces(struct store_client *c, const char *file, const char *to, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(PIECE + 1);
	AUTO(fd_close) int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char key[KEY_MAX];

	if (fd < 0)
		return FAIL(e, RC_IO, "%.180s cannot be made: %m", to);
	for (int n = 1;; n++) {
		struct err absent = { .rc = RC_OK };
		enum rc rc;

		piece_key(key, c->name, file, n);
		rc = ask(c, "GET", str_of(key), STR(""), STR(""), PIECE + 1, &b, &absent);
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
		if (b.n < PIECE)
			break;
	}
	return fsync(fd) == 0 ? RC_OK : FAIL(e, RC_IO, "%.180s cannot be synced: %m", to);
}

static enum rc fetch_media(void *arg, const struct backup_media_file *f, struct err *e)
{
	struct store_client c = *(struct store_client *)arg;
	char to[FOLDER_PATH_MAX], sub[FOLDER_PATH_MAX];
	struct err absent = { .rc = RC_OK };
	int64_t there;

	c.name = "media";
	TRY(backup_media_path(c.plan->folder, f->sha256, to, e));
	if (folder_file_bytes(to, &there, &absent) == RC_OK && there == f->bytes)
		return RC_OK;
	(void)snprintf(sub, sizeof(sub), "%.*s", (int)(strrchr(to, '/') - to), to); /* shorter */
	TRY(file_mkdir(sub, 0700, e));
	return fetch_pieces(&c, f->sha256, to, e);
}

static enum rc fetch_if(struct store_client *c, const char *stage, const char *file, bool wanted,
			struct err *e)
{
	char to[FOLDER_PATH_MAX];

	if (!wanted)
		return RC_OK;
	TRY(folder_join(stage, file, to, e));
	return fetch_pieces(c, file, to, e);
}

static enum rc fetch_all(struct store_client *c, struct err *e)
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
	struct store_client c = { .plan = plan, .t = t, .http = http_new() };
	struct names *l = mem_new(1, sizeof(*l));
	enum rc rc = list_names(&c, l, e);

	if (rc == RC_OK && name[0] == '\0' && l->n == 0)
		rc = FAIL(e, RC_ABSENT, "there is no backup at the store");
	if (rc == RC_OK)
		rc = str_copy(str_of(name[0] == '\0' ? l->name[0] : name), ret_name,
			      BACKUP_NAME_MAX) &&
				     backup_name_ok(str_of(ret_name))
			     ? RC_OK
			     : FAIL(e, RC_ABSENT, "there is no backup with this name");
	c.name = ret_name;
	if (rc == RC_OK)
		rc = fetch_all(&c, e);
	mem_free(l);
	http_free(c.http);
	return rc;
}
