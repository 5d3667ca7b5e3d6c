/* meta.c - the Graph API double: messages, read receipts, the small GETs, the number's and the pair's limits, and the control calls say, handshake, hook and status. */
#include "meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sent { /* a message on its way through sent, delivered, read */
	char *wamid, *to, *opaque;
	int step, error_code;
};

static void sent_free(struct sent *s)
{
	free(s->wamid);
	free(s->to);
	free(s->opaque);
	free(s);
}

static void sent_step(void *ctx, void *arg);

/* Sets the timer of the next status, or ends. */
static void sent_plan(struct meta *t, struct sent *s)
{
	int ms = s->step == 0 ? t->sent_ms : s->step == 1 ? t->delivered_ms : t->read_ms;

	if (!t->statuses || !t->totem || s->step > 2 || ms < 0) {
		sent_free(s);
		return;
	}
	mini_after(t->d.m, ms, sent_step, t, s);
}

static void sent_step(void *ctx, void *arg)
{
	static const char *const names[] = { "sent", "delivered", "read" };
	static const char *const turned[] = { "read", "sent", "delivered" };
	struct meta *t = ctx;
	struct sent *s = arg;

	if (s->error_code && s->step == 1) {
		meta_status(t, s->wamid, s->to, "failed", s->opaque, s->error_code);
		sent_free(s);
		return;
	}
	if (s->step != 1 || !chance(&t->d.rnd, t->skip_delivered_percent))
		meta_status(t, s->wamid, s->to, t->shuffle ? turned[s->step] : names[s->step],
			    s->opaque, 0);
	s->step++;
	sent_plan(t, s);
}

/* The two limits of Meta that a sender must know; both are off (0) unless switched on. */
static int over_limit(struct meta *t, const char *to)
{
	int64_t second = mono_us() / 1000000;

	if (t->mps > 0) {
		if (second != t->mps_second)
			t->mps_now = 0;
		t->mps_second = second;
		if (++t->mps_now > t->mps)
			return 130429;
	}
	if (t->pair_per_minute > 0) { /* value = minute * 1000 + count */
		struct map_entry *e = map_at(&t->pairs, to);
		if (e->value / 1000 != second / 60)
			e->value = second / 60 * 1000;
		if (e->value++ % 1000 >= t->pair_per_minute)
			return 131056;
	}
	return 0;
}

static void digits_only(const char *in, char *out, size_t size)
{
	size_t n = 0;

	for (; *in && n + 1 < size; in++) {
		if (*in >= '0' && *in <= '9')
			out[n++] = *in;
	}
	out[n] = '\0';
}

static const char *send_fault(const cJSON *in, const char *to)
{
	const char *type = js_or(in, "type", "text");

	if (strcmp(js_or(in, "messaging_product", ""), "whatsapp"))
		return "Param messaging_product must be whatsapp";
	if (!to || !*to)
		return "The parameter to is required.";
	if (!cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(in, type)) &&
	    !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(in, type)))
		return "The object named by type is missing";
	if (strlen(js_or(in, "biz_opaque_callback_data", "")) > 512)
		return "biz_opaque_callback_data must be at most 512 characters long";
	return meta_check(in);
}

#define UUID_TEXT 36

/* The key of a message: its tag without the number of the try. */
static const char *key_of(const char *tag, char ret[UUID_TEXT + 1])
{
	if (tag == NULL || strlen(tag) <= UUID_TEXT || tag[UUID_TEXT] != '-')
		return tag;
	memcpy(ret, tag, UUID_TEXT);
	ret[UUID_TEXT] = '\0';
	return ret;
}

static void send_book(struct meta *t, const cJSON *in, const char *wamid, const char *to,
		      int64_t seen)
{
	char key[UUID_TEXT + 1];
	struct buf b = { 0 };

	buf_puts(&b, "{\"id\":");
	buf_json(&b, wamid, false);
	buf_puts(&b, ",\"to\":");
	buf_json(&b, to, false);
	buf_puts(&b, ",\"type\":");
	buf_json(&b, js_or(in, "type", "text"), false);
	buf_puts(&b, ",\"text\":");
	buf_json(&b, js(cJSON_GetObjectItemCaseSensitive(in, "text"), "body"), false);
	buf_puts(&b, ",\"key\":");
	buf_json(&b, key_of(js(in, "biz_opaque_callback_data"), key), false);
	buf_puts(&b, ",\"context\":");
	buf_json(&b, js(cJSON_GetObjectItemCaseSensitive(in, "context"), "message_id"), false);
	buf_printf(&b, ",\"seen\":%lld,\"at_ms\":%lld}", (long long)seen, (long long)wall_ms());
	ring_add(&t->d.recent, b.p, b.n);
	buf_free(&b);
}

/* The word that overtakes the answer; what remains of the way is planned. */
static void sent_begin(struct meta *t, struct sent *s, struct rule *rule)
{
	bool told = t->statuses && t->totem;

	if (told && (t->early || dbl_word(rule, "early_status") || dbl_word(rule, "error_after"))) {
		meta_status(t, s->wamid, s->to, "sent", s->opaque, 0);
		meta_flush(t); /* leaves before the answer */
		s->step = 1;
		if (!rule->ms)
			rule->ms = 30;
		if (!rule->word[0])
			snprintf(rule->word, sizeof rule->word, "early_status");
	}
	if (told && dbl_word(rule, "fail_early")) {
		meta_status(t, s->wamid, s->to, "failed", s->opaque, s->error_code);
		meta_flush(t);
		sent_free(s);
	} else {
		sent_plan(t, s);
	}
}

/* It went, and the answer says that it did not. */
static void deny(struct meta *t, const struct mini_req *req, const struct rule *rule)
{
	struct mini_answer a = { .status = rule->status ? rule->status : 500,
				 .delay_ms = rule->ms };
	struct buf body = { 0 };
	char extra[64] = "";

	if (rule->retry_after)
		snprintf(extra, sizeof extra, "Retry-After: %d\r\n", rule->retry_after);
	meta_error_body(t, rule, a.status, &body, &a.type);
	a.extra = extra;
	a.body = body.p;
	a.body_n = body.n;
	mini_answer(t->d.m, req->conn, &a);
	buf_free(&body);
}

static void message_send(struct meta *t, const struct mini_req *req, const cJSON *in)
{
	const char *input = js(in, "to") ? js(in, "to") : js(in, "recipient");
	const char *opaque = js(in, "biz_opaque_callback_data");
	const char *fault = send_fault(in, input);
	struct rule rule = dbl_rule(&t->d, req, input);
	struct buf out = { 0 }, wamid = { 0 };
	char to[64], key[UUID_TEXT + 1];
	int limit;

	if (dbl_refused(&t->d, req, &rule))
		return;
	if (fault) {
		meta_refuse(t, req, 400, 100, fault);
		return;
	}
	limit = over_limit(t, input);
	if (limit) {
		meta_refuse(t, req, 400, limit, meta_error_title(limit));
		return;
	}
	digits_only(input, to, sizeof to);
	if (t->window == 2 && meta_window_closed(t, in, to)) {
		meta_refuse(t, req, 400, 131047, meta_error_title(131047));
		return;
	}
	limit = meta_template_fault(t, in);
	if (limit) {
		meta_refuse(t, req, limit == 132001 ? 404 : 400, limit, meta_error_title(limit));
		return;
	}
	if (t->drop_ninth && strlen(to) == 13 && !strncmp(to, "55", 2) && to[4] == '9')
		memmove(to + 4, to + 5,
			strlen(to + 5) + 1); /* wa_id without Brazil's ninth digit */
	wamid_text(&wamid, to, false, &t->d.rnd);
	send_book(t, in, wamid.p, to, dbl_count(&t->d, key_of(opaque, key)));
	struct sent *s = xalloc(sizeof *s);
	s->wamid = xcopy(wamid.p, wamid.n);
	s->to = xcopy(to, strlen(to));
	if (dbl_word(&rule, "untagged"))
		t->untagged++;
	else if (opaque)
		s->opaque = xcopy(opaque, strlen(opaque));
	if (dbl_word(&rule, "fail_later") || dbl_word(&rule, "fail_early"))
		s->error_code = rule.code ? rule.code : 131026;
	else if (t->window == 1 && meta_window_closed(t, in, to))
		s->error_code = 131047; /* Meta tells it later, as a status */
	sent_begin(t, s, &rule);
	if (dbl_word(&rule, "error_after")) {
		deny(t, req, &rule);
		buf_free(&wamid);
		return;
	}
	buf_puts(&out, "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":");
	buf_json(&out, input, true);
	buf_printf(&out, ",\"wa_id\":\"%s\"}],\"messages\":[{\"id\":\"%s\"", to, wamid.p);
	buf_printf(&out, ",\"message_status\":\"%s\"}]}",
		   dbl_word(&rule, "held") ? "held_for_quality_assessment" : "accepted");
	dbl_reply(&t->d, req->conn, 200, NULL,
		  "facebook-api-version: v26.0\r\nx-business-use-case-usage: {}\r\n", out.p, out.n,
		  &rule);
	buf_free(&out);
	buf_free(&wamid);
}

static void receipt(struct meta *t, const struct mini_req *req, const cJSON *in)
{
	struct rule rule = dbl_rule(&t->d, req, js(in, "message_id"));

	if (dbl_refused(&t->d, req, &rule))
		return;
	if (strncmp(js_or(in, "message_id", ""), "wamid.", 6)) {
		meta_refuse(t, req, 400, 100, "check the message ID");
		return;
	}
	t->marked_read++;
	if (cJSON_GetObjectItemCaseSensitive(in, "typing_indicator"))
		t->typing++;
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, "{\"success\":true}", 16, &rule);
}

static void on_request(void *self, const struct mini_req *req)
{
	struct meta *t = self;
	const char *rest = req->path;
	char auth[600];
	size_t phone_n = strlen(t->cfg->phone_id);

	/* /v26.0/ID/...; the version may be absent */
	if (rest[0] == '/' && rest[1] == 'v' && strchr(rest + 1, '/'))
		rest = strchr(rest + 1, '/');
	rest++;
	if (!mini_header(req, "authorization", auth, sizeof auth) || strncmp(auth, "Bearer ", 7) ||
	    (strcmp(auth + 7, t->cfg->token) && !meta_app_token(t, auth + 7))) {
		meta_refuse(t, req, 401, 190, NULL);
		return;
	}
	if (meta_media_request(t, req, rest))
		return;
	if (!strcmp(req->method, "GET")) {
		meta_get(t, req, rest);
		return;
	}
	if (!strncmp(rest, t->cfg->phone_id, phone_n) && !strcmp(rest + phone_n, "/media")) {
		meta_media_upload(t, req);
		return;
	}
	if (strncmp(rest, t->cfg->phone_id, phone_n) || strcmp(rest + phone_n, "/messages")) {
		meta_refuse(t, req, 400, 100, "Unsupported post request. Object does not exist");
		return;
	}
	cJSON *in = cJSON_ParseWithLength(req->body, req->body_n);
	if (!cJSON_IsObject(in))
		meta_refuse(t, req, 400, 100, "The request body is not a JSON object");
	else if (js(in, "status"))
		receipt(t, req, in);
	else
		message_send(t, req, in);
	cJSON_Delete(in);
}

static void control_say(struct meta *t, const struct mini_req *req, const cJSON *in)
{
	struct buf out = { 0 }, id = { 0 };
	const cJSON *message = cJSON_GetObjectItemCaseSensitive(in, "message");
	char *raw = message ? cJSON_PrintUnformatted(message) : NULL;
	int times = ji(in, "times", 1);

	if (raw) { /* {...} becomes its fields: they join from, id and timestamp */
		raw[strlen(raw) - 1] = '\0';
	}
	buf_puts(&out, "{\"ids\":[");
	for (int i = 0; i < times && i < 100000; i++) {
		id.n = 0;
		meta_say(t, js_or(in, "from", "5511999990000"), js_or(in, "name", "Rui Gonçalves"),
			 js_or(in, "text", "Olá, tem pão?"), js(in, "id"), raw ? raw + 1 : NULL,
			 &id);
		if (i < 1000) {
			buf_puts(&out, i ? "," : "");
			buf_json(&out, id.p, false);
		}
	}
	if (ji(in, "now", 1))
		meta_flush(t);
	buf_puts(&out, "]}");
	dbl_json(&t->d, req->conn, 200, &out);
	buf_free(&out);
	buf_free(&id);
	cJSON_free(raw);
}

struct shake {
	uint64_t conn;
	char challenge[16];
};

static void shake_done(void *ctx, void *arg, int status, const char *body, size_t n)
{
	struct meta *t = ctx;
	struct shake *s = arg;
	struct buf b = { 0 };
	bool ok = status == 200 && n == strlen(s->challenge) && !memcmp(body, s->challenge, n);

	t->handshakes_ok += ok;
	buf_printf(&b, "{\"ok\":%s,\"status\":%d,\"body\":", ok ? "true" : "false", status);
	buf_json(&b, body, false);
	buf_puts(&b, "}");
	dbl_json(&t->d, s->conn, 200, &b);
	buf_free(&b);
	free(s);
}

static void control_handshake(struct meta *t, const struct mini_req *req, const cJSON *in)
{
	struct shake *s;
	char path[700], token[300];

	if (!t->totem) {
		dbl_text(&t->d, req->conn, 409, NULL, "{\"error\":\"started without --totem\"}");
		return;
	}
	if (!query_get(req->query, "verify_token", token, sizeof token))
		snprintf(token, sizeof token, "%s",
			 js_or(in, "verify_token", t->cfg->verify_token));
	s = xalloc(sizeof *s);
	s->conn = req->conn;
	snprintf(s->challenge, sizeof s->challenge, "%u", (unsigned)(rnd(&t->d.rnd) >> 34));
	snprintf(path, sizeof path, "%s?hub.mode=subscribe&hub.challenge=%s&hub.verify_token=%s",
		 t->cfg->meta_hook, s->challenge, token);
	mini_call(t->totem, &(struct mini_call){ .method = "GET",
						 .path = path,
						 .timeout_ms = 5000,
						 .done = shake_done,
						 .ctx = t,
						 .arg = s });
}

static bool on_control(void *self, const struct mini_req *req, const char *verb, const cJSON *in)
{
	struct meta *t = self;

	if (!strcmp(verb, "say")) {
		control_say(t, req, in);
	} else if (!strcmp(verb, "handshake")) {
		control_handshake(t, req, in);
	} else if (!strcmp(verb,
			   "hook")) { /* exact bytes, for golden payloads and bad signatures */
		char secret[300];
		bool other = query_get(req->query, "secret", secret, sizeof secret);
		meta_hook(t, req->body, req->body_n, other ? secret : NULL);
		dbl_text(&t->d, req->conn, 200, NULL, "{\"ok\":true}");
	} else if (!strcmp(verb, "template")) {
		if (!meta_template_set(t, in))
			return false;
		dbl_text(&t->d, req->conn, 200, NULL, "{\"ok\":true}");
	} else if (!strcmp(verb, "shape")) {
		meta_shape(t, req, in);
	} else if (!strcmp(verb, "status")) {
		meta_status(t, js_or(in, "id", ""), js_or(in, "to", "5511999990000"),
			    js_or(in, "status", "sent"), js(in, "key"), ji(in, "code", 0));
		meta_flush(t);
		dbl_text(&t->d, req->conn, 200, NULL, "{\"ok\":true}");
	} else {
		return meta_media_control(t, req, verb);
	}
	return true;
}

static void on_state(void *self, struct buf *out)
{
	struct meta *t = self;

	buf_printf(out,
		   ",\"marked_read\":%lld,\"typing\":%lld,\"statuses_made\":%lld,"
		   "\"messages_made\":%lld,\"hooks_posted\":%lld,\"hooks_ok\":%lld,"
		   "\"hooks_refused\":%lld,\"hooks_retried\":%lld,\"hooks_given_up\":%lld,"
		   "\"hooks_waiting\":%zu,\"handshakes_ok\":%lld,\"untagged\":%lld",
		   t->marked_read, t->typing, t->statuses_made, t->messages_made, t->hooks_posted,
		   t->hooks_ok, t->hooks_refused, t->hooks_retried, t->hooks_given_up,
		   t->totem ? mini_client_waiting(t->totem) : 0, t->handshakes_ok, t->untagged);
	meta_media_state(t, out);
}

static void on_reset(void *self)
{
	struct meta *t = self;

	map_clear(&t->pairs);
	map_clear(&t->heard);
	meta_shapes_forget(t);
	meta_media_reset(t);
	t->marked_read = t->typing = t->statuses_made = t->messages_made = t->hooks_posted = 0;
	t->untagged = t->hooks_ok = t->hooks_refused = t->hooks_retried = t->hooks_given_up =
		t->handshakes_ok = 0;
}

struct mini *meta_start(const struct peers_config *cfg, int port, int *ret_port)
{
	static const struct dbl_ops ops = { on_request, on_control, on_state, on_reset,
					    meta_error_body };
	struct meta *t = xalloc(sizeof *t);
	const struct dbl_option options[] = {
		{ "statuses", &t->statuses },
		{ "early", &t->early },
		{ "duplicate_percent", &t->duplicate_percent },
		{ "shuffle", &t->shuffle },
		{ "batch_max", &t->batch_max },
		{ "batch_ms", &t->batch_ms },
		{ "sent_ms", &t->sent_ms },
		{ "delivered_ms", &t->delivered_ms },
		{ "read_ms", &t->read_ms },
		{ "skip_delivered_percent", &t->skip_delivered_percent },
		{ "retry_max", &t->retry_max },
		{ "retry_first_ms", &t->retry_first_ms },
		{ "retry_cap_ms", &t->retry_cap_ms },
		{ "hook_timeout_ms", &t->hook_timeout_ms },
		{ "mps", &t->mps },
		{ "pair_per_minute", &t->pair_per_minute },
		{ "drop_ninth", &t->drop_ninth },
		{ "bsuid", &t->bsuid },
		{ "window", &t->window },
		{ "template_check", &t->template_check },
		{ "template_page", &t->template_page },
		{ "customers", &t->customers },
		{ "every_ms", &t->every_ms },
		{ "url_ms", &t->url_ms },
		{ NULL, NULL },
	};
	struct dbl_option *kept = xalloc(sizeof options);

	memcpy(kept, options, sizeof options);
	t->cfg = cfg;
	t->statuses = cfg->statuses;
	t->batch_max = 20;
	t->batch_ms = 5;
	t->sent_ms = 5;
	t->delivered_ms = 15;
	t->read_ms = 40;
	t->retry_max = 12;
	t->retry_first_ms = 200;
	t->retry_cap_ms = 5000;
	t->hook_timeout_ms = 5000;
	t->bsuid = 1;
	t->customers = cfg->customers;
	t->every_ms = cfg->every_ms;
	t->url_ms = 300000;
	dbl_init(&t->d, "meta", t, &ops, kept, port, ret_port);
	t->port = *ret_port;
	if (cfg->totem)
		t->totem = mini_client_new(t->d.m, cfg->totem, 16);
	meta_templates_start(t);
	customers_start(t);
	return t->d.m;
}
