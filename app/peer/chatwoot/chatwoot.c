/* chatwoot.c - URLs and request bodies for Chatwoot. Promises: chatwoot.h. No state; any thread. */
#include "peer/chatwoot/chatwoot.h"

#include "base/enc.h"
#include "base/limits.h"
#include "base/url.h"
#include "io/jsonw.h"

#define NAME_MAX_POINTS  255 /* Rails string columns */
#define ERROR_MAX_POINTS 255
#define SOURCE_ID_MAX    (WA_ID_MAX + 64)

const char *chatwoot_method(enum chatwoot_call call)
{
	switch (call) {
	case CHATWOOT_CONTACT_CREATE:
	case CHATWOOT_CONTACT_FILTER:
	case CHATWOOT_CONTACT_INBOX_CREATE:
	case CHATWOOT_CONVERSATION_CREATE:
	case CHATWOOT_CONVERSATION_STATUS:
	case CHATWOOT_CONVERSATION_ASSIGN:
	case CHATWOOT_MESSAGE_CREATE:
	case CHATWOOT_LABEL_SET:
	case CHATWOOT_ATTRIBUTES_SET:
	case CHATWOOT_CONTACT_MERGE:
	case CHATWOOT_LAST_SEEN:
		return "POST";
	case CHATWOOT_CONTACT_SEARCH:
	case CHATWOOT_CONTACT_CONVERSATIONS:
	case CHATWOOT_MESSAGE_LIST:
	case CHATWOOT_INBOX_LIST:
	case CHATWOOT_CONVERSATION_LIST:
	case CHATWOOT_LABEL_LIST:
	case CHATWOOT_CONVERSATION_GET:
	case CHATWOOT_AGENT_LIST:
	case CHATWOOT_TEAM_LIST:
		return "GET";
	case CHATWOOT_MESSAGE_STATUS:
		return "PATCH";
	case CHATWOOT_CONTACT_UPDATE:
		return "PUT";
	case CHATWOOT_CALLS:
		break;
	}
	BUG("not a call");
}

/* Ends an encoder: on a full buffer everything that was added is taken back. */
static enum rc finish(struct sbuf *to, size_t before, struct err *e)
{
	if (sbuf_ok(to))
		return RC_OK;
	to->n = before;
	return FAIL(e, RC_LIMIT, "the buffer for the request is full");
}

static void add_id(struct sbuf *to, const char *before, int64_t id, const char *behind)
{
	sbuf_text(to, before);
	sbuf_i64(to, id);
	sbuf_text(to, behind);
}

/* The public API knows inbox and contact by their own names. */
static void add_public(const struct chatwoot_place *p, struct sbuf *to)
{
	sbuf_text(to, "/public/api/v1/inboxes/");
	enc_percent(to, p->identifier);
	sbuf_text(to, "/contacts/");
	enc_percent(to, p->source_id);
	add_id(to, "/conversations/", p->conversation_id, "/update_last_seen");
}

/* Paths without ids. */
static const char *const fixed[CHATWOOT_CALLS] = {
	[CHATWOOT_CONTACT_CREATE] = "/contacts",
	[CHATWOOT_CONTACT_FILTER] = "/contacts/filter",
	[CHATWOOT_CONVERSATION_CREATE] = "/conversations",
	[CHATWOOT_INBOX_LIST] = "/inboxes",
	[CHATWOOT_AGENT_LIST] = "/agents",
	[CHATWOOT_TEAM_LIST] = "/teams",
	[CHATWOOT_CONTACT_MERGE] = "/actions/contact_merge",
};

/* Which ids a call needs: its path after {base}/api/v1/accounts/{id}. */
static void add_path(enum chatwoot_call call, const struct chatwoot_place *p, struct sbuf *to)
{
	switch (call) {
	case CHATWOOT_CONTACT_CREATE:
	case CHATWOOT_CONTACT_FILTER:
	case CHATWOOT_CONVERSATION_CREATE:
	case CHATWOOT_INBOX_LIST:
	case CHATWOOT_AGENT_LIST:
	case CHATWOOT_TEAM_LIST:
	case CHATWOOT_CONTACT_MERGE:
		sbuf_text(to, fixed[call]);
		return;
	case CHATWOOT_CONTACT_SEARCH:
		sbuf_text(to, "/contacts/search?include_contact_inboxes=true&q=");
		enc_percent(to, p->query);
		return;
	case CHATWOOT_CONTACT_INBOX_CREATE:
		add_id(to, "/contacts/", p->contact_id, "/contact_inboxes");
		return;
	case CHATWOOT_CONTACT_CONVERSATIONS:
		add_id(to, "/contacts/", p->contact_id, "/conversations");
		return;
	case CHATWOOT_CONVERSATION_STATUS:
		add_id(to, "/conversations/", p->conversation_id, "/toggle_status");
		return;
	case CHATWOOT_CONVERSATION_ASSIGN:
		add_id(to, "/conversations/", p->conversation_id, "/assignments");
		return;
	case CHATWOOT_MESSAGE_CREATE:
		add_id(to, "/conversations/", p->conversation_id, "/messages");
		return;
	case CHATWOOT_MESSAGE_LIST:
		add_id(to, "/conversations/", p->conversation_id, "/messages");
		if (p->after_id > 0)
			add_id(to, "?after=", p->after_id, "");
		return;
	case CHATWOOT_MESSAGE_STATUS:
		add_id(to, "/conversations/", p->conversation_id, "/messages/");
		sbuf_i64(to, p->message_id);
		return;
	case CHATWOOT_CONVERSATION_LIST:
		add_id(to, "/conversations?status=all&sort_by=last_activity_at_desc&inbox_id=",
		       p->inbox_id, "");
		add_id(to, "&page=", p->page, "");
		return;
	case CHATWOOT_LABEL_LIST:
	case CHATWOOT_LABEL_SET:
		add_id(to, "/conversations/", p->conversation_id, "/labels");
		return;
	case CHATWOOT_CONVERSATION_GET:
		add_id(to, "/conversations/", p->conversation_id, "");
		return;
	case CHATWOOT_ATTRIBUTES_SET:
		add_id(to, "/conversations/", p->conversation_id, "/custom_attributes");
		return;
	case CHATWOOT_CONTACT_UPDATE:
		add_id(to, "/contacts/", p->contact_id, "");
		return;
	case CHATWOOT_LAST_SEEN:
		add_public(p, to);
		return;
	case CHATWOOT_CALLS:
		break;
	}
	BUG("not a call");
}

enum rc chatwoot_url(enum chatwoot_call call, const struct chatwoot_place *p, struct sbuf *to,
		     struct err *e)
{
	size_t before = to->n;
	struct str clean = STR_NONE;
	bool contact = call == CHATWOOT_CONTACT_INBOX_CREATE ||
		       call == CHATWOOT_CONTACT_CONVERSATIONS || call == CHATWOOT_CONTACT_UPDATE;
	bool conversation = call == CHATWOOT_CONVERSATION_STATUS ||
			    call == CHATWOOT_CONVERSATION_ASSIGN ||
			    call == CHATWOOT_MESSAGE_CREATE || call == CHATWOOT_MESSAGE_LIST ||
			    call == CHATWOOT_MESSAGE_STATUS || call == CHATWOOT_LABEL_LIST ||
			    call == CHATWOOT_LABEL_SET || call == CHATWOOT_CONVERSATION_GET ||
			    call == CHATWOOT_ATTRIBUTES_SET || call == CHATWOOT_LAST_SEEN;
	if (!url_base_ok(p->base, &clean))
		return FAIL(e, RC_INVALID, "base URL: not http(s)://host[:port][/path]");
	if (p->account_id <= 0)
		return FAIL(e, RC_INVALID, "account id: missing");
	if (contact && p->contact_id <= 0)
		return FAIL(e, RC_INVALID, "contact id: missing");
	if (conversation && p->conversation_id <= 0)
		return FAIL(e, RC_INVALID, "conversation id: missing");
	if (call == CHATWOOT_MESSAGE_STATUS && p->message_id <= 0)
		return FAIL(e, RC_INVALID, "message id: missing");
	if (call == CHATWOOT_CONVERSATION_LIST && (p->inbox_id <= 0 || p->page <= 0))
		return FAIL(e, RC_INVALID, "inbox id or page: missing");
	if (call == CHATWOOT_CONTACT_SEARCH && (p->query.n == 0 || p->query.n > WEB_PATH_MAX))
		return FAIL(e, RC_INVALID, "query: empty or longer than %u bytes", WEB_PATH_MAX);
	if (call == CHATWOOT_LAST_SEEN && (p->identifier.n == 0 || p->source_id.n == 0))
		return FAIL(e, RC_INVALID, "identifier or source id: missing");
	sbuf_str(to, clean);
	if (call != CHATWOOT_LAST_SEEN)
		add_id(to, "/api/v1/accounts/", p->account_id, "");
	add_path(call, p, to);
	return finish(to, before, e);
}

/* '+' and 2 to 15 digits; the '+' may be missing. */
static bool phone_ok(struct str phone)
{
	if (phone.n > 0 && phone.p[0] == '+')
		phone = str_sub(phone, 1, phone.n);
	if (phone.n < 2 || phone.n > 15)
		return false;
	for (size_t i = 0; i < phone.n; i++)
		if (phone.p[i] < '0' || phone.p[i] > '9')
			return false;
	return true;
}

static void write_phone(struct jsonw *w, struct str phone)
{
	char text[20];
	int n = snprintf(text, sizeof text, "%s%.*s", phone.p[0] == '+' ? "" : "+", STRF(phone));
	ASSERT(n > 0 && (size_t)n < sizeof text);
	jsonw_ktext(w, "phone_number", text);
}

static void write_if(struct jsonw *w, const char *key, struct str v)
{
	if (v.n > 0)
		jsonw_kstr(w, key, v);
}

enum rc chatwoot_contact_new(const struct chatwoot_contact_new *c, struct sbuf *to, struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	if (c->phone.n == 0 && c->identifier.n == 0)
		return FAIL(e, RC_INVALID, "identifier: needed when there is no phone number");
	if (c->phone.n > 0 && !phone_ok(c->phone))
		return FAIL(e, RC_INVALID, "phone_number: not 2 to 15 digits");
	if (c->identifier.n > SOURCE_ID_MAX)
		return FAIL(e, RC_INVALID, "identifier: longer than %u bytes", SOURCE_ID_MAX);
	if (c->source_id.n > 0 && (c->inbox_id <= 0 || c->source_id.n > SOURCE_ID_MAX))
		return FAIL(e, RC_INVALID, "source_id: too long or without inbox_id");
	jsonw_init(&w, to);
	jsonw_object(&w);
	write_if(&w, "name", enc_utf8_cut(c->name, NAME_MAX_POINTS));
	write_if(&w, "identifier", c->identifier);
	if (c->phone.n > 0)
		write_phone(&w, c->phone);
	if (c->inbox_id > 0)
		jsonw_ki64(&w, "inbox_id", c->inbox_id);
	write_if(&w, "source_id", c->source_id);
	jsonw_end(&w);
	return finish(to, before, e);
}

enum rc chatwoot_contact_phone(struct str phone, struct sbuf *to, struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	if (!phone_ok(phone))
		return FAIL(e, RC_INVALID, "phone_number: not 2 to 15 digits");
	jsonw_init(&w, to);
	jsonw_object(&w);
	write_phone(&w, phone);
	jsonw_end(&w);
	return finish(to, before, e);
}

enum rc chatwoot_contact_merge(int64_t base_id, int64_t other_id, struct sbuf *to, struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	if (base_id <= 0 || other_id <= 0 || base_id == other_id)
		return FAIL(e, RC_INVALID, "contacts to merge: two different ones");
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ki64(&w, "base_contact_id", base_id);
	jsonw_ki64(&w, "mergee_contact_id", other_id);
	jsonw_end(&w);
	return finish(to, before, e);
}

enum rc chatwoot_contact_filter(const char *attribute, struct str value, struct sbuf *to,
				struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	struct str name = str_of(attribute);
	bool phone = str_eqc(name, "phone_number");
	if (!phone && !str_eqc(name, "identifier"))
		return FAIL(e, RC_INVALID, "attribute_key: neither phone_number nor identifier");
	if (value.n == 0 || value.n > SOURCE_ID_MAX || (phone && !phone_ok(value)))
		return FAIL(e, RC_INVALID, "values: not a value of that attribute");
	if (phone && value.p[0] == '+')
		value = str_sub(value, 1, value.n); /* the server adds its own (1.2) */
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_karray(&w, "payload");
	jsonw_object(&w);
	jsonw_kstr(&w, "attribute_key", name);
	jsonw_ktext(&w, "filter_operator", "equal_to");
	jsonw_karray(&w, "values");
	jsonw_str(&w, value);
	jsonw_end(&w);
	jsonw_kstr(&w, "query_operator", STR_NONE);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
	return finish(to, before, e);
}

enum rc chatwoot_contact_inbox_new(int64_t inbox_id, struct str source_id, struct sbuf *to,
				   struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	if (inbox_id <= 0)
		return FAIL(e, RC_INVALID, "inbox_id: missing");
	if (source_id.n == 0 || source_id.n > SOURCE_ID_MAX)
		return FAIL(e, RC_INVALID, "source_id: empty or longer than %u bytes",
			    SOURCE_ID_MAX);
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ki64(&w, "inbox_id", inbox_id);
	jsonw_kstr(&w, "source_id", source_id);
	jsonw_end(&w);
	return finish(to, before, e);
}

static bool one_of(struct str s, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eqc(s, words[i]))
			return true;
	return false;
}

static bool conversation_status_ok(struct str s)
{
	static const char *const words[] = { "open", "resolved", "pending", "snoozed" };
	return one_of(s, words, COUNT(words));
}

enum rc chatwoot_conversation_new(const struct chatwoot_conversation_new *c, struct sbuf *to,
				  struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	if (c->inbox_id <= 0 || c->contact_id <= 0)
		return FAIL(e, RC_INVALID, "inbox_id and contact_id: both are needed");
	if (c->source_id.n > SOURCE_ID_MAX)
		return FAIL(e, RC_INVALID, "source_id: longer than %u bytes", SOURCE_ID_MAX);
	if (c->status.n > 0 && !conversation_status_ok(c->status))
		return FAIL(e, RC_INVALID, "status: not open, resolved, pending or snoozed");
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ki64(&w, "inbox_id", c->inbox_id);
	jsonw_ki64(&w, "contact_id", c->contact_id);
	write_if(&w, "source_id", c->source_id);
	write_if(&w, "status", c->status);
	jsonw_end(&w);
	return finish(to, before, e);
}

enum rc chatwoot_conversation_status(struct str status, struct sbuf *to, struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	if (!conversation_status_ok(status))
		return FAIL(e, RC_INVALID, "status: not open, resolved, pending or snoozed");
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_kstr(&w, "status", status);
	jsonw_end(&w);
	return finish(to, before, e);
}

enum rc chatwoot_conversation_assign(int64_t assignee_id, int64_t team_id, struct sbuf *to,
				     struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	if (assignee_id > 0 && team_id > 0)
		return FAIL(e, RC_INVALID, "assignee or team: only one");
	jsonw_init(&w, to);
	jsonw_object(&w);
	if (assignee_id > 0)
		jsonw_ki64(&w, "assignee_id", assignee_id);
	else if (team_id > 0)
		jsonw_ki64(&w, "team_id", team_id);
	else
		jsonw_ktext(&w, "assignee_id", NULL);
	jsonw_end(&w);
	return finish(to, before, e);
}

static enum rc check_message(const struct chatwoot_message_new *m, struct err *e)
{
	static const char *const sources[] = { "crm_mirror", "ai_response" };
	if (str_trim(m->content).n == 0 && !m->has_file)
		return FAIL(e, RC_INVALID, "content: empty");
	if (m->content.n > (size_t)CHATWOOT_CONTENT_MAX * 4 || !enc_utf8_ok(m->content))
		return FAIL(e, RC_INVALID, "content: too long or not UTF-8");
	if (enc_utf8_count(m->content) > CHATWOOT_CONTENT_MAX)
		return FAIL(e, RC_INVALID, "content: longer than %u characters",
			    CHATWOOT_CONTENT_MAX);
	if (m->source_id.n > SOURCE_ID_MAX ||
	    (m->source_id.n > 0 && !str_starts(m->source_id, STR(CHATWOOT_SOURCE_PREFIX))))
		return FAIL(e, RC_INVALID, "source_id: not one of ours");
	if (m->origin.n == 0 || m->origin.n > 16 || m->mark.n == 0 || m->mark.n > WA_ID_MAX)
		return FAIL(e, RC_INVALID, "content_attributes.totem: origin or id is missing");
	if (m->source.n > 0 && !one_of(m->source, sources, COUNT(sources)))
		return FAIL(e, RC_INVALID, "source: neither crm_mirror nor ai_response");
	return RC_OK;
}

static void write_attributes(struct jsonw *w, const struct chatwoot_message_new *m)
{
	jsonw_object(w);
	jsonw_kobject(w, "totem");
	jsonw_kstr(w, "o", m->origin);
	jsonw_kstr(w, "m", m->mark);
	jsonw_ki64(w, "v", CHATWOOT_MARK_VERSION);
	jsonw_end(w);
	write_if(w, "source", m->source);
	if (m->external_created_ms > 0)
		jsonw_ki64(w, "external_created_at", m->external_created_ms / SECOND_MS);
	if (m->in_reply_to > 0)
		jsonw_ki64(w, "in_reply_to", m->in_reply_to);
	jsonw_end(w);
}

enum rc chatwoot_message_new(const struct chatwoot_message_new *m, struct sbuf *to, struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	TRY(check_message(m, e));
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_kstr(&w, "content", m->content);
	jsonw_ktext(&w, "message_type", m->incoming ? "incoming" : "outgoing");
	jsonw_kbool(&w, "private", m->is_private);
	write_if(&w, "source_id", m->source_id);
	if (m->agent_bot_id > 0) {
		jsonw_ktext(&w, "sender_type", "AgentBot");
		jsonw_ki64(&w, "sender_id", m->agent_bot_id);
	}
	jsonw_key(&w, "content_attributes");
	write_attributes(&w, m);
	jsonw_end(&w);
	return finish(to, before, e);
}

enum rc chatwoot_message_attributes(const struct chatwoot_message_new *m, struct sbuf *to,
				    struct err *e)
{
	struct jsonw w;
	size_t before = to->n;
	TRY(check_message(m, e));
	jsonw_init(&w, to);
	write_attributes(&w, m);
	return finish(to, before, e);
}

enum rc chatwoot_source_id(struct str provider, struct str wa_id, struct sbuf *to, struct err *e)
{
	size_t before = to->n;
	bool ok = provider.n > 0 && provider.n <= 32;
	for (size_t i = 0; ok && i < provider.n; i++)
		ok = (provider.p[i] >= 'a' && provider.p[i] <= 'z') ||
		     (provider.p[i] >= '0' && provider.p[i] <= '9');
	if (!ok)
		return FAIL(e, RC_INVALID, "provider: not lower-case letters and digits");
	ok = wa_id.n > 0 && wa_id.n <= WA_ID_MAX;
	for (size_t i = 0; ok && i < wa_id.n; i++)
		ok = wa_id.p[i] > ' ' && wa_id.p[i] <= '~';
	if (!ok)
		return FAIL(e, RC_INVALID, "message id: blanks, foreign bytes or too long");
	sbuf_text(to, CHATWOOT_SOURCE_PREFIX);
	sbuf_str(to, provider);
	sbuf_char(to, ':');
	sbuf_str(to, wa_id);
	return finish(to, before, e);
}

enum rc chatwoot_message_status(struct str status, struct str error, struct sbuf *to, struct err *e)
{
	static const char *const words[] = { "sent", "delivered", "read", "failed" };
	struct jsonw w;
	size_t before = to->n;
	if (!one_of(status, words, COUNT(words)))
		return FAIL(e, RC_INVALID, "status: not sent, delivered, read or failed");
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_kstr(&w, "status", status);
	if (str_eqc(status, "failed"))
		write_if(&w, "external_error", enc_utf8_cut(error, ERROR_MAX_POINTS));
	jsonw_end(&w);
	return finish(to, before, e);
}
