/* session.c - /api/v1/session: logging in, out, and who one is. */
#include "api/auth.h"
#include "api/handlers.h"
#include "api/login.h"
#include "api/state.h"
#include "base/log.h"
#include "io/crypto.h"

void session_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;
	enum rc rc = auth_identify(c, &e);

	if (rc != RC_OK && rc != RC_ABSENT && rc != RC_REFUSED) {
		problem_err(c, &e);
		return;
	}
	web_header(c->r, "Cache-Control", STR("no-store"));
	answer_begin(c, &w);
	jsonw_object(&w);
	login_who_write(c, auth_cookie(c->q), &w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

struct login_job {
	struct login_session session; /* first: the unit's argument is both */
	const struct user *user;
	int64_t totp_step; /* 0: no code of a telephone */
	bool recovery;
	uint8_t recovery_digest[SHA256_BYTES];
	char password[PASSWORD_TEXT_MAX]; /* "" or made anew at today's cost */
};

static enum rc login_unit(struct tx *tx, void *arg, struct err *e)
{
	struct login_job *j = arg;
	int64_t id = j->user->id;

	if (j->totp_step != 0)
		TRY(user_totp_used(tx, id, j->totp_step, e));
	if (j->recovery)
		TRY(user_recovery_use(tx, id, j->recovery_digest, e));
	if (j->password[0] != '\0')
		TRY(user_set_password(tx, id, str_of(j->password), e));
	return login_session_unit(tx, &j->session, e);
}

/* The second factor. False: answered. */
static bool code_ok(struct call *c, const struct user *u, struct str code, struct login_job *j)
{
	AUTO(sbuf_release) struct sbuf secret = SBUF(64);
	struct err e = { .rc = RC_OK };
	char context[48];

	if (u->totp.p == NULL)
		return true;
	if (code.n == 0) {
		guard_undo(&state_of(c->app)->guard, u->login, str_of(c->q->client));
		problem(c, 401, "code-needed",
			"Give the code of your telephone too, or a recovery code.");
		return false;
	}
	j->recovery = totp_recovery_hash(code, j->recovery_digest);
	if (j->recovery)
		return true; /* its unit knows whether it is one */
	(void)snprintf(context, sizeof(context), "users.totp:%lld", (long long)u->id);
	if (crypto_unseal(c->app->seal_key, str_of(context), u->totp, &secret, &e) != RC_OK ||
	    secret.n != TOTP_SECRET_BYTES) {
		log_err(LOG_ERROR, "session.factor_unreadable", &e);
		problem(c, 503, "storage",
			"The second factor of this account cannot be read: totem user reset-totp.");
		return false;
	}
	if (totp_check((const uint8_t *)secret.p, code, c->q->now_ms, u->totp_step, &j->totp_step))
		return true;
	login_note_refusal(c, u->login, "code");
	problem(c, 401, "code-needed", "This code is wrong or was used already.");
	return false;
}

static void let_in(struct call *c, const struct user *u, struct str password, struct login_job *j)
{
	int64_t cost = setting_i64(c->config->settings, "password_iterations");
	struct err e = { .rc = RC_OK };
	enum rc rc;

	j->user = u;
	j->session.user_id = u->id;
	if (password_is_old(u->password, (uint32_t)cost) && !login_hash(c, password, j->password))
		return;
	rc = store_write(c->app->store, STORE_NORMAL, login_unit, j, &e);
	if (rc == RC_REFUSED) { /* the code was used by another login, or is no recovery code */
		login_note_refusal(c, u->login, "code");
		problem(c, 401, "code-needed", "This code is wrong or was used already.");
		return;
	}
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	guard_passed(&state_of(c->app)->guard, u->login, str_of(c->q->client));
	login_session_answer(&j->session, 200);
}

void session_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct login_job j = { .totp_step = 0 };
	struct err e = { .rc = RC_OK };
	char login[USER_LOGIN_MAX + 1];
	struct user u;
	struct db *db;
	bool found;
	enum rc rc;

	if (!auth_same_site(c) || !body_json(c, &root))
		return;
	if (!user_login_clean(json_get_str(root, "login"), login))
		login[0] = '\0'; /* nobody has it; the way is the same */
	db = store_reader(c->app->store);
	rc = user_find(db, str_of(login), c->q->arena, &u, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK && rc != RC_ABSENT) {
		problem_err(c, &e);
		return;
	}
	found = rc == RC_OK;
	login_session_init(&j.session, c, "session.create");
	if (login_check(c, str_of(login), found ? &u : NULL, json_get_str(root, "password")) &&
	    code_ok(c, &u, json_get_str(root, "code"), &j))
		let_in(c, &u, json_get_str(root, "password"), &j);
}

static enum rc end_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct session *s = arg;

	return session_end(tx, s->id, s->user_id, e);
}

void session_delete(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;
	enum rc rc;

	if (c->session.id == 0) {
		problem(c, 409, "conflict", "This call is for people: a token is revoked instead.");
		return;
	}
	rc = store_write(c->app->store, STORE_NORMAL, end_unit, &c->session, &e);
	if (rc != RC_OK && rc != RC_ABSENT) {
		problem_err(c, &e);
		return;
	}
	auth_set_cookie(c, NULL, 0);
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "state", "login");
	jsonw_end(&w);
	answer_json(c, 200, &w);
}
