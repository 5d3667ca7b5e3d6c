/* evolution.c - the Evolution API double: sends, findMessages, state, QR code, webhook/set; behaves like 2.3.7, or like 2.4
 * with option v24 (a send may name its key) and licence (everything is refused until it is activated). */
#include "evolution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- its database ---- */

static struct evo_message *keep(struct evo *t, const char *key, const char *jid, const char *text,
				const char *body, bool from_me)
{
	struct evo_message *m = &t->messages[t->message_n % EVO_MESSAGES_MAX];

	if (t->message_n++ >= EVO_MESSAGES_MAX) {
		free(m->key);
		free(m->jid);
		free(m->text);
		free(m->body);
	}
	*m = (struct evo_message){ .key = xcopy(key, strlen(key)),
				   .jid = xcopy(jid, strlen(jid)),
				   .text = xcopy(text, strlen(text)),
				   .body = xcopy(body, strlen(body)),
				   .from_me = from_me,
				   .at_s = wall_ms() / 1000 };
	return m;
}

const struct evo_message *evo_at(const struct evo *t, size_t i)
{
	return &t->messages[i % EVO_MESSAGES_MAX];
}

size_t evo_oldest(const struct evo *t)
{
	return t->message_n > EVO_MESSAGES_MAX ? t->message_n - EVO_MESSAGES_MAX : 0;
}

const struct evo_message *evo_by_key(const struct evo *t, const char *key)
{
	for (size_t i = t->message_n; i > evo_oldest(t); i--) {
		if (!strcmp(evo_at(t, i - 1)->key, key))
			return evo_at(t, i - 1);
	}
	return NULL;
}

/* ---- statuses ---- */

struct sent {
	char key[80], jid[120];
	int step;
};

static void sent_step(void *ctx, void *arg);

static void sent_plan(struct evo *t, struct sent *s)
{
	int ms = s->step == 0 ? t->sent_ms : s->step == 1 ? t->delivered_ms : t->read_ms;

	if (!t->statuses || !t->totem || s->step > 2 || ms < 0) {
		free(s);
		return;
	}
	mini_after(t->d.m, ms, sent_step, t, s);
}

static void sent_step(void *ctx, void *arg)
{
	static const char *const words[] = { "SERVER_ACK", "DELIVERY_ACK", "READ" };
	struct evo *t = ctx;
	struct sent *s = arg;
	struct buf b = { 0 };

	buf_printf(&b,
		   "{\"keyId\":\"%s\",\"remoteJid\":\"%s\",\"fromMe\":true,\"participant\":null,"
		   "\"status\":\"%s\",\"instanceId\":\"i\",\"messageId\":\"row-%lld\"}",
		   s->key, s->jid, words[s->step], t->sent_n);
	evo_hook(t, "messages.update", b.p);
	buf_free(&b);
	s->step++;
	sent_plan(t, s);
}

/* ---- sending ---- */

static void echo(struct evo *t, const struct evo_message *m)
{
	struct buf data = { 0 };

	evo_data(t, m, "", &data);
	evo_hook(t, t->as_upsert ? "messages.upsert" : "send.message", data.p);
	buf_free(&data);
}

struct later {
	char key[80];
};

static void echo_later(void *ctx, void *arg)
{
	struct evo *t = ctx;
	struct later *l = arg;
	const struct evo_message *m = evo_by_key(t, l->key);

	if (m)
		echo(t, m);
	free(l);
}

static void licence_text(struct buf *out)
{
	buf_puts(out, "{\"error\":\"service not activated\",\"code\":\"LICENSE_REQUIRED\","
		      "\"register_url\":\"http://localhost:8080/manager/license\"}");
}

void evo_refuse(struct evo *t, const struct mini_req *req, int status, const char *message)
{
	struct buf b = { 0 };

	buf_printf(&b, "{\"status\":%d,\"error\":\"Refused\",\"response\":{\"message\":%s}}",
		   status, message);
	t->d.refused++;
	dbl_json(&t->d, req->conn, status, &b);
	buf_free(&b);
}

/* What the message looks like in its database: extendedTextMessage has become conversation. */
static void body_of(const struct mini_req *req, const cJSON *in, struct buf *text, struct buf *body)
{
	const char *path = req->path;

	if (strstr(path, "/sendText/")) {
		buf_puts(text, js_or(in, "text", ""));
		buf_puts(body, "{\"conversation\":");
		buf_json(body, text->p, false);
		buf_puts(body, "}");
	} else if (strstr(path, "/sendMedia/")) {
		buf_printf(text, "%s %s", js_or(in, "mediatype", "?"), js_or(in, "caption", ""));
		buf_printf(body, "{\"%sMessage\":{\"mimetype\":", js_or(in, "mediatype", "image"));
		buf_json(body, js(in, "mimetype"), false);
		buf_puts(body, ",\"caption\":");
		buf_json(body, js_or(in, "caption", ""), false);
		buf_puts(body, "}}");
	} else if (strstr(path, "/sendReaction/")) {
		const cJSON *key = cJSON_GetObjectItemCaseSensitive(in, "key");
		buf_printf(text, "reaction %s", js_or(key, "id", ""));
		buf_printf(body, "{\"reactionMessage\":{\"key\":{\"id\":\"%s\"},\"text\":",
			   js_or(key, "id", ""));
		buf_json(body, js_or(in, "reaction", ""), false);
		buf_puts(body, "}}");
	} else {
		buf_puts(text, strrchr(path, '/') ? path : "?");
		buf_puts(body, "{\"unknownMessage\":{}}");
	}
}

static void book(struct evo *t, const struct mini_req *req, const struct evo_message *m,
		 int64_t seen)
{
	struct buf b = { 0 };

	buf_puts(&b, "{\"path\":");
	buf_json(&b, req->path, false);
	buf_puts(&b, ",\"key\":");
	buf_json(&b, m->key, false);
	buf_puts(&b, ",\"to\":");
	buf_json(&b, m->jid, false);
	buf_puts(&b, ",\"text\":");
	buf_json(&b, m->text, false);
	buf_printf(&b, ",\"seen\":%lld,\"at_ms\":%lld}", (long long)seen, (long long)wall_ms());
	ring_add(&t->d.recent, b.p, b.n);
	buf_free(&b);
}

static void answer_sent(struct evo *t, const struct mini_req *req, const struct evo_message *m,
			const struct rule *rule)
{
	struct buf out = { 0 };

	buf_printf(&out,
		   "{\"key\":{\"remoteJid\":\"%s\",\"fromMe\":true,\"id\":\"%s\"},\"status\":"
		   "\"PENDING\",\"message\":%s,\"messageTimestamp\":%lld}",
		   m->jid, m->key, m->body, m->at_s);
	dbl_reply(&t->d, req->conn, 201, NULL, NULL, out.p, out.n, rule);
	buf_free(&out);
}

static void take(struct evo *t, const struct mini_req *req, const cJSON *in, const char *to,
		 struct rule *rule)
{
	const char *own = t->v24 ? js(in, "messageId") : NULL;
	const struct evo_message *m = own ? evo_by_key(t, own) : NULL;
	struct buf text = { 0 }, body = { 0 }, count = { 0 };
	bool before = t->echo == 2 || dbl_word(rule, "echo_before");
	char made[40];

	if (m) { /* the same key: WhatsApp shows it once */
		t->repeats++;
		answer_sent(t, req, m, rule);
		return;
	}
	snprintf(made, sizeof made, "3EB0%012llX%04llX", (unsigned long long)++t->sent_n,
		 (unsigned long long)(rnd(&t->d.rnd) & 0xFFFF));
	body_of(req, in, &text, &body);
	buf_printf(&count, "%s %s", to, text.p);
	m = keep(t, own ? own : made, to, text.p, body.p, true);
	book(t, req, m, dbl_count(&t->d, count.p));
	if (before) {
		echo(t, m);
		if (!rule->ms)
			rule->ms = 100;
		if (!rule->word[0])
			snprintf(rule->word, sizeof rule->word, "echo_before");
	} else if (t->echo == 1) {
		struct later *l = xalloc(sizeof *l);
		snprintf(l->key, sizeof l->key, "%s", m->key);
		mini_after(t->d.m, 30, echo_later, t, l);
	}
	if (!t->pending && !dbl_word(rule, "pending")) {
		struct sent *s = xalloc(sizeof *s);
		snprintf(s->key, sizeof s->key, "%s", m->key);
		snprintf(s->jid, sizeof s->jid, "%s", m->jid);
		sent_plan(t, s);
	}
	answer_sent(t, req, m, rule);
	buf_free(&text);
	buf_free(&body);
	buf_free(&count);
}

static void send_any(struct evo *t, const struct mini_req *req, const cJSON *in)
{
	const cJSON *key = cJSON_GetObjectItemCaseSensitive(in, "key");
	const char *to = js(in, "number") ? js(in, "number") : js(key, "remoteJid");
	struct rule rule = dbl_rule(&t->d, req, to);
	struct buf b = { 0 };

	if (dbl_word(&rule, "licence")) {
		licence_text(&b);
		t->d.refused++;
		dbl_json(&t->d, req->conn, 503, &b);
		buf_free(&b);
		return;
	}
	if (dbl_refused(&t->d, req, &rule))
		return;
	if (!to || !*to) {
		evo_refuse(t, req, 400, "[[\"instance requires property \\\"number\\\"\"]]");
	} else if (!strchr(to,
			   '@')) { /* it would take the ninth digit out: Totem must not let it */
		evo_refuse(t, req, 400, "[\"the double wants whole JIDs\"]");
	} else if (dbl_word(&rule, "exists_false")) {
		buf_printf(&b, "[{\"jid\":\"%s\",\"exists\":false,\"number\":\"%s\"}]", to, to);
		evo_refuse(t, req, 400, b.p);
	} else if (strcmp(t->state, "open") != 0) {
		evo_refuse(t, req, 500, "\"Connection Closed\"");
	} else {
		take(t, req, in, to, &rule);
	}
	buf_free(&b);
}

/* ---- routes ---- */

static bool for_instance(const struct evo *t, const char *path)
{
	const char *last = strrchr(path, '/');

	return last && !strcmp(last + 1, t->cfg->evolution_instance);
}

static void route(struct evo *t, const struct mini_req *req, const cJSON *in)
{
	const char *p = req->path;

	if (!for_instance(t, p))
		evo_refuse(t, req, 404, "[\"The instance does not exist\"]");
	else if (!strncmp(p, "/message/send", 13))
		send_any(t, req, in);
	else if (!strncmp(p, "/chat/findMessages/", 19))
		evo_find(t, req, in);
	else if (!strncmp(p, "/chat/getBase64FromMediaMessage/", 32))
		evo_file_of(t, req, in);
	else if (!strncmp(p, "/chat/", 6))
		evo_other(t, req, in);
	else if (!strncmp(p, "/webhook/set/", 13))
		evo_set_webhook(t, req, in);
	else if (!strncmp(p, "/instance/connectionState/", 26))
		evo_tell_state(t, req, false);
	else if (!strncmp(p, "/instance/connect/", 18))
		evo_tell_state(t, req, true);
	else
		evo_refuse(t, req, 404, "[\"Cannot find this\"]");
}

static void on_request(void *self, const struct mini_req *req)
{
	struct evo *t = self;
	char key[200] = "";
	struct buf b = { 0 };
	cJSON *in;

	if (!strcmp(req->path, "/")) {
		evo_root(t, req);
		return;
	}
	if (t->licence) {
		licence_text(&b);
		t->d.refused++;
		dbl_json(&t->d, req->conn, 503, &b);
		buf_free(&b);
		return;
	}
	if (!mini_header(req, "apikey", key, sizeof key) ||
	    strcmp(key, t->cfg->evolution_key) != 0) {
		evo_refuse(t, req, 401, "\"Unauthorized\"");
		return;
	}
	in = req->body_n ? cJSON_ParseWithLength(req->body, req->body_n) : NULL;
	route(t, req, in);
	cJSON_Delete(in);
}

/* ---- control ---- */

static void control_say(struct evo *t, const struct mini_req *req, const cJSON *in, bool phone)
{
	const cJSON *given = cJSON_GetObjectItemCaseSensitive(in, "message");
	char *written = given ? cJSON_PrintUnformatted(given) : NULL;
	const char *text = js_or(in, "text", "oi"), *key = js(in, "id");
	struct buf jid = { 0 }, body = { 0 }, data = { 0 }, out = { 0 };
	const struct evo_message *m;
	char made[40];

	buf_printf(&jid, "%s@s.whatsapp.net",
		   phone ? js_or(in, "to", "5511999990000") : js_or(in, "from", "5511999990000"));
	if (written) {
		buf_puts(&body, written);
	} else {
		buf_puts(&body, "{\"conversation\":");
		buf_json(&body, text, false);
		buf_puts(&body, "}");
	}
	snprintf(made, sizeof made, "%s%016llX", phone ? "PH" : "IN",
		 (unsigned long long)rnd(&t->d.rnd));
	m = keep(t, key ? key : made, jid.p, text, body.p, phone);
	evo_data(t, m,
		 js_or(in, "name",
		       "Rui Gon\xC3\xA7"
		       "alves"),
		 &data);
	if (!ji(in, "silent", 0)) /* silent: only its database knows it */
		evo_hook(t, "messages.upsert", data.p);
	buf_puts(&out, "{\"id\":");
	buf_json(&out, m->key, false);
	buf_puts(&out, "}");
	dbl_json(&t->d, req->conn, 200, &out);
	cJSON_free(written);
	buf_free(&jid);
	buf_free(&body);
	buf_free(&data);
	buf_free(&out);
}

static void control_connection(struct evo *t, const struct mini_req *req, const cJSON *in)
{
	struct buf b = { 0 };

	snprintf(t->state, sizeof t->state, "%s", js_or(in, "state", "open"));
	buf_printf(&b, "{\"instance\":\"%s\",\"state\":\"%s\",\"statusReason\":%d}",
		   t->cfg->evolution_instance, t->state, ji(in, "reason", 200));
	evo_hook(t, "connection.update", b.p);
	buf_free(&b);
	dbl_text(&t->d, req->conn, 200, NULL, "{\"ok\":true}");
}

static bool on_control(void *self, const struct mini_req *req, const char *verb, const cJSON *in)
{
	struct evo *t = self;

	if (!strcmp(verb, "say") || !strcmp(verb, "phone")) {
		control_say(t, req, in, verb[0] == 'p');
	} else if (!strcmp(verb, "connection")) {
		control_connection(t, req, in);
	} else if (!strcmp(verb, "hook")) {
		evo_raw_hook(t, req->body, req->body_n, "messages.upsert");
		dbl_text(&t->d, req->conn, 200, NULL, "{\"ok\":true}");
	} else {
		return false;
	}
	return true;
}

static void on_state(void *self, struct buf *out)
{
	struct evo *t = self;

	buf_printf(out,
		   ",\"hooks_posted\":%lld,\"hooks_ok\":%lld,\"hooks_lost\":%lld,\"hooks_retried\":"
		   "%lld,\"repeats\":%lld,\"marked_read\":%lld,\"acts\":%lld,\"hook_path\":\"%s\","
		   "\"connection\":\"%s\",\"waiting\":%zu",
		   t->hooks_posted, t->hooks_ok, t->hooks_lost, t->hooks_retried, t->repeats,
		   t->read_n, t->acts, t->hook_path, t->state,
		   t->totem ? mini_client_waiting(t->totem) : 0);
}

static void on_reset(void *self)
{
	struct evo *t = self;

	t->hooks_posted = t->hooks_ok = t->hooks_lost = t->hooks_retried = 0;
	t->repeats = t->read_n = t->acts = 0;
	snprintf(t->state, sizeof t->state, "open");
}

static void error_body(void *self, const struct rule *r, int status, struct buf *out,
		       const char **ret_type)
{
	(void)self;
	(void)r;
	(void)ret_type;
	buf_printf(out,
		   "{\"status\":%d,\"error\":\"Error\",\"response\":{\"message\":\"on request\"}}",
		   status);
}

static void usual(struct evo *t)
{
	t->statuses = t->cfg->statuses;
	t->echo = 1;
	t->save = 1;
	t->sent_ms = 50;
	t->delivered_ms = 100;
	t->read_ms = 300;
	t->retry_max = 10;
	t->retry_first_ms = 200;
	t->retry_cap_ms = 5000;
	t->hook_timeout_ms = 30000;
	snprintf(t->state, sizeof t->state, "open");
	snprintf(t->hook_path, sizeof t->hook_path, "%s", t->cfg->evolution_hook);
	snprintf(t->hook_head, sizeof t->hook_head, "X-Totem-Key: %s\r\n", t->cfg->evolution_badge);
}

struct mini *evolution_start(const struct peers_config *cfg, int port, int *ret_port)
{
	static const struct dbl_ops ops = { on_request, on_control, on_state, on_reset,
					    error_body };
	struct evo *t = xalloc(sizeof *t);
	const struct dbl_option options[] = {
		{ "statuses", &t->statuses },
		{ "echo", &t->echo },
		{ "as_upsert", &t->as_upsert },
		{ "v24", &t->v24 },
		{ "licence", &t->licence },
		{ "pending", &t->pending },
		{ "save", &t->save },
		{ "duplicate_percent", &t->duplicate_percent },
		{ "lid", &t->lid },
		{ "by_events", &t->by_events },
		{ "sent_ms", &t->sent_ms },
		{ "delivered_ms", &t->delivered_ms },
		{ "read_ms", &t->read_ms },
		{ "retry_max", &t->retry_max },
		{ "retry_first_ms", &t->retry_first_ms },
		{ "retry_cap_ms", &t->retry_cap_ms },
		{ "hook_timeout_ms", &t->hook_timeout_ms },
		{ NULL, NULL },
	};
	struct dbl_option *kept = xalloc(sizeof options);

	memcpy(kept, options, sizeof options);
	t->cfg = cfg;
	t->messages = xalloc(EVO_MESSAGES_MAX * sizeof *t->messages);
	usual(t);
	dbl_init(&t->d, "evolution", t, &ops, kept, port, ret_port);
	if (cfg->totem)
		t->totem = mini_client_new(t->d.m, cfg->totem, 16);
	return t->d.m;
}
