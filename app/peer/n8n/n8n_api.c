/* n8n_api.c - see n8n_api.h. */
#include "peer/n8n/n8n_api.h"

#include "io/jsonw.h"

#define FILE_BOX "http://127.0.0.1:8081" /* stands in our files for this box */

static const struct door {
	const char *word, *type;
} DOORS[] = {
	[N8N_DOOR_NONE] = { "none", NULL },
	[N8N_DOOR_HEADER] = { "headerAuth", "httpHeaderAuth" },
	[N8N_DOOR_BASIC] = { "basicAuth", "httpBasicAuth" },
	[N8N_DOOR_JWT] = { "jwtAuth", "jwtAuth" },
};

enum rc n8n_api_credential(const char *name, enum n8n_door door, struct str a, struct str b,
			   struct sbuf *to, struct err *e)
{
	struct jsonw w;

	ASSERT(door != N8N_DOOR_NONE && (size_t)door < COUNT(DOORS));
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ktext(&w, "name", name);
	jsonw_ktext(&w, "type", DOORS[door].type);
	jsonw_kobject(&w, "data");
	if (door == N8N_DOOR_HEADER) {
		jsonw_kstr(&w, "name", a);
		jsonw_kstr(&w, "value", b);
	} else if (door == N8N_DOOR_BASIC) {
		jsonw_kstr(&w, "user", a);
		jsonw_kstr(&w, "password", b);
	} else {
		jsonw_ktext(&w, "keyType", "passphrase");
		jsonw_kstr(&w, "secret", b);
		jsonw_ktext(&w, "algorithm", "HS256");
	}
	jsonw_end(&w);
	jsonw_end(&w);
	return sbuf_ok(to) ? RC_OK : FAIL(e, RC_LIMIT, "the credential is too long");
}

/* ---- a workflow file ---- */

static bool is_node(const struct json *node, const char *type)
{
	return str_eqc(json_get_str(node, "type"), type);
}

static bool is_webhook(const struct json *node)
{
	return is_node(node, "n8n-nodes-base.webhook");
}

static void copy_member(struct jsonw *w, const struct json *n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(w->to->max);
	char key[64];

	if (!str_copy(json_key(n), key, sizeof(key))) {
		w->to->failed = true;
		return;
	}
	json_print(n, &b);
	w->to->failed |= !sbuf_ok(&b);
	jsonw_kraw(w, key, sbuf_view(&b));
}

static void write_url(struct jsonw *w, struct str url, const struct n8n_api_fill *fill)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

	if (str_starts(url, STR(FILE_BOX)) && fill->box.n > 0) {
		sbuf_str(&b, fill->box);
		url = str_sub(url, sizeof(FILE_BOX) - 1, url.n);
	}
	sbuf_str(&b, url);
	w->to->failed |= !sbuf_ok(&b);
	jsonw_kstr(w, "url", sbuf_view(&b));
}

static void write_parameters(struct jsonw *w, const struct json *node,
			     const struct n8n_api_fill *fill)
{
	jsonw_kobject(w, "parameters");
	for (const struct json *n = json_first(json_get(node, "parameters")); n != NULL;
	     n = json_next(n)) {
		if (is_webhook(node) && str_eqc(json_key(n), "authentication"))
			jsonw_ktext(w, "authentication", DOORS[fill->door].word);
		else if (is_node(node, "n8n-nodes-base.httpRequest") && str_eqc(json_key(n), "url"))
			write_url(w, json_str(n), fill);
		else
			copy_member(w, n);
	}
	jsonw_end(w);
}

static void write_credential(struct jsonw *w, const char *type, struct str id, const char *name)
{
	jsonw_kobject(w, "credentials");
	if (type != NULL && id.n > 0) {
		jsonw_kobject(w, type);
		jsonw_kstr(w, "id", id);
		jsonw_ktext(w, "name", name);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void write_node(struct jsonw *w, const struct json *node, const struct n8n_api_fill *fill)
{
	jsonw_object(w);
	for (const struct json *n = json_first(node); n != NULL; n = json_next(n)) {
		if (str_eqc(json_key(n), "parameters"))
			write_parameters(w, node, fill);
		else if (!str_eqc(json_key(n), "credentials"))
			copy_member(w, n);
		else if (is_webhook(node))
			write_credential(w, DOORS[fill->door].type, fill->door_id, "Totem webhook");
		else
			write_credential(w, "httpHeaderAuth", fill->api_id, "Totem API");
	}
	jsonw_end(w);
}

enum rc n8n_api_workflow(struct str file, const struct n8n_api_fill *fill, struct sbuf *to,
			 struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	size_t before = to->n;
	struct jsonw w;

	ASSERT((size_t)fill->door < COUNT(DOORS));
	TRY(json_parse(file, &root, e));
	if (json_get_str(root, "name").n == 0 || json_kind(json_get(root, "nodes")) != JSON_ARRAY ||
	    json_kind(json_get(root, "connections")) != JSON_OBJECT ||
	    json_kind(json_get(root, "settings")) != JSON_OBJECT)
		return FAIL(e, RC_INVALID, "not a workflow: name, nodes, connections, settings");
	jsonw_init(&w, to);
	jsonw_object(&w);
	copy_member(&w, json_get(root, "name"));
	jsonw_karray(&w, "nodes");
	for (const struct json *n = json_first(json_get(root, "nodes")); n != NULL;
	     n = json_next(n))
		write_node(&w, n, fill);
	jsonw_end(&w);
	copy_member(&w, json_get(root, "connections"));
	copy_member(&w, json_get(root, "settings"));
	jsonw_end(&w);
	if (sbuf_ok(to))
		return RC_OK;
	to->n = before;
	return FAIL(e, RC_LIMIT, "the workflow is too long");
}

enum rc n8n_api_file(struct str file, struct arena *a, struct str *ret_name, struct str *ret_path,
		     struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	TRY(json_parse(file, &root, e));
	for (const struct json *n = json_first(json_get(root, "nodes")); n != NULL;
	     n = json_next(n)) {
		struct str path = json_get_str(json_get(n, "parameters"), "path");

		if (!is_webhook(n) || path.n == 0)
			continue;
		*ret_name = arena_str(a, json_get_str(root, "name"));
		*ret_path = arena_str(a, path);
		return ret_name->n > 0 && ret_path->n > 0
			       ? RC_OK
			       : FAIL(e, RC_INVALID, "a workflow without a name");
	}
	return FAIL(e, RC_INVALID, "a workflow without a webhook");
}

/* ---- answers ---- */

static enum rc keep_id(const struct json *object, struct arena *a, struct str *ret, struct err *e)
{
	const struct json *n = json_get(object, "id");
	int64_t number;

	if (json_kind(n) == JSON_TEXT && json_str(n).n > 0)
		*ret = arena_str(a, json_str(n));
	else if (json_kind(n) == JSON_NUMBER && json_i64(n, &number))
		*ret = str_of(arena_printf(a, "%lld", (long long)number));
	else
		return FAIL(e, RC_INVALID, "n8n's answer has no id");
	return ret->p != NULL ? RC_OK : FAIL(e, RC_LIMIT, "no room for an id");
}

enum rc n8n_api_id(struct str answer, struct arena *a, struct str *ret, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	if (json_parse(answer, &root, NULL) != RC_OK)
		return FAIL(e, RC_INVALID, "n8n's answer is no JSON");
	return keep_id(root, a, ret, e);
}

enum rc n8n_api_find(struct str answer, struct str name, struct arena *a, struct str *ret_id,
		     struct str *ret_next, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	struct str next;

	if (json_parse(answer, &root, NULL) != RC_OK ||
	    json_kind(json_get(root, "data")) != JSON_ARRAY)
		return FAIL(e, RC_INVALID, "n8n's answer is no list");
	for (const struct json *n = json_first(json_get(root, "data")); n != NULL;
	     n = json_next(n)) {
		if (str_eq(json_get_str(n, "name"), name) && !json_get_bool(n, "isArchived", false))
			return keep_id(n, a, ret_id, e);
	}
	next = json_get_str(root, "nextCursor");
	*ret_next = next.n > 0 ? arena_str(a, next) : STR_NONE;
	return RC_ABSENT;
}

void n8n_api_refusal(int status, struct str answer, char *ret_text, size_t bytes)
{
	AUTO(json_freep) struct json *root = NULL;
	struct str message = STR_NONE;

	if (json_parse(answer, &root, NULL) == RC_OK)
		message = json_get_str(root, "message");
	if (status == 401 || status == 403)
		(void)snprintf(ret_text, bytes, "n8n refuses the API key (HTTP %d)", status);
	else
		(void)snprintf(ret_text, bytes, "n8n answered HTTP %d%s%.*s", status,
			       message.n > 0 ? ": " : "", (int)size_min(message.n, 120),
			       message.p != NULL ? message.p : ""); /* cut is fine */
}
