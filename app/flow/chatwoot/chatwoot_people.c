/* chatwoot_people.c - kind `chatwoot.people` of upkeep: who of support_agent_mappings is whom at Chatwoot; see chatwoot_setup.h.
 * Found by e-mail among the account's agents. With a platform token who is missing is made, and tokens are fetched, so that
 * messages bear the agent's name. Repeating it changes nothing. */
#include "flow/chatwoot/chatwoot_setup.h"

#include "base/enc.h"
#include "base/log.h"
#include "flow/upkeep_kinds.h"
#include "io/crypto.h"
#include "store/chatwoot/support_agent.h"

#define BODY_MAX   (64 * KIB)
#define PEOPLE_MAX 500 /* in one run; the next ask goes on */

struct person {
	struct support_agent row;
	bool changed;
};

struct finding {
	struct chatwoot_admin a;
	struct person *people;
	size_t n;
	struct str agents; /* answer of GET {A}/agents */
};

static struct arena *arena_of(struct finding *f)
{
	return &f->a.u->w->arena;
}

/* Those who lack something. */
static enum rc collect(void *arg, const struct support_agent *s, struct err *e)
{
	struct finding *f = arg;
	struct arena *a = arena_of(f);
	struct person *p = &f->people[f->n];

	bool lacks = s->chatwoot_user_id == 0 || (!s->has_token && f->a.t->platform_token.n > 0);

	if (!lacks || f->n == PEOPLE_MAX || s->chatwoot_account_id != f->a.account_id)
		return RC_OK;
	p->row = *s;
	p->row.token = STR_NONE;
	p->row.crm_user_id = arena_str(a, s->crm_user_id);
	p->row.email = arena_str(a, s->email);
	p->row.name = arena_str(a, s->name);
	p->row.detail = arena_str(a, s->detail);
	f->n++;
	return p->row.crm_user_id.p != NULL ? RC_OK : FAIL(e, RC_LIMIT, "no room for the agents");
}

static enum rc load(struct finding *f, struct err *e)
{
	struct db *db;
	enum rc rc;

	f->people = arena_alloc(arena_of(f), (PEOPLE_MAX + 1) * sizeof(*f->people));
	if (f->people == NULL)
		return FAIL(e, RC_LIMIT, "no room for the agents");
	memset(f->people, 0, (PEOPLE_MAX + 1) * sizeof(*f->people));
	db = store_reader(f->a.u->w->app->store);
	rc = support_agent_each(db, f->a.t->company_id, collect, f, e);
	store_reader_done(f->a.u->w->app->store, db);
	return rc;
}

/* A user of the whole server, then of this account. 422 because the address has a user already cannot be told apart from
 * other refusals: it is told to the person. */
static enum rc make(struct finding *f, struct person *p, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	char password[2 * 16 + 8] = "Aa1!"; /* Chatwoot wants all four kinds of characters */
	uint8_t random[16];
	const char *path;
	enum rc rc;

	crypto_random(random, sizeof(random));
	enc_hex(random, sizeof(random), password + 4);
	chatwoot_admin_user_body(p->row.name.n > 0 ? p->row.name : p->row.email, p->row.email,
				 str_of(password), &body);
	rc = chatwoot_admin_call(
		&f->a,
		&(struct chatwoot_ask){ "POST", "/platform/api/v1/users", sbuf_view(&body), true },
		e);
	crypto_zero(password, sizeof(password));
	TRY(rc);
	struct chatwoot_bot user; /* the same shape: an id */

	TRY(chatwoot_admin_bot(f->a.answer, arena_of(f), &user, e));
	p->row.chatwoot_user_id = user.id;
	sbuf_reset(&body);
	chatwoot_admin_member_body(p->row.chatwoot_user_id, &body);
	path = arena_printf(arena_of(f), "/platform/api/v1/accounts/%lld/account_users",
			    (long long)f->a.account_id);
	return chatwoot_admin_call(
		&f->a, &(struct chatwoot_ask){ "POST", path, sbuf_view(&body), true }, e);
}

static enum rc fetch_token(struct finding *f, struct person *p, struct err *e)
{
	const char *path = arena_printf(arena_of(f), "/platform/api/v1/users/%lld/token",
					(long long)p->row.chatwoot_user_id);

	TRY(chatwoot_admin_call(&f->a, &(struct chatwoot_ask){ "POST", path, STR("{}"), true }, e));
	return chatwoot_admin_token(f->a.answer, arena_of(f), &p->row.token, e);
}

/* What Chatwoot refuses about one person is written beside them; only weather ends the run. */
static enum rc one(struct finding *f, struct person *p, struct err *e)
{
	bool platform = f->a.t->platform_token.n > 0;
	struct err why = { .rc = RC_OK };
	enum rc rc = RC_OK;

	p->row.detail = STR_NONE;
	if (p->row.chatwoot_user_id == 0)
		TRY(chatwoot_admin_agent(f->agents, p->row.email, &p->row.chatwoot_user_id, e));
	if (p->row.chatwoot_user_id == 0 && !platform) {
		p->row.detail = STR("no agent of this account has this e-mail");
		return RC_OK;
	}
	if (p->row.chatwoot_user_id == 0)
		rc = make(f, p, &why);
	if (rc == RC_OK && platform)
		rc = fetch_token(f, p, &why);
	if (rc == RC_RETRY)
		return FAIL(e, rc, "%s", why.text);
	if (rc != RC_OK)
		p->row.detail = arena_str(arena_of(f), str_of(why.text));
	return RC_OK;
}

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct finding *f = arg;

	for (size_t i = 0; i < f->n; i++)
		if (f->people[i].changed)
			TRY(support_agent_put(tx, f->a.u->w->app->seal_key, &f->people[i].row, e));
	return RC_OK;
}

static enum rc find(struct finding *f, struct err *e)
{
	enum rc rc = RC_OK, kept;
	struct err why = { .rc = RC_OK };

	TRY(chatwoot_admin_call(&f->a,
				&(struct chatwoot_ask){ "GET", "{A}/agents", STR_NONE, false }, e));
	f->agents = f->a.answer;
	for (size_t i = 0; i < f->n && rc == RC_OK; i++) {
		rc = one(f, &f->people[i], &why);
		f->people[i].changed =
			true; /* also when only half of it came to be: its number is known */
	}
	kept = store_write(f->a.u->w->app->store, STORE_NORMAL, keep_unit, f, e);
	for (size_t i = 0; i < f->n; i++)
		if (f->people[i].row.token.n > 0)
			crypto_zero((char *)(uintptr_t)f->people[i].row.token.p,
				    f->people[i].row.token.n);
	TRY(kept);
	if (rc != RC_OK)
		*e = why;
	return rc;
}

enum rc chatwoot_people_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct finding f = { .a = { .u = u, .t = config_chatwoot(u->config, u->ref) } };
	enum rc rc;

	*ret_next_ms = 0;
	if (f.a.t == NULL || f.a.t->url.n == 0)
		return RC_OK;
	f.a.account_id = f.a.t->account_id;
	TRY(load(&f, e));
	if (f.n == 0)
		return RC_OK;
	rc = find(&f, e);
	if (!f.a.refused || rc == RC_OK)
		return rc;
	log_event(LOG_WARN, "chatwoot.people", "target", f.a.t->slug, "why", f.a.why, NULL);
	err_clear(e);
	return RC_OK;
}
