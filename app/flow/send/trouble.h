/* trouble.h - refusals of a provider that are about a whole number, account or app: what stops, for how long, and what
 * a person is told (scope and incident of peer/meta/meta_error.def, store/incident_text.def). */
#ifndef FLOW_TROUBLE_H
#define FLOW_TROUBLE_H

#include "flow/config.h"
#include "peer/wa/wa_send.h"
#include "store/message/message.h"

#define TROUBLE_CONFIG_MS     (2 * MINUTE_MS) /* token, registration: asked again by one probe */
#define TROUBLE_CONFIG_CAP_MS (30 * MINUTE_MS)
#define TROUBLE_POLICY_MS     (15 * MINUTE_MS) /* spam, policy: no hammering */
#define TROUBLE_POLICY_CAP_MS (6 * HOUR_MS)
#define TROUBLE_CALLS_CAP_MS  HOUR_MS

/* Whether this verdict is one of them: its scope is the number or the account, and it is more than a slow-down. */
bool trouble_is(const struct wa_verdict *v);

/* Which call was answered so. */
struct trouble_at {
	struct app *app;
	const struct config *config;
	const struct channel *channel;
	int64_t conversation_id;
	int64_t now_ms;
	bool bulk; /* no reply of a person; of anything else, replies are not spared by a restriction */
	bool act; /* no message (read receipt, typing, edit): another one may find out that it is over */
};
/* Holds what the verdict says: number, account (every channel with the same token or account) or recipient; slows the
 * number down; tells a person. True: the job itself is not to blame: it is to run again at *ret_due_ms, nothing counted. */
bool trouble_holds(const struct trouble_at *at, const struct wa_verdict *v, int64_t *ret_due_ms);
/* Inside a unit: an error about one message or recipient that a person has to mend is told; all others: nothing. */
enum rc trouble_tell(struct tx *tx, int64_t channel_id, const struct wa_verdict *v, struct err *e)
	MUST_CHECK;
/* The same for an error that came later, as a failed status of a message that was accepted (meta_send_later): inside a
 * unit. Also the codes that slow down a number or pause a recipient. */
enum rc trouble_later(struct tx *tx, struct app *app, const struct message *m,
		      const struct wa_verdict *v, struct err *e) MUST_CHECK;
/* At start: restrictions that an earlier process learned of go on. */
void trouble_restore(struct app *app, int64_t now_ms);

#endif
