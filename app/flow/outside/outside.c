/* outside.c - see outside.h: targets, their breakers and incidents. */
#include "flow/outside/outside_priv.h"

#include "base/limits.h"
#include "base/log.h"
#include "store/channel/channel_state.h"
#include "store/chore.h"
#include "store/queue/queue.h"
#include "store/receipt.h"
#include "store/target.h"
#include "store/queue/topic.h"

#define OUTSIDE_ACT_LOOK_MS  (30 * SECOND_MS) /* an act that waits for a send's probe looks again */
#define OUTSIDE_ACT_PROBE_MS MINUTE_MS /* so long after the pause without one it probes itself */

struct outside *outside_new(void)
{
	struct outside *o = mem_new(1, sizeof(*o));

	mtx_init(&o->lock, LOCK_TARGET);
	return o;
}

void outside_free(struct outside *o)
{
	if (o == NULL)
		return;
	mtx_destroy(&o->lock);
	mem_free(o);
}

struct one *outside_one(struct outside *o, int64_t id)
{
	for (int i = 0; i < o->count; i++) {
		if (o->targets[i].id == id)
			return &o->targets[i];
	}
	if (o->count == OUTSIDE_TARGETS_MAX)
		return &o->targets[OUTSIDE_TARGETS_MAX - 1];
	o->targets[o->count] =
		(struct one){ .id = id, .share = 1, .incident = true, .code = INCIDENT_CODES };
	return &o->targets[o->count++];
}

/* ---- incidents ---- */

struct incident_work {
	int64_t target_id;
	enum incident_code code;
	struct incident_args args;
	int64_t restricted_until_ms; /* 0: not restricted */
	bool open;
};

static enum rc incident_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct incident_work *w = arg;
	char subject[TARGET_NAME_MAX];

	TRY(target_name(tx->db, w->target_id, subject, e));
	if (w->restricted_until_ms > 0)
		TRY(channel_fact_set_i64(tx, w->target_id, FACT_RESTRICTED_UNTIL,
					 w->restricted_until_ms, e));
	else if (!w->open)
		TRY(channel_fact_set(tx, w->target_id, FACT_RESTRICTED_UNTIL, STR_NONE, NULL, e));
	if (w->open)
		return incident_raise(tx, w->code, subject, &w->args, e);
	TRY(incident_close(tx, incident_kind(INCIDENT_TARGET_DOWN), subject, e));
	if (str_starts(str_of(subject),
		       STR("chatwoot."))) /* its webhooks of that time are lost (R15) */
		TRY(chore_want(tx,
			       &(struct chore){ .kind = "chatwoot.catch_up", .ref = w->target_id },
			       0, NULL, e));
	return receipt_peer(tx, incident_kind(INCIDENT_TARGET_DOWN), subject, w->target_id, e);
}

static void incident(struct app *app, const struct incident_work *w)
{
	struct incident_work copy = *w;
	struct err e = { 0 };

	if (store_write(app->store, STORE_NORMAL, incident_unit, &copy, &e) != RC_OK)
		log_err(LOG_WARN, "outside.incident_not_stored", &e);
	if (w->code == INCIDENT_CODES)
		return; /* none of this process: only made sure of */
	log_event(w->open ? LOG_WARN : LOG_INFO, w->open ? "target.stopped" : "target.recovered",
		  "target", LOG_I64(w->target_id), "code", incident_code_text(w->code).p, "why",
		  w->args.v[0], NULL);
}

/* Lock held. True: a row has to be opened or to get another code. */
static bool opens(struct one *t, enum incident_code code)
{
	bool news = !t->incident || t->code != code;

	t->incident = true;
	t->code = code;
	return news;
}

/* Lock held. True: the trouble is over. */
static bool closes(struct one *t)
{
	bool over = t->incident && t->breaker.state == BREAKER_CLOSED &&
		    t->bulk.state == BREAKER_CLOSED;

	if (over) {
		t->incident = false;
		t->strikes = 0;
	}
	return over;
}

/* ---- calls ---- */

void outside_gate_longer(struct app *app, int64_t target_id, int64_t until_ms)
{
	struct queues *qs = store_queues(app->store);

	if (queue_gated_until(qs, target_id) < until_ms)
		queue_gate(qs, target_id, until_ms);
}

enum rc outside_begin_send(struct app *app, int64_t target_id, bool bulk, int64_t now_ms,
			   int64_t *ret_until_ms)
{
	struct outside *o = app->outside;
	struct breaker before;
	struct one *t;
	bool may;

	mtx_lock(&o->lock);
	t = outside_one(o, target_id);
	before = t->bulk;
	may = !bulk || breaker_may(&t->bulk, now_ms, ret_until_ms);
	if (may && !breaker_may(&t->breaker, now_ms, ret_until_ms)) {
		t->bulk = before; /* its probe did not begin */
		outside_gate_longer(app, target_id, *ret_until_ms);
		may = false;
	}
	mtx_unlock(&o->lock);
	return may ? RC_OK : RC_RETRY;
}

enum rc outside_begin(struct app *app, int64_t target_id, int64_t now_ms, int64_t *ret_until_ms)
{
	return outside_begin_send(app, target_id, false, now_ms, ret_until_ms);
}

enum rc outside_begin_act(struct app *app, int64_t target_id, int64_t now_ms, int64_t *ret_until_ms)
{
	struct outside *o = app->outside;
	const struct one *t;
	bool waits;

	mtx_lock(&o->lock);
	t = outside_one(o, target_id);
	/* A send that waits begins its probe at once; when none did, none waits: it was cancelled, or is paused. */
	waits = t->sends_only && t->breaker.state != BREAKER_CLOSED &&
		now_ms - t->breaker.open_until_ms < OUTSIDE_ACT_PROBE_MS;
	*ret_until_ms = i64_max(t->breaker.open_until_ms, now_ms + OUTSIDE_ACT_LOOK_MS);
	mtx_unlock(&o->lock);
	return waits ? RC_RETRY : outside_begin(app, target_id, now_ms, ret_until_ms);
}

void outside_forget(struct app *app, int64_t target_id)
{
	struct outside *o = app->outside;
	struct one *t;

	mtx_lock(&o->lock);
	t = outside_one(o, target_id);
	breaker_forget(&t->breaker);
	breaker_forget(&t->bulk);
	mtx_unlock(&o->lock);
}

bool outside_bulk_waits(struct app *app, int64_t target_id, int64_t now_ms, int64_t *ret_until_ms)
{
	struct outside *o = app->outside;
	struct breaker b;
	bool waits;

	mtx_lock(&o->lock);
	b = outside_one(o, target_id)->bulk;
	mtx_unlock(&o->lock);
	waits = !breaker_may(&b, now_ms, ret_until_ms);
	return waits;
}

void outside_end_send(struct app *app, int64_t target_id, bool bulk, bool ok, const char *why,
		      int64_t now_ms)
{
	struct incident_work w = { .target_id = target_id,
				   .code = INCIDENT_TARGET_DOWN,
				   .args = { { why } } };
	struct outside *o = app->outside;
	bool opened = false, closed;
	struct one *t;
	int64_t gate;

	mtx_lock(&o->lock);
	t = outside_one(o, target_id);
	t->calls++;
	t->failures += ok ? 0 : 1;
	if (ok)
		t->last_ok_ms = now_ms;
	(void)breaker_report(&t->breaker, ok, now_ms);
	if (bulk && t->bulk.state == BREAKER_HALF_OPEN && ok)
		(void)breaker_report(&t->bulk, true, now_ms);
	else if (bulk)
		breaker_forget(&t->bulk);
	if (t->breaker.state == BREAKER_CLOSED)
		t->sends_only = false;
	gate = t->breaker.state == BREAKER_OPEN ? t->breaker.open_until_ms : 0;
	if (gate != 0)
		opened = opens(t, INCIDENT_TARGET_DOWN);
	w.code = gate != 0 ? INCIDENT_TARGET_DOWN : t->code;
	closed = ok &&
		 closes(t); /* a failure ends no trouble, also not what an earlier process left */
	if (gate != 0 || closed)
		queue_gate(store_queues(app->store), target_id, gate);
	mtx_unlock(&o->lock);
	if (closed)
		queue_wake(store_queues(app->store), target_id);
	w.open = opened;
	if (opened || closed)
		incident(app, &w);
}

void outside_end(struct app *app, int64_t target_id, bool ok, const char *why, int64_t now_ms)
{
	outside_end_send(app, target_id, false, ok, why, now_ms);
}

/* ---- stops ---- */

/* True: the incident has to be raised. *ret_until_ms: end of a restriction, else 0. */
static bool stop(struct app *app, const struct outside_trouble *t, bool called, int64_t now_ms,
		 int64_t *ret_until_ms)
{
	struct outside *o = app->outside;
	int64_t pause_ms = t->pause_ms, until_ms = t->until_ms;
	struct one *one;
	bool news;

	mtx_lock(&o->lock);
	one = outside_one(o, t->target_id);
	for (int i = 0; i < one->strikes && pause_ms < t->cap_ms; i++)
		pause_ms = i64_min(2 * pause_ms, t->cap_ms);
	one->strikes++;
	if (until_ms != INT64_MAX)
		until_ms = i64_max(until_ms, now_ms + pause_ms);
	one->calls += called ? 1 : 0;
	one->failures += called ? 1 : 0;
	if (t->spares_replies) {
		(void)breaker_trip(&one->bulk, until_ms);
		*ret_until_ms = one->bulk.open_until_ms;
		if (called) /* it answered */
			(void)breaker_report(&one->breaker, true, now_ms);
	} else {
		one->sends_only =
			!t->of_act || (one->sends_only && one->breaker.state != BREAKER_CLOSED);
		(void)breaker_trip(&one->breaker, until_ms);
		outside_gate_longer(app, t->target_id, one->breaker.open_until_ms);
	}
	news = opens(one, t->code);
	mtx_unlock(&o->lock);
	return news;
}

void outside_trouble(struct app *app, const struct outside_trouble *t, int64_t now_ms)
{
	struct incident_work w = {
		.target_id = t->target_id, .code = t->code, .args = t->args, .open = true
	};

	if (stop(app, t, true, now_ms, &w.restricted_until_ms) || w.restricted_until_ms > 0)
		incident(app, &w);
}

void outside_trouble_known(struct app *app, const struct outside_trouble *t, int64_t now_ms)
{
	int64_t until_ms;

	(void)stop(app, t, false, now_ms, &until_ms); /* the caller has raised it */
}

void outside_stop(struct app *app, int64_t target_id, int64_t until_ms, const char *why,
		  int64_t now_ms)
{
	const struct outside_trouble t = { .target_id = target_id,
					   .until_ms = until_ms,
					   .code = INCIDENT_TARGET_DOWN,
					   .args = { { why } } };

	outside_trouble(app, &t, now_ms);
}

void outside_resume(struct app *app, int64_t target_id)
{
	struct incident_work w = { .target_id = target_id, .args = { { "resumed" } } };
	struct outside *o = app->outside;
	struct one *t;
	bool closed;

	mtx_lock(&o->lock);
	t = outside_one(o, target_id);
	t->breaker = t->bulk = (struct breaker){ .state = BREAKER_CLOSED };
	w.code = t->code;
	closed = closes(t);
	queue_gate(store_queues(app->store), target_id, 0);
	mtx_unlock(&o->lock);
	queue_wake(store_queues(app->store), target_id);
	if (closed)
		incident(app, &w);
}

enum rc outside_resume_queue(struct app *app, enum queue_id q, struct err *e)
{
	int64_t targets[QUEUE_TARGETS_MAX];
	size_t n = topic_group_targets_get(store_queues(app->store), q, targets);

	TRY(queue_resume(app->store, q, e));
	for (size_t i = 0; i < n && app->outside != NULL; i++)
		outside_resume(app, targets[i]);
	return RC_OK;
}

bool outside_view_get(struct app *app, int64_t target_id, struct outside_view *ret)
{
	struct outside *o = app->outside;
	bool found = false;

	mtx_lock(&o->lock);
	for (int i = 0; i < o->count && !found; i++) {
		const struct one *t = &o->targets[i];

		if (t->id != target_id)
			continue;
		*ret = (struct outside_view){ .target_id = t->id,
					      .calls = t->calls,
					      .failures = t->failures,
					      .open_until_ms = t->breaker.open_until_ms,
					      .last_ok_ms = t->last_ok_ms,
					      .state = t->breaker.state,
					      .bulk_state = t->bulk.state,
					      .bulk_until_ms = t->bulk.open_until_ms,
					      .rate = t->share,
					      .usage_percent = t->usage_percent };
		found = true;
	}
	mtx_unlock(&o->lock);
	return found;
}
