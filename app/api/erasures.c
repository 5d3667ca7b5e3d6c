/* erasures.c - what is not here any more: by retention, counted by day, and by erasure of a person. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "store/retention/erasure.h"
#include "store/retention/retention_day.h"

static enum rc day_row(void *arg, const struct retention_day *d, struct err *e)
{
	struct jsonw *w = arg;
	char text[CLOCK_TEXT_MAX];

	(void)e;
	clock_text(d->day * DAY_MS, text);
	text[10] = '\0'; /* 2026-01-05 */
	jsonw_object(w);
	jsonw_ktext(w, "day", text);
	jsonw_ktext(w, "what", d->what);
	jsonw_ki64(w, "gone", d->gone);
	jsonw_ki64(w, "bytes", d->bytes);
	jsonw_ktime(w, "last_at", d->last_ms);
	jsonw_end(w);
	return RC_OK;
}

void retention_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;
	struct db *db;
	int64_t days;
	enum rc rc;

	if (!query_i64(c, "days", 30, 1, RETENTION_DAYS_KEPT, &days))
		return;
	answer_rows_begin(c, &w);
	db = store_reader(c->app->store);
	rc = retention_day_each(db, c->q->now_ms / DAY_MS - days + 1, day_row, &w, &e);
	store_reader_done(c->app->store, db);
	answer_rows_end(c, &w, rc, &e);
}

struct erasure_page {
	struct jsonw w;
	struct cursor cursor;
};

static enum rc erasure_row(void *arg, const struct erasure_seen *x, struct err *e)
{
	struct erasure_page *p = arg;

	(void)e;
	jsonw_object(&p->w);
	jsonw_ki64(&p->w, "id", x->id);
	jsonw_ktime(&p->w, "asked_at", x->asked_ms);
	jsonw_kstr(&p->w, "asked_by", x->asked_by.n > 0 ? x->asked_by : STR_NONE);
	jsonw_ktext(&p->w, "state", x->state);
	jsonw_ktime(&p->w, "done_at", x->done_ms);
	jsonw_ki64(&p->w, "messages", x->messages);
	jsonw_ki64(&p->w, "deliveries", x->deliveries);
	jsonw_ki64(&p->w, "dead_letters", x->letters);
	jsonw_ki64(&p->w, "files", x->files);
	jsonw_ki64(&p->w, "conversations", x->conversations);
	jsonw_end(&p->w);
	cursor_row(&p->cursor, 0, x->id);
	return RC_OK;
}

void erasure_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct erasure_page p;
	struct db *db;
	enum rc rc;

	if (!cursor_read(c, &p.cursor))
		return;
	answer_rows_begin(c, &p.w);
	db = store_reader(c->app->store);
	rc = erasure_each(db, c->who.company_id, p.cursor.b, (int)p.cursor.limit, erasure_row, &p,
			  &e);
	store_reader_done(c->app->store, db);
	cursor_rows_end(c, &p.cursor, &p.w, rc, &e);
}
