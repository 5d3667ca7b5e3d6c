/* chatwoot_assign.h - who works on a conversation: accounts of the page and agents of Chatwoot are the same people where
 * support_agent_mappings says so. Inside units. */
#ifndef FLOW_CHATWOOT_ASSIGN_H
#define FLOW_CHATWOOT_ASSIGN_H

#include "flow/config.h"

/* After conversation_assign: Chatwoot hears of it when the account (its id as text; none: nobody) is an agent there. */
enum rc chatwoot_assign_tell(struct tx *tx, const struct config *c, int64_t conversation_id,
			     struct str account, struct err *e) MUST_CHECK;
/* Chatwoot gave it to an agent (0: nobody): the account that is this agent has it here, or nobody. */
enum rc chatwoot_assign_take(struct tx *tx, const struct chatwoot_target *t,
			     int64_t conversation_id, int64_t chatwoot_user_id, struct err *e)
	MUST_CHECK;

#endif
