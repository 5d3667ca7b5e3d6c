/* chatwoot_assign.c - see chatwoot_assign.h. */
#include "flow/chatwoot/chatwoot_assign.h"

#include "base/ids.h"
#include "store/conversation/conversation_state.h"
#include "store/chatwoot/support_agent.h"

static const struct chatwoot_target *bridge(const struct config *c)
{
	for (size_t i = 0; i < c->chatwoot_count; i++) {
		if (c->chatwoots[i].url.n > 0)
			return &c->chatwoots[i];
	}
	return NULL;
}

enum rc chatwoot_assign_tell(struct tx *tx, const struct config *c, int64_t conversation_id,
			     struct str account, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct conversation_act act = { .id = conversation_id, .origin = "api" };
	const struct chatwoot_target *t = bridge(c);
	struct conversation_state s;
	struct support_agent who;
	const char *agent = NULL;
	enum rc rc;

	if (t == NULL)
		return RC_OK;
	TRY(conversation_state_load(tx->db, conversation_id, &a, &s, e));
	if (account.n > 0) {
		who = (struct support_agent){ .company_id = t->company_id,
					      .crm_user_id = account,
					      .chatwoot_account_id = t->account_id };
		rc = support_agent_find(tx->db, NULL, &a, &who, e);
		if (rc == RC_ABSENT || (rc == RC_OK && who.chatwoot_user_id == 0)) {
			err_clear(e);
			return RC_OK;
		}
		TRY(rc);
		agent = arena_printf(&a, "%lld", (long long)who.chatwoot_user_id);
	}
	return conversation_state_assign(tx, &act, str_of(agent), s.team, e);
}

struct looking {
	const struct chatwoot_target *t;
	int64_t agent, user_id;
};

static enum rc look(void *arg, const struct support_agent *a, struct err *e)
{
	struct looking *l = arg;
	int64_t created_ms, id;

	(void)e;
	if (a->chatwoot_account_id == l->t->account_id && a->chatwoot_user_id == l->agent &&
	    id_parse(a->crm_user_id, &created_ms, &id))
		l->user_id = id;
	return RC_OK;
}

enum rc chatwoot_assign_take(struct tx *tx, const struct chatwoot_target *t,
			     int64_t conversation_id, int64_t chatwoot_user_id, struct err *e)
{
	struct looking l = { .t = t, .agent = chatwoot_user_id };

	if (chatwoot_user_id != 0)
		TRY(support_agent_each(tx->db, t->company_id, look, &l, e));
	return conversation_assign(tx, conversation_id, l.user_id, e);
}
