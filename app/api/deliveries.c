/* deliveries.c - /api/v1/deliveries: raw webhook requests, and processing them again. Processing is idempotent. */
#include "api/batch.h"
#include "api/cursor.h"
#include "api/delivery_dry.h"
#include "api/handlers.h"
#include "api/view.h"
#include "base/clock.h"
#include "base/enc.h"
#include "store/delivery.h"

static void delivery_members(struct call *c, struct jsonw *w, const struct delivery *d)
{
	view_id(w, "id", d->received_ms, d->id);
	jsonw_ktext(w, "source", d->source);
	jsonw_ktext(w, "signature", d->signature);
	jsonw_kstr(w, "request_id", d->request_id);
	delivery_why(c, w, "put_aside", d->outcome);
	jsonw_kraw(w, "headers", d->headers);
	jsonw_ktime(w, "received_at", d->received_ms);
}

struct delivery_page {
	struct call *c;
	struct jsonw w;
	struct cursor cursor;
};

static enum rc delivery_row(void *arg, const struct delivery *d, struct err *e)
{
	struct delivery_page *p = arg;

	(void)e;
	cursor_row(&p->cursor, 0, d->id);
	if (d->company_id != p->c->who.company_id)
		return RC_OK;
	jsonw_object(&p->w);
	delivery_members(p->c, &p->w, d);
	jsonw_end(&p->w);
	return RC_OK;
}

/* A time of a body; 0: none. */
static bool time_read(struct call *c, const char *name, struct str text, int64_t *ret_ms)
{
	*ret_ms = 0;
	if (text.n == 0 || (clock_parse(text, ret_ms) && *ret_ms > 0))
		return true;
	problem_field(c, 422, name, "This has to be a time like 2026-01-05T10:00:00Z.");
	return false;
}

static bool filter_read(struct call *c, struct delivery_filter *ret)
{
	struct str source, aside;

	if (!query_time(c, "from", &ret->from_ms) || !query_time(c, "to", &ret->to_ms) ||
	    !query_str(c, "source", &source) || !query_str(c, "put_aside", &aside))
		return false;
	ret->source = source.n > 0 ? arena_dup(c->q->arena, source) : NULL;
	ret->only_put_aside = str_eqc(aside, "true") || str_eqc(aside, "1");
	return true;
}

void delivery_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct delivery_page p = { .c = c };
	struct delivery_filter f = { 0 };

	if (!cursor_read(c, &p.cursor) || !filter_read(c, &f))
		return;
	f.before_id = p.cursor.b;
	f.limit = (int)p.cursor.limit;
	answer_rows_begin(c, &p.w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = delivery_each(db, &f, delivery_row, &p, &e);
	store_reader_done(c->app->store, db);
	cursor_rows_end(c, &p.cursor, &p.w, rc, &e);
}

/* The delivery of the path, if it is the caller's. False: answered. */
static bool load(struct call *c, struct delivery *ret)
{
	struct err e = { .rc = RC_OK };
	int64_t received_ms, id;

	if (!param_id(c, 0, &received_ms, &id))
		return false;
	struct db *db = store_reader(c->app->store);
	enum rc rc = delivery_load(db, id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK && ret->received_ms == received_ms && ret->company_id == c->who.company_id)
		return true;
	if (rc == RC_OK || rc == RC_ABSENT)
		problem(c, 404, "not-found", "There is no delivery with this id (any more).");
	else
		problem_err(c, &e);
	return false;
}

static void body_write(const struct call *c, struct jsonw *w, struct str body)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(2 * HOOK_BODY_MAX);

	jsonw_ki64(w, "body_size", (int64_t)body.n);
	/* A file inside is more than one answer may be; numbers in base64 cannot be masked (veil.h). */
	if (body.n > HOOK_BODY_MAX || (c->who.masked && !enc_utf8_ok(body))) {
		jsonw_ktext(w, "body_encoding", "omitted");
		jsonw_ktext(w, "body", NULL);
		return;
	}
	if (enc_utf8_ok(body)) {
		jsonw_ktext(w, "body_encoding", "text");
		jsonw_kstr(w, "body", body.p != NULL ? body : STR(""));
		return;
	}
	enc_base64(&b, (const uint8_t *)body.p, body.n);
	jsonw_ktext(w, "body_encoding", "base64");
	jsonw_kstr(w, "body", sbuf_view(&b));
}

void delivery_get(struct call *c)
{
	struct delivery d;
	struct jsonw w;

	if (!load(c, &d))
		return;
	answer_begin(c, &w);
	jsonw_object(&w);
	delivery_members(c, &w, &d);
	body_write(c, &w, d.body);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

static enum rc replay_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *id = arg;

	return delivery_replay(tx, *id, e);
}

void delivery_replay_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	struct delivery d;
	struct jsonw w;

	if (!body_json(c, &root) || !load(c, &d))
		return;
	if (json_get_bool(root, "dry_run", false)) {
		delivery_dry(c, &d);
		return;
	}
	if (store_write(c->app->store, STORE_NORMAL, replay_unit, &d.id, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", d.received_ms, d.id);
	jsonw_kbool(&w, "replaying", true);
	jsonw_end(&w);
	answer_json(c, 202, &w);
}

struct collect {
	struct batch batch;
	int64_t company_id;
};

static enum rc collect_row(void *arg, const struct delivery *d, struct err *e)
{
	struct collect *k = arg;

	(void)e;
	if (d->company_id == k->company_id)
		(void)batch_add(&k->batch, d->id); /* a full batch knows it */
	return RC_OK;
}

static enum rc replay_many(struct call *c, const struct delivery_filter *f, bool dry, struct err *e)
{
	struct collect k = { .company_id = c->who.company_id };
	struct jsonw w;

	TRY(batch_init(&k.batch, delivery_replay, c->q->arena, e));
	k.company_id = c->who.company_id;
	struct db *db = store_reader(c->app->store);
	enum rc rc = delivery_each(db, f, collect_row, &k, e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		return rc;
	if (k.batch.more) {
		problem(c, 422, "invalid",
			"More than 10000 deliveries match: choose a shorter time.");
		return RC_OK;
	}
	if (dry) {
		delivery_dry_many(c, &k.batch);
		return RC_OK;
	}
	TRY(batch_run(&k.batch, c->app->store, e));
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kbool(&w, "dry_run", false);
	jsonw_ki64(&w, "matching", k.batch.n);
	jsonw_ki64(&w, "replaying", k.batch.done);
	jsonw_ki64(&w, "skipped", k.batch.skipped);
	jsonw_end(&w);
	answer_json(c, 202, &w);
	return RC_OK;
}

void delivery_replay_many_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	struct delivery_filter f = { .limit = BATCH_MAX + 1 };
	struct str source;

	if (!body_json(c, &root) || !time_read(c, "from", json_get_str(root, "from"), &f.from_ms) ||
	    !time_read(c, "to", json_get_str(root, "to"), &f.to_ms))
		return;
	if (f.from_ms == 0 || f.to_ms <= f.from_ms) {
		problem_field(c, 422, f.from_ms == 0 ? "from" : "to",
			      "A range needs from and a later to.");
		return;
	}
	source = json_get_str(root, "source");
	f.source = source.n > 0 ? arena_dup(c->q->arena, source) : NULL;
	if (replay_many(c, &f, json_get_bool(root, "dry_run", false), &e) != RC_OK)
		problem_err(c, &e);
}
