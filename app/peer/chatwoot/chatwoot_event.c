/* chatwoot_event.c - Chatwoot's webhooks and listed messages. Promises: chatwoot_event.h.
 * No state; any thread. */
#include "peer/chatwoot/chatwoot_event.h"

#include "base/clock.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "peer/chatwoot/chatwoot.h"

#define TIME_S_MAX 253402300799 /* the end of year 9999 */

struct take {
	struct arena *a;
	bool full;
};

static struct str keep(struct take *t, struct str s)
{
	if (s.p == NULL)
		return STR_NONE;
	struct str copy = arena_str(t->a, s);
	if (copy.p == NULL)
		t->full = true;
	return copy;
}

static struct str keep_key(struct take *t, const struct json *o, const char *key)
{
	return keep(t, json_get_str(o, key));
}

static struct str keep_raw(struct take *t, const struct json *n)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(t->a->max);
	json_print(n, &b);
	if (!sbuf_ok(&b)) {
		t->full = true;
		return STR_NONE;
	}
	return keep(t, sbuf_view(&b));
}

/* ISO text, or epoch seconds (whole or with a fraction is nonsense here and gives 0). */
static int64_t read_time(const struct json *n)
{
	int64_t v = 0;
	if (json_kind(n) == JSON_TEXT && clock_parse(json_str(n), &v))
		return v > 0 ? v : 0;
	if (!json_i64(n, &v) || v <= 0 || v > TIME_S_MAX)
		return 0;
	return v * SECOND_MS;
}

int64_t chatwoot_event_moment(const struct json *n)
{
	double v = 0;
	if (!json_double(n, &v) || !(v > 0) || v > (double)TIME_S_MAX)
		return 0;
	return (int64_t)(v * (double)SECOND_MS);
}

/* Text at the top of a webhook, an integer in REST. */
static enum chatwoot_message_type read_type(const struct json *n)
{
	static const char *const words[] = { "incoming", "outgoing", "activity", "template" };
	static const enum chatwoot_message_type types[] = {
		CHATWOOT_TYPE_INCOMING,
		CHATWOOT_TYPE_OUTGOING,
		CHATWOOT_TYPE_ACTIVITY,
		CHATWOOT_TYPE_TEMPLATE,
	};
	int64_t number = -1;
	if (json_i64(n, &number))
		return number >= 0 && number < (int64_t)COUNT(types) ? types[number]
								     : CHATWOOT_TYPE_NONE;
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eqc(json_str(n), words[i]))
			return types[i];
	return CHATWOOT_TYPE_NONE;
}

/* A contact at the top level has no `type`, but keys that users and bots have not (1.7). */
static void read_sender(struct take *t, const struct json *n, struct chatwoot_event *ev)
{
	struct str type = json_get_str(n, "type");
	if (json_kind(n) != JSON_OBJECT)
		return;
	ev->sender_id = json_get_i64_or(n, "id", 0);
	ev->sender_name = keep_key(t, n, "name");
	if (str_eqc(type, "user"))
		ev->sender = CHATWOOT_SENDER_USER;
	else if (type.n > 0 && !str_eqc(type, "contact"))
		ev->sender = CHATWOOT_SENDER_BOT;
	else
		ev->sender = CHATWOOT_SENDER_CONTACT;
}

static void read_attributes(struct take *t, const struct json *n, struct chatwoot_event *ev)
{
	const struct json *mark = json_get(n, "totem");
	enum json_kind kind = json_kind(mark);
	ev->deleted = json_get_bool(n, "deleted", false);
	ev->source = keep_key(t, n, "source");
	ev->external_error = keep_key(t, n, "external_error");
	ev->in_reply_to = json_get_i64_or(n, "in_reply_to", 0);
	ev->in_reply_to_source_id = keep_key(t, n, "in_reply_to_external_id");
	/* Any shape of our key stops the loop; only null is none. */
	ev->marked = kind != JSON_NONE && kind != JSON_NULL;
	ev->mark_origin = keep_key(t, mark, "o");
	ev->mark_id = keep_key(t, mark, "m");
	if (json_kind(json_get(n, "items")) == JSON_ARRAY)
		ev->items = keep_raw(t, json_get(n, "items"));
}

/* A private note on WhatsApp is a leak (R3): anything but false counts as private. */
static bool read_private(const struct json *n)
{
	enum json_kind kind = json_kind(n);
	if (kind == JSON_NONE || kind == JSON_NULL)
		return false;
	struct sbuf b AUTO(sbuf_release) = SBUF(16);
	json_print(n, &b);
	return !str_eqc(sbuf_view(&b), "false");
}

static void read_message(struct take *t, const struct json *n, struct chatwoot_event *ev)
{
	const struct json *attributes = json_get(n, "content_attributes");
	const struct json *attachments = json_get(n, "attachments");
	ev->message_id = json_get_i64_or(n, "id", 0);
	ev->type = read_type(json_get(n, "message_type"));
	ev->is_private = read_private(json_get(n, "private"));
	ev->content = keep_key(t, n, "content");
	ev->content_type = keep_key(t, n, "content_type");
	ev->source_id = keep_key(t, n, "source_id");
	ev->created_ms = read_time(json_get(n, "created_at"));
	read_sender(t, json_get(n, "sender"), ev);
	const struct json *params = json_path(n, "additional_attributes.template_params");
	if (json_kind(params) == JSON_OBJECT && json_first(params) != NULL)
		ev->template_params = keep_raw(t, params);
	if (json_kind(attributes) ==
	    JSON_TEXT) { /* accepted on create (1.3), so it may come back */
		struct json *inner AUTO(json_freep) = NULL;
		if (json_parse(json_str(attributes), &inner, NULL) == RC_OK)
			read_attributes(t, inner, ev);
	} else {
		read_attributes(t, attributes, ev);
	}
	if (json_kind(attachments) == JSON_ARRAY && json_first(attachments) != NULL) {
		ev->attachment_count = json_count(attachments);
		ev->attachments = keep_raw(t, attachments);
	}
}

/* The conversation object: nested in a message event, at the top of the others. */
static void read_conversation(struct take *t, const struct json *n, struct chatwoot_event *ev)
{
	const struct json *inbox = json_get(n, "contact_inbox");
	ev->conversation_id = json_get_i64_or(n, "id", 0);
	ev->contact_source_id = keep_key(t, inbox, "source_id");
	ev->assignee_id = json_get_i64_or(json_path(n, "meta.assignee"), "id", 0);
	ev->thread_status = keep_key(t, n, "status");
	ev->team_id = json_get_i64_or(json_path(n, "meta.team"), "id", 0);
	ev->updated_ms = chatwoot_event_moment(json_get(n, "updated_at"));
	ev->agent_seen_ms = chatwoot_event_moment(json_get(n, "agent_last_seen_at"));
	if (ev->inbox_id == 0)
		ev->inbox_id = json_get_i64_or(n, "inbox_id", 0);
	if (ev->account_id == 0)
		ev->account_id = json_get_i64_or(json_get(n, "account"), "id", 0);
	if (ev->account_id == 0)
		ev->account_id = json_get_i64_or(n, "account_id", 0);
}

static const struct kind_word {
	const char *word;
	enum chatwoot_event_kind kind;
} kind_words[] = {
	{ "message_created", CHATWOOT_EVENT_MESSAGE_CREATED },
	{ "message_updated", CHATWOOT_EVENT_MESSAGE_UPDATED },
	{ "conversation_created", CHATWOOT_EVENT_CONVERSATION_CREATED },
	{ "conversation_updated", CHATWOOT_EVENT_CONVERSATION_UPDATED },
	{ "conversation_status_changed", CHATWOOT_EVENT_CONVERSATION_STATUS_CHANGED },
	{ "conversation_typing_on", CHATWOOT_EVENT_TYPING_ON },
	{ "conversation_typing_off", CHATWOOT_EVENT_TYPING_OFF },
};

static enum chatwoot_event_kind kind_of(struct str word)
{
	for (size_t i = 0; i < COUNT(kind_words); i++)
		if (str_eqc(word, kind_words[i].word))
			return kind_words[i].kind;
	return CHATWOOT_EVENT_OTHER;
}

const char *chatwoot_event_kind_name(enum chatwoot_event_kind kind)
{
	for (size_t i = 0; i < COUNT(kind_words); i++)
		if (kind_words[i].kind == kind)
			return kind_words[i].word;
	return kind == CHATWOOT_EVENT_MESSAGE_LISTED ? "message_listed" : "other";
}

static void read_event(struct take *t, const struct json *root, struct chatwoot_event *ev)
{
	ev->account_id = json_get_i64_or(json_get(root, "account"), "id", 0);
	ev->inbox_id = json_get_i64_or(json_get(root, "inbox"), "id", 0);
	switch (ev->kind) {
	case CHATWOOT_EVENT_MESSAGE_CREATED:
	case CHATWOOT_EVENT_MESSAGE_UPDATED:
		read_message(t, root, ev);
		read_conversation(t, json_get(root, "conversation"), ev);
		return;
	case CHATWOOT_EVENT_CONVERSATION_CREATED:
	case CHATWOOT_EVENT_CONVERSATION_UPDATED:
	case CHATWOOT_EVENT_CONVERSATION_STATUS_CHANGED:
		read_conversation(t, root, ev);
		ev->status = keep_key(t, root, "status");
		ev->created_ms = read_time(json_get(root, "created_at"));
		return;
	case CHATWOOT_EVENT_TYPING_ON:
	case CHATWOOT_EVENT_TYPING_OFF:
		read_conversation(t, json_get(root, "conversation"), ev);
		read_sender(t, json_get(root, "user"), ev);
		ev->is_private = json_get_bool(root, "is_private", false);
		return;
	case CHATWOOT_EVENT_MESSAGE_LISTED:
	case CHATWOOT_EVENT_OTHER:
		return;
	}
}

enum rc chatwoot_event_decode(struct str body, struct arena *a, struct chatwoot_event *ret_ev,
			      struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct take t = { .a = a, .full = false };
	struct chatwoot_event ev = { 0 };
	TRY(json_parse(body, &root, e));
	struct str word = json_get_str(root, "event");
	if (json_kind(root) != JSON_OBJECT || word.n == 0)
		return FAIL(e, RC_INVALID, "the webhook is not an object with an event");
	ev.kind = kind_of(word);
	ev.word = keep(&t, word);
	read_event(&t, root, &ev);
	if (t.full)
		return FAIL(e, RC_LIMIT, "the webhook needs more memory than allowed");
	bool message = ev.kind == CHATWOOT_EVENT_MESSAGE_CREATED ||
		       ev.kind == CHATWOOT_EVENT_MESSAGE_UPDATED;
	if (message && (ev.message_id <= 0 || ev.conversation_id <= 0))
		return FAIL(e, RC_INVALID, "a message event without message or conversation id");
	*ret_ev = ev;
	return RC_OK;
}

enum rc chatwoot_event_message(const struct json *message, struct arena *a,
			       struct chatwoot_event *ret_ev, struct err *e)
{
	struct take t = { .a = a, .full = false };
	struct chatwoot_event ev = { .kind = CHATWOOT_EVENT_MESSAGE_LISTED };
	ev.word = STR("message_listed");
	read_message(&t, message, &ev);
	ev.conversation_id = json_get_i64_or(message, "conversation_id", 0);
	ev.inbox_id = json_get_i64_or(message, "inbox_id", 0);
	ev.account_id = json_get_i64_or(message, "account_id", 0);
	ev.status = keep_key(&t, message, "status");
	if (t.full)
		return FAIL(e, RC_LIMIT, "the message needs more memory than allowed");
	if (json_kind(message) != JSON_OBJECT || ev.message_id <= 0)
		return FAIL(e, RC_INVALID, "a message without id");
	*ret_ev = ev;
	return RC_OK;
}

void chatwoot_event_write(const struct chatwoot_event *ev, struct sbuf *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ki64(&w, "id", ev->message_id);
	jsonw_ki64(&w, "conversation_id", ev->conversation_id);
	jsonw_ki64(&w, "inbox_id", ev->inbox_id);
	jsonw_ki64(&w, "account_id", ev->account_id);
	jsonw_ktext(&w, "message_type",
		    ev->type == CHATWOOT_TYPE_TEMPLATE ? "template" : "outgoing");
	jsonw_kbool(&w, "private", ev->is_private);
	jsonw_kstr(&w, "content", ev->content);
	jsonw_kstr(&w, "content_type", ev->content_type);
	if (ev->created_ms > 0)
		jsonw_ki64(&w, "created_at", ev->created_ms / SECOND_MS);
	jsonw_kobject(&w, "content_attributes");
	if (ev->in_reply_to > 0)
		jsonw_ki64(&w, "in_reply_to", ev->in_reply_to);
	if (ev->in_reply_to_source_id.n > 0)
		jsonw_kstr(&w, "in_reply_to_external_id", ev->in_reply_to_source_id);
	if (ev->items.n > 0)
		jsonw_kraw(&w, "items", ev->items);
	jsonw_end(&w);
	if (ev->template_params.n > 0) {
		jsonw_kobject(&w, "additional_attributes");
		jsonw_kraw(&w, "template_params", ev->template_params);
		jsonw_end(&w);
	}
	if (ev->attachments.n > 0)
		jsonw_kraw(&w, "attachments", ev->attachments);
	if (ev->sender != CHATWOOT_SENDER_NONE) {
		jsonw_kobject(&w, "sender");
		jsonw_ki64(&w, "id", ev->sender_id);
		jsonw_kstr(&w, "name", ev->sender_name);
		jsonw_ktext(&w, "type", ev->sender == CHATWOOT_SENDER_USER ? "user" : "agent_bot");
		jsonw_end(&w);
	}
	jsonw_end(&w);
}

static bool has_prefix(const struct chatwoot_event *ev)
{
	return str_starts(ev->source_id, STR(CHATWOOT_SOURCE_PREFIX));
}

static enum chatwoot_reason reason_of_type(enum chatwoot_message_type type)
{
	switch (type) {
	case CHATWOOT_TYPE_INCOMING:
		return CHATWOOT_BECAUSE_INCOMING;
	case CHATWOOT_TYPE_ACTIVITY:
		return CHATWOOT_BECAUSE_ACTIVITY;
	case CHATWOOT_TYPE_NONE:
		return CHATWOOT_BECAUSE_UNKNOWN_TYPE;
	case CHATWOOT_TYPE_OUTGOING:
	case CHATWOOT_TYPE_TEMPLATE:
		break;
	}
	return CHATWOOT_BECAUSE_AGENT;
}

static enum chatwoot_reason reason_for(const struct chatwoot_event *ev)
{
	if (ev->kind == CHATWOOT_EVENT_MESSAGE_UPDATED)
		return CHATWOOT_BECAUSE_UPDATED;
	if (ev->kind != CHATWOOT_EVENT_MESSAGE_CREATED && ev->kind != CHATWOOT_EVENT_MESSAGE_LISTED)
		return CHATWOOT_BECAUSE_NOT_A_MESSAGE;
	if (ev->deleted)
		return CHATWOOT_BECAUSE_DELETED;
	if (ev->marked)
		return CHATWOOT_BECAUSE_OWN_MARK;
	if (str_eqc(ev->source, "crm_mirror") || str_eqc(ev->source, "ai_response"))
		return CHATWOOT_BECAUSE_OWN_SOURCE;
	if (has_prefix(ev))
		return CHATWOOT_BECAUSE_OWN_SOURCE_ID;
	if (ev->is_private)
		return CHATWOOT_BECAUSE_PRIVATE;
	enum chatwoot_reason reason = reason_of_type(ev->type);
	if (reason != CHATWOOT_BECAUSE_AGENT)
		return reason;
	if (ev->sender == CHATWOOT_SENDER_CONTACT)
		return CHATWOOT_BECAUSE_CONTACT_SENDER;
	if (str_trim(ev->content).n == 0 && ev->attachment_count == 0 && ev->items.n == 0 &&
	    ev->template_params.n == 0)
		return CHATWOOT_BECAUSE_EMPTY;
	return CHATWOOT_BECAUSE_AGENT;
}

enum chatwoot_decision chatwoot_event_decide(const struct chatwoot_event *ev,
					     enum chatwoot_reason *ret_reason)
{
	*ret_reason = reason_for(ev);
	return *ret_reason == CHATWOOT_BECAUSE_AGENT ? CHATWOOT_SEND : CHATWOOT_IGNORE;
}

const char *chatwoot_event_reason_text(enum chatwoot_reason reason)
{
	static const char *const texts[] = {
#define REASON(name, text) text,
		CHATWOOT_REASONS(REASON)
#undef REASON
	};
	ASSERT((size_t)reason < COUNT(texts));
	return texts[reason];
}
