/* ingest_dry.c - see ingest_dry.h. */
#include "flow/ingest_dry.h"

#include "flow/ingest.h"

struct dry {
	struct parsed p;
	struct delivery_marks before, after;
	bool ran;
};

static enum rc dry_unit(struct tx *tx, void *arg, struct err *e)
{
	struct dry *d = arg;

	TRY(delivery_marks(tx->db, &d->before, e));
	TRY(ingest_apply(tx, &d->p, e));
	TRY(delivery_marks(tx->db, &d->after, e));
	d->ran = true;
	return FAIL(e, RC_REFUSED, "only looked at"); /* so that nothing of it remains */
}

static void count(const struct dry *d, struct ingest_dry *ret)
{
	const struct delivery_marks *a = &d->before, *b = &d->after;

	ret->more = (struct delivery_marks){ .messages = b->messages - a->messages,
					     .changes = b->changes - a->changes,
					     .contacts = b->contacts - a->contacts,
					     .conversations = b->conversations - a->conversations,
					     .events = b->events - a->events,
					     .written = b->written - a->written };
	ret->statuses = d->p.statuses;
	ret->known = d->p.duplicates;
}

static enum rc look(struct app *app, struct dry *d, struct arena *a, struct ingest_dry *ret,
		    struct err *e)
{
	const char *note;
	enum rc rc;

	if (d->p.fault == NULL) {
		rc = store_write(app->store, STORE_NORMAL, dry_unit, d, e);
		if (rc != RC_OK && !d->ran)
			return rc;
		err_clear(e);
		count(d, ret);
	}
	note = d->p.fault != NULL ? d->p.fault : d->p.bad_items > 0 ? d->p.trouble : d->p.note;
	if (note != NULL)
		ret->note = str_of(arena_dup(a, str_of(note)));
	return RC_OK;
}

enum rc ingest_dry(struct app *app, const struct delivery *d, struct arena *a,
		   struct ingest_dry *ret, struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(app);
	const struct job job = { .queue = QUEUE_WEBHOOKS, .ref = d->id };
	struct dry dry = {
		.p = { .app = app, .config = config, .job = &job, .delivery = *d, .careful = true }
	};
	struct worker w;
	enum rc rc;

	*ret = (struct ingest_dry){ .note = STR_NONE };
	worker_init(&w, app, QUEUE_WEBHOOKS);
	rc = ingest_parse(&w, &dry.p, e);
	if (rc == RC_OK)
		rc = look(app, &dry, a, ret, e);
	worker_release(&w);
	return rc;
}
