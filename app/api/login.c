/* login.c - see login.h. */
#include "api/login.h"

#include <stdatomic.h>

#include "api/audit_row.h"
#include "api/auth.h"
#include "api/state.h"
#include "api/view.h"
#include "base/log.h"
#include "io/crypto.h"

#define REFUSALS_PER_MINUTE 60

void login_session_init(struct login_session *ret, struct call *c, const char *action)
{
	*ret = (struct login_session){ .c = c, .action = action };
}

static int64_t idle_ms(const struct call *c)
{
	return setting_i64(c->config->settings, "session_idle_minutes") * MINUTE_MS;
}

static int64_t longest_ms(const struct call *c)
{
	return setting_i64(c->config->settings, "session_days") * DAY_MS;
}

/* A login makes a new session in place of the one that the browser had. */
static enum rc end_old(struct tx *tx, struct call *c, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct str cookie = auth_cookie(c->q);
	struct session old;
	enum rc rc;

	if (cookie.p == NULL)
		return RC_OK;
	rc = session_find(tx->db, cookie, tx->now_ms, idle_ms(c), &a, &old, NULL);
	if (rc == RC_OK)
		rc = session_end(tx, old.id, old.user_id, e);
	return rc == RC_REFUSED || rc == RC_ABSENT ? RC_OK : rc;
}

enum rc login_session_unit(struct tx *tx, struct login_session *s, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct session_new n = { .user_id = s->user_id,
				       .idle_ms = idle_ms(s->c),
				       .longest_ms = longest_ms(s->c),
				       .client = str_of(s->c->q->client),
				       .agent = web_req_header(s->c->q, "User-Agent") };
	struct audit row = { .kind = ACTOR_USER,
			     .actor_id = s->user_id,
			     .client = n.client,
			     .request_id = str_of(s->c->q->request_id),
			     .action = str_of(s->action) };
	struct user u;

	TRY(end_old(tx, s->c, e));
	TRY(session_create(tx, &n, s->secret, &s->id, e));
	TRY(user_logged_in(tx, s->user_id, e));
	TRY(user_load(tx->db, s->user_id, &a, &u, e));
	row.company_id = u.company_id;
	row.actor = u.name;
	row.subject = u.login;
	return audit_add(tx, &row, e);
}

static void rights_write(struct jsonw *w, uint32_t scopes)
{
	jsonw_karray(w, "rights");
	for (unsigned i = 0; i < SCOPE_COUNT; i++) {
		if ((scopes & SCOPE_BIT(i)) != 0)
			jsonw_text(w, token_scope_text((enum token_scope)i));
	}
	jsonw_end(w);
}

static const char *state_text(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(c->app->store);
	bool owner = true;
	enum rc rc = user_owner_exists(db, &owner, &e);

	store_reader_done(c->app->store, db);
	return rc == RC_OK && !owner ? "setup" : "login";
}

void login_who_write(struct call *c, struct str secret, struct jsonw *w)
{
	const struct session *s = &c->session;
	char csrf[AUTH_CSRF_MAX];

	if (s->id == 0) {
		jsonw_ktext(w, "state", c->who.scopes != 0 ? "in" : state_text(c));
		jsonw_key(w, "user");
		jsonw_null(w);
		rights_write(w, c->who.scopes);
		jsonw_kbool(w, "numbers_masked", c->who.masked);
		return;
	}
	auth_csrf(secret, csrf);
	jsonw_ktext(w, "state", "in");
	jsonw_kobject(w, "user");
	view_id(w, "id", s->user_created_ms, s->user_id);
	jsonw_kstr(w, "login", s->login);
	jsonw_kstr(w, "name", s->name);
	jsonw_kstr(w, "role", s->role);
	jsonw_kstr(w, "language", s->language);
	jsonw_end(w);
	rights_write(w, c->who.scopes);
	jsonw_kbool(w, "numbers_masked", c->who.masked);
	jsonw_ktext(w, "csrf", csrf);
	view_id(w, "session_id", s->created_ms, s->id);
	jsonw_ktime(w, "expires_at", s->expires_ms);
	jsonw_ki64(w, "idle_minutes", idle_ms(c) / MINUTE_MS);
}

void login_session_answer(struct login_session *s, int status)
{
	struct call *c = s->c;
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(c->app->store);
	enum rc rc = session_find(db, str_of(s->secret), c->q->now_ms, idle_ms(c), c->q->arena,
				  &c->session, &e);
	struct jsonw w;

	store_reader_done(c->app->store, db);
	if (rc != RC_OK) {
		problem_err(c, &e);
		return;
	}
	c->who.scopes = role_scopes_of(c->session.role);
	c->who.masked = role_masks(c->session.role);
	auth_set_cookie(c, s->secret, longest_ms(c) / SECOND_MS);
	web_header(c->r, "Cache-Control", STR("no-store"));
	answer_begin(c, &w);
	jsonw_object(&w);
	login_who_write(c, str_of(s->secret), &w);
	jsonw_end(&w);
	answer_json(c, status, &w);
	log_event(LOG_INFO, "session.started", "user", LOG_I64(c->session.user_id), NULL);
	crypto_zero(s->secret, sizeof(s->secret));
}

/* ---- passwords ---- */

static uint32_t iterations(const struct call *c)
{
	return (uint32_t)setting_i64(c->config->settings, "password_iterations");
}

static bool enter(struct call *c)
{
	if (guard_enter(&state_of(c->app)->guard))
		return true;
	problem(c, 503, "busy", "Many people log in at the same time; try again in a moment.");
	return false;
}

bool login_hash(struct call *c, struct str password, char ret_text[PASSWORD_TEXT_MAX])
{
	if (!enter(c))
		return false;
	password_hash(password, iterations(c), ret_text);
	guard_leave(&state_of(c->app)->guard);
	return true;
}

static void slow_down(struct call *c, int64_t wait_ms)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)((wait_ms + 999) / 1000));
	web_header(c->r, "Retry-After", str_of(text));
	problem(c, 429, "slow-down", "Too many wrong passwords: wait before the next try.");
}

static bool check(struct call *c, struct str login, const struct user *u, struct str password,
		  const char **ret_why)
{
	struct guard *g = &state_of(c->app)->guard;
	int64_t wait_ms = guard_begin(g, login, str_of(c->q->client), c->q->now_ms);
	bool right;

	*ret_why = NULL;
	if (wait_ms > 0) {
		slow_down(c, wait_ms);
		return false;
	}
	if (!enter(c)) {
		guard_undo(g, login, str_of(c->q->client));
		return false;
	}
	right = password_check(password, u != NULL ? u->password : STR_NONE, iterations(c));
	guard_leave(g);
	if (right && u != NULL && u->disabled_ms == 0)
		return true;
	*ret_why = u == NULL ? "unknown" : right ? "disabled" : "password";
	return false;
}

bool login_check(struct call *c, struct str login, const struct user *u, struct str password)
{
	const char *why;

	if (check(c, login, u, password, &why))
		return true;
	if (why == NULL)
		return false;
	atomic_fetch_add(&state_of(c->app)->auth_failures, 1);
	login_note_refusal(c, login, why);
	problem(c, 401, "login-failed", "The login or the password is wrong.");
	return false;
}

bool login_check_again(struct call *c, const struct user *u, struct str password)
{
	const char *why;

	if (check(c, u->login, u, password, &why)) {
		guard_passed(&state_of(c->app)->guard, u->login, str_of(c->q->client));
		return true;
	}
	if (why != NULL)
		problem_field(c, 422, "password", "This is not your password.");
	return false;
}

bool login_password_read(struct call *c, const struct json *root, const char *field,
			 struct str login, struct str *ret)
{
	struct err e = { .rc = RC_OK };

	*ret = json_get_str(root, field);
	if (ret->p == NULL)
		problem_field(c, 422, field, "A password is missing.");
	else if (password_rules(*ret, login, &e) != RC_OK)
		problem_field(c, 422, field, e.text);
	else
		return true;
	return false;
}

/* ---- refusals ---- */

struct refusal {
	struct call *c;
	struct str login;
	const char *why;
	int64_t unwritten;
};

static enum rc refusal_unit(struct tx *tx, void *arg, struct err *e)
{
	AUTO(sbuf_release) struct sbuf detail = SBUF(400);
	struct refusal *r = arg;
	struct jsonw w;

	jsonw_init(&w, &detail);
	jsonw_object(&w);
	jsonw_ktext(&w, "why", r->why);
	if (r->unwritten > 0)
		jsonw_ki64(&w, "others_not_written", r->unwritten);
	jsonw_end(&w);
	const struct audit row = { .company_id = 0,
				   .kind = ACTOR_NOBODY,
				   .client = str_of(r->c->q->client),
				   .request_id = str_of(r->c->q->request_id),
				   .action = STR("session.refused"),
				   .subject = r->login,
				   .detail = sbuf_view(&detail) };

	return audit_add(tx, &row, e);
}

void login_note_refusal(struct call *c, struct str login, const char *why)
{
	struct state *s = state_of(c->app);
	struct err e = { .rc = RC_OK };
	int64_t minute = c->q->now_ms / MINUTE_MS, n;
	struct refusal r = { .c = c, .login = login, .why = why };

	log_event(LOG_WARN, "session.refused", "why", why, NULL);
	if (atomic_exchange(&s->refusals_minute, minute) != minute)
		r.unwritten = i64_max(0, atomic_exchange(&s->refusals_n, 0) - REFUSALS_PER_MINUTE);
	n = atomic_fetch_add(&s->refusals_n, 1);
	if (n < REFUSALS_PER_MINUTE &&
	    store_write(c->app->store, STORE_NORMAL, refusal_unit, &r, &e) != RC_OK)
		log_err(LOG_WARN, "session.refusal_unwritten", &e);
}
