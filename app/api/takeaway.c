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

bool takeaway_note(struct call *c)
{
	struct err e = { .rc = RC_OK };

	log_event(LOG_INFO, "takeaway", "what", c->audit.action, NULL);
	if (__atomic_load_n(&c->app->damaged, __ATOMIC_RELAXED) ||
	    store_write(c->app->store, STORE_NORMAL, audit_row_unit, c, &e) == RC_OK)
		return true;
	problem_err(c, &e);
	return false;
}
