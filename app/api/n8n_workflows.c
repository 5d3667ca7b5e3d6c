/* n8n_workflows.c - POST and GET /api/v1/n8n/{slug}/workflows: our workflows in an n8n. Asking makes a job; the answer is
 * read by GET. */
#include "api/handlers.h"
#include "flow/n8n/n8n_import.h"
#include "store/chore.h"
#include "store/n8n_import.h"

struct wanting {
	const struct n8n_target *t;
	struct str workflow;
	const char *kind;
	bool use;
};

static const struct n8n_target *find(struct call *c)
{
	for (size_t i = 0; i < c->config->n8n_count; i++) {
		const struct n8n_target *t = &c->config->n8ns[i];

		if (str_eqc(c->q->param[0], t->slug) && t->company_id == c->who.company_id)
			return t;
	}
	problem(c, 404, "not-found", "There is no n8n with this name.");
	return NULL;
}

static void write_import(struct jsonw *w, const struct n8n_import *i)
{
	jsonw_object(w);
	jsonw_kstr(w, "workflow", i->workflow);
	jsonw_kstr(w, "state", i->state);
	jsonw_kstr(w, "detail", i->detail);
	jsonw_kstr(w, "workflow_id", i->workflow_id);
	jsonw_kstr(w, "webhook_url", i->webhook_url);
	jsonw_ktime(w, "wanted_at", i->wanted_ms);
	jsonw_ktime(w, "updated_at", i->updated_ms);
	jsonw_end(w);
}

static enum rc list_row(void *arg, const struct n8n_import *i, struct err *e)
{
	(void)e;
	write_import(arg, i);
	return RC_OK;
}

static void answer(struct call *c, const struct n8n_target *t, int status)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_rows_begin(c, &w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = n8n_import_each(db, t->id, list_row, &w, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, status, &w);
}

/* What an earlier import made stays known: the job takes it away. */
static enum rc want_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct wanting *x = arg;
	struct n8n_import row = { .target_id = x->t->id };
	char args[120];
	enum rc rc = n8n_import_get(tx->db, x->t->id, x->workflow, &a, &row, e);

	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	err_clear(e);
	(void)snprintf(args, sizeof(args), "{\"workflow\":\"%.*s\",\"use\":%s}", (int)x->workflow.n,
		       x->workflow.p,
		       x->use ? "true" : "false"); /* a name of the table: short and plain */
	row.target_id = x->t->id;
	row.workflow = x->workflow;
	row.state = STR("wanted");
	row.detail = STR_NONE;
	TRY(n8n_import_put(tx, &row, e));
	return chore_want(tx, &(struct chore){ x->kind, x->t->id, str_of(args) }, 0, NULL, e);
}

void n8n_workflow_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct wanting x = { .t = find(c) };
	struct err e = { .rc = RC_OK };

	if (x.t == NULL || !body_json(c, &root))
		return;
	x.workflow = json_get_str(root, "workflow");
	x.kind = n8n_import_kind(x.workflow);
	x.use = json_get_bool(root, "use", x.t->url.n == 0);
	if (x.kind == NULL)
		problem_field(c, 422, "workflow", "This has to be echo or dni.");
	else if (x.t->api_key.n == 0)
		problem_field(
			c, 422, "api_key",
			"The setting api_key of this n8n is missing: a key of its public API.");
	else if (x.t->reply_url.n == 0)
		problem_field(c, 422, "reply_url",
			      "The setting reply_url is missing: this box as n8n sees it.");
	else if (store_write(c->app->store, STORE_NORMAL, want_unit, &x, &e) != RC_OK)
		problem_err(c, &e);
	else
		answer(c, x.t, 202);
}

void n8n_workflow_list(struct call *c)
{
	const struct n8n_target *t = find(c);

	if (t != NULL)
		answer(c, t, 200);
}
