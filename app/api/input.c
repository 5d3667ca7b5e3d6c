/* input.c - what a handler reads from its request. Each function answers the problem itself. */
#include "api/route.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/ids.h"

static bool is_json(struct str type)
{
	struct str base;

	if (type.p == NULL || !str_cut(&type, ';', &base))
		return true; /* not said: the parser decides */
	base = str_trim(base);
	return str_ieq(base, STR("application/json")) || str_ends(base, STR("+json"));
}

bool body_json(struct call *c, struct json **ret_root)
{
	AUTO(json_freep) struct json *root = NULL;
	struct err e = { .rc = RC_OK };
	enum rc rc = web_body(c->q, c->route->body_max, &e);

	if (rc == RC_LIMIT) {
		c->r->close = true;
		problem(c, 413, "too-long", e.text);
		return false;
	}
	if (rc != RC_OK) {
		problem(c, 400, "bad-request", e.text);
		return false;
	}
	if (c->q->body.n > 0 && !is_json(web_req_header(c->q, "Content-Type"))) {
		problem(c, 415, "not-json", "Content-Type has to be application/json.");
		return false;
	}
	if (json_parse(c->q->body.n > 0 ? c->q->body : STR("{}"), &root, &e) != RC_OK) {
		problem(c, 400, "not-json", e.text);
		return false;
	}
	if (json_kind(root) != JSON_OBJECT) {
		problem(c, 422, "invalid", "The body has to be a JSON object.");
		return false;
	}
	*ret_root = TAKE(root);
	return true;
}

bool query_str(struct call *c, const char *name, struct str *ret)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(WEB_QUERY_MAX);

	*ret = STR_NONE;
	switch (enc_query_get(c->q->query, str_of(name), &b)) {
	case QUERY_ABSENT:
		return true;
	case QUERY_FOUND:
		*ret = arena_str(c->q->arena, sbuf_view(&b));
		if (ret->p != NULL && enc_utf8_ok(*ret))
			return true;
		break;
	case QUERY_MALFORMED:
		break;
	}
	problem_field(c, 422, name, "This text is malformed or too long.");
	return false;
}

bool query_i64(struct call *c, const char *name, int64_t otherwise, int64_t low, int64_t high,
	       int64_t *ret)
{
	struct str text;
	char detail[100];

	if (!query_str(c, name, &text))
		return false;
	if (text.p == NULL) {
		*ret = otherwise;
		return true;
	}
	if (str_i64(text, low, high, ret))
		return true;
	(void)snprintf(detail, sizeof(detail), "This has to be a whole number from %lld to %lld.",
		       (long long)low, (long long)high);
	problem_field(c, 422, name, detail);
	return false;
}

bool param_id(struct call *c, int i, int64_t *ret_created_ms, int64_t *ret_rowid)
{
	ASSERT(i >= 0 && (size_t)i < COUNT(c->q->param));
	if (id_parse(c->q->param[i], ret_created_ms, ret_rowid))
		return true;
	problem(c, 404, "not-found", "There is nothing with this id.");
	return false;
}

bool query_time(struct call *c, const char *name, int64_t *ret_ms)
{
	struct str text;

	*ret_ms = 0;
	if (!query_str(c, name, &text))
		return false;
	if (text.n == 0 || (clock_parse(text, ret_ms) && *ret_ms > 0))
		return true;
	problem_field(c, 422, name, "This has to be a time like 2026-01-05T10:00:00Z.");
	return false;
}

bool query_lang(struct call *c, enum lang *ret)
{
	struct str lang;

	if (!query_str(c, "lang", &lang))
		return false;
	*ret = lang_accept(web_req_header(c->q, "Accept-Language"), LANG_EN);
	if (lang.n == 0 || lang_parse(lang, ret))
		return true;
	problem_field(c, 422, "lang", "This is en, es or pt.");
	return false;
}
