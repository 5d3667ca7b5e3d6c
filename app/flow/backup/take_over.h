/* take_over.h - what was acknowledged after the backup that a restore put in place lies in the database it put aside, and
 * comes back from there as far as that can be read.
 *
 *   requests   all behind the newest one of the backup. One that was still to be processed is processed as if it came now.
 *              One that was processed comes back as rows only: its messages were posted to Chatwoot and answered by the
 *              assistant in the other life, so nobody is told again, but for messages whose jobs stood there unfinished
 *              (ingest_restored.c). What the backup knows already is recognized by the provider's ids.
 *              Those of somebody whose erasure was under way are left where they are.
 *   Chatwoot   a processed event of Chatwoot was acted on and is left out. The ids of its messages are taken over, so that
 *              the look for missed ones (chatwoot_catch.h) does not send an agent's words a second time.
 *   sends      stay where they are: those that left must not leave again, and of those that waited nobody can say which
 *              left (an unreadable page). They are counted, and `totem restore` says how many.
 *
 * A page that cannot be read costs what is on it. A death in between brings at most one commit's requests a second time. */
#ifndef FLOW_TAKE_OVER_H
#define FLOW_TAKE_OVER_H

#include "flow/app.h"

struct take_over_report {
	int64_t requests,
		unread;    /* taken; numbers that lie on damaged pages (gaps counted with them) */
	int64_t links;     /* messages of Chatwoot */
	bool links_unread; /* not all: an agent's message may be taken for a new one */
};

/* Part of the swap: the folder of kept files is to be read by the next start. Repeatable. */
enum rc take_over_note(const char *kept, struct err *e) MUST_CHECK;
enum rc take_over_forget(const char *kept, struct err *e) MUST_CHECK;
/* At the start of a server, with a running store, before anything is received: every folder that is noted, the oldest
 * first. What cannot be read at all is told in the log and stops no start; only the own store's troubles do. */
enum rc take_over(struct app *app, struct take_over_report *ret, struct err *e) MUST_CHECK;

/* How many messages of ours since a time only the database in `kept` knows. False: it cannot be read. */
bool take_over_sends(const char *kept, int64_t since_ms, int64_t *ret_gone, int64_t *ret_waiting);

#endif
