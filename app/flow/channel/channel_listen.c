/* channel_listen.c - kind `channel.listen` of upkeep: learns how much usually comes in at this hour of the week, and
 * notices when nothing comes although it should. Then it tests what lies between the customer and this box: our own
 * address through the internet, its certificate, the subscription, the token, the number; and says in one incident
 * which of them is broken.
 *
 * How sure: when customers come by chance at the usual rate, no message at all while 12 are usual has a chance of
 * e^-12, one in 160,000; real traffic comes in clumps, so that a false alarm a year is more likely. It is told as what
 * it is then: everything is in order, perhaps it is only quiet. */
#include "base/clock.h"
#include "flow/channel/channel_check.h"
#include "flow/channel/channel_test.h"
#include "flow/outside/outside.h"
#include "flow/upkeep_kinds.h"
#include "store/channel/channel_state.h"
#include "store/channel/channel_traffic.h"
#include "store/incident.h"
#include "store/target.h"

#define LISTEN_EVERY_MS  (15 * MINUTE_MS)
#define SILENCE_MIN_MS   (30 * MINUTE_MS)
#define SILENCE_EXPECTED (12 * 1000)    /* thousandths of a message */
#define TEST_EVERY_MS    (12 * HOUR_MS) /* the certificate, without any alarm */

struct listen {
	struct upkeep_run *u;
	const struct channel *ch;
	int64_t heard_ms, tested_ms; /* 0: never */
	int64_t expected;
	struct str connection;
	struct channel_test test;
	struct check check;
	enum incident_code code;
	const char *what; /* {2} */
	bool silent, tested;
};

int64_t channel_listen_every(const struct config *c, const struct channel *ch)
{
	(void)c;
	return ch->check_every_ms > 0 ? LISTEN_EVERY_MS : 0;
}

static enum rc learn_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct listen *l = arg;
	struct outside_view v;

	if (outside_view_get(l->u->w->app, l->ch->id, &v) && v.last_ok_ms > 0)
		TRY(channel_fact_set_i64(tx, l->ch->id, FACT_LAST_SEND_OK, v.last_ok_ms, e));
	TRY(channel_event_trim(tx, l->ch->id, e));
	return channel_traffic_learn(tx, l->ch->id, l->u->w->app->started_ms, e);
}

static enum rc look(struct listen *l, struct db *db, struct err *e)
{
	int64_t since_ms;
	enum rc rc;

	TRY(channel_fact_get_i64(db, l->ch->id, FACT_LAST_WEBHOOK, 0, &l->heard_ms, e));
	TRY(channel_fact_get_i64(db, l->ch->id, FACT_PUBLIC_TESTED, 0, &l->tested_ms, e));
	rc = channel_fact_get(db, l->ch->id, FACT_CONNECTION, &l->u->w->arena, &l->connection, e);
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	err_clear(e);
	/* While the box was off nothing could come; afterwards the provider repeats. */
	since_ms = i64_max(l->heard_ms, l->u->w->app->started_ms);
	TRY(channel_traffic_expected(db, l->ch->id, since_ms, l->u->now_ms, &l->expected, e));
	l->silent = l->heard_ms > 0 && l->u->now_ms - since_ms >= SILENCE_MIN_MS &&
		    (l->expected >= SILENCE_EXPECTED ||
		     (l->ch->silent_ms > 0 && l->u->now_ms - since_ms >= l->ch->silent_ms));
	return RC_OK;
}

/* ---- which part is broken ---- */

static bool found(struct listen *l, enum incident_code code, const char *what)
{
	l->code = code;
	l->what = what;
	return true;
}

static bool address_broken(struct listen *l)
{
	switch (l->test.found) {
	case CHANNEL_TEST_UNSET:
	case CHANNEL_TEST_FINE:
	case CHANNEL_TEST_CLIENT_CERT: /* as far as can be seen from here */
		return false;
	case CHANNEL_TEST_UNREACHED:
		return found(l, INCIDENT_SILENCE_ADDRESS, l->test.text);
	case CHANNEL_TEST_CERTIFICATE:
		return found(l, INCIDENT_SILENCE_CERTIFICATE, l->test.text);
	case CHANNEL_TEST_FOREIGN:
		return found(l, INCIDENT_SILENCE_HANDSHAKE, l->test.text);
	}
	BUG("unknown finding");
}

static bool account_broken(struct listen *l)
{
	const struct check *k = &l->check;
	struct str callback = channel_check_callback(k);
	struct str ours = channel_check_hook_url(l->u->config, &l->u->w->arena);

	if ((k->token_rc == RC_OK && !k->token.valid) ||
	    (k->number_rc == RC_REFUSED && (k->no.code == 190 || k->no.code == 0)))
		return found(l, INCIDENT_SILENCE_TOKEN, k->error);
	if (k->number_rc == RC_OK && k->number.status.n > 0 &&
	    !str_eqc(k->number.status, "CONNECTED"))
		return found(l, INCIDENT_SILENCE_NUMBER, k->number.status.p);
	if (k->subscribed_rc == RC_OK && !k->subscribed.ours)
		return found(l, INCIDENT_SILENCE_SUBSCRIPTION, "subscribed_apps");
	if (k->subscription_rc == RC_OK && (!k->subscription.found || !k->subscription.active))
		return found(l, INCIDENT_SILENCE_SUBSCRIPTION, "active: false");
	if (k->subscription_rc == RC_OK && !k->subscription.messages)
		return found(l, INCIDENT_SILENCE_SUBSCRIPTION, "messages");
	if (callback.n > 0 && ours.n > 0 && !channel_check_is_ours(callback, ours))
		return found(l, INCIDENT_SILENCE_ELSEWHERE, callback.p);
	return false;
}

static void diagnose(struct listen *l)
{
	if (strcmp(l->ch->provider, "meta") != 0) {
		(void)found(l, INCIDENT_SILENCE_CONNECTION,
			    l->connection.n > 0 ? l->connection.p : "?");
		return;
	}
	if (address_broken(l))
		return;
	l->check = (struct check){ .u = l->u, .ch = l->ch };
	channel_check_ask(&l->check);
	if (account_broken(l))
		return;
	(void)found(l,
		    l->test.found == CHANNEL_TEST_UNSET         ? INCIDENT_SILENCE_UNSET
		    : l->test.found == CHANNEL_TEST_CLIENT_CERT ? INCIDENT_SILENCE_CLIENT_CERT
								: INCIDENT_SILENCE_QUIET,
		    "");
}

/* ---- keeping ---- */

static enum rc certificate(struct tx *tx, const struct listen *l, const char *subject,
			   struct err *e)
{
	int64_t left_ms = l->test.cert_ends_ms - tx->now_ms;
	char days[24], date[CLOCK_TEXT_MAX];

	if (l->test.cert_ends_ms == 0)
		return RC_OK;
	TRY(channel_fact_set_i64(tx, l->ch->id, FACT_CERT_EXPIRES, l->test.cert_ends_ms, e));
	if (left_ms > TOKEN_DAYS_FIRST * DAY_MS)
		return incident_close(tx, incident_kind(INCIDENT_CERTIFICATE_EXPIRES), subject, e);
	(void)snprintf(days, sizeof(days), "%lld", (long long)((left_ms + DAY_MS - 1) / DAY_MS));
	clock_text(l->test.cert_ends_ms, date);
	date[10] = '\0'; /* the day */
	return incident_raise(
		tx, left_ms > 0 ? INCIDENT_CERTIFICATE_EXPIRES : INCIDENT_CERTIFICATE_ENDED,
		subject, &(struct incident_args){ { days, date } }, e);
}

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct listen *l = arg;
	char subject[TARGET_NAME_MAX], since[CLOCK_TEXT_MAX];
	struct str url = channel_check_hook_url(l->u->config, &l->u->w->arena);

	(void)snprintf(subject, sizeof(subject), "channel.%s", l->ch->slug);
	if (l->tested) {
		TRY(channel_fact_set_i64(tx, l->ch->id, FACT_PUBLIC_TESTED, tx->now_ms, e));
		TRY(channel_fact_set(tx, l->ch->id, FACT_PUBLIC_CHECK,
				     str_of(channel_test_word(l->test.found)), NULL, e));
		TRY(certificate(tx, l, subject, e));
	}
	if (!l->silent)
		return incident_close(tx, incident_kind(INCIDENT_SILENCE_QUIET), subject, e);
	clock_text(l->heard_ms, since);
	return incident_raise(
		tx, l->code, subject,
		&(struct incident_args){ { since, l->what, url.n > 0 ? url.p : "public_url" } }, e);
}

enum rc channel_listen_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct listen l = { .u = u, .ch = u->channel };
	struct store *st = u->w->app->store;
	struct db *db;
	enum rc rc;

	(void)ret_next_ms;
	TRY(store_write(st, STORE_NORMAL, learn_unit, &l, e));
	db = store_reader(st);
	rc = look(&l, db, e);
	store_reader_done(st, db);
	TRY(rc);
	if (strcmp(l.ch->provider, "meta") == 0 &&
	    (l.silent || u->now_ms - l.tested_ms >= TEST_EVERY_MS)) {
		channel_test_run(u, channel_check_hook_url(u->config, &u->w->arena), &l.test);
		l.tested = l.test.found != CHANNEL_TEST_UNSET;
	}
	if (l.silent)
		diagnose(&l);
	return store_write(st, STORE_NORMAL, keep_unit, &l, e);
}
