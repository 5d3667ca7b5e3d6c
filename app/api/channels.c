/* channels.c - /api/v1/channels: what the box knows of each WhatsApp channel, asking the provider now, pause and
 * resume. Facts come from store/channel/channel_state.h, what happens at the moment from flow/outside/outside.h. */
#include "api/handlers.h"
#include "api/queue_json.h"
#include "api/view.h"
#include "base/reason.h"
#include "flow/evolution/evolution.h"
#include "flow/outside/outside.h"
#include "flow/upkeep.h"
#include "store/channel/channel_state.h"
#include "store/incident.h"
#include "store/target.h"

#define EVENTS_MAX    50
#define INCIDENTS_MAX 100

struct channels {
	struct call *c;
	struct db *db;
	struct jsonw w;
	struct str slug; /* one is wanted; STR_NONE: all */
	bool found;
	enum lang lang;
	const char *now; /* slug of the channel that is written */
};

/* Who scans it has the number: shown only to who may connect one (POST .../connect). */
static bool is_shown(const struct channels *s, enum channel_fact f)
{
	bool opens = f == FACT_QR || f == FACT_QR_IMAGE || f == FACT_PAIRING_CODE;

	return !opens || (s->c->who.scopes & SCOPE_BIT(SCOPE_QUEUES_CONTROL)) != 0;
}

static enum rc fact_row(void *arg, const struct channel_fact_row *r, struct err *e)
{
	struct channels *s = arg;
	struct jsonw *w = &s->w;
	const char *name = channel_fact_name(r->fact);
	int64_t n = 0;

	(void)e;
	if (!is_shown(s, r->fact))
		return RC_OK;
	switch (channel_fact_kind(r->fact)) {
	case CHANNEL_FACT_TEXT:
		jsonw_kstr(w, name, r->value);
		return RC_OK;
	case CHANNEL_FACT_BOOL:
		jsonw_kbool(w, name, str_eqc(r->value, "1"));
		return RC_OK;
	case CHANNEL_FACT_INT:
	case CHANNEL_FACT_TIME:
		if (!str_i64(r->value, INT64_MIN, INT64_MAX, &n))
			n = 0;
		if (channel_fact_kind(r->fact) == CHANNEL_FACT_TIME)
			jsonw_ktime(w, name, n);
		else
			jsonw_ki64(w, name, n);
		return RC_OK;
	case CHANNEL_FACT_JSON:
		jsonw_kraw(w, name, r->value);
		return RC_OK;
	}
	BUG("unknown kind of fact");
}

static enum rc event_row(void *arg, const struct channel_event_row *r, struct err *e)
{
	struct jsonw *w = arg;

	(void)e;
	jsonw_object(w);
	jsonw_kstr(w, "field", r->field);
	jsonw_kstr(w, "event", r->event);
	jsonw_ktime(w, "at", r->at_ms);
	jsonw_kraw(w, "detail", r->detail);
	jsonw_end(w);
	return RC_OK;
}

/* The tier counts people reached outside of windows in 24 hours, over all numbers of the business (4.3). */
static enum rc limits_write(struct channels *s, const struct channel *ch,
			    const struct outside_view *v, struct err *e)
{
	struct str tier = STR_NONE;
	struct jsonw *w = &s->w;
	enum rc rc = channel_fact_get(s->db, ch->id, FACT_TIER, s->c->q->arena, &tier, e);

	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	err_clear(e);
	jsonw_kobject(w, "limits");
	jsonw_ki64(w, "rate_per_second", ch->rate_per_second);
	jsonw_kbool(w, "rate_set_by_hand", ch->rate_set);
	jsonw_key(w, "rate_now_per_second");
	jsonw_double(w, (double)ch->rate_per_second * v->rate);
	jsonw_ki64(w, "recipient_burst", ch->recipient_burst);
	jsonw_ki64(w, "recipient_every_ms", ch->recipient_every_ms);
	jsonw_ki64(w, "usage_percent", v->usage_percent);
	jsonw_kstr(w, "messaging_limit_tier", tier);
	jsonw_end(w);
	return RC_OK;
}

/* How asking the provider went. */
static enum rc check_write(struct channels *s, const struct channel *ch, struct err *e)
{
	struct chore_state st = { 0 };
	const char *kind = upkeep_check_kind(ch);
	struct jsonw *w = &s->w;
	enum rc rc = RC_ABSENT;

	if (kind != NULL)
		rc = chore_state(s->db, kind, ch->id, s->c->q->arena, &st, e);
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	err_clear(e);
	jsonw_kobject(w, "check");
	jsonw_ki64(w, "every_ms", ch->check_every_ms);
	jsonw_ktime(w, "ran_at", st.ran_ms);
	jsonw_ktime(w, "failed_at", st.failed_ms);
	jsonw_kstr(w, "error", st.error);
	jsonw_end(w);
	return RC_OK;
}

/* Why something waits or is in danger, and what to do about it. */
static enum rc incident_row(void *arg, const struct incident *i, struct err *e)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(8 * KIB);
	AUTO(sbuf_release) struct sbuf cure = SBUF(8 * KIB);
	struct channels *s = arg;
	struct jsonw *w = &s->w;

	(void)e;
	if (!str_starts(i->subject, STR("channel.")) ||
	    !str_eqc(str_sub(i->subject, 8, i->subject.n), s->now))
		return RC_OK;
	incident_text(i, s->lang, &text);
	incident_cure(i, s->lang, &cure);
	jsonw_object(w);
	jsonw_kstr(w, "kind", i->kind);
	jsonw_kstr(w, "code", incident_code_text(i->code));
	jsonw_kstr(w, "text", sbuf_view(&text));
	jsonw_kstr(w, "cure", sbuf_view(&cure));
	jsonw_ktime(w, "opened_at", i->opened_ms);
	jsonw_end(w);
	return RC_OK;
}

static const char *state_of(const struct target *t, const struct outside_view *v)
{
	if (strcmp(t->state, "up") != 0)
		return t->state;
	if (v->state != BREAKER_CLOSED)
		return "failing";
	return v->bulk_state != BREAKER_CLOSED ? "restricted" : "up";
}

static enum rc channel_write(struct channels *s, const struct channel *ch, const struct target *t,
			     struct err *e)
{
	AUTO(sbuf_release) struct sbuf why = SBUF(4 * KIB);
	struct outside_view v = { .state = BREAKER_CLOSED, .rate = 1 };
	struct jsonw *w = &s->w;

	if (s->c->app->outside != NULL)
		(void)outside_view_get(s->c->app, ch->id, &v); /* false: not called yet */
	jsonw_object(w);
	jsonw_ktext(w, "channel", ch->slug);
	jsonw_ktext(w, "provider", ch->provider);
	jsonw_ktext(w, "state", state_of(t, &v));
	reason_told(s->lang, str_of(t->reason), &why);
	jsonw_kstr(w, "reason", why.n > 0 ? sbuf_view(&why) : STR_NONE);
	jsonw_ktime(w, "paused_until", t->paused_until_ms);
	jsonw_ktext(w, "breaker", breaker_state_text(v.state));
	jsonw_ktime(w, "breaker_open_until",
		    v.state == BREAKER_OPEN && v.open_until_ms != INT64_MAX ? v.open_until_ms : 0);
	jsonw_ktime(w, "restricted_until",
		    v.bulk_state == BREAKER_OPEN && v.bulk_until_ms != INT64_MAX ? v.bulk_until_ms
										 : 0);
	jsonw_ki64(w, "calls", v.calls);
	jsonw_ki64(w, "failures", v.failures);
	jsonw_ktime(w, "last_call_ok_at", v.last_ok_ms);
	s->now = ch->slug;
	jsonw_karray(w, "incidents");
	TRY(incident_each(s->db, true, INCIDENTS_MAX, incident_row, s, e));
	jsonw_end(w);
	TRY(limits_write(s, ch, &v, e));
	TRY(check_write(s, ch, e));
	jsonw_kobject(w, "facts");
	TRY(channel_fact_each(s->db, ch->id, fact_row, s, e));
	jsonw_end(w);
	if (s->slug.n > 0) {
		jsonw_karray(w, "events");
		TRY(channel_event_each(s->db, ch->id, EVENTS_MAX, event_row, w, e));
		jsonw_end(w);
	}
	jsonw_end(w);
	return RC_OK;
}

static enum rc target_row(void *arg, const struct target *t, struct err *e)
{
	struct channels *s = arg;
	const struct channel *ch;

	if (t->company_id != s->c->who.company_id || strcmp(t->kind, "channel") != 0 ||
	    (s->slug.n > 0 && !str_eqc(s->slug, t->slug)))
		return RC_OK;
	ch = config_channel(s->c->config, t->id);
	if (ch == NULL)
		return RC_OK;
	s->found = true;
	return channel_write(s, ch, t, e);
}

/* False: the problem is answered. */
static bool each(struct channels *s)
{
	struct err e = { .rc = RC_OK };
	enum rc rc;

	s->db = store_reader(s->c->app->store);
	rc = target_each(s->db, target_row, s, &e);
	store_reader_done(s->c->app->store, s->db);
	if (rc != RC_OK)
		problem_err(s->c, &e);
	return rc == RC_OK;
}

void channel_list(struct call *c)
{
	struct channels s = { .c = c };

	if (!query_lang(c, &s.lang))
		return;
	answer_rows_begin(c, &s.w);
	if (each(&s))
		answer_rows_end(c, &s.w, RC_OK, NULL);
}

static void absent(struct call *c)
{
	problem(c, 404, "not-found", "There is no channel with this name.");
}

static void one(struct call *c, int status)
{
	struct channels s = { .c = c, .slug = c->q->param[0] };

	if (!query_lang(c, &s.lang))
		return;
	answer_begin(c, &s.w);
	if (!each(&s))
		return;
	if (!s.found)
		absent(c);
	else
		answer_json(c, status, &s.w);
}

void channel_get(struct call *c)
{
	one(c, 200);
}

/* NULL: the problem is answered. */
static const struct channel *wanted(struct call *c)
{
	const struct channel *ch = config_channel_slug(c->config, c->q->param[0]);

	if (ch != NULL && ch->company_id == c->who.company_id)
		return ch;
	absent(c);
	return NULL;
}

struct check_work {
	const struct channel *ch;
	int count;
};

static enum rc check_unit(struct tx *tx, void *arg, struct err *e)
{
	struct check_work *k = arg;

	return upkeep_check(tx, k->ch, &k->count, e);
}

void channel_check_post(struct call *c)
{
	struct check_work k = { .ch = wanted(c) };
	struct err e = { .rc = RC_OK };

	if (k.ch == NULL)
		return;
	if (store_write(c->app->store, STORE_NORMAL, check_unit, &k, &e) != RC_OK)
		problem_err(c, &e);
	else if (k.count == 0)
		problem(c, 409, "conflict", "This provider cannot be asked how the channel is.");
	else
		one(c, 202);
}

static enum rc connect_unit(struct tx *tx, void *arg, struct err *e)
{
	return evolution_connect_want(tx, arg, e);
}

void channel_connect_post(struct call *c)
{
	const struct channel *ch = wanted(c);
	struct err e = { .rc = RC_OK };
	struct channel copy;
	enum rc rc;

	if (ch == NULL)
		return;
	copy = *ch;
	rc = store_write(c->app->store, STORE_NORMAL, connect_unit, &copy, &e);
	if (rc == RC_INVALID)
		problem(c, 409, "conflict",
			"Only channels of Evolution are connected by a QR code.");
	else if (rc != RC_OK)
		problem_err(c, &e);
	else
		one(c, 202);
}

struct state_work {
	int64_t id, until_ms;
	struct str reason;
	bool pause;
};

static enum rc state_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct state_work *s = arg;
	char reason[sizeof(((struct target *)NULL)->reason)];

	if (!s->pause)
		return target_resume(tx, s->id, e);
	(void)snprintf(reason, sizeof(reason), "%.*s", STRF(s->reason));
	return target_pause(tx, s->id, s->until_ms, reason, e);
}

void channel_pause_post(struct call *c)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct channel *ch = wanted(c);
	struct err e = { .rc = RC_OK };
	struct state_work s = { .pause = true };

	if (ch == NULL || !body_json(c, &root) || !queue_json_until(c, root, &s.until_ms))
		return;
	s.id = ch->id;
	s.reason = json_get_str(root, "reason");
	if (s.reason.n > 150) {
		problem_field(c, 422, "reason", "This may have 150 bytes.");
		return;
	}
	if (s.reason.n == 0)
		s.reason = str_of(reason_en(REASON_PAUSED));
	if (store_write(c->app->store, STORE_NORMAL, state_unit, &s, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	queue_gate(store_queues(c->app->store), ch->id, s.until_ms != 0 ? s.until_ms : INT64_MAX);
	one(c, 200);
}

void channel_resume_post(struct call *c)
{
	const struct channel *ch = wanted(c);
	struct err e = { .rc = RC_OK };
	struct state_work s = { .pause = false };

	if (ch == NULL)
		return;
	s.id = ch->id;
	if (store_write(c->app->store, STORE_NORMAL, state_unit, &s, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	if (c->app->outside != NULL)
		outside_resume(c->app, ch->id);
	queue_gate(store_queues(c->app->store), ch->id, 0);
	one(c, 200);
}
