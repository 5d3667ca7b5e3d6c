/* support_agents.c - /api/v1/support/agents: who of the CRM writes at Chatwoot as whom (support_agent_mappings). */
#include "api/handlers.h"
#include "api/view.h"
#include "flow/chatwoot/chatwoot_setup.h"
#include "store/chore.h"
#include "store/chatwoot/support_agent.h"

static void write_agent(struct jsonw *w, const struct support_agent *a)
{
	jsonw_object(w);
	view_id(w, "id", a->created_ms, a->id);
	jsonw_kstr(w, "crm_user_id", a->crm_user_id);
	jsonw_ki64(w, "chatwoot_account_id", a->chatwoot_account_id);
	if (a->chatwoot_user_id > 0)
		jsonw_ki64(w, "chatwoot_user_id", a->chatwoot_user_id);
	else
		jsonw_ktext(w, "chatwoot_user_id", NULL);
	jsonw_kbool(w, "has_token", a->has_token);
	jsonw_kstr(w, "email", a->email);
	jsonw_kstr(w, "name", a->name);
	jsonw_kbool(w, "is_bot", a->is_bot);
	jsonw_kstr(w, "detail", a->detail);
	jsonw_ktime(w, "created_at", a->created_ms);
	jsonw_ktime(w, "updated_at", a->updated_ms);
	jsonw_end(w);
}

static enum rc list_row(void *arg, const struct support_agent *a, struct err *e)
{
	(void)e;
	write_agent(arg, a);
	return RC_OK;
}

void support_agent_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_rows_begin(c, &w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = support_agent_each(db, c->who.company_id, list_row, &w, &e);
	store_reader_done(c->app->store, db);
	answer_rows_end(c, &w, rc, &e);
}

/* The company's Chatwoot whose account this is; 0: the first. */
static const struct chatwoot_target *target_of(struct call *c, int64_t account_id)
{
	for (size_t i = 0; i < c->config->chatwoot_count; i++) {
		const struct chatwoot_target *t = &c->config->chatwoots[i];

		if (t->company_id == c->who.company_id && t->url.n > 0 &&
		    (account_id == 0 || t->account_id == account_id))
			return t;
	}
	return NULL;
}

struct putting {
	struct call *c;
	const struct chatwoot_target *t;
	struct support_agent row;
};

static enum rc put_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct putting *p = arg;

	TRY(support_agent_put(tx, p->c->app->seal_key, &p->row, e));
	if (p->t == NULL)
		return RC_OK;
	/* Who they are there, and their token where the Platform API gives it. */
	return chore_want(tx, &(struct chore){ CHATWOOT_PEOPLE_KIND, p->t->id, STR("{}") }, 0, NULL,
			  e);
}

static void answer_row(struct call *c, struct support_agent *row)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;
	struct db *db = store_reader(c->app->store);
	enum rc rc = support_agent_find(db, NULL, c->q->arena, row, &e);

	store_reader_done(c->app->store, db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	write_agent(&w, row);
	answer_json(c, 200, &w);
}

void support_agent_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct putting p = { .c = c };
	struct err e = { .rc = RC_OK };
	enum rc rc;

	if (!body_json(c, &root))
		return;
	p.t = target_of(c, json_get_i64_or(root, "chatwoot_account_id", 0));
	p.row = (struct support_agent){ .company_id = c->who.company_id,
					.crm_user_id = json_get_str(root, "crm_user_id"),
					.chatwoot_account_id =
						json_get_i64_or(root, "chatwoot_account_id",
								p.t != NULL ? p.t->account_id : 0),
					.chatwoot_user_id =
						json_get_i64_or(root, "chatwoot_user_id", 0),
					.token = json_get_str(root, "chatwoot_access_token"),
					.email = json_get_str(root, "email"),
					.name = json_get_str(root, "name"),
					.is_bot = json_get_bool(root, "is_bot", false) };
	c->audit.subject = p.row.crm_user_id;
	rc = store_write(c->app->store, STORE_NORMAL, put_unit, &p, &e);
	if (rc == RC_INVALID)
		problem(c, 422, "invalid", e.text);
	else if (rc != RC_OK)
		problem_err(c, &e);
	else
		answer_row(c, &p.row);
}

struct dropping {
	int64_t company_id, id;
};

static enum rc drop_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct dropping *d = arg;

	return support_agent_drop(tx, d->company_id, d->id, e);
}

void support_agent_delete(struct call *c)
{
	struct dropping d = { .company_id = c->who.company_id };
	struct err e = { .rc = RC_OK };
	int64_t created_ms;
	struct jsonw w;
	enum rc rc;

	if (!param_id(c, 0, &created_ms, &d.id))
		return;
	rc = store_write(c->app->store, STORE_NORMAL, drop_unit, &d, &e);
	if (rc == RC_ABSENT) {
		problem(c, 404, "not-found", "There is no mapping with this id.");
		return;
	}
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", created_ms, d.id);
	jsonw_kbool(&w, "deleted", true);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
