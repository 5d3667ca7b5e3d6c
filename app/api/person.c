/* person.c - what the box holds of one person: how much, and all of it as an archive for them. Erasing: erase.c. */
#include "flow/person.h"

#include "api/handlers.h"
#include "api/takeaway.h"
#include "store/conversation/contact.h"

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

static enum rc tar_write(void *what, struct tempo *pace, web_sink_fn *sink, void *sink_arg,
			 struct err *e)
{
	return person_write(what, pace, sink, sink_arg, e);
}

static void tar_close(void *what)
{
	person_close(what);
}

void person_export_get(struct call *c)
{
	struct person *p;

	if (!takeaway_begin(c, "contacts.export"))
		return;
	p = person_of_path(c);
	if (p == NULL) {
		takeaway_end(c->app);
		return;
	}
	(void)takeaway_answer(c, &(struct takeaway){ .name = person_name(p),
						     .bytes = -1,
						     .what = p,
						     .write = tar_write,
						     .close = tar_close });
}
