/* chatwoot_messages.c - the messages of a conversation: stored, listed, their delivery state
 * changed. As forgetful as the original, see chatwoot.c. */
#include "chatwoot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy_or_null(const char *s)
{
	return s ? xcopy(s, strlen(s)) : NULL;
}

static void message_book(struct chatwoot *t, const struct cw_message *m, int64_t seen)
{
	struct buf b = { 0 };

	cw_message_json(t, &b, m);
	b.n--;
	buf_printf(&b, ",\"seen\":%lld}", (long long)seen);
	ring_add(&t->d.recent, b.p, b.n);
	buf_free(&b);
}

/* `content_attributes` may be an object or, from multipart forms, JSON in a string. */
static char *attributes_of(struct chatwoot *t, const struct cw_conversation *c, const cJSON *in)
{
	const cJSON *a = cJSON_GetObjectItemCaseSensitive(in, "content_attributes");
	cJSON *parsed = cJSON_IsString(a)   ? cJSON_Parse(a->valuestring)
			: cJSON_IsObject(a) ? cJSON_Duplicate(a, true)
					    : NULL;
	char *text;

	if (parsed)
		cw_quote(t, c, parsed);
	text = parsed ? cJSON_PrintUnformatted(parsed) : NULL;
	cJSON_Delete(parsed);
	return text;
}

static const char *message_refusal(struct chatwoot *t, struct cw_conversation *c, const cJSON *in)
{
	const char *type = js_or(in, "message_type", "outgoing");
	int64_t minute = wall_ms() / 60000;

	if (strcmp(type, "incoming") && strcmp(type, "outgoing") && strcmp(type, "template"))
		return "Invalid message type";
	if (strlen(js_or(in, "content", "")) > 150000)
		return "Validation failed: Content is too long (maximum is 150000 characters)";
	if (c->minute != minute)
		c->in_minute = 0;
	c->minute = minute;
	if (t->per_minute > 0 && ++c->in_minute > t->per_minute)
		return "Too many messages";
	return NULL;
}

void cw_message_post(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		     struct cw_conversation *c, struct rule *rule)
{
	const char *refusal = message_refusal(t, c, in), *type = js_or(in, "message_type", "");
	const char *echo = js(in, "echo_id");
	struct cw_mischief mischief = cw_mischief(t, rule);
	struct cw_message *m = refusal ? NULL : cw_message_new(t, c->id);
	bool reopened = false; /* by a message of the customer */
	struct buf b = { 0 };

	if (!m) {
		cw_fail(t, req, 422, refusal ? refusal : "the double is full");
		return;
	}
	m->type = !strcmp(type, "incoming") ? CW_INCOMING : CW_OUTGOING;
	m->sender = m->type == CW_INCOMING                              ? CW_CONTACT
		    : !strcmp(js_or(in, "sender_type", ""), "AgentBot") ? CW_BOT
									: CW_USER;
	m->is_private = ji(in, "private", 0) != 0;
	m->content = copy_or_null(js(in, "content"));
	m->content_type = copy_or_null(js(in, "content_type"));
	m->source_id = copy_or_null(js(in, "source_id"));
	m->attributes = attributes_of(t, c, in);
	m->attachments = ji(in, "_attachments", 0);
	cw_uploads_take(t, m->id);
	if (m->type == CW_INCOMING) {
		t->incoming++;
		c->unread++;
		reopened = !strcmp(c->status, "resolved") || !strcmp(c->status, "snoozed");
		if (reopened)
			c->status = "open";
	} else {
		t->outgoing_api++;
	}
	message_book(t, m, dbl_count(&t->d, m->source_id));
	cw_message_json(t, &b, m);
	if (echo) {
		b.n--;
		buf_puts(&b, ",\"echo_id\":");
		buf_json(&b, echo, false);
		buf_puts(&b, "}");
	}
	if (mischief.first) { /* the event is on its way before the answer is */
		cw_event_message(t, "message_created", m, mischief);
		if (!rule->ms)
			rule->ms = 30;
		if (!rule->word[0])
			snprintf(rule->word, sizeof rule->word, "webhook_first");
	}
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	if (!mischief.first)
		cw_event_message(t, "message_created", m, mischief);
	if (reopened)
		cw_event_conversation(t, "conversation_status_changed", c);
	buf_free(&b);
}

/* after: up to 100 ascending; before or nothing: the last 20; both: up to 1000. */
void cw_message_list(struct chatwoot *t, const struct mini_req *req,
		     const struct cw_conversation *c, const struct rule *rule)
{
	char v[32];
	bool has_after = query_get(req->query, "after", v, sizeof v);
	int after = has_after ? atoi(v) : 0, n = 0;
	bool has_before = query_get(req->query, "before", v, sizeof v);
	int before = has_before ? atoi(v) : INT32_MAX, from = 0;
	int max = has_after ? (has_before ? 1000 : 100) : 20;
	struct buf b = { 0 };

	if (!has_after) { /* count back from the end */
		int left = max;
		for (from = c->messages_n; from > 0 && left; from--)
			left -= c->messages[from - 1] < before;
	}
	buf_puts(&b, "{\"meta\":{\"labels\":[],\"additional_attributes\":{}},\"payload\":[");
	for (int i = from; i < c->messages_n && n < max; i++) {
		int id = c->messages[i];
		if (id <= after || id >= before)
			continue;
		buf_puts(&b, n++ ? "," : "");
		cw_message_json(t, &b, &t->messages[id - 1]);
	}
	buf_puts(&b, "]}");
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
}

void cw_message_patch(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		      struct cw_conversation *c, int id, const struct rule *rule)
{
	static const char *const names[] = { "sent", "delivered", "read", "failed", NULL };
	const char *status = cw_one_of(js_or(in, "status", ""), names);
	struct buf b = { 0 };
	struct cw_message *m = id > 0 && id <= t->messages_n ? &t->messages[id - 1] : NULL;

	if (t->version < 40200) { /* no such route yet */
		dbl_reply(&t->d, req->conn, 404, "text/html", NULL, "<html>", 6, rule);
		return;
	}
	if (!m || m->conversation != c->id || !status) {
		cw_fail(t, req, m && m->conversation == c->id ? 422 : 404,
			"Resource could not be found");
		return;
	}
	t->patched++;
	/* Only read -> delivered is refused; all other steps back pass, as in the original. */
	if (strcmp(m->status, status) &&
	    !(!strcmp(m->status, "read") && !strcmp(status, "delivered"))) {
		m->status = status;
		free(m->error);
		m->error = strcmp(status, "failed") ? NULL : copy_or_null(js(in, "external_error"));
		cw_event_message(t, "message_updated", m, (struct cw_mischief){ 0 });
	}
	cw_message_json(t, &b, m);
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
}
