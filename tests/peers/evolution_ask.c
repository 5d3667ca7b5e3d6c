/* evolution_ask.c - what the Evolution double answers beside sends: its database, its state, a QR code, files, webhook/set. */
#include "evolution.h"

#include <stdio.h>
#include <string.h>

void evo_find(struct evo *t, const struct mini_req *req, const cJSON *in)
{
	const cJSON *where = cJSON_GetObjectItemCaseSensitive(in, "where");
	const cJSON *key = cJSON_GetObjectItemCaseSensitive(where, "key");
	const char *id = js(key, "id"), *jid = js(key, "remoteJid");
	int page = ji(in, "page", 1), size = ji(in, "offset", 50), n = 0, first = 1;
	struct rule rule = dbl_rule(&t->d, req, id ? id : jid);
	struct buf b = { 0 };

	if (dbl_refused(&t->d, req, &rule))
		return;
	buf_puts(&b, "{\"messages\":{\"currentPage\":1,\"records\":[");
	for (size_t i = t->save ? t->message_n : 0; i > evo_oldest(t); i--) {
		const struct evo_message *m = evo_at(t, i - 1);
		if ((id && strcmp(id, m->key) != 0) || (jid && strcmp(jid, m->jid) != 0))
			continue;
		if (n++ / size != page - 1)
			continue;
		if (!first)
			buf_puts(&b, ",");
		first = 0;
		evo_data(t, m, "Rui", &b);
	}
	buf_printf(&b, "],\"total\":%d,\"pages\":%d}}", n, n ? (n + size - 1) / size : 1);
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, &rule);
	buf_free(&b);
}

void evo_set_webhook(struct evo *t, const struct mini_req *req, const cJSON *in)
{
	const cJSON *hook = cJSON_GetObjectItemCaseSensitive(in, "webhook");
	const cJSON *headers = cJSON_GetObjectItemCaseSensitive(hook, "headers");
	const char *url = js(hook, "url"), *path = url ? strstr(url, "://") : NULL;

	path = path ? strchr(path + 3, '/') : NULL;
	if (!path) {
		evo_refuse(t, req, 400, "[\"url is invalid\"]");
		return;
	}
	snprintf(t->hook_path, sizeof t->hook_path, "%s", path);
	t->hook_head[0] = t->jwt_key[0] = '\0';
	for (const cJSON *h = headers ? headers->child : NULL; h; h = h->next) {
		if (!strcmp(h->string, "jwt_key"))
			snprintf(t->jwt_key, sizeof t->jwt_key, "%s", h->valuestring);
		else
			snprintf(t->hook_head, sizeof t->hook_head, "%s: %s\r\n", h->string,
				 h->valuestring);
	}
	dbl_text(&t->d, req->conn, 201, NULL, "{\"enabled\":true}");
}

void evo_tell_state(struct evo *t, const struct mini_req *req, bool connect)
{
	struct buf b = { 0 };

	if (connect && strcmp(t->state, "open") != 0) {
		t->qr_n++;
		buf_printf(&b,
			   "{\"pairingCode\":\"WZYE%lld\",\"code\":\"2@double%lld\",\"base64\":"
			   "\"data:image/png;base64,"
			   "iVBORw0KGgoAAAANSUhEUgAAAB0AAAAdAQAAAAB+6FqiAAAAU0lEQVR42mP4////DwY0"
			   "4oO0QwXD90vxFQxfPAWBRHQgkAgCEt9PyldAZL9M8qxg+OSp8oPh2+3cH1i5HziB3O9g"
			   "bpAnyCgg90s0kPv9EkwWi+UAozlRAYv1QdkAAAAASUVORK5CYII=\","
			   "\"count\":%lld}",
			   t->qr_n, t->qr_n, t->qr_n);
	} else {
		buf_printf(&b, "{\"instance\":{\"instanceName\":\"%s\",\"state\":\"%s\"}}",
			   t->cfg->evolution_instance, t->state);
	}
	dbl_json(&t->d, req->conn, 200, &b);
	buf_free(&b);
}

void evo_file_of(struct evo *t, const struct mini_req *req, const cJSON *in)
{
	const cJSON *message = cJSON_GetObjectItemCaseSensitive(in, "message");
	const char *id = js(cJSON_GetObjectItemCaseSensitive(message, "key"), "id");
	struct rule rule = dbl_rule(&t->d, req, id);
	/* a PNG of one pixel */
	static const char png[] =
		"{\"mediaType\":\"imageMessage\",\"fileName\":\"x.png\",\"mimetype\":\"image/png\","
		"\"base64\":\"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+"
		"M9QDwADhgGA"
		"WjR9awAAAABJRU5ErkJggg==\"}";

	if (dbl_refused(&t->d, req, &rule))
		return;
	if (!id || !evo_by_key(t, id)) {
		evo_refuse(t, req, 400, "[\"Message not found\"]");
		return;
	}
	dbl_reply(&t->d, req->conn, 201, NULL, NULL, png, sizeof png - 1, &rule);
}

void evo_other(struct evo *t, const struct mini_req *req, const cJSON *in)
{
	struct rule rule = dbl_rule(&t->d, req, js(in, "number"));

	if (dbl_refused(&t->d, req, &rule))
		return;
	t->acts++;
	t->read_n += strstr(req->path, "markMessageAsRead") != NULL;
	dbl_reply(&t->d, req->conn, 201, NULL, NULL, "{\"read\":\"success\"}", 18, &rule);
}

void evo_root(struct evo *t, const struct mini_req *req)
{
	struct buf b = { 0 };

	buf_printf(&b, "{\"status\":200,\"message\":\"Welcome\",\"version\":\"%s\"}",
		   t->v24 ? "2.4.0-rc2" : "2.3.7");
	dbl_json(&t->d, req->conn, 200, &b);
	buf_free(&b);
}
