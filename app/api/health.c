/* health.c - /healthz: the process answers. /readyz: it can accept and commit; with reasons when not. */
#include "api/handlers.h"
#include "api/readiness.h"

void health_get(struct call *c)
{
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "status", "ok");
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

void health_ready_get(struct call *c)
{
	struct readiness r;
	const char *word, *text;
	struct jsonw w;
	bool ok;

	readiness_get(c->app, c->q->now_ms, &r);
	ok = readiness_ok(&r);
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "status", ok ? "ready" : "not ready");
	jsonw_karray(&w, "reasons");
	for (size_t i = 0; readiness_reason(&r, i, &word, &text); i++) {
		jsonw_object(&w);
		jsonw_ktext(&w, "reason", word);
		jsonw_ktext(&w, "detail", text);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, ok ? 200 : 503, &w);
}
