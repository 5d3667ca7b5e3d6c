/* chatwoot_name.h - under whose name a message is written at Chatwoot: an agent's (support_agent_mappings), the assistant's
 * bot, or the bridge's own. */
#ifndef FLOW_CHATWOOT_NAME_H
#define FLOW_CHATWOOT_NAME_H

#include "flow/chatwoot/chatwoot_talk.h"

/* The token for t->m, in the worker's arena; NULL: the bridge's own. */
enum rc chatwoot_name_token(struct talk *t, const char **ret, struct err *e) MUST_CHECK;

#endif
