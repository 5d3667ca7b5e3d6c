/* take_over.c - see take_over.h. */
#include "flow/backup/take_over.h"

#include "base/log.h"
#include "flow/backup/backup.h"
#include "flow/backup/take_over_links.h"
#include "flow/damage/damage_spool.h"
#include "io/file.h"
#include "io/folder.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "store/queue/queue_priv.h"

#define NOTE        "take-over" /* "<number of the last request taken, -1: none yet> <not older than>" */
#define PREFIX      "before-restore-"
#define FOLDERS_MAX 64
#define CHUNK       100
#define SKIP_MAX    100000 /* numbers in a row that cannot be read: a page holds fewer */
#define UNTOLD_MAX  (1 << 17)
#define UNTOLD_ROOM (32 * MIB)

struct untold {
	int64_t delivery_id;
	struct str id;
};

struct untold_list {
	struct untold *v;
	size_t n;
};

struct taking {
	struct app *app;
	struct db *from;
	struct arena arena;
	struct untold_list support, assistant;
	int64_t after, since_ms;
	int64_t skipped; /* in a row */
	bool more;
	struct take_over_report r;
};

/* ---- the note ---- */

static enum rc note_write(const char *kept, int64_t after, int64_t since_ms, struct err *e)
{
	char path[FOLDER_PATH_MAX], text[64];

	TRY(folder_join(kept, NOTE, path, e));
	(void)snprintf(text, sizeof(text), "%lld %lld\n", (long long)after, (long long)since_ms);
	return file_write(path, str_of(text), 0600, e);
}

enum rc take_over_note(const char *kept, struct err *e)
{
	return note_write(kept, -1, 0, e);
}

enum rc take_over_forget(const char *kept, struct err *e)
{
	char path[FOLDER_PATH_MAX];

	TRY(folder_join(kept, NOTE, path, e));
	return file_remove(path, e);
}

static enum rc note_read(const char *kept, int64_t *ret_after, int64_t *ret_since, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(KIB);
	char path[FOLDER_PATH_MAX];
	struct str rest, word;

	TRY(folder_join(kept, NOTE, path, e));
	TRY(file_read(path, &b, e));
	rest = str_trim(sbuf_view(&b));
	return str_cut(&rest, ' ', &word) && str_i64(word, -1, INT64_MAX, ret_after) &&
			       str_i64(rest, 0, INT64_MAX, ret_since)
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "%.180s is not what was written", path);
}

/* ---- where the other life begins ---- */

static enum rc same_there(struct db *from, const struct delivery *newest, bool *ret)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	struct err e = { .rc = RC_OK };

	*ret = false;
	TRY(stmt_begin(from, Q_KEPT_SAME, &q, &e));
	stmt_bind_i64(&q, "id", newest->id);
	stmt_bind_i64(&q, "received_ms", newest->received_ms);
	stmt_bind_str(&q, "request_id", newest->request_id);
	*ret = stmt_next(&q, &e) == RC_OK;
	return RC_OK;
}

/* Behind the newest request that both have; where they have none in common, by the time. */
static enum rc begin_at(struct taking *t, struct err *e)
{
	struct db *db = store_reader(t->app->store);
	struct delivery newest = { .id = 0 };
	struct stmt q = { 0 };
	bool same = false;
	enum rc rc = stmt_begin(db, Q_KEPT_NEWEST, &q, e);

	if (rc == RC_OK)
		rc = stmt_next(&q, e);
	if (rc == RC_OK) {
		newest.id = stmt_i64(&q, "id");
		newest.received_ms = stmt_i64(&q, "received_ms");
		newest.request_id = stmt_str(&q, "request_id");
		(void)same_there(t->from, &newest, &same); /* cannot be read: not the same */
	}
	t->after = same ? newest.id : 0;
	t->since_ms = same ? 0 : newest.received_ms;
	stmt_end(&q);
	store_reader_done(t->app->store, db);
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return RC_OK;
}

/* ---- what a consumer group had not finished with ---- */

static int by_delivery(const void *a, const void *b)
{
	const struct untold *x = a, *y = b;

	return (x->delivery_id > y->delivery_id) - (x->delivery_id < y->delivery_id);
}

static enum rc untold_fill(struct taking *t, enum queue_id group, struct untold_list *l,
			   struct err *e)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	enum rc rc;

	TRY(stmt_begin(t->from, Q_KEPT_UNTOLD, &q, e));
	stmt_bind_i64(&q, "first", queue_first_id(group));
	stmt_bind_i64(&q, "last", queue_last_id(group));
	while ((rc = stmt_next(&q, e)) == RC_OK) {
		struct untold *u = &l->v[l->n];

		if (l->n == UNTOLD_MAX)
			return FAIL(e, RC_LIMIT, "more than %d messages waited", UNTOLD_MAX);
		u->delivery_id = stmt_i64(&q, "delivery_id");
		u->id = arena_str(&t->arena, stmt_str(&q, "meta_message_id"));
		if (u->id.p == NULL)
			return FAIL(e, RC_LIMIT, "no room for the messages that waited");
		l->n++;
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* Not readable: they are in the inbox, and nobody is told of them twice. */
static void untold_read(struct taking *t, enum queue_id group, struct untold_list *l)
{
	struct err e = { .rc = RC_OK };

	l->v = mem_new(UNTOLD_MAX, sizeof(*l->v));
	if (untold_fill(t, group, l, &e) != RC_OK)
		log_err(LOG_ERROR, "take_over.waiting_not_read", &e);
	qsort(l->v, l->n, sizeof(*l->v), by_delivery);
}

static void untold_json(struct jsonw *w, const char *key, const struct untold_list *l, int64_t id)
{
	AUTO(sbuf_release) struct sbuf ids = SBUF(MIB);
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->v[mid].delivery_id < id)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < l->n && l->v[low].delivery_id == id; low++) {
		if (ids.n > 0)
			sbuf_char(&ids, ' ');
		sbuf_str(&ids, l->v[low].id);
	}
	if (ids.n > 0)
		jsonw_kstr(w, key, sbuf_view(&ids));
}

/* ---- requests ---- */

/* Unknown counts as processed: nobody is told twice. */
static bool still_waits(struct taking *t, int64_t id)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	struct err e = { .rc = RC_OK };

	if (stmt_begin(t->from, Q_KEPT_WAITS, &q, &e) != RC_OK)
		return false;
	stmt_bind_i64(&q, "ref", id);
	stmt_bind_i64(&q, "first", queue_first_id(QUEUE_WEBHOOKS));
	stmt_bind_i64(&q, "last", queue_last_id(QUEUE_WEBHOOKS));
	return stmt_next(&q, &e) == RC_OK;
}

/* Of somebody who is not to come back: the box died while it erased. A database of before erasures has none. */
static bool is_being_erased(struct taking *t, int64_t id)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	struct err e = { .rc = RC_OK };

	if (stmt_begin(t->from, Q_KEPT_ERASING, &q, &e) != RC_OK)
		return false;
	stmt_bind_i64(&q, "id", id);
	return stmt_next(&q, &e) == RC_OK;
}

static void restored_headers(const struct taking *t, const struct delivery *d, struct sbuf *to)
{
	AUTO(json_freep) struct json *root = NULL;
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_key(&w, DELIVERY_RESTORED);
	jsonw_object(&w);
	untold_json(&w, RESTORED_SUPPORT, &t->support, d->id);
	untold_json(&w, RESTORED_ASSISTANT, &t->assistant, d->id);
	jsonw_end(&w);
	if (json_parse(d->headers, &root, NULL) == RC_OK) /* a page may hold anything */
		jsonw_kraw(&w, "headers", d->headers);
	jsonw_end(&w);
}

struct row {
	struct taking *t;
	struct stmt *q;
};

static enum rc row_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(damage_spool_row_release) struct damage_spool_row s = DAMAGE_SPOOL_ROW;
	AUTO(sbuf_release) struct sbuf headers = SBUF(4 * MIB);
	struct row *r = arg;
	struct taking *t = r->t;

	damage_spool_row_read(r->q, &s);
	t->after = s.d.id;
	if (is_being_erased(t, s.d.id))
		return RC_OK;
	if (!still_waits(t, s.d.id)) {
		if (strcmp(s.d.source, "meta") != 0 && strcmp(s.d.source, "evolution") != 0)
			return RC_OK; /* was acted on */
		restored_headers(t, &s.d, &headers);
		if (!sbuf_ok(&headers))
			return FAIL(e, RC_LIMIT, "its headers are too long");
		s.d.headers = sbuf_view(&headers);
	}
	TRY(damage_spool_row_put(tx, &s, e));
	t->r.requests++;
	return RC_OK;
}

static bool is_weather(enum rc rc)
{
	return rc == RC_LIMIT || rc == RC_IO || rc == RC_RETRY;
}

/* A page that cannot be read is passed number by number. */
static bool skip(struct taking *t)
{
	t->after++;
	t->r.unread++;
	return ++t->skipped < SKIP_MAX;
}

static enum rc take_unit(struct tx *tx, void *arg, struct err *e)
{
	struct taking *t = arg;

	t->more = false;
	for (int i = 0; i < CHUNK; i++) {
		AUTO(stmt_end) struct stmt q = { 0 };
		struct err why = { .rc = RC_OK };
		int64_t before = t->after;
		enum rc rc = stmt_begin(t->from, Q_KEPT_NEXT, &q, &why);

		if (rc == RC_OK) {
			stmt_bind_i64(&q, "after_id", t->after);
			stmt_bind_i64(&q, "since_ms", t->since_ms);
			rc = stmt_next(&q, &why);
		}
		if (rc == RC_ABSENT)
			return RC_OK;
		if (rc != RC_OK) {
			if (!skip(t))
				return RC_OK;
			continue;
		}
		t->skipped = 0;
		rc = store_try(tx, row_unit, &(struct row){ t, &q }, &why);
		if (is_weather(rc)) {
			*e = why;
			return rc;
		}
		if (rc != RC_OK || t->after <= before) { /* no row that was ever written so */
			t->after = t->after > before ? t->after : before + 1;
			t->r.unread++;
		}
	}
	t->more = true;
	return RC_OK;
}

/* ---- one folder ---- */

static enum rc take_all(struct taking *t, const char *kept, struct err *e)
{
	if (t->after < 0) {
		TRY(begin_at(t, e));
		TRY(note_write(kept, t->after, t->since_ms, e));
	}
	TRY(take_over_links(t->app, t->from, &t->r.links, &t->r.links_unread, e));
	untold_read(t, QUEUE_SUPPORT_INBOUND, &t->support);
	untold_read(t, QUEUE_ORCHESTRATOR_INBOUND, &t->assistant);
	for (t->more = true; t->more;) {
		TRY(store_write(t->app->store, STORE_NORMAL, take_unit, t, e));
		TRY(note_write(kept, t->after, t->since_ms, e));
	}
	return RC_OK;
}

/* False: there is nothing to read. */
static bool open_kept(const char *kept, struct db **ret)
{
	struct err e = { .rc = RC_OK };
	char path[FOLDER_PATH_MAX];
	int64_t bytes;

	/* Not an empty one: SQLite would delete the log beside it. */
	if (folder_join(kept, "totem.db", path, &e) != RC_OK ||
	    folder_file_bytes(path, &bytes, &e) != RC_OK || bytes == 0)
		return false;
	if (db_open(path, DB_READER, ret, &e) == RC_OK)
		return true;
	log_err(LOG_ERROR, "take_over.not_read", &e);
	return false;
}

static enum rc take_folder(struct app *app, const char *kept, struct take_over_report *sum,
			   struct err *e)
{
	struct taking t = { .app = app, .arena = ARENA(UNTOLD_ROOM) };
	struct err why = { .rc = RC_OK };
	enum rc rc;

	if (note_read(kept, &t.after, &t.since_ms, &why) != RC_OK) {
		log_err(LOG_ERROR, "take_over.not_read", &why);
		return RC_OK;
	}
	if (!open_kept(kept, &t.from))
		return take_over_forget(kept, e);
	rc = take_all(&t, kept, e);
	db_close(t.from);
	mem_free(t.support.v);
	mem_free(t.assistant.v);
	arena_release(&t.arena);
	TRY(rc);
	log_event(LOG_WARN, "restore.taken_over", "folder", kept, "requests", LOG_I64(t.r.requests),
		  "not_read", LOG_I64(t.r.unread), "chatwoot_messages", LOG_I64(t.r.links), NULL);
	sum->requests += t.r.requests;
	sum->unread += t.r.unread;
	sum->links += t.r.links;
	sum->links_unread = sum->links_unread || t.r.links_unread;
	return take_over_forget(kept, e);
}

/* ---- all of them ---- */

struct kept_list {
	const char *data_dir;
	char path[FOLDERS_MAX][FOLDER_PATH_MAX];
	size_t n;
};

static enum rc note_folder(void *arg, const struct folder_entry *x, struct err *e)
{
	struct kept_list *l = arg;
	char note[FOLDER_PATH_MAX];

	if (!x->is_folder || !str_starts(str_of(x->name), STR(PREFIX)) || l->n == FOLDERS_MAX)
		return RC_OK;
	TRY(folder_join(l->data_dir, x->name, l->path[l->n], e));
	TRY(folder_join(l->path[l->n], NOTE, note, e));
	if (file_exists(note))
		l->n++;
	return RC_OK;
}

/* The name is the time. */
static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

enum rc take_over(struct app *app, struct take_over_report *ret, struct err *e)
{
	struct kept_list *l = mem_new(1, sizeof(*l));
	enum rc rc;

	*ret = (struct take_over_report){ 0 };
	l->data_dir = app->data_dir;
	rc = folder_each(app->data_dir, note_folder, l, e);
	qsort(l->path, l->n, sizeof(l->path[0]), by_name);
	for (size_t i = 0; rc == RC_OK && i < l->n; i++)
		rc = take_folder(app, l->path[i], ret, e);
	mem_free(l);
	return rc;
}

bool take_over_sends(const char *kept, int64_t since_ms, int64_t *ret_gone, int64_t *ret_waiting)
{
	AUTO(stmt_end) struct stmt q = { 0 };
	struct err e = { .rc = RC_OK };
	struct db *db = NULL;
	bool ok;

	if (!open_kept(kept, &db))
		return false;
	ok = stmt_begin(db, Q_KEPT_SENDS, &q, &e) == RC_OK;
	if (ok) {
		stmt_bind_i64(&q, "since_ms", since_ms);
		ok = stmt_next(&q, &e) == RC_OK;
	}
	if (ok) {
		*ret_gone = stmt_i64(&q, "gone");
		*ret_waiting = stmt_i64(&q, "waiting");
	}
	stmt_end(&q);
	db_close(db);
	return ok;
}
