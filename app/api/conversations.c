/* conversations.c - the threads with their aggregates. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/veil.h"
#include "api/view.h"
#include "base/ids.h"

#define SEARCH_TYPED_MAX 200

#define READ_AGE_MS (30 * DAY_MS) /* WhatsApp marks nothing older */

struct conversation_page {
	struct view view;
	struct cursor cursor;
};

static enum rc conversation_row(void *arg, const struct conversation *v, struct err *e)
{
	struct conversation_page *p = arg;

	jsonw_object(p->view.w);
	TRY(view_conversation(&p->view, v, e));
	jsonw_end(p->view.w);
	cursor_row(&p->cursor, v->last_message_at, v->id);
	return RC_OK;
}

/* "me", "none" or the id of an account. False: answered. */
static bool assigned_read(struct call *c, struct str text, int64_t *ret)
{
	int64_t created_ms;

	*ret = 0;
	if (text.n == 0)
		return true;
	if (str_eqc(text, "none")) {
		*ret = -1;
		return true;
	}
	if (str_eqc(text, "me") && c->session.id != 0) {
		*ret = c->session.user_id;
		return true;
	}
	if (id_parse(text, &created_ms, ret) && *ret > 0)
		return true;
	problem_field(c, 422, "assigned", "This is me, none or the id of an account.");
	return false;
}

static bool channel_read(struct call *c, struct str slug, int64_t *ret)
{
	const struct channel *ch = slug.n > 0 ? config_channel_slug(c->config, slug) : NULL;

	*ret = ch != NULL ? ch->id : 0;
	if (slug.n == 0 || ch != NULL)
		return true;
	problem_field(c, 422, "channel", "There is no channel with this name.");
	return false;
}

static bool filter_read(struct call *c, struct conversation_filter *f)
{
	struct str unread, assigned, channel;

	if (!query_str(c, "search", &f->search) || !query_str(c, "unread", &unread) ||
	    !query_str(c, "status", &f->status) || !query_str(c, "label", &f->label) ||
	    !query_str(c, "assigned", &assigned) || !query_str(c, "channel", &channel))
		return false;
	if (f->search.n > SEARCH_TYPED_MAX) {
		problem_field(c, 422, "search", "This is too long to look for.");
		return false;
	}
	if (!veil_search_ok(c, "search", f->search))
		return false;
	f->unread_only = str_eqc(unread, "true") || str_eqc(unread, "1");
	return assigned_read(c, assigned, &f->assigned) && channel_read(c, channel, &f->channel_id);
}

void conversation_list(struct call *c)
{
	struct conversation_page p = { .view = { .config = c->config } };
	struct conversation_filter f = { 0 };
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	if (!cursor_read(c, &p.cursor) || !filter_read(c, &f))
		return;
	f.company_id = c->who.company_id;
	f.before_ms = p.cursor.a;
	f.before_id = p.cursor.b;
	f.limit = (int)p.cursor.limit;
	p.view.w = &w;
	answer_rows_begin(c, &w);
	p.view.db = store_reader(c->app->store);
	enum rc rc = conversation_each(p.view.db, &f, conversation_row, &p, &e);
	store_reader_done(c->app->store, p.view.db);
	cursor_rows_end(c, &p.cursor, &w, rc, &e);
}

bool conversation_of_path(struct call *c, struct conversation *ret)
{
	struct err e = { .rc = RC_OK };
	struct conversation_name name;

	if (!param_id(c, 0, &name.created_ms, &name.id))
		return false;
	struct db *db = store_reader(c->app->store);
	enum rc rc = conversation_load_named(db, &name, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK && ret->company_id == c->who.company_id)
		return true;
	if (rc == RC_OK || rc == RC_ABSENT)
		problem(c, 404, "not-found", "There is no conversation with this id.");
	else
		problem_err(c, &e);
	return false;
}

static enum rc one_write(struct call *c, struct db *db, const struct conversation *v, struct err *e)
{
	struct jsonw w;
	struct view view = { .w = &w, .db = db, .config = c->config };

	answer_begin(c, &w);
	jsonw_object(&w);
	TRY(view_conversation(&view, v, e));
	jsonw_end(&w);
	answer_json(c, 200, &w);
	return RC_OK;
}

void conversation_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct conversation v;

	if (!conversation_of_path(c, &v))
		return;
	struct db *db = store_reader(c->app->store);
	enum rc rc = one_write(c, db, &v, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		problem_err(c, &e);
}

void conversation_messages_get(struct call *c)
{
	struct conversation v;

	if (conversation_of_path(c, &v))
		message_of_conversation(c, v.id);
}

static enum rc read_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct conversation *v = arg;

	TRY(conversation_read(tx, v->id, e));
	return conversation_changed(tx, v->company_id, v->id, e);
}

/* Whether the customer sees it too: as the caller says, else as the channel is set. */
static bool shown_to_customer(struct call *c, const struct json *root, const struct conversation *v)
{
	const struct channel *ch = config_channel(c->config, v->channel_id);

	return json_get_bool(root, "whatsapp", ch != NULL && ch->read_receipts);
}

void conversation_typing_post(struct call *c)
{
	struct conversation v;
	struct jsonw w;

	if (!conversation_of_path(c, &v) || !message_conversation_act(c, &v, true))
		return;
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", v.created_ms, v.id);
	jsonw_end(&w);
	answer_json(c, 202, &w);
}

void conversation_read_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	struct conversation v;
	struct jsonw w;

	if (!body_json(c, &root) || !conversation_of_path(c, &v))
		return;
	if (shown_to_customer(c, root, &v) && v.last_inbound_ms > c->q->now_ms - READ_AGE_MS &&
	    !message_conversation_act(c, &v, false))
		return;
	if (v.unread_count > 0 &&
	    store_write(c->app->store, STORE_NORMAL, read_unit, &v, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", v.created_ms, v.id);
	jsonw_ki64(&w, "unread_count", 0);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
