/* chatwoot_data.c - objects of the Chatwoot double, their JSON and their webhooks.
 * The same message looks different in a webhook (type as text, time as ISO text) and in REST
 * (type as number, time as seconds); both shapes are written here side by side. */
#include "chatwoot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *grow(void *items, int n, int *cap, size_t size)
{
	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 256;
	return xresize(items, (size_t)*cap * size);
}

int cw_unique_get(struct chatwoot *t, char kind, const char *text)
{
	char key[300];
	struct map_entry *e;

	snprintf(key, sizeof key, "%c:%s", kind, text);
	e = map_find(&t->by_unique, key);
	return e ? (int)e->value : 0;
}

void cw_unique_set(struct chatwoot *t, char kind, const char *text, int id)
{
	char key[300];

	if (!text || !*text)
		return;
	snprintf(key, sizeof key, "%c:%s", kind, text);
	map_at(&t->by_unique, key)->value = id;
}

struct cw_message *cw_message_new(struct chatwoot *t, int conversation)
{
	struct cw_conversation *c = &t->conversations[conversation - 1];
	struct cw_message *m;

	if (t->messages_n >= CW_MESSAGES_MAX)
		return NULL;
	t->messages = grow(t->messages, t->messages_n, &t->messages_cap, sizeof *t->messages);
	m = &t->messages[t->messages_n++];
	*m = (struct cw_message){ .id = t->messages_n,
				  .conversation = conversation,
				  .status = "sent",
				  .at_ms = wall_ms() };
	c->messages = grow(c->messages, c->messages_n, &c->messages_cap, sizeof *c->messages);
	c->messages[c->messages_n++] = m->id;
	c->at_ms = m->at_ms;
	return m;
}

struct cw_contact *cw_contact_new(struct chatwoot *t)
{
	if (t->contacts_n >= CW_CONTACTS_MAX)
		return NULL;
	t->contacts = grow(t->contacts, t->contacts_n, &t->contacts_cap, sizeof *t->contacts);
	t->contacts[t->contacts_n] = (struct cw_contact){ .id = t->contacts_n + 1 };
	return &t->contacts[t->contacts_n++];
}

struct cw_inbox *cw_inbox_new(struct chatwoot *t, const char *name, const char *identifier,
			      bool lock)
{
	struct cw_inbox *i = &t->inboxes[t->inboxes_n];

	if (t->inboxes_n == (int)(sizeof t->inboxes / sizeof *t->inboxes))
		return NULL;
	t->inboxes_n++;
	*i = (struct cw_inbox){ .id = t->inboxes_n,
				.lock = lock,
				.name = xcopy(name, strlen(name)),
				.identifier = xcopy(identifier, strlen(identifier)) };
	return i;
}

static void link_key(char out[280], int inbox, const char *source_id)
{
	snprintf(out, 280, "%d:%.250s", inbox, source_id);
}

struct cw_link *cw_link_get(struct chatwoot *t, int inbox, const char *source_id)
{
	char key[280];
	int id;

	link_key(key, inbox, source_id);
	id = cw_unique_get(t, 'l', key);
	return id ? &t->links[id - 1] : NULL;
}

struct cw_link *cw_link_new(struct chatwoot *t, int contact, int inbox, const char *source_id)
{
	char key[280], uuid[37];
	struct cw_link *l;

	if (!source_id) {
		uuid_text(&t->d.rnd, uuid);
		source_id = uuid;
	}
	t->links = grow(t->links, t->links_n, &t->links_cap, sizeof *t->links);
	l = &t->links[t->links_n++];
	*l = (struct cw_link){ t->links_n, contact, inbox, xcopy(source_id, strlen(source_id)) };
	link_key(key, inbox, source_id);
	cw_unique_set(t, 'l', key, l->id);
	return l;
}

struct cw_conversation *cw_conversation_for(struct chatwoot *t, struct cw_link *l, bool *ret_made)
{
	struct cw_contact *person = &t->contacts[l->contact - 1];
	struct cw_conversation *c;

	*ret_made = false;
	/* The lock is of a contact_inbox: a person with two source ids has two conversations. */
	for (int i = t->conversations_n; i > 0 && t->inboxes[l->inbox - 1].lock; i--)
		if (t->conversations[i - 1].link == l->id)
			return &t->conversations[i - 1];
	t->conversations = grow(t->conversations, t->conversations_n, &t->conversations_cap,
				sizeof *t->conversations);
	c = &t->conversations[t->conversations_n++];
	*c = (struct cw_conversation){ .id = t->conversations_n,
				       .contact = l->contact,
				       .inbox = l->inbox,
				       .link = l->id,
				       .status = "open",
				       .at_ms = wall_ms() };
	person->conversation = c->id;
	*ret_made = true;
	return c;
}

static void pair(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "\"%s\":", name);
	buf_json(b, value, false);
}

static void iso_time(struct buf *b, int64_t ms)
{
	struct tm tm;
	time_t s = (time_t)(ms / 1000);
	char text[32];

	gmtime_r(&s, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(b, "\"%s.%03dZ\"", text, (int)(ms % 1000));
}

void cw_inbox_json(struct chatwoot *t, struct buf *b, const struct cw_inbox *i)
{
	buf_printf(b, "{\"id\":%d,", i->id);
	pair(b, "name", i->name);
	buf_puts(b, ",\"channel_type\":\"Channel::Api\",");
	pair(b, "inbox_identifier", i->identifier);
	buf_printf(b, ",\"lock_to_single_conversation\":%s,", i->lock ? "true" : "false");
	struct buf url = { 0 };
	buf_printf(&url, "%s%s", t->cfg->totem ? t->cfg->totem : "", t->cfg->chatwoot_hook);
	pair(b, "webhook_url", i->webhook ? i->webhook : url.p);
	buf_printf(b, ",\"additional_attributes\":{\"agent_reply_time_window\":%d},",
		   i->reply_hours);
	pair(b, "secret", t->version >= 41300 ? t->cfg->chatwoot_secret : NULL);
	buf_puts(b, ",\"hmac_mandatory\":false,\"hmac_token\":\"double-hmac-token\"}");
	buf_free(&url);
}

void cw_contact_json(struct chatwoot *t, struct buf *b, const struct cw_contact *c, bool links)
{
	int n = 0;

	buf_printf(b, "{\"id\":%d,", c->id);
	pair(b, "name", c->name);
	buf_puts(b, ",");
	pair(b, "phone_number", c->phone);
	buf_puts(b, ",");
	pair(b, "identifier", c->identifier);
	buf_puts(b, ",");
	pair(b, "email", c->email);
	buf_printf(b,
		   ",\"blocked\":false,\"thumbnail\":\"\",\"additional_attributes\":{},"
		   "\"custom_attributes\":%s",
		   c->custom ? c->custom : "{}");
	if (links) {
		buf_puts(b, ",\"contact_inboxes\":[");
		for (int i = 0; i < t->links_n; i++) {
			if (t->links[i].contact != c->id)
				continue;
			buf_puts(b, n++ ? ",{" : "{");
			pair(b, "source_id", t->links[i].source_id);
			buf_puts(b, ",\"inbox\":");
			cw_inbox_json(t, b, &t->inboxes[t->links[i].inbox - 1]);
			buf_puts(b, "}");
		}
		buf_puts(b, "]");
	}
	buf_puts(b, "}");
}

static void sender_json(struct chatwoot *t, struct buf *b, const struct cw_message *m, bool typed)
{
	const struct cw_contact *c =
		&t->contacts[t->conversations[m->conversation - 1].contact - 1];

	switch (m->sender) {
	case CW_USER:
		buf_puts(b, "{\"id\":5,\"name\":\"Ana\",\"email\":\"ana@example.test\",\"type\":"
			    "\"user\"}");
		return;
	case CW_BOT:
		buf_puts(b, "{\"id\":2,\"name\":\"Totem\",\"type\":\"agent_bot\"}");
		return;
	case CW_CONTACT: /* at the top of a webhook a contact has no "type" */
		cw_contact_json(t, b, c, false);
		b->n--;
		buf_printf(b, ",\"account\":{\"id\":1,\"name\":\"Loja\"},\"avatar\":\"\"%s}",
			   typed ? ",\"type\":\"contact\"" : "");
		return;
	}
}

void cw_message_json(struct chatwoot *t, struct buf *b, const struct cw_message *m)
{
	const struct cw_conversation *c = &t->conversations[m->conversation - 1];

	buf_printf(b, "{\"id\":%d,", m->id);
	pair(b, "content", m->content);
	buf_printf(b,
		   ",\"account_id\":1,\"inbox_id\":%d,\"conversation_id\":%d,\"message_type\":%d,"
		   "\"created_at\":%lld,\"updated_at\":%.3f,\"private\":%s,\"status\":\"%s\",",
		   c->inbox, c->id, (int)m->type, (long long)(m->at_ms / 1000),
		   (double)m->at_ms / 1000, m->is_private ? "true" : "false", m->status);
	pair(b, "source_id", m->source_id);
	buf_puts(b, ",");
	pair(b, "content_type", m->content_type ? m->content_type : "text");
	buf_printf(b,
		   ",\"content_attributes\":%s,\"sender\":", m->attributes ? m->attributes : "{}");
	sender_json(t, b, m, true);
	if (!cw_uploads_json(t, b, m))
		cw_files_json(t, b, m);
	buf_puts(b, "}");
}

void cw_conversation_json(struct chatwoot *t, struct buf *b, const struct cw_conversation *c,
			  const struct cw_message *first)
{
	const struct cw_link *l = &t->links[c->link - 1];
	const struct cw_contact *p = &t->contacts[c->contact - 1];

	buf_printf(
		b,
		"{\"id\":%d,\"account_id\":1,\"inbox_id\":%d,\"status\":\"%s\",\"can_reply\":true,"
		"\"channel\":\"Channel::Api\",\"contact_inbox\":{\"id\":%d,\"contact_id\":%d,"
		"\"inbox_id\":%d,",
		c->id, c->inbox, c->status, l->id, c->contact, c->inbox);
	pair(b, "source_id", l->source_id);
	buf_puts(b, ",\"created_at\":");
	iso_time(b, c->at_ms);
	buf_puts(b, ",\"updated_at\":");
	iso_time(b, c->at_ms);
	buf_puts(b, ",\"hmac_verified\":false,\"pubsub_token\":\"live-secret-never-log-me\"},"
		    "\"messages\":[");
	if (first)
		cw_message_json(t, b, first);
	buf_printf(b, "],\"labels\":%s,\"custom_attributes\":%s,", c->labels ? c->labels : "[]",
		   c->custom ? c->custom : "{}");
	buf_puts(b, "\"additional_attributes\":{},"
		    "\"account\":{\"id\":1,\"name\":\"Loja\"},\"meta\":{\"sender\":");
	cw_contact_json(t, b, p, false);
	b->n--;
	if (c->assignee)
		buf_printf(b,
			   ",\"type\":\"contact\"},\"assignee\":{\"id\":%d,\"name\":\"Ana\"},"
			   "\"assignee_type\":\"User\",\"team\":null,",
			   c->assignee);
	else
		buf_puts(b, ",\"type\":\"contact\"},\"assignee\":null,\"assignee_type\":null,"
			    "\"team\":null,");
	buf_printf(b,
		   "\"hmac_verified\":false},\"snoozed_until\":null,\"unread_count\":%d,"
		   "\"first_reply_created_at\":null,\"priority\":null,\"waiting_since\":0,"
		   "\"agent_last_seen_at\":0,\"contact_last_seen_at\":0,\"last_activity_at\":%lld,"
		   "\"timestamp\":%lld,\"created_at\":%lld,\"updated_at\":%.3f}",
		   c->unread, (long long)(c->at_ms / 1000), (long long)(c->at_ms / 1000),
		   (long long)(c->at_ms / 1000), (double)c->at_ms / 1000);
}

struct cw_mischief cw_mischief(struct chatwoot *t, const struct rule *r)
{
	return (struct cw_mischief){
		.first = t->webhook_first || dbl_word(r, "webhook_first"),
		.twice = chance(&t->d.rnd, t->duplicate_percent) || dbl_word(r, "dup_event"),
		.wipe = t->wipe_attributes || dbl_word(r, "wipe_attributes"),
		.no_source = t->null_source_id || dbl_word(r, "null_source_id"),
		.foreign = t->foreign_first || dbl_word(r, "foreign_first"),
	};
}

/* conversation.messages[0]: the newest public message at this moment, or with the mischief some
 * other one of ours, so that whoever reads it in place of the top level goes wrong. */
static const struct cw_message *first_message(struct chatwoot *t, const struct cw_message *m,
					      bool foreign)
{
	const struct cw_conversation *c = &t->conversations[m->conversation - 1];

	for (int i = c->messages_n - 1; i >= 0; i--) {
		const struct cw_message *o = &t->messages[c->messages[i] - 1];
		if (!o->is_private && (!foreign || (o != m && o->source_id)))
			return o;
	}
	return m;
}

void cw_event_message(struct chatwoot *t, const char *event, const struct cw_message *m,
		      struct cw_mischief mischief)
{
	static const char *const types[] = { "incoming", "outgoing", "activity", "template" };
	const struct cw_conversation *c = &t->conversations[m->conversation - 1];
	struct buf b = { 0 };

	if (!t->totem || !t->events || m->type == CW_ACTIVITY)
		return;
	buf_printf(&b, "{\"event\":\"%s\",\"id\":%d,", event, m->id);
	pair(&b, "content", m->content);
	buf_puts(&b, ",");
	pair(&b, "content_type", m->content_type ? m->content_type : "text");
	buf_printf(&b, ",\"content_attributes\":%s",
		   m->attributes && !mischief.wipe ? m->attributes : "{}");
	if (m->error) {
		b.n--;
		buf_puts(&b, b.p[b.n - 1] == '{' ? "" : ",");
		pair(&b, "external_error", m->error);
		buf_puts(&b, "}");
	}
	buf_printf(&b, ",\"additional_attributes\":{},\"message_type\":\"%s\",\"private\":%s,",
		   types[m->type], m->is_private ? "true" : "false");
	pair(&b, "source_id", mischief.no_source ? NULL : m->source_id);
	buf_puts(&b, ",\"created_at\":");
	iso_time(&b, m->at_ms);
	buf_puts(&b, ",\"account\":{\"id\":1,\"name\":\"Loja\"},\"inbox\":{");
	buf_printf(&b, "\"id\":%d,", c->inbox);
	pair(&b, "name", t->inboxes[c->inbox - 1].name);
	buf_puts(&b, "},\"sender\":");
	sender_json(t, &b, m, false);
	if (!cw_uploads_json(t, &b, m))
		cw_files_json(t, &b, m);
	buf_puts(&b, ",\"conversation\":");
	cw_conversation_json(t, &b, c, first_message(t, m, mischief.foreign));
	buf_puts(&b, "}");
	cw_event_post(t, event, &b, m->id);
	if (mischief.twice)
		cw_event_post(t, event, &b, m->id);
	buf_free(&b);
}

void cw_event_conversation(struct chatwoot *t, const char *event, const struct cw_conversation *c)
{
	struct buf b = { 0 };

	if (!t->totem || !t->events)
		return;
	cw_conversation_json(t, &b, c, NULL);
	b.n--;
	buf_printf(&b, ",\"event\":\"%s\"}", event);
	cw_event_post(t, event, &b, 0);
	buf_free(&b);
}

void cw_event_contact(struct chatwoot *t, const char *event, const struct cw_contact *c)
{
	struct buf b = { 0 };

	cw_contact_json(t, &b, c, false);
	b.n--;
	buf_printf(&b, ",\"account\":{\"id\":1,\"name\":\"Loja\"},\"event\":\"%s\"}", event);
	cw_event_post(t, event, &b, 0);
	buf_free(&b);
}

struct cw_message *cw_agent(struct chatwoot *t, int conversation, const char *content,
			    bool is_private, bool template, struct cw_mischief mischief)
{
	struct cw_message *m = cw_message_new(t, conversation);

	if (!m)
		return NULL;
	m->type = template ? CW_TEMPLATE : CW_OUTGOING;
	m->sender = CW_USER;
	m->is_private = is_private;
	m->content = xcopy(content, strlen(content));
	m->attributes = xcopy("{\"in_reply_to\":null}", 20);
	m->files = t->next_files ? xcopy(t->next_files, strlen(t->next_files)) : NULL;
	t->agent_messages++;
	cw_event_message(t, "message_created", m, mischief);
	return m;
}
