/* outside_priv.h - inside of outside*.c: what is remembered of each target and recipient. */
#ifndef FLOW_OUTSIDE_PRIV_H
#define FLOW_OUTSIDE_PRIV_H

#include "flow/outside/outside.h"
#include "flow/outside/pace.h"

#define OUTSIDE_TARGETS_MAX 128
/* Recipients remembered at once. A bucket is worth remembering until it is full again, one minute by default: at
 * 1000 messages a second that is 60,000 recipients. 3.5 MB at most, touched as they come. */
#define OUTSIDE_RECIPIENTS 65536

struct one {
	int64_t id;
	struct breaker breaker;
	struct breaker bulk; /* of everything but people's replies */
	/* stopped by what a send was answered: only a send can find out that it is over */
	bool sends_only;
	int strikes; /* refusals of the provider in a row */
	struct pace pace;
	double share; /* of the configured rate, 1 when not throttled */
	int64_t share_at_ms;
	int throttles; /* in a row */
	int64_t throttled_ms;
	int usage_percent;
	int64_t calls, failures, last_ok_ms;
	bool incident; /* an incident of ours is open, or may be: left by an earlier process */
	enum incident_code code;
};

struct recipient {
	int64_t channel, conversation;
	struct pace pace;
	int64_t until_ms; /* the peer said: not before */
	int64_t free_ms;  /* from then on it is as good as forgotten */
};

struct outside {
	struct mtx lock; /* LOCK_TARGET */
	struct one targets[OUTSIDE_TARGETS_MAX];
	int count;
	struct recipient recipients[OUTSIDE_RECIPIENTS];
};

/* Lock held. More targets than places share the last one. */
struct one *outside_one(struct outside *o, int64_t id) REQUIRES(o->lock);
/* Breaker and gate change under one lock: else a gate of a breaker that was just closed would stay. Who only learns
 * that the way is shut never shortens what another said (a pause, a longer stop). */
void outside_gate_longer(struct app *app, int64_t target_id, int64_t until_ms);

#endif
