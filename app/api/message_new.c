/* message_new.c - reading a message to send: to whom, when, from whom; what: message_content.c. */
#include "api/message_new.h"

#include "api/message_content.h"
#include "base/clock.h"
#include "base/ids.h"
#include "flow/send/send_files.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"

#define SEND_AT_MAX_MS (30 * DAY_MS)
#define HOP_MAX        1000
#define NAME_MAX_BYTES 200

/* Beside the key named like the type. */
static const char *const FIELDS[] = {
	"channel",  "to",         "contact_id", "conversation_id", "type",
	"reply_to", "priority",   "send_at",    "sender",          "source",
	"hop",      "expires_at", "fallback",   "recipient_type"
};

static bool wrong(struct call *c, const char *field, const char *detail)
{
	problem_field(c, 422, field, detail);
	return false;
}

/* A misspelt field would be silently without effect. */
static bool fields_known(struct call *c, const struct json *root, const char *type)
{
	for (const struct json *n = json_first(root); n != NULL; n = json_next(n)) {
		size_t i = 0;

		if (str_eqc(json_key(n), type))
			continue;

		while (i < COUNT(FIELDS) && !str_eqc(json_key(n), FIELDS[i]))
			i++;
		if (i == COUNT(FIELDS)) {
			const char *name = arena_dup(c->q->arena, json_key(n));

			return wrong(c, name != NULL ? name : "?", "This field is not known.");
		}
	}
	return true;
}

/* The address by which this contact is written to: a phone, else another kind that the channel knows. */
static struct str contact_address(const struct json *aliases)
{
	struct str user = STR_NONE;

	for (const struct json *n = json_first(aliases); n != NULL; n = json_next(n)) {
		struct str kind = json_get_str(n, "kind");

		if (str_eqc(kind, "phone"))
			return json_get_str(n, "alias");
		if ((str_eqc(kind, "user") || str_eqc(kind, "group")) && user.p == NULL)
			user = json_get_str(n, "alias");
	}
	return user;
}

/* The caller's contact with this id. */
static bool find_contact(struct call *c, struct str text, struct contact *ret)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;
	struct db *db;
	enum rc rc;

	if (!id_parse(text, &created_ms, &id))
		return false;
	db = store_reader(c->app->store);
	rc = contact_load(db, id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	return rc == RC_OK && ret->company_id == c->who.company_id && ret->created_ms == created_ms;
}

/* The caller's conversation with this id. */
static bool find_conversation(struct call *c, struct str text, struct conversation *ret)
{
	struct err e = { .rc = RC_OK };
	struct conversation_name name;
	struct db *db;
	enum rc rc;

	if (!id_parse(text, &name.created_ms, &name.id))
		return false;
	db = store_reader(c->app->store);
	rc = conversation_load_named(db, &name, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	return rc == RC_OK && ret->company_id == c->who.company_id;
}

static bool default_channel(struct call *c, struct send_new *m)
{
	if (m->channel == NULL)
		m->channel = config_channel_default(c->config);
	if (m->channel == NULL || m->channel->company_id != c->who.company_id)
		return wrong(c, "channel", "No default channel is configured: name one.");
	return true;
}

/* `field`: where the caller named the contact. */
static bool to_contact(struct call *c, const char *field, const struct contact *contact,
		       struct send_new *m)
{
	AUTO(json_freep) struct json *aliases = NULL;
	struct err e = { .rc = RC_OK };

	if (!default_channel(c, m))
		return false;
	if (json_parse(contact->aliases, &aliases, &e) != RC_OK)
		return wrong(c, field, "This contact has no address.");
	m->to = arena_str(c->q->arena, contact_address(aliases));
	return m->to.n > 0 ||
	       wrong(c, field, "This contact has no address that can be written to.");
}

static bool to_conversation(struct call *c, const char *field, const struct conversation *conv,
			    struct send_new *m)
{
	if (m->channel != NULL && m->channel->id != conv->channel_id)
		return wrong(c, "channel", "This conversation is on another channel.");
	m->channel = config_channel(c->config, conv->channel_id);
	if (m->channel == NULL)
		return wrong(c, field,
			     "The channel of this conversation is not configured any more.");
	m->conversation_id = conv->id;
	return true;
}

/* `to` with an id of ours. A contact and a conversation of the same millisecond and row number have the
 * same id: fine while both mean the same person, else nobody is guessed at. */
static bool to_id(struct call *c, struct str text, struct send_new *m)
{
	struct conversation conv = { 0 };
	struct contact contact = { 0 };
	bool is_conv = find_conversation(c, text, &conv);
	bool is_contact = find_contact(c, text, &contact);

	if (!is_conv && !is_contact)
		return wrong(c, "to", "There is no contact or conversation with this id.");
	if (is_conv && is_contact && conv.contact_id != contact.id)
		return wrong(c, "to",
			     "A contact and a conversation of someone else have this id: use "
			     "contact_id or conversation_id.");
	if (is_contact && (!is_conv || (m->channel != NULL && m->channel->id != conv.channel_id)))
		return to_contact(c, "to", &contact, m);
	return to_conversation(c, "to", &conv, m);
}

static bool read_group(struct call *c, const struct json *root, struct send_new *m)
{
	struct str type = json_get_str(root, "recipient_type");

	if (json_get(root, "recipient_type") == NULL)
		return true;
	m->to_group = str_eqc(type, "group");
	if (!m->to_group && !str_eqc(type, "individual"))
		return wrong(c, "recipient_type", "This has to be individual or group.");
	return !m->to_group || json_get(root, "to") != NULL ||
	       wrong(c, "recipient_type", "A group is named by `to`.");
}

static bool read_to(struct call *c, const struct json *root, struct send_new *m)
{
	struct str channel = json_get_str(root, "channel"), to = json_get_str(root, "to");
	struct str contact_text = json_get_str(root, "contact_id"),
		   conv_text = json_get_str(root, "conversation_id");
	struct conversation conv = { 0 };
	struct contact contact = { 0 };
	int64_t created_ms, id;

	if (json_get(root, "channel") != NULL) {
		m->channel = config_channel_slug(c->config, channel);
		if (m->channel == NULL || m->channel->company_id != c->who.company_id)
			return wrong(c, "channel", "There is no channel with this name.");
	}
	if ((to.p != NULL) + (contact_text.p != NULL) + (conv_text.p != NULL) != 1)
		return wrong(c, "to",
			     "Exactly one of to, contact_id and conversation_id has to be given, "
			     "as text.");
	if (conv_text.p != NULL) {
		if (!find_conversation(c, conv_text, &conv))
			return wrong(c, "conversation_id",
				     "There is no conversation with this id.");
		return to_conversation(c, "conversation_id", &conv, m);
	}
	if (contact_text.p != NULL) {
		if (!find_contact(c, contact_text, &contact))
			return wrong(c, "contact_id", "There is no contact with this id.");
		return to_contact(c, "contact_id", &contact, m);
	}
	if (!m->to_group && id_parse(to, &created_ms, &id))
		return to_id(c, to, m);
	m->to = to;
	return default_channel(c, m);
}

/* A person writes in their own name. */
static bool session_sender(struct call *c, const struct json *root, struct send_new *m)
{
	char id[ID_TEXT_MAX];

	if (json_get(root, "sender") != NULL || json_get(root, "source") != NULL ||
	    json_get(root, "hop") != NULL)
		return wrong(c, "sender", "Who is logged in writes in their own name.");
	id_text(c->session.user_created_ms, c->session.user_id, id);
	m->source = "page";
	m->sender_name = c->session.name;
	m->sender_user_id = arena_str(c->q->arena, str_of(id));
	return true;
}

static bool read_sender(struct call *c, const struct json *root, struct send_new *m)
{
	static const char *const TYPES[] = { "crm_agent", "ai", "system" };
	const struct json *sender = json_get(root, "sender");
	struct str type = json_get_str(sender, "type"), source = json_get_str(root, "source");

	m->sender_type = TYPES[0];
	m->source = "api";
	if (c->session.id != 0)
		return session_sender(c, root, m);
	m->sender_name = json_get_str(sender, "name");
	m->sender_user_id = json_get_str(sender, "id");
	if (sender != NULL && json_kind(sender) != JSON_OBJECT)
		return wrong(c, "sender", "This has to be an object.");
	if (m->sender_name.n > NAME_MAX_BYTES || m->sender_user_id.n > NAME_MAX_BYTES)
		return wrong(c, "sender", "Name or id is longer than 200 bytes.");
	if (json_get(sender, "type") != NULL) {
		size_t i = 0;

		while (i < COUNT(TYPES) && !str_eqc(type, TYPES[i]))
			i++;
		if (i == COUNT(TYPES))
			return wrong(c, "sender.type", "This has to be crm_agent, ai or system.");
		m->sender_type = TYPES[i];
	}
	if (json_get(root, "source") != NULL) {
		if (!str_eqc(source, "ai_response") || strcmp(m->sender_type, "ai") != 0)
			return wrong(
				c, "source",
				"Only ai_response can be given, and only with sender.type ai.");
		m->source = "ai_response";
	}
	if (!json_get_i64(root, "hop", &m->hop) && json_get(root, "hop") != NULL)
		return wrong(c, "hop", "This has to be a whole number.");
	if (m->hop < 0 || m->hop > HOP_MAX)
		return wrong(c, "hop", "This number is not sensible.");
	return true;
}

static bool read_expiry(struct call *c, const struct json *root, struct send_new *m)
{
	if (json_get(root, "expires_at") == NULL)
		return true;
	if (!clock_parse(json_get_str(root, "expires_at"), &m->expires_ms))
		return wrong(c, "expires_at", "This has to be a time like 2026-01-05T10:00:00Z.");
	if (m->expires_ms <= i64_max(c->q->now_ms, m->send_at_ms))
		return wrong(c, "expires_at", "This is over before the message could be sent.");
	return true;
}

static bool read_when(struct call *c, const struct json *root, struct send_new *m)
{
	static const char *const PRIORITIES[PRIO_COUNT] = { "high", "normal", "low" };
	struct str prio = json_get_str(root, "priority"), at = json_get_str(root, "send_at");

	m->prio = PRIO_NORMAL;
	if (json_get(root, "priority") != NULL) {
		int i = 0;

		while (i < PRIO_COUNT && !str_eqc(prio, PRIORITIES[i]))
			i++;
		if (i == PRIO_COUNT)
			return wrong(c, "priority", "This has to be high, normal or low.");
		m->prio = (enum job_prio)i;
	}
	if (json_get(root, "send_at") != NULL && !clock_parse(at, &m->send_at_ms))
		return wrong(c, "send_at", "This has to be a time like 2026-01-05T10:00:00Z.");
	if (m->send_at_ms > c->q->now_ms + SEND_AT_MAX_MS)
		return wrong(c, "send_at", "This is more than 30 days ahead.");
	if (m->send_at_ms <= c->q->now_ms)
		m->send_at_ms = 0;
	return read_expiry(c, root, m);
}

/* Our id or the provider's. */
static bool read_reply(struct call *c, const struct json *root, struct send_new *m)
{
	m->reply_to = json_get_str(root, "reply_to");
	if (json_get(root, "reply_to") != NULL && m->reply_to.n == 0)
		return wrong(c, "reply_to", "This has to be the id of a message.");
	return message_content_quote(c, "reply_to", &m->reply_to);
}

/* The trace id of a traceparent ("00-<32 hex>-<16 hex>-01"), else the request's id. */
static struct str correlation_of(const struct req *q)
{
	struct str trace = str_trim(web_req_header(q, "traceparent"));

	if (trace.n == 55 && trace.p[2] == '-' && trace.p[35] == '-')
		return str_sub(trace, 3, 32);
	return str_of(q->request_id);
}

static enum rc check_files(struct call *c, const struct send_new *n, struct wa_content_bad *bad,
			   struct err *e)
{
	const struct send_new instead = { .channel = n->channel,
					  .type = "template",
					  .content_json = n->fallback };
	struct db *db = store_reader(c->app->store);
	enum rc rc = send_files_check(db, n, bad, e);

	if (rc == RC_OK && n->fallback.n > 0)
		rc = send_files_check(db, &instead, bad, e);
	store_reader_done(c->app->store, db);
	return rc;
}

bool message_new_read(struct call *c, const struct json *root, struct send_new *ret)
{
	struct err e = { .rc = RC_OK };
	struct wa_content_bad bad = { "" };

	*ret = (struct send_new){ .correlation = correlation_of(c->q) };
	if (!message_content_type(c, root, ret) || !fields_known(c, root, ret->type) ||
	    !message_content_read(c, root, ret) || !message_content_fallback(c, root, ret) ||
	    !read_group(c, root, ret) || !read_to(c, root, ret) || !read_sender(c, root, ret) ||
	    !read_when(c, root, ret) || !read_reply(c, root, ret))
		return false;
	if (send_check(ret, &bad, &e) == RC_OK && check_files(c, ret, &bad, &e) == RC_OK)
		return true;
	if (e.rc != RC_INVALID) {
		problem_err(c, &e);
		return false;
	}
	return wrong(c, bad.field, e.text);
}
