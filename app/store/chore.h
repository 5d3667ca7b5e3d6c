/* chore.h - jobs of queue `upkeep`: work that comes again or is asked for, one open job per kind and thing it is about.
 * What the kinds are and do stands in flow/upkeep.c. */
#ifndef STORE_CHORE_H
#define STORE_CHORE_H

#include "store/queue/queue.h"

#define CHORE_KIND_MAX 40

struct chore {
	const char *kind; /* a row of flow/upkeep.c */
	int64_t ref;      /* target or what the kind is about */
	struct str args;  /* JSON object, or none */
};

/* Makes sure that an open job is there. One that waits already is kept with its args, and is made due at once when
 * due_ms is not in the future (0: now). *ret_new (may be NULL): it was made. */
enum rc chore_want(struct tx *tx, const struct chore *c, int64_t due_ms, bool *ret_new,
		   struct err *e) MUST_CHECK;
/* Settles a run: the job is done, the next one (next_ms, 0: none) takes its place. error NULL: it went well. */
struct chore_end {
	const struct job *job;
	struct chore chore;
	const char *error;
	int64_t next_ms;
};
enum rc chore_ended(struct tx *tx, const struct chore_end *end, struct err *e) MUST_CHECK;
struct chore_state {
	int64_t ran_ms, failed_ms;
	struct str error; /* of the last run, when it failed */
};
/* RC_ABSENT: never wanted. */
enum rc chore_state(struct db *db, const char *kind, int64_t ref, struct arena *a,
		    struct chore_state *ret, struct err *e) MUST_CHECK;

#endif
