/* outside_rate.c - see outside.h: the rate of a number, the buckets of recipients, throttles. */
#include "flow/outside/outside_priv.h"

#include "store/queue/queue.h"

#define PROBE_MAX     16   /* places looked at for one recipient */
#define RATE_FLOOR    0.05 /* a throttled number never goes below this share of its rate */
#define RATE_CLIMB    1.05 /* each second without a throttle */
#define THROTTLE_MS   SECOND_MS
#define THROTTLE_CAP  6                /* doublings: 64 s */
#define USAGE_SLOW    90               /* percent */
#define USAGE_EVERY   (10 * SECOND_MS) /* the headers come with each answer */
#define USAGE_REST_MS HOUR_MS

/* The place of a recipient: its own, a free one, else that of who is free soonest. A place that is not free yet is given
 * away only when all 16 are taken; that recipient then gets a full bucket again, which costs an error 131056 at worst. */
static struct recipient *place(struct outside *o, int64_t channel, int64_t conversation,
			       int64_t now_ms) REQUIRES(o->lock)
{
	uint64_t h = ((uint64_t)channel << 48 ^ (uint64_t)conversation) * 0x9E3779B97F4A7C15u;
	struct recipient *best = NULL;

	for (size_t i = 0; i < PROBE_MAX; i++) {
		struct recipient *r = &o->recipients[((h >> 40) + i) % OUTSIDE_RECIPIENTS];

		if (r->channel == channel && r->conversation == conversation)
			return r;
		if (best == NULL || (best->free_ms > now_ms && r->free_ms < best->free_ms))
			best = r;
	}
	*best = (struct recipient){ .channel = channel, .conversation = conversation };
	return best;
}

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
	who = place(o, channel_id, conversation_id, now_ms);
	if (who->until_ms > now_ms) {
		*ret_until_ms = who->until_ms;
		rc = RC_RETRY;
	} else {
		struct pace before = who->pace;
		struct one *t = outside_one(o, channel_id);

		every_us = number_every_us(t, r->per_second, now_ms);
		if (!pace_take(&who->pace, now_ms, r->recipient_every_ms * 1000, r->recipient_burst,
			       ret_until_ms)) {
			rc = RC_RETRY;
		} else if (!pace_take(&t->pace, now_ms, every_us, i64_max(1, r->per_second / 10),
				      ret_until_ms)) {
			who->pace = before; /* the recipient's token was not used */
			*ret_number = true;
			rc = RC_RETRY;
		}
		/* Until the bucket is full again. */
		who->free_ms =
			i64_max(who->free_ms, now_ms + r->recipient_burst * r->recipient_every_ms -
						      who->pace.tokens_us / 1000);
	}
	if (*ret_number)
		outside_gate_longer(app, channel_id, *ret_until_ms);
	mtx_unlock(&o->lock);
	return rc;
}

static void slow_down(struct one *t, int64_t now_ms)
{
	t->share = t->share / 2 < RATE_FLOOR ? RATE_FLOOR : t->share / 2;
	t->share_at_ms = now_ms;
}

void outside_throttled(struct app *app, int64_t channel_id, int64_t peer_ms, int64_t now_ms)
{
	struct outside *o = app->outside;
	struct one *t;
	int64_t rest_ms;

	mtx_lock(&o->lock);
	t = outside_one(o, channel_id);
	/* What was under way together is one throttle. */
	if (t->throttled_ms == 0 || now_ms - t->throttled_ms >= SECOND_MS) {
		int64_t quiet_ms = now_ms - t->throttled_ms;

		rest_ms = THROTTLE_MS << i64_min(t->throttles, THROTTLE_CAP);
		t->throttles = quiet_ms > 2 * rest_ms + MINUTE_MS ? 0 : t->throttles;
		rest_ms = THROTTLE_MS << i64_min(t->throttles, THROTTLE_CAP);
		t->throttles++;
		t->throttled_ms = now_ms;
		slow_down(t, now_ms);
		outside_gate_longer(app, channel_id, now_ms + i64_max(rest_ms, peer_ms));
	} else if (peer_ms > 0) {
		outside_gate_longer(app, channel_id, now_ms + peer_ms);
	}
	mtx_unlock(&o->lock);
}

void outside_usage(struct app *app, int64_t channel_id, int percent, int64_t regain_ms,
		   int64_t now_ms)
{
	struct outside *o = app->outside;
	struct one *t;

	mtx_lock(&o->lock);
	t = outside_one(o, channel_id);
	t->usage_percent = percent;
	if (percent >= USAGE_SLOW && now_ms - t->share_at_ms >= USAGE_EVERY)
		slow_down(t, now_ms);
	if (regain_ms > 0)
		outside_gate_longer(app, channel_id, now_ms + i64_min(regain_ms, USAGE_REST_MS));
	mtx_unlock(&o->lock);
}

void outside_pause_recipient(struct app *app, int64_t channel_id, int64_t conversation_id,
			     int64_t until_ms, int64_t now_ms)
{
	struct outside *o = app->outside;
	struct recipient *who;

	mtx_lock(&o->lock);
	who = place(o, channel_id, conversation_id, now_ms);
	who->until_ms = i64_max(who->until_ms, until_ms);
	who->free_ms = i64_max(who->free_ms, until_ms);
	mtx_unlock(&o->lock);
}
