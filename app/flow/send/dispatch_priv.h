/* dispatch_priv.h - one run of dispatch.c and how it ends (dispatch_settle.c); for dispatch*.c only. */
#ifndef FLOW_DISPATCH_PRIV_H
#define FLOW_DISPATCH_PRIV_H

#include "flow/config.h"
#include "flow/handlers.h"
#include "flow/send/provider.h"
#include "store/message/message_plan.h"
#include "store/queue/topic.h"

struct sending {
	struct worker *w;
	const struct job *job;
	const struct config *config;
	const struct channel *channel;
	const struct provider *provider;
	struct topic_event event;
	struct message m;
	struct message_plan plan;
	struct json *content; /* owned */
	struct outgoing out;
	int64_t now_ms;
	struct wa_verdict verdict;
	int64_t due_ms;
	bool begun;     /* `sending` is committed */
	bool unsent;    /* the peer was not reached */
	bool blameless; /* it waits for something else than itself: number, account, network */
	bool arrived;   /* another attempt of it reached the customer */
	bool bulk;      /* no reply of a person: waits while the number is restricted */
};

/* Runs a unit of dispatch_settle.c. */
enum rc dispatch_write(struct sending *s, store_unit *unit, struct err *e) MUST_CHECK;
store_unit dispatch_begin_unit;     /* before the request leaves: sending */
store_unit dispatch_overtaken_unit; /* a status settled it while our own answer was lost */
store_unit dispatch_accepted_unit;
store_unit dispatch_unknown_unit; /* in doubt; asked for again when the provider can tell */
store_unit dispatch_reopen_unit;  /* was in doubt, is provably not there: sent again */
store_unit dispatch_again_unit;   /* still in doubt: asked again at due_ms, or left so */

/* What s->verdict means for message and job. */
enum rc dispatch_settle(struct sending *s, struct err *e) MUST_CHECK;
/* A verdict of our own: this message will not go. */
void dispatch_refuse(struct sending *s, const char *why);

/* It waits no more and will not be sent; everybody hears of it. The job is the caller's. RC_CONFLICT: it does not wait. */
enum rc dispatch_cancelled(struct tx *tx, const struct sending *s, struct err *e) MUST_CHECK;
/* Nobody knows whether it left; verdict.text says why. RC_CONFLICT: it is settled. */
enum rc dispatch_doubt(struct tx *tx, const struct sending *s, struct err *e) MUST_CHECK;
/* At the head of each unit that ends a send otherwise than accepted. *ret_gone: while it was under way (or waited for its
 * file) somebody else settled the message, and the unit has nothing to do: its mirror and its job are dealt with. */
enum rc dispatch_overtaken(struct tx *tx, const struct sending *s, bool *ret_gone, struct err *e)
	MUST_CHECK;
/* Failed, and nobody has to do anything about it: no dead letter. */
enum rc dispatch_failed_quietly(struct tx *tx, const struct sending *s, struct err *e) MUST_CHECK;

/* dispatch_rules.c: false: it does not go, and is settled. */
enum rc dispatch_rules(struct sending *s, bool *ret_go, struct err *e) MUST_CHECK;
enum rc dispatch_expire(struct sending *s, struct err *e) MUST_CHECK;
/* It is not sent, because an earlier attempt arrived. */
enum rc dispatch_needless(struct sending *s, struct err *e) MUST_CHECK;
/* After an accepted send is stored: addresses that the answer told are kept with their contact. */
void dispatch_learn(struct sending *s);

#endif
