/* n8n.c - the n8n double: POST /webhook/{path}, in all the ways n8n says yes, no and nothing.
 * The way is chosen by a rule of /_double/behave, else by the path's last part when it names a
 * mode (/webhook/immediately), else by the option or flag `mode`. */
#include "double.h"
#include "n8n_api.h"
#include "n8n_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct n8n {
	struct dbl d;
	const struct peers_config *cfg;
	struct mini_client *totem;
	char mode[32];
	int workflow_ms, slow_ms, call_twice, retry_max;
	int runs_per_second; /* 0: as fast as it can; the real one does about 50 */
	int64_t next_run_ms, boot_from_ms, boot_ms;
	int boot_stage; /* 1 starting, 2 without routes: until told; 0: by the clock */
	long long calls_made, calls_ok, calls_failed;
	struct n8n_api api;
	const char
		*bearer; /* what the workflow that runs now sends to the box; NULL: --api-token */
};

static const char *const modes[] = {
	"echo",    "immediately", "silent",       "empty", "html404",
	"json404", "starting",    "forbidden",    "422",   "500",
	"slow",    "dni",         "unauthorized", "503",   NULL,
};

static const char *mode_of(const char *word)
{
	for (int i = 0; modes[i]; i++) {
		if (!strcmp(word, modes[i]))
			return modes[i];
	}
	return NULL;
}

/* The workflow of `immediately`: later it calls the box with an answer of its own. */
struct call {
	struct buf body;
	char path[300], head[700];
	int tries, copies;
};

static void call_post(void *ctx, void *arg);

static void call_done(void *ctx, void *arg, int status, const char *body, size_t n)
{
	struct n8n *t = ctx;
	struct call *c = arg;

	(void)body;
	(void)n;
	if (status >= 200 && status < 300)
		t->calls_ok++;
	else if ((status <= 0 || status >= 500 || status == 429) && c->tries < t->retry_max) {
		mini_after(t->d.m, 500, call_post, t,
			   c); /* the same key: one message at the most */
		return;
	} else
		t->calls_failed++;
	if (--c->copies > 0) {
		call_post(t, c);
		return;
	}
	buf_free(&c->body);
	free(c);
}

static void call_post(void *ctx, void *arg)
{
	struct n8n *t = ctx;
	struct call *c = arg;

	c->tries++;
	t->calls_made++;
	mini_call(t->totem, &(struct mini_call){ .method = "POST",
						 .path = c->path,
						 .head = c->head,
						 .body = c->body.p,
						 .body_n = c->body.n,
						 .timeout_ms = 10000,
						 .done = call_done,
						 .ctx = t,
						 .arg = c });
}

static void field(struct buf *b, const char *name, const cJSON *in, const char *from)
{
	char room[32];
	const char *v = js_any(in, from, room);

	if (!v)
		return;
	buf_printf(b, ",\"%s\":", name);
	buf_json(b, v, false);
}

static void workflow_later(struct n8n *t, const cJSON *in)
{
	struct call *c;
	char room[32];
	const char *id = js_any(in, "id", room), *key = js(in, "idempotency_key");
	const char *url = js(in, "reply_url"), *path = url ? strstr(url, "://") : NULL;
	struct buf text = { 0 };

	if (!t->totem)
		return;
	c = xalloc(sizeof *c);
	c->copies = t->call_twice ? 2 : 1;
	path = path ? strchr(path + 3, '/') : url; /* the host is always --totem: loopback only */
	snprintf(c->path, sizeof c->path, "%s", path && *path == '/' ? path : "/api/v1/messages");
	snprintf(c->head, sizeof c->head,
		 "Content-Type: application/json\r\nUser-Agent: axios/1.8\r\n"
		 "Authorization: Bearer %s\r\nIdempotency-Key: %.200s\r\n",
		 t->cfg->api_token,
		 key  ? key
		 : id ? id
		      : "none");
	/* What the API takes; `hop` goes back as it came and one more, so that the box can stop a loop. */
	buf_puts(&c->body, "{\"type\":\"text\"");
	if (js(in, "conversation"))
		field(&c->body, "conversation_id", in, "conversation");
	else
		field(&c->body, "to", in, "contact");
	buf_printf(&c->body,
		   ",\"hop\":%d,\"source\":\"ai_response\",\"sender\":{\"type\":\"ai\"},"
		   "\"text\":{\"body\":",
		   ji(in, "hop", 0) + 1);
	buf_printf(&text, "eco: %s", js_or(in, "text", ""));
	buf_json(&c->body, text.p, false);
	buf_puts(&c->body, "}}");
	buf_free(&text);
	mini_after(t->d.m, t->workflow_ms, call_post, t, c);
}

/* ---- the DNI conversation, as packaging/n8n/dni.json has it ---- */

struct dni {
	uint64_t conn;
	char id[64], number[9];
	struct rule rule;
};

static void dni_reply(struct n8n *t, struct dni *d, const char *text, const char *actions)
{
	struct buf b = { 0 };

	buf_puts(&b, "{\"id\":");
	buf_json(&b, d->id, false);
	buf_puts(&b, ",\"reply\":");
	buf_json(&b, text, false);
	buf_printf(&b, "%s}", actions);
	dbl_reply(&t->d, d->conn, 200, "application/json; charset=utf-8", NULL, b.p, b.n, &d->rule);
	buf_free(&b);
	free(d);
}

static void dni_done(void *ctx, void *arg, int status, const char *body, size_t n)
{
	struct n8n *t = ctx;
	struct dni *d = arg;
	cJSON *in = status == 200 ? cJSON_ParseWithLength(body, n) : NULL;
	const cJSON *data = cJSON_GetObjectItem(in, "data");
	const cJSON *saldo = cJSON_GetObjectItem(data, "saldo");
	int code = in ? ji(in, "return_code", 4) : 4;
	char text[300];

	if (in)
		t->calls_ok++;
	else
		t->calls_failed++;
	if (code == 0)
		snprintf(text, sizeof text, "%s, su saldo es S/ %.2f.", js_or(data, "nombre", "?"),
			 cJSON_IsNumber(saldo) ? saldo->valuedouble : 0.0);
	else if (code == 1)
		snprintf(text, sizeof text, "No encontramos el DNI %s.", d->number);
	else
		snprintf(text, sizeof text,
			 "No pudimos consultar ahora. Intente de nuevo en unos minutos.");
	cJSON_Delete(in);
	dni_reply(t, d, text, "");
}

static void dni_run(struct n8n *t, const struct mini_req *req, const cJSON *in,
		    const struct rule *r)
{
	struct dni *d = xalloc(sizeof *d);
	const char *text = js_or(in, "text", "");
	char room[32], body[40], head[300];

	d->conn = req->conn;
	d->rule = *r;
	snprintf(d->id, sizeof d->id, "%s", js_any(in, "id", room) ? js_any(in, "id", room) : "");
	if (n8n_wants_person(text)) {
		dni_reply(
			t, d, "Le comunico con un asesor.",
			",\"actions\":[{\"type\":\"handover\",\"reason\":\"lo pide el cliente\"}]");
		return;
	}
	if (!n8n_find_dni(text, d->number) || !t->totem) {
		dni_reply(t, d, "Escriba: Consultar DNI y los 8 n\xC3\xBAmeros.", "");
		return;
	}
	snprintf(body, sizeof body, "{\"dni\":\"%s\"}", d->number);
	snprintf(head, sizeof head,
		 "Content-Type: application/json\r\nUser-Agent: axios/1.8\r\n"
		 "Authorization: %s%s\r\n",
		 t->bearer ? "" : "Bearer ", t->bearer ? t->bearer : t->cfg->api_token);
	t->calls_made++;
	mini_call(t->totem, &(struct mini_call){ .method = "POST",
						 .path = "/query",
						 .head = head,
						 .body = body,
						 .body_n = strlen(body),
						 .timeout_ms = 25000,
						 .done = dni_done,
						 .ctx = t,
						 .arg = d });
}

static void error_body(void *self, const struct rule *r, int status, struct buf *out,
		       const char **ret_type)
{
	(void)self;
	(void)r;
	if (status == 401) {
		*ret_type = "text/html; charset=utf-8";
		buf_puts(out, "Authorization is required!");
	} else if (status == 403) {
		*ret_type = "text/html; charset=utf-8";
		buf_puts(out, "Authorization data is wrong!");
	} else if (status == 422) {
		buf_puts(out, "{\"code\":422,\"message\":\"Failed to parse request "
			      "body\",\"hint\":\"\"}");
	} else if (status == 503) {
		buf_puts(out, "{\"code\":503,\"message\":\"Database is not ready!\"}");
	} else {
		buf_puts(out, "{\"message\":\"Error in workflow\"}");
	}
}

static void book(struct n8n *t, const struct mini_req *req, const cJSON *in, const char *mode)
{
	struct buf b = { 0 };
	char room[32];
	int64_t seen = dbl_count(&t->d, js_any(in, "id", room));
	char *body = in ? cJSON_PrintUnformatted(in) : NULL;

	buf_puts(&b, "{\"path\":");
	buf_json(&b, req->path, false);
	buf_printf(&b, ",\"mode\":\"%s\",\"seen\":%lld,\"at_ms\":%lld,\"body\":%s}", mode,
		   (long long)seen, (long long)wall_ms(), body ? body : "null");
	ring_add(&t->d.recent, b.p, b.n);
	buf_free(&b);
	cJSON_free(body);
}

static void not_found(struct n8n *t, const struct mini_req *req, const struct rule *r, bool html)
{
	struct buf b = { 0 };

	if (html)
		buf_printf(&b,
			   "<!DOCTYPE html>\n<html lang=\"en\">\n<body>\n<pre>Cannot %s %s</pre>\n"
			   "</body>\n</html>\n",
			   req->method, req->path);
	else
		buf_printf(&b,
			   "{\"code\":404,\"message\":\"The requested webhook \\\"%s %s\\\" is not "
			   "registered.\",\"hint\":\"The workflow must be active\"}",
			   req->method, strlen(req->path) > 9 ? req->path + 9 : "");
	t->d.refused++;
	dbl_reply(&t->d, req->conn, 404, html ? "text/html; charset=utf-8" : NULL, NULL, b.p, b.n,
		  r);
	buf_free(&b);
}

static void fixed(struct n8n *t, const struct mini_req *req, const char *mode, struct rule *r)
{
	struct buf b = { 0 };
	const char *type = NULL;
	int status = !strcmp(mode, "forbidden")      ? 403
		     : !strcmp(mode, "unauthorized") ? 401
						     : atoi(mode);

	if (!strcmp(mode, "html404") || !strcmp(mode, "json404")) {
		not_found(t, req, r, mode[0] == 'h');
		return;
	}
	if (!strcmp(mode, "starting")) {
		status = 200;
		type = "text/html; charset=utf-8";
		buf_puts(&b, "n8n is starting up. Please wait");
	} else {
		error_body(t, r, status, &b, &type);
	}
	t->d.refused++;
	dbl_reply(&t->d, req->conn, status, type, NULL, b.p, b.n, r);
	buf_free(&b);
}

/* One run after the other, so many a second: a burst makes the last one wait long. */
static void run_wait(struct n8n *t, struct rule *r)
{
	int64_t now = wall_ms();

	if (t->runs_per_second <= 0)
		return;
	t->next_run_ms = (t->next_run_ms > now ? t->next_run_ms : now) + 1000 / t->runs_per_second;
	r->ms += (int)(t->next_run_ms - now);
	if (!r->word[0])
		snprintf(r->word, sizeof r->word, "slow");
}

/* A start after `boot`: first every address answers 200 and a text, then the routes are not there yet although it calls itself ready. */
static bool booting(struct n8n *t, const struct mini_req *req)
{
	int64_t at = wall_ms() - t->boot_from_ms;
	int stage = t->boot_stage         ? t->boot_stage
		    : at < t->boot_ms / 2 ? 1
		    : at < t->boot_ms     ? 2
					  : 0;
	struct rule none = { 0 };

	if (!stage)
		return false;
	if (stage == 1)
		fixed(t, req, "starting", &none);
	else if (!strncmp(req->path, "/healthz", 8))
		dbl_text(&t->d, req->conn, 200, NULL, "{\"status\":\"ok\"}");
	else
		not_found(t, req, &none, true);
	return true;
}

/* The modes in which the workflow has really run. */
static void worked(struct n8n *t, const struct mini_req *req, const char *mode, const cJSON *in,
		   struct rule *r)
{
	struct buf b = { 0 }, text = { 0 };
	char room[32];
	const char *id = js_any(in, "id", room);

	book(t, req, in, mode);
	run_wait(t, r);
	if (!strcmp(mode, "dni")) {
		dni_run(t, req, in, r);
		return;
	}
	if (!strcmp(mode, "slow") && !r->ms) {
		r->ms = t->slow_ms;
		if (!r->word[0])
			snprintf(r->word, sizeof r->word, "slow");
	}
	if (!strcmp(mode, "immediately")) {
		buf_puts(&b, "{\"message\":\"Workflow was started\"}");
		workflow_later(t, in);
	} else if (strcmp(mode, "empty")) {
		buf_puts(&b, "{\"id\":");
		buf_json(&b, id, false);
		if (strcmp(mode, "silent")) {
			buf_printf(&text, "eco: %s", js_or(in, "text", ""));
			buf_puts(&b, ",\"reply\":");
			buf_json(&b, text.p, false);
			buf_free(&text);
		}
		buf_puts(&b, "}");
	}
	dbl_reply(&t->d, req->conn, 200, "application/json; charset=utf-8", NULL, b.p, b.n, r);
	buf_free(&b);
}

static void on_request(void *self, const struct mini_req *req)
{
	struct n8n *t = self;
	const char *last = strrchr(req->path, '/') + 1, *mode, *imported = NULL;
	bool in_door = true;
	struct rule r;
	cJSON *in;
	char room[32];

	if (booting(t, req))
		return;
	if (!strncmp(req->path, "/healthz", 8)) {
		dbl_text(&t->d, req->conn, 200, NULL, "{\"status\":\"ok\"}");
		return;
	}
	in = req->body_n ? cJSON_ParseWithLength(req->body, req->body_n) : NULL;
	r = dbl_rule(&t->d, req, js_any(in, "id", room));
	if (!strncmp(req->path, "/api/v1/", 8)) {
		if (!dbl_refused(&t->d, req, &r))
			n8n_api_request(&t->api, &t->d, req, in, &r);
		cJSON_Delete(in);
		return;
	}
	t->bearer = NULL;
	if (!strncmp(req->path, "/webhook/", 9))
		imported = n8n_api_mode(&t->api, req, req->path + 9, &t->bearer, &in_door);
	mode = mode_of(r.word);
	if (!mode)
		mode = imported        ? (in_door ? imported : "forbidden")
		       : mode_of(last) ? mode_of(last)
				       : t->mode;
	if (mode_of(r.word) || !dbl_refused(&t->d, req, &r)) {
		if (!strncmp(req->path, "/webhook/", 9) && !strcmp(req->method, "GET") &&
		    strcmp(mode, "html404") != 0 && strcmp(mode, "json404") != 0)
			dbl_text(&t->d, req->conn, 404, NULL,
				 "{\"code\":404,\"message\":\"This webhook is not registered for "
				 "GET requests. Did you mean to make a POST request?\"}");
		else if (strncmp(req->path, "/webhook/", 9) || strcmp(req->method, "POST"))
			not_found(t, req, &r, strncmp(req->path, "/webhook/", 9) != 0);
		else if (!strcmp(mode, "html404") || !strcmp(mode, "json404") ||
			 !strcmp(mode, "422") || !strcmp(mode, "starting") ||
			 !strcmp(mode, "forbidden") || !strcmp(mode, "unauthorized") ||
			 !strcmp(mode, "500") || !strcmp(mode, "503"))
			fixed(t, req, mode, &r);
		else if (!in && req->body_n)
			fixed(t, req, "422", &r);
		else
			worked(t, req, mode, in, &r);
	}
	cJSON_Delete(in);
}

static bool on_control(void *self, const struct mini_req *req, const char *verb, const cJSON *in)
{
	struct n8n *t = self;
	const char *mode = mode_of(js_or(in, "mode", ""));

	if (!strcmp(verb, "boot")) {
		t->boot_from_ms = wall_ms();
		t->boot_stage = ji(in, "stage", 0);
		t->boot_ms = ji(in, "ms", t->boot_stage || ji(in, "stage", -1) == 0 ? 0 : 2000);
		dbl_text(&t->d, req->conn, 200, NULL, "{\"ok\":true}");
		return true;
	}
	if (strcmp(verb, "mode"))
		return false;
	if (mode)
		snprintf(t->mode, sizeof t->mode, "%s", mode);
	dbl_text(&t->d, req->conn, mode ? 200 : 400, NULL,
		 mode ? "{\"ok\":true}" : "{\"error\":\"no such mode\"}");
	return true;
}

static void on_state(void *self, struct buf *out)
{
	struct n8n *t = self;

	buf_printf(out,
		   ",\"mode\":\"%s\",\"calls_made\":%lld,\"calls_ok\":%lld,\"calls_failed\":%lld",
		   t->mode, t->calls_made, t->calls_ok, t->calls_failed);
	n8n_api_state(&t->api, out);
}

static void on_reset(void *self)
{
	struct n8n *t = self;

	t->calls_made = t->calls_ok = t->calls_failed = 0;
	snprintf(t->mode, sizeof t->mode, "%s", t->cfg->n8n_mode);
}

struct mini *n8n_start(const struct peers_config *cfg, int port, int *ret_port)
{
	static const struct dbl_ops ops = { on_request, on_control, on_state, on_reset,
					    error_body };
	struct n8n *t = xalloc(sizeof *t);
	const struct dbl_option options[] = {
		{ "workflow_ms", &t->workflow_ms },         { "slow_ms", &t->slow_ms },
		{ "call_twice", &t->call_twice },           { "retry_max", &t->retry_max },
		{ "runs_per_second", &t->runs_per_second }, { NULL, NULL },
	};
	struct dbl_option *kept = xalloc(sizeof options);

	memcpy(kept, options, sizeof options);
	t->cfg = cfg;
	t->workflow_ms = 50;
	t->slow_ms = 3000;
	t->retry_max = 5;
	if (!mode_of(cfg->n8n_mode))
		die("--n8n-mode %s is unknown", cfg->n8n_mode);
	snprintf(t->mode, sizeof t->mode, "%s", cfg->n8n_mode);
	dbl_init(&t->d, "n8n", t, &ops, kept, port, ret_port);
	if (cfg->totem)
		t->totem = mini_client_new(t->d.m, cfg->totem, 16);
	return t->d.m;
}
