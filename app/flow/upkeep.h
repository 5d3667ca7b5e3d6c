/* upkeep.h - queue `upkeep`: work that comes again (poll a channel) or is asked for (check it now, sync its templates).
 *
 * One table of kinds (upkeep.c): a kind has a handler and says for which channels it is wanted and how often. Each kind
 * exists at most once per thing it is about (store/chore.h). Periodic ones make their next job in the commit that ends
 * the last one; upkeep_ensure makes sure of them after each change of settings and once a minute. To ask for
 * one now: chore_want() in any unit. A handler runs in a worker of the queue and may call peers. */
#ifndef FLOW_UPKEEP_H
#define FLOW_UPKEEP_H

#include "flow/config.h"
#include "flow/work.h"
#include "io/json.h"
#include "store/chore.h"

#define UPKEEP_FIRST_MS \
	(20 * SECOND_MS) /* a new periodic job starts after this, and up to as much again */
#define UPKEEP_FAILED_MS \
	(5 * MINUTE_MS) /* a periodic run that failed is tried again then, or after its period */

struct upkeep_run {
	struct worker *w;            /* its arena and connections may be used */
	const struct config *config; /* of this run */
	const struct channel
		*channel; /* config_channel(ref) for kinds about a channel, never NULL there */
	const struct job *job;
	int64_t ref;
	const struct json *args; /* NULL: none */
	int64_t now_ms;
};

/* Writes what it finds in units of its own; the job is settled by upkeep.c. *ret_next_ms is when it runs next as wall
 * time: preset to the period of a periodic kind (with jitter) or 0 (no more), may be changed. An error: a periodic
 * kind runs again after UPKEEP_FAILED_MS; a kind that was asked for is retried as its queue says, and ends as a
 * dead letter. RC_LIMIT and RC_IO are the box's own trouble: held. */
typedef enum rc upkeep_fn(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e);

struct upkeep_kind {
	const char *name; /* in the payload; short, for ever */
	upkeep_fn *run;
	/* Milliseconds between runs for this channel; 0: not wanted. NULL: only when it is asked for. */
	int64_t (*every_ms)(const struct config *c, const struct channel *ch);
	bool about_channel;   /* ref is a channel; gone: the job ends */
	const char *provider; /* of such channels; NULL: any */
	bool check;           /* runs when a person asks how the channel is */
	/* For kinds about a Chatwoot (ref is its target): as every_ms. NULL: another kind. */
	int64_t (*every_chatwoot_ms)(const struct chatwoot_target *t);
};

/* Jobs of all periodic kinds that are wanted and missing. Failures are logged; the next minute tries again. */
void upkeep_ensure(struct app *app, int64_t now_ms);
/* The kind that finds out how a channel is; NULL: this provider has none. */
const char *upkeep_check_kind(const struct channel *ch);
/* Inside a unit: runs now what finds out how this channel is. *ret_count 0: this provider has nothing of the kind. */
enum rc upkeep_check(struct tx *tx, const struct channel *ch, int *ret_count, struct err *e)
	MUST_CHECK;

#endif
