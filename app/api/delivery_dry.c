/* delivery_dry.c - see delivery_dry.h. */
#include "api/delivery_dry.h"

#include "api/view.h"
#include "flow/ingest_dry.h"

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

static void write_item(struct jsonw *w, const struct dry_item *it)
{
	jsonw_object(w);
	jsonw_ktext(w, "kind", it->kind);
	jsonw_kstr(w, "what", it->word.n > 0 ? it->word : STR_NONE);
	jsonw_ktext(w, "effect", it->effect);
	jsonw_kstr(w, "peer_id", it->peer_id.n > 0 ? it->peer_id : STR_NONE);
	view_id(w, "message_id", it->message_ms, it->message_id);
	jsonw_kstr(w, "why", it->why.n > 0 ? it->why : STR_NONE);
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

void delivery_dry(struct call *c, const struct delivery *d)
{
	struct err e = { .rc = RC_OK };
	struct ingest_dry dry;
	struct jsonw w;

	if (ingest_dry(c->app, d, c->q->arena, &dry, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", d->received_ms, d->id);
	jsonw_kbool(&w, "dry_run", true);
	write_new(&w, &dry.more);
	jsonw_ki64(&w, "statuses", dry.statuses);
	jsonw_ki64(&w, "known", dry.known);
	jsonw_ki64(&w, "rows_written", dry.more.written);
	jsonw_kstr(&w, "put_aside", dry.note);
	jsonw_karray(&w, "items");
	for (int i = 0; i < dry.item_count; i++)
		write_item(&w, &dry.items[i]);
	jsonw_end(&w);
	jsonw_ki64(&w, "items_left_off", dry.items_left_off);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
