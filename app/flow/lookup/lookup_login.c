/* lookup_login.c - the session of a connector: one for all callers, made by one of them while the others wait. */
#include "base/clock.h"
#include "base/log.h"
#include "flow/lookup/lookup_priv.h"

#define RENEW_NUM 9 /* at nine tenths of its time */
#define RENEW_DEN 10

/* ---- in the database ---- */

struct keep_work {
	const uint8_t *seal_key;
	char key[LOOKUP_SESSION_KEY_MAX];
	struct lookup_session session;
};

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct keep_work *w = arg;

	return lookup_session_put(tx, w->seal_key, w->key, &w->session, e);
}

static enum rc drop_unit(struct tx *tx, void *arg, struct err *e)
{
	return lookup_session_drop(tx, arg, e);
}

/* A session that cannot be kept is used all the same; the next start logs in again. */
static void keep(struct lookup_work *k, struct str token, int64_t expires_ms)
{
	struct keep_work w = {
		.seal_key = k->app->seal_key,
		.session = { .mark = k->t->login_mark, .expires_ms = expires_ms, .token = token }
	};
	struct err e = { .rc = RC_OK };

	lookup_session_key(k->t->slug, k->t->username, w.key);
	if (store_write(k->app->store, STORE_NORMAL, keep_unit, &w, &e) != RC_OK)
		log_err(LOG_WARN, "lookup.session_not_kept", &e);
}

static void forget(struct lookup_work *k)
{
	char key[LOOKUP_SESSION_KEY_MAX];
	struct err e = { .rc = RC_OK };

	lookup_session_key(k->t->slug, k->t->username, key);
	if (store_write(k->app->store, STORE_NORMAL, drop_unit, key, &e) != RC_OK)
		log_err(LOG_WARN, "lookup.session_not_dropped", &e);
}

static bool kept(struct lookup_work *k, struct lookup_session *ret)
{
	char key[LOOKUP_SESSION_KEY_MAX];
	struct err e = { .rc = RC_OK };
	struct db *db = store_reader(k->app->store);
	enum rc rc;

	lookup_session_key(k->t->slug, k->t->username, key);
	rc = lookup_session_get(db, k->app->seal_key, key, &k->arena, ret, &e);
	store_reader_done(k->app->store, db);
	return rc == RC_OK && ret->mark == k->t->login_mark && ret->expires_ms > clock_now_ms() &&
	       ret->token.n <= LOOKUP_TOKEN_MAX;
}

/* ---- the login ---- */

/* "a=b; Path=/" lines as "a=b; c=d", or the value of one name. */
static struct str cookies(struct lookup_work *k, struct str lines, struct str wanted)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(HTTP_KEPT_MAX);
	struct str line, pair, name;

	while (str_cut(&lines, '\n', &line)) {
		if (!str_cut(&line, ';', &pair))
			continue;
		pair = str_trim(pair);
		if (str_eqc(wanted, "*")) {
			sbuf_text(&b, b.n > 0 ? "; " : "");
			sbuf_str(&b, pair);
			continue;
		}
		if (str_cut(&pair, '=', &name) && str_eq(str_trim(name), wanted))
			return arena_str(&k->arena, pair);
	}
	return arena_str(&k->arena, sbuf_view(&b));
}

static struct str token_of(struct lookup_work *k, const struct lookup_exchange *x)
{
	struct str from = k->t->token_from, kind;
	struct str kept_lines = str_of(x->http.kept);

	if (!str_cut(&from, ':', &kind))
		return STR_NONE;
	if (str_eqc(kind, "json"))
		return json_str(lookup_at(x->root, from));
	if (str_eqc(kind, "cookie"))
		return cookies(k, kept_lines, from);
	return kept_lines;
}

static const char *header_of(struct lookup_work *k)
{
	struct str from = k->t->token_from, kind;

	if (!str_cut(&from, ':', &kind) || str_eqc(kind, "json"))
		return NULL;
	return str_eqc(kind, "cookie") ? "Set-Cookie" : arena_dup(&k->arena, from);
}

static int64_t ttl_ms(const struct lookup_work *k, const struct lookup_exchange *x)
{
	int64_t ttl = k->t->session_ttl_ms, seconds;

	if (k->t->ttl_from.n > 0 && json_i64(lookup_at(x->root, k->t->ttl_from), &seconds) &&
	    seconds > 0 && seconds < ttl / SECOND_MS)
		ttl = seconds * SECOND_MS;
	return ttl;
}

/* What can stand in a header or a form. */
static bool is_plain(struct str token)
{
	for (size_t i = 0; i < token.n; i++) {
		if ((unsigned char)token.p[i] < 0x20 || token.p[i] == 0x7f)
			return false;
	}
	return token.n > 0 && token.n <= LOOKUP_TOKEN_MAX;
}

struct fresh {
	struct str token;
	int64_t expires_ms, renew_ms;
};

static enum lookup_code judge(struct lookup_work *k, const struct lookup_exchange *x,
			      struct fresh *ret)
{
	int64_t now_ms = clock_now_ms(), ttl;

	if (lookup_holds(k->t->busy_when, x))
		lookup_fail(k, LOOKUP_BUSY, "the upstream wants fewer logins");
	else if (lookup_holds(k->t->login_refused_when, x))
		lookup_fail(k, LOOKUP_REFUSED, "the upstream refused the login");
	else if (x->http.status < 200 || x->http.status > 399)
		lookup_fail(k, LOOKUP_DOWN, "the upstream failed at the login");
	else {
		ret->token = token_of(k, x);
		if (!is_plain(ret->token)) {
			lookup_fail(k, LOOKUP_DOWN,
				    "the login's answer has no session where token_from says");
			return k->result.code;
		}
		ttl = ttl_ms(k, x);
		ret->expires_ms = now_ms + ttl;
		ret->renew_ms = now_ms + ttl * RENEW_NUM / RENEW_DEN;
		return LOOKUP_FOUND;
	}
	return k->result.code;
}

static enum lookup_code log_in(struct lookup_work *k, struct fresh *ret)
{
	AUTO(lookup_exchange_release) struct lookup_exchange x = LOOKUP_EXCHANGE;
	const struct template_value v[] = { { "username", k->t->username },
					    { "password", k->t->password } };
	const struct template_values values = { v, COUNT(v) };
	enum lookup_code code;

	if (lookup_call(k, &k->t->login, &values, header_of(k), &x) != RC_OK)
		return k->result.code;
	code = judge(k, &x, ret);
	if (code == LOOKUP_FOUND) {
		ret->token = arena_str(&k->arena, ret->token);
		if (ret->token.p == NULL) {
			lookup_fail(k, LOOKUP_DOWN, "no room for a session");
			return LOOKUP_DOWN;
		}
		keep(k, ret->token, ret->expires_ms);
	}
	log_event(code == LOOKUP_FOUND ? LOG_INFO : LOG_WARN, "lookup.logged_in", "connector",
		  k->t->slug, "outcome", lookup_code_name(code), "status", LOG_I64(x.http.status),
		  "ms", LOG_I64(x.http.duration_ms), NULL);
	return code;
}

/* ---- one for all ---- */

static void take(struct lookup_peer *p, const struct lookup_work *k, const struct fresh *f)
{
	p->there = str_copy(f->token, p->token, sizeof(p->token)); /* no NUL: json.h, http.h */
	p->mark = k->t->login_mark;
	p->made++;
	p->expires_ms = f->expires_ms;
	p->renew_ms = f->renew_ms;
	p->view.session_expires_ms = f->expires_ms;
}

/* Lock held at entry and exit, not between; p->logging_in keeps all others away. */
NO_THREAD_SAFETY static void make_session(struct lookups *l, struct lookup_peer *p,
					  struct lookup_work *k, bool look)
{
	struct lookup_session old;
	struct fresh f = { .token = STR_NONE };
	enum lookup_code code = LOOKUP_FOUND;
	bool from_disk;

	mtx_assert_held(&l->lock);
	p->logging_in = true;
	mtx_unlock(&l->lock);
	from_disk = look && kept(k, &old);
	if (from_disk)
		f = (struct fresh){ old.token, old.expires_ms,
				    old.expires_ms - k->t->session_ttl_ms / RENEW_DEN };
	else
		code = log_in(k, &f);
	mtx_lock(&l->lock);
	p->read = true;
	p->logging_in = false;
	p->tries++;
	p->last = code;
	(void)snprintf(p->last_error, sizeof(p->last_error), "%s", k->result.error); /* cut: fine */
	if (code == LOOKUP_FOUND)
		take(p, k, &f);
	if (code == LOOKUP_REFUSED)
		p->refused_until_ms = clock_now_ms() + LOOKUP_REFUSED_MS;
	p->view.logins += from_disk ? 0 : 1;
	p->view.logins_refused += code == LOOKUP_REFUSED;
	cnd_broadcast(&l->changed);
}

/* Lock held. Other settings, another session. */
static void check_mark(struct lookup_peer *p, const struct lookup_work *k)
{
	if (p->mark == k->t->login_mark)
		return;
	p->mark = k->t->login_mark;
	p->there = false;
	p->read = false;
	p->refused_until_ms = 0;
}

/* Waits for a login that somebody else does. False: it failed, or time is over; the result is set. */
static bool wait_for(struct lookups *l, struct lookup_peer *p, struct lookup_work *k)
{
	uint64_t tries = p->tries;

	mtx_assert_held(&l->lock);
	k->not_mine = true;
	while (p->logging_in && p->tries == tries && !l->stopping) {
		if (!cnd_wait(&l->changed, &l->lock, k->until_mono_us)) {
			lookup_fail(k, LOOKUP_DOWN, "the login took too long");
			return false;
		}
	}
	if (l->stopping) {
		lookup_fail(k, LOOKUP_DOWN, "the box is stopping");
		return false;
	}
	if (p->tries != tries && p->last != LOOKUP_FOUND) {
		lookup_fail(k, p->last, p->last_error);
		return false;
	}
	k->not_mine = false;
	return true;
}

/* Lock held. True: k's result or the session is there; `ret_code` says which. */
static bool settled(struct lookup_peer *p, struct lookup_work *k, uint64_t bad,
		    enum lookup_code *ret_code)
{
	int64_t now_ms = clock_now_ms();

	if (p->there && p->made == bad) {
		p->there = false;
		p->view.expired++;
		p->view.session_expires_ms = 0;
	}
	if (p->there && now_ms < p->expires_ms) {
		*ret_code = LOOKUP_FOUND;
		return true;
	}
	if (now_ms < p->refused_until_ms) {
		lookup_fail(k, LOOKUP_REFUSED, "the upstream refused the login a moment ago");
		*ret_code = LOOKUP_REFUSED;
		return true;
	}
	return false;
}

enum lookup_code lookup_session_need(struct lookup_work *k, uint64_t bad, struct str *ret_token,
				     uint64_t *ret_made)
{
	struct lookups *l = k->app->lookups;
	enum lookup_code code = LOOKUP_DOWN;
	struct lookup_peer *p;

	mtx_lock(&l->lock);
	p = lookup_pool_peer(l, k->t->id);
	ASSERT(p != NULL); /* lookup_ask has asked */
	check_mark(p, k);
	while (!settled(p, k, bad, &code)) {
		if (p->logging_in) {
			if (wait_for(l, p, k))
				continue;
			code = k->result.code;
			break;
		}
		make_session(l, p, k, !p->read && bad == 0);
		if (p->last == LOOKUP_FOUND && p->there)
			continue;
		code = p->last != LOOKUP_FOUND ? p->last : LOOKUP_DOWN;
		break;
	}
	if (code == LOOKUP_FOUND) {
		*ret_token = arena_str(&k->arena, str_of(p->token));
		*ret_made = p->made;
		if (ret_token->p == NULL) {
			lookup_fail(k, LOOKUP_DOWN, "no room for a session");
			code = LOOKUP_DOWN;
		}
	}
	mtx_unlock(&l->lock);
	if (bad != 0 && code != LOOKUP_FOUND)
		forget(k);
	return code;
}

/* Lock held. */
static bool is_due(const struct lookups *l, const struct lookup_peer *p,
		   const struct lookup_work *k)
{
	int64_t now_ms = clock_now_ms();

	return p != NULL && p->there && !p->logging_in && !l->stopping &&
	       p->mark == k->t->login_mark && now_ms >= p->renew_ms && now_ms < p->expires_ms &&
	       now_ms >= p->refused_until_ms;
}

bool lookup_session_due(struct lookup_work *k)
{
	struct lookups *l = k->app->lookups;
	bool due;

	if (k->t->login.url.n == 0)
		return false;
	mtx_lock(&l->lock);
	due = is_due(l, lookup_pool_peer(l, k->t->id), k);
	mtx_unlock(&l->lock);
	return due;
}

void lookup_session_renew(struct lookup_work *k)
{
	struct lookups *l = k->app->lookups;
	struct lookup_peer *p;

	mtx_lock(&l->lock);
	p = lookup_pool_peer(l, k->t->id);
	if (is_due(l, p, k)) {
		p->renew_ms = p->expires_ms; /* one try; the old one lives on until its end */
		make_session(l, p, k, false);
	}
	mtx_unlock(&l->lock);
}
