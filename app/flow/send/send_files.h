/* send_files.h - the files of an outgoing message: known, kept, of a kind that WhatsApp takes. */
#ifndef FLOW_SEND_FILES_H
#define FLOW_SEND_FILES_H

#include "flow/send/send.h"

/* Before queueing: every file that the content names is here and may be sent as what it is to be (media_kind.def).
 * RC_INVALID: ret_field names the field, `e` is a sentence for the caller. */
enum rc send_files_check(struct db *db, const struct send_new *n, struct wa_content_bad *ret_field,
			 struct err *e) MUST_CHECK;
/* Inside the unit, after message_add: the same once more, and the message shows its (first) file. */
enum rc send_files_use(struct tx *tx, const struct send_new *n, int64_t message_id, struct err *e)
	MUST_CHECK;

/* After a refusal, at once or told later: a code about files that the provider cannot find or read means that its ids of
 * them may be stale. They are forgotten, so that the next send uploads anew. Other codes: nothing. */
enum rc send_files_forget(struct tx *tx, const struct message *m, int64_t code, struct err *e)
	MUST_CHECK;

#endif
