/* history.c - what was: a day of a queue, minute by minute, and the receipts of outages. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/queue_json.h"
#include "store/queue_history.h"
#include "store/receipt.h"

#define MINUTES_MAX 1440

struct history {
	struct jsonw w;
	struct queue_minute before;
	bool any;
};

/* What happened in a minute is the difference of two rows. After a gap (the box was away) it is that of the gap. */
static enum rc minute_row(void *arg, const struct queue_minute *m, struct err *e)
{
	struct history *h = arg;

	(void)e;
	if (h->any) {
		jsonw_object(&h->w);
		jsonw_ktime(&h->w, "at", m->minute * MINUTE_MS);
		jsonw_ki64(&h->w, "minutes", m->minute - h->before.minute);
		jsonw_ki64(&h->w, "accepted", m->accepted - h->before.accepted);
		jsonw_ki64(&h->w, "done", m->done - h->before.done);
		jsonw_ki64(&h->w, "failed", m->failed - h->before.failed);
		jsonw_ki64(&h->w, "dead", m->dead);
		jsonw_ki64(&h->w, "waiting", m->waiting);
		jsonw_ki64(&h->w, "oldest_ms", m->oldest_ms);
		jsonw_end(&h->w);
	}
	h->before = *m;
	h->any = true;
	return RC_OK;
}

void queue_history_get(struct call *c)
{
	struct history h = { .any = false };
	struct err e = { .rc = RC_OK };
	int64_t minutes;
	enum queue_id q;

	if (!queue_json_param(c, &q) || !query_i64(c, "minutes", 180, 1, MINUTES_MAX, &minutes))
		return;
	answer_begin(c, &h.w);
	jsonw_object(&h.w);
	jsonw_ktext(&h.w, "queue", queue_name(q));
	jsonw_karray(&h.w, "data");
	struct db *db = store_reader(c->app->store);
	enum rc rc =
		queue_history_each(db, q, c->q->now_ms / MINUTE_MS - minutes, minute_row, &h, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	jsonw_end(&h.w);
	jsonw_end(&h.w);
	answer_json(c, 200, &h.w);
}

struct receipt_page {
	struct jsonw w;
	struct cursor cursor;
};

static enum rc receipt_row(void *arg, const struct receipt *r, struct err *e)
{
	struct receipt_page *p = arg;
	struct jsonw *w = &p->w;

	(void)e;
	jsonw_object(w);
	jsonw_ki64(w, "id", r->id);
	jsonw_kstr(w, "kind", r->kind);
	jsonw_kstr(w, "subject", r->subject);
	jsonw_ktime(w, "from", r->from_ms);
	jsonw_ktime(w, "to", r->to_ms);
	jsonw_ki64(w, "recovered", r->found + r->caught);
	jsonw_ki64(w, "caught_up", r->caught);
	jsonw_ki64(w, "answered", i64_max(0, r->found + r->caught - r->open - r->dead));
	jsonw_ki64(w, "open", r->open);
	jsonw_ki64(w, "waits_for_person", r->dead + r->unknown);
	jsonw_ki64(w, "dead_letters", r->dead);
	jsonw_ki64(w, "unknown", r->unknown);
	jsonw_ki64(w, "lost", r->lost);
	jsonw_ktime(w, "settled_at", r->settled_ms);
	jsonw_end(w);
	cursor_row(&p->cursor, 0, r->id);
	return RC_OK;
}

void receipt_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct receipt_page p;

	if (!cursor_read(c, &p.cursor))
		return;
	answer_begin(c, &p.w);
	jsonw_object(&p.w);
	jsonw_karray(&p.w, "data");
	struct db *db = store_reader(c->app->store);
	enum rc rc = receipt_each(db, p.cursor.b, (int)p.cursor.limit, receipt_row, &p, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	jsonw_end(&p.w);
	cursor_next(&p.cursor, &p.w);
	jsonw_end(&p.w);
	answer_json(c, 200, &p.w);
}
