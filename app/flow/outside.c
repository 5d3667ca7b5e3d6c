/* outside.c - see outside.h. A fixed table of targets and a bounded hash of recipients. */
#include "flow/outside.h"

#include "base/limits.h"
#include "base/log.h"
#include "flow/pace.h"
#include "store/incident.h"
#include "store/queue.h"
#include "store/target.h"

#define TARGETS_MAX 128
#define RECIPIENTS  8192 /* recipients remembered; an older one that is full again is forgotten */
#define PROBE_MAX   16   /* places looked at for one recipient */
#define RATE_FLOOR  0.05 /* a throttled number never goes below this share of its rate */
#define RATE_CLIMB  1.05 /* each second without a throttle */

struct one {
	int64_t id;
	struct breaker breaker;
	struct pace pace;
	double share; /* of the configured rate, 1 when not throttled */
	int64_t share_at_ms;
	int64_t calls, failures, last_ok_ms;
	bool incident; /* an incident of ours is open */
};

struct recipient {
	int64_t channel, conversation;
	struct pace pace;
	int64_t until_ms; /* the peer said: not before */
	int64_t used_ms;
};

struct outside {
	struct mtx lock; /* LOCK_TARGET */
	struct one targets[TARGETS_MAX];
	int count;
	struct recipient recipients[RECIPIENTS];
};

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

/* Lock held. More targets than places share the last one. */
static struct one *target(struct outside *o, int64_t id)
{
	for (int i = 0; i < o->count; i++) {
		if (o->targets[i].id == id)
			return &o->targets[i];
	}
	if (o->count == TARGETS_MAX)
		return &o->targets[TARGETS_MAX - 1];
	o->targets[o->count] = (struct one){ .id = id, .share = 1 };
	return &o->targets[o->count++];
}

static struct recipient *recipient(struct outside *o, int64_t channel, int64_t conversation,
				   int64_t now_ms)
{
	uint64_t h = ((uint64_t)channel << 48 ^ (uint64_t)conversation) * 0x9E3779B97F4A7C15u;
	struct recipient *oldest = NULL;

	for (size_t i = 0; i < PROBE_MAX; i++) {
		struct recipient *r = &o->recipients[((h >> 40) + i) % RECIPIENTS];

		if (r->channel == channel && r->conversation == conversation) {
			r->used_ms = now_ms;
			return r;
		}
		if (oldest == NULL || r->used_ms < oldest->used_ms)
			oldest = r;
	}
	*oldest = (struct recipient){ .channel = channel,
				      .conversation = conversation,
				      .used_ms = now_ms };
	return oldest;
}

/* ---- incidents ---- */

struct incident_work {
	int64_t target_id;
	enum incident_code code;
	struct incident_args args;
	bool open;
};

static enum rc incident_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct incident_work *w = arg;

	char subject[TARGET_NAME_MAX];

	TRY(target_name(tx->db, w->target_id, subject, e));
	if (w->open)
		return incident_raise(tx, w->code, subject, &w->args, e);
	return incident_close(tx, incident_kind(INCIDENT_TARGET_DOWN), subject, e);
}

static void incident(struct app *app, int64_t target_id, bool open, const char *why)
{
	struct incident_work w = { .target_id = target_id,
				   .code = INCIDENT_TARGET_DOWN,
				   .args = { { why } },
				   .open = open };
	struct err e = { 0 };

	if (store_write(app->store, STORE_NORMAL, incident_unit, &w, &e) != RC_OK)
		log_err(LOG_WARN, "outside.incident_not_stored", &e);
	log_event(open ? LOG_WARN : LOG_INFO, open ? "target.stopped" : "target.recovered",
		  "target", LOG_I64(target_id), "why", why, NULL);
}

/* ---- calls ---- */

/* Breaker and gate change under one lock: else a gate of a breaker that was just closed would stay. Who only learns
 * that the way is shut never shortens what another said (a pause, a longer stop). */
static void gate_longer(struct app *app, int64_t target_id, int64_t until_ms)
{
	struct queues *qs = store_queues(app->store);

	if (queue_gated_until(qs, target_id) < until_ms)
		queue_gate(qs, target_id, until_ms);
}

enum rc outside_begin(struct app *app, int64_t target_id, int64_t now_ms, int64_t *ret_until_ms)
{
	struct outside *o = app->outside;
	bool may;

	mtx_lock(&o->lock);
	may = breaker_may(&target(o, target_id)->breaker, now_ms, ret_until_ms);
	if (!may)
		gate_longer(app, target_id, *ret_until_ms);
	mtx_unlock(&o->lock);
	return may ? RC_OK : RC_RETRY;
}

void outside_end(struct app *app, int64_t target_id, bool ok, const char *why, int64_t now_ms)
{
	struct outside *o = app->outside;
	struct one *t;
	int64_t gate;
	bool opened = false, closed = false;

	mtx_lock(&o->lock);
	t = target(o, target_id);
	t->calls++;
	t->failures += ok ? 0 : 1;
	if (ok)
		t->last_ok_ms = now_ms;
	(void)breaker_report(&t->breaker, ok, now_ms);
	gate = t->breaker.state == BREAKER_OPEN ? t->breaker.open_until_ms : 0;
	if (gate != 0 && !t->incident)
		opened = t->incident = true;
	if (t->breaker.state == BREAKER_CLOSED && t->incident) {
		closed = true;
		t->incident = false;
	}
	if (gate != 0 || closed)
		queue_gate(store_queues(app->store), target_id, gate);
	mtx_unlock(&o->lock);
	if (opened || closed)
		incident(app, target_id, opened, why);
}

void outside_stop(struct app *app, int64_t target_id, int64_t until_ms, const char *why,
		  int64_t now_ms)
{
	struct outside *o = app->outside;
	struct one *t;
	bool opened;

	(void)now_ms;
	mtx_lock(&o->lock);
	t = target(o, target_id);
	t->calls++;
	t->failures++;
	(void)breaker_trip(&t->breaker, until_ms);
	opened = !t->incident;
	t->incident = true;
	gate_longer(app, target_id, t->breaker.open_until_ms);
	mtx_unlock(&o->lock);
	if (opened)
		incident(app, target_id, true, why);
}

void outside_resume(struct app *app, int64_t target_id)
{
	struct outside *o = app->outside;
	struct one *t;
	bool closed;

	mtx_lock(&o->lock);
	t = target(o, target_id);
	t->breaker = (struct breaker){ .state = BREAKER_CLOSED };
	closed = t->incident;
	t->incident = false;
	queue_gate(store_queues(app->store), target_id, 0);
	mtx_unlock(&o->lock);
	if (closed)
		incident(app, target_id, false, "resumed");
}

/* ---- rates ---- */

static int64_t number_every_us(struct one *t, int64_t per_second, int64_t now_ms)
{
	while (t->share < 1 && now_ms - t->share_at_ms >= SECOND_MS) {
		t->share *= RATE_CLIMB;
		t->share_at_ms += SECOND_MS;
	}
	if (t->share > 1)
		t->share = 1;
	return (int64_t)(1e6 / ((double)per_second * t->share));
}

enum rc outside_take(struct app *app, int64_t channel_id, int64_t conversation_id,
		     const struct outside_rate *r, int64_t now_ms, int64_t *ret_until_ms,
		     bool *ret_number)
{
	struct outside *o = app->outside;
	struct recipient *who;
	enum rc rc = RC_OK;
	int64_t every_us;

	*ret_number = false;
	mtx_lock(&o->lock);
	who = recipient(o, channel_id, conversation_id, now_ms);
	if (who->until_ms > now_ms) {
		*ret_until_ms = who->until_ms;
		rc = RC_RETRY;
	} else {
		struct pace before = who->pace;

		every_us = number_every_us(target(o, channel_id), r->per_second, now_ms);
		if (!pace_take(&who->pace, now_ms, r->recipient_every_ms * 1000, r->recipient_burst,
			       ret_until_ms)) {
			rc = RC_RETRY;
		} else if (!pace_take(&target(o, channel_id)->pace, now_ms, every_us,
				      i64_max(1, r->per_second / 10), ret_until_ms)) {
			who->pace = before; /* the recipient's token was not used */
			*ret_number = true;
			rc = RC_RETRY;
		}
	}
	if (*ret_number)
		gate_longer(app, channel_id, *ret_until_ms);
	mtx_unlock(&o->lock);
	return rc;
}

void outside_throttled(struct app *app, int64_t channel_id, int64_t now_ms)
{
	struct outside *o = app->outside;
	struct one *t;

	mtx_lock(&o->lock);
	t = target(o, channel_id);
	t->share = t->share / 2 < RATE_FLOOR ? RATE_FLOOR : t->share / 2;
	t->share_at_ms = now_ms;
	mtx_unlock(&o->lock);
}

void outside_pause_recipient(struct app *app, int64_t channel_id, int64_t conversation_id,
			     int64_t until_ms)
{
	struct outside *o = app->outside;

	mtx_lock(&o->lock);
	recipient(o, channel_id, conversation_id, until_ms)->until_ms = until_ms;
	mtx_unlock(&o->lock);
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
					      .rate = t->share };
		found = true;
	}
	mtx_unlock(&o->lock);
	return found;
}
