/* hooks_trust.c - what a person is told when a peer's signatures do not fit: a wrong secret refuses every message of a customer
 * and nobody would know. Anybody can post rubbish at a public door, so it takes TRUST_REFUSED in a row, and writes at most
 * once in TRUST_EVERY_MS. Any worker's thread. */
#include <stdatomic.h>

#include "api/hooks_priv.h"
#include "base/log.h"
#include "flow/damage/damage.h"
#include "store/incident.h"

#define TRUST_REFUSED  3
#define TRUST_EVERY_MS (10 * MINUTE_MS)
#define TRUST_RETRY_MS \
	MINUTE_MS /* after one that could not be written: its line in the log has the same limit */
#define SUBJECT "box"

static const enum incident_code CODES[STATE_PEERS] = {
	[STATE_META] = INCIDENT_META_SIGNATURE,
	[STATE_CHATWOOT] = INCIDENT_CHATWOOT_SIGNATURE,
	[STATE_EVOLUTION] = INCIDENT_EVOLUTION_SIGNATURE,
};

static enum rc raise_unit(struct tx *tx, void *arg, struct err *e)
{
	const enum incident_code *code = arg;

	return incident_raise(tx, *code, SUBJECT, NULL, e);
}

static enum rc close_unit(struct tx *tx, void *arg, struct err *e)
{
	const enum incident_code *code = arg;

	return incident_close(tx, incident_kind(*code), SUBJECT, e);
}

void hooks_trust_bad(struct hook *h, enum state_peer p)
{
	struct state_trust *t = &h->state->trust[p];
	int64_t now_ms = h->c->q->now_ms, raised_ms = atomic_load(&t->raised_ms);
	enum incident_code code = CODES[p];
	struct err e = { .rc = RC_OK };

	if (atomic_fetch_add(&t->refused, 1) + 1 < TRUST_REFUSED ||
	    now_ms - raised_ms < TRUST_EVERY_MS ||
	    !atomic_compare_exchange_strong(&t->raised_ms, &raised_ms, now_ms))
		return;
	if (store_write(h->c->app->store, STORE_NORMAL, raise_unit, &code, &e) != RC_OK) {
		log_err(LOG_WARN, "hook.distrust_unwritten", &e);
		atomic_store(&t->raised_ms, now_ms - TRUST_EVERY_MS + TRUST_RETRY_MS);
		return;
	}
	atomic_store(&t->over, false); /* behind the write: a good one closes what is there */
}

void hooks_trust_good(struct hook *h, enum state_peer p)
{
	struct state_trust *t = &h->state->trust[p];
	enum incident_code code = CODES[p];
	struct err e = { .rc = RC_OK };

	if (atomic_load_explicit(&t->refused, memory_order_relaxed) != 0)
		atomic_store(&t->refused, 0);
	if (atomic_load_explicit(&t->over, memory_order_relaxed) ||
	    damage_inbox(h->c->app) != h->c->app->store || atomic_exchange(&t->over, true))
		return;
	if (store_write(h->c->app->store, STORE_NORMAL, close_unit, &code, &e) != RC_OK) {
		log_err(LOG_WARN, "hook.trust_unwritten", &e);
		atomic_store(&t->over, false);
	}
}
