/* lookup.h - lookups: a question to a foreign system that a person or a workflow waits for (totem.md, source 001).
 *
 *   caller (handler, flow, CLI)                      worker (lookup_workers threads)
 *   inputs checked -> answer cache -> bounded list ------> breaker -> rate -> session -> query -> answer mapped
 *   waits with a deadline <--------------------------------- expired? one new login, one more try
 *
 * A handler never calls a peer: it waits for a worker. Without threads (simulator, tests, CLI beside no server) the caller
 * works itself. The session of a connector is shared by all, logged in once however many ask at the same time, kept
 * sealed in lookup_sessions and renewed before it ends. Nothing here is durable work: who asked is gone after a restart.
 * Thread-safe (LOCK_FLOW). Inputs and answers are personal data: they are never logged but masked. */
#ifndef FLOW_LOOKUP_H
#define FLOW_LOOKUP_H

#include "flow/app.h"
#include "flow/config.h"

#define LOOKUP_WAITING_MAX 256              /* more callers: LOOKUP_BUSY */
#define LOOKUP_CACHE_ROWS  1024             /* answers kept, all connectors together */
#define LOOKUP_CACHE_BYTES (8 * MIB)        /* and their size */
#define LOOKUP_DATA_MAX    (64 * KIB)       /* a result; larger ones are LOOKUP_DOWN */
#define LOOKUP_REFUSED_MS  (30 * SECOND_MS) /* after a refused login nobody tries again so long */

struct lookups;
struct lookups *lookup_pool_new(void);
void lookup_pool_free(struct lookups *l); /* after lookup_pool_stop; NULL is fine */
/* Starts the setting's number of workers. */
enum rc lookup_pool_start(struct app *app, struct err *e) MUST_CHECK;
/* No new work; waiting callers are answered LOOKUP_DOWN; joins (a running call may take its time-out). */
void lookup_pool_halt(struct app *app);
void lookup_pool_stop(struct app *app);

struct lookup_result {
	enum lookup_code code;
	struct str data;        /* LOOKUP_FOUND: JSON, in the caller's arena; else none */
	char error[200];        /* a sentence for people without personal data; "": none */
	bool cached;            /* from the answer cache */
	int64_t retry_after_ms; /* LOOKUP_BUSY: try again then; 0: not known */
};

/* Asks the connector `slug` with the members of the object `inputs`. Always gives a result; waits at most its
 * deadline_ms. */
void lookup_ask(struct app *app, const char *slug, const struct json *inputs, struct arena *a,
		struct lookup_result *ret);

/* For metrics and the list of connectors. */
struct lookup_view {
	int64_t by_code[LOOKUP_CODES]; /* answers, cached ones too */
	int64_t cached, logins, logins_refused, expired;
	int64_t ms_sum;             /* of all answers */
	int64_t session_expires_ms; /* 0: none */
};
void lookup_pool_view(struct app *app, int64_t target_id, struct lookup_view *ret);
int64_t lookup_pool_waiting(struct app *app);

#endif
