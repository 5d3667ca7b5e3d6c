/* receipts.c - /api/v1/receipts: what came of outages, and what each number counts. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/target_param.h"
#include "api/view.h"
#include "store/queue/queue.h"
#include "store/receipt_item.h"

#define MESSAGE_ARENA (256 * KIB)
#define PARTS_MAX     2
#define NO_RECEIPT    "There is no receipt with this id (any more)."

static void receipt_members(struct jsonw *w, const struct receipt *r)
{
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
}

struct receipt_page {
	struct jsonw w;
	struct cursor cursor;
	int64_t only_id; /* 0: all */
	bool found;
};

static enum rc receipt_row(void *arg, const struct receipt *r, struct err *e)
{
	struct receipt_page *p = arg;

	(void)e;
	if (p->only_id != 0 && r->id != p->only_id)
		return RC_OK;
	jsonw_object(&p->w);
	receipt_members(&p->w, r);
	jsonw_end(&p->w);
	p->found = true;
	cursor_row(&p->cursor, 0, r->id);
	return RC_OK;
}

void receipt_list(struct call *c)
{
	struct receipt_page p = { .only_id = 0 };
	struct err e = { .rc = RC_OK };

	if (!cursor_read(c, &p.cursor))
		return;
	answer_rows_begin(c, &p.w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = receipt_each(db, p.cursor.b, (int)p.cursor.limit, receipt_row, &p, &e);
	store_reader_done(c->app->store, db);
	cursor_rows_end(c, &p.cursor, &p.w, rc, &e);
}

static bool receipt_param(struct call *c, int64_t *ret)
{
	if (str_i64(c->q->param[0], 1, INT64_MAX - 1, ret))
		return true;
	problem(c, 404, "not-found", NO_RECEIPT);
	return false;
}

void receipt_get(struct call *c)
{
	struct receipt_page p = { .only_id = 0 };
	struct err e = { .rc = RC_OK };

	if (!receipt_param(c, &p.only_id))
		return;
	answer_begin(c, &p.w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = receipt_each(db, p.only_id + 1, 1, receipt_row, &p, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		problem_err(c, &e);
	else if (!p.found)
		problem(c, 404, "not-found", NO_RECEIPT);
	else
		answer_json(c, 200, &p.w);
}

/* ---- what a number counts ---- */

/* A number is one list or two, one behind the other. The place in it: which of them from 1, and the id in it. */
static const struct number {
	const char *name;
	enum receipt_item_state part[PARTS_MAX];
	int n;
} NUMBERS[] = {
	{ "recovered", { RECEIPT_ITEM_ALL, RECEIPT_ITEM_CAUGHT }, 2 },
	{ "answered", { RECEIPT_ITEM_DONE, RECEIPT_ITEM_CAUGHT }, 2 },
	{ "open", { RECEIPT_ITEM_OPEN }, 1 },
	{ "waits_for_person", { RECEIPT_ITEM_DEAD, RECEIPT_ITEM_UNKNOWN }, 2 },
	{ "caught_up", { RECEIPT_ITEM_CAUGHT }, 1 },
};

struct item_page {
	struct call *c;
	struct view view;
	struct jsonw w;
	struct cursor cursor;
	const struct number *of;
	int part;
};

static bool number_read(struct call *c, const struct number **ret)
{
	struct str of;

	if (!query_str(c, "of", &of))
		return false;
	*ret = of.n == 0 ? &NUMBERS[0] : NULL;
	for (size_t i = 0; i < COUNT(NUMBERS); i++)
		*ret = str_eqc(of, NUMBERS[i].name) ? &NUMBERS[i] : *ret;
	if (*ret != NULL)
		return true;
	problem_field(c, 422, "of",
		      "This has to be recovered, answered, open, waits_for_person or caught_up.");
	return false;
}

/* The member "message": what there still is of it. */
static enum rc item_message(struct item_page *p, int64_t id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(MESSAGE_ARENA);
	enum rc rc = RC_ABSENT;
	struct message m;

	jsonw_key(&p->w, "message");
	if (id != 0)
		rc = message_load(p->view.db, id, &a, &m, e);
	if (rc == RC_ABSENT || (rc == RC_OK && m.company_id != p->c->who.company_id)) {
		err_clear(e);
		jsonw_null(&p->w);
		return RC_OK;
	}
	TRY(rc);
	jsonw_object(&p->w);
	TRY(view_message_event(&p->view, &m, e));
	jsonw_end(&p->w);
	return RC_OK;
}

static enum rc item_row(void *arg, const struct receipt_item *i, struct err *e)
{
	static const char *const STATES[] = { NULL,   "open",      "dead_letter",
					      "done", "caught_up", "unknown" };
	struct item_page *p = arg;
	bool job = i->state < RECEIPT_ITEM_CAUGHT;
	char id[24];

	(void)snprintf(id, sizeof(id), "%lld", (long long)i->id);
	jsonw_object(&p->w);
	jsonw_ktext(&p->w, "state", STATES[i->state]);
	jsonw_ktext(&p->w, "queue", job ? queue_name(i->queue) : NULL);
	jsonw_ktext(&p->w, "job_id", job ? id : NULL);
	view_id(&p->w, "delivery_id", i->delivery_ms, i->delivery_ms > 0 ? i->delivery_id : 0);
	view_id(&p->w, "dead_letter_id", i->deadletter_ms, i->deadletter_id);
	TRY(item_message(p, i->message_id, e));
	jsonw_end(&p->w);
	cursor_row(&p->cursor, p->part + 1, i->id);
	return RC_OK;
}

static enum rc items_each(struct item_page *p, int64_t receipt_id, struct err *e)
{
	int64_t after_id = p->cursor.b;

	for (; p->part < p->of->n && p->cursor.n < p->cursor.limit; p->part++) {
		const struct receipt_item_page page = {
			.receipt_id = receipt_id,
			.after_id = after_id,
			.state = p->of->part[p->part],
			.limit = (int)(p->cursor.limit - p->cursor.n),
		};

		TRY(receipt_item_each(p->view.db, &page, item_row, p, e));
		after_id = 0;
	}
	return RC_OK;
}

static enum rc id_row(void *arg, const struct receipt *r, struct err *e)
{
	int64_t *found = arg;

	(void)e;
	*found = r->id;
	return RC_OK;
}

/* Absent: there is no such receipt. */
static enum rc receipt_known(struct db *db, int64_t id, struct err *e)
{
	int64_t found = 0;

	TRY(receipt_each(db, id + 1, 1, id_row, &found, e));
	return found == id ? RC_OK : FAIL(e, RC_ABSENT, "%s", NO_RECEIPT);
}

void receipt_item_list(struct call *c)
{
	struct item_page p = { .c = c, .view = { .config = c->config } };
	struct err e = { .rc = RC_OK };
	int64_t id;

	if (!receipt_param(c, &id) || !cursor_read(c, &p.cursor) || !number_read(c, &p.of))
		return;
	p.part = (int)i64_min(i64_max(p.cursor.a - 1, 0), PARTS_MAX);
	p.view.w = &p.w;
	answer_rows_begin(c, &p.w);
	p.view.db = store_reader(c->app->store);
	enum rc rc = items_each(&p, id, &e);
	if (rc == RC_OK && p.cursor.n == 0)
		rc = receipt_known(p.view.db, id, &e);
	store_reader_done(c->app->store, p.view.db);
	cursor_rows_end(c, &p.cursor, &p.w, rc, &e);
}

/* ---- what was found by asking, of one part ---- */

void recovered_list(struct call *c)
{
	struct item_page p = { .c = c, .view = { .config = c->config } };
	struct receipt_item_page page = { .state = RECEIPT_ITEM_CAUGHT };
	struct err e = { .rc = RC_OK };
	struct target t;

	if (!cursor_read(c, &p.cursor) || !target_param(c, &t))
		return;
	page.after_id = p.cursor.b;
	page.limit = (int)p.cursor.limit;
	p.view.w = &p.w;
	answer_rows_begin(c, &p.w);
	p.view.db = store_reader(c->app->store);
	enum rc rc = receipt_caught_each(p.view.db, t.id, &page, item_row, &p, &e);
	store_reader_done(c->app->store, p.view.db);
	cursor_rows_end(c, &p.cursor, &p.w, rc, &e);
}
