/* takeaway.c - see takeaway.h. */
#include "api/takeaway.h"

#include <stdatomic.h>

#include "api/audit_row.h"
#include "api/auth.h"
#include "api/state.h"
#include "base/log.h"

bool takeaway_begin(struct call *c, const char *action)
{
	struct state *s = state_of(c->app);

	if (!auth_scope(c, SCOPE_MESSAGES_READ))
		return false;
	if (c->who.masked) {
		problem(c, 403, "forbidden",
			"What is in it has numbers in full: it is not for who sees them masked.");
		return false;
	}
	c->audit.action = action;
	if (atomic_fetch_add(&s->takeaways, 1) < TAKEAWAYS_MAX)
		return true;
	takeaway_end(c->app);
	web_header(c->r, "Retry-After", STR("60"));
	problem(c, 503, "busy", "Others are downloading already: try again in a minute.");
	return false;
}

void takeaway_end(struct app *app)
{
	int before = atomic_fetch_sub(&state_of(app)->takeaways, 1);

	ASSERT(before > 0);
}

static bool note(struct call *c)
{
	struct err e = { .rc = RC_OK };

	log_event(LOG_INFO, "takeaway", "what", c->audit.action, NULL);
	if (__atomic_load_n(&c->app->damaged, __ATOMIC_RELAXED) ||
	    store_write(c->app->store, STORE_NORMAL, audit_row_unit, c, &e) == RC_OK)
		return true;
	problem_err(c, &e);
	return false;
}

struct leaving {
	struct takeaway of;
	struct app *app;
	struct tempo pace;
};

static enum rc leave(void *arg, web_sink_fn *sink, void *sink_arg, struct err *e)
{
	struct leaving *l = arg;
	enum rc rc = RC_OK;

	if (sink != NULL)
		rc = l->of.write(l->of.what, &l->pace, sink, sink_arg, e);
	l->of.close(TAKE(l->of.what));
	takeaway_end(l->app);
	return rc;
}

bool takeaway_answer(struct call *c, const struct takeaway *t)
{
	struct leaving *l = arena_alloc(c->q->arena, sizeof(*l));

	ASSERT(l != NULL); /* a small piece of an arena that is nearly empty */
	*l = (struct leaving){
		.of = *t,
		.app = c->app,
		.pace = { .percent = (int)setting_i64(c->config->settings, "backup_pace"),
			  .stop = &c->app->stopping,
			  .others = store_commit_count(c->app->store) },
	};
	if (!note(c)) {
		t->close(t->what);
		takeaway_end(c->app);
		return false;
	}
	c->r->status = 200;
	c->r->content_type = "application/x-tar";
	web_header(c->r, "Content-Disposition",
		   str_of(arena_printf(c->q->arena, "attachment; filename=\"%s.tar\"", t->name)));
	web_header(c->r, "Cache-Control", STR("no-store"));
	c->r->push = leave;
	c->r->push_arg = l;
	c->r->push_bytes = t->bytes;
	return true;
}
