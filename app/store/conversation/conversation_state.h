/* conversation_state.h - what people and assistants decide about a conversation: its status, who has it, labels,
 * attributes, and until when its automation is silent.
 *
 *   why automation is silent      ends
 *     loop       the breaker      at its time
 *     handover   the assistant gave it to a person      at its time, or when the conversation is resolved
 *     human      an agent answered                      the same
 *
 * Each change that changes something is published twice: on whatsapp-conversation-events for the event stream, and, with
 * the act as payload, on whatsapp-conversation-acts for the bridges, which tell Chatwoot. A change that came from there
 * is not told back (origin). All inside the caller's unit. */
#ifndef STORE_CONVERSATION_STATE_H
#define STORE_CONVERSATION_STATE_H

#include "base/sbuf.h"
#include "store/conversation/conversation.h"

#define CONVERSATION_ATTRIBUTE_MAX  60u   /* characters of a name */
#define CONVERSATION_VALUE_MAX      1000u /* characters of a value */
#define CONVERSATION_ATTRIBUTES_MAX 50
#define CONVERSATION_PERSON_MAX     100u            /* characters of an assignee or team */
#define CONVERSATION_FOREVER_MS     (3650 * DAY_MS) /* "until it is resolved" */

struct conversation_state {
	int64_t company_id, automation_off_until_ms, last_message_id, chatwoot_conversation_id;
	struct str status, assignee, team, automation_off_why;
};

/* Which conversation is changed, and on whose word. */
struct conversation_act {
	int64_t id;
	const char *
		origin; /* "n8n", "api", "chatwoot", "flow": static; "chatwoot" is not told to Chatwoot */
	struct str correlation;
	int64_t message_id; /* the message that caused it; 0: the newest one */
};

enum rc conversation_state_load(struct db *db, int64_t id, struct arena *a,
				struct conversation_state *ret, struct err *e) MUST_CHECK;
bool conversation_state_status_ok(struct str status); /* open, pending, resolved, snoozed */

/* `resolved` wakes an automation that a person or a handover had silenced. RC_INVALID: no such status. */
enum rc conversation_state_status(struct tx *tx, const struct conversation_act *act,
				  struct str status, struct err *e) MUST_CHECK;
/* Assignee and team: id or mail of an agent, name or id of a team; none: nobody. RC_INVALID: too long. */
enum rc conversation_state_assign(struct tx *tx, const struct conversation_act *act,
				  struct str assignee, struct str team, struct err *e) MUST_CHECK;
/* Opens it, assigns it, and silences its automation until then; `reason` for people. */
struct conversation_handover {
	struct str reason, assignee, team;
	int64_t until_ms;
};
enum rc conversation_state_handover(struct tx *tx, const struct conversation_act *act,
				    const struct conversation_handover *h, struct err *e)
	MUST_CHECK;
/* Never shortens. why: "human", "loop". Nothing is published. */
enum rc conversation_state_silence(struct tx *tx, int64_t id, int64_t until_ms, const char *why,
				   struct err *e) MUST_CHECK;
/* Adds to and removes from the labels. RC_INVALID: not a label, or too many (conversation.h). */
struct conversation_relabel {
	const struct str *add, *remove;
	size_t add_count, remove_count;
};
enum rc conversation_state_labels(struct tx *tx, const struct conversation_act *act,
				  const struct conversation_relabel *l, struct err *e) MUST_CHECK;
/* In place of all it has; the same verdicts. */
enum rc conversation_state_relabel(struct tx *tx, const struct conversation_act *act,
				   const struct str *labels, size_t n, struct err *e) MUST_CHECK;
/* Value none or "": removes. */
enum rc conversation_state_attribute(struct tx *tx, const struct conversation_act *act,
				     struct str name, struct str value, struct err *e) MUST_CHECK;

/* JSON texts for answers and payloads: ["a","b"] and {"a":"b"}. */
enum rc conversation_state_labels_json(struct db *db, int64_t id, struct sbuf *to, struct err *e)
	MUST_CHECK;
enum rc conversation_state_attributes_json(struct db *db, int64_t id, struct sbuf *to,
					   struct err *e) MUST_CHECK;

#endif
