/* chatwoot_hook.h - webhooks of Chatwoot: what each kind of event does. Everything runs inside ingest's unit; the door
 * (ingest.h) is chatwoot_hook_apply in chatwoot_hook.c. */
#ifndef FLOW_CHATWOOT_HOOK_H
#define FLOW_CHATWOOT_HOOK_H

#include "flow/chatwoot/chatwoot_agent.h"
#include "flow/ingest/ingest.h"

struct hooked {
	struct tx *tx;
	struct parsed *p;
	const struct chatwoot_target *target;
	const struct chatwoot_event *ev;
	int64_t conversation_id; /* ours */
};

/* An agent pressed Retry no sooner than this after the failure: events of the time before it may still be on their way. */
#define CHATWOOT_RETRY_AGE_MS (3 * SECOND_MS)
/* Typing is shown again no sooner; it ends by itself after 25 s (act.h). */
#define CHATWOOT_TYPING_MS (20 * SECOND_MS)

/* chatwoot_hook_update.c: deleted, or to be tried again; everything else that changed a message is ignored. */
enum rc chatwoot_hook_updated(struct hooked *h, struct err *e) MUST_CHECK;
/* Whether it is Retry on a message that failed because its thread had nobody behind it (chatwoot_stray.h). */
enum rc chatwoot_hook_stray_retried(struct hooked *h, bool *ret, struct err *e) MUST_CHECK;
/* chatwoot_hook_state.c: status and assignee of the conversation as Chatwoot has them; never told back. */
enum rc chatwoot_hook_state(struct hooked *h, struct err *e) MUST_CHECK;
/* Agents have seen the conversation until ev->agent_seen_ms. */
enum rc chatwoot_hook_seen(struct hooked *h, struct err *e) MUST_CHECK;
/* An agent types. */
enum rc chatwoot_hook_typing(struct hooked *h, struct err *e) MUST_CHECK;

#endif
