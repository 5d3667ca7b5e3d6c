/* person.c - what the box holds of one person: how much, and all of it as an archive for them. Erasing: erase.c. */
#include "flow/person.h"

#include "api/handlers.h"
#include "api/takeaway.h"
#include "store/contact.h"

/* The person of the path; NULL: the problem is answered. */
static struct person *person_of_path(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct person *p = NULL;
	struct contact k;

	if (!contact_of_path(c, &k))
		return NULL;
	if (person_open(c->app, k.id, &p, &e) == RC_OK)
		return p;
	problem_err(c, &e);
	return NULL;
}

void person_holdings_get(struct call *c)
{
	struct person *p = person_of_path(c);
	struct err e = { .rc = RC_OK };
	struct person_counts n;
	struct jsonw w;
	enum rc rc;

	if (p == NULL)
		return;
	rc = person_count(p, &n, &e);
	person_close(p);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ki64(&w, "conversations", n.conversations);
	jsonw_ki64(&w, "messages", n.messages);
	jsonw_ki64(&w, "files", n.files);
	jsonw_ki64(&w, "file_bytes", n.file_bytes);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

struct handout {
	struct app *app;
	struct person *person;
	struct tempo pace;
};

static enum rc handout_push(void *arg, web_sink_fn *sink, void *sink_arg, struct err *e)
{
	struct handout *h = arg;
	enum rc rc = RC_OK;

	if (sink != NULL)
		rc = person_write(h->person, &h->pace, sink, sink_arg, e);
	person_close(TAKE(h->person));
	takeaway_end(h->app);
	return rc;
}

void person_export_get(struct call *c)
{
	struct handout *h = arena_alloc(c->q->arena, sizeof(*h));
	struct person *p = NULL;

	if (!takeaway_begin(c, "contacts.export"))
		return;
	if (h == NULL || (p = person_of_path(c)) == NULL || !takeaway_note(c)) {
		person_close(p);
		takeaway_end(c->app);
		if (h == NULL)
			problem(c, 503, "busy", "No memory for this request.");
		return;
	}
	*h = (struct handout){
		.app = c->app,
		.person = p,
		.pace = { .percent = (int)setting_i64(c->config->settings, "backup_pace"),
			  .stop = &c->app->stopping,
			  .others = store_commit_count(c->app->store) },
	};
	c->r->status = 200;
	c->r->content_type = "application/x-tar";
	web_header(c->r, "Content-Disposition",
		   str_of(arena_printf(c->q->arena, "attachment; filename=\"%s.tar\"",
				       person_name(p))));
	web_header(c->r, "Cache-Control", STR("no-store"));
	c->r->push = handout_push;
	c->r->push_arg = h;
	c->r->push_bytes = -1;
}
