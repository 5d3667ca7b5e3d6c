/* outside.h - what we know of each target now: breakers, rate of a number, recipients' pauses, call counts. In memory;
 * a restart begins with closed breakers. Thread-safe (LOCK_TARGET).
 *
 * A channel has two breakers: `breaker` for everything, `bulk` for all but replies of people. Whoever restricts a number
 * for spam (class STOP of peer/wa/wa_send.h) stops the second one only, until a reply is refused too. */
#ifndef FLOW_OUTSIDE_H
#define FLOW_OUTSIDE_H

#include "flow/app.h"
#include "flow/outside/breaker.h"
#include "store/incident.h"
#include "store/queue/queue.h"

struct outside *outside_new(void);
void outside_free(struct outside *o);

/* Before a call: breaker. RC_OK: go. RC_RETRY: *ret_until_ms; the lane's gate was closed until then. */
enum rc outside_begin(struct app *app, int64_t target_id, int64_t now_ms, int64_t *ret_until_ms);
/* After it. `ok`: the peer works (also when it refused this one request). Opens and closes incidents, gates the lane. */
void outside_end(struct app *app, int64_t target_id, bool ok, const char *why, int64_t now_ms);
/* The peer (or a person) wants silence until then; until_ms INT64_MAX: until resumed. */
void outside_stop(struct app *app, int64_t target_id, int64_t until_ms, const char *why,
		  int64_t now_ms);
/* Also wakes jobs that were held for it. */
void outside_resume(struct app *app, int64_t target_id);
/* A person resumes a queue, and with it the Chatwoot or each n8n that it leads to: who has mended there what
 * refused us (R17) does not wait for the end of the pause. Numbers are not touched: what stopped one is nothing of a queue. */
enum rc outside_resume_queue(struct app *app, enum queue_id q, struct err *e) MUST_CHECK;

/* Sends of a channel: the same with both breakers. `bulk`: it is no reply of a person. */
enum rc outside_begin_send(struct app *app, int64_t target_id, bool bulk, int64_t now_ms,
			   int64_t *ret_until_ms);
void outside_end_send(struct app *app, int64_t target_id, bool bulk, bool ok, const char *why,
		      int64_t now_ms);
/* The same for what is no message (read receipts, typing, edits): RC_RETRY also when the number was stopped by what a
 * send was answered (that an act works says nothing about sends), until a minute after the pause no send has tried: then
 * none waits. */
enum rc outside_begin_act(struct app *app, int64_t target_id, int64_t now_ms,
			  int64_t *ret_until_ms);
/* A call that was let begin did not happen: its place at the breakers is free again. */
void outside_forget(struct app *app, int64_t target_id);
/* Whether bulk has to wait. A look only: no probe begins. */
bool outside_bulk_waits(struct app *app, int64_t target_id, int64_t now_ms, int64_t *ret_until_ms);

/* What a provider's refusal means for a whole number. */
struct outside_trouble {
	int64_t target_id;
	int64_t pause_ms; /* after the first refusal; doubles with each one in a row ... */
	int64_t cap_ms;   /* ... up to this; below pause_ms: it does not grow */
	int64_t until_ms; /* the provider's own word: not before; 0: none */
	bool spares_replies;
	bool of_act; /* an act met it: acts may probe whether it is over; else only sends do */
	enum incident_code code;
	struct incident_args args;
};
/* Stops and raises the incident (kind "target"; one per target, its code follows the newest cause). */
void outside_trouble(struct app *app, const struct outside_trouble *t, int64_t now_ms);
/* Only the part in memory: for units, which raise the incident in their own transaction (called after the commit). */
void outside_trouble_known(struct app *app, const struct outside_trouble *t, int64_t now_ms);

/* One message of a number to a recipient. RC_OK: go. RC_RETRY: *ret_until_ms; `*ret_number` true: the whole number
 * waits (its lane is gated), false: only this recipient. */
struct outside_rate {
	int64_t per_second, recipient_burst, recipient_every_ms;
};
enum rc outside_take(struct app *app, int64_t channel_id, int64_t conversation_id,
		     const struct outside_rate *r, int64_t now_ms, int64_t *ret_until_ms,
		     bool *ret_number);
/* Number throttled by the peer (130429): halves the rate, at most once a second; it climbs back by itself (5 % each
 * second without a throttle). The number rests for 1, 2, 4 ... 64 s, at least `peer_ms` (-1: not said). */
void outside_throttled(struct app *app, int64_t channel_id, int64_t peer_ms, int64_t now_ms);
/* Usage headers of the provider (4.3): from 90 % on the rate falls as if throttled; `regain_ms` > 0: the number rests. */
void outside_usage(struct app *app, int64_t channel_id, int percent, int64_t regain_ms,
		   int64_t now_ms);
/* Recipient pause (131056). */
void outside_pause_recipient(struct app *app, int64_t channel_id, int64_t conversation_id,
			     int64_t until_ms, int64_t now_ms);

/* The clock was set back: what holds until after beyond_ms holds no more (but not what waits for a person: INT64_MAX), and
 * marks of the past are not in the future. The gates of lanes are the caller's (flow/clock/clockback.c). */
void outside_clock_back(struct app *app, int64_t beyond_ms, int64_t now_ms);

struct outside_view {
	int64_t target_id, calls, failures, open_until_ms, last_ok_ms;
	enum breaker_state state;
	enum breaker_state bulk_state;
	int64_t bulk_until_ms;
	double rate; /* share of the configured one */
	int usage_percent;
};
/* False: no call was made yet. */
bool outside_view_get(struct app *app, int64_t target_id, struct outside_view *ret);

#endif
