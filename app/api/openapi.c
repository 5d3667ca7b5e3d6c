/* openapi.c - GET /openapi.json: the OpenAPI 3.1 document, made from the route table and the problem kinds at the first
 * request. What a table cannot say (bodies, query fields, examples) stands in web/openapi/: operations.json has one
 * member "METHOD /path" per operation, schemas.json the named schemas; both are merged in here. */
#include <stdatomic.h>

#include "api/auth.h"
#include "api/handlers.h"
#include "api/problem.h"
#include "api/state.h"
#include "base/log.h"
#include "base/version.h"
#include "io/asset.h"

struct document {
	struct jsonw w;
	const struct json *operations; /* NULL: none */
	const struct json *schemas;
	const struct route *rows;
	size_t count;
};

/* An embedded part; NULL when it is missing or no JSON (a test refuses both). */
static struct json *part(const char *path)
{
	const struct asset *a = asset_find(path);
	struct json *root = NULL;
	struct err e = { .rc = RC_OK };

	if (a == NULL || json_parse(a->bytes, &root, &e) != RC_OK) {
		log_event(LOG_ERROR, "openapi.part_missing", "path", path, "error", e.text, NULL);
		return NULL;
	}
	return root;
}

static void member(struct jsonw *w, const char *key, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(256 * KIB);

	if (n == NULL)
		return;
	json_print(n, &b);
	jsonw_kraw(w, key, sbuf_view(&b));
}

static void reference(struct jsonw *w, const char *to)
{
	jsonw_object(w);
	jsonw_ktext(w, "$ref", to);
	jsonw_end(w);
}

static void text_schema(struct jsonw *w)
{
	jsonw_kobject(w, "schema");
	jsonw_ktext(w, "type", "string");
	jsonw_end(w);
}

/* Every list can be a file (export.h). */
static void format_parameter(struct jsonw *w)
{
	jsonw_object(w);
	jsonw_ktext(w, "name", "format");
	jsonw_ktext(w, "in", "query");
	jsonw_kbool(w, "required", false);
	jsonw_ktext(w, "description",
		    "the whole list as a file; X-Next: where the rest begins, if it is too long "
		    "for one");
	jsonw_kobject(w, "schema");
	jsonw_ktext(w, "type", "string");
	jsonw_karray(w, "enum");
	jsonw_text(w, "csv");
	jsonw_text(w, "jsonl");
	jsonw_end(w);
	jsonw_end(w);
	jsonw_end(w);
}

static void parameters(struct document *d, const struct route *r, const struct json *op)
{
	struct str path = str_of(r->path), name;
	ptrdiff_t at;

	jsonw_karray(&d->w, "parameters");
	while ((at = str_chr(path, '{')) >= 0) {
		path = str_sub(path, (size_t)at + 1, path.n);
		ASSERT(str_cut(&path, '}', &name));
		jsonw_object(&d->w);
		jsonw_kstr(&d->w, "name", name);
		jsonw_ktext(&d->w, "in", "path");
		jsonw_kbool(&d->w, "required", true);
		text_schema(&d->w);
		jsonw_end(&d->w);
		if (path.p == NULL)
			break;
	}
	for (const struct json *n = json_first(json_get(op, "parameters")); n != NULL;
	     n = json_next(n)) {
		AUTO(sbuf_release) struct sbuf b = SBUF(16 * KIB);

		json_print(n, &b);
		jsonw_raw(&d->w, sbuf_view(&b));
		if (str_eqc(json_get_str(n, "name"), "after"))
			format_parameter(&d->w);
	}
	jsonw_end(&d->w);
}

static void responses(struct document *d, const struct json *op)
{
	const struct json *own = json_get(op, "responses");

	jsonw_kobject(&d->w, "responses");
	for (const struct json *n = json_first(own); n != NULL; n = json_next(n)) {
		char key[8];

		if (str_copy(json_key(n), key, sizeof(key)))
			member(&d->w, key, n);
	}
	if (own == NULL) {
		jsonw_kobject(&d->w, "200");
		jsonw_ktext(&d->w, "description", "Done");
		jsonw_end(&d->w);
	}
	jsonw_key(&d->w, "default");
	reference(&d->w, "#/components/responses/Problem");
	jsonw_end(&d->w);
}

static void security(struct document *d, const struct route *r)
{
	jsonw_karray(&d->w, "security");
	static const char *const WAYS[] = { "token", "session" };

	for (size_t i = 0; r->who == WHO_TOKEN && i < COUNT(WAYS); i++) {
		jsonw_object(&d->w);
		jsonw_karray(&d->w, WAYS[i]);
		jsonw_text(&d->w, token_scope_text(r->scope));
		jsonw_end(&d->w);
		jsonw_end(&d->w);
	}
	jsonw_end(&d->w);
}

static void lower(const char *from, char *to, size_t bytes)
{
	size_t i = 0;

	for (; from[i] != '\0' && i + 1 < bytes; i++)
		to[i] = (char)(from[i] + (from[i] >= 'A' && from[i] <= 'Z' ? 'a' - 'A' : 0));
	to[i] = '\0';
}

static void operation(struct document *d, const struct route *r)
{
	char key[WEB_PATH_MAX], method[8];
	const struct json *op;

	(void)snprintf(key, sizeof(key), "%s %s", r->method, r->path);
	op = json_get(d->operations, key);
	lower(r->method, method, sizeof(method));
	jsonw_kobject(&d->w, method);
	jsonw_ktext(&d->w, "summary", r->summary);
	member(&d->w, "description", json_get(op, "description"));
	jsonw_karray(&d->w, "tags");
	jsonw_text(&d->w, r->tag);
	jsonw_end(&d->w);
	security(d, r);
	parameters(d, r, op);
	member(&d->w, "requestBody", json_get(op, "requestBody"));
	responses(d, op);
	jsonw_end(&d->w);
}

/* Each path once, where its first row with a tag stands, with all its methods. */
static void paths(struct document *d)
{
	jsonw_kobject(&d->w, "paths");
	for (size_t i = 0; i < d->count; i++) {
		bool first = d->rows[i].tag != NULL;

		for (size_t k = 0; k < i && first; k++)
			first = d->rows[k].tag == NULL ||
				strcmp(d->rows[k].path, d->rows[i].path) != 0;
		if (!first)
			continue;
		jsonw_kobject(&d->w, d->rows[i].path);
		for (size_t k = i; k < d->count; k++) {
			if (d->rows[k].tag != NULL && strcmp(d->rows[k].path, d->rows[i].path) == 0)
				operation(d, &d->rows[k]);
		}
		jsonw_end(&d->w);
	}
	jsonw_end(&d->w);
}

static void problem_response(struct jsonw *w)
{
	jsonw_kobject(w, "responses");
	jsonw_kobject(w, "Problem");
	jsonw_ktext(w, "description", "What went wrong (RFC 9457); `type` is stable");
	jsonw_kobject(w, "content");
	jsonw_kobject(w, "application/problem+json");
	jsonw_key(w, "schema");
	reference(w, "#/components/schemas/Problem");
	jsonw_end(w);
	jsonw_end(w);
	jsonw_end(w);
	jsonw_end(w);
}

static void problem_schema(struct jsonw *w)
{
	const struct problem_kind *k;
	char uri[80];

	jsonw_kobject(w, "ProblemType");
	jsonw_ktext(w, "type", "string");
	jsonw_karray(w, "enum");
	for (size_t i = 0; (k = problem_kind_at(i)) != NULL; i++) {
		(void)snprintf(uri, sizeof(uri), "urn:totem:problem:%s", k->type);
		jsonw_text(w, uri);
	}
	jsonw_end(w);
	jsonw_end(w);
}

static void components(struct document *d)
{
	struct jsonw *w = &d->w;

	jsonw_kobject(w, "components");
	jsonw_kobject(w, "securitySchemes");
	jsonw_kobject(w, "token");
	jsonw_ktext(w, "type", "http");
	jsonw_ktext(w, "scheme", "bearer");
	jsonw_ktext(w, "description",
		    "An API token; the words behind it are the scopes that it needs.");
	jsonw_end(w);
	jsonw_kobject(w, "session");
	jsonw_ktext(w, "type", "apiKey");
	jsonw_ktext(w, "in", "cookie");
	jsonw_ktext(w, "name", AUTH_COOKIE);
	jsonw_ktext(
		w, "description",
		"A person's login (POST /api/v1/session); the words behind it are the rights that "
		"it needs. Writes also need X-CSRF-Token.");
	jsonw_end(w);
	jsonw_end(w);
	problem_response(w);
	jsonw_kobject(w, "schemas");
	problem_schema(w);
	for (const struct json *n = json_first(d->schemas); n != NULL; n = json_next(n)) {
		char key[64];

		if (str_copy(json_key(n), key, sizeof(key)))
			member(w, key, n);
	}
	jsonw_end(w);
	jsonw_end(w);
}

static void write_document(struct call *c)
{
	AUTO(json_freep) struct json *operations = part("/openapi/operations.json");
	AUTO(json_freep) struct json *schemas = part("/openapi/schemas.json");
	struct document d = { .operations = operations, .schemas = schemas };

	d.rows = route_table(&d.count);
	answer_begin(c, &d.w);
	jsonw_object(&d.w);
	jsonw_ktext(&d.w, "openapi", "3.1.0");
	jsonw_kobject(&d.w, "info");
	jsonw_ktext(&d.w, "title", "Totem");
	jsonw_ktext(&d.w, "version", TOTEM_VERSION);
	jsonw_ktext(
		&d.w, "description",
		"WhatsApp messaging back end of one box. Times are RFC 3339, ids are UUIDv7, lists "
		"are paged with limit and after, errors are application/problem+json.");
	jsonw_end(&d.w);
	paths(&d);
	components(&d);
	jsonw_end(&d.w);
}

/* Anybody may ask, and making it takes two trees of JSON: it is made once. */
void openapi_get(struct call *c)
{
	struct state *s = state_of(c->app);
	char *text = atomic_load(&s->openapi), *none = NULL;

	if (text == NULL) {
		write_document(c);
		if (!sbuf_ok(&c->r->body)) {
			problem(c, 503, "busy", "No memory for this request.");
			return;
		}
		text = mem_new(1, c->r->body.n + 1);
		memcpy(text, c->r->body.p, c->r->body.n);
		if (!atomic_compare_exchange_strong(&s->openapi, &none, text)) {
			mem_free(text);
			text = none;
		}
		sbuf_release(&c->r->body);
	}
	c->r->status = 200;
	c->r->content_type = "application/json";
	c->r->body_static = str_of(text);
}
