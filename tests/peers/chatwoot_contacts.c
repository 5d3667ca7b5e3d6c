/* chatwoot_contacts.c - contacts and inboxes of the Chatwoot double, with the answers for what is
 * already taken; the public contact call is the only get-or-create. */
#include "chatwoot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep(char **field, const char *value)
{
	if (!value)
		return;
	free(*field);
	*field = xcopy(value, strlen(value));
}

/* The unique fields of a contact; the first one that is taken by another is named. */
static const char *contact_taken(struct chatwoot *t, const cJSON *in, int self_id)
{
	static const struct {
		char kind;
		const char *field;
	} unique[] = { { 'p', "phone_number" }, { 'i', "identifier" }, { 'e', "email" } };

	for (size_t i = 0; i < sizeof unique / sizeof *unique; i++) {
		const char *v = js(in, unique[i].field);
		int id = v && *v ? cw_unique_get(t, unique[i].kind, v) : 0;
		if (id && id != self_id)
			return unique[i].field;
	}
	return NULL;
}

static void contact_fill(struct chatwoot *t, struct cw_contact *c, const cJSON *in)
{
	const cJSON *custom = cJSON_GetObjectItemCaseSensitive(in, "custom_attributes");

	keep(&c->name, js(in, "name"));
	keep(&c->phone, js(in, "phone_number"));
	keep(&c->identifier, js(in, "identifier"));
	keep(&c->email, js(in, "email"));
	cw_unique_set(t, 'p', c->phone, c->id);
	cw_unique_set(t, 'i', c->identifier, c->id);
	cw_unique_set(t, 'e', c->email, c->id);
	if (custom) {
		free(c->custom);
		c->custom = cJSON_PrintUnformatted(custom);
	}
}

void cw_contact_post(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		     const struct rule *rule)
{
	const char *taken = contact_taken(t, in, 0), *phone = js(in, "phone_number");
	const char *source = js(in, "source_id");
	struct cw_contact *c;
	struct buf b = { 0 };
	int inbox = ji(in, "inbox_id", 0);

	if (taken) {
		t->contacts_taken++;
		buf_printf(&b,
			   "{\"message\":\"%s has already been taken\",\"attributes\":[\"%s\"]}",
			   !strcmp(taken, "email")        ? "Email"
			   : !strcmp(taken, "identifier") ? "Identifier"
							  : "Phone number",
			   taken);
		dbl_json(&t->d, req->conn, 422, &b);
		buf_free(&b);
		return;
	}
	if (phone && *phone &&
	    (phone[0] != '+' || strspn(phone + 1, "0123456789") != strlen(phone + 1) ||
	     strlen(phone) < 3 || strlen(phone) > 16)) {
		dbl_text(&t->d, req->conn, 422, NULL,
			 "{\"message\":\"Phone number should be in e164 "
			 "format\",\"attributes\":[\"phone_number\"]}");
		return;
	}
	if (inbox > 0 && source &&
	    cw_link_get(t, inbox, source)) { /* RecordNotUnique, not handled there */
		cw_fail(t, req, 500, "Internal Server Error");
		return;
	}
	c = cw_contact_new(t);
	if (!c) {
		cw_fail(t, req, 422, "the double is full");
		return;
	}
	contact_fill(t, c, in);
	cw_event_contact(t, "contact_created", c);
	buf_puts(&b, "{\"payload\":{\"contact\":");
	if (inbox > 0 && inbox <= t->inboxes_n) {
		struct cw_link *l = source ? cw_link_get(t, inbox, source) : NULL;
		if (!l)
			l = cw_link_new(t, c->id, inbox, source);
		cw_contact_json(t, &b, c, true);
		buf_puts(&b, ",\"contact_inbox\":{\"inbox\":");
		cw_inbox_json(t, &b, &t->inboxes[inbox - 1]);
		buf_puts(&b, ",\"source_id\":");
		buf_json(&b, l->source_id, false);
		buf_puts(&b, "}}}");
	} else {
		cw_contact_json(t, &b, c, true);
		buf_puts(&b, ",\"contact_inbox\":{\"inbox\":null,\"source_id\":null}}}");
	}
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
}

static void contacts_answer(struct chatwoot *t, const struct mini_req *req, const int *ids, int n,
			    const struct rule *rule)
{
	struct buf b = { 0 };

	buf_printf(&b,
		   "{\"meta\":{\"count\":%d,\"current_page\":1,\"has_more\":false},\"payload\":[",
		   n);
	for (int i = 0; i < n; i++) {
		buf_puts(&b, i ? "," : "");
		cw_contact_json(t, &b, &t->contacts[ids[i] - 1], true);
	}
	buf_puts(&b, "]}");
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
}

static bool has(const char *text, const char *part)
{
	return text && strcasestr(text, part);
}

void cw_contact_search(struct chatwoot *t, const struct mini_req *req, const struct rule *rule)
{
	char q[300] = "";
	int ids[15], n = 0;

	query_get(req->query, "q", q, sizeof q);
	if (!*q) {
		cw_fail(t, req, 422, "Specify search string with parameter q");
		return;
	}
	for (int i = 0; i < t->contacts_n && n < 15; i++) {
		const struct cw_contact *c = &t->contacts[i];
		if (c->merged)
			continue;
		if (has(c->name, q) || has(c->phone, q) || has(c->identifier, q) ||
		    has(c->email, q))
			ids[n++] = c->id;
	}
	contacts_answer(t, req, ids, n, rule);
}

void cw_contact_filter(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		       const struct rule *rule)
{
	const cJSON *q = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(in, "payload"), 0);
	const cJSON *v = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(q, "values"), 0);
	const char *key = js_or(q, "attribute_key", "");
	char text[300];
	int id = 0;

	if (!cJSON_IsString(v)) {
		cw_fail(t, req, 422, "Invalid query");
		return;
	}
	/* the server puts the + in front of a phone number by itself */
	snprintf(text, sizeof text, "%s%s",
		 !strcmp(key, "phone_number") && v->valuestring[0] != '+' ? "+" : "",
		 v->valuestring);
	if (!strcmp(key, "phone_number") || !strcmp(key, "identifier") || !strcmp(key, "email"))
		id = cw_unique_get(t, key[0], text);
	contacts_answer(t, req, &id, id ? 1 : 0, rule);
}

void cw_contact_one(struct chatwoot *t, const struct mini_req *req, const cJSON *in, int id,
		    const char *rest, const struct rule *rule)
{
	struct cw_contact *c = id > 0 && id <= t->contacts_n ? &t->contacts[id - 1] : NULL;
	struct buf b = { 0 };
	bool is_post = !strcmp(req->method, "POST");

	if (!c || c->merged) {
		cw_fail(t, req, 404, "Resource could not be found");
		return;
	}
	if (!strcmp(rest, "contact_inboxes") && is_post) {
		int inbox = ji(in, "inbox_id", 0);
		const char *source = js(in, "source_id");
		struct cw_link *l = inbox > 0 && source ? cw_link_get(t, inbox, source) : NULL;
		if (inbox <= 0 || inbox > t->inboxes_n) {
			cw_fail(t, req, 404, "Resource could not be found");
			return;
		}
		if (l && l->contact != id) {
			cw_fail(t, req, 422, "source_id should be unique");
			return;
		}
		if (!l)
			l = cw_link_new(t, id, inbox, source);
		buf_puts(&b, "{\"source_id\":");
		buf_json(&b, l->source_id, false);
		buf_puts(&b, ",\"inbox\":");
		cw_inbox_json(t, &b, &t->inboxes[inbox - 1]);
		buf_puts(&b, "}");
	} else if (!strcmp(rest, "conversations")) {
		int n = 0;
		buf_puts(&b, "{\"payload\":[");
		for (int i = t->conversations_n - 1; i >= 0 && n < 20; i--) {
			if (t->conversations[i].contact != id)
				continue;
			buf_puts(&b, n++ ? "," : "");
			cw_conversation_json(t, &b, &t->conversations[i], NULL);
		}
		buf_puts(&b, "]}");
	} else if (!*rest) {
		const char *taken = !strcmp(req->method, "PUT") ? contact_taken(t, in, id) : NULL;
		if (taken) {
			cw_fail(t, req, 422, "has already been taken");
			return;
		}
		if (!strcmp(req->method, "PUT")) {
			contact_fill(t, c, in);
			cw_event_contact(t, "contact_updated", c);
		}
		buf_puts(&b, "{\"payload\":");
		cw_contact_json(t, &b, c, true);
		buf_puts(&b, "}");
	} else {
		cw_fail(t, req, 404, "Resource could not be found");
		return;
	}
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
}

void cw_inboxes(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		const struct rule *rule)
{
	struct buf b = { 0 };

	if (!strcmp(req->method, "POST")) {
		char uuid[37];
		struct cw_inbox *i;
		uuid_text(&t->d.rnd, uuid);
		i = cw_inbox_new(t, js_or(in, "name", "Inbox"), uuid,
				 ji(in, "lock_to_single_conversation", 0) != 0);
		if (!i) {
			cw_fail(t, req, 422, "the double is full");
			return;
		}
		cw_inbox_fill(i, in);
		cw_inbox_json(t, &b, i);
	} else {
		buf_puts(&b, "{\"payload\":[");
		for (int i = 0; i < t->inboxes_n; i++) {
			buf_puts(&b, i ? "," : "");
			cw_inbox_json(t, &b, &t->inboxes[i]);
		}
		buf_puts(&b, "]}");
	}
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
}

/* /public/api/v1/inboxes/{identifier}/contacts: the only get-or-create of Chatwoot. */
void cw_public_contact(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		       const struct rule *rule)
{
	const char *ident = req->path + strlen("/public/api/v1/inboxes/");
	size_t ident_n = strcspn(ident, "/");
	struct cw_contact *c;
	struct cw_link *l;
	struct buf b = { 0 };
	int inbox = 0, id;

	for (int i = 0; i < t->inboxes_n; i++) {
		if (strlen(t->inboxes[i].identifier) == ident_n &&
		    !strncmp(t->inboxes[i].identifier, ident, ident_n))
			inbox = i + 1;
	}
	if (inbox && strstr(req->path, "/update_last_seen")) { /* what was sent is read */
		const char *at = strstr(req->path, "/conversations/");
		int of = at ? atoi(at + 15) : 0;
		for (int i = 0; i < t->messages_n; i++)
			if (t->messages[i].conversation == of &&
			    t->messages[i].type == CW_OUTGOING &&
			    strcmp(t->messages[i].status, "failed"))
				t->messages[i].status = "read";
		dbl_reply(&t->d, req->conn, 200, NULL, NULL, "", 0, rule);
		return;
	}
	if (!inbox || strcmp(ident + ident_n, "/contacts") || strcmp(req->method, "POST")) {
		cw_fail(t, req, 404, "Resource could not be found");
		return;
	}
	l = js(in, "source_id") ? cw_link_get(t, inbox, js(in, "source_id")) : NULL;
	id = l ? l->contact : 0;
	if (!id && js(in, "identifier"))
		id = cw_unique_get(t, 'i', js(in, "identifier"));
	if (!id && js(in, "email"))
		id = cw_unique_get(t, 'e', js(in, "email"));
	if (!id && js(in, "phone_number"))
		id = cw_unique_get(t, 'p', js(in, "phone_number"));
	c = id ? &t->contacts[id - 1] : cw_contact_new(t);
	if (!c) {
		cw_fail(t, req, 422, "the double is full");
		return;
	}
	if (!id)
		contact_fill(t, c, in);
	if (!l)
		l = cw_link_new(t, c->id, inbox, js(in, "source_id"));
	buf_puts(&b, "{\"source_id\":");
	buf_json(&b, l->source_id, false);
	buf_puts(&b, ",\"pubsub_token\":\"live-secret-never-log-me\",");
	struct buf person = { 0 };
	cw_contact_json(t, &person, c, false);
	buf_puts(&b, person.p + 1);
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&person);
	buf_free(&b);
}
