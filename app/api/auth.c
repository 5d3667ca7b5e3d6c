/* auth.c - see auth.h. */
#include "api/auth.h"

#include <stdatomic.h>

#include "api/state.h"
#include "base/enc.h"
#include "base/log.h"
#include "io/crypto.h"
#include "store/access/role.h"

#define USED_EVERY_MS MINUTE_MS /* as token_used */

static bool bearer(const struct req *q, struct str *ret)
{
	struct str h = web_req_header(q, "Authorization");
	struct str scheme;

	if (h.p == NULL || !str_cut(&h, ' ', &scheme) || !str_ieq(scheme, STR("Bearer")))
		return false;
	h = str_trim(h);
	if (h.n == 0 || h.n >= TOKEN_TEXT_MAX)
		return false;
	*ret = h;
	return true;
}

/* The epoch before the store is asked: what was read before a change must not be kept after it. */
static bool cache_get(struct state *s, const uint8_t *digest, int64_t now_ms, struct token *ret,
		      uint64_t *ret_epoch)
{
	struct state_token *t = &s->tokens[digest[0] % STATE_TOKENS];
	struct str key = str_n((const char *)digest, SHA256_BYTES);
	bool found;

	mtx_lock(&s->lock);
	*ret_epoch = s->token_epoch;
	found = crypto_equal(key, str_n((const char *)t->digest, SHA256_BYTES)) &&
		t->token.id != 0 && now_ms >= t->from_ms && now_ms - t->from_ms < AUTH_CACHE_MS;
	if (found)
		*ret = t->token;
	mtx_unlock(&s->lock);
	return found;
}

static void cache_put(struct state *s, const uint8_t *digest, const struct state_token *fresh,
		      uint64_t epoch)
{
	struct state_token *t = &s->tokens[digest[0] % STATE_TOKENS];

	mtx_lock(&s->lock);
	if (s->token_epoch == epoch) {
		*t = *fresh;
		memcpy(t->digest, digest, SHA256_BYTES);
	}
	mtx_unlock(&s->lock);
}

void auth_forget(struct app *app)
{
	struct state *s = state_of(app);

	mtx_lock(&s->lock);
	s->token_epoch++;
	memset(s->tokens, 0, sizeof(s->tokens));
	mtx_unlock(&s->lock);
}

static enum rc used_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct token *t = arg;

	return token_used(tx, t->id, e);
}

static enum rc seen_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *id = arg;

	return session_used(tx, *id, e);
}

static enum rc token_of(struct call *c, struct str text, struct token *ret, struct err *e)
{
	struct state *s = state_of(c->app);
	struct state_token fresh = { .from_ms = c->q->now_ms };
	struct err ignored = { .rc = RC_OK };
	uint8_t digest[SHA256_BYTES];
	uint64_t epoch;
	struct db *db;
	enum rc rc;

	crypto_sha256(text, digest);
	if (cache_get(s, digest, c->q->now_ms, ret, &epoch))
		return RC_OK;
	db = store_reader(c->app->store);
	rc = token_check(db, text, &fresh.token, e);
	store_reader_done(c->app->store, db);
	if (rc != RC_OK)
		return rc == RC_ABSENT ? FAIL(e, RC_REFUSED, "this token is not known") : rc;
	fresh.token.name = STR_NONE;
	/* A note for people: when it cannot be written, the request goes on. */
	if (c->q->now_ms - fresh.token.last_used_ms >= USED_EVERY_MS &&
	    store_write(c->app->store, STORE_NORMAL, used_unit, &fresh.token, &ignored) == RC_OK)
		fresh.token.last_used_ms = c->q->now_ms;
	cache_put(s, digest, &fresh, epoch);
	*ret = fresh.token;
	return RC_OK;
}

/* ---- sessions ---- */

struct str auth_cookie(const struct req *q)
{
	struct str all = web_req_header(q, "Cookie"), one, name;

	while (str_cut(&all, ';', &one)) {
		one = str_trim(one);
		if (str_cut(&one, '=', &name) && str_eqc(name, AUTH_COOKIE) && one.n > 0)
			return one;
	}
	return STR_NONE;
}

void auth_csrf(struct str secret, char ret_text[AUTH_CSRF_MAX])
{
	uint8_t mac[SHA256_BYTES];

	crypto_hmac_sha256(secret, STR("totem csrf"), mac);
	enc_hex(mac, sizeof(mac), ret_text);
}

void auth_set_cookie(struct call *c, const char *secret, int64_t seconds)
{
	bool tls = c->q->secure || str_ieq(web_req_header(c->q, "X-Forwarded-Proto"), STR("https"));
	const char *line = arena_printf(
		c->q->arena, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
		AUTH_COOKIE, secret != NULL ? secret : "",
		(long long)(secret != NULL ? seconds : 0), tls ? "; Secure" : "");

	web_header(c->r, "Set-Cookie", str_of(line));
}

bool auth_same_site(struct call *c)
{
	struct str site = web_req_header(c->q, "Sec-Fetch-Site");

	if (site.p == NULL || str_eqc(site, "same-origin") || str_eqc(site, "none"))
		return true;
	problem(c, 403, "csrf", "This request came from another site.");
	return false;
}

static enum rc session_of(struct call *c, struct str cookie, struct err *e)
{
	int64_t idle_ms = setting_i64(c->config->settings, "session_idle_minutes") * MINUTE_MS;
	struct err ignored = { .rc = RC_OK };
	struct db *db = store_reader(c->app->store);
	enum rc rc = session_find(db, cookie, c->q->now_ms, idle_ms, c->q->arena, &c->session, e);

	store_reader_done(c->app->store, db);
	TRY(rc);
	c->who = (struct token){ .id = -c->session.user_id,
				 .company_id = c->session.company_id,
				 .created_ms = c->session.user_created_ms,
				 .user_id = c->session.user_id,
				 .scopes = role_scopes_of(c->session.role),
				 .masked = role_masks(c->session.role),
				 .name = c->session.name };
	/* A note that keeps the session alive: when it cannot be written, the request goes on. */
	if (c->q->now_ms - c->session.last_used_ms >= USED_EVERY_MS &&
	    store_write(c->app->store, STORE_NORMAL, seen_unit, &c->session.id, &ignored) != RC_OK)
		log_err(LOG_WARN, "session.use_unwritten", &ignored);
	return RC_OK;
}

enum rc auth_identify(struct call *c, struct err *e)
{
	struct str text;

	if (c->q->local) { /* a command of the data folder's owner, in this process: web.h */
		c->who = (struct token){ .company_id = 1, .scopes = SCOPE_BIT(SCOPE_COUNT) - 1u };
		return RC_OK;
	}
	if (bearer(c->q, &text))
		return token_of(c, text, &c->who, e);
	text = auth_cookie(c->q);
	if (text.p == NULL)
		return RC_ABSENT;
	return session_of(c, text, e);
}

static void refuse(struct call *c, const char *detail)
{
	atomic_fetch_add(&state_of(c->app)->auth_failures, 1);
	web_header(c->r, "WWW-Authenticate", STR("Bearer realm=\"totem\""));
	problem(c, 401, "unauthorized", detail);
}

/* A write of a person has to come from our own page. */
static bool csrf_ok(struct call *c)
{
	char wanted[AUTH_CSRF_MAX];

	if (c->session.id == 0 || strcmp(c->q->method, "GET") == 0)
		return true;
	if (!auth_same_site(c))
		return false;
	auth_csrf(auth_cookie(c->q), wanted);
	if (crypto_equal(str_of(wanted), web_req_header(c->q, "X-CSRF-Token")))
		return true;
	problem(c, 403, "csrf", "X-CSRF-Token is missing or wrong: get it from /api/v1/session.");
	return false;
}

/* Commands of this machine are nobody's flood. */
static bool slowly(struct call *c)
{
	int64_t wait_ms;
	char text[24];

	if (c->who.id == 0)
		return true;
	wait_ms = rate_take(&state_of(c->app)->rate, c->who.id,
			    setting_i64(c->config->settings, "api_per_second"), c->q->now_ms);
	if (wait_ms == 0)
		return true;
	(void)snprintf(text, sizeof(text), "%lld", (long long)((wait_ms + 999) / 1000));
	web_header(c->r, "Retry-After", str_of(text));
	problem(c, 429, "slow-down", "More calls than setting api_per_second allows.");
	return false;
}

bool auth_scope(struct call *c, enum token_scope scope)
{
	struct err e = { .rc = RC_OK };
	char detail[120];
	enum rc rc = auth_identify(c, &e);

	if (rc == RC_ABSENT) {
		refuse(c,
		       "This call needs a login, or an API token: Authorization: Bearer <token>.");
		return false;
	}
	if (rc == RC_REFUSED || rc == RC_INVALID) {
		refuse(c, web_req_header(c->q, "Authorization").p != NULL
				  ? "This API token is unknown or was revoked."
				  : "This session is over: log in again.");
		return false;
	}
	if (rc != RC_OK) {
		problem_err(c, &e);
		return false;
	}
	if (!csrf_ok(c) || !slowly(c))
		return false;
	if ((c->who.scopes & SCOPE_BIT(scope)) == 0) {
		(void)snprintf(detail, sizeof(detail), "This %s lacks the right %s.",
			       c->session.id != 0 ? "account" : "API token",
			       token_scope_text(scope));
		problem(c, 403, "forbidden", detail);
		return false;
	}
	return true;
}

static bool host_is_loopback(struct str host)
{
	static const char *const NAMES[] = { "localhost", "127.0.0.1", "[::1]" };
	ptrdiff_t colon =
		host.n > 0 && host.p[0] == '[' ? str_find(host, STR("]:")) : str_chr(host, ':');

	if (colon >= 0 && host.p[0] == '[')
		colon++;
	if (colon >= 0)
		host = str_sub(host, 0, (size_t)colon);
	for (size_t i = 0; i < COUNT(NAMES); i++) {
		if (str_ieq(host, str_of(NAMES[i])))
			return true;
	}
	return false;
}

bool auth_is_local(const struct req *q)
{
	static const char *const PROXY[] = { "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
					     "X-Real-IP", "Via" };
	struct str client = str_of(q->client);

	if (!str_starts(client, STR("127.")) && !str_eqc(client, "::1") &&
	    !str_starts(client, STR("::ffff:127.")))
		return false;
	for (size_t i = 0; i < COUNT(PROXY); i++) {
		if (web_req_header(q, PROXY[i]).p != NULL)
			return false;
	}
	return host_is_loopback(web_req_header(q, "Host"));
}
