/* me.c - /api/v1/me: one's own name, language, password and second factor. The password is asked again for the last two. */
#include "api/handlers.h"
#include "api/login.h"
#include "base/enc.h"
#include "io/crypto.h"

/* The caller's account. False: answered. */
static bool load(struct call *c, struct user *ret)
{
	struct err e = { .rc = RC_OK };
	struct db *db;
	enum rc rc;

	if (c->session.id == 0) {
		problem(c, 409, "conflict", "This call is for people: log in.");
		return false;
	}
	db = store_reader(c->app->store);
	rc = user_load(db, c->session.user_id, c->q->arena, ret, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		problem_err(c, &e);
	else
		c->audit.subject = ret->login;
	return rc == RC_OK;
}

static void ok_answer(struct call *c)
{
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kbool(&w, "ok", true);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

struct me_job {
	struct call *c;
	struct user user;
	char password[PASSWORD_TEXT_MAX];
	struct str totp, wanted;
	int64_t step;
	char codes[RECOVERY_CODES][RECOVERY_TEXT_MAX];
};

static enum rc patch_unit(struct tx *tx, void *arg, struct err *e)
{
	struct me_job *j = arg;

	return user_update(tx, &j->user, e);
}

void me_patch(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct me_job j = { .c = c };
	struct err e = { .rc = RC_OK };

	if (!load(c, &j.user) || !body_json(c, &root))
		return;
	if (json_get(root, "name") != NULL)
		j.user.name = json_get_str(root, "name");
	if (json_get(root, "language") != NULL)
		j.user.language = json_get_str(root, "language");
	if (store_write(c->app->store, STORE_NORMAL, patch_unit, &j, &e) != RC_OK)
		problem_err(c, &e);
	else
		ok_answer(c);
}

static enum rc password_unit(struct tx *tx, void *arg, struct err *e)
{
	struct me_job *j = arg;

	TRY(user_set_password(tx, j->user.id, str_of(j->password), e));
	return session_end_others(tx, j->user.id, j->c->session.id, e);
}

/* {"password": now, "new_password": from now on}: all other sessions end. */
void me_password_put(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct me_job j = { .c = c };
	struct err e = { .rc = RC_OK };
	struct str fresh;

	if (!load(c, &j.user) || !body_json(c, &root) ||
	    !login_check_again(c, &j.user, json_get_str(root, "password")) ||
	    !login_password_read(c, root, "new_password", j.user.login, &fresh) ||
	    !login_hash(c, fresh, j.password))
		return;
	if (store_write(c->app->store, STORE_NORMAL, password_unit, &j, &e) != RC_OK)
		problem_err(c, &e);
	else
		ok_answer(c);
}

/* ---- second factor ---- */

static void context_of(const struct user *u, char ret[48])
{
	(void)snprintf(ret, 48, "users.totp:%lld", (long long)u->id);
}

static enum rc totp_unit(struct tx *tx, void *arg, struct err *e)
{
	struct me_job *j = arg;

	return user_set_totp(tx, j->user.id, j->totp, j->wanted, j->step, e);
}

static void secret_answer(struct call *c, const struct user *u,
			  const uint8_t secret[TOTP_SECRET_BYTES])
{
	AUTO(sbuf_release) struct sbuf uri = SBUF(2 * KIB);
	char text[TOTP_SECRET_TEXT];
	struct jsonw w;

	totp_base32(secret, TOTP_SECRET_BYTES, text);
	sbuf_text(&uri, "otpauth://totp/Totem:");
	enc_percent(&uri, u->login);
	sbuf_printf(&uri, "?secret=%s&issuer=Totem", text);
	web_header(c->r, "Cache-Control", STR("no-store"));
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "secret", text);
	jsonw_kstr(&w, "uri", sbuf_view(&uri));
	jsonw_end(&w);
	answer_json(c, 200, &w);
	crypto_zero(text, sizeof(text));
}

/* {"password"}: a secret to scan; it counts once POST /me/totp/confirm has seen a code of it. */
void me_totp_post(struct call *c)
{
	AUTO(sbuf_release) struct sbuf sealed = SBUF(512);
	AUTO(json_freep) struct json *root = NULL;
	struct me_job j = { .c = c };
	struct err e = { .rc = RC_OK };
	uint8_t secret[TOTP_SECRET_BYTES];
	char context[48];

	if (!load(c, &j.user) || !body_json(c, &root) ||
	    !login_check_again(c, &j.user, json_get_str(root, "password")))
		return;
	if (j.user.totp.p != NULL) {
		problem(c, 409, "conflict",
			"There is a second factor already: take it away first.");
		return;
	}
	totp_secret_make(secret);
	context_of(&j.user, context);
	if (crypto_seal(c->app->seal_key, str_of(context),
			str_n((const char *)secret, sizeof(secret)), &sealed, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	j.totp = STR_NONE;
	j.wanted = sbuf_view(&sealed);
	if (store_write(c->app->store, STORE_NORMAL, totp_unit, &j, &e) != RC_OK)
		problem_err(c, &e);
	else
		secret_answer(c, &j.user, secret);
	crypto_zero(secret, sizeof(secret));
}

static enum rc confirm_unit(struct tx *tx, void *arg, struct err *e)
{
	struct me_job *j = arg;

	TRY(user_set_totp(tx, j->user.id, j->totp, STR_NONE, j->step, e));
	TRY(session_end_others(tx, j->user.id, j->c->session.id, e));
	return user_recovery_make(tx, j->user.id, j->codes, e);
}

void me_totp_confirm_post(struct call *c)
{
	AUTO(sbuf_release) struct sbuf secret = SBUF(64);
	AUTO(json_freep) struct json *root = NULL;
	struct me_job j = { .c = c };
	struct err e = { .rc = RC_OK };
	char context[48];
	struct jsonw w;

	if (!load(c, &j.user) || !body_json(c, &root))
		return;
	context_of(&j.user, context);
	if (j.user.totp_wanted.p == NULL ||
	    crypto_unseal(c->app->seal_key, str_of(context), j.user.totp_wanted, &secret, &e) !=
		    RC_OK ||
	    secret.n != TOTP_SECRET_BYTES) {
		problem(c, 409, "conflict", "No second factor waits to be confirmed: begin anew.");
		return;
	}
	if (!totp_check((const uint8_t *)secret.p, json_get_str(root, "code"), c->q->now_ms, 0,
			&j.step)) {
		problem_field(c, 422, "code",
			      "This code does not fit. Is the clock of the telephone right?");
		return;
	}
	j.totp = j.user.totp_wanted;
	if (store_write(c->app->store, STORE_NORMAL, confirm_unit, &j, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	web_header(c->r, "Cache-Control", STR("no-store"));
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_karray(&w, "recovery_codes");
	for (int i = 0; i < RECOVERY_CODES; i++)
		jsonw_text(&w, j.codes[i]);
	jsonw_end(&w);
	jsonw_end(&w);
	answer_json(c, 200, &w);
	crypto_zero(j.codes, sizeof(j.codes));
}

void me_totp_delete(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	struct me_job j = { .c = c };
	struct err e = { .rc = RC_OK };

	if (!load(c, &j.user) || !body_json(c, &root) ||
	    !login_check_again(c, &j.user, json_get_str(root, "password")))
		return;
	if (store_write(c->app->store, STORE_NORMAL, totp_unit, &j, &e) != RC_OK)
		problem_err(c, &e);
	else
		ok_answer(c);
}

static void me_write(struct call *c, const struct user *u, int64_t codes)
{
	struct jsonw w;

	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_kstr(&w, "login", u->login);
	jsonw_kstr(&w, "name", u->name);
	jsonw_kstr(&w, "role", u->role);
	jsonw_kstr(&w, "language", u->language);
	jsonw_kbool(&w, "totp", u->totp.p != NULL);
	jsonw_ki64(&w, "recovery_codes_left", codes);
	jsonw_ktime(&w, "password_changed_at", u->password_ms);
	jsonw_ktime(&w, "last_login_at", u->login_ms);
	jsonw_end(&w);
	answer_json(c, 200, &w);
}

void me_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	int64_t codes = 0;
	struct user u;

	if (!load(c, &u))
		return;
	struct db *db = store_reader(c->app->store);
	enum rc rc = user_recovery_count(db, u.id, &codes, &e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		problem_err(c, &e);
	else
		me_write(c, &u, codes);
}
