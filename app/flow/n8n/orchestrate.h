/* orchestrate.h - what an assistant's answer does: texts and actions of a workflow, whether they come in the webhook's own
 * answer or later by POST /api/v1/orchestrator/replies. One transaction, once per idempotency key (R18). */
#ifndef FLOW_ORCHESTRATE_H
#define FLOW_ORCHESTRATE_H

#include "flow/config.h"
#include "peer/n8n/n8n.h"
#include "peer/n8n/n8n_action.h"

/* All answers of assistants in one conversation share a space of keys (IDEM_CONVERSATIONS), whatever door they come through.
 * Workflows make keys of their own, and may make the same for two; a merge of two makes one space of both. */
struct orchestrate_answer {
	int64_t conversation_id; /* one that was merged since leads to the one that took it */
	int64_t message_id;      /* that it answers; 0: not said */
	int64_t hop;             /* of the answer */
	struct str key;          /* idempotency key; required */
	uint8_t hash[32];        /* of the answer's bytes */
	struct str correlation;
	const struct str *replies; /* texts */
	size_t reply_count;
	struct n8n_actions actions;
};

struct orchestrate_done {
	int64_t sent;   /* messages on their way */
	bool duplicate; /* this key was done before: nothing happened */
	bool silenced;  /* a person has the conversation: nothing was sent */
	size_t good;    /* RC_INVALID: parts (texts, then actions) before the wrong one */
};

/* Inside a unit. RC_REFUSED: the loop breaker stops this conversation (the caller goes on with send_stop_automation);
 * RC_CONFLICT: the key was used with another answer; RC_ABSENT: conversation or channel is gone; RC_INVALID:
 * a part of it, and nothing was done (ret->good). */
enum rc orchestrate_apply(struct tx *tx, struct app *app, const struct config *c,
			  const struct orchestrate_answer *ans, struct orchestrate_done *ret,
			  struct err *e) MUST_CHECK;

/* A token for later answers about one message: it opens POST /api/v1/orchestrator/replies for this conversation only, until
 * it ends. Stateless: "tr1.<fields>.<mac>", signed with a key derived from the box's. */
#define ORCHESTRATE_TOKEN_MAX 200
struct orchestrate_token {
	int64_t target_id, conversation_id, message_id, hop, expires_ms;
};
void orchestrate_token_make(const uint8_t seal_key[32], const struct orchestrate_token *t,
			    char ret_text[ORCHESTRATE_TOKEN_MAX]);
/* False: not ours, changed, or ended. */
bool orchestrate_token_read(const uint8_t seal_key[32], struct str text, int64_t now_ms,
			    struct orchestrate_token *ret) MUST_CHECK;

#endif
