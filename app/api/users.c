/* users.c - /api/v1/users: accounts and their sessions, for owners. Nobody gives rights that they do not have. */
#include "api/auth.h"
#include "api/handlers.h"
#include "api/login.h"
#include "api/view.h"

static void user_members(struct jsonw *w, const struct user *u)
{
	view_id(w, "id", u->created_ms, u->id);
	jsonw_kstr(w, "login", u->login);
	jsonw_kstr(w, "name", u->name);
	jsonw_kstr(w, "role", u->role);
	jsonw_kstr(w, "language", u->language);
	jsonw_kbool(w, "disabled", u->disabled_ms != 0);
	jsonw_kbool(w, "has_password", u->password.p != NULL);
	jsonw_kbool(w, "totp", u->totp.p != NULL);
	jsonw_ktime(w, "created_at", u->created_ms);
	jsonw_ktime(w, "last_login_at", u->login_ms);
}

/* `link`: of an invitation, or NULL. */
static void user_answer(struct call *c, int status, const struct user *u, const char *link)
{
	struct jsonw w;

	web_header(c->r, "Cache-Control", STR("no-store"));
	answer_begin(c, &w);
	jsonw_object(&w);
	user_members(&w, u);
	if (link != NULL) {
		jsonw_kobject(&w, "invitation");
		jsonw_ktext(&w, "token", link);
		jsonw_ktext(&w, "path", arena_printf(c->q->arena, "/#invitation=%s", link));
		jsonw_ktime(&w, "expires_at", c->q->now_ms + INVITATION_MS);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	answer_json(c, status, &w);
}

static enum rc user_row(void *arg, const struct user *u, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	jsonw_object(w);
	user_members(w, u);
	jsonw_end(w);
	return RC_OK;
}

void user_list(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	answer_rows_begin(c, &w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = user_each(db, c->who.company_id, user_row, &w, &e);
	store_reader_done(c->app->store, db);
	answer_rows_end(c, &w, rc, &e);
}

/* The account of the path, if it is of the caller's company. False: answered. */
static bool load(struct call *c, struct user *ret)
{
	struct err e = { .rc = RC_OK };
	int64_t created_ms, id;

	if (!param_id(c, 0, &created_ms, &id))
		return false;
	struct db *db = store_reader(c->app->store);
	enum rc rc = user_load(db, id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	if (rc == RC_OK && ret->company_id == c->who.company_id && ret->created_ms == created_ms) {
		c->audit.subject = ret->login;
		return true;
	}
	if (rc == RC_OK || rc == RC_ABSENT)
		problem(c, 404, "not-found", "There is no account with this id.");
	else
		problem_err(c, &e);
	return false;
}

void user_get(struct call *c)
{
	struct user u;

	if (load(c, &u))
		user_answer(c, 200, &u, NULL);
}

/* False: answered. Nobody makes, changes or resets an account that may do more than they. */
static bool may_give(struct call *c, struct str role)
{
	if ((role_scopes_of(role) & ~c->who.scopes) == 0)
		return true;
	problem(c, 403, "forbidden", "This account may do more than you.");
	return false;
}

struct user_job {
	struct call *c;
	struct user user;
	char password[PASSWORD_TEXT_MAX];
	char link[TOKEN_TEXT_MAX];
	bool invite, end_sessions;
	int64_t id;
};

static enum rc create_unit(struct tx *tx, void *arg, struct err *e)
{
	struct user_job *j = arg;

	j->user.password = j->password[0] != '\0' ? str_of(j->password) : STR_NONE;
	TRY(user_create(tx, &j->user, &j->id, e));
	return j->invite ? session_invite(tx, j->id, j->link, e) : RC_OK;
}

/* What was stored, after it was. */
static void answer_stored(struct call *c, struct user_job *j, int status)
{
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(c->app->store);
	struct user u;
	enum rc rc = user_load(db, j->id, c->q->arena, &u, &e);

	store_reader_done(c->app->store, db);
	if (rc == RC_OK)
		user_answer(c, status, &u, j->invite ? j->link : NULL);
	else
		problem_err(c, &e);
}

static struct str text_or(const struct json *root, const char *field, struct str otherwise)
{
	return json_get(root, field) != NULL ? json_get_str(root, field) : otherwise;
}

void user_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct user_job j = { .c = c };
	struct err e = { .rc = RC_OK };
	char login[USER_LOGIN_MAX + 1];
	struct str password;
	enum role role;

	if (!body_json(c, &root))
		return;
	if (!user_login_clean(json_get_str(root, "login"), login)) {
		problem_field(c, 422, "login",
			      "A login has 1 to 100 letters, digits and . _ @ + - only.");
		return;
	}
	if (!role_parse(json_get_str(root, "role"), &role)) {
		problem_field(c, 422, "role", "A role is owner, technician, agent or viewer.");
		return;
	}
	if (!may_give(c, json_get_str(root, "role")))
		return;
	j.user = (struct user){ .company_id = c->who.company_id,
				.login = str_of(login),
				.name = text_or(root, "name", str_of(login)),
				.role = json_get_str(root, "role"),
				.language = text_or(root, "language", STR("es")) };
	j.invite = json_get(root, "password") == NULL;
	if (!j.invite && (!login_password_read(c, root, "password", str_of(login), &password) ||
			  !login_hash(c, password, j.password)))
		return;
	c->audit.subject = str_of(login);
	c->audit.detail = str_of(arena_printf(c->q->arena, "{\"role\":\"%s\"}", role_text(role)));
	if (store_write(c->app->store, STORE_NORMAL, create_unit, &j, &e) != RC_OK)
		problem_err(c, &e);
	else
		answer_stored(c, &j, 201);
}

/* ---- changes ---- */

static enum rc patch_unit(struct tx *tx, void *arg, struct err *e)
{
	struct user_job *j = arg;

	TRY(user_update(tx, &j->user, e));
	if (j->user.disabled_ms == 0)
		return RC_OK;
	TRY(session_uninvite(tx, j->user.id, e));
	return session_end_others(tx, j->user.id, 0, e);
}

/* Text members that may change, and nothing else. False: answered. */
static bool patch_read(struct call *c, const struct json *root, struct user *u)
{
	for (const struct json *m = json_first(root); m != NULL; m = json_next(m)) {
		struct str key = json_key(m);

		if (str_eqc(key, "name") && json_kind(m) == JSON_TEXT) {
			u->name = json_str(m);
		} else if (str_eqc(key, "role") && json_kind(m) == JSON_TEXT) {
			u->role = json_str(m);
		} else if (str_eqc(key, "language") && json_kind(m) == JSON_TEXT) {
			u->language = json_str(m);
		} else if (str_eqc(key, "disabled") && json_kind(m) == JSON_BOOL) {
			if (!json_get_bool(root, "disabled", false))
				u->disabled_ms = 0;
			else if (u->disabled_ms == 0)
				u->disabled_ms = c->q->now_ms;
		} else {
			problem(c, 422, "invalid",
				"What can change is name, role, language (text) and disabled (true "
				"or false).");
			return false;
		}
	}
	return true;
}

void user_patch(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	AUTO(sbuf_release) struct sbuf detail = SBUF(AUDIT_DETAIL_MAX);
	struct user_job j = { .c = c };
	struct err e = { .rc = RC_OK };

	if (!load(c, &j.user) || !may_give(c, j.user.role) || !body_json(c, &root) ||
	    !patch_read(c, root, &j.user) || !may_give(c, j.user.role))
		return;
	j.id = j.user.id;
	json_print(root, &detail);
	c->audit.detail = sbuf_view(&detail);
	if (store_write(c->app->store, STORE_NORMAL, patch_unit, &j, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	auth_forget(c->app); /* the tokens that they made */
	answer_stored(c, &j, 200);
}

static enum rc reset_unit(struct tx *tx, void *arg, struct err *e)
{
	struct user_job *j = arg;

	TRY(user_set_password(tx, j->id, j->invite ? STR_NONE : str_of(j->password), e));
	TRY(session_end_others(tx, j->id, 0, e));
	if (!j->invite)
		return session_uninvite(tx, j->id, e);
	return session_invite(tx, j->id, j->link, e);
}

/* The old password and all sessions end; a new password comes by a link, or is given here. Not of whoever asks: the answer
 * with the link would find their session ended, and the only owner would be out for good. */
void user_reset_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct user_job j = { .c = c };
	struct err e = { .rc = RC_OK };
	struct str password;

	if (!load(c, &j.user) || !may_give(c, j.user.role) || !body_json(c, &root))
		return;
	j.id = j.user.id;
	if (c->session.id != 0 && c->session.user_id == j.id) {
		problem(c, 409, "conflict", "Change your own password in your account.");
		return;
	}
	j.invite = json_get(root, "password") == NULL;
	if (!j.invite && (!login_password_read(c, root, "password", j.user.login, &password) ||
			  !login_hash(c, password, j.password)))
		return;
	if (store_write(c->app->store, STORE_NORMAL, reset_unit, &j, &e) != RC_OK)
		problem_err(c, &e);
	else
		answer_stored(c, &j, 200);
}

static enum rc reset_totp_unit(struct tx *tx, void *arg, struct err *e)
{
	struct user_job *j = arg;

	TRY(user_set_totp(tx, j->id, STR_NONE, STR_NONE, 0, e));
	return session_end_others(tx, j->id, 0, e);
}

/* For the day on which telephone and recovery codes are lost. */
void user_totp_delete(struct call *c)
{
	struct user_job j = { .c = c };
	struct err e = { .rc = RC_OK };

	if (!load(c, &j.user) || !may_give(c, j.user.role))
		return;
	j.id = j.user.id;
	if (store_write(c->app->store, STORE_NORMAL, reset_totp_unit, &j, &e) != RC_OK)
		problem_err(c, &e);
	else
		answer_stored(c, &j, 200);
}

/* ---- sessions ---- */

struct session_page {
	struct jsonw w;
	const struct call *c;
	int64_t wanted, wanted_ms; /* one looked for */
	bool found;
};

static enum rc session_row(void *arg, const struct session *s, struct err *e)
{
	struct session_page *p = arg;

	(void)e;
	if (p->wanted != 0) {
		p->found |= s->id == p->wanted && s->created_ms == p->wanted_ms;
		return RC_OK;
	}
	jsonw_object(&p->w);
	view_id(&p->w, "id", s->created_ms, s->id);
	jsonw_kbool(&p->w, "this", s->id == p->c->session.id);
	jsonw_kstr(&p->w, "client", s->client);
	jsonw_kstr(&p->w, "agent", s->agent);
	jsonw_ktime(&p->w, "created_at", s->created_ms);
	jsonw_ktime(&p->w, "last_used_at", s->last_used_ms);
	jsonw_ktime(&p->w, "expires_at", s->expires_ms);
	jsonw_end(&p->w);
	return RC_OK;
}

static void sessions_answer(struct call *c, int64_t user_id)
{
	struct session_page p = { .c = c };
	struct err e = { .rc = RC_OK };

	answer_rows_begin(c, &p.w);
	struct db *db = store_reader(c->app->store);
	enum rc rc = session_each(db, user_id, session_row, &p, &e);
	store_reader_done(c->app->store, db);
	answer_rows_end(c, &p.w, rc, &e);
}

static enum rc end_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct session *s = arg;

	return session_end(tx, s->id, s->user_id, e);
}

/* `i`: the parameter of the path with the session's id. */
static void session_end_answer(struct call *c, int64_t user_id, int i)
{
	struct session_page p = { .c = c };
	struct session s = { .user_id = user_id };
	struct err e = { .rc = RC_OK };
	struct jsonw w;

	if (!param_id(c, i, &p.wanted_ms, &p.wanted))
		return;
	struct db *db = store_reader(c->app->store);
	enum rc rc = session_each(db, user_id, session_row, &p, &e);
	store_reader_done(c->app->store, db);
	s.id = p.wanted;
	if (rc == RC_OK && !p.found)
		rc = FAIL(&e, RC_ABSENT, "There is no such session.");
	if (rc == RC_OK)
		rc = store_write(c->app->store, STORE_NORMAL, end_unit, &s, &e);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	view_id(&w, "id", p.wanted_ms, p.wanted);
	jsonw_kbool(&w, "ended", true);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

void user_sessions_get(struct call *c)
{
	struct user u;

	if (load(c, &u))
		sessions_answer(c, u.id);
}

void user_session_delete(struct call *c)
{
	struct user u;

	if (load(c, &u) && may_give(c, u.role))
		session_end_answer(c, u.id, 1);
}

void me_sessions_get(struct call *c)
{
	if (c->session.id == 0)
		problem(c, 409, "conflict", "This call is for people: log in.");
	else
		sessions_answer(c, c->session.user_id);
}

void me_session_delete(struct call *c)
{
	if (c->session.id == 0)
		problem(c, 409, "conflict", "This call is for people: log in.");
	else
		session_end_answer(c, c->session.user_id, 0);
}
