/* trouble.c - see trouble.h. */
#include "flow/send/trouble.h"

#include "base/log.h"
#include "flow/outside/outside.h"
#include "store/channel/channel_state.h"
#include "store/target.h"

bool trouble_is(const struct wa_verdict *v)
{
	bool wide = v->scope == WA_SCOPE_NUMBER || v->scope == WA_SCOPE_ACCOUNT;

	return wide &&
	       (v->cls == WA_SEND_PAUSE_NUMBER || v->cls == WA_SEND_STOP || v->cls == WA_SEND_WAIT);
}

static struct outside_trouble trouble_of(int64_t channel_id, const struct wa_verdict *v, bool reply,
					 int64_t now_ms)
{
	struct outside_trouble t = { .target_id = channel_id, .args = { { v->text } } };

	if (v->cls == WA_SEND_STOP) {
		t.pause_ms = TROUBLE_POLICY_MS;
		t.cap_ms = TROUBLE_POLICY_CAP_MS;
		t.spares_replies = !reply;
	} else if (v->cls == WA_SEND_PAUSE_NUMBER) {
		t.pause_ms = TROUBLE_CONFIG_MS;
		t.cap_ms = TROUBLE_CONFIG_CAP_MS;
	} else {
		t.pause_ms = v->retry_ms;
		t.cap_ms = TROUBLE_CALLS_CAP_MS;
	}
	if (v->retry_ms > 0)
		t.until_ms = now_ms + v->retry_ms;
	/* One kind, so that one open row per target is enough. */
	if (v->trouble == NULL || !incident_code_parse(str_of(v->trouble), &t.code) ||
	    strcmp(incident_kind(t.code), incident_kind(INCIDENT_TARGET_DOWN)) != 0)
		t.code = INCIDENT_TARGET_DOWN;
	return t;
}

static bool shares_limit(const struct channel *a, const struct channel *b)
{
	return a == b || (a->token.n > 0 && str_eq(a->token, b->token)) ||
	       (a->waba_id.n > 0 && str_eq(a->waba_id, b->waba_id));
}

static void stop(const struct trouble_at *at, const struct wa_verdict *v)
{
	struct outside_trouble t = trouble_of(at->channel->id, v, !at->bulk, at->now_ms);

	t.of_act = at->act;
	for (size_t i = 0; v->scope == WA_SCOPE_ACCOUNT && i < at->config->channel_count; i++) {
		const struct channel *other = &at->config->channels[i];

		if (other == at->channel || !shares_limit(at->channel, other))
			continue;
		t.target_id = other->id;
		outside_trouble(at->app, &t, at->now_ms);
	}
	t.target_id = at->channel->id;
	outside_trouble(at->app, &t, at->now_ms);
}

bool trouble_holds(const struct trouble_at *at, const struct wa_verdict *v, int64_t *ret_due_ms)
{
	*ret_due_ms = at->now_ms + i64_max(v->retry_ms, 0);
	if (trouble_is(v)) {
		stop(at, v);
		*ret_due_ms = at->now_ms; /* gate or breaker holds it: a resume counts at once */
		return true;
	}
	if (v->throttled) { /* the time is kept with the job too: it holds also after a restart */
		outside_throttled(at->app, at->channel->id, v->retry_ms, at->now_ms);
		return true;
	}
	if (v->cls == WA_SEND_PAUSE_RECIPIENT)
		outside_pause_recipient(at->app, at->channel->id, at->conversation_id, *ret_due_ms,
					at->now_ms);
	return false;
}

enum rc trouble_tell(struct tx *tx, int64_t channel_id, const struct wa_verdict *v, struct err *e)
{
	const struct incident_args args = { { v->text } };
	char subject[TARGET_NAME_MAX];
	enum incident_code code;

	if (v->trouble == NULL || trouble_is(v) || !incident_code_parse(str_of(v->trouble), &code))
		return RC_OK;
	TRY(target_name(tx->db, channel_id, subject, e));
	return incident_raise(tx, code, subject, &args, e);
}

/* ---- later ---- */

struct later {
	struct app *app;
	int64_t channel_id, conversation_id, now_ms;
	int64_t pause_ms, cap_ms, recipient_ms;
	enum incident_code code;
	bool stops, spares_replies, throttled;
};

static void later_after(struct store *st, const void *arg)
{
	const struct later *l = arg;
	const struct outside_trouble t = { .target_id = l->channel_id,
					   .pause_ms = l->pause_ms,
					   .cap_ms = l->cap_ms,
					   .code = l->code,
					   .spares_replies = l->spares_replies };

	(void)st;
	if (l->stops)
		outside_trouble_known(l->app, &t, l->now_ms);
	if (l->throttled)
		outside_throttled(l->app, l->channel_id, -1, l->now_ms);
	if (l->recipient_ms > 0)
		outside_pause_recipient(l->app, l->channel_id, l->conversation_id,
					l->now_ms + l->recipient_ms, l->now_ms);
}

enum rc trouble_later(struct tx *tx, struct app *app, const struct message *m,
		      const struct wa_verdict *v, struct err *e)
{
	struct later l = { .app = app,
			   .channel_id = m->channel_id,
			   .conversation_id = m->conversation_id,
			   .now_ms = tx->now_ms };
	struct outside_trouble t;
	char subject[TARGET_NAME_MAX];

	l.throttled = v->throttled;
	l.recipient_ms = v->cls == WA_SEND_PAUSE_RECIPIENT ? v->retry_ms : 0;
	l.stops = trouble_is(v);
	if (l.stops) {
		t = trouble_of(m->channel_id, v, false, tx->now_ms);
		l.pause_ms = t.pause_ms;
		l.cap_ms = t.cap_ms;
		l.code = t.code;
		l.spares_replies = t.spares_replies;
		TRY(target_name(tx->db, m->channel_id, subject, e));
		TRY(incident_raise(tx, t.code, subject, &t.args, e));
	}
	TRY(trouble_tell(tx, m->channel_id, v, e));
	if (app->outside != NULL && (l.stops || l.throttled || l.recipient_ms > 0))
		tx_after(tx, later_after, &l, sizeof(l));
	return RC_OK;
}

/* ---- after a restart ---- */

void trouble_restore(struct app *app, int64_t now_ms)
{
	AUTO(config_putp) const struct config *config = config_get(app);
	struct err e = { 0 };

	for (size_t i = 0; i < config->channel_count && app->outside != NULL; i++) {
		struct outside_trouble t = { .target_id = config->channels[i].id,
					     .spares_replies = true,
					     .code = INCIDENT_CODES };
		struct db *db = store_reader(app->store);
		enum rc rc = channel_fact_get_i64(db, t.target_id, FACT_RESTRICTED_UNTIL, 0,
						  &t.until_ms, &e);

		store_reader_done(app->store, db);
		if (rc != RC_OK)
			log_err(LOG_WARN, "trouble.not_restored", &e);
		else if (t.until_ms > now_ms)
			outside_trouble_known(app, &t, now_ms);
	}
}
