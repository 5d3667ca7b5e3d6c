/* reveal.c - POST /api/v1/contacts/{id}/reveal: the numbers of one person in full, for whom they are masked elsewhere
 * (veil.h). The row in the audit log is part of it: without the row there is no answer. */
#include "api/handlers.h"
#include "api/state.h"
#include "api/veil.h"
#include "api/view.h"
#include "store/access/audit.h"

static enum rc reveal_unit(struct tx *tx, void *arg, struct err *e)
{
	(void)tx; /* the row of the rider is all that is written */
	(void)arg;
	(void)e;
	return RC_OK;
}

/* What was revealed within the hour before this start counts too: a restart hands out no second hour. */
static enum rc before_start(struct call *c, int64_t *ret_count, int64_t *ret_first_ms,
			    struct err *e)
{
	struct db *db = store_reader(c->app->store);
	/* A person's id is negative here (auth.c), so that it is no token's. */
	const struct audit_tally t = { .kind = c->who.id < 0 ? ACTOR_USER : ACTOR_TOKEN,
				       .actor_id = c->who.id < 0 ? -c->who.id : c->who.id,
				       .action = "contacts.reveal",
				       .from_ms = c->q->now_ms - HOUR_MS,
				       .to_ms = c->app->started_ms };
	enum rc rc = audit_count(db, &t, ret_count, ret_first_ms, e);

	store_reader_done(c->app->store, db);
	return rc;
}

static bool slowly(struct call *c)
{
	struct err e = { .rc = RC_OK };
	int64_t wait_ms, before, first_ms;
	char text[24];

	if (c->who.id == 0)
		return true;
	if (before_start(c, &before, &first_ms, &e) != RC_OK) {
		problem_err(c, &e);
		return false;
	}
	if (before >= REVEALS_PER_HOUR)
		wait_ms = first_ms + HOUR_MS - c->q->now_ms;
	else
		wait_ms = rate_take_hourly(&state_of(c->app)->reveals, c->who.id,
					   REVEALS_PER_HOUR - before, c->q->now_ms);
	if (wait_ms <= 0)
		return true;
	(void)snprintf(text, sizeof(text), "%lld", (long long)((wait_ms + 999) / 1000));
	web_header(c->r, "Retry-After", str_of(text));
	problem(c, 429, "slow-down", "So many numbers were revealed within an hour: wait.");
	return false;
}

void contact_reveal_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct view view = { .config = c->config };
	struct contact v;
	struct jsonw w;

	if (!contact_of_path(c, &v) || !slowly(c))
		return;
	if (store_write(c->app->store, STORE_NORMAL, reveal_unit, NULL, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	c->reveals = true;
	web_header(c->r, "Cache-Control", STR("no-store"));
	answer_begin(c, &w);
	view.w = &w;
	jsonw_object(&w);
	view_contact(&view, &v);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
