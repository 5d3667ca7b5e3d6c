/* route.c - the way of a request through the table: match, who, scope, handler. See route.h. */
#include "api/route.h"

#include "api/audit_row.h"
#include "api/auth.h"
#include "api/export.h"
#include "api/forward.h"
#include "api/match.h"
#include "api/veil.h"

void answer_begin(struct call *c, struct jsonw *w)
{
	sbuf_reset(&c->r->body);
	c->r->body_static = STR_NONE;
	jsonw_init(w, &c->r->body);
}

void answer_json(struct call *c, int status, struct jsonw *w)
{
	ASSERT(w->depth == 0);
	c->r->status = status;
	c->r->content_type = "application/json";
}

void answer_rows_begin(struct call *c, struct jsonw *w)
{
	answer_begin(c, w);
	jsonw_object(w);
	jsonw_karray(w, "data");
}

void answer_rows_end(struct call *c, struct jsonw *w, enum rc rc, const struct err *e)
{
	if (rc != RC_OK) {
		problem_err(c, e);
		return;
	}
	jsonw_end(w);
	jsonw_ktext(w, "next", NULL);
	jsonw_end(w);
	answer_json(c, 200, w);
}

static bool may_run(struct call *c)
{
	switch (c->route->who) {
	case WHO_ANYONE:
	case WHO_SIGNED:
		return true;
	case WHO_TOKEN:
		return auth_scope(c, c->route->scope);
	}
	BUG("a route without a caller");
}

/* Numbers are masked before anything else is made of the answer. */
static void run(struct call *c)
{
	c->route->run(c);
	if (c->who.masked && !c->reveals && c->r->body_static.p == NULL)
		veil_json(c->r->body.p, c->r->body.n);
}

static void serve(struct call *c, const struct match *m)
{
	for (size_t i = 0; i < m->params; i++)
		c->q->param[i] = m->param[i];
	c->route = m->route;
	if (c->route->body_max > 0 && c->q->content_length > (int64_t)c->route->body_max) {
		c->r->close = true;
		problem(c, 413, "too-long", "The body is longer than this address takes.");
		return;
	}
	/* Nothing can be changed then, and a caller should not think that its token is the reason. */
	if (c->route->who == WHO_TOKEN && strcmp(c->q->method, "GET") != 0 &&
	    __atomic_load_n(&c->app->damaged, __ATOMIC_RELAXED)) {
		problem(c, 503, "damaged",
			"The database of this box is damaged: nothing is changed until a backup is "
			"restored.");
		return;
	}
	if (!may_run(c))
		return;
	struct store_rider rider = { .unit = audit_row_unit, .arg = c };
	if (audit_row_wanted(c->route))
		store_ride(&rider);
	export_run(c, run);
	store_ride(NULL);
}

void route_handle(void *arg, struct req *q, struct res *r)
{
	struct app *app = arg;
	AUTO(config_putp) const struct config *config = config_get(app);
	struct call c = { .app = app, .config = config, .q = q, .r = r };
	struct match m;
	size_t count;
	const struct route *rows = route_table(&count);

	_Static_assert(COUNT(m.param) == COUNT(q->param), "the same parameters");
	if (r->headers.max == 0)
		r->headers.max = 32 * KIB; /* made by hand: tests, simulator, CLI */
	if (r->body.max == 0)
		r->body.max = WEB_RESPONSE_MAX;
	forward_apply(config->settings, q);
	if (q->secure)
		web_header(r, "Strict-Transport-Security", STR("max-age=31536000"));
	switch (match_find(rows, count, q, &m)) {
	case RC_OK:
		serve(&c, &m);
		break;
	case RC_REFUSED:
		web_header(r, "Allow", str_of(m.allow));
		problem(&c, 405, "method-not-allowed", "This address does not know that method.");
		break;
	case RC_ABSENT:
	case RC_CONFLICT:
	case RC_INVALID:
	case RC_LIMIT:
	case RC_RETRY:
	case RC_UNKNOWN:
	case RC_IO:
	case RC_COUNT:
		problem(&c, 404, "not-found", "There is nothing at this address.");
		break;
	}
	ASSERT(r->status != 0);
}
