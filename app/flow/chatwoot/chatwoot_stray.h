/* chatwoot_stray.h - an agent's message in a thread of our inbox that has no customer here, and can get none: Chatwoot shows it
 * as sent, so the agent is told there that it was not (PATCH failed with external_error). Servers before 4.2 have no such
 * call: there it stands on the delivery only.
 *
 * It is told only while that is so: once Retry was pressed and the message went, nothing says "failed" behind it.
 *
 * It is known from then on (store/chatwoot/chatwoot_link.h) without a row of ours; when Retry is pressed and the thread has become
 * somebody's, it is sent. */
#ifndef FLOW_CHATWOOT_STRAY_H
#define FLOW_CHATWOOT_STRAY_H

#include "flow/chatwoot/chatwoot_agent.h"
#include "flow/work.h"

/* Inside a unit: known as failed, and a job without a key of queue support-bridge-agent. `why`: a row of
 * peer/chatwoot/chatwoot_reason.def. */
enum rc chatwoot_stray_take(struct tx *tx, const struct chatwoot_agent *s, const char *why,
			    struct err *e) MUST_CHECK;
/* That job. */
enum rc chatwoot_stray_job(struct worker *w, const struct job *job, int64_t now_ms, struct err *e)
	MUST_CHECK;

#endif
