/* target_param.c - see target_param.h. */
#include "api/target_param.h"

struct wanted {
	struct str part;
	int64_t company_id;
	struct target *found;
	bool is;
};

static enum rc target_row(void *arg, const struct target *t, struct err *e)
{
	struct wanted *x = arg;
	char name[TARGET_NAME_MAX];

	(void)e;
	(void)snprintf(name, sizeof(name), "%s.%s", t->kind, t->slug);
	if (t->company_id != x->company_id || !str_eqc(x->part, name))
		return RC_OK;
	*x->found = *t;
	x->is = true;
	return RC_OK;
}

bool target_param(struct call *c, struct target *ret)
{
	struct wanted x = { .company_id = c->who.company_id, .found = ret };
	struct err e = { .rc = RC_OK };

	if (!query_str(c, "part", &x.part))
		return false;
	if (x.part.n == 0) {
		problem_field(c, 422, "part", "This has to name a part, like channel.main.");
		return false;
	}
	struct db *db = store_reader(c->app->store);
	enum rc rc = target_each(db, target_row, &x, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		problem_err(c, &e);
	else if (!x.is)
		problem(c, 404, "not-found", "There is no part with this name.");
	return rc == RC_OK && x.is;
}
