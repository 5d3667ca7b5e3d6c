/* attempt.h - sending again what was not sent: always a new message row, never twice.
 *
 * The earlier row keeps its provider id and its statuses; the new one gets its own (CW#14120). Whoever asks: a person
 * (resend, resolve), a fallback template (131047, or the window closed while the message waited), the one
 * delayed retry of a false 131047 (meta-cloud-api.md 3.6), the retry of what failed later for a while (4.2).
 *
 * Which errors of a failed status are tried again by themselves: classes RETRY, PAUSE_RECIPIENT and WAIT of
 * peer/meta/meta_error.def, as often and as late as the same code would be as an answer, the tries of both ways counted
 * together. Not: PERMANENT and TEMPLATE, because the same would fail again; PAUSE_NUMBER and STOP, because Meta took the
 * message although the number was not in order: it would take and fail it again and again (a person sends it again
 * when the number is mended); groups, where other participants have the message. A status that says that the
 * earlier one arrived after all stops a later one that has not left yet (dispatch_rules.c). */
#ifndef FLOW_ATTEMPT_H
#define FLOW_ATTEMPT_H

#include "flow/config.h"
#include "store/message/message_plan.h"

#define ATTEMPT_CODE_WINDOW     131047 /* Meta: the 24-hour window is closed */
#define ATTEMPT_CODE_WINDOW_OLD 130470
/* After a false 131047: Meta knows of the customer's message by then. */
#define ATTEMPT_AGAIN_MS (15 * SECOND_MS)
#define ATTEMPT_LIFE_MIN_MS \
	(10 * MINUTE_MS) /* a resend by a person has at least so long to leave */

struct attempt {
	struct str template; /* content of type template; none: the same content again */
	int64_t due_ms;      /* 0: now */
	bool anew; /* a person wants it now: it gets a new end, as far away as the first was, and its tries begin anew */
	bool tried;       /* the provider refused the earlier one for its own sake: counted */
	struct str actor; /* name of a token, or "totem" */
	const char *note; /* a sentence: why; kept with the earlier row */
};
/* Inside a unit: a new row takes the place of `m`, which is settled (failed, or unknown and resolved). RC_CONFLICT: another
 * took its place before. */
enum rc attempt_add(struct tx *tx, const struct message *m, const struct attempt *a,
		    int64_t *ret_id, struct err *e) MUST_CHECK;

/* After a definite refusal with this code (now, or later by a status of this row): the fallback template, or the one
 * delayed retry, when one of them is due. *ret_replaced: another attempt is on its way. */
enum rc attempt_after(struct tx *tx, const struct config *c, const struct message *m, int64_t code,
		      bool *ret_replaced, struct err *e) MUST_CHECK;

/* Inside a unit, after a failed status is stored: what was told to be wrong stops or slows down (flow/send/trouble.h), and
 * what may be tried again is. *ret_replaced: another attempt is on its way. */
struct attempt_failure {
	struct app *app;
	const struct config *config;
	const struct message *m; /* as it is stored now */
	int64_t code;
	bool group; /* it concerns one participant */
	bool news; /* this very word made it failed: else only what it tells about the number counts */
};
enum rc attempt_later(struct tx *tx, const struct attempt_failure *f, bool *ret_replaced,
		      struct err *e) MUST_CHECK;

#endif
