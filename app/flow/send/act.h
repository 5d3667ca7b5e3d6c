/* act.h - what is done to a message at WhatsApp beside sending one: read receipts, typing, edit and revoke of our own.
 * Queue `message-acts`: a handler of the API never calls a peer. */
#ifndef FLOW_ACT_H
#define FLOW_ACT_H

#include "flow/send/provider.h"
#include "flow/work.h"

#define ACT_READ_AGE_MS (30 * DAY_MS) /* meta-cloud-api.md 3.3: within 30 days of receipt */
#define ACT_TYPING_LIFE_MS \
	(25 * SECOND_MS) /* the same: it clears itself; later it would be a lie */

struct act_wanted {
	enum act_kind kind;
	const struct channel *channel;
	const struct message *m; /* read, typing: the customer's; edit, revoke: ours */
	struct str text;         /* edit: the new text */
	struct str user_id;      /* CRM account whose wish it is; none: no person's */
	/* An agent deleted it in this Chatwoot: told there when it cannot be done; 0: not from there. */
	int64_t chatwoot_target, chatwoot_message_id;
	struct str correlation;
};
/* Whether it can be done at all. NULL: yes; else a sentence for people: why not. */
const char *act_refused(const struct act_wanted *a, int64_t now_ms);
/* Inside a unit: makes the job. Jobs of one conversation run in order. A read receipt that fails is tried three times, typing
 * once: both are harmless when late, and nobody waits for them. */
enum rc act_add(struct tx *tx, const struct act_wanted *a, struct err *e) MUST_CHECK;

#endif
