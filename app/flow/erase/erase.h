/* erase.h - one person's data: taken out everywhere.
 *
 *   cut     one unit: nothing about the person is unfinished; the spellings go, so that whoever writes from now on is new
 *   rows    messages with all that hangs on them, threads, events, dead letters, the bytes of raw requests that name the
 *           person, what they wrote in groups, kept answers, files that no other message uses, at last the contact
 *   pages   what the rows left in free space, in the search indexes and in the log is overwritten (erase_wipe.c)
 *
 * Small units between the writes of others. The erasure is a row (store/retention/erasure.h): after a crash, or when somebody wrote
 * in the thread meanwhile, the janitor goes on with it. A message that a peer tells of again (redelivery, catch-up) stays
 * away: digests of the provider's ids are kept.
 *
 * What stays: rows of raw requests without their bytes, counters, the audit log (which names no one), numbers of Chatwoot's
 * messages (what is known there is never sent again), what others wrote about the person, and older copies: backups and the
 * copies before an upgrade or a restore are listed; they go by rotation or by hand. */
#ifndef FLOW_ERASE_H
#define FLOW_ERASE_H

#include "base/sbuf.h"
#include "flow/app.h"

#define ERASE_CONVERSATIONS_MAX 512
#define ERASE_ALIASES_MAX       64

struct erasure_ask;
struct erase_report {
	int64_t id; /* of the erasure: how far it is */
	int64_t messages, deliveries, letters, files, conversations;
	bool rows_left; /* somebody wrote meanwhile: the janitor goes on when that is done */
};

/* RC_CONFLICT: work for the person is not done yet (`e` says how much). RC_INVALID: more threads or spellings than places; nothing
 * is gone. */
enum rc erase_contact(struct app *app, const struct erasure_ask *a, struct erase_report *ret,
		      struct err *e) MUST_CHECK;
/* Only its first unit: the person is not met any more, the janitor goes on. RC_CONFLICT, RC_INVALID as above. */
enum rc erase_cut(struct app *app, const struct erasure_ask *a, struct err *e) MUST_CHECK;
/* Rows of erasures that were interrupted. By the janitor. */
void erase_go_on(struct app *app);

/* What erased rows left behind, a piece. By the janitor; `busy`: messages come in, so less at once. True: nothing is left,
 * also when it failed: then again in a minute. */
bool erase_wipe(struct app *app, int64_t now_ms, bool busy);
void erase_wipe_free(struct app *app);
/* Whether it is at the indexes, which nobody should fill meanwhile. */
bool erase_wipes_indexes(const struct app *app);

#endif
