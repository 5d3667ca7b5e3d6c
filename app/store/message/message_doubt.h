/* message_doubt.h - messages whose way is in doubt: sends without a provider id, and sends that a provider took and
 * nobody acknowledged. */
#ifndef STORE_MESSAGE_DOUBT_H
#define STORE_MESSAGE_DOUBT_H

#include "store/message/message.h"

struct message_open {
	int64_t id, created_at, leaves;
	struct str type, content; /* borrowed until the function returns */
	bool sending;             /* else in doubt, or given up by a person while its copy waits */
};
typedef enum rc message_open_fn(void *arg, const struct message_open *m, struct err *e);
/* Sends of the conversation that have no provider id yet and may have left, oldest first. RC_ABSENT of `fn` ends the walk with RC_OK. */
enum rc message_open_each(struct db *db, int64_t conversation_id, message_open_fn *fn, void *arg,
			  struct err *e) MUST_CHECK;
/* done -> unknown while it has come no further than `accepted`. RC_CONFLICT: it has, or is no such send. */
enum rc message_doubt(struct tx *tx, int64_t id, const char *why, struct err *e) MUST_CHECK;

#endif
