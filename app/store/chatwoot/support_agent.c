/* support_agent.c - see support_agent.h. */
#include "store/chatwoot/support_agent.h"

#include "base/enc.h"
#include "io/crypto.h"
#include "store/row.h"

#define SEALED_MAX  (8 * KIB)
#define CONTEXT_MAX (SUPPORT_AGENT_USER_MAX + 80)

/* The row that a sealed token belongs to. */
static void context_of(const struct support_agent *a, char ret[CONTEXT_MAX])
{
	(void)snprintf(ret, CONTEXT_MAX, "support_agent.%lld.%lld.%.*s", (long long)a->company_id,
		       (long long)a->chatwoot_account_id, (int)a->crm_user_id.n, a->crm_user_id.p);
}

static enum rc check(const struct support_agent *a, struct err *e)
{
	if (a->crm_user_id.n == 0 || a->crm_user_id.n > SUPPORT_AGENT_USER_MAX)
		return FAIL(e, RC_INVALID, "crm_user_id: 1 to %d bytes", SUPPORT_AGENT_USER_MAX);
	if (a->chatwoot_account_id <= 0 || a->chatwoot_user_id < 0)
		return FAIL(e, RC_INVALID,
			    "chatwoot_account_id, chatwoot_user_id: positive numbers");
	if (a->chatwoot_user_id == 0 && a->email.n == 0)
		return FAIL(e, RC_INVALID, "chatwoot_user_id or email: one of them is needed");
	if (a->email.n > SUPPORT_AGENT_TEXT_MAX || a->name.n > SUPPORT_AGENT_TEXT_MAX ||
	    a->token.n > SUPPORT_AGENT_TEXT_MAX)
		return FAIL(e, RC_INVALID, "email, name, token: at most %d bytes each",
			    SUPPORT_AGENT_TEXT_MAX);
	for (size_t i = 0; i < a->token.n; i++)
		if (a->token.p[i] <= ' ' || a->token.p[i] > '~')
			return FAIL(e, RC_INVALID, "chatwoot_access_token: printable ASCII only");
	return RC_OK;
}

enum rc support_agent_put(struct tx *tx, const uint8_t *seal_key, const struct support_agent *a,
			  struct err *e)
{
	AUTO(sbuf_release) struct sbuf sealed = SBUF(SEALED_MAX);
	AUTO(stmt_end) struct stmt s = { 0 };
	char context[CONTEXT_MAX];

	TRY(check(a, e));
	if (a->token.n > 0) {
		if (seal_key == NULL)
			return FAIL(e, RC_REFUSED, "the key file for secrets is missing");
		context_of(a, context);
		TRY(crypto_seal(seal_key, str_of(context), a->token, &sealed, e));
	}
	TRY(stmt_begin(tx->db, Q_SUPPORT_AGENT_PUT, &s, e));
	stmt_bind_i64(&s, "company_id", a->company_id);
	stmt_bind_str(&s, "crm_user_id", a->crm_user_id);
	stmt_bind_i64(&s, "chatwoot_account_id", a->chatwoot_account_id);
	stmt_bind_i64(&s, "chatwoot_user_id", a->chatwoot_user_id);
	stmt_bind_str(&s, "chatwoot_access_token", a->token.n > 0 ? sbuf_view(&sealed) : STR_NONE);
	stmt_bind_str(&s, "email", a->email.n > 0 ? a->email : STR(""));
	stmt_bind_str(&s, "name", a->name.n > 0 ? a->name : STR(""));
	stmt_bind_i64(&s, "is_bot", a->is_bot);
	stmt_bind_str(&s, "detail", a->detail.n > 0 ? a->detail : STR_NONE);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

static struct str take(struct row *r, struct support_agent *a)
{
	struct str sealed;

	a->id = stmt_i64(&r->s, "id");
	a->company_id = stmt_i64(&r->s, "company_id");
	a->crm_user_id = row_str(r, "crm_user_id");
	a->chatwoot_account_id = stmt_i64(&r->s, "chatwoot_account_id");
	a->chatwoot_user_id = stmt_i64(&r->s, "chatwoot_user_id");
	sealed = row_str(r, "chatwoot_access_token");
	a->email = row_str(r, "email");
	a->name = row_str(r, "name");
	a->is_bot = stmt_i64(&r->s, "is_bot") != 0;
	a->detail = row_str(r, "detail");
	a->created_ms = stmt_i64(&r->s, "created_ms");
	a->updated_ms = stmt_i64(&r->s, "updated_ms");
	return sealed;
}

enum rc support_agent_find(struct db *db, const uint8_t *seal_key, struct arena *a,
			   struct support_agent *look, struct err *e)
{
	AUTO(sbuf_release) struct sbuf plain = SBUF(SEALED_MAX);
	AUTO(row_drop) struct row r = { 0 };
	char context[CONTEXT_MAX];
	struct str sealed;

	TRY(row_begin(db, Q_SUPPORT_AGENT_FIND, a, &r, e));
	stmt_bind_i64(&r.s, "company_id", look->company_id);
	stmt_bind_str(&r.s, "crm_user_id", look->crm_user_id);
	stmt_bind_i64(&r.s, "chatwoot_account_id", look->chatwoot_account_id);
	TRY(stmt_next(&r.s, e));
	sealed = take(&r, look);
	look->has_token = sealed.n > 0;
	look->token = STR_NONE;
	TRY(row_end(&r, e));
	if (sealed.n == 0 || seal_key == NULL)
		return RC_OK;
	context_of(look, context);
	if (crypto_unseal(seal_key, str_of(context), sealed, &plain, NULL) != RC_OK)
		return RC_OK; /* of another box: as if there were none */
	look->token = arena_str(a, sbuf_view(&plain));
	return RC_OK;
}

enum rc support_agent_each(struct db *db, int64_t company_id, support_agent_each_fn *fn, void *arg,
			   struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(ROW_LIST_ARENA);
	AUTO(row_drop) struct row r = { 0 };
	enum rc rc;

	TRY(row_begin(db, Q_SUPPORT_AGENT_LIST, &a, &r, e));
	stmt_bind_i64(&r.s, "company_id", company_id);
	while ((rc = stmt_next(&r.s, e)) == RC_OK) {
		struct support_agent s = { 0 };

		arena_reset(&a);
		s.has_token = take(&r, &s).n > 0;
		TRY(row_fits(&r, e));
		TRY(fn(arg, &s, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc support_agent_drop(struct tx *tx, int64_t company_id, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SUPPORT_AGENT_DROP, &s, e));
	stmt_bind_i64(&s, "company_id", company_id);
	stmt_bind_i64(&s, "id", id);
	TRY(stmt_run(&s, e));
	return db_changes(tx->db) > 0 ? RC_OK : FAIL(e, RC_ABSENT, "no such mapping");
}
