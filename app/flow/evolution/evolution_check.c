/* evolution_check.c - kinds "evolution.check" (version, connection, licence) and "evolution.connect" (webhook, QR code)
 * of upkeep. Asked outside any transaction, kept in one unit. */
#include "flow/evolution/evolution.h"
#include "flow/evolution/evolution_call.h"
#include "flow/upkeep_kinds.h"
#include "peer/evolution/evolution_ask.h"
#include "store/channel/channel_state.h"
#include "store/incident.h"

#define CLOSED_AGAIN_MS (2 * MINUTE_MS)

struct check {
	const struct channel *ch;
	char version[EVOLUTION_VERSION_MAX]; /* empty: not told */
	struct str state;
	struct wa_link link;
	enum rc rc; /* of the state or the QR code; RC_CONFLICT: licence */
	struct err why;
};

int64_t evolution_check_every(const struct config *c, const struct channel *ch)
{
	(void)c;
	return ch->instance.n > 0 && ch->api_key.n > 0 ? ch->check_every_ms : 0;
}

static void ask_version(struct upkeep_run *u, struct check *k)
{
	struct http_answer ans = HTTP_ANSWER;
	const struct evolution_asked q = {
		.channel = k->ch, .method = "GET", .path = "", .bare = true
	};

	if (evolution_call(u->w, &q, &ans, NULL) == RC_OK &&
	    evolution_ask_version(ans.status, sbuf_view(&ans.body), k->version, NULL) != RC_OK)
		k->version[0] = '\0'; /* an older or another server: sends name no key then */
	http_answer_release(&ans);
}

static void ask_state(struct upkeep_run *u, struct check *k)
{
	struct http_answer ans = HTTP_ANSWER;
	const struct evolution_asked q = { .channel = k->ch,
					   .method = "GET",
					   .path = "instance/connectionState" };

	k->rc = evolution_call(u->w, &q, &ans, &k->why);
	if (k->rc == RC_OK)
		k->rc = evolution_ask_state(ans.status, sbuf_view(&ans.body), &u->w->arena,
					    &k->state, &k->why);
	http_answer_release(&ans);
}

static void ask_qr(struct upkeep_run *u, struct check *k)
{
	struct http_answer ans = HTTP_ANSWER;
	const struct evolution_asked q = { .channel = k->ch,
					   .method = "GET",
					   .path = "instance/connect" };

	k->rc = evolution_call(u->w, &q, &ans, &k->why);
	if (k->rc == RC_OK)
		k->rc = evolution_ask_qr(ans.status, sbuf_view(&ans.body), &u->w->arena, &k->link,
					 &k->state, &k->why);
	http_answer_release(&ans);
}

/* ---- keeping ---- */

struct fact {
	enum channel_fact fact;
	struct str value;
};

static struct str fits(struct str v)
{
	return v.n <= CHANNEL_VALUE_MAX ? v : STR_NONE;
}

enum rc evolution_linked(struct tx *tx, const struct channel *ch, struct str state,
			 const struct wa_link *l, struct err *e)
{
	char subject[80], reason[32] = "";
	bool open = str_eqc(state, "open");
	const struct fact facts[] = {
		{ FACT_CONNECTION, state },        { FACT_CONNECTION_REASON, STR_NONE },
		{ FACT_QR, fits(l->qr) },          { FACT_QR_IMAGE, fits(l->picture) },
		{ FACT_PAIRING_CODE, l->pairing },
	};

	if (l->reason != 0)
		(void)snprintf(reason, sizeof(reason), "%lld", (long long)l->reason);
	for (size_t i = 0; i < COUNT(facts); i++) {
		struct str v = facts[i].value;

		if (facts[i].fact == FACT_CONNECTION_REASON && reason[0] != '\0')
			v = str_of(reason);
		TRY(channel_fact_set(tx, ch->id, facts[i].fact, v, NULL, e));
	}
	if (l->number.n > 0)
		TRY(channel_fact_set(tx, ch->id, FACT_DISPLAY_NUMBER, l->number, NULL, e));
	(void)snprintf(subject, sizeof(subject), "channel.%s", ch->slug);
	if (open)
		return incident_close(tx, incident_kind(INCIDENT_CONNECTION_LOST), subject, e);
	if (str_eqc(state, "connecting"))
		return RC_OK; /* neither good nor bad: WhatsApp Web connects anew now and then */
	(void)snprintf(reason, sizeof(reason), "%.*s %lld", (int)size_min(state.n, 10), state.p,
		       (long long)l->reason);
	return incident_raise(tx, INCIDENT_CONNECTION_LOST, subject,
			      &(struct incident_args){ { reason } }, e);
}

static enum rc keep_licence(struct tx *tx, const struct check *k, const char *subject,
			    struct err *e)
{
	bool refused = k->rc == RC_CONFLICT;

	if (!refused && k->rc != RC_OK)
		return RC_OK; /* not known */
	TRY(channel_fact_set(tx, k->ch->id, FACT_LICENCE,
			     refused ? STR("needs activation") : STR_NONE, NULL, e));
	if (!refused)
		return incident_close(tx, incident_kind(INCIDENT_LICENCE_REFUSED), subject, e);
	return incident_raise(tx, INCIDENT_LICENCE_REFUSED, subject,
			      &(struct incident_args){ { k->why.text } }, e);
}

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct check *k = arg;
	char subject[80];

	(void)snprintf(subject, sizeof(subject), "channel.%s", k->ch->slug);
	if (k->version[0] != '\0')
		TRY(channel_fact_set(tx, k->ch->id, FACT_SERVER_VERSION, str_of(k->version), NULL,
				     e));
	TRY(keep_licence(tx, k, subject, e));
	if (k->rc == RC_OK)
		TRY(evolution_linked(tx, k->ch, k->state, &k->link, e));
	TRY(channel_fact_set(tx, k->ch->id, FACT_CHECK_ERROR,
			     k->rc == RC_OK ? STR_NONE : str_of(k->why.text), NULL, e));
	return channel_fact_set_i64(tx, k->ch->id, FACT_CHECKED, tx->now_ms, e);
}

enum rc evolution_check_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct check k = { .ch = u->channel };

	if (evolution_check_every(u->config, k.ch) == 0 && k.ch->instance.n == 0)
		return RC_OK;
	ask_version(u, &k);
	ask_state(u, &k);
	if (*ret_next_ms > 0 && !str_eqc(k.state, "open")) /* its messages wait for it */
		*ret_next_ms = i64_min(*ret_next_ms, u->now_ms + CLOSED_AGAIN_MS);
	return store_write(u->w->app->store, STORE_NORMAL, keep_unit, &k, e);
}

enum rc evolution_check_want(struct tx *tx, const struct channel *ch, struct err *e)
{
	return chore_want(tx, &(struct chore){ .kind = "evolution.check", .ref = ch->id }, 0, NULL,
			  e);
}

/* ---- connecting ---- */

static enum rc set_webhook(struct upkeep_run *u, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(16 * KIB);
	const struct channel *ch = u->channel;
	const struct evolution_webhook h = { .url = ch->webhook_url,
					     .header_name = ch->webhook_header_name,
					     .header_value = ch->webhook_header_value,
					     .jwt_key = ch->webhook_jwt_key,
					     .base64 = ch->webhook_base64 };
	struct evolution_asked q = { .channel = ch };
	struct http_answer ans = HTTP_ANSWER;
	struct evolution_call call;
	struct wa_verdict v;
	enum rc rc;

	TRY(evolution_ask_webhook(&h, &call, &body, e));
	q.method = call.method;
	q.path = call.path;
	q.body = sbuf_view(&body);
	rc = evolution_call(u->w, &q, &ans, e);
	if (rc == RC_OK) {
		const struct wa_answer a = {
			.rc = rc, .status = ans.status, .body = sbuf_view(&ans.body), .tries = 1
		};

		evolution_judge_act(&a, &v);
		if (v.cls != WA_SEND_ACCEPTED)
			rc = FAIL(e, RC_RETRY, "webhook/set: %s (%d)", v.text, ans.status);
	}
	http_answer_release(&ans);
	return rc;
}

/* Also when the webhook could not be set: the QR code does not wait for it. */
enum rc evolution_connect_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct check k = { .ch = u->channel };
	enum rc rc = RC_OK;

	(void)ret_next_ms;
	if (u->channel->webhook_url.n > 0)
		rc = set_webhook(u, e);
	ask_version(u, &k);
	ask_qr(u, &k);
	if (rc != RC_OK && k.rc == RC_OK) { /* the person who asked reads it */
		k.rc = rc;
		k.why = *e;
	}
	err_clear(e);
	return store_write(u->w->app->store, STORE_NORMAL, keep_unit, &k, e);
}

enum rc evolution_connect_want(struct tx *tx, const struct channel *ch, struct err *e)
{
	if (strcmp(ch->provider, "evolution") != 0)
		return FAIL(e, RC_INVALID, "only channels of Evolution are connected by a QR code");
	return chore_want(tx, &(struct chore){ .kind = "evolution.connect", .ref = ch->id }, 0,
			  NULL, e);
}
