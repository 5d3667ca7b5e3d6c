/* erase.h - one person's data: taken out everywhere, or handed over.
 *
 * Erased are messages with all that hangs on them, threads, events, dead letters, the bytes of raw requests that name the
 * person, kept answers, files that no other message uses, aliases and the contact. The order ends with the contact, so
 * that an erasure that was interrupted is asked for again and goes on. Small units, between the writes of others.
 *
 * What stays: rows of raw requests without their bytes, counters, the audit log (which names no one), and older
 * backups: backup_list tells which; they go by rotation or by hand. */
#ifndef FLOW_ERASE_H
#define FLOW_ERASE_H

#include "base/sbuf.h"
#include "flow/app.h"

#define ERASE_CONVERSATIONS_MAX 512
#define ERASE_ALIASES_MAX       64

struct erase_report {
	int64_t messages, deliveries, letters, files, conversations;
};

/* RC_CONFLICT: work for the person is not done yet (`e` says how much). RC_LIMIT: more threads or aliases than places. */
enum rc erase_contact(struct app *app, int64_t contact_id, struct erase_report *ret, struct err *e)
	MUST_CHECK;

#endif
