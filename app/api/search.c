/* search.c - GET /api/v1/messages/search: messages with all of the words, newest first, each with its conversation. */
#include "store/search/search.h"

#include "api/cursor.h"
#include "api/handlers.h"
#include "api/veil.h"
#include "api/view.h"
#include "base/ids.h"

#define TYPED_MAX 200
#define ROW_ARENA (1 * MIB)

struct found_page {
	struct jsonw w; /* view.w */
	struct view view;
	struct cursor cursor;
};

static enum rc found_row(void *arg, int64_t message_id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_ARENA);
	struct found_page *p = arg;
	struct conversation v;
	struct message m;

	TRY(message_load(p->view.db, message_id, &a, &m, e));
	TRY(conversation_load(p->view.db, m.conversation_id, &a, &v, e));
	jsonw_object(p->view.w);
	TRY(view_message_event(&p->view, &m, e));
	jsonw_kstr(p->view.w, "contact_name", v.contact_name);
	jsonw_end(p->view.w);
	cursor_row(&p->cursor, 0, message_id);
	return RC_OK;
}

/* A conversation's id in the query; 0: none. False: answered. */
static bool conversation_query(struct call *c, int64_t *ret)
{
	int64_t created_ms;
	struct str text;

	*ret = 0;
	if (!query_str(c, "conversation_id", &text))
		return false;
	if (text.n == 0 || id_parse(text, &created_ms, ret))
		return true;
	problem_field(c, 422, "conversation_id", "There is no conversation with this id.");
	return false;
}

static enum rc page_write(struct call *c, struct found_page *p, const struct search *s,
			  struct err *e)
{
	int64_t messages, stale;
	struct jsonw *w = &p->w;

	p->view.w = w;
	answer_rows_begin(c, w);
	if (s->match.n > 0)
		TRY(search_each(p->view.db, s, found_row, p, e));
	jsonw_end(w);
	cursor_next(&p->cursor, w);
	TRY(search_waiting(p->view.db, &messages, &stale, e));
	jsonw_ki64(w, "not_indexed_yet", messages);
	jsonw_end(w);
	answer_json(c, 200, w);
	return RC_OK;
}

void message_search_get(struct call *c)
{
	AUTO(sbuf_release) struct sbuf match = SBUF(SEARCH_TEXT_MAX);
	struct found_page p = { .view = { .config = c->config } };
	struct search s = { .company_id = c->who.company_id };
	struct err e = { .rc = RC_OK };
	struct str typed;

	if (!cursor_read(c, &p.cursor) || !query_str(c, "q", &typed) ||
	    !conversation_query(c, &s.conversation_id))
		return;
	if (typed.n > TYPED_MAX) {
		problem_field(c, 422, "q", "This is too long to look for.");
		return;
	}
	if (!veil_search_ok(c, "q", typed))
		return;
	if (search_words(typed, &match))
		s.match = sbuf_view(&match);
	s.before_id = p.cursor.b;
	s.limit = (int)p.cursor.limit;
	p.view.db = store_reader(c->app->store);
	enum rc rc = page_write(c, &p, &s, &e);
	store_reader_done(c->app->store, p.view.db);
	if (rc != RC_OK)
		problem_err(c, &e);
}
