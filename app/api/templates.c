/* templates.c - /api/v1/templates: what may be sent when the 24-hour window is closed. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/view.h"
#include "flow/send/template_sync.h"
#include "flow/send/template_use.h"
#include "store/channel/wa_template.h"

struct templates {
	struct jsonw w;
	struct cursor cursor;
	struct wa_template_filter filter;
};

static enum rc template_row(void *arg, const struct wa_template *t, struct err *e)
{
	struct templates *p = arg;
	struct jsonw *w = &p->w;
	const char *why = template_unusable(t->status);

	(void)e;
	jsonw_object(w);
	view_id(w, "id", t->created_ms, t->id);
	jsonw_kstr(w, "waba_id", t->waba_id);
	jsonw_kstr(w, "name", t->name);
	jsonw_kstr(w, "language", t->language);
	jsonw_kstr(w, "status", t->status);
	jsonw_kbool(w, "usable", why == NULL);
	jsonw_ktext(w, "why", why);
	jsonw_kstr(w, "reason", t->reason);
	jsonw_kstr(w, "category", t->category);
	jsonw_kstr(w, "quality", t->quality);
	jsonw_kraw(w, "components", t->components);
	jsonw_ktime(w, "updated_at", t->updated_ms);
	jsonw_end(w);
	cursor_row(&p->cursor, t->id, t->id);
	return RC_OK;
}

/* The channel that the query names; without one *ret is NULL: all. */
static bool channel_asked(struct call *c, const struct channel **ret)
{
	struct str slug;

	*ret = NULL;
	if (!query_str(c, "channel", &slug))
		return false;
	if (slug.p == NULL)
		return true;
	*ret = config_channel_slug(c->config, slug);
	if (*ret != NULL && (*ret)->company_id == c->who.company_id)
		return true;
	problem_field(c, 422, "channel", "There is no channel with this name.");
	return false;
}

static enum rc list(struct call *c, struct templates *p, const struct channel *ch, struct err *e)
{
	struct db *db = store_reader(c->app->store);
	int64_t synced_ms = 0;
	enum rc rc;

	answer_rows_begin(c, &p->w);
	rc = wa_template_each(db, &p->filter, template_row, p, e);
	if (rc == RC_OK && ch != NULL)
		rc = wa_template_synced_ms(db, ch->waba_id, &synced_ms, e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		return rc;
	jsonw_end(&p->w);
	if (ch != NULL)
		jsonw_ktime(&p->w, "synced_at", synced_ms);
	cursor_next(&p->cursor, &p->w);
	jsonw_end(&p->w);
	answer_json(c, 200, &p->w);
	return RC_OK;
}

void template_list(struct call *c)
{
	struct templates p = { .filter = { .company_id = c->who.company_id } };
	const struct channel *ch;
	struct err e = { .rc = RC_OK };

	if (!cursor_read(c, &p.cursor) || !channel_asked(c, &ch) ||
	    !query_str(c, "status", &p.filter.status) || !query_str(c, "name", &p.filter.search))
		return;
	if (ch != NULL)
		p.filter.waba_id = ch->waba_id.n > 0 ? ch->waba_id : STR("-");
	p.filter.after_id = p.cursor.a;
	p.filter.limit = (int)p.cursor.limit;
	if (list(c, &p, ch, &e) != RC_OK)
		problem_err(c, &e);
}

struct sync {
	const struct config *config;
	const struct channel *one; /* NULL: all */
	int64_t company_id;
	int count;
};

static enum rc sync_unit(struct tx *tx, void *arg, struct err *e)
{
	struct sync *s = arg;

	s->count = 0;
	for (size_t i = 0; i < s->config->channel_count; i++) {
		const struct channel *ch = &s->config->channels[i];

		if ((s->one != NULL && ch != s->one) || ch->company_id != s->company_id ||
		    ch->waba_id.n == 0 || ch->token.n == 0 || strcmp(ch->provider, "meta") != 0)
			continue;
		TRY(template_sync_want(tx, ch, e));
		s->count++;
	}
	return RC_OK;
}

void template_sync_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct sync s = { .config = c->config, .company_id = c->who.company_id };
	struct err e = { .rc = RC_OK };
	const struct json *channel;
	struct jsonw w;

	if (!body_json(c, &root))
		return;
	channel = json_get(root, "channel");
	if (channel != NULL) {
		s.one = config_channel_slug(c->config, json_str(channel));
		if (s.one == NULL || s.one->company_id != c->who.company_id) {
			problem_field(c, 422, "channel", "There is no channel with this name.");
			return;
		}
	}
	if (store_write(c->app->store, STORE_NORMAL, sync_unit, &s, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	if (s.count == 0) {
		problem(c, 409, "conflict",
			"No channel has a WhatsApp business account with templates.");
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ki64(&w, "channels", s.count);
	jsonw_end(&w);
	answer_json(c, 202, &w);
}
