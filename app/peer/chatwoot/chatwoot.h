/* chatwoot.h - Chatwoot's application API, our side: URLs and request bodies
 * (chatwoot-n8n-evolution.md 1.2, 1.3; Chatwoot 4.16.2). Answers: chatwoot_answer.h; webhooks:
 * chatwoot_event.h.
 *
 * Header for all calls: "api_access_token: <token>", Content-Type application/json. Encoders append
 * to `to`; RC_INVALID names the field, RC_LIMIT: the sbuf is full; on failure the sbuf holds what
 * it held before. Pure. */
#ifndef PEER_CHATWOOT_H
#define PEER_CHATWOOT_H

#include "base/err.h"
#include "base/sbuf.h"

#define CHATWOOT_CONTENT_MAX   150000u /* characters of message.content (1.3) */
#define CHATWOOT_SOURCE_PREFIX "totem:"
#define CHATWOOT_MARK_VERSION  1

enum chatwoot_call {
	/* POST {A}/contacts; idempotent by phone_number or identifier (422 taken) */
	CHATWOOT_CONTACT_CREATE,
	CHATWOOT_CONTACT_FILTER, /* POST {A}/contacts/filter: reads */
	/* GET {A}/contacts/search?q= : reads; 100 a minute per account */
	CHATWOOT_CONTACT_SEARCH,
	/* POST {A}/contacts/{contact}/contact_inboxes; unique by source_id */
	CHATWOOT_CONTACT_INBOX_CREATE,
	/* GET {A}/contacts/{contact}/conversations: the last 20 */
	CHATWOOT_CONTACT_CONVERSATIONS,
	/* POST {A}/conversations; not idempotent unless the inbox locks to one */
	CHATWOOT_CONVERSATION_CREATE,
	/* POST {A}/conversations/{conversation}/toggle_status */
	CHATWOOT_CONVERSATION_STATUS,
	/* POST {A}/conversations/{conversation}/assignments; repeats are harmless */
	CHATWOOT_CONVERSATION_ASSIGN,
	/* POST {A}/conversations/{conversation}/messages; never idempotent */
	CHATWOOT_MESSAGE_CREATE,
	CHATWOOT_MESSAGE_LIST, /* GET same, ?after=ID: at most 100, ascending */
	/* PATCH {A}/conversations/{conversation}/messages/{message} */
	CHATWOOT_MESSAGE_STATUS,
	CHATWOOT_INBOX_LIST, /* GET {A}/inboxes */
	/* GET {A}/conversations?inbox_id=&status=all&page=: 25 at once, last active first */
	CHATWOOT_CONVERSATION_LIST,
	CHATWOOT_LABEL_LIST,       /* GET {A}/conversations/{conversation}/labels */
	CHATWOOT_LABEL_SET,        /* POST same: in place of all it has */
	CHATWOOT_CONVERSATION_GET, /* GET {A}/conversations/{conversation} */
	CHATWOOT_ATTRIBUTES_SET, /* POST {A}/conversations/{conversation}/custom_attributes: all */
	CHATWOOT_AGENT_LIST,     /* GET {A}/agents: all, with id, name, email */
	CHATWOOT_TEAM_LIST,      /* GET {A}/teams: all, with id, name */
	/* PUT {A}/contacts/{contact}: merged into what is there; 422 taken */
	CHATWOOT_CONTACT_UPDATE,
	/* POST {A}/actions/contact_merge; a second time the merged one is gone */
	CHATWOOT_CONTACT_MERGE,
	/* POST of the public API: the customer has read everything (1.2); no account, no token needed */
	CHATWOOT_LAST_SEEN,
	CHATWOOT_CALLS
};

struct chatwoot_place {
	struct str base; /* "https://chat.example.com", checked as in meta_send_url */
	int64_t account_id;
	int64_t contact_id;      /* where the call has it */
	int64_t conversation_id; /* display id: what webhooks call conversation.id */
	int64_t message_id;
	int64_t after_id;                 /* MESSAGE_LIST: 0 lists the newest 20 */
	int64_t inbox_id;                 /* CONVERSATION_LIST */
	int64_t page;                     /* CONVERSATION_LIST, from 1 */
	struct str query;                 /* CONTACT_SEARCH: text, percent-encoded here ('+' too) */
	struct str identifier, source_id; /* LAST_SEEN: of the inbox, of the contact in it */
};

const char *chatwoot_method(enum chatwoot_call call); /* "POST" */
enum rc chatwoot_url(enum chatwoot_call call, const struct chatwoot_place *p, struct sbuf *to,
		     struct err *e) MUST_CHECK;

struct chatwoot_contact_new {
	int64_t inbox_id; /* with source_id: makes the contact_inbox too; 0: not */
	struct str source_id;
	struct str name;
	struct str identifier;
	/* '+' and 2 to 15 digits, digits only are given their '+'; never LID digits (R13) */
	struct str phone;
};
enum rc chatwoot_contact_new(const struct chatwoot_contact_new *c, struct sbuf *to, struct err *e)
	MUST_CHECK;
/* Gives a contact its number. */
enum rc chatwoot_contact_phone(struct str phone, struct sbuf *to, struct err *e) MUST_CHECK;
/* Everything of `other_id` becomes `base_id`'s; there is no way back. */
enum rc chatwoot_contact_merge(int64_t base_id, int64_t other_id, struct sbuf *to, struct err *e)
	MUST_CHECK;
/* attribute: "phone_number" or "identifier"; exact match. Only contacts with phone, email or
 * identifier are found. */
enum rc chatwoot_contact_filter(const char *attribute, struct str value, struct sbuf *to,
				struct err *e) MUST_CHECK;
enum rc chatwoot_contact_inbox_new(int64_t inbox_id, struct str source_id, struct sbuf *to,
				   struct err *e) MUST_CHECK;

struct chatwoot_conversation_new {
	int64_t inbox_id;
	int64_t contact_id;
	struct str source_id; /* of the contact_inbox */
	struct str status;    /* open, resolved, pending, snoozed; none: Chatwoot decides */
};
enum rc chatwoot_conversation_new(const struct chatwoot_conversation_new *c, struct sbuf *to,
				  struct err *e) MUST_CHECK;
/* Always with `status`: without one Chatwoot flips open and resolved. */
enum rc chatwoot_conversation_status(struct str status, struct sbuf *to, struct err *e) MUST_CHECK;
/* One of them, the other 0; both 0: nobody has it any more. */
enum rc chatwoot_conversation_assign(int64_t assignee_id, int64_t team_id, struct sbuf *to,
				     struct err *e) MUST_CHECK;

struct chatwoot_message_new {
	/* Markdown (markup.h); at most CHATWOOT_CONTENT_MAX code points */
	struct str content;
	bool incoming;   /* from the customer (API inboxes only); else outgoing */
	bool is_private; /* a note for agents */
	/* "totem:<provider>:<wa message id>" by chatwoot_source_id; survives, not unique */
	struct str source_id;
	struct str origin; /* mark o: "wa", "n8n", "api", "cw"; required */
	struct str mark;   /* mark m: our internal id; required */
	/* content_attributes.source: "crm_mirror", "ai_response" or none */
	struct str source;
	/* 0: none; sent as whole seconds, shown only, never reorders */
	int64_t external_created_ms;
	/* Chatwoot message id of the same conversation, 0: none. Mirror the quoted one first
	 * (1.4) */
	int64_t in_reply_to;
	/* 0: none; else sender_type AgentBot, so that automation does not look human */
	int64_t agent_bot_id;
	bool has_file; /* `content` may be empty then */
};
/* content_attributes never holds a null (some versions answer 406, 1.3). */
enum rc chatwoot_message_new(const struct chatwoot_message_new *m, struct sbuf *to, struct err *e)
	MUST_CHECK;
/* The same checks, and only the object of content_attributes: multipart forms carry it as text (1.3). */
enum rc chatwoot_message_attributes(const struct chatwoot_message_new *m, struct sbuf *to,
				    struct err *e) MUST_CHECK;
/* "totem:<provider>:<wa id>". provider: lower-case letters and digits; wa id: no blanks, at most
 * WA_ID_MAX. */
enum rc chatwoot_source_id(struct str provider, struct str wa_id, struct sbuf *to, struct err *e)
	MUST_CHECK;
/* sent, delivered, read, failed; `error` only with failed (cut at 255 code points). Chatwoot lets a
 * status go back: the caller keeps the order (1.5, R8). */
enum rc chatwoot_message_status(struct str status, struct str error, struct sbuf *to, struct err *e)
	MUST_CHECK;

#endif
