/* outside.h - what we know of each target now: breaker, rate of a number, recipients' pauses, call counts. In memory;
 * a restart begins with closed breakers. Thread-safe (LOCK_TARGET). */
#ifndef FLOW_OUTSIDE_H
#define FLOW_OUTSIDE_H

#include "flow/app.h"
#include "flow/breaker.h"

struct outside *outside_new(void);
void outside_free(struct outside *o);

/* Before a call: breaker. RC_OK: go. RC_RETRY: *ret_until_ms; the lane's gate was closed until then. */
enum rc outside_begin(struct app *app, int64_t target_id, int64_t now_ms, int64_t *ret_until_ms);
/* After it. `ok`: the peer works (also when it refused this one request). Opens and closes incidents, gates the lane. */
void outside_end(struct app *app, int64_t target_id, bool ok, const char *why, int64_t now_ms);
/* The peer (or a person) wants silence until then; until_ms INT64_MAX: until resumed. */
void outside_stop(struct app *app, int64_t target_id, int64_t until_ms, const char *why,
		  int64_t now_ms);
void outside_resume(struct app *app, int64_t target_id);

/* One message of a number to a recipient. RC_OK: go. RC_RETRY: *ret_until_ms; `*ret_number` true: the whole number
 * waits (its lane is gated), false: only this recipient. */
struct outside_rate {
	int64_t per_second, recipient_burst, recipient_every_ms;
};
enum rc outside_take(struct app *app, int64_t channel_id, int64_t conversation_id,
		     const struct outside_rate *r, int64_t now_ms, int64_t *ret_until_ms,
		     bool *ret_number);
/* Number throttled by the peer: halve the rate; it climbs back by itself (5 % each second without a throttle). */
void outside_throttled(struct app *app, int64_t channel_id, int64_t now_ms);
/* Recipient pause (131056). */
void outside_pause_recipient(struct app *app, int64_t channel_id, int64_t conversation_id,
			     int64_t until_ms);

struct outside_view {
	int64_t target_id, calls, failures, open_until_ms, last_ok_ms;
	enum breaker_state state;
	double rate;
};
/* False: no call was made yet. */
bool outside_view_get(struct app *app, int64_t target_id, struct outside_view *ret);

#endif
