/* trouble.c - see trouble.h. */
#include "flow/trouble.h"

#include "base/log.h"
#include "flow/outside.h"
#include "peer/meta_send.h"
#include "store/channel_state.h"
#include "store/target.h"

bool trouble_is(const struct wa_verdict *v)
{
	return v->cls == WA_SEND_PAUSE_NUMBER || v->cls == WA_SEND_STOP ||
	       (v->cls == WA_SEND_WAIT && v->trouble != NULL);
}

static struct outside_trouble trouble_of(const struct channel *ch, const struct wa_verdict *v,
					 bool reply, int64_t now_ms)
{
	struct outside_trouble t = { .target_id = ch->id, .args = { { v->text } } };

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

void trouble_stop(struct app *app, const struct config *c, const struct channel *ch,
		  const struct wa_verdict *v, bool reply, int64_t now_ms)
{
	struct outside_trouble t = trouble_of(ch, v, reply, now_ms);

	for (size_t i = 0; v->cls == WA_SEND_WAIT && i < c->channel_count; i++) {
		const struct channel *other = &c->channels[i];

		if (other == ch || !shares_limit(ch, other))
			continue;
		t.target_id = other->id;
		outside_trouble(app, &t, now_ms);
	}
	t.target_id = ch->id;
	outside_trouble(app, &t, now_ms);
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
					l->now_ms + l->recipient_ms);
}

enum rc trouble_later(struct tx *tx, struct app *app, const struct channel *ch,
		      int64_t conversation_id, int64_t code, struct err *e)
{
	struct later l = { .app = app,
			   .channel_id = ch->id,
			   .conversation_id = conversation_id,
			   .now_ms = tx->now_ms };
	struct outside_trouble t;
	struct wa_verdict v;
	char subject[TARGET_NAME_MAX];

	meta_send_later(code, &v);
	l.throttled = v.throttled;
	l.recipient_ms = v.cls == WA_SEND_PAUSE_RECIPIENT ? v.retry_ms : 0;
	l.stops = trouble_is(&v);
	if (l.stops) {
		t = trouble_of(ch, &v, false, tx->now_ms);
		l.pause_ms = t.pause_ms;
		l.cap_ms = t.cap_ms;
		l.code = t.code;
		l.spares_replies = t.spares_replies;
		TRY(target_name(tx->db, ch->id, subject, e));
		TRY(incident_raise(tx, t.code, subject, &t.args, e));
	}
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
