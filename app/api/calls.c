/* calls.c - /api/v1/calls: what was asked of a peer about messages, with its answers; /totals: how much of it there was in a day;
 * /api/v1/recovered is beside the receipts (receipts.c). */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/target_param.h"
#include "api/view.h"
#include "store/peer_call.h"

#define TOTALS_MS DAY_MS
#define N_BITS    6 /* a message has at most 60 calls */

struct call_page {
	struct jsonw w;
	struct cursor cursor;
};

static enum rc call_row(void *arg, const struct peer_call *a, struct err *e)
{
	struct call_page *p = arg;

	(void)e;
	jsonw_object(&p->w);
	jsonw_ktime(&p->w, "at", a->at_ms);
	jsonw_ki64(&p->w, "took_ms", a->took_ms);
	jsonw_ki64(&p->w, "status", a->status);
	jsonw_kstr(&p->w, "class", a->class);
	jsonw_kstr(&p->w, "answer", a->answer);
	view_id(&p->w, "message_id", a->message_ms, a->message_ms > 0 ? a->message_id : 0);
	jsonw_end(&p->w);
	cursor_row(&p->cursor, a->at_ms, a->message_id << N_BITS | a->n);
	return RC_OK;
}

static bool failed_read(struct call *c, bool *ret)
{
	struct str failed;

	if (!query_str(c, "failed", &failed))
		return false;
	*ret = str_eqc(failed, "true") || str_eqc(failed, "1");
	return true;
}

void call_list(struct call *c)
{
	struct peer_call_page page = { .n = 0 };
	struct err e = { .rc = RC_OK };
	struct call_page p = { .cursor = { .n = 0 } };
	struct target t;
	char name[TARGET_NAME_MAX];

	if (!cursor_read(c, &p.cursor) || !failed_read(c, &page.failed) ||
	    !query_time(c, "from", &page.from_ms) || !query_time(c, "to", &page.to_ms) ||
	    !target_param(c, &t))
		return;
	(void)snprintf(name, sizeof(name), "%s.%s", t.kind, t.slug);
	page.target = str_of(name);
	page.limit = (int)p.cursor.limit;
	if (page.to_ms == 0)
		page.to_ms = INT64_MAX;
	if (p.cursor.a != 0) {
		page.to_ms = p.cursor.a;
		page.message_id = p.cursor.b >> N_BITS;
		page.n = (int)(p.cursor.b & ((1 << N_BITS) - 1));
	}
	answer_rows_begin(c, &p.w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = peer_call_of(db, &page, call_row, &p, &e);
	store_reader_done(c->app->store, db);
	cursor_rows_end(c, &p.cursor, &p.w, rc, &e);
}

struct totals {
	struct call *c;
	struct db *db;
	struct jsonw w;
	struct peer_call_page page;
};

static enum rc total_row(void *arg, const struct target *t, struct err *e)
{
	struct totals *s = arg;
	char name[TARGET_NAME_MAX];
	int64_t calls, failed;

	if (t->company_id != s->c->who.company_id)
		return RC_OK;
	(void)snprintf(name, sizeof(name), "%s.%s", t->kind, t->slug);
	s->page.target = str_of(name);
	TRY(peer_call_count(s->db, &s->page, &calls, &failed, e));
	jsonw_object(&s->w);
	jsonw_ktext(&s->w, "part", name);
	jsonw_ki64(&s->w, "calls", calls);
	jsonw_ki64(&s->w, "failed", failed);
	jsonw_end(&s->w);
	return RC_OK;
}

void call_totals_get(struct call *c)
{
	struct totals s = { .c = c };
	struct err e = { .rc = RC_OK };

	s.page.to_ms = c->q->now_ms;
	s.page.from_ms = c->q->now_ms - TOTALS_MS;
	answer_begin(c, &s.w);
	jsonw_object(&s.w);
	jsonw_ktime(&s.w, "from", s.page.from_ms);
	jsonw_ktime(&s.w, "to", s.page.to_ms);
	jsonw_karray(&s.w, "data");
	s.db = store_reader(c->app->store);
	enum rc rc = target_each(s.db, total_row, &s, &e);
	store_reader_done(c->app->store, s.db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	jsonw_end(&s.w);
	jsonw_end(&s.w);
	answer_json(c, 200, &s.w);
}
