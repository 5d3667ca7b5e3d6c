/* chatwoot.c - conversations and control of the Chatwoot double; see also chatwoot_contacts.c
 * and chatwoot_messages.c.
 * Deliberately as forgetful as the original: a source_id may come twice and makes two messages
 * (the books show it), echo_id is answered but never kept, a webhook is tried once. */
#include "chatwoot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cw_fail(struct chatwoot *t, const struct mini_req *req, int status, const char *text)
{
	struct buf b = { 0 };

	buf_puts(&b, "{\"error\":");
	buf_json(&b, text, false);
	buf_puts(&b, "}");
	t->d.refused++;
	dbl_json(&t->d, req->conn, status, &b);
	buf_free(&b);
}

static void error_body(void *self, const struct rule *r, int status, struct buf *out,
		       const char **ret_type)
{
	(void)self;
	(void)r;
	if (status == 429) {
		*ret_type = "text/plain";
		buf_puts(out, "Retry later\n");
	} else if (status == 422) {
		buf_puts(out, "{\"error\":\"Too many messages\"}");
	} else if (status == 401) {
		buf_puts(out, "{\"error\":\"Invalid Access Token\"}");
	} else if (status >= 500) {
		*ret_type = "text/html; charset=UTF-8";
		buf_puts(out,
			 "<!DOCTYPE html><html><body><h1>We're sorry, but something went wrong."
			 "</h1></body></html>");
	} else {
		buf_puts(out, "{\"error\":\"refused\"}");
	}
}

static void conversation_post(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
			      const struct rule *rule)
{
	int inbox = ji(in, "inbox_id", 0), contact = ji(in, "contact_id", 0);
	const char *source = js(in, "source_id");
	struct cw_link *l = source && inbox ? cw_link_get(t, inbox, source) : NULL;
	struct cw_conversation *c;
	struct buf b = { 0 };
	bool made;

	for (int i = 0; !l && !source && i < t->links_n; i++) {
		if (t->links[i].contact == contact && (!inbox || t->links[i].inbox == inbox))
			l = &t->links[i];
	}
	if (l && contact && l->contact != contact) {
		cw_fail(t, req, 422, "source_id should be unique");
		return;
	}
	if (!l && contact > 0 && contact <= t->contacts_n && inbox > 0 && inbox <= t->inboxes_n)
		l = cw_link_new(t, contact, inbox, source);
	if (!l) {
		cw_fail(t, req, 404, "Resource could not be found");
		return;
	}
	c = cw_conversation_for(t, l, &made);
	cw_conversation_json(t, &b, c, NULL);
	if (made)
		cw_event_conversation(t, "conversation_created", c);
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
}

const char *cw_one_of(const char *value, const char *const *names)
{
	for (; *names; names++) {
		if (!strcmp(value, *names))
			return *names;
	}
	return NULL;
}

static void status_toggle(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
			  struct cw_conversation *c, const struct rule *rule)
{
	static const char *const names[] = { "open", "resolved", "pending", "snoozed", NULL };
	const char *status = cw_one_of(js_or(in, "status", ""), names);
	struct buf b = { 0 };

	if (!status)
		status = strcmp(c->status, "open") ? "open" : "resolved";
	if (strcmp(status, c->status)) {
		c->status = status;
		cw_event_conversation(t, "conversation_status_changed", c);
	}
	buf_printf(&b,
		   "{\"meta\":{},\"payload\":{\"success\":true,\"conversation_id\":%d,"
		   "\"current_status\":\"%s\",\"snoozed_until\":null}}",
		   c->id, status);
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
}

static void conversation_one(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
			     int id, const char *rest, struct rule *rule)
{
	struct cw_conversation *c =
		id > 0 && id <= t->conversations_n ? &t->conversations[id - 1] : NULL;
	bool is_post = !strcmp(req->method, "POST");
	struct buf b = { 0 };

	if (!c) {
		cw_fail(t, req, 404, "Resource could not be found");
	} else if (!strcmp(rest, "messages") && is_post) {
		cw_message_post(t, req, in, c, rule);
	} else if (!strcmp(rest, "messages")) {
		cw_message_list(t, req, c, rule);
	} else if (!strncmp(rest, "messages/", 9) && !strcmp(req->method, "DELETE")) {
		int of = atoi(rest + 9);
		if (of > 0 && of <= t->messages_n && t->messages[of - 1].conversation == c->id) {
			cw_message_delete(t, &t->messages[of - 1]);
			dbl_reply(&t->d, req->conn, 200, NULL, NULL, "{}", 2, rule);
		} else {
			cw_fail(t, req, 404, "Resource could not be found");
		}
	} else if (!strncmp(rest, "messages/", 9) && !strcmp(req->method, "PATCH")) {
		cw_message_patch(t, req, in, c, atoi(rest + 9), rule);
	} else if (!strcmp(rest, "toggle_status") && is_post) {
		status_toggle(t, req, in, c, rule);
	} else if (!*rest) {
		cw_conversation_json(t, &b, c, NULL);
		dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
		buf_free(&b);
	} else if (!strcmp(rest, "labels")) {
		cw_labels(t, req, in, c, rule);
	} else if (is_post && !strcmp(rest, "custom_attributes")) {
		cw_custom(t, req, in, c, rule);
	} else if (is_post && !strcmp(rest, "assignments")) {
		cw_assign(t, req, in, c, rule);
	} else if (is_post && !strcmp(rest, "toggle_typing_status")) {
		dbl_reply(&t->d, req->conn, 200, NULL, NULL, "{}", 2, rule); /* taken, not kept */
	} else {
		cw_fail(t, req, 404, "Resource could not be found");
	}
}

/* A multipart form becomes the JSON object that the handlers read; files are kept. */
static cJSON *form_read(struct chatwoot *t, const struct mini_req *req, const char *type)
{
	const char *mark = strstr(type, "boundary=");
	char line[200];
	cJSON *out;
	int files = 0;

	if (!mark)
		return NULL;
	out = cJSON_CreateObject();
	mark += 9;
	mark += *mark == '"';
	snprintf(line, sizeof line, "--%.*s", (int)strcspn(mark, "\";"), mark);
	const char *p = req->body, *end = req->body + req->body_n;
	while (p < end && (p = memmem(p, (size_t)(end - p), line, strlen(line)))) {
		p += strlen(line);
		const char *body = memmem(p, (size_t)(end - p), "\r\n\r\n", 4);
		const char *next =
			body ? memmem(body, (size_t)(end - body), line, strlen(line)) : NULL;
		if (!next)
			break;
		char *head = xcopy(p, (size_t)(body - p));
		char *name = strstr(head, "name=\"");
		if (strstr(head, "filename=")) {
			files++;
			cw_upload_new(t, head, body + 4, (size_t)(next - body) - 6);
		} else if (name) {
			char *value = xcopy(body + 4, (size_t)(next - body) - 6);
			name += 6;
			name[strcspn(name, "\"")] = '\0';
			if (!strcmp(value, "true") || !strcmp(value, "false"))
				cJSON_AddBoolToObject(out, name, value[0] == 't');
			else
				cJSON_AddStringToObject(out, name, value);
			free(value);
		}
		free(head);
		p = next;
	}
	cJSON_AddNumberToObject(out, "_attachments", files);
	return out;
}

/* Last active first, 25 on a page, as Chatwoot's own list. */
static void conversation_list(struct chatwoot *t, const struct mini_req *req,
			      const struct rule *rule)
{
	const struct cw_conversation **all = calloc((size_t)t->conversations_n + 1, sizeof *all);
	char text[24] = "";
	int inbox = query_get(req->query, "inbox_id", text, sizeof text) ? atoi(text) : 0;
	int page = query_get(req->query, "page", text, sizeof text) ? atoi(text) : 1, n = 0;
	struct buf b = { 0 };

	for (int i = 0; i < t->conversations_n; i++) {
		int at = n;
		if (inbox && t->conversations[i].inbox != inbox)
			continue;
		for (; at > 0 && all[at - 1]->at_ms <= t->conversations[i].at_ms; at--)
			all[at] = all[at - 1];
		all[at] = &t->conversations[i];
		n++;
	}
	buf_printf(&b, "{\"data\":{\"meta\":{\"all_count\":%d},\"payload\":[", n);
	for (int i = (page - 1) * 25; i >= 0 && i < n && i < page * 25; i++) {
		buf_puts(&b, i > (page - 1) * 25 ? "," : "");
		cw_conversation_json(t, &b, all[i], NULL);
	}
	buf_puts(&b, "]}}");
	dbl_reply(&t->d, req->conn, 200, NULL, NULL, b.p, b.n, rule);
	buf_free(&b);
	free(all);
}

static void application(struct chatwoot *t, const struct mini_req *req, const char *rest,
			const cJSON *in, struct rule *rule)
{
	bool is_post = !strcmp(req->method, "POST");
	const char *slash;

	if (!strcmp(rest, "inboxes")) {
		cw_inboxes(t, req, in, rule);
	} else if (!strcmp(rest, "contacts") && is_post) {
		cw_contact_post(t, req, in, rule);
	} else if (!strcmp(rest, "contacts/search")) {
		cw_contact_search(t, req, rule);
	} else if (!strcmp(rest, "contacts/filter") && is_post) {
		cw_contact_filter(t, req, in, rule);
	} else if (!strncmp(rest, "contacts/", 9)) {
		slash = strchr(rest + 9, '/');
		cw_contact_one(t, req, in, atoi(rest + 9), slash ? slash + 1 : "", rule);
	} else if (!strcmp(rest, "conversations") && is_post) {
		conversation_post(t, req, in, rule);
	} else if (!strcmp(rest, "conversations")) {
		conversation_list(t, req, rule);
	} else if (!strncmp(rest, "conversations/", 14)) {
		slash = strchr(rest + 14, '/');
		conversation_one(t, req, in, atoi(rest + 14), slash ? slash + 1 : "", rule);
	} else if (!cw_admin(t, req, rest, in, rule) && !cw_account(t, req, rest, in, rule)) {
		cw_fail(t, req, 404, "Resource could not be found");
	}
}

static void on_request(void *self, const struct mini_req *req)
{
	struct chatwoot *t = self;
	char type[300] = "", token[200];
	const char *rest = NULL;
	cJSON *in;
	struct rule rule;

	if (!strcmp(req->path, "/health")) {
		rule = dbl_rule(&t->d, req, NULL);
		if (!dbl_refused(&t->d, req, &rule))
			dbl_text(&t->d, req->conn, 200, NULL, "{\"status\":\"woot\"}");
		return;
	}
	if (!strncmp(req->path, "/api/v1/accounts/", 17))
		rest = strchr(req->path + 17, '/');
	mini_header(req, "content-type", type, sizeof type);
	if (rest && (!mini_header(req, "api_access_token", token, sizeof token) ||
		     !cw_token_ok(t, token))) {
		cw_fail(t, req, 401, "Invalid Access Token");
		return;
	}
	if (rest && !strcmp(token, "double-bot-token") && !cw_bot_may(req, rest + 1)) {
		cw_fail(t, req, 401, "Access to this endpoint is not authorized for bots");
		return;
	}
	if (cw_throttled(t, req))
		return;
	in = strstr(type, "multipart/form-data") ? form_read(t, req, type)
	     : req->body_n                       ? cJSON_ParseWithLength(req->body, req->body_n)
						 : NULL;
	rule = dbl_rule(&t->d, req, js(in, "source_id"));
	if (!dbl_refused(&t->d, req, &rule)) {
		if (rest)
			application(t, req, rest + 1, in, &rule);
		else if (!strncmp(req->path, "/public/api/v1/inboxes/", 23))
			cw_public_contact(t, req, in, &rule);
		else if (!cw_outside(t, req, &rule) && !cw_files_get(t, req, &rule))
			cw_fail(t, req, 404, "Resource could not be found");
	}
	cJSON_Delete(in);
}

static void control_say(struct chatwoot *t, const struct mini_req *req, const cJSON *in)
{
	const char *phone = js(in, "phone"), *source = js(in, "source_id");
	int id = ji(in, "conversation", 0), person = 0;
	struct rule rule = { 0 };
	struct cw_message *m;
	struct buf b = { 0 };

	if (phone)
		person = cw_unique_get(t, 'p', phone);
	if (source) {
		struct cw_link *l = cw_link_get(t, ji(in, "inbox", 1), source);
		person = l ? l->contact : 0;
	}
	if (person)
		id = t->contacts[person - 1].conversation;
	if (id <= 0 || id > t->conversations_n) {
		dbl_text(&t->d, req->conn, 404, NULL, "{\"error\":\"no such conversation\"}");
		return;
	}
	snprintf(rule.word, sizeof rule.word, "%s", js_or(in, "do", ""));
	t->next_files = js(in, "files");
	m = cw_agent(t, id, js_or(in, "content", "Claro, já verifico."), ji(in, "private", 0) != 0,
		     ji(in, "template", 0) != 0, cw_mischief(t, &rule));
	t->next_files = NULL;
	if (!m) {
		dbl_text(&t->d, req->conn, 409, NULL, "{\"error\":\"the double is full\"}");
		return;
	}
	cw_message_json(t, &b, m);
	dbl_json(&t->d, req->conn, 200, &b);
	buf_free(&b);
}

static bool on_control(void *self, const struct mini_req *req, const char *verb, const cJSON *in)
{
	if (!strcmp(verb, "say"))
		control_say(self, req, in);
	else if (!strcmp(verb, "act"))
		cw_control_act(self, req, in);
	else
		return false;
	return true;
}

/* Now and then the agent answers a conversation in which the customer spoke last. */
static void agent_tick(void *ctx, void *arg)
{
	static const char *const lines[] = {
		"¡Hola! Sí, nos queda. ¿Te lo aparto?",
		"Claro, já verifico o prazo de entrega. 😊",
		"Your order left the shop this morning.",
		"São R$ 49,90, com entrega grátis no centro.",
		"Mañana a primera hora está listo. 👍",
		"Sure, we close at seven. See you!",
	};
	struct chatwoot *t = ctx;

	(void)arg;
	for (int tries = 0; tries < 4 && t->conversations_n && t->agent_percent; tries++) {
		int at = (int)(rnd(&t->d.rnd) >> 33) % t->conversations_n;
		const struct cw_conversation *c = &t->conversations[at];
		const struct cw_message *last =
			c->messages_n ? &t->messages[c->messages[c->messages_n - 1] - 1] : NULL;
		if (last && last->type == CW_INCOMING && chance(&t->d.rnd, t->agent_percent)) {
			cw_agent(t, c->id, lines[rnd(&t->d.rnd) % 6], false, false,
				 cw_mischief(t, &(struct rule){ 0 }));
			break;
		}
	}
	mini_after(t->d.m, t->agent_ms > 20 ? t->agent_ms : 20, agent_tick, t, NULL);
}

static void on_state(void *self, struct buf *out)
{
	struct chatwoot *t = self;

	buf_printf(out,
		   ",\"contacts\":%d,\"conversations\":%d,\"stored\":%d,\"incoming\":%lld,"
		   "\"outgoing_api\":%lld,\"agent_messages\":%lld,\"patched\":%lld,"
		   "\"contacts_taken\":%lld,\"hooks_posted\":%lld,\"hooks_ok\":%lld,"
		   "\"hooks_failed\":%lld,\"hooks_waiting\":%zu,\"merged\":%lld,"
		   "\"throttled\":%lld,\"account_hooks_posted\":%lld",
		   t->contacts_n, t->conversations_n, t->messages_n, t->incoming, t->outgoing_api,
		   t->agent_messages, t->patched, t->contacts_taken, t->hooks_posted, t->hooks_ok,
		   t->hooks_failed, t->totem ? mini_client_waiting(t->totem) : 0, t->merged,
		   t->throttled, t->account_hooks_posted);
}

/* Counters and books only: contacts and conversations stay, as ids may be known outside. */
static void on_reset(void *self)
{
	struct chatwoot *t = self;

	t->incoming = t->outgoing_api = t->agent_messages = t->patched = t->contacts_taken = 0;
	t->hooks_posted = t->hooks_ok = t->hooks_failed = t->account_hooks_posted = 0;
	t->merged = t->throttled = 0;
}

struct mini *chatwoot_start(const struct peers_config *cfg, int port, int *ret_port)
{
	static const struct dbl_ops ops = { on_request, on_control, on_state, on_reset,
					    error_body };
	struct chatwoot *t = xalloc(sizeof *t);
	const struct dbl_option options[] = {
		{ "events", &t->events },
		{ "webhook_first", &t->webhook_first },
		{ "duplicate_percent", &t->duplicate_percent },
		{ "wipe_attributes", &t->wipe_attributes },
		{ "null_source_id", &t->null_source_id },
		{ "foreign_first", &t->foreign_first },
		{ "per_minute", &t->per_minute },
		{ "hook_timeout_ms", &t->hook_timeout_ms },
		{ "agent_percent", &t->agent_percent },
		{ "agent_ms", &t->agent_ms },
		{ "version", &t->version },
		{ "allow_private", &t->allow_private },
		{ "late_ms", &t->late_ms },
		{ "requests_per_minute", &t->requests_per_minute },
		{ "wrong_host", &t->wrong_host },
		{ "expired", &t->expired },
		{ NULL, NULL },
	};
	struct dbl_option *kept = xalloc(sizeof options);

	memcpy(kept, options, sizeof options);
	t->cfg = cfg;
	t->events = 1;
	t->hook_timeout_ms = 5000;
	t->version = 41602;
	t->allow_private = 1;
	t->agent_percent = cfg->agent_percent;
	t->agent_ms = cfg->every_ms > 0 ? cfg->every_ms * 2 : 1000;
	dbl_init(&t->d, "chatwoot", t, &ops, kept, port, ret_port);
	t->port = *ret_port;
	cw_inbox_new(t, "Totem WA", "double-inbox", true);
	if (cfg->totem)
		t->totem = mini_client_new(t->d.m, cfg->totem, 16);
	mini_after(t->d.m, 1000, agent_tick, t, NULL);
	return t->d.m;
}
