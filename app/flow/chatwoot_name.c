/* chatwoot_name.c - see chatwoot_name.h. */
#include "flow/chatwoot_name.h"

enum rc chatwoot_name_token(struct talk *t, const char **ret, struct err *e)
{
	struct str token = STR_NONE;

	(void)e;
	*ret = NULL;
	if (!t->m.outbound)
		return RC_OK;
	if (strcmp(t->m.sender_type, "ai") == 0)
		token = t->target->bot_token; /* a machine's words never look like a person's */
	if (token.n > 0)
		*ret = arena_dup(&t->w->arena, token);
	return RC_OK;
}
