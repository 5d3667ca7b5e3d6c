/* tokens.c - /api/v1/tokens: made once, shown once. Nobody can make a token that may do more than their own. */
#include "api/auth.h"
#include "api/handlers.h"
#include "api/view.h"
#include "base/log.h"
#include "io/crypto.h"

static void scopes_write(struct jsonw *w, uint32_t scopes)
{
	jsonw_karray(w, "scopes");
	for (unsigned i = 0; i < SCOPE_COUNT; i++) {
		if ((scopes & SCOPE_BIT(i)) != 0)
			jsonw_text(w, token_scope_text((enum token_scope)i));
	}
	jsonw_end(w);
}

struct token_page {
	struct call *c;
	struct jsonw w;
	int64_t wanted; /* token_delete: the row looked for */
	struct token found;
};

static enum rc token_row(void *arg, const struct token *t, struct err *e)
{
	struct token_page *p = arg;

	(void)e;
	if (t->company_id != p->c->who.company_id)
		return RC_OK;
	if (p->wanted != 0) {
		if (t->id == p->wanted)
			p->found = *t;
		return RC_OK;
	}
	jsonw_object(&p->w);
	view_id(&p->w, "id", t->created_ms, t->id);
	jsonw_kstr(&p->w, "name", t->name);
	scopes_write(&p->w, t->scopes);
	jsonw_ktime(&p->w, "created_at", t->created_ms);
	jsonw_ktime(&p->w, "last_used_at", t->last_used_ms);
	jsonw_ktime(&p->w, "revoked_at", t->revoked_ms);
	jsonw_end(&p->w);
	return RC_OK;
}

static enum rc each(struct call *c, struct token_page *p, struct err *e)
{
	struct db *db = store_reader(c->app->store);
	enum rc rc = token_each(db, token_row, p, e);

	store_reader_done(c->app->store, db);
	return rc;
}

void token_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct token_page p = { .c = c };

	answer_rows_begin(c, &p.w);
	answer_rows_end(c, &p.w, each(c, &p, &e), &e);
}

struct token_job {
	struct token token;
	int64_t id, now_ms;
	char text[TOKEN_TEXT_MAX];
};

static enum rc create_unit(struct tx *tx, void *arg, struct err *e)
{
	struct token_job *j = arg;

	j->now_ms = tx->now_ms;
	return token_create_for(tx, &j->token, j->text, &j->id, e);
}

/* A list of words or words parted by blanks. */
static bool scopes_read(const struct json *n, uint32_t *ret)
{
	uint32_t one;

	*ret = 0;
	if (json_kind(n) == JSON_TEXT)
		return token_scopes_parse(json_str(n), ret);
	if (json_kind(n) != JSON_ARRAY)
		return false;
	for (const struct json *m = json_first(n); m != NULL; m = json_next(m)) {
		if (!token_scopes_parse(json_str(m), &one))
			return false;
		*ret |= one;
	}
	return *ret != 0;
}

void token_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct token_job j = { .token = { .company_id = c->who.company_id,
					  .user_id = c->who.user_id } };
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	if (!body_json(c, &root))
		return;
	j.token.name = json_get_str(root, "name");
	if (j.token.name.n == 0) {
		problem_field(c, 422, "name", "A token needs a name.");
		return;
	}
	if (!scopes_read(json_get(root, "scopes"), &j.token.scopes)) {
		problem_field(c, 422, "scopes", "This has to be a list of known scopes.");
		return;
	}
	if ((j.token.scopes & ~c->who.scopes) != 0) {
		problem(c, 403, "forbidden",
			"A token cannot make one that may do more than itself.");
		return;
	}
	c->audit.subject = j.token.name;
	if (store_write(c->app->store, STORE_NORMAL, create_unit, &j, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	log_event(LOG_INFO, "token.created", "row", LOG_I64(j.id), "by", LOG_I64(c->who.id), NULL);
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", j.now_ms, j.id);
	jsonw_kstr(&w, "name", j.token.name);
	scopes_write(&w, j.token.scopes);
	jsonw_ktext(&w, "token", j.text);
	jsonw_ktime(&w, "created_at", j.now_ms);
	jsonw_end(&w);
	answer_json(c, 201, &w);
	crypto_zero(j.text, sizeof(j.text));
}

static enum rc revoke_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *id = arg;

	return token_revoke(tx, *id, e);
}

void token_delete(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct token_page p = { .c = c };
	int64_t created_ms;
	struct jsonw w;
	enum rc rc;

	if (!param_id(c, 0, &created_ms, &p.wanted))
		return;
	rc = each(c, &p, &e);
	if (rc == RC_OK && (p.found.id == 0 || p.found.created_ms != created_ms)) {
		problem(c, 404, "not-found", "There is no token with this id.");
		return;
	}
	if (rc == RC_OK)
		rc = store_write(c->app->store, STORE_NORMAL, revoke_unit, &p.wanted, &e);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	auth_forget(c->app);
	log_event(LOG_INFO, "token.revoked", "row", LOG_I64(p.wanted), "by", LOG_I64(c->who.id),
		  NULL);
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", created_ms, p.wanted);
	jsonw_kbool(&w, "revoked", true);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
