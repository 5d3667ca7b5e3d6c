/* attempt.h - sending again what was not sent: always a new message row, never twice.
 *
 * The earlier row keeps its provider id and its statuses; the new one gets its own (CW#14120). Whoever asks: a person
 * (resend, resolve), a fallback template (131047, or the window closed while the message waited), the one
 * delayed retry of a false 131047 (meta-cloud-api.md 3.6). */
#ifndef FLOW_ATTEMPT_H
#define FLOW_ATTEMPT_H

#include "flow/config.h"
#include "store/message_plan.h"

#define ATTEMPT_CODE_WINDOW     131047 /* Meta: the 24-hour window is closed */
#define ATTEMPT_CODE_WINDOW_OLD 130470
/* After a false 131047: Meta knows of the customer's message by then. */
#define ATTEMPT_AGAIN_MS (15 * SECOND_MS)

struct attempt {
	struct str template; /* content of type template; none: the same content again */
	int64_t due_ms;      /* 0: now */
	struct str actor;    /* name of a token, or "totem" */
	const char *note;    /* a sentence: why; kept with the earlier row */
};
/* Inside a unit: a new row takes the place of `m`, which is settled (failed, or unknown and resolved). RC_CONFLICT: another
 * took its place before. */
enum rc attempt_add(struct tx *tx, const struct message *m, const struct attempt *a,
		    int64_t *ret_id, struct err *e) MUST_CHECK;

/* After a definite refusal with this code (now, or later by a status of this row): the fallback template, or the one
 * delayed retry, when one of them is due. *ret_replaced: another attempt is on its way. */
enum rc attempt_after(struct tx *tx, const struct config *c, const struct message *m, int64_t code,
		      bool *ret_replaced, struct err *e) MUST_CHECK;

#endif
