/* channel_check_judge.c - what a look at a number means for people: incidents of token, number, quality, health,
 * subscription, address and version. */
#include "base/clock.h"
#include "flow/channel/channel_check.h"
#include "flow/outside/outside.h"
#include "io/json.h"
#include "store/channel/channel_state.h"
#include "store/incident.h"
#include "store/target.h"

#define SILENT_CHECK_MS (3 * HOUR_MS) /* Meta could not be asked for so long: worth telling */

struct judge {
	struct tx *tx;
	const struct check *k;
	char subject[TARGET_NAME_MAX];
};

/* C text of a piece of an answer. */
struct piece {
	char text[INCIDENT_ARG_MAX + 1];
};

static const char *piece(struct piece *p, struct str s)
{
	(void)snprintf(p->text, sizeof(p->text), "%.*s", STRF(s));
	return p->text;
}

static enum rc raise(const struct judge *j, enum incident_code code,
		     const struct incident_args *args, struct err *e)
{
	return incident_raise(j->tx, code, j->subject, args, e);
}

static enum rc over(const struct judge *j, enum incident_code code, struct err *e)
{
	return incident_close(j->tx, incident_kind(code), j->subject, e);
}

/* ---- token ---- */

static enum rc expiry(const struct judge *j, int64_t ends_ms, struct err *e)
{
	int64_t left_ms = ends_ms - j->tx->now_ms, days = (left_ms + DAY_MS - 1) / DAY_MS;
	char number[24], date[CLOCK_TEXT_MAX];
	enum incident_code code;

	if (ends_ms == 0 || days > TOKEN_DAYS_FIRST)
		return over(j, INCIDENT_TOKEN_EXPIRES, e);
	if (left_ms <= 0)
		return raise(j, INCIDENT_TOKEN_INVALID, NULL, e);
	code = days <= TOKEN_DAYS_NOW    ? INCIDENT_TOKEN_EXPIRES_NOW
	       : days <= TOKEN_DAYS_SOON ? INCIDENT_TOKEN_EXPIRES_SOON
					 : INCIDENT_TOKEN_EXPIRES;
	(void)snprintf(number, sizeof(number), "%lld", (long long)days);
	clock_text(ends_ms, date);
	date[10] = '\0'; /* the day */
	return raise(j, code, &(struct incident_args){ { number, date } }, e);
}

static enum rc token(const struct judge *j, struct err *e)
{
	const struct meta_token *t = &j->k->token;
	int64_t ends_ms = t->expires_ms;

	if (j->k->token_rc == RC_REFUSED && (j->k->no.code == 190 || j->k->no.code == 0))
		return raise(j, INCIDENT_TOKEN_INVALID, NULL, e);
	if (j->k->token_rc != RC_OK)
		return RC_OK;
	if (!t->valid)
		return raise(j, INCIDENT_TOKEN_INVALID, NULL, e);
	if (t->scopes.n > 2 && !t->may_send) /* an answer without scopes says nothing */
		return raise(j, INCIDENT_TOKEN_SCOPES,
			     &(struct incident_args){ { "whatsapp_business_messaging" } }, e);
	if (t->scopes.n > 2 && !t->may_manage)
		return raise(j, INCIDENT_TOKEN_SCOPES,
			     &(struct incident_args){ { "whatsapp_business_management" } }, e);
	if (t->data_expires_ms > 0 && (ends_ms == 0 || t->data_expires_ms < ends_ms))
		ends_ms = t->data_expires_ms;
	return expiry(j, ends_ms, e);
}

/* ---- number ---- */

static enum rc status(const struct judge *j, struct err *e)
{
	const struct meta_number *n = &j->k->number;
	struct piece a = { "" };

	if (n->status.n > 0 && !str_eqc(n->status, "CONNECTED"))
		TRY(raise(j, INCIDENT_NUMBER_STATUS,
			  &(struct incident_args){ { piece(&a, n->status) } }, e));
	else if (n->status.n > 0)
		TRY(over(j, INCIDENT_NUMBER_STATUS, e));
	if (str_eqc(n->quality_rating, "RED") || str_eqc(n->quality_rating, "YELLOW"))
		TRY(raise(j, INCIDENT_QUALITY_LOW,
			  &(struct incident_args){ { piece(&a, n->quality_rating) } }, e));
	else if (n->quality_rating.n > 0)
		TRY(over(j, INCIDENT_QUALITY_LOW, e));
	if (str_eqc(n->name_status, "DECLINED") || str_eqc(n->name_status, "EXPIRED"))
		return raise(j, INCIDENT_NAME_REJECTED,
			     &(struct incident_args){ { piece(&a, n->name_status) } }, e);
	return n->name_status.n > 0 ? over(j, INCIDENT_NAME_REJECTED, e) : RC_OK;
}

/* The first entity that has an error says why, and what to do (3.8). */
static enum rc health(const struct judge *j, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct meta_number *n = &j->k->number;
	struct piece what = { "" }, how = { "" };
	const struct json *error = NULL;

	if (n->can_send.n == 0)
		return RC_OK;
	if (str_eqc(n->can_send, "AVAILABLE"))
		return over(j, INCIDENT_HEALTH_LIMITED, e);
	if (json_parse(n->health, &root, NULL) == RC_OK) {
		for (const struct json *one = json_first(json_get(root, "entities"));
		     one != NULL && error == NULL; one = json_next(one))
			error = json_first(json_get(one, "errors"));
	}
	return raise(j, INCIDENT_HEALTH_LIMITED,
		     &(struct incident_args){
			     { str_eqc(n->can_send, "BLOCKED") ? "BLOCKED" : "LIMITED",
			       piece(&what, json_get_str(error, "error_description")),
			       piece(&how, json_get_str(error, "possible_solution")) } },
		     e);
}

static enum rc number(const struct judge *j, struct err *e)
{
	struct piece why = { "" };
	int64_t checked_ms;

	if (j->k->number_rc == RC_OK) {
		TRY(status(j, e));
		TRY(health(j, e));
		return over(j, INCIDENT_CHECK_FAILED, e);
	}
	TRY(channel_fact_get_i64(j->tx->db, j->k->ch->id, FACT_CHECKED, 0, &checked_ms, e));
	if (j->k->number_rc != RC_REFUSED &&
	    (checked_ms == 0 || j->tx->now_ms - checked_ms < SILENT_CHECK_MS))
		return RC_OK; /* weather */
	return raise(j, INCIDENT_CHECK_FAILED,
		     &(struct incident_args){ { piece(&why, str_of(j->k->error)) } }, e);
}

/* ---- webhooks ---- */

static enum rc subscription(const struct judge *j, struct err *e)
{
	const struct check *k = j->k;
	bool field_lost =
		k->subscription_rc == RC_OK &&
		(!k->subscription.found || !k->subscription.active || !k->subscription.messages);

	if (k->subscribed_rc == RC_OK && !k->subscribed.ours)
		return raise(j, INCIDENT_NOT_SUBSCRIBED, NULL, e);
	if (field_lost)
		return raise(j, INCIDENT_FIELD_MISSING, NULL, e);
	return k->subscribed_rc == RC_OK || k->subscription_rc == RC_OK
		       ? over(j, INCIDENT_NOT_SUBSCRIBED, e)
		       : RC_OK;
}

struct str channel_check_hook_url(const struct config *c, struct arena *a)
{
	struct str base = setting_str(c->settings, "public_url");
	char *url;

	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	if (base.n == 0)
		return STR_NONE;
	url = arena_printf(a, "%.*s/webhooks/whatsapp", STRF(base));
	return str_of(url);
}

struct str channel_check_callback(const struct check *k)
{
	if (k->number_rc == RC_OK && k->number.override_uri.n > 0)
		return k->number.override_uri;
	if (k->subscribed_rc == RC_OK && k->subscribed.override_uri.n > 0)
		return k->subscribed.override_uri;
	if (k->number_rc == RC_OK && k->number.callback.n > 0)
		return k->number.callback;
	return k->subscription_rc == RC_OK ? k->subscription.callback : STR_NONE;
}

/* "/webhooks/whatsapp" and "/webhooks/whatsapp/main" are both ours. */
bool channel_check_is_ours(struct str callback, struct str hook_url)
{
	return str_ieq(str_sub(callback, 0, hook_url.n), hook_url) &&
	       (callback.n == hook_url.n || callback.p[hook_url.n] == '/');
}

static enum rc address(const struct judge *j, struct err *e)
{
	struct str ours = channel_check_hook_url(j->k->u->config, &j->k->u->w->arena);
	struct str theirs = channel_check_callback(j->k);
	struct piece a = { "" }, b = { "" };

	if (ours.n == 0 || theirs.n == 0)
		return RC_OK;
	if (channel_check_is_ours(theirs, ours))
		return over(j, INCIDENT_WEBHOOK_ELSEWHERE, e);
	return raise(j, INCIDENT_WEBHOOK_ELSEWHERE,
		     &(struct incident_args){ { piece(&a, theirs), piece(&b, ours) } }, e);
}

static enum rc version(const struct judge *j, struct err *e)
{
	struct piece asked = { "" };

	if (j->k->version_seen[0] == '\0')
		return RC_OK;
	if (str_eqc(j->k->ch->version, j->k->version_seen))
		return over(j, INCIDENT_VERSION_DRIFT, e);
	return raise(
		j, INCIDENT_VERSION_DRIFT,
		&(struct incident_args){ { piece(&asked, j->k->ch->version), j->k->version_seen } },
		e);
}

enum rc channel_check_judge(struct tx *tx, const struct check *k, struct err *e)
{
	struct judge j = { .tx = tx, .k = k };

	(void)snprintf(j.subject, sizeof(j.subject), "channel.%s", k->ch->slug);
	TRY(token(&j, e));
	TRY(number(&j, e));
	TRY(subscription(&j, e));
	TRY(address(&j, e));
	return version(&j, e);
}
