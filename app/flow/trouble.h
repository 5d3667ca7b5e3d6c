/* trouble.h - refusals of a provider that are about a whole number, account or app: what stops, for how long, and what
 * a person is told (peer/meta_trouble.def, store/incident_text.def). */
#ifndef FLOW_TROUBLE_H
#define FLOW_TROUBLE_H

#include "flow/config.h"
#include "peer/wa_send.h"

#define TROUBLE_CONFIG_MS     (2 * MINUTE_MS) /* token, registration: asked again by one probe */
#define TROUBLE_CONFIG_CAP_MS (30 * MINUTE_MS)
#define TROUBLE_POLICY_MS     (15 * MINUTE_MS) /* spam, policy: no hammering */
#define TROUBLE_POLICY_CAP_MS (6 * HOUR_MS)
#define TROUBLE_CALLS_CAP_MS  HOUR_MS

/* Whether this verdict is one of them. */
bool trouble_is(const struct wa_verdict *v);
/* Stops and tells. `reply`: a reply of a person was refused, so replies are not spared. Limits of calls stop every
 * channel with the same token or account. */
void trouble_stop(struct app *app, const struct config *c, const struct channel *ch,
		  const struct wa_verdict *v, bool reply, int64_t now_ms);
/* The same for an error that came later, as a failed status of a message that was accepted: inside a unit. Also the
 * codes that slow down a number or pause a recipient. Codes about one message do nothing. */
enum rc trouble_later(struct tx *tx, struct app *app, const struct channel *ch,
		      int64_t conversation_id, int64_t code, struct err *e) MUST_CHECK;
/* At start: restrictions that an earlier process learned of go on. */
void trouble_restore(struct app *app, int64_t now_ms);

#endif
