/* chatwoot_setup.c - see chatwoot_setup.h. Every step may be repeated: what is there is found again by its id. */
#include "flow/chatwoot/chatwoot_setup.h"

#include "base/enc.h"
#include "base/log.h"
#include "flow/upkeep_kinds.h"
#include "io/crypto.h"
#include "io/http.h"
#include "io/jsonw.h"
#include "store/channel/channel_state.h"
#include "store/chatwoot/chatwoot_setup.h"
#include "store/conversation/contact.h"
#include "store/setting/setting.h"

#define BODY_MAX    (64 * KIB)
#define BOT_NAME    "Totem"
#define INBOX_NAME  "Totem WhatsApp"
#define API_CHANNEL "Channel::Api"
#define WA_CHANNEL  "Channel::Whatsapp"
#define PHONE_MAX   40 /* bytes of a number, digits only */

struct setting_up {
	struct chatwoot_admin a;
	struct str version, base; /* of Chatwoot; this box as Chatwoot sees it */
	struct chatwoot_profile profile;
	struct chatwoot_inboxes inboxes;
	struct chatwoot_inbox inbox;
	struct chatwoot_bot bot;
	struct str webhook; /* our address in the inbox */
	char path_secret[2 * 16 + 1];
	struct sbuf warnings; /* JSON array, open */
	struct jsonw w;
};

static struct arena *arena_of(struct setting_up *s)
{
	return &s->a.u->w->arena;
}

static void warn(struct setting_up *s, enum chatwoot_warning which, struct str argument)
{
	jsonw_object(&s->w);
	jsonw_ktext(&s->w, "warning", chatwoot_warning_name(which));
	jsonw_kstr(&s->w, "about", argument);
	jsonw_end(&s->w);
}

/* ---- steps ---- */

static enum rc read_version(struct setting_up *s, struct err *e)
{
	TRY(chatwoot_admin_call(&s->a, &(struct chatwoot_ask){ "GET", "/api", STR_NONE, false },
				e));
	if (chatwoot_admin_version(s->a.answer, arena_of(s), &s->version, NULL) != RC_OK)
		return chatwoot_admin_refuse(&s->a, SETUP_NOT_CHATWOOT, s->a.t->url, e);
	return RC_OK;
}

static enum rc choose_account(struct setting_up *s, int64_t wanted, struct err *e)
{
	const struct chatwoot_account *found = NULL;

	TRY(chatwoot_admin_call(
		&s->a, &(struct chatwoot_ask){ "GET", "/api/v1/profile", STR_NONE, false }, e));
	if (chatwoot_admin_profile(s->a.answer, arena_of(s), &s->profile, NULL) != RC_OK)
		return chatwoot_admin_refuse(&s->a, SETUP_CHATWOOT_ODD, STR("profile"), e);
	for (size_t i = 0; i < s->profile.count; i++)
		if (s->profile.accounts[i].id == wanted || (wanted == 0 && s->profile.count == 1))
			found = &s->profile.accounts[i];
	if (found == NULL)
		return chatwoot_admin_refuse(
			&s->a, wanted == 0 ? SETUP_SEVERAL_ACCOUNTS : SETUP_NO_ACCOUNT, STR(""), e);
	if (!found->administrator)
		return chatwoot_admin_refuse(&s->a, SETUP_NOT_ADMIN, STR(""), e);
	s->a.account_id = found->id;
	return RC_OK;
}

static bool signs(const struct setting_up *s)
{
	return chatwoot_gate_open(CHATWOOT_GATE_SIGNATURE, s->version);
}

static void make_address(struct setting_up *s)
{
	struct str base = s->base;
	uint8_t random[16];

	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	if (signs(s)) {
		s->webhook = str_of(arena_printf(arena_of(s), "%.*s/webhooks/chatwoot/%s",
						 STRF(base), s->a.t->slug));
		return;
	}
	if (!str_copy(s->a.t->path_secret, s->path_secret, sizeof(s->path_secret)) ||
	    s->path_secret[0] == '\0') {
		crypto_random(random, sizeof(random));
		enc_hex(random, sizeof(random), s->path_secret);
	}
	s->webhook = str_of(arena_printf(arena_of(s), "%.*s/webhooks/chatwoot/%s/%s", STRF(base),
					 s->a.t->slug, s->path_secret));
}

/* Ours by its number, or because it calls this box; a name says nothing. */
static bool is_ours(const struct setting_up *s, const struct chatwoot_inbox *i)
{
	const char *path = arena_printf(&s->a.u->w->arena, "/webhooks/chatwoot/%s", s->a.t->slug);

	if (!str_eqc(i->channel, API_CHANNEL) || path == NULL)
		return false;
	if (i->id == s->a.t->inbox_id && s->a.t->account_id == s->a.account_id)
		return true;
	return str_eq(i->webhook_url, s->webhook) ||
	       (s->base.n > 0 && str_starts(i->webhook_url, s->base) &&
		str_find(i->webhook_url, str_of(path)) >= 0);
}

static enum rc find_inbox(struct setting_up *s, struct err *e)
{
	TRY(chatwoot_admin_call(
		&s->a, &(struct chatwoot_ask){ "GET", "{A}/inboxes", STR_NONE, false }, e));
	if (chatwoot_admin_inboxes(s->a.answer, arena_of(s), &s->inboxes, NULL) != RC_OK)
		return chatwoot_admin_refuse(&s->a, SETUP_CHATWOOT_ODD, STR("inboxes"), e);
	for (size_t i = 0; i < s->inboxes.count && s->inbox.id == 0; i++)
		if (is_ours(s, &s->inboxes.items[i]))
			s->inbox = s->inboxes.items[i];
	return RC_OK;
}

static enum rc keep_inbox(struct setting_up *s, struct err *e)
{
	if (chatwoot_admin_inbox(s->a.answer, arena_of(s), &s->inbox, NULL) != RC_OK)
		return chatwoot_admin_refuse(&s->a, SETUP_CHATWOOT_ODD, STR("inbox"), e);
	return RC_OK;
}

/* Makes it, or mends what differs. A second POST after one that got no answer finds the first one's by its webhook address. */
static enum rc put_inbox(struct setting_up *s, struct str name, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	const char *path;

	TRY(find_inbox(s, e));
	if (s->inbox.id == 0) {
		chatwoot_admin_inbox_body(name.n > 0 ? name : STR(INBOX_NAME), s->webhook, &body);
		TRY(chatwoot_admin_call(
			&s->a,
			&(struct chatwoot_ask){ "POST", "{A}/inboxes", sbuf_view(&body), false },
			e));
		TRY(keep_inbox(s, e));
	}
	path = arena_printf(arena_of(s), "{A}/inboxes/%lld", (long long)s->inbox.id);
	if (!s->inbox.lock || s->inbox.reply_hours != CHATWOOT_REPLY_HOURS ||
	    !str_eq(s->inbox.webhook_url, s->webhook)) {
		sbuf_reset(&body);
		chatwoot_admin_inbox_body(STR_NONE, s->webhook, &body);
		TRY(chatwoot_admin_call(
			&s->a, &(struct chatwoot_ask){ "PATCH", path, sbuf_view(&body), false },
			e));
	}
	TRY(chatwoot_admin_call(&s->a, &(struct chatwoot_ask){ "GET", path, STR_NONE, false }, e));
	return keep_inbox(s, e);
}

/* Not needed for anything but the name above the assistant's words: what goes wrong is a warning. */
static enum rc put_bot(struct setting_up *s, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(BODY_MAX);
	struct err why = { .rc = RC_OK };
	enum rc rc;

	if (s->a.t->bot_token.n > 0 && s->a.t->bot_id > 0) {
		s->bot = (struct chatwoot_bot){ s->a.t->bot_id, s->a.t->bot_token };
		return RC_OK;
	}
	chatwoot_admin_bot_body(STR(BOT_NAME), &body);
	rc = chatwoot_admin_call(
		&s->a, &(struct chatwoot_ask){ "POST", "{A}/agent_bots", sbuf_view(&body), false },
		&why);
	if (rc == RC_OK && chatwoot_admin_bot(s->a.answer, arena_of(s), &s->bot, NULL) != RC_OK)
		s->bot = (struct chatwoot_bot){ .id = 0 };
	if (rc == RC_REFUSED)
		s->a.refused = false;
	else if (rc != RC_OK)
		return FAIL(e, rc, "%s", why.text);
	if (s->bot.token.n == 0)
		warn(s, CHATWOOT_WARNING_NO_BOT, STR_NONE);
	return RC_OK;
}

/* ---- warnings ---- */

static void warn_network(struct setting_up *s)
{
	struct str host = chatwoot_admin_host(s->base);

	if (chatwoot_host_loopback(host))
		warn(s, CHATWOOT_WARNING_LOOPBACK, host);
	if (!chatwoot_host_private(host) || !chatwoot_gate_open(CHATWOOT_GATE_GUARD, s->version))
		return;
	warn(s,
	     chatwoot_gate_open(CHATWOOT_GATE_GUARD_SWITCH, s->version)
		     ? CHATWOOT_WARNING_PRIVATE_NETWORK
		     : CHATWOOT_WARNING_NO_WAY_OUT,
	     host);
}

static void warn_version(struct setting_up *s)
{
	if (!chatwoot_gate_open(CHATWOOT_GATE_SOURCE_ID, s->version))
		warn(s, CHATWOOT_WARNING_TOO_OLD, s->version);
	if (!chatwoot_gate_open(CHATWOOT_GATE_STATUS, s->version))
		warn(s, CHATWOOT_WARNING_NO_STATUS, s->version);
	if (!signs(s))
		warn(s, CHATWOOT_WARNING_PATH_SECRET, s->version);
	if (chatwoot_gate_open(CHATWOOT_GATE_HOOK_TIMEOUT, s->version))
		warn(s, CHATWOOT_WARNING_HOOK_TIMEOUT, STR_NONE);
	warn(s, CHATWOOT_WARNING_RATE_LIMIT, STR_NONE);
}

/* "+55 11 4002-8922" in the spelling under which variants meet (R12); empty: no number. */
static void phone_key(struct str phone, char ret[static PHONE_MAX])
{
	char digits[PHONE_MAX];
	size_t n = 0;

	for (size_t i = 0; i < phone.n && n + 1 < sizeof(digits); i++)
		if (phone.p[i] >= '0' && phone.p[i] <= '9')
			digits[n++] = phone.p[i];
	contact_match(str_n(digits, n), ret, PHONE_MAX);
}

/* By Meta's id, or by the number that the provider told us of the channel, in any spelling. */
static enum rc is_our_number(struct setting_up *s, struct db *db, const struct chatwoot_inbox *b,
			     bool *ret, struct err *e)
{
	const struct config *config = s->a.u->config;
	char wanted[PHONE_MAX], own[PHONE_MAX];

	*ret = false;
	phone_key(b->phone, wanted);
	for (size_t i = 0; i < config->channel_count && !*ret; i++) {
		const struct channel *ch = &config->channels[i];
		struct str number;
		enum rc rc;

		if (ch->company_id != s->a.t->company_id)
			continue;
		*ret = b->phone_id.n > 0 && str_eq(b->phone_id, ch->phone_number_id);
		rc = channel_fact_get(db, ch->id, FACT_DISPLAY_NUMBER, arena_of(s), &number, e);
		if (rc == RC_ABSENT) {
			err_clear(e);
			continue;
		}
		TRY(rc);
		phone_key(number, own);
		*ret = *ret || (own[0] != '\0' && strcmp(own, wanted) == 0);
	}
	return RC_OK;
}

/* Other ways of the same numbers into Chatwoot; an inbox of Chatwoot's own for another number disturbs nobody. */
static enum rc warn_inboxes(struct setting_up *s, struct err *e)
{
	struct db *db = store_reader(s->a.u->w->app->store);
	enum rc rc = RC_OK;

	for (size_t i = 0; i < s->inboxes.count && rc == RC_OK; i++) {
		const struct chatwoot_inbox *b = &s->inboxes.items[i];
		bool ours = false;

		if (str_eqc(b->channel, WA_CHANNEL))
			rc = is_our_number(s, db, b, &ours, e);
		if (ours)
			warn(s, CHATWOOT_WARNING_NATIVE_INBOX, b->phone.n > 0 ? b->phone : b->name);
		else if (b->id != s->inbox.id &&
			 str_find(b->webhook_url, STR("/chatwoot/webhook/")) >= 0)
			warn(s, CHATWOOT_WARNING_OTHER_BRIDGE, b->name);
	}
	store_reader_done(s->a.u->w->app->store, db);
	return rc;
}

/* Files have addresses of FRONTEND_URL: is that a Chatwoot that we reach? */
static void warn_frontend(struct setting_up *s)
{
	struct http_answer ans = HTTP_ANSWER;
	struct err e = { .rc = RC_OK };
	struct str named;
	char *url;

	if (chatwoot_admin_call(&s->a,
				&(struct chatwoot_ask){ "GET", "/app/login", STR_NONE, false },
				&e) != RC_OK) {
		s->a.refused = false; /* it has no such page: nothing is known */
		return;
	}
	named = chatwoot_admin_frontend(s->a.answer);
	url = arena_printf(arena_of(s), "%.*s/api", STRF(named));
	if (named.n == 0 || url == NULL || str_starts(named, s->a.t->url))
		return;
	if (chatwoot_admin_host(named).n == 0 ||
	    http_do(s->a.u->w->http,
		    &(struct http_request){ .method = "GET", .url = url, .timeout_ms = 5000 }, &ans,
		    &e) != RC_OK)
		warn(s, CHATWOOT_WARNING_FRONTEND_URL, named);
	http_answer_release(&ans);
}

/* ---- the end ---- */

static enum rc put(struct tx *tx, const struct setting_up *s, const char *name, struct str value,
		   struct err *e)
{
	char key[100];

	(void)snprintf(key, sizeof(key), "chatwoot.%s.%s", s->a.t->slug, name); /* fits */
	return setting_put(tx, s->a.u->w->app->seal_key, str_of(key), value, e);
}

static enum rc put_number(struct tx *tx, const struct setting_up *s, const char *name, int64_t v,
			  struct err *e)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)v);
	return put(tx, s, name, str_of(text), e);
}

static void write_found(struct setting_up *s, struct sbuf *to)
{
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_karray(&w, "accounts");
	for (size_t i = 0; i < s->profile.count; i++) {
		jsonw_object(&w);
		jsonw_ki64(&w, "id", s->profile.accounts[i].id);
		jsonw_kstr(&w, "name", s->profile.accounts[i].name);
		jsonw_kbool(&w, "administrator", s->profile.accounts[i].administrator);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	if (s->inbox.id > 0) {
		jsonw_kobject(&w, "inbox");
		jsonw_ki64(&w, "id", s->inbox.id);
		jsonw_kstr(&w, "name", s->inbox.name);
		jsonw_kbool(&w, "signed", s->inbox.secret.n > 0 && signs(s));
		jsonw_end(&w);
	}
	if (s->a.code != SETUP_FINE) { /* told in the reader's language */
		jsonw_kobject(&w, "trouble");
		jsonw_ktext(&w, "code", setup_code_name(s->a.code));
		jsonw_ktext(&w, "about", s->a.about);
		jsonw_end(&w);
	}
	jsonw_kraw(&w, "warnings", sbuf_view(&s->warnings));
	jsonw_end(&w);
}

struct ending {
	struct setting_up *s;
	struct chatwoot_setup_row row;
	bool done;
};

static enum rc end_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct ending *x = arg;

	return chatwoot_setup_put(tx, &x->row, e);
}

static enum rc settings_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct ending *x = arg;
	const struct setting_up *s = x->s;

	TRY(put(tx, s, "version", s->version, e));
	TRY(put_number(tx, s, "account_id", s->a.account_id, e));
	TRY(put_number(tx, s, "inbox_id", s->inbox.id, e));
	if (s->inbox.identifier.n > 0)
		TRY(put(tx, s, "inbox_identifier", s->inbox.identifier, e));
	if (s->path_secret[0] != '\0')
		TRY(put(tx, s, "path_secret", str_of(s->path_secret), e));
	else if (s->inbox.secret.n > 0)
		TRY(put(tx, s, "secret", s->inbox.secret, e));
	if (s->bot.token.n == 0)
		return RC_OK;
	TRY(put_number(tx, s, "bot_id", s->bot.id, e));
	return put(tx, s, "bot_token", s->bot.token, e);
}

static enum rc end(struct setting_up *s, const char *state, const char *why, struct err *e)
{
	AUTO(sbuf_release) struct sbuf found = SBUF(BODY_MAX);
	struct ending x = { .s = s, .done = strcmp(state, "done") == 0 };

	while (s->w.depth > 0)
		jsonw_end(&s->w);
	write_found(s, &found);
	x.row = (struct chatwoot_setup_row){ .target_id = s->a.t->id,
					     .state = str_of(state),
					     .detail = str_of(why),
					     .version = s->version,
					     .found = sbuf_view(&found) };
	if (x.done) { /* first: who reads "done" finds it working */
		TRY(store_write(s->a.u->w->app->store, STORE_NORMAL, settings_unit, &x, e));
		TRY(config_reload(s->a.u->w->app, e));
	}
	TRY(store_write(s->a.u->w->app->store, STORE_NORMAL, end_unit, &x, e));
	log_event(x.done ? LOG_INFO : LOG_WARN, "chatwoot.setup", "target", s->a.t->slug, "state",
		  state, "version", arena_printf(arena_of(s), "%.*s", STRF(s->version)), "why", why,
		  NULL);
	return RC_OK;
}

static enum rc steps(struct setting_up *s, struct err *e)
{
	const struct json *args = s->a.u->args;

	if (s->a.t->url.n == 0 || s->a.t->token.n == 0)
		return chatwoot_admin_refuse(&s->a, SETUP_NOT_SET,
					     STR("chatwoot.*.url, chatwoot.*.token"), e);
	if (chatwoot_admin_host(s->base).n == 0)
		return chatwoot_admin_refuse(&s->a, SETUP_NOT_SET, STR("webhook_base"), e);
	TRY(read_version(s, e));
	TRY(choose_account(s, json_get_i64_or(args, "account_id", 0), e));
	make_address(s);
	TRY(put_inbox(s, json_get_str(args, "inbox_name"), e));
	if (signs(s) && s->inbox.secret.n == 0)
		return chatwoot_admin_refuse(&s->a, SETUP_NO_SECRET, STR(""), e);
	TRY(put_bot(s, e));
	warn_network(s);
	TRY(warn_inboxes(s, e));
	warn_frontend(s);
	warn_version(s);
	return RC_OK;
}

enum rc chatwoot_setup_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct setting_up s = { .a = { .u = u, .t = config_chatwoot(u->config, u->ref) },
				.warnings = SBUF(BODY_MAX) };
	struct err why = { .rc = RC_OK };
	enum rc rc, said;

	*ret_next_ms = 0;
	if (s.a.t == NULL)
		return RC_OK; /* the target is gone */
	s.base = json_get_str(u->args, "webhook_base");
	jsonw_init(&s.w, &s.warnings);
	jsonw_array(&s.w);
	rc = steps(&s, &why);
	said = rc == RC_OK   ? end(&s, "done", NULL, e)
	       : s.a.refused ? end(&s, "failed", s.a.why, e)
			     : end(&s, "waiting", s.a.code != SETUP_FINE ? s.a.why : why.text, e);
	sbuf_release(&s.warnings);
	crypto_zero(s.path_secret, sizeof(s.path_secret));
	TRY(said);
	if (rc == RC_OK || s.a.refused)
		return RC_OK;
	*e = why;
	return rc;
}
