/* auth.c - see auth.h. */
#include "api/auth.h"

#include <stdatomic.h>

#include "api/state.h"
#include "base/log.h"
#include "io/crypto.h"

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
		return rc;
	fresh.token.name = STR_NONE;
	/* A note for people: when it cannot be written, the request goes on. */
	if (c->q->now_ms - fresh.token.last_used_ms >= USED_EVERY_MS &&
	    store_write(c->app->store, STORE_NORMAL, used_unit, &fresh.token, &ignored) == RC_OK)
		fresh.token.last_used_ms = c->q->now_ms;
	cache_put(s, digest, &fresh, epoch);
	*ret = fresh.token;
	return RC_OK;
}

static void refuse(struct call *c, const char *detail)
{
	atomic_fetch_add(&state_of(c->app)->auth_failures, 1);
	web_header(c->r, "WWW-Authenticate", STR("Bearer realm=\"totem\""));
	problem(c, 401, "unauthorized", detail);
}

bool auth_scope(struct call *c, enum token_scope scope)
{
	struct err e = { .rc = RC_OK };
	struct str text;
	char detail[120];
	enum rc rc;

	if (c->q->local) { /* a command of the data folder's owner, in this process: web.h */
		c->who = (struct token){ .company_id = 1, .scopes = SCOPE_BIT(SCOPE_COUNT) - 1u };
		return true;
	}
	if (!bearer(c->q, &text)) {
		refuse(c, "This call needs an API token: Authorization: Bearer <token>.");
		return false;
	}
	rc = token_of(c, text, &c->who, &e);
	if (rc == RC_REFUSED || rc == RC_ABSENT || rc == RC_INVALID) {
		refuse(c, "This API token is unknown or was revoked.");
		return false;
	}
	if (rc != RC_OK) {
		problem_err(c, &e);
		return false;
	}
	if ((c->who.scopes & SCOPE_BIT(scope)) == 0) {
		(void)snprintf(detail, sizeof(detail), "This API token lacks the scope %s.",
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
