/* chatwoot_agent.h - what an agent wrote in Chatwoot becomes messages to WhatsApp.
 *
 *   webhook or list -> [unit: known from now on] -> at once: rows and jobs of queue `messages`
 *                                                \-> with files, or behind such a one: a job of queue support-bridge-agent,
 *                                                    which fetches the files and then makes the rows, in one unit
 *
 * Jobs of one conversation run in order, so a message behind a long file waits for it. What WhatsApp cannot show, or whose
 * file is not to be had, becomes one failed row: the agent sees why (PATCH failed + external_error), and may try again. */
#ifndef FLOW_CHATWOOT_AGENT_H
#define FLOW_CHATWOOT_AGENT_H

#include "flow/config.h"
#include "peer/chatwoot/chatwoot_say.h"
#include "store/chatwoot/chatwoot_link.h"

#define CHATWOOT_AGENT_WAIT_MS DAY_MS /* for a file whose server is down; then it has failed */

struct chatwoot_agent {
	struct app *app;
	const struct config *config;
	const struct chatwoot_target *target;
	const struct chatwoot_event *ev;
	int64_t conversation_id;
	struct str correlation;
};

/* Inside a unit, for a message that is not known yet, or whose failure is to be tried again: makes it known, and rows or a
 * job. *ret_rows: messages that were made now. */
enum rc chatwoot_agent_take(struct tx *tx, const struct chatwoot_agent *s, int *ret_rows,
			    struct err *e) MUST_CHECK;

/* chatwoot_agent_send.c: rows of a message whose files are here, or the failed row. `link` is written. */
struct chatwoot_ready {
	const struct chatwoot_attachments *attached;
	const struct chatwoot_file *files;
	struct chatwoot_link *link;
};
enum rc chatwoot_agent_send(struct tx *tx, const struct chatwoot_agent *s,
			    const struct chatwoot_ready *r, int *ret_rows, struct err *e)
	MUST_CHECK;
enum rc chatwoot_agent_failed(struct tx *tx, const struct chatwoot_agent *s,
			      struct chatwoot_link *link, const char *why, struct err *e)
	MUST_CHECK;

#endif
