/* merge.h - two contacts are one person: aliases, conversations and messages of the one who goes stand with the one who
 * stays. Everything that moves is written down (contact_merges, contact_merge_moves), so that it can be undone.
 *
 * A conversation whose channel both have is emptied into the other and leads there (merged_into): whoever still holds
 * its number (a job, a thread of Chatwoot) comes to the right place. Jobs that wait get the order key of where their messages are now; undoing leaves them
 * there. */
#ifndef STORE_MERGE_H
#define STORE_MERGE_H

#include "store/store.h"

enum merge_reason {
	MERGE_SEEN,  /* a message or status showed aliases of both */
	MERGE_MOVED, /* the person changed number or user id */
	MERGE_PERSON /* by hand */
};

/* RC_INVALID: they are the same, of two companies, a group, or one was merged already. */
enum rc merge_contacts(struct tx *tx, int64_t kept_id, int64_t gone_id, enum merge_reason why,
		       int64_t *ret_merge_id, struct err *e) MUST_CHECK;
/* RC_CONFLICT: it was undone before, or the one who stayed went into another since (undo that first).
 * What came after the merge stays where it is. */
enum rc merge_undo(struct tx *tx, int64_t merge_id, struct err *e) MUST_CHECK;
/* Whether a merge of these two was undone by hand: the box does not do it again by itself. */
enum rc merge_is_refused(struct db *db, int64_t one_id, int64_t other_id, bool *ret, struct err *e)
	MUST_CHECK;

struct merge {
	int64_t id, company_id, kept_id, gone_id, at_ms, undone_ms;
	int64_t gone_created_ms; /* lists only */
	struct str reason;       /* "seen", "moved", "person" */
	struct str gone_name;    /* lists only */
};
typedef enum rc merge_each_fn(void *arg, const struct merge *m, struct err *e);
/* The merges of the one who stayed, newest first. */
enum rc merge_each(struct db *db, int64_t kept_id, merge_each_fn *fn, void *arg, struct err *e)
	MUST_CHECK;

#endif
