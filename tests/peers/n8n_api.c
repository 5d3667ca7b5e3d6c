/* n8n_api.c - see n8n_api.h. As n8n 2.8.4: the schema of a workflow forbids all keys but four, activating a path that is
 * taken is 400, a credential of an unknown type too. */
#include "n8n_api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct api {
	struct n8n_api *a;
	struct dbl *d;
	const struct mini_req *req;
	const cJSON *in;
	struct rule *r;
};

static void say(struct api *p, int status, const char *fmt, const char *arg)
{
	struct buf b = { 0 };

	if (status >= 400)
		p->a->refused++;
	if (status < 300) {
		buf_puts(&b, arg);
	} else {
		buf_puts(&b, "{\"message\":");
		buf_json(&b, fmt, false);
		buf_puts(&b, "}");
	}
	dbl_reply(p->d, p->req->conn, status, "application/json", NULL, b.p, b.n, p->r);
	buf_free(&b);
}

static void say_json(struct api *p, const cJSON *o)
{
	char *text = cJSON_PrintUnformatted(o);

	say(p, 200, NULL, text);
	cJSON_free(text);
}

/* ---- credentials ---- */

static void credential_post(struct api *p)
{
	static const char *const types[] = { "httpHeaderAuth", "httpBasicAuth", "jwtAuth", NULL };
	const char *type = js_or(p->in, "type", "");
	cJSON *kept, *out;
	char id[24];
	int i = 0;

	while (types[i] && strcmp(types[i], type) != 0)
		i++;
	if (!types[i] || !js(p->in, "name") || !cJSON_GetObjectItem(p->in, "data") ||
	    p->a->credential_count == N8N_ROWS) {
		say(p, 400, "req.body.type is not a known type", NULL);
		return;
	}
	kept = cJSON_Duplicate(p->in, true);
	snprintf(id, sizeof id, "cred%d", p->a->credential_count + 1);
	cJSON_AddStringToObject(kept, "id", id);
	p->a->credentials[p->a->credential_count++] = kept;
	out = cJSON_CreateObject();
	cJSON_AddStringToObject(out, "id", id);
	cJSON_AddStringToObject(out, "name", js(p->in, "name"));
	say_json(p, out);
	cJSON_Delete(out);
}

static int at(cJSON *const *rows, int n, const char *id, size_t id_n)
{
	for (int i = 0; i < n; i++) {
		const char *have = rows[i] ? js(rows[i], "id") : NULL;

		if (have && strlen(have) == id_n && !strncmp(have, id, id_n))
			return i;
	}
	return -1;
}

static void credential_delete(struct api *p, const char *id)
{
	int i = at(p->a->credentials, p->a->credential_count, id, strlen(id));

	if (i < 0) {
		say(p, 404, "Not Found", NULL);
		return;
	}
	say_json(p, p->a->credentials[i]);
	cJSON_Delete(p->a->credentials[i]);
	p->a->credentials[i] = NULL;
}

/* ---- workflows ---- */

static bool schema_ok(const cJSON *in)
{
	static const char *const keys[] = { "name", "nodes", "connections", "settings" };
	int known = 0;

	for (const cJSON *c = in ? in->child : NULL; c; c = c->next) {
		bool found = false;

		for (int i = 0; i < 4; i++)
			found |= !strcmp(c->string, keys[i]);
		if (!found)
			return false;
		known++;
	}
	return known == 4;
}

static const cJSON *node_of(const cJSON *workflow, const char *type)
{
	const cJSON *n;

	cJSON_ArrayForEach(n, cJSON_GetObjectItem(workflow, "nodes"))
	{
		if (!strcmp(js_or(n, "type", ""), type))
			return n;
	}
	return NULL;
}

static const char *path_of(const cJSON *workflow)
{
	const cJSON *hook = node_of(workflow, "n8n-nodes-base.webhook");

	return js_or(cJSON_GetObjectItem(hook, "parameters"), "path", "");
}

static void workflow_put(struct api *p, int i)
{
	char id[24];

	if (!schema_ok(p->in) || i >= N8N_ROWS) {
		say(p, 400, "request/body must NOT have additional properties", NULL);
		return;
	}
	snprintf(id, sizeof id, "wf%d", i + 1);
	if (i == p->a->workflow_count)
		p->a->workflow_count++;
	else
		cJSON_Delete(p->a->workflows[i]);
	p->a->workflows[i] = cJSON_Duplicate(p->in, true);
	cJSON_AddStringToObject(p->a->workflows[i], "id", id);
	say_json(p, p->a->workflows[i]);
}

static void workflow_list(struct api *p)
{
	cJSON *out = cJSON_CreateObject(), *data = cJSON_AddArrayToObject(out, "data");

	for (int i = 0; i < p->a->workflow_count; i++)
		cJSON_AddItemToArray(data, cJSON_Duplicate(p->a->workflows[i], true));
	cJSON_AddNullToObject(out, "nextCursor");
	say_json(p, out);
	cJSON_Delete(out);
}

static void workflow_switch(struct api *p, int i, bool on)
{
	for (int k = 0; on && k < p->a->workflow_count; k++) {
		if (k != i && p->a->active[k] &&
		    !strcmp(path_of(p->a->workflows[k]), path_of(p->a->workflows[i]))) {
			say(p, 400, "There is a conflict with one of the webhooks.", NULL);
			return;
		}
	}
	p->a->active[i] = on;
	say_json(p, p->a->workflows[i]);
}

static void workflows(struct api *p, const char *rest)
{
	bool post = !strcmp(p->req->method, "POST");
	const char *slash;
	int i;

	if (!*rest) {
		if (post)
			workflow_put(p, p->a->workflow_count);
		else
			workflow_list(p);
		return;
	}
	rest++;
	slash = strchr(rest, '/');
	i = at(p->a->workflows, p->a->workflow_count, rest,
	       slash ? (size_t)(slash - rest) : strlen(rest));
	if (i < 0)
		say(p, 404, "Not Found", NULL);
	else if (slash && post && !strcmp(slash, "/activate"))
		workflow_switch(p, i, true);
	else if (slash && post && !strcmp(slash, "/deactivate"))
		workflow_switch(p, i, false);
	else if (!slash && !strcmp(p->req->method, "PUT"))
		workflow_put(p, i);
	else
		say(p, 405, "method not allowed", NULL);
}

bool n8n_api_request(struct n8n_api *a, struct dbl *d, const struct mini_req *req, const cJSON *in,
		     struct rule *r)
{
	struct api p = { a, d, req, in, r };
	char key[80];

	if (strncmp(req->path, "/api/v1/", 8))
		return false;
	a->calls++;
	if (!mini_header(req, "X-N8N-API-KEY", key, sizeof key) || strcmp(key, N8N_API_KEY) != 0)
		say(&p, 401, "unauthorized", NULL);
	else if (!strncmp(req->path, "/api/v1/workflows", 17))
		workflows(&p, req->path + 17);
	else if (!strcmp(req->path, "/api/v1/credentials") && !strcmp(req->method, "POST"))
		credential_post(&p);
	else if (!strncmp(req->path, "/api/v1/credentials/", 20) && !strcmp(req->method, "DELETE"))
		credential_delete(&p, req->path + 20);
	else
		say(&p, 404, "not found", NULL);
	return true;
}

/* ---- a webhook of an imported workflow ---- */

static const cJSON *data_of(struct n8n_api *a, const cJSON *node, const char *type)
{
	const cJSON *ref = cJSON_GetObjectItem(cJSON_GetObjectItem(node, "credentials"), type);
	const char *id = js_or(ref, "id", "");
	int i = at(a->credentials, a->credential_count, id, strlen(id));

	return i < 0 ? NULL : cJSON_GetObjectItem(a->credentials[i], "data");
}

/* JWTs are not checked here: test_n8n_target.c does. */
static bool let_in(struct n8n_api *a, const cJSON *hook, const struct mini_req *req)
{
	const char *how = js_or(cJSON_GetObjectItem(hook, "parameters"), "authentication", "none");
	const cJSON *data = data_of(a, hook, "httpHeaderAuth");
	char value[300];

	if (!strcmp(how, "none") || !strcmp(how, "jwtAuth") || !strcmp(how, "basicAuth"))
		return !strcmp(how, "none") ||
		       mini_header(req, "Authorization", value, sizeof value);
	return data && mini_header(req, js_or(data, "name", "-"), value, sizeof value) &&
	       !strcmp(value, js_or(data, "value", ""));
}

const char *n8n_api_mode(struct n8n_api *a, const struct mini_req *req, const char *path,
			 const char **ret_bearer, bool *ret_let_in)
{
	for (int i = 0; i < a->workflow_count; i++) {
		const cJSON *call;

		if (!a->active[i] || strcmp(path_of(a->workflows[i]), path) != 0)
			continue;
		call = node_of(a->workflows[i], "n8n-nodes-base.httpRequest");
		*ret_bearer = js(data_of(a, call, "httpHeaderAuth"), "value");
		*ret_let_in = let_in(a, node_of(a->workflows[i], "n8n-nodes-base.webhook"), req);
		return call ? "dni" : "echo";
	}
	return NULL;
}

void n8n_api_state(const struct n8n_api *a, struct buf *out)
{
	int credentials = 0, active = 0;

	for (int i = 0; i < a->credential_count; i++)
		credentials += a->credentials[i] != NULL;
	for (int i = 0; i < a->workflow_count; i++)
		active += a->active[i];
	buf_printf(out,
		   ",\"workflows\":%d,\"active\":%d,\"credentials\":%d,\"api_calls\":%lld,"
		   "\"api_refused\":%lld",
		   a->workflow_count, active, credentials, a->calls, a->refused);
}
