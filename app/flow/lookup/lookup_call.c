/* lookup_call.c - one HTTP exchange with the upstream of a connector. */
#include "base/clock.h"
#include "flow/lookup/lookup_priv.h"

#define HEADERS_MAX 16

static const char *const TYPES[] = {
	[PLACE_JSON] = "application/json",
	[PLACE_FORM] = "application/x-www-form-urlencoded",
	[PLACE_XML] = "text/xml; charset=utf-8",
};

void lookup_exchange_release(struct lookup_exchange *x)
{
	http_answer_release(&x->http);
	json_freep(&x->root);
}

/* A filled template in the work's arena. RC_INVALID: a value that its place cannot hold. */
static enum rc fill(struct lookup_work *k, struct str text, enum template_place place,
		    const struct template_values *values, struct str *ret, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);

	TRY(template_fill(text, place, values, &b, e));
	*ret = arena_str(&k->arena, sbuf_view(&b));
	return ret->p != NULL ? RC_OK : FAIL(e, RC_LIMIT, "no room for the request");
}

static enum rc fill_headers(struct lookup_work *k, const struct lookup_step *step,
			    const struct template_values *values, struct http_header *headers,
			    size_t *ret_n, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	if (step->headers.n == 0)
		return RC_OK;
	TRY(json_parse(step->headers, &root, e));
	for (const struct json *c = json_first(root); c != NULL; c = json_next(c)) {
		char *name = arena_dup(&k->arena, json_key(c));
		struct str value;

		if (*ret_n == HEADERS_MAX || name == NULL)
			return FAIL(e, RC_LIMIT, "too many headers");
		TRY(fill(k, json_str(c), PLACE_HEADER, values, &value, e));
		headers[(*ret_n)++] = (struct http_header){ name, value.p };
	}
	return RC_OK;
}

static bool names_type(const struct http_header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_ieq(str_of(headers[i].name), STR("Content-Type")))
			return true;
	}
	return false;
}

static enum rc make(struct lookup_work *k, const struct lookup_step *step,
		    const struct template_values *values, struct http_request *req, struct err *e)
{
	struct http_header *headers = arena_alloc(&k->arena, sizeof(*headers) * (HEADERS_MAX + 1));
	struct str url;

	if (headers == NULL)
		return FAIL(e, RC_LIMIT, "no room for the request");
	TRY(fill(k, step->url, PLACE_URL, values, &url, e));
	TRY(fill_headers(k, step, values, headers, &req->header_count, e));
	req->url = url.p;
	if (step->body.n > 0 && strcmp(step->method, "GET") != 0) {
		TRY(fill(k, step->body, step->place, values, &req->body, e));
		if (!names_type(headers, req->header_count))
			headers[req->header_count++] =
				(struct http_header){ "Content-Type", TYPES[step->place] };
	}
	req->headers = headers;
	return RC_OK;
}

/* What is left of the caller's time, at most the time of one call. */
static int64_t time_left_ms(const struct lookup_work *k)
{
	int64_t left = (k->until_mono_us - clock_mono_us()) / 1000;

	return i64_min(left, k->t->timeout_ms);
}

static void explain(struct lookup_work *k, enum rc rc, const struct err *e)
{
	if (rc == RC_REFUSED)
		lookup_fail(k, LOOKUP_DOWN,
			    "the address is in a private network (setting private_ok)");
	else if (rc == RC_INVALID)
		lookup_fail(k, LOOKUP_DOWN, "the address or a header is malformed");
	else
		lookup_fail(k, LOOKUP_DOWN, e->text);
}

enum rc lookup_call(struct lookup_work *k, const struct lookup_step *step,
		    const struct template_values *values, const char *keep_header,
		    struct lookup_exchange *x)
{
	struct http_request req = { .method = step->method,
				    .timeout_ms = time_left_ms(k),
				    .guard_private = !k->t->private_ok,
				    .keep_header = keep_header };
	struct err e = { .rc = RC_OK };
	enum rc rc = make(k, step, values, &req, &e);

	if (rc != RC_OK) {
		lookup_fail(k, rc == RC_INVALID ? LOOKUP_INVALID : LOOKUP_DOWN, e.text);
		return rc;
	}
	if (req.timeout_ms <= 0) {
		lookup_fail(k, LOOKUP_DOWN, "there was no time left for the call");
		return RC_RETRY;
	}
	rc = http_do(k->http, &req, &x->http, &e);
	if (rc != RC_OK) {
		explain(k, rc, &e);
		return rc;
	}
	if (json_parse(sbuf_view(&x->http.body), &x->root, NULL) != RC_OK)
		x->root = NULL;
	x->answer = (struct lookup_answer){ .status = x->http.status,
					    .body = sbuf_view(&x->http.body),
					    .root = x->root };
	return RC_OK;
}

bool lookup_holds(struct str conditions, const struct lookup_exchange *x)
{
	bool yes = false;

	return lookup_when(conditions, &x->answer, &yes, NULL) == RC_OK && yes;
}
