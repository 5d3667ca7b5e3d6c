/* chatwoot_answer.h - what Chatwoot's answers say and mean
 * (chatwoot-n8n-evolution.md 1.2, 1.3, 1.9).
 *
 * First judge, then (when DONE) decode. Text lives in the caller's arena. Decoders: RC_INVALID when
 * the answer has not the expected shape, RC_LIMIT when the arena is full. Pure. */
#ifndef PEER_CHATWOOT_ANSWER_H
#define PEER_CHATWOOT_ANSWER_H

#include "peer/chatwoot/chatwoot.h"
#include "peer/chatwoot/chatwoot_event.h"

enum chatwoot_class {
	CHATWOOT_DONE,  /* 2xx with JSON of the expected shape */
	CHATWOOT_RETRY, /* certainly not done, or harmless to repeat */
	/* 422 "already been taken", "should be unique": look it up and use it (R11) */
	CHATWOOT_REUSE,
	/* 429, 422 "Too many messages": slow down this conversation, keep its order (R11) */
	CHATWOOT_BACKOFF,
	/* 401, 403, redirect, foreign 404: configuration; hold the target, alarm */
	CHATWOOT_PARK,
	/* 404 of Chatwoot itself: the conversation, contact or message is not there any more */
	CHATWOOT_GONE,
	/* 400, 406, 413, other 422: the same request will be refused again */
	CHATWOOT_REJECTED,
	/* may be stored: list messages after the last known id and match source_id (R7) */
	CHATWOOT_UNKNOWN,
	CHATWOOT_CLASSES
};

struct chatwoot_answer {
	enum chatwoot_call call;
	enum rc rc; /* of http_do */
	int status;
	struct str body;
	int64_t retry_after_ms; /* -1: none */
	int tries;              /* attempts made, this one included */
};

struct chatwoot_verdict {
	enum chatwoot_class cls;
	int64_t retry_ms; /* RETRY, BACKOFF: how long (add jitter); else -1 */
	char text[160];   /* one sentence of ours, nothing of the peer's text */
};

void chatwoot_answer_judge(const struct chatwoot_answer *a, struct chatwoot_verdict *ret_v);
const char *chatwoot_answer_class_name(enum chatwoot_class cls);

struct chatwoot_contact {
	int64_t id;
	struct str source_id; /* of the inbox asked for; STR_NONE: not attached to it yet */
	struct str identifier;
	struct str phone;
	struct str name;
};
/* CONTACT_CREATE. */
enum rc chatwoot_answer_contact(struct str body, struct arena *a,
				struct chatwoot_contact *ret_contact, struct err *e) MUST_CHECK;
/* CONTACT_FILTER and CONTACT_SEARCH: all contacts of the page, source_id for `inbox_id`. Search
 * matches substrings of every field: compare before use. An empty list is RC_OK with count 0. */
struct chatwoot_contacts {
	const struct chatwoot_contact *items;
	size_t count;
};
enum rc chatwoot_answer_contacts(struct str body, int64_t inbox_id, struct arena *a,
				 struct chatwoot_contacts *ret_contacts, struct err *e) MUST_CHECK;
/* CONTACT_INBOX_CREATE: the source_id (a random UUID when none was given). */
enum rc chatwoot_answer_contact_inbox(struct str body, struct arena *a, struct str *ret_source_id,
				      struct err *e) MUST_CHECK;
/* CONVERSATION_CREATE, MESSAGE_CREATE: the id at the top. */
enum rc chatwoot_answer_id(struct str body, int64_t *ret_id, struct err *e) MUST_CHECK;

/* AGENT_LIST, TEAM_LIST: the first whose "email" or "name" is this, in any case. 0: nobody. */
enum rc chatwoot_answer_named(struct str body, const char *key, struct str wanted, int64_t *ret_id,
			      struct err *e) MUST_CHECK;

/* CONTACT_CONVERSATIONS: newest first; CONVERSATION_LIST: last active first. */
struct chatwoot_conversation {
	int64_t id;
	int64_t inbox_id;
	struct str status;
	int64_t active_ms;   /* last_activity_at, whole seconds; 0: not told */
	int64_t assignee_id; /* 0: nobody, or not told */
	int64_t team_id;
	int64_t updated_ms, agent_seen_ms; /* 0: not told */
	struct str source_id;              /* of its contact in the inbox; none: not told */
};
struct chatwoot_conversations {
	const struct chatwoot_conversation *items;
	size_t count;
};
enum rc chatwoot_answer_conversations(struct str body, struct arena *a,
				      struct chatwoot_conversations *ret_list, struct err *e)
	MUST_CHECK;

/* MESSAGE_LIST: in the order given (ascending with after_id). A message that cannot be read is left
 * out and counted. `last_id`: highest id seen, readable or not; 0: empty. */
struct chatwoot_messages {
	/* kind MESSAGE_LISTED; contact_source_id is not in the answer */
	const struct chatwoot_event *items;
	size_t count;
	size_t unreadable;
	int64_t last_id;
};
enum rc chatwoot_answer_messages(struct str body, struct arena *a,
				 struct chatwoot_messages *ret_list, struct err *e) MUST_CHECK;
/* The message with exactly this source_id, or NULL: the reconciliation of an UNKNOWN. */
const struct chatwoot_event *chatwoot_answer_find(const struct chatwoot_messages *list,
						  struct str source_id);

#endif
