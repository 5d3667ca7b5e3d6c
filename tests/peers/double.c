/* double.c - see double.h. */
#include "double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *js(const cJSON *o, const char *name)
{
	const cJSON *v = o ? cJSON_GetObjectItemCaseSensitive(o, name) : NULL;

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

const char *js_or(const cJSON *o, const char *name, const char *absent)
{
	const char *v = js(o, name);

	return v ? v : absent;
}

int ji(const cJSON *o, const char *name, int absent)
{
	const cJSON *v = o ? cJSON_GetObjectItemCaseSensitive(o, name) : NULL;

	if (cJSON_IsBool(v))
		return cJSON_IsTrue(v);
	if (cJSON_IsString(v))
		return atoi(v->valuestring);
	return cJSON_IsNumber(v) ? v->valueint : absent;
}

const char *js_any(const cJSON *o, const char *name, char room[32])
{
	const cJSON *v = o ? cJSON_GetObjectItemCaseSensitive(o, name) : NULL;

	if (cJSON_IsString(v))
		return v->valuestring;
	if (!cJSON_IsNumber(v))
		return NULL;
	snprintf(room, 32, "%.0f", v->valuedouble);
	return room;
}

bool dbl_word(const struct rule *r, const char *word)
{
	return !strcmp(r->word, word);
}

struct rule dbl_rule(struct dbl *d, const struct mini_req *req, const char *key)
{
	char text[1024];

	snprintf(text, sizeof text, "%s %s %s", req->method, req->path, key ? key : "");
	for (size_t i = 0; i < DBL_RULES_MAX; i++) {
		struct rule *r = &d->rules[i];
		if (!r->word[0] || !r->times || (r->match[0] && !strstr(text, r->match)))
			continue;
		if (r->percent < 100 && !chance(&d->rnd, r->percent))
			continue;
		if (r->times > 0)
			r->times--;
		d->misbehaved++;
		return *r;
	}
	return (struct rule){ 0 };
}

static enum mini_fault fault_of(const struct rule *r)
{
	static const struct {
		const char *word;
		enum mini_fault fault;
	} table[] = {
		{ "hang", MINI_HANG },       { "close", MINI_CLOSE },
		{ "reset", MINI_RESET },     { "cut_after_request", MINI_CLOSE },
		{ "cut", MINI_CUT },         { "garbage", MINI_GARBAGE },
		{ "endless", MINI_ENDLESS }, { "drip", MINI_DRIP },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (dbl_word(r, table[i].word))
			return table[i].fault;
	}
	return MINI_FINE;
}

bool dbl_refused(struct dbl *d, const struct mini_req *req, const struct rule *r)
{
	enum mini_fault fault = fault_of(r);
	struct mini_answer a = { .delay_ms = r->ms };
	struct buf body = { 0 };
	char extra[200] = "";
	int status = atoi(r->word);

	if (!r->word[0] || r->after)
		return false;
	/* These take the request in and spoil only the answer. */
	if (dbl_word(r, "cut_after_request") || fault == MINI_CUT || fault == MINI_DRIP)
		return false;
	if (dbl_word(r, "meta_error"))
		status = r->status ? r->status : 400;
	if (dbl_word(r, "redirect")) {
		status = 302;
		snprintf(extra, sizeof extra, "Location: http://127.0.0.1:1/elsewhere\r\n");
	}
	if (fault == MINI_FINE && (status < 100 || status > 599))
		return false;
	if (r->retry_after)
		snprintf(extra, sizeof extra, "Retry-After: %d\r\n", r->retry_after);
	if (fault == MINI_FINE && status >= 400 && d->ops->error_body)
		d->ops->error_body(d->self, r, status, &body, &a.type);
	else if (fault == MINI_FINE)
		buf_puts(&body, "{}");
	a.status = status;
	a.fault = fault;
	a.extra = extra;
	a.body = body.p;
	a.body_n = body.n;
	d->refused++;
	mini_answer(d->m, req->conn, &a);
	buf_free(&body);
	return true;
}

void dbl_reply(struct dbl *d, uint64_t conn, int status, const char *type, const char *extra,
	       const char *body, size_t n, const struct rule *r)
{
	struct mini_answer a = {
		.status = status, .type = type, .extra = extra, .body = body, .body_n = n
	};

	if (r && r->word[0]) {
		a.fault = fault_of(r);
		a.delay_ms = r->ms;
		a.cut_after = r->bytes > 0 ? (size_t)r->bytes : 40;
		if (r->after && atoi(r->word) >= 100 && atoi(r->word) <= 599)
			a.status = atoi(r->word);
	}
	mini_answer(d->m, conn, &a);
}

void dbl_json(struct dbl *d, uint64_t conn, int status, const struct buf *body)
{
	dbl_reply(d, conn, status, NULL, NULL, body->p, body->n, NULL);
}

void dbl_text(struct dbl *d, uint64_t conn, int status, const char *type, const char *text)
{
	dbl_reply(d, conn, status, type, NULL, text, strlen(text), NULL);
}

int64_t dbl_count(struct dbl *d, const char *key)
{
	struct map_entry *e;

	d->accepted++;
	if (!key || !*key) {
		d->unkeyed++;
		return 1;
	}
	e = map_at(&d->keys, key);
	if (++e->value == 1) {
		d->distinct++;
	} else {
		d->doubled++;
		if (e->value == 2) {
			struct buf b = { 0 };
			buf_json(&b, key, false);
			ring_add(&d->doubled_keys, b.p, b.n);
			buf_free(&b);
		}
	}
	return e->value;
}

static void control_behave(struct dbl *d, const struct mini_req *req, const cJSON *in)
{
	const cJSON *what = cJSON_GetObjectItemCaseSensitive(in, "do");
	char room[32];
	const char *word = js_any(in, "do", room);

	if (!what || !word) {
		dbl_text(d, req->conn, 400, NULL, "{\"error\":\"do is missing\"}");
		return;
	}
	if (!strcmp(word, "works")) { /* the books stay */
		memset(d->rules, 0, sizeof d->rules);
		dbl_text(d, req->conn, 200, NULL, "{\"ok\":true}");
		return;
	}
	for (size_t i = 0; i < DBL_RULES_MAX; i++) {
		struct rule *r = &d->rules[i];
		if (r->word[0] && r->times)
			continue;
		*r = (struct rule){ .times = ji(in, "times", 1),
				    .percent = ji(in, "percent", 100),
				    .code = ji(in, "code", 0),
				    .status = ji(in, "status", 0),
				    .ms = ji(in, "ms", 0),
				    .bytes = ji(in, "bytes", 0),
				    .retry_after = ji(in, "retry_after", 0),
				    .after = ji(in, "after", 0) != 0 };
		snprintf(r->word, sizeof r->word, "%s", word);
		snprintf(r->match, sizeof r->match, "%s", js_or(in, "match", ""));
		if (dbl_word(r, "delay") && !r->ms)
			r->ms = 1000;
		dbl_text(d, req->conn, 200, NULL, "{\"ok\":true}");
		return;
	}
	dbl_text(d, req->conn, 409, NULL, "{\"error\":\"too many rules\"}");
}

static void control_options(struct dbl *d, const struct mini_req *req, const cJSON *in)
{
	struct buf out = { 0 };

	buf_puts(&out, "{");
	for (const struct dbl_option *o = d->options; o && o->name; o++) {
		*o->value = ji(in, o->name, *o->value);
		buf_printf(&out, "%s\"%s\":%d", o == d->options ? "" : ",", o->name, *o->value);
	}
	buf_puts(&out, "}\n");
	dbl_json(d, req->conn, 200, &out);
	buf_free(&out);
}

static void control_state(struct dbl *d, const struct mini_req *req)
{
	struct buf out = { 0 };
	char brief[8];

	buf_printf(&out,
		   "{\"double\":\"%s\",\"requests\":%lld,\"accepted\":%lld,\"distinct\":%lld,"
		   "\"doubled\":%lld,\"unkeyed\":%lld,\"refused\":%lld,\"misbehaved\":%lld",
		   d->name, d->requests, d->accepted, d->distinct, d->doubled, d->unkeyed,
		   d->refused, d->misbehaved);
	d->ops->state(d->self, &out);
	buf_puts(&out, ",\"doubled_keys\":");
	ring_json(&d->doubled_keys, &out);
	if (!query_get(req->query, "brief", brief, sizeof brief)) {
		buf_puts(&out, ",\"messages\":");
		ring_json(&d->recent, &out);
	}
	buf_puts(&out, "}\n");
	dbl_json(d, req->conn, 200, &out);
	buf_free(&out);
}

static void control_reset(struct dbl *d, const struct mini_req *req)
{
	memset(d->rules, 0, sizeof d->rules);
	map_clear(&d->keys);
	ring_clear(&d->recent);
	ring_clear(&d->doubled_keys);
	d->requests = d->accepted = d->distinct = d->doubled = d->unkeyed = 0;
	d->refused = d->misbehaved = 0;
	d->ops->reset(d->self);
	dbl_text(d, req->conn, 200, NULL, "{\"ok\":true}");
}

static void dbl_request(void *ctx, const struct mini_req *req)
{
	struct dbl *d = ctx;
	const char *verb = req->path + 9;
	cJSON *in;

	if (strncmp(req->path, "/_double/", 9)) {
		d->requests++;
		d->ops->request(d->self, req);
		return;
	}
	in = req->body_n ? cJSON_ParseWithLength(req->body, req->body_n) : NULL;
	if (!strcmp(verb, "behave"))
		control_behave(d, req, in);
	else if (!strcmp(verb, "options"))
		control_options(d, req, in);
	else if (!strcmp(verb, "state"))
		control_state(d, req);
	else if (!strcmp(verb, "reset"))
		control_reset(d, req);
	else if (!d->ops->control || !d->ops->control(d->self, req, verb, in))
		dbl_text(d, req->conn, 404, NULL, "{\"error\":\"no such control call\"}");
	cJSON_Delete(in);
}

void dbl_init(struct dbl *d, const char *name, void *self, const struct dbl_ops *ops,
	      const struct dbl_option *options, int port, int *ret_port)
{
	d->name = name;
	d->self = self;
	d->ops = ops;
	d->options = options;
	seed(&d->rnd);
	d->m = mini_new(dbl_request, d);
	*ret_port = mini_listen(d->m, port);
}
