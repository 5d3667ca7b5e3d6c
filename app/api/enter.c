/* enter.c - the ways in with a link that is good once: the first owner (POST /api/v1/setup) and people who choose
 * their password (POST /api/v1/invitation). A link is 256 random bits; only its hash is kept. */
#include "api/auth.h"
#include "api/handlers.h"
#include "api/login.h"

struct enter_job {
	struct login_session session;
	struct str token;
	struct user user; /* setup: all of it; invitation: id, and name and language to change */
	char password[PASSWORD_TEXT_MAX];
	struct str company_name;
};

static bool invited(struct call *c, struct str token, int64_t *ret_user_id)
{
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(c->app->store);
	enum rc rc = session_invited(db, token, c->q->now_ms, ret_user_id, &e);

	store_reader_done(c->app->store, db);
	if (rc == RC_OK)
		return true;
	if (rc == RC_REFUSED)
		problem(c, 403, "forbidden",
			"This link is not good (any more): ask for a new one.");
	else
		problem_err(c, &e);
	return false;
}

/* Inside the unit: of two with the same link one comes first. */
static enum rc still_invited(struct tx *tx, struct enter_job *j, int64_t wanted, struct err *e)
{
	int64_t user_id;

	TRY(session_invited(tx->db, j->token, tx->now_ms, &user_id, e));
	if (user_id != wanted)
		return FAIL(e, RC_REFUSED, "This link is for something else.");
	return session_uninvite(tx, user_id, e);
}

/* ---- the first owner ---- */

static enum rc setup_unit(struct tx *tx, void *arg, struct err *e)
{
	struct enter_job *j = arg;
	bool owner;

	TRY(user_owner_exists(tx->db, &owner, e));
	if (owner)
		return FAIL(e, RC_REFUSED, "This box has an owner already.");
	TRY(still_invited(tx, j, INVITATION_FIRST_USER, e));
	j->user.password = str_of(j->password);
	TRY(user_create(tx, &j->user, &j->session.user_id, e));
	if (j->company_name.n > 0)
		TRY(setting_put(tx, j->session.c->app->seal_key, STR("company_name"),
				j->company_name, e));
	return login_session_unit(tx, &j->session, e);
}

static struct str or_else(struct str v, struct str otherwise)
{
	return v.n > 0 ? v : otherwise;
}

static void refused_or(struct call *c, enum rc rc, const struct err *e)
{
	if (rc == RC_REFUSED)
		problem(c, 403, "forbidden", e->text);
	else
		problem_err(c, e);
}

void setup_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct enter_job j = { .token = STR_NONE };
	struct err e = { .rc = RC_OK };
	char login[USER_LOGIN_MAX + 1];
	struct str password;
	int64_t user_id;
	enum rc rc;

	if (!auth_same_site(c) || !body_json(c, &root))
		return;
	j.token = json_get_str(root, "token");
	if (!invited(c, j.token, &user_id))
		return;
	if (!user_login_clean(json_get_str(root, "login"), login)) {
		problem_field(c, 422, "login",
			      "A login has 1 to 100 letters, digits and . _ @ + - only.");
		return;
	}
	j.company_name = json_get_str(root, "company_name");
	if (j.company_name.n > 0 &&
	    setting_check(STR("company_name"), j.company_name, &e) != RC_OK) {
		problem_field(c, 422, "company_name", e.text);
		return;
	}
	if (!login_password_read(c, root, "password", str_of(login), &password) ||
	    !login_hash(c, password, j.password))
		return;
	j.user = (struct user){ .company_id = 1,
				.login = str_of(login),
				.name = or_else(json_get_str(root, "name"), str_of(login)),
				.role = str_of(role_text(ROLE_OWNER)),
				.language = or_else(json_get_str(root, "language"), STR("es")) };
	login_session_init(&j.session, c, "setup.create");
	rc = store_write(c->app->store, STORE_NORMAL, setup_unit, &j, &e);
	if (rc == RC_OK)
		rc = config_reload(c->app, &e);
	if (rc == RC_OK)
		login_session_answer(&j.session, 201);
	else
		refused_or(c, rc, &e);
}

/* ---- a link by which somebody chooses a password ---- */

static enum rc invitation_unit(struct tx *tx, void *arg, struct err *e)
{
	struct enter_job *j = arg;

	TRY(still_invited(tx, j, j->user.id, e));
	TRY(user_update(tx, &j->user, e));
	TRY(user_set_password(tx, j->user.id, str_of(j->password), e));
	TRY(session_end_others(tx, j->user.id, 0, e));
	return login_session_unit(tx, &j->session, e);
}

/* Without a password: whose link it is. */
static void greet(struct call *c, const struct user *u)
{
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kstr(&w, "login", u->login);
	jsonw_kstr(&w, "name", u->name);
	jsonw_kstr(&w, "language", u->language);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

void invitation_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct enter_job j = { .token = STR_NONE };
	struct err e = { .rc = RC_OK };
	struct str password;
	struct db *db;
	int64_t id;
	enum rc rc;

	if (!auth_same_site(c) || !body_json(c, &root))
		return;
	j.token = json_get_str(root, "token");
	if (!invited(c, j.token, &id))
		return;
	db = store_reader(c->app->store);
	rc = user_load(db, id, c->q->arena, &j.user, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK || j.user.disabled_ms != 0) {
		problem(c, 403, "forbidden",
			"This link is not good (any more): ask for a new one.");
		return;
	}
	if (json_get(root, "password") == NULL) {
		greet(c, &j.user);
		return;
	}
	if (!login_password_read(c, root, "password", j.user.login, &password) ||
	    !login_hash(c, password, j.password))
		return;
	j.user.name = or_else(json_get_str(root, "name"), j.user.name);
	j.user.language = or_else(json_get_str(root, "language"), j.user.language);
	login_session_init(&j.session, c, "invitation.create");
	j.session.user_id = id;
	rc = store_write(c->app->store, STORE_NORMAL, invitation_unit, &j, &e);
	if (rc == RC_OK)
		login_session_answer(&j.session, 200);
	else
		refused_or(c, rc, &e);
}
