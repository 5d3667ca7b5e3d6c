/* lookup_priv.h - inside of the lookups: the shared state and the work of one question. */
#ifndef FLOW_LOOKUP_PRIV_H
#define FLOW_LOOKUP_PRIV_H

#include "flow/lookup/lookup.h"
#include "flow/outside/pace.h"
#include "io/http.h"
#include "store/lookup_session.h"

#define LOOKUP_ARENA_MAX (4 * MIB)

/* What is remembered of a connector. Everything under lookups.lock. */
struct lookup_peer {
	int64_t id; /* target row; 0: free */
	struct pace pace;
	int64_t busy_until_ms; /* the upstream said: not before */
	/* the session */
	char token[LOOKUP_TOKEN_MAX + 1];
	uint64_t mark; /* of the settings that it belongs to */
	uint64_t made; /* number of the session: grows with each login; 0: never */
	bool there;
	bool read; /* the database was looked at */
	int64_t expires_ms, renew_ms;
	bool logging_in;       /* somebody does it; all others wait for `changed` */
	uint64_t tries;        /* logins that ended, well or not */
	enum lookup_code last; /* how the last one ended */
	char last_error[200];
	int64_t refused_until_ms; /* nobody tries before */
	struct lookup_view view;
};

struct lookup_row; /* of the cache */
struct lookup_cache {
	struct lookup_row *rows[LOOKUP_CACHE_ROWS];
	size_t bytes;
};

struct lookup_work; /* a question on its way */

struct lookups {
	struct mtx lock;    /* LOCK_FLOW: all below */
	struct cnd work;    /* something waits, or the end */
	struct cnd changed; /* a login ended, or the end */
	struct lookup_work *first, *last;
	int waiting;
	bool stopping;
	struct lookup_peer peers[CONFIG_TARGETS_MAX];
	struct lookup_cache cache;
	struct thr *threads;
	int thread_count;
};

/* One question. Two own it while a worker has it: the caller and the worker. */
struct lookup_work {
	struct lookup_work *next;
	struct app *app;
	const struct config *config; /* counted */
	const struct lookup_target *t;
	struct arena arena; /* inputs, result; the worker's until `done` */
	struct template_value values[LOOKUP_INPUTS_MAX];
	uint8_t key[32];       /* of the inputs, for the cache */
	int64_t until_mono_us; /* nobody waits longer */
	int owners;            /* under the lock, like the rest */
	bool done;
	struct cnd ended;
	struct lookup_result result;
	/* the worker's */
	struct http *http;
	bool not_mine; /* the failure is somebody else's to report to the breaker */
};

/* lookup_pool.c. Lock held: the place of a connector; NULL: more connectors than places. */
struct lookup_peer *lookup_pool_peer(struct lookups *l, int64_t target_id);
/* A question to `slug` of the live configuration (t NULL: there is none), with one owner. */
struct lookup_work *lookup_pool_work(struct app *app, const char *slug);
void lookup_pool_give_up(struct lookup_work *k);
/* Lock held: hands the work to a worker and waits for its end or the deadline. */
void lookup_pool_wait(struct lookups *l, struct lookup_work *k);
/* After an answer, by who worked: the session is renewed when it is near its end. */
void lookup_pool_renew(struct lookup_work *answered);

/* lookup.c. The work itself: breaker, session, query, breaker, cache. Sets the result. */
void lookup_run(struct lookup_work *k);
void lookup_fail(struct lookup_work *k, enum lookup_code code, const char *error);

/* lookup_call.c: one HTTP exchange of a step. */
struct lookup_exchange {
	struct http_answer http;
	struct json *root; /* NULL: no JSON */
	struct lookup_answer answer;
};
#define LOOKUP_EXCHANGE             \
	{                           \
		.http = HTTP_ANSWER \
	}
void lookup_exchange_release(struct lookup_exchange *x);
/* RC_OK: an answer came. Else the result of `k` is set. */
enum rc lookup_call(struct lookup_work *k, const struct lookup_step *step,
		    const struct template_values *values, const char *keep_header,
		    struct lookup_exchange *x) MUST_CHECK;
/* Condition of an answer; a malformed one (checked when it was read) does not hold. */
bool lookup_holds(struct str conditions, const struct lookup_exchange *x);

/* lookup_login.c: LOOKUP_FOUND: a session that is not number `bad`, its token in `k`'s arena. Else the result is set. */
enum lookup_code lookup_session_need(struct lookup_work *k, uint64_t bad, struct str *ret_token,
				     uint64_t *ret_made);
/* A session near its end is renewed by a worker after an answer, while others go on with the old one. */
bool lookup_session_due(struct lookup_work *k);
void lookup_session_renew(struct lookup_work *k);

/* lookup_cache.c; lock held. */
bool lookup_cache_get(struct lookup_cache *c, const uint8_t key[32], int64_t now_ms,
		      struct lookup_work *k);
void lookup_cache_put(struct lookup_cache *c, const uint8_t key[32], int64_t now_ms,
		      int64_t until_ms, const struct lookup_result *r);
void lookup_cache_free(struct lookup_cache *c);

#endif
