/* media.c - files: taking one in, giving one out. Both go piece by piece between socket and disk; a file is never whole
 * in memory.
 *
 * What comes back out was written by strangers: nothing of it may run in a browser that trusts this address. Only
 * types that cannot hold scripts are shown in place; all else is a download, and every answer is sandboxed. */
#include "api/handlers.h"
#include "api/media_range.h"
#include "api/veil.h"
#include "api/view.h"
#include "base/enc.h"
#include "base/log.h"
#include "flow/media/media.h"
#include "flow/media/media_store.h"
#include "io/web_form.h"
#include "store/media.h"

#define NAME_HEADER_MAX (4 * KIB)
#define UPLOAD_GRACE_MS (30 * SECOND_MS)
#define UPLOAD_SPEED_MIN \
	(32 * (int64_t)KIB) /* bytes a second that a client has to keep on average */
#define TOUCH_MS DAY_MS

/* ---- POST /api/v1/media ---- */

struct upload {
	struct call *c;
	struct media_put put;
	struct web_form form;
	struct str type, filename; /* in the request's arena */
	bool has_file;
};

static enum rc on_part(void *arg, const struct web_form_part *p, bool *ret_want, struct err *e)
{
	struct upload *u = arg;

	(void)e;
	*ret_want = !u->has_file && (str_eqc(p->name, "file") || p->filename.p != NULL);
	if (!*ret_want)
		return RC_OK;
	u->has_file = true;
	u->filename = arena_str(u->c->q->arena, p->filename);
	u->type = arena_str(u->c->q->arena, p->type);
	return RC_OK;
}

static enum rc on_data(void *arg, const char *p, size_t n, struct err *e)
{
	struct upload *u = arg;

	return media_put_add(&u->put, p, n, e);
}

static int upload_ms(const struct upload *u)
{
	int64_t bytes = u->c->q->content_length > 0 ? u->c->q->content_length : u->put.new.max;

	return (int)i64_min(UPLOAD_GRACE_MS + bytes * SECOND_MS / UPLOAD_SPEED_MIN, INT32_MAX);
}

static enum rc read_form(struct upload *u, struct str type, struct err *e)
{
	const struct web_form_to to = { on_part, on_data, u };
	const struct web_sink sink = { web_form_add, &u->form,
				       u->put.new.max + (int64_t)MEDIA_FORM_ROOM, upload_ms(u) };

	TRY(web_form_begin(&u->form, type, &to, e));
	TRY(web_body_each(u->c->q, &sink, e));
	TRY(web_form_end(&u->form, e));
	return u->has_file ? RC_OK : FAIL(e, RC_INVALID, "the form has no part \"file\"");
}

/* The name stands in ?filename= or in Content-Disposition. */
static enum rc read_raw(struct upload *u, struct str type, struct err *e)
{
	AUTO(sbuf_release) struct sbuf name = SBUF(NAME_HEADER_MAX);
	/* the put counts to the byte and knows a full disk from a long file */
	const struct web_sink sink = { media_put_add, &u->put,
				       u->put.new.max + (int64_t)MEDIA_FORM_ROOM, upload_ms(u) };

	u->type = type;
	if (u->filename.p == NULL &&
	    web_form_param(web_req_header(u->c->q, "Content-Disposition"), "filename", &name))
		u->filename = arena_str(u->c->q->arena, sbuf_view(&name));
	return web_body_each(u->c->q, &sink, e);
}

static enum rc read_all(struct upload *u, struct err *e)
{
	const struct media_put_new n = { .company_id = u->c->who.company_id,
					 .max = u->c->config->media_file_max,
					 .origin = "api" };
	struct str type = web_req_header(u->c->q, "Content-Type"), rest = type, base;
	struct media_said said = { .bytes = 0 };

	TRY(media_put_begin(u->c->app, &n, &u->put, e));
	if (str_cut(&rest, ';', &base) && str_ieq(str_trim(base), STR("multipart/form-data")))
		TRY(read_form(u, type, e));
	else
		TRY(read_raw(u, type, e));
	said.mime = u->type;
	said.filename = u->filename;
	return media_put_place(&u->put, &said, e);
}

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct upload *u = arg;

	return media_put_keep(tx, &u->put, e);
}

static void answer_stored(struct upload *u)
{
	const struct media *m = &u->put.media;
	const struct media_facts facts = { m->mime, (unsigned)m->traits, m->bytes };
	char url[MEDIA_URL_MAX], sha[2 * MEDIA_SHA_BYTES + 1];
	struct jsonw w;

	media_url(m->created_ms, m->id, url);
	enc_hex(m->sha256, sizeof(m->sha256), sha);
	web_header(u->c->r, "Location", str_of(url));
	answer_begin(u->c, &w);
	jsonw_object(&w);
	view_id(&w, "id", m->created_ms, m->id);
	jsonw_ktext(&w, "mime", m->mime);
	jsonw_ki64(&w, "bytes", m->bytes);
	jsonw_ktext(&w, "sha256", sha);
	jsonw_ktext(&w, "send_as", media_kind_for(&facts));
	jsonw_ktext(&w, "url", url);
	jsonw_end(&w);
	answer_json(u->c, 201, &w);
}

static void answer_refused(struct upload *u, enum rc rc, const struct err *e)
{
	u->c->r->close = true;
	if (u->put.too_long || (rc == RC_LIMIT && u->c->q->content_length > u->put.new.max))
		problem(u->c, 413, "too-long", e->text);
	else if (rc == RC_LIMIT)
		problem(u->c, 507, "disk-low", "There is no room for this file on the disk.");
	else
		problem_err(u->c, e);
}

void media_post(struct call *c)
{
	struct upload u = { .c = c };
	struct err e = { .rc = RC_OK };
	enum rc rc;

	if (!query_str(c, "filename", &u.filename))
		return;
	rc = read_all(&u, &e);
	if (rc == RC_OK)
		rc = store_write(c->app->store, STORE_NORMAL, keep_unit, &u, &e);
	if (rc == RC_OK)
		answer_stored(&u);
	else
		answer_refused(&u, rc, &e);
	media_put_drop(&u.put);
	web_form_release(&u.form);
}

/* ---- GET /api/v1/media/{id} ---- */

static bool find(struct call *c, struct media *ret)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;
	struct db *db;
	enum rc rc;

	if (!param_id(c, 0, &created_ms, &id))
		return false;
	db = store_reader(c->app->store);
	rc = media_load(db, id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_ABSENT || (rc == RC_OK && (ret->company_id != c->who.company_id ||
						ret->created_ms != created_ms)))
		problem(c, 404, "not-found", "There is no file with this id.");
	else if (rc != RC_OK)
		problem_err(c, &e);
	else if (strcmp(ret->state, "stored") != 0)
		problem(c, 410, "not-found", "This file is not kept any more.");
	else
		return true;
	return false;
}

static bool open_file(struct call *c, const struct media *m)
{
	struct err e = { .rc = RC_OK };
	enum rc rc = media_open(c->app, m, &c->r->file, &e);

	if (rc == RC_ABSENT || (rc == RC_OK && c->r->file.bytes != m->bytes)) {
		file_in_close(&c->r->file);
		problem(c, 410, "not-found", "This file is not kept any more.");
		return false;
	}
	if (rc != RC_OK)
		problem_err(c, &e);
	return rc == RC_OK;
}

/* RFC 6266: a plain name for old clients, the whole one encoded. */
static void disposition(struct call *c, const struct media *m)
{
	AUTO(sbuf_release) struct sbuf h = SBUF(NAME_HEADER_MAX);
	char name[MEDIA_NAME_MAX + 1];

	media_type_name(m->filename, name);
	if (c->who.masked)
		veil_text(name, strlen(name));
	sbuf_text(&h, media_type_inline(m->mime) ? "inline" : "attachment");
	if (name[0] != '\0') {
		sbuf_text(&h, "; filename=\"");
		for (const char *p = name; *p != '\0'; p++)
			sbuf_char(&h, (*p & 0x80) != 0 ? '_' : *p);
		sbuf_text(&h, "\"; filename*=UTF-8''");
		enc_percent(&h, str_of(name));
	}
	web_header(c->r, "Content-Disposition", sbuf_view(&h));
}

/* What a browser would run has no name here. */
static const char *shown_type(const char *mime)
{
	static const char *const RUN[] = { "text/html", "text/xml", "application/xml",
					   "image/svg+xml", "application/xhtml+xml" };

	for (size_t i = 0; i < COUNT(RUN); i++) {
		if (strcmp(mime, RUN[i]) == 0)
			return "application/octet-stream";
	}
	return mime;
}

static void headers(struct call *c, const struct media *m, struct str tag)
{
	web_header(c->r, "ETag", tag);
	web_header(c->r, "Accept-Ranges", STR("bytes"));
	web_header(c->r, "Cache-Control", STR("private, max-age=86400, immutable"));
	web_header(c->r, "Content-Security-Policy", STR("sandbox; default-src 'none'"));
	web_header(c->r, "Cross-Origin-Resource-Policy", STR("same-origin"));
	disposition(c, m);
}

/* If-Range: with another tag the client's parts are of another file. */
static enum media_range range_of(struct call *c, const struct media *m, struct str tag)
{
	struct str unless = web_req_header(c->q, "If-Range");
	struct str range = web_req_header(c->q, "Range");

	if (unless.p != NULL && !str_eq(str_trim(unless), tag))
		range = STR_NONE;
	return media_range_parse(range, m->bytes, &c->r->file_from, &c->r->file_bytes);
}

static void answer_file(struct call *c, const struct media *m, struct str tag)
{
	char text[80];

	c->r->content_type = shown_type(m->mime);
	c->r->status = 200;
	switch (range_of(c, m, tag)) {
	case RANGE_WHOLE:
		return;
	case RANGE_PART:
		c->r->status = 206;
		(void)snprintf(
			text, sizeof(text), "bytes %lld-%lld/%lld", (long long)c->r->file_from,
			(long long)(c->r->file_from + c->r->file_bytes - 1), (long long)m->bytes);
		web_header(c->r, "Content-Range", str_of(text));
		return;
	case RANGE_IMPOSSIBLE:
		file_in_close(&c->r->file);
		(void)snprintf(text, sizeof(text), "bytes */%lld", (long long)m->bytes);
		web_header(c->r, "Content-Range", str_of(text));
		problem(c, 416, "bad-request", "The file does not have the bytes asked for.");
		return;
	}
	BUG("unknown kind of range");
}

static enum rc touch_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct media *m = arg;

	return media_touch(tx, m->id, e);
}

/* Once a day is enough for retention by last use. */
static void touch(struct call *c, struct media *m)
{
	struct err e = { .rc = RC_OK };

	if (c->q->now_ms - m->last_used_ms > TOUCH_MS &&
	    store_write(c->app->store, STORE_NORMAL, touch_unit, m, &e) != RC_OK)
		log_err(LOG_WARN, "media.not_touched", &e);
}

void media_get(struct call *c)
{
	char tag[2 * MEDIA_SHA_BYTES + 3] = "\"";
	struct media m;

	if (!find(c, &m) || !veil_file_ok(c, m.mime))
		return;
	enc_hex(m.sha256, sizeof(m.sha256), tag + 1);
	tag[sizeof(tag) - 2] = '"';
	tag[sizeof(tag) - 1] = '\0';
	touch(c, &m);
	if (media_range_matches(web_req_header(c->q, "If-None-Match"), str_of(tag))) {
		headers(c, &m, str_of(tag));
		c->r->status = 304;
		return;
	}
	if (!open_file(c, &m))
		return;
	headers(c, &m, str_of(tag));
	answer_file(c, &m, str_of(tag));
}
