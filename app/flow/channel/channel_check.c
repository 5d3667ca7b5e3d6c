/* channel_check.c - kind `channel.check` of upkeep: asks Meta how a number, its token and its webhooks are
 * (meta-cloud-api.md 3.8) and keeps the answers as facts of the channel.
 *
 * Asked outside any transaction, written in one unit. A question that Meta refuses costs only its own facts: a token
 * without the management permission can still send. */
#include "base/log.h"
#include "flow/channel/channel_check.h"
#include "flow/upkeep_kinds.h"
#include "io/http.h"
#include "store/channel/channel_state.h"

/* Codes with which the Graph API refuses a token: its signature (here: made with the app secret), its app (4.1). */
#define META_NO_TOKEN 190
#define META_NO_APP   101

int64_t channel_check_every(const struct config *c, const struct channel *ch)
{
	(void)c;
	return ch->token.n > 0 && ch->phone_number_id.n > 0 ? ch->check_every_ms : 0;
}

/* ---- asking ---- */

static enum rc ask(struct check *k, enum meta_question what, struct str id, struct str bearer,
		   struct http_answer *ans, struct err *e)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(HTTP_URL_MAX);
	const struct meta_asked q = { .what = what,
				      .base = k->ch->base_url,
				      .version = k->ch->version,
				      .id = id,
				      .token = k->ch->token };
	struct http_header header;
	char *value = arena_printf(&k->u->w->arena, "Bearer %.*s", STRF(bearer));
	enum rc rc;

	if (value == NULL)
		return FAIL(e, RC_LIMIT, "no room for the token");
	header = (struct http_header){ "Authorization", value };
	TRY(meta_health_url(&q, &url, e));
	rc = http_do(k->u->w->http,
		     &(struct http_request){ .method = "GET",
					     .url = sbuf_c(&url),
					     .headers = &header,
					     .header_count = 1,
					     .timeout_ms = k->ch->timeout_ms },
		     ans, e);
	if (rc == RC_OK && ans->usage[0] != '\0')
		memcpy(k->usage, ans->usage, sizeof(k->usage));
	if (rc == RC_OK && ans->api_version[0] != '\0' && k->version_seen[0] == '\0')
		memcpy(k->version_seen, ans->api_version, sizeof(k->version_seen));
	return rc;
}

/* The first trouble is what people read. */
static enum rc heard(struct check *k, const char *what, enum rc rc, const struct meta_refusal *no,
		     const struct err *why)
{
	if (rc == RC_OK || k->error[0] != '\0')
		return rc;
	k->no = *no;
	(void)snprintf(k->error, sizeof(k->error), "%s: %s%s%.*s", what, why->text,
		       no->message.n > 0 ? ": " : "", STRF(no->message));
	return rc;
}

static void ask_token(struct check *k)
{
	struct http_answer ans = HTTP_ANSWER;
	struct meta_refusal no = { .code = -1 };
	struct err why = { 0 };
	enum rc rc = ask(k, META_ASK_TOKEN, STR_NONE, k->ch->token, &ans, &why);

	if (rc == RC_OK)
		rc = meta_health_token(sbuf_view(&ans.body), &k->u->w->arena, &k->token, &no, &why);
	k->token_rc = heard(k, "token", rc, &no, &why);
	http_answer_release(&ans);
}

static void ask_number(struct check *k)
{
	struct http_answer ans = HTTP_ANSWER;
	struct meta_refusal no = { .code = -1 };
	struct err why = { 0 };
	enum rc rc = ask(k, META_ASK_NUMBER, k->ch->phone_number_id, k->ch->token, &ans, &why);

	if (rc == RC_OK)
		rc = meta_health_number(sbuf_view(&ans.body), &k->u->w->arena, &k->number, &no,
					&why);
	k->number_rc = heard(k, "number", rc, &no, &why);
	http_answer_release(&ans);
}

static void ask_subscribed(struct check *k)
{
	struct http_answer ans = HTTP_ANSWER;
	struct meta_refusal no = { .code = -1 };
	struct err why = { 0 };
	enum rc rc;

	k->subscribed_rc = RC_ABSENT;
	if (k->ch->waba_id.n == 0)
		return;
	rc = ask(k, META_ASK_SUBSCRIBED, k->ch->waba_id, k->ch->token, &ans, &why);
	if (rc == RC_OK)
		rc = meta_health_subscribed(sbuf_view(&ans.body), k->token.app_id, &k->u->w->arena,
					    &k->subscribed, &no, &why);
	k->subscribed_rc = heard(k, "subscribed_apps", rc, &no, &why);
	http_answer_release(&ans);
}

/* Only an app token may ask this; it is made of the app's id (the token knows it) and the app secret. */
static void ask_subscriptions(struct check *k)
{
	struct http_answer ans = HTTP_ANSWER;
	struct meta_refusal no = { .code = -1 };
	struct err why = { 0 };
	char *bearer;
	enum rc rc;

	k->subscription_rc = RC_ABSENT;
	if (k->token.app_id.n == 0 || k->ch->app_secrets.n == 0)
		return;
	bearer = arena_printf(&k->u->w->arena, "%.*s|%.*s", STRF(k->token.app_id),
			      STRF(k->ch->app_secrets.s[0]));
	if (bearer == NULL)
		return;
	rc = ask(k, META_ASK_SUBSCRIPTIONS, k->token.app_id, str_of(bearer), &ans, &why);
	if (rc == RC_OK)
		rc = meta_health_subscriptions(sbuf_view(&ans.body), &k->u->w->arena,
					       &k->subscription, &no, &why);
	k->subscription_rc = heard(k, "subscriptions", rc, &no, &why);
	k->secret_refused =
		rc == RC_REFUSED && (no.code == META_NO_TOKEN || no.code == META_NO_APP);
	http_answer_release(&ans);
}

void channel_check_ask(struct check *k)
{
	ask_token(k);
	ask_number(k);
	ask_subscribed(k);
	ask_subscriptions(k);
}

void channel_check_secret(struct check *k)
{
	ask_token(k);
	ask_subscriptions(k);
}

/* ---- keeping ---- */

struct fact {
	enum channel_fact fact;
	struct str value;
};

static enum rc put(struct tx *tx, struct check *k, const struct fact *facts, size_t n,
		   struct err *e)
{
	bool changed;

	for (size_t i = 0; i < n; i++) {
		TRY(channel_fact_set(tx, k->ch->id, facts[i].fact, facts[i].value, &changed, e));
		if (changed &&
		    (facts[i].fact == FACT_ON_BIZ_APP || facts[i].fact == FACT_THROUGHPUT))
			k->rate_changed = true;
	}
	return RC_OK;
}

static struct str yes_no(bool is)
{
	return is ? STR("1") : STR("0");
}

static enum rc put_number(struct tx *tx, struct check *k, struct err *e)
{
	const struct meta_number *n = &k->number;
	const struct fact facts[] = {
		{ FACT_DISPLAY_NUMBER, n->display_phone_number },
		{ FACT_VERIFIED_NAME, n->verified_name },
		{ FACT_STATUS, n->status },
		{ FACT_QUALITY, n->quality_rating },
		{ FACT_NAME_STATUS, n->name_status },
		{ FACT_CODE_STATUS, n->code_verification_status },
		{ FACT_THROUGHPUT, n->throughput },
		{ FACT_PLATFORM, n->platform_type },
		{ FACT_TIER, n->limit },
		{ FACT_CAN_SEND, n->can_send },
		{ FACT_HEALTH, n->health.n <= CHANNEL_VALUE_MAX ? n->health : STR_NONE },
		{ FACT_ON_BIZ_APP, n->on_biz_app < 0 ? STR_NONE : yes_no(n->on_biz_app == 1) },
		{ FACT_CALLBACK_URI, n->callback },
		{ FACT_OVERRIDE_URI, n->override_uri },
	};

	return k->number_rc == RC_OK ? put(tx, k, facts, COUNT(facts), e) : RC_OK;
}

static enum rc put_token(struct tx *tx, struct check *k, struct err *e)
{
	const struct meta_token *t = &k->token;
	const struct fact facts[] = {
		{ FACT_TOKEN_VALID, yes_no(t->valid) },
		{ FACT_TOKEN_SCOPES, t->scopes },
		{ FACT_APP_ID, t->app_id },
	};

	if (k->token_rc != RC_OK)
		return RC_OK;
	TRY(put(tx, k, facts, COUNT(facts), e));
	TRY(channel_fact_set_i64(tx, k->ch->id, FACT_TOKEN_EXPIRES, t->expires_ms, e));
	return channel_fact_set_i64(tx, k->ch->id, FACT_TOKEN_DATA_EXPIRES, t->data_expires_ms, e);
}

static enum rc put_webhooks(struct tx *tx, struct check *k, struct err *e)
{
	const struct meta_subscription *s = &k->subscription;

	if (k->subscribed_rc == RC_OK) {
		TRY(channel_fact_set(tx, k->ch->id, FACT_SUBSCRIBED, yes_no(k->subscribed.ours),
				     NULL, e));
		if (k->subscribed.override_uri.n > 0)
			TRY(channel_fact_set(tx, k->ch->id, FACT_OVERRIDE_URI,
					     k->subscribed.override_uri, NULL, e));
	}
	if (k->subscription_rc != RC_OK || !s->found)
		return RC_OK;
	TRY(channel_fact_set(tx, k->ch->id, FACT_WEBHOOK_FIELDS, s->fields, NULL, e));
	if (k->number.callback.n == 0 && s->callback.n > 0)
		TRY(channel_fact_set(tx, k->ch->id, FACT_CALLBACK_URI, s->callback, NULL, e));
	return RC_OK;
}

/* Kept as it came when it is JSON. */
static enum rc put_usage(struct tx *tx, const struct check *k, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	if (k->usage[0] == '\0' || json_parse(str_of(k->usage), &root, NULL) != RC_OK)
		return RC_OK;
	return channel_fact_set(tx, k->ch->id, FACT_USAGE, str_of(k->usage), NULL, e);
}

/* Meta answered, whatever it was. */
static bool reached(const struct check *k)
{
	return k->number_rc == RC_OK || k->number_rc == RC_REFUSED;
}

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	struct check *k = arg;
	const struct fact facts[] = {
		{ FACT_VERSION_ASKED, k->ch->version },
		{ FACT_CHECK_ERROR, k->error[0] != '\0' ? str_of(k->error) : STR_NONE },
	};

	TRY(put_token(tx, k, e));
	TRY(put_number(tx, k, e));
	TRY(put_webhooks(tx, k, e));
	TRY(put(tx, k, facts, COUNT(facts), e));
	if (k->version_seen[0] != '\0')
		TRY(channel_fact_set(tx, k->ch->id, FACT_VERSION_SEEN, str_of(k->version_seen),
				     NULL, e));
	TRY(put_usage(tx, k, e));
	TRY(channel_check_judge(tx, k, e));
	return reached(k) ? channel_fact_set_i64(tx, k->ch->id, FACT_CHECKED, tx->now_ms, e)
			  : RC_OK;
}

enum rc channel_check_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct check k = { .u = u, .ch = u->channel };

	(void)ret_next_ms;
	if (k.ch->token.n == 0 || k.ch->phone_number_id.n == 0)
		return RC_OK; /* nothing to ask with */
	channel_check_ask(&k);
	TRY(store_write(u->w->app->store, STORE_NORMAL, keep_unit, &k, e));
	if (k.rate_changed)
		TRY(config_reload(u->w->app, e));
	return reached(&k) ? RC_OK : FAIL(e, RC_RETRY, "%.200s", k.error);
}
