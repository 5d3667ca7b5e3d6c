/* chatwoot_event.h - Chatwoot's webhooks and listed messages, and the decision whether one goes to
 * WhatsApp.
 *
 * Contract: chatwoot-n8n-evolution.md 1.6, 1.7 (4.16.2). Types differ by place: at the top of a
 * webhook message_type is text and created_at is ISO text; in REST lists they are an integer and
 * epoch seconds. Both are read. The event's message is always the top level, never
 * conversation.messages[0] (fact 0.5). Text lives in the caller's arena, STR_NONE: was not there.
 * pubsub_token (a live secret, R22) is never taken over. Pure. */
#ifndef PEER_CHATWOOT_EVENT_H
#define PEER_CHATWOOT_EVENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "io/json.h"

enum chatwoot_event_kind {
	CHATWOOT_EVENT_OTHER, /* any word we do not act on; `word` has it */
	CHATWOOT_EVENT_MESSAGE_CREATED,
	CHATWOOT_EVENT_MESSAGE_UPDATED,
	/* from a list answer (catch-up poll, reconciliation) */
	CHATWOOT_EVENT_MESSAGE_LISTED,
	CHATWOOT_EVENT_CONVERSATION_CREATED,
	CHATWOOT_EVENT_CONVERSATION_UPDATED,
	CHATWOOT_EVENT_CONVERSATION_STATUS_CHANGED,
	CHATWOOT_EVENT_TYPING_ON,
	CHATWOOT_EVENT_TYPING_OFF
};

enum chatwoot_message_type {
	CHATWOOT_TYPE_NONE,     /* absent or a word we do not know */
	CHATWOOT_TYPE_INCOMING, /* 0 */
	CHATWOOT_TYPE_OUTGOING, /* 1 */
	CHATWOOT_TYPE_ACTIVITY, /* 2 */
	CHATWOOT_TYPE_TEMPLATE  /* 3: greeting, out of office, survey; sendable */
};

enum chatwoot_sender {
	CHATWOOT_SENDER_NONE, /* null: automation rule */
	CHATWOOT_SENDER_USER,
	/* "agent_bot", "captain_assistant" and other non-contact words */
	CHATWOOT_SENDER_BOT,
	CHATWOOT_SENDER_CONTACT /* says "contact", or has no type but a contact's keys */
};

struct chatwoot_event {
	enum chatwoot_event_kind kind;
	struct str word; /* "message_created" */
	/* 0: none. Dedupe by (kind, message_id), not by delivery id (R5, R6) */
	int64_t message_id;
	int64_t account_id;
	int64_t inbox_id;
	int64_t conversation_id; /* display id */
	enum chatwoot_message_type type;
	bool is_private;
	bool deleted;       /* content_attributes.deleted (R10) */
	struct str content; /* Markdown */
	struct str content_type;
	struct str source_id;
	/* conversation.contact_inbox.source_id: route replies by it */
	struct str contact_source_id;
	enum chatwoot_sender sender;
	int64_t sender_id;
	struct str sender_name;
	/* content_attributes.source: crm_mirror, ai_response, or foreign */
	struct str source;
	bool marked; /* content_attributes.totem is there; its parts: */
	struct str mark_origin;
	struct str mark_id;
	/* content_attributes.external_error: for the Retry heuristic (R9) */
	struct str external_error;
	int64_t in_reply_to;              /* Chatwoot message id, 0: none */
	struct str in_reply_to_source_id; /* content_attributes.in_reply_to_external_id */
	int attachment_count;
	struct str attachments;     /* compact JSON array, or none */
	struct str items;           /* content_attributes.items: compact JSON array, or none */
	struct str template_params; /* additional_attributes.template_params: JSON, or none */
	/* conversation events: open, resolved, ...; listed messages: sent, ... */
	struct str status;
	struct str thread_status; /* of the conversation, in webhooks of messages too */
	int64_t created_ms;       /* 0: absent or unreadable */
	int64_t assignee_id;      /* conversation.meta.assignee.id, 0: none */
	int64_t team_id;          /* conversation.meta.team.id, 0: none */
	/* Of the conversation, 0: not told: when it changed last (webhooks overtake each other),
	 * and until when an agent has seen it. */
	int64_t updated_ms, agent_seen_ms;
};

/* RC_INVALID: not JSON, not an object, no `event`, or a message event without id or conversation.
 * RC_LIMIT: the arena is full. */
enum rc chatwoot_event_decode(struct str body, struct arena *a, struct chatwoot_event *ret_ev,
			      struct err *e) MUST_CHECK;
/* The event's message as chatwoot_event_message reads it again: for a job that does the work later. */
void chatwoot_event_write(const struct chatwoot_event *ev, struct sbuf *to);
/* A message object as REST lists and create answers have it. Verdicts as above. */
enum rc chatwoot_event_message(const struct json *message, struct arena *a,
			       struct chatwoot_event *ret_ev, struct err *e) MUST_CHECK;

/* Epoch seconds with a fraction ("updated_at":1785240002.5) in milliseconds; 0: absent or unreadable. */
int64_t chatwoot_event_moment(const struct json *n);

enum chatwoot_decision { CHATWOOT_SEND, CHATWOOT_IGNORE };

/* X(name, text). The order is the order of the checks: the first that applies is the reason. */
#define CHATWOOT_REASONS(X)                                                     \
	X(AGENT, "an agent, bot or automation wrote to the customer")           \
	X(NOT_A_MESSAGE, "not a message that was created")                      \
	X(UPDATED, "an update of a message, never sent again")                  \
	X(DELETED, "the message is deleted")                                    \
	X(OWN_MARK, "content_attributes carry our own mark")                    \
	X(OWN_SOURCE, "content_attributes.source is crm_mirror or ai_response") \
	X(OWN_SOURCE_ID, "source_id is our own")                                \
	X(PRIVATE, "a private note")                                            \
	X(INCOMING, "came from the customer")                                   \
	X(ACTIVITY, "an activity line")                                         \
	X(UNKNOWN_TYPE, "message_type is missing or unknown")                   \
	X(CONTACT_SENDER, "the sender is a contact")                            \
	X(EMPTY, "neither text nor attachment")

enum chatwoot_reason {
#define REASON(name, text) CHATWOOT_BECAUSE_##name,
	CHATWOOT_REASONS(REASON)
#undef REASON
		CHATWOOT_BECAUSES
};

/* Rules: pipelines.md Loops 1, R3, R4. The third mark of R4, the table of the message ids that we
 * created, is the caller's: look it up before sending, and wait for our own POST's answer when one
 * is on its way (R4a). SEND comes with CHATWOOT_BECAUSE_AGENT, for message_created and listed
 * messages only. */
enum chatwoot_decision chatwoot_event_decide(const struct chatwoot_event *ev,
					     enum chatwoot_reason *ret_reason);
const char *chatwoot_event_reason_text(enum chatwoot_reason reason);
const char *chatwoot_event_kind_name(enum chatwoot_event_kind kind);

#endif
