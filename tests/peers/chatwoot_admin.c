/* chatwoot_admin.c - what an administrator sees of the Chatwoot double: version, profile, inboxes, agents, bots, the Platform
 * API, the login page; and files that were posted with messages, kept and served again byte for byte.
 * Option `version` is 41602 for 4.16.2: before 4.2 there is no PATCH of a status, before 4.13 no signature, from 4.14 on
 * webhooks to private addresses are refused (option `allow_private`, the switch of 4.14.1, is on unless told). */
#include "chatwoot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- files of messages ---- */

/* A part of a form; it belongs to the message that is made next. */
void cw_upload_new(struct chatwoot *t, const char *head, const char *p, size_t n)
{
	struct cw_upload *u;
	const char *name = strstr(head, "filename=\""), *type = strstr(head, "Content-Type: ");

	if (t->uploads_n == CW_UPLOADS_MAX)
		return;
	u = &t->uploads[t->uploads_n++];
	u->message = 0;
	u->p = xalloc(n + 1);
	memcpy(u->p, p, n);
	u->n = n;
	name = name ? name + 10 : "file";
	u->name = xcopy(name, strcspn(name, "\""));
	type = type ? type + 14 : "application/octet-stream";
	u->type = xcopy(type, strcspn(type, "\r\n"));
}

void cw_uploads_take(struct chatwoot *t, int message)
{
	for (int i = t->uploads_n; i > 0 && !t->uploads[i - 1].message; i--)
		t->uploads[i - 1].message = message;
}

bool cw_uploads_json(struct chatwoot *t, struct buf *b, const struct cw_message *m)
{
	int n = 0;

	for (int i = 0; i < t->uploads_n; i++) {
		const struct cw_upload *u = &t->uploads[i];
		const char *kind = !strncmp(u->type, "image/", 6)   ? "image"
				   : !strncmp(u->type, "audio/", 6) ? "audio"
				   : !strncmp(u->type, "video/", 6) ? "video"
								    : "file";
		if (u->message != m->id)
			continue;
		buf_printf(b,
			   "%s{\"id\":%d,\"message_id\":%d,\"file_type\":\"%s\",\"content_type\":",
			   n ? "," : ",\"attachments\":[", m->id * 16 + n, m->id, kind);
		n++;
		buf_json(b, u->type, false);
		buf_printf(b,
			   ",\"file_size\":%zu,\"data_url\":\"http://127.0.0.1:%d"
			   "/rails/active_storage/blobs/redirect/u%d/\",\"file_name\":",
			   u->n, t->port, i);
		buf_json(b, u->name, false);
		buf_puts(b, "}");
	}
	if (n)
		buf_puts(b, "]");
	return n > 0;
}

const struct cw_upload *cw_upload_at(struct chatwoot *t, const char *path)
{
	int i = path[0] == 'u' ? atoi(path + 1) : -1;

	return i >= 0 && i < t->uploads_n ? &t->uploads[i] : NULL;
}

/* ---- administration ---- */

void cw_version(const struct chatwoot *t, char out[24])
{
	snprintf(out, 24, "%d.%d.%d", t->version / 10000, t->version / 100 % 100, t->version % 100);
}

static void reply(struct chatwoot *t, const struct mini_req *req, const struct rule *rule,
		  const char *text)
{
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, text, strlen(text), rule);
}

void cw_inbox_one(struct chatwoot *t, const struct mini_req *req, const cJSON *in, int id,
		  const struct rule *rule)
{
	struct cw_inbox *i = id > 0 && id <= t->inboxes_n ? &t->inboxes[id - 1] : NULL;
	struct buf b = { 0 };

	if (!i) {
		cw_fail(t, req, 404, "Resource could not be found");
		return;
	}
	if (!strcmp(req->method, "PATCH"))
		cw_inbox_fill(i, in);
	cw_inbox_json(t, &b, i);
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
}

void cw_inbox_fill(struct cw_inbox *i, const cJSON *in)
{
	const cJSON *channel = cJSON_GetObjectItemCaseSensitive(in, "channel");
	const cJSON *more = cJSON_GetObjectItemCaseSensitive(channel, "additional_attributes");

	if (cJSON_GetObjectItemCaseSensitive(in, "lock_to_single_conversation"))
		i->lock = ji(in, "lock_to_single_conversation", 0) != 0;
	if (js(channel, "webhook_url")) {
		free(i->webhook);
		i->webhook = xcopy(js(channel, "webhook_url"), strlen(js(channel, "webhook_url")));
	}
	i->reply_hours = ji(more, "agent_reply_time_window", i->reply_hours);
}

/* Below an account; false: not one of these. */
bool cw_admin(struct chatwoot *t, const struct mini_req *req, const char *rest, const cJSON *in,
	      const struct rule *rule)
{
	bool is_post = !strcmp(req->method, "POST");

	if (!strncmp(rest, "inboxes/", 8)) {
		cw_inbox_one(t, req, in, atoi(rest + 8), rule);
	} else if (!strcmp(rest, "agents") && !is_post) {
		reply(t, req, rule,
		      "[{\"id\":5,\"name\":\"Ana\",\"email\":\"ana@example.test\",\"role\":"
		      "\"agent\"}]");
	} else if (!strcmp(rest, "agent_bots") && is_post) {
		reply(t, req, rule,
		      "{\"id\":2,\"name\":\"Totem\",\"access_token\":\"double-bot-token\"}");
	} else {
		return false;
	}
	return true;
}

/* Beside the accounts; false: not one of these. */
bool cw_outside(struct chatwoot *t, const struct mini_req *req, const struct rule *rule)
{
	char text[300], version[24];
	int id = 0;

	cw_version(t, version);
	if (!strcmp(req->path, "/api")) {
		snprintf(text, sizeof text,
			 "{\"version\":\"%s\",\"timestamp\":\"2026-09-30 12:00:00\","
			 "\"queue_services\":\"ok\",\"data_services\":\"ok\"}",
			 version);
		reply(t, req, rule, text);
	} else if (!strcmp(req->path, "/api/v1/profile")) {
		reply(t, req, rule,
		      "{\"id\":1,\"name\":\"Admin\",\"accounts\":[{\"id\":1,\"name\":\"Loja\","
		      "\"role\":\"administrator\"}]}");
	} else if (!strcmp(req->path, "/app/login")) {
		snprintf(text, sizeof text,
			 "<html><script>window.chatwootConfig = {\n hostURL: '%s:%d',\n};</script>",
			 t->wrong_host ? "http://https" : "http://127.0.0.1", t->port);
		dbl_reply(&t->d, req->conn, 200, "text/html", NULL, text, strlen(text), rule);
	} else if (!strcmp(req->path, "/platform/api/v1/users")) {
		reply(t, req, rule, "{\"id\":11}");
	} else if (sscanf(req->path, "/platform/api/v1/users/%d/token", &id) == 1) {
		snprintf(text, sizeof text, "{\"access_token\":\"double-agent-%d\"}", id);
		reply(t, req, rule, text);
	} else if (!strncmp(req->path, "/platform/api/v1/accounts/", 26)) {
		reply(t, req, rule, "{\"id\":1}");
	} else {
		return false;
	}
	return true;
}

/* The bridge's own, a bot's, or an agent's. */
bool cw_token_ok(const struct chatwoot *t, const char *token)
{
	return !strcmp(token, t->cfg->chatwoot_token) || !strcmp(token, "double-bot-token") ||
	       !strncmp(token, "double-agent-", 13);
}
