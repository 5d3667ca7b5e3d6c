/* chatwoot_fetch.h - the bytes of an attachment in Chatwoot (chatwoot-n8n-evolution.md 1.7, R23).
 *
 * data_url answers a redirect (ActiveStorage), maybe to an object store: redirects are followed here, at most
 * CHATWOOT_FETCH_HOPS, and no credentials go along. Its host is FRONTEND_URL's, which may be wrong or not reachable from
 * here: setting chatwoot.*.file_host replaces it; without one the address of Chatwoot itself is tried as well. Private
 * addresses are fetched from only where Chatwoot is (chatwoot.*.url, file_host) and from chatwoot.*.file_hosts. */
#ifndef FLOW_CHATWOOT_FETCH_H
#define FLOW_CHATWOOT_FETCH_H

#include "flow/config.h"
#include "flow/media/media_store.h"
#include "flow/work.h"
#include "peer/chatwoot/chatwoot_say.h"

#define CHATWOOT_FETCH_HOPS 5

enum chatwoot_fetched {
	CHATWOOT_FETCHED,     /* put is placed; the caller keeps it in its unit, or drops it */
	CHATWOOT_FETCH_LATER, /* not reached, busy: again, without end of its own */
	CHATWOOT_FETCH_AGAIN, /* an answer of no use (expired, cut): an attempt */
	CHATWOOT_FETCH_NEVER  /* too long, leads nowhere */
};

struct chatwoot_fetch {
	struct worker *w;
	const struct job *job;
	const struct config *config;
	const struct chatwoot_target *target;
	const struct chatwoot_attachment *file;
	/* What came of it: */
	struct media_put put;
	enum chatwoot_fetched outcome;
	char why[160]; /* one sentence for the agent; no addresses */
	bool down;     /* nothing answered */
	int64_t renewed_us;
};

/* RC_OK: look at the outcome. Else our own disk or store; the caller drops `put` in any case. */
enum rc chatwoot_fetch_file(struct chatwoot_fetch *f, struct err *e) MUST_CHECK;

#endif
