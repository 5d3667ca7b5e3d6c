/* chatwoot.c - /api/v1/chatwoot: how each Chatwoot is set up, what works on its version, what its operator has to know; and
 * POST .../setup, which makes a job (flow/chatwoot/chatwoot_setup.h). */
#include "api/handlers.h"
#include "flow/chatwoot/chatwoot_setup.h"
#include "store/chatwoot/chatwoot_setup.h"
#include "store/chore.h"
#include "store/setup.h"

static void write_gates(struct jsonw *w, struct str version, enum lang lang)
{
	jsonw_karray(w, "capabilities");
	for (int i = 0; i < CHATWOOT_GATES && version.n > 0; i++) {
		enum chatwoot_gate g = (enum chatwoot_gate)i;
		char since[24];

		chatwoot_gate_since(g, since, sizeof(since));
		jsonw_object(w);
		jsonw_ktext(w, "name", chatwoot_gate_name(g));
		jsonw_ktext(w, "since", since);
		jsonw_kbool(w, "works", chatwoot_gate_open(g, version));
		jsonw_ktext(w, "text", chatwoot_gate_text(g, lang));
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void write_warnings(struct jsonw *w, const struct json *found, enum lang lang)
{
	jsonw_karray(w, "warnings");
	for (const struct json *n = json_first(json_get(found, "warnings")); n != NULL;
	     n = json_next(n)) {
		AUTO(sbuf_release) struct sbuf text = SBUF(8 * KIB);
		enum chatwoot_warning which;

		if (!chatwoot_warning_parse(json_get_str(n, "warning"), &which))
			continue;
		chatwoot_warning_text(which, lang, json_get_str(n, "about"), &text);
		jsonw_object(w);
		jsonw_ktext(w, "name", chatwoot_warning_name(which));
		jsonw_kstr(w, "text", sbuf_view(&text));
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void write_member(struct jsonw *w, const struct json *found, const char *key)
{
	AUTO(sbuf_release) struct sbuf part = SBUF(256 * KIB);
	const struct json *n = json_get(found, key);

	if (n != NULL)
		json_print(n, &part);
	jsonw_kraw(w, key, sbuf_view(&part));
}

/* What went wrong, in the reader's language; without a code (weather, another version) as it was written. */
static void write_detail(struct jsonw *w, const struct json *found, struct str detail,
			 enum lang lang)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(8 * KIB);
	const struct json *trouble = json_get(found, "trouble");
	enum setup_code code;

	if (detail.n > 0 && setup_code_parse(json_get_str(trouble, "code"), &code)) {
		setup_text(code, json_get_str(trouble, "about"), lang, &text);
		detail = sbuf_view(&text);
	}
	jsonw_kstr(w, "detail", detail);
}

static void write_target(struct jsonw *w, const struct chatwoot_target *t,
			 const struct chatwoot_setup_row *row, enum lang lang)
{
	AUTO(json_freep) struct json *found = NULL;
	struct str version = t->version.n > 0 ? t->version : row->version;

	if (row->found.n > 0 && json_parse(row->found, &found, NULL) != RC_OK)
		found = NULL; /* nothing was found yet */
	jsonw_object(w);
	jsonw_ktext(w, "name", t->slug);
	jsonw_ktext(w, "state",
		    row->state.n > 0                  ? row->state.p
		    : t->url.n > 0 && t->inbox_id > 0 ? "by_hand"
						      : "todo");
	write_detail(w, found, row->detail, lang);
	jsonw_kstr(w, "url", t->url);
	jsonw_kstr(w, "version", version);
	jsonw_ki64(w, "account_id", t->account_id);
	jsonw_ki64(w, "inbox_id", t->inbox_id);
	jsonw_ktime(w, "wanted_at", row->wanted_ms);
	jsonw_ktime(w, "updated_at", row->updated_ms);
	write_member(w, found, "accounts");
	write_member(w, found, "inbox");
	write_warnings(w, found, lang);
	write_gates(w, version, lang);
	jsonw_end(w);
}

static bool load(struct call *c, const struct chatwoot_target *t, struct chatwoot_setup_row *ret)
{
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(c->app->store);
	enum rc rc = chatwoot_setup_get(db, t->id, c->q->arena, ret, &e);

	store_reader_done(c->app->store, db);
	if (rc == RC_OK)
		return true;
	*ret = (struct chatwoot_setup_row){ .target_id = t->id };
	if (rc == RC_ABSENT)
		return true;
	problem_err(c, &e);
	return false;
}

void chatwoot_list(struct call *c)
{
	struct chatwoot_setup_row row;
	enum lang lang;
	struct jsonw w;

	if (!query_lang(c, &lang))
		return;
	answer_rows_begin(c, &w);
	for (size_t i = 0; i < c->config->chatwoot_count; i++) {
		const struct chatwoot_target *t = &c->config->chatwoots[i];

		if (t->company_id != c->who.company_id)
			continue;
		if (!load(c, t, &row))
			return;
		write_target(&w, t, &row, lang);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

static const struct chatwoot_target *find(const struct config *config, struct call *c)
{
	const struct chatwoot_target *t = config_chatwoot_slug(config, c->q->param[0]);

	return t != NULL && t->company_id == c->who.company_id ? t : NULL;
}

static void answer_one(struct call *c, const struct config *config, int status)
{
	const struct chatwoot_target *t = find(config, c);
	struct chatwoot_setup_row row;
	enum lang lang;
	struct jsonw w;

	if (!query_lang(c, &lang))
		return;
	if (t == NULL) {
		problem(c, 404, "not-found", "There is no Chatwoot with this name.");
		return;
	}
	if (!load(c, t, &row))
		return;
	answer_begin(c, &w);
	write_target(&w, t, &row, lang);
	answer_json(c, status, &w);
}

void chatwoot_get(struct call *c)
{
	answer_one(c, c->config, 200);
}

/* ---- asking for it ---- */

struct asking {
	const struct chatwoot_target *t;
	struct str args;
};

static enum rc ask_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct asking *a = arg;
	struct chatwoot_setup_row row = { .target_id = a->t->id, .state = STR("wanted") };

	TRY(chatwoot_setup_put(tx, &row, e));
	return chore_want(tx, &(struct chore){ CHATWOOT_SETUP_KIND, a->t->id, a->args }, 0, NULL,
			  e);
}

/* url and token are settings like others: what is not given stays. */
static bool keep_settings(struct call *c, const struct json *root)
{
	static const char *const keys[] = { "url", "token", "platform_token", "language",
					    "webhook_base" };
	struct setting_change changes[COUNT(keys)];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(keys); i++) {
		struct str v = json_get_str(root, keys[i]);
		char *key = arena_printf(c->q->arena, "chatwoot.%.*s.%s", STRF(c->q->param[0]),
					 keys[i]);

		if (v.n > 0 && key != NULL)
			changes[n++] = (struct setting_change){ str_of(key), v };
	}
	return setting_apply(c, changes, n);
}

static void write_args(const struct chatwoot_target *t, const struct json *root, struct sbuf *to)
{
	int64_t account = json_get_i64_or(root, "account_id", 0);
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_kstr(&w, "webhook_base", t->webhook_base);
	if (json_get_str(root, "inbox_name").n > 0)
		jsonw_kstr(&w, "inbox_name", json_get_str(root, "inbox_name"));
	if (account == 0 && t->inbox_id > 0)
		account = t->account_id; /* set up before: the same one */
	if (account > 0)
		jsonw_ki64(&w, "account_id", account);
	jsonw_end(&w);
}

void chatwoot_setup_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	AUTO(sbuf_release) struct sbuf args = SBUF(4 * KIB);
	AUTO(config_putp) const struct config *config = NULL;
	struct asking a = { .t = NULL };
	struct err e = { .rc = RC_OK };

	if (!body_json(c, &root) || !keep_settings(c, root))
		return;
	config = config_get(c->app);
	a.t = find(config, c);
	if (a.t == NULL || a.t->url.n == 0) {
		problem_field(c, 422, "url", "The address of Chatwoot is needed.");
		return;
	}
	if (a.t->token.n == 0) {
		problem_field(c, 422, "token", "The token of an administrator is needed.");
		return;
	}
	if (chatwoot_admin_host(a.t->webhook_base).n == 0) {
		problem_field(c, 422, "webhook_base",
			      "The address of this box as Chatwoot sees it is needed: "
			      "http(s)://host[:port].");
		return;
	}
	write_args(a.t, root, &args);
	a.args = sbuf_view(&args);
	if (store_write(c->app->store, STORE_NORMAL, ask_unit, &a, &e) != RC_OK)
		problem_err(c, &e);
	else
		answer_one(c, config, 202);
}
