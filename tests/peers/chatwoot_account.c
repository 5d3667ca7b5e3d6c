/* chatwoot_account.c - of the account of the Chatwoot double: its webhooks, contact merge, what a conversation bears,
 * what a bot may call, the throttle, quotes. As the reference has them, sections 1.1, 1.2, 1.4, 1.6 and 1.9. */
#include "chatwoot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(char **to, char *text)
{
	free(*to);
	*to = text;
}

static void answer(struct chatwoot *t, const struct mini_req *req, const struct rule *rule,
		   struct buf *b)
{
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b->p ? b->p : "", b->n, rule);
	buf_free(b);
}

/* ---- webhooks of the account ---- */

bool cw_hook_wants(const struct cw_hook *h, const char *event)
{
	cJSON *all = h->id ? cJSON_Parse(h->events) : NULL;
	const cJSON *one;
	bool wants = false;

	cJSON_ArrayForEach(one, all) wants |=
		cJSON_IsString(one) && !strcmp(one->valuestring, event);
	cJSON_Delete(all);
	return wants;
}

static void hook_json(struct buf *b, const struct cw_hook *h)
{
	buf_printf(b, "{\"id\":%d,\"account_id\":1,\"url\":", h->id);
	buf_json(b, h->url, false);
	buf_printf(b, ",\"subscriptions\":%s,\"secret\":\"%s\"}", h->events, h->secret);
}

static struct cw_hook *hook_at(struct chatwoot *t, int id, const char *url)
{
	for (int i = 0; i < CW_HOOKS_MAX; i++)
		if (url ? t->hooks[i].id && !strcmp(t->hooks[i].url, url) : t->hooks[i].id == id)
			return &t->hooks[i];
	return NULL;
}

static void hook_new(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		     const struct rule *rule)
{
	static const char all[] =
		"[\"message_created\",\"message_updated\",\"conversation_created\","
		"\"conversation_updated\",\"conversation_status_changed\",\"contact_created\","
		"\"contact_updated\"]";
	const cJSON *w = cJSON_GetObjectItemCaseSensitive(in, "webhook");
	const cJSON *events = cJSON_GetObjectItemCaseSensitive(w, "subscriptions");
	struct cw_hook *h = hook_at(t, 0, NULL);
	struct buf b = { 0 };

	if (!js(w, "url") || !h || hook_at(t, 0, js(w, "url"))) {
		cw_fail(t, req, 422, h && js(w, "url") ? "Url has already been taken" : "Invalid");
		return;
	}
	h->id = ++t->hooks_made;
	put(&h->url, xcopy(js(w, "url"), strlen(js(w, "url"))));
	put(&h->events, events ? cJSON_PrintUnformatted(events) : xcopy(all, strlen(all)));
	snprintf(h->secret, sizeof h->secret, "account-secret-%d", h->id);
	buf_puts(&b, "{\"payload\":{\"webhook\":");
	hook_json(&b, h);
	buf_puts(&b, "}}");
	answer(t, req, rule, &b);
}

static void hooks_list(struct chatwoot *t, const struct mini_req *req, const struct rule *rule)
{
	struct buf b = { 0 };
	int n = 0;

	buf_puts(&b, "{\"payload\":{\"webhooks\":[");
	for (int i = 0; i < CW_HOOKS_MAX; i++) {
		if (!t->hooks[i].id)
			continue;
		buf_puts(&b, n++ ? "," : "");
		hook_json(&b, &t->hooks[i]);
	}
	buf_puts(&b, "]}}");
	answer(t, req, rule, &b);
}

static void hook_delete(struct chatwoot *t, const struct mini_req *req, int id,
			const struct rule *rule)
{
	struct cw_hook *h = id > 0 ? hook_at(t, id, NULL) : NULL;
	struct buf b = { 0 };

	if (!h) {
		cw_fail(t, req, 404, "Resource could not be found");
		return;
	}
	h->id = 0;
	answer(t, req, rule, &b);
}

/* ---- merge: the base wins, what it lacks comes from the other; no way back ---- */

static void field_move(struct chatwoot *t, char kind, char **to, char **from, int base)
{
	if (!*to && *from) {
		*to = *from;
		*from = NULL;
	}
	if (*to)
		cw_unique_set(t, kind, *to, base);
	if (*from)
		cw_unique_set(t, kind, *from, 0);
}

static void contact_merge(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
			  const struct rule *rule)
{
	int base = ji(in, "base_contact_id", 0), other = ji(in, "mergee_contact_id", 0);
	bool there = base > 0 && base <= t->contacts_n && other > 0 && other <= t->contacts_n &&
		     !t->contacts[base - 1].merged && !t->contacts[other - 1].merged;
	struct cw_contact *a = there ? &t->contacts[base - 1] : NULL;
	struct cw_contact *m = there ? &t->contacts[other - 1] : NULL;
	struct buf b = { 0 };

	if (!there) {
		cw_fail(t, req, 404, "Resource could not be found");
		return;
	}
	if (base != other) {
		field_move(t, 'p', &a->phone, &m->phone, base);
		field_move(t, 'i', &a->identifier, &m->identifier, base);
		field_move(t, 'e', &a->email, &m->email, base);
		for (int i = 0; i < t->links_n; i++)
			if (t->links[i].contact == other)
				t->links[i].contact = base;
		for (int i = 0; i < t->conversations_n; i++)
			if (t->conversations[i].contact == other)
				t->conversations[i].contact = base;
		if (m->conversation > a->conversation)
			a->conversation = m->conversation;
		m->merged = base;
		t->merged++;
		cw_event_contact(t, "contact_updated", a);
	}
	cw_contact_json(t, &b, a, true);
	answer(t, req, rule, &b);
}

bool cw_account(struct chatwoot *t, const struct mini_req *req, const char *rest, const cJSON *in,
		const struct rule *rule)
{
	bool is_post = !strcmp(req->method, "POST");

	if (!strcmp(rest, "webhooks") && is_post)
		hook_new(t, req, in, rule);
	else if (!strcmp(rest, "webhooks"))
		hooks_list(t, req, rule);
	else if (!strncmp(rest, "webhooks/", 9) && !strcmp(req->method, "DELETE"))
		hook_delete(t, req, atoi(rest + 9), rule);
	else if (!strcmp(rest, "actions/contact_merge") && is_post)
		contact_merge(t, req, in, rule);
	else
		return false;
	return true;
}

/* ---- what a conversation bears ---- */

/* A POST replaces the list. */
void cw_labels(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
	       struct cw_conversation *c, const struct rule *rule)
{
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(in, "labels");
	struct buf b = { 0 };

	if (!strcmp(req->method, "POST")) {
		put(&c->labels, cJSON_IsArray(labels) ? cJSON_PrintUnformatted(labels) : NULL);
		cw_event_conversation(t, "conversation_updated", c);
	}
	buf_printf(&b, "{\"payload\":%s}", c->labels ? c->labels : "[]");
	answer(t, req, rule, &b);
}

/* Replaces all; `merge` is newer than 4.16.2. */
void cw_custom(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
	       struct cw_conversation *c, const struct rule *rule)
{
	const cJSON *fresh = cJSON_GetObjectItemCaseSensitive(in, "custom_attributes"), *one;
	cJSON *old = t->version > 41602 && ji(in, "merge", 0) && c->custom ? cJSON_Parse(c->custom)
									   : cJSON_CreateObject();
	struct buf b = { 0 };

	cJSON_ArrayForEach(one, fresh)
	{
		cJSON_DeleteItemFromObjectCaseSensitive(old, one->string);
		cJSON_AddItemToObject(old, one->string, cJSON_Duplicate(one, true));
	}
	put(&c->custom, cJSON_PrintUnformatted(old));
	cJSON_Delete(old);
	cw_event_conversation(t, "conversation_updated", c);
	buf_printf(&b, "{\"custom_attributes\":%s}", c->custom);
	answer(t, req, rule, &b);
}

void cw_assign(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
	       struct cw_conversation *c, const struct rule *rule)
{
	struct buf b = { 0 };

	c->assignee = ji(in, "assignee_id", 0);
	cw_event_conversation(t, "conversation_updated", c);
	buf_printf(&b, "{\"id\":%d}", c->assignee);
	answer(t, req, rule, &b);
}

/* ---- who may, and how often ---- */

bool cw_bot_may(const struct mini_req *req, const char *rest)
{
	static const char *const may[] = { "",
					   "toggle_status",
					   "toggle_typing_status",
					   "toggle_priority",
					   "custom_attributes",
					   "assignments",
					   "labels",
					   NULL };
	const char *slash;

	if (strncmp(rest, "conversations", 13))
		return false;
	if (!rest[13])
		return !strcmp(req->method, "POST");
	slash = strchr(rest + 14, '/');
	if (slash && !strcmp(slash + 1, "messages"))
		return !strcmp(req->method, "POST");
	return cw_one_of(slash ? slash + 1 : "", may) != NULL;
}

/* Over the requests of a minute: 429. /health is never throttled. */
bool cw_throttled(struct chatwoot *t, const struct mini_req *req)
{
	int64_t minute = wall_ms() / 60000;

	if (t->minute != minute)
		t->in_minute = 0;
	t->minute = minute;
	if (t->requests_per_minute <= 0 || ++t->in_minute <= t->requests_per_minute)
		return false;
	t->throttled++;
	dbl_text(&t->d, req->conn, 429, "text/plain", "Retry later\n");
	return true;
}

/* ---- quotes ---- */

static void key_set(cJSON *o, const char *name, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(o, name);
	cJSON_AddItemToObject(o, name, value);
}

/* Looked up in the same conversation: found, both keys are filled; not found, both become null and what was there is lost. */
void cw_quote(struct chatwoot *t, const struct cw_conversation *c, cJSON *attributes)
{
	const char *external = js(attributes, "in_reply_to_external_id");
	int id = ji(attributes, "in_reply_to", 0);
	const struct cw_message *found = NULL;

	if (!id && !external)
		return;
	for (int i = 0; i < c->messages_n && !found; i++) {
		const struct cw_message *m = &t->messages[c->messages[i] - 1];
		if (id ? m->id == id : m->source_id && !strcmp(m->source_id, external))
			found = m;
	}
	key_set(attributes, "in_reply_to",
		found ? cJSON_CreateNumber(found->id) : cJSON_CreateNull());
	key_set(attributes, "in_reply_to_external_id",
		found && found->source_id ? cJSON_CreateString(found->source_id)
					  : cJSON_CreateNull());
}
