/* message_priv.h - what message.c and message_status.c share. */
#ifndef STORE_MESSAGE_PRIV_H
#define STORE_MESSAGE_PRIV_H

#include "store/message/message.h"
#include "store/row.h"

/* An outbound message has this provider id from now on: statuses and changes that came before are joined. */
enum rc message_join(struct tx *tx, int64_t id, struct str meta_message_id, struct err *e)
	MUST_CHECK;

#endif
