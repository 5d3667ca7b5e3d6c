/* chatwoot_name.c - see chatwoot_name.h. */
#include "flow/chatwoot/chatwoot_name.h"

#include "store/chatwoot/support_agent.h"

/* The person of the CRM who wrote it. */
static enum rc agent_of(struct talk *t, struct str *ret_token, struct err *e)
{
	struct support_agent who = { .company_id = t->m.company_id,
				     .crm_user_id = t->m.sender_user_id,
				     .chatwoot_account_id = t->target->account_id };
	struct db *db = store_reader(t->w->app->store);
	enum rc rc = support_agent_find(db, t->w->app->seal_key, &t->w->arena, &who, e);

	store_reader_done(t->w->app->store, db);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	*ret_token = who.token;
	return RC_OK;
}

enum rc chatwoot_name_token(struct talk *t, const char **ret, struct err *e)
{
	struct str token = STR_NONE;

	*ret = NULL;
	if (!t->m.outbound)
		return RC_OK;
	if (t->m.sender_user_id.n > 0)
		TRY(agent_of(t, &token, e));
	if (token.n == 0)
		token = t->target
				->bot_token; /* neither a machine's words nor a stranger's bear the administrator's name */
	if (token.n > 0)
		*ret = arena_dup(&t->w->arena, token);
	return RC_OK;
}
