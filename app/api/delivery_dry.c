/* delivery_dry.c - see delivery_dry.h. */
#include "api/delivery_dry.h"

#include "api/cursor.h"
#include "api/view.h"
#include "base/reason.h"
#include "flow/ingest/ingest_dry.h"

#define DRY_PAGE     20
#define DRY_PAGE_MAX 100
#define DRY_ARENA \
	(4 * MIB + 2 * HOOK_BODY_MAX) /* of one request: its body and what it would change */
#define DRY_ANSWER (2 * MIB)          /* no further request is told behind so much */

static void write_new(struct jsonw *w, const struct delivery_marks *more)
{
	jsonw_kobject(w, "new");
	jsonw_ki64(w, "messages", more->messages);
	jsonw_ki64(w, "changes", more->changes);
	jsonw_ki64(w, "contacts", more->contacts);
	jsonw_ki64(w, "conversations", more->conversations);
	jsonw_ki64(w, "events", more->events);
	jsonw_end(w);
}

void delivery_why(struct call *c, struct jsonw *w, const char *key, struct str written)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(4 * KIB);

	reason_told(lang_accept(web_req_header(c->q, "Accept-Language"), LANG_EN), written, &text);
	jsonw_kstr(w, key, written.n > 0 ? sbuf_view(&text) : STR_NONE);
}

static void write_item(struct call *call, struct jsonw *w, const struct dry_item *it)
{
	jsonw_object(w);
	jsonw_ktext(w, "kind", it->kind);
	jsonw_kstr(w, "what", it->word.n > 0 ? it->word : STR_NONE);
	jsonw_ktext(w, "effect", it->effect);
	jsonw_kstr(w, "peer_id", it->peer_id.n > 0 ? it->peer_id : STR_NONE);
	view_id(w, "message_id", it->message_ms, it->message_id);
	delivery_why(call, w, "why", it->why);
	write_new(w, &it->more);
	jsonw_karray(w, "changes");
	for (int i = 0; i < it->change_count; i++) {
		const struct dry_change *c = &it->changes[i];

		jsonw_object(w);
		jsonw_ktext(w, "field", c->field);
		view_id(w, "message_id", c->message_ms, c->message_id);
		jsonw_kstr(w, "from", c->from);
		jsonw_kstr(w, "to", c->to);
		jsonw_end(w);
	}
	jsonw_end(w);
	jsonw_end(w);
}

static enum rc write_dry(struct call *c, struct jsonw *w, const struct delivery *d, struct arena *a,
			 struct err *e)
{
	struct ingest_dry dry;

	TRY(ingest_dry(c->app, d, a, &dry, e));
	view_id(w, "id", d->received_ms, d->id);
	jsonw_kbool(w, "dry_run", true);
	write_new(w, &dry.more);
	jsonw_ki64(w, "statuses", dry.statuses);
	jsonw_ki64(w, "known", dry.known);
	jsonw_ki64(w, "rows_written", dry.more.written);
	delivery_why(c, w, "put_aside", dry.note);
	jsonw_karray(w, "items");
	for (int i = 0; i < dry.item_count; i++)
		write_item(c, w, &dry.items[i]);
	jsonw_end(w);
	jsonw_ki64(w, "items_left_off", dry.items_left_off);
	return RC_OK;
}

void delivery_dry(struct call *c, const struct delivery *d)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	if (write_dry(c, &w, d, c->q->arena, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

/* ---- of a range ---- */

static enum rc write_one(struct call *c, struct jsonw *w, int64_t id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(DRY_ARENA);
	struct delivery d;
	struct db *db = store_reader(c->app->store);
	enum rc rc = delivery_load(db, id, &a, &d, e);

	store_reader_done(c->app->store, db);
	if (rc == RC_ABSENT) { /* retention took it meanwhile */
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	jsonw_object(w);
	TRY(write_dry(c, w, &d, &a, e));
	jsonw_ktext(w, "source", d.source);
	jsonw_ktime(w, "received_at", d.received_ms);
	jsonw_end(w);
	return RC_OK;
}

static enum rc write_page(struct call *c, struct jsonw *w, const struct batch *b,
			  struct cursor *page, struct err *e)
{
	int64_t left_off = b->n;

	jsonw_karray(w, "data");
	for (int i = b->n - 1; i >= 0; i--) {
		if (b->ids[i] > page->b) {
			if (page->n == page->limit || c->r->body.n > DRY_ANSWER)
				break;
			TRY(write_one(c, w, b->ids[i], e));
			cursor_row(page, 0, b->ids[i]);
		}
		left_off--;
	}
	jsonw_end(w);
	if (left_off > 0)
		page->limit = page->n; /* there is more, also when it was their size */
	else
		page->limit = page->n + 1;
	cursor_next(page, w);
	jsonw_ki64(w, "left_off", left_off);
	return RC_OK;
}

void delivery_dry_many(struct call *c, const struct batch *b)
{
	struct err e = { .rc = RC_OK };
	struct cursor page = { 0 };
	struct jsonw w;

	if (!query_i64(c, "limit", DRY_PAGE, 1, DRY_PAGE_MAX, &page.limit) ||
	    !cursor_query(c, "after", &page.a, &page.b))
		return;
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kbool(&w, "dry_run", true);
	jsonw_ki64(&w, "matching", b->n);
	jsonw_ki64(&w, "replaying", 0);
	jsonw_ki64(&w, "skipped", 0);
	if (write_page(c, &w, b, &page, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
