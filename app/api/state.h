/* state.h - what the HTTP side remembers while it runs: seen bodies, checked tokens, counters. All of it may be lost
 * at any time. One per running app, made at its first request; app->api_release frees it. */
#ifndef API_STATE_H
#define API_STATE_H

#include "api/guard.h"
#include "api/meter.h"
#include "api/rate.h"
#include "api/seen.h"
#include "flow/app.h"
#include "store/access/token.h"

#define STATE_TOKENS 64

struct state_token {
	uint8_t digest[32]; /* SHA-256 of the text */
	struct token token; /* id 0: empty; name is not set */
	int64_t from_ms;    /* believed from then for AUTH_CACHE_MS */
};

/* How a kind of peer proves itself (hooks_trust.c). */
struct state_trust {
	_Atomic int64_t refused; /* in a row */
	_Atomic int64_t
		raised_ms; /* no other incident within TRUST_EVERY_MS; 0: none by this process */
	_Atomic bool over; /* no incident is open; false after a start: not known */
};
enum state_peer { STATE_META, STATE_CHATWOOT, STATE_EVOLUTION, STATE_PEERS };

struct state {
	/* any thread */
	struct seen seen;
	struct meter hook_us;                       /* receiving until answered */
	_Atomic int64_t hooks_stored, hooks_failed; /* failed: 503 */
	_Atomic int large_hooks;                    /* bodies above HOOK_BODY_MAX in memory now */
	_Atomic int takeaways;                      /* long answers under way (takeaway.h) */
	_Atomic int64_t signature_failures, auth_failures;
	struct state_trust trust[STATE_PEERS];
	_Atomic int64_t handshake_refused_ms;                 /* last kept */
	_Atomic int64_t refusal_logged_ms, refusals_unlogged; /* rate limit of one log line */
	char *_Atomic openapi; /* the document, made at the first request for it; NULL before */
	struct rate rate;      /* calls of each client */
	struct rate reveals;   /* of masked numbers */
	struct guard guard;    /* before password checks */
	_Atomic int64_t refusals_minute, refusals_n; /* logins noted in the audit log this minute */
	struct mtx lock;                             /* LOCK_FLOW; nothing else is taken with it */
	/* under `lock`: Clang 14 knows no GUARDED_BY of a sibling in C */
	uint64_t token_epoch; /* grows when tokens change */
	struct state_token tokens[STATE_TOKENS];
};

/* Never NULL; any thread. */
struct state *state_of(struct app *app);

#endif
