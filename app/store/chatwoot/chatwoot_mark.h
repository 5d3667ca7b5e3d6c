/* chatwoot_mark.h - what Chatwoot was told of a message beside its text: where its file is, how far it was delivered. */
#ifndef STORE_CHATWOOT_MARK_H
#define STORE_CHATWOOT_MARK_H

#include "store/message/message.h"

enum chatwoot_mark_file {
	CHATWOOT_MARK_NONE,   /* the message has no file, or was not posted there */
	CHATWOOT_MARK_WITH,   /* posted together with it */
	CHATWOOT_MARK_COMING, /* posted without it: it is brought when it is here */
	CHATWOOT_MARK_TOLD, /* the agent was told that it does not come; brought if it comes after all */
	CHATWOOT_MARK_ADDED, /* brought as a message of its own */
	CHATWOOT_MARK_NEVER, /* too large, or refused there */
	CHATWOOT_MARKS
};

struct chatwoot_mark {
	enum chatwoot_mark_file file;
	const char *told; /* "sent", "delivered", "read", "failed"; NULL: nothing; in the arena */
};

/* All empty when nothing was told. */
enum rc chatwoot_mark_load(struct db *db, int64_t message_id, struct arena *a,
			   struct chatwoot_mark *ret, struct err *e) MUST_CHECK;
enum rc chatwoot_mark_file(struct tx *tx, int64_t message_id, enum chatwoot_mark_file file,
			   struct err *e) MUST_CHECK;
enum rc chatwoot_mark_told(struct tx *tx, int64_t message_id, const char *told, struct err *e)
	MUST_CHECK;
/* The number that the conversation's contact was given in Chatwoot; none: no number yet. */
enum rc chatwoot_phone_get(struct db *db, int64_t conversation_id, struct arena *a, struct str *ret,
			   struct err *e) MUST_CHECK;
enum rc chatwoot_phone_set(struct tx *tx, int64_t conversation_id, struct str phone, struct err *e)
	MUST_CHECK;
/* Whether news of the file (`state` of message_media) has to be brought to Chatwoot. */
bool chatwoot_mark_wants(enum chatwoot_mark_file file, const char *state);

#endif
