/* lookups.c - POST /query and the lookup connectors.
 *
 * A question that was understood is always answered with 200 and return_code, whatever the upstream did: the workflows of
 * source 001 branch on return_code, and an error status would end them. Only what is wrong with the call itself (token,
 * JSON, a connector that does not exist) leaves as a problem. */
#include "api/handlers.h"
#include "flow/lookup/lookup.h"
#include "flow/outside/outside.h"

static void answer(struct call *c, const struct lookup_result *r)
{
	char seconds[24];
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kbool(&w, "success", r->code == LOOKUP_FOUND);
	jsonw_kraw(&w, "data", r->data); /* none: null */
	jsonw_ki64(&w, "return_code", r->code);
	if (r->error[0] != '\0')
		jsonw_ktext(&w, "error", r->error);
	jsonw_end(&w);
	if (r->retry_after_ms > 0) {
		(void)snprintf(seconds, sizeof(seconds), "%lld",
			       (long long)((r->retry_after_ms + SECOND_MS - 1) / SECOND_MS));
		web_header(c->r, "Retry-After", str_of(seconds));
	}
	web_header(c->r, "Cache-Control", STR("no-store"));
	answer_json(c, 200, &w);
}

static void ask(struct call *c, struct str slug)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct lookup_target *t = config_lookup_slug(c->config, slug);
	struct lookup_result r;

	if (t == NULL) {
		problem(c, 404, "not-found", "There is no lookup connector with this name.");
		return;
	}
	if (!body_json(c, &root))
		return;
	if (c->app->lookups == NULL) {
		problem(c, 503, "busy", "Lookups do not run in this process.");
		return;
	}
	lookup_ask(c->app, t->slug, root, c->q->arena, &r);
	answer(c, &r);
}

void lookup_query_post(struct call *c)
{
	ask(c, setting_str(c->config->settings, "query_connector"));
}

void lookup_post(struct call *c)
{
	ask(c, c->q->param[0]);
}

static void write_inputs(struct jsonw *w, const struct lookup_target *t)
{
	static const char *const KINDS[] = { "digits", "alnum", "text" };

	jsonw_karray(w, "inputs");
	for (size_t i = 0; i < t->inputs.n; i++) {
		const struct lookup_input *in = &t->inputs.in[i];

		jsonw_object(w);
		jsonw_ktext(w, "name", in->name);
		jsonw_ktext(w, "kind", KINDS[in->kind]);
		jsonw_ki64(w, "low", in->low);
		jsonw_ki64(w, "high", in->high);
		jsonw_kbool(w, "optional", in->optional);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void write_one(struct call *c, struct jsonw *w, const struct lookup_target *t)
{
	struct outside_view o = { .state = BREAKER_CLOSED };
	struct lookup_view v;

	lookup_pool_view(c->app, t->id, &v);
	if (c->app->outside != NULL)
		(void)outside_view_get(c->app, t->id, &o); /* never called: closed is true */
	jsonw_object(w);
	jsonw_ktext(w, "name", t->slug);
	jsonw_ktext(w, "state",
		    t->fault[0] != '\0' ? "misconfigured" : breaker_state_text(o.state));
	jsonw_ktext(w, "fault", t->fault[0] != '\0' ? t->fault : NULL);
	write_inputs(w, t);
	jsonw_kobject(w, "answers");
	for (int i = 0; i < LOOKUP_CODES; i++)
		jsonw_ki64(w, lookup_code_name((enum lookup_code)i), v.by_code[i]);
	jsonw_end(w);
	jsonw_ki64(w, "cached", v.cached);
	jsonw_ki64(w, "logins", v.logins);
	jsonw_ki64(w, "logins_refused", v.logins_refused);
	jsonw_ktime(w, "session_expires_at", v.session_expires_ms);
	jsonw_end(w);
}

void lookup_list(struct call *c)
{
	struct jsonw w;

	answer_rows_begin(c, &w);
	for (size_t i = 0; i < c->config->lookup_count; i++)
		write_one(c, &w, &c->config->lookups[i]);
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
