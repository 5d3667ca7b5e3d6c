/* chatwoot_thread.h - labels and attributes of a conversation at Chatwoot, which takes whole lists only: what it has, with a
 * change of ours (chatwoot-n8n-evolution.md 1.2). Pure.
 *
 * `act`: an act of store/conversation/conversation_state.h: "added" and "removed" labels; "name" and "value" of an attribute. */
#ifndef PEER_CHATWOOT_THREAD_H
#define PEER_CHATWOOT_THREAD_H

#include "base/err.h"
#include "base/sbuf.h"
#include "io/json.h"

/* `answer`: of CHATWOOT_LABEL_LIST. *ret_same: nothing would change. Chatwoot's labels are lower case, without blanks. */
enum rc chatwoot_thread_labels(struct str answer, const struct json *act, struct sbuf *to,
			       bool *ret_same, struct err *e) MUST_CHECK;
/* `answer`: of CHATWOOT_CONVERSATION_GET. */
enum rc chatwoot_thread_attribute(struct str answer, const struct json *act, struct sbuf *to,
				  bool *ret_same, struct err *e) MUST_CHECK;

/* Whose the conversation is (meta.sender.id): after a merge another contact's. 0: it does not say. */
enum rc chatwoot_thread_contact(struct str body, int64_t *ret_id, struct err *e) MUST_CHECK;

#endif
