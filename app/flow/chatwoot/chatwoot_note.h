/* chatwoot_note.h - private notes in Chatwoot: what an agent has to know and no customer may read. Each is written once.
 *
 * A note is an event of whatsapp-conversation-acts, {"act":"note",...}, or a part of another act (the reason of a
 * handover); queue support-bridge-state writes it (chatwoot_state.c). */
#ifndef FLOW_CHATWOOT_NOTE_H
#define FLOW_CHATWOOT_NOTE_H

#include "flow/chatwoot/chatwoot_talk.h"
#include "io/json.h"
#include "peer/chatwoot/chatwoot_text.h"

/* An agent's wish about a message of Chatwoot that came to nothing. */
struct chatwoot_note_new {
	int64_t target_id, chatwoot_message_id;
	enum chatwoot_note what; /* NOT_DELETED, DELETE_FAILED */
};
/* Inside a unit: the agents of that Chatwoot are told about `m`, our message behind theirs. */
enum rc chatwoot_note_want(struct tx *tx, const struct message *m,
			   const struct chatwoot_note_new *n, struct err *e) MUST_CHECK;

/* Whether this act holds something to write down. */
bool chatwoot_note_is(const struct json *act);
/* Writes it, once for however many tries and events. RC_RETRY: a call did not succeed; t->verdict says why. The thread has
 * to be there (chatwoot_talk_thread). */
enum rc chatwoot_note_tell(struct talk *t, const struct json *act, struct err *e) MUST_CHECK;

#endif
