/* support_agent.h - table support_agent_mappings (source 000): who of the CRM writes at Chatwoot as whom. One mapping per
 * person and account; making the same one twice changes nothing. Tokens are sealed with the box's key. */
#ifndef STORE_SUPPORT_AGENT_H
#define STORE_SUPPORT_AGENT_H

#include "store/store.h"

#define SUPPORT_AGENT_USER_MAX 200
#define SUPPORT_AGENT_TEXT_MAX 200
#define SUPPORT_AGENT_MAX      5000 /* of a company */

struct support_agent {
	int64_t id, company_id, chatwoot_account_id, created_ms, updated_ms;
	int64_t chatwoot_user_id; /* 0: looked for by e-mail (flow/chatwoot/chatwoot_people.c) */
	struct str crm_user_id, email, name;
	struct str detail; /* why the agent could not be found there; none: nothing is wrong */
	struct str token;  /* plain; none: not known (messages are then written by the bridge) */
	bool has_token;    /* also where it cannot be unsealed */
	bool is_bot;
};

/* A token that is not given stays as it was. RC_INVALID: a rule; `e` says which. */
enum rc support_agent_put(struct tx *tx, const uint8_t *seal_key, const struct support_agent *a,
			  struct err *e) MUST_CHECK;
/* RC_ABSENT: none. seal_key NULL: the token is not unsealed. */
enum rc support_agent_find(struct db *db, const uint8_t *seal_key, struct arena *a,
			   struct support_agent *look, struct err *e) MUST_CHECK;
typedef enum rc support_agent_each_fn(void *arg, const struct support_agent *a, struct err *e);
/* Without tokens. */
enum rc support_agent_each(struct db *db, int64_t company_id, support_agent_each_fn *fn, void *arg,
			   struct err *e) MUST_CHECK;
/* RC_ABSENT: there was none. */
enum rc support_agent_drop(struct tx *tx, int64_t company_id, int64_t id, struct err *e) MUST_CHECK;

#endif
