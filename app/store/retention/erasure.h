/* erasure.h - erasures as rows, so that one goes on after a crash, and what must be known of an erased message.
 *
 *   rows   what the person has in tables is deleted, in small units (flow/erase/erase.h)
 *   pages  no row is left; what the rows left in pages, indexes and the log is overwritten (flow/erase/erase_wipe.c)
 *   done */
#ifndef STORE_ERASURE_H
#define STORE_ERASURE_H

#include "store/store.h"

/* More waiting requests than this are not looked through for a name: the box is busy. */
#define ERASURE_WAITING_MAX 2000

/* Digests of provider ids are kept so long after: longer than any peer tells of an old message again
 * (channel.*.catch_up_days has at most 365). */
#define ERASURE_DIGEST_MS (400 * DAY_MS)

struct erasure {
	int64_t id, company_id, contact_id, newest_delivery;
	bool rows; /* not through with the rows yet */
	int64_t messages, deliveries, letters, files, conversations;
};

enum rc erasure_load(struct db *db, int64_t id, struct erasure *ret, struct err *e) MUST_CHECK;
/* The one of this person that is at its rows. RC_ABSENT: none; `e` is not filled. */
enum rc erasure_find(struct db *db, int64_t contact_id, int64_t *ret_id, struct err *e) MUST_CHECK;
/* The next one behind `after` in `state` ("rows", "pages"). RC_ABSENT: none; `e` is not filled. */
enum rc erasure_next(struct db *db, const char *state, int64_t after, int64_t *ret_id,
		     struct err *e) MUST_CHECK;
/* Unfinished work about a conversation. */
enum rc erasure_open(struct db *db, int64_t conversation_id, int64_t *ret, struct err *e)
	MUST_CHECK;
/* Requests that name the person and are not read yet. RC_CONFLICT: too many wait to say. */
enum rc erasure_waiting(struct db *db, int64_t contact_id, int64_t *ret, struct err *e) MUST_CHECK;
/* RC_CONFLICT: see erasure_waiting. Notes the spellings of the person and deletes them, so that whoever writes from now
 * on is somebody new: what comes in while the rows go is not lost. */
struct erasure_ask {
	int64_t company_id, contact_id;
	struct str by; /* name of whoever asks, kept with the erasure; may be empty */
};
enum rc erasure_begin(struct tx *tx, const struct erasure_ask *a, int64_t *ret_id, struct err *e)
	MUST_CHECK;
/* What tells a contact from others without naming anybody: no other one has both. */
struct erasure_person {
	int64_t company_id, contact_id, created_ms;
};
typedef enum rc erasure_person_fn(void *arg, const struct erasure_person *p, struct err *e);
/* The contact, and those that were merged into it. */
enum rc erasure_persons(struct db *db, int64_t contact_id, erasure_person_fn *fn, void *arg,
			struct err *e) MUST_CHECK;
enum rc erasure_is_there(struct db *db, const struct erasure_person *p, bool *ret, struct err *e)
	MUST_CHECK;
/* The next job behind `after` in one of the person's threads. RC_ABSENT: none; `e` is not filled. */
enum rc erasure_job(struct db *db, int64_t contact_id, int64_t after, int64_t *ret, struct err *e)
	MUST_CHECK;
/* Empties the requests [from, to) that name `alias`, or are of a thread at Chatwoot, but those that still have to be read.
 * Adds to *ret_count. */
struct erasure_range {
	int64_t from, to;
};
enum rc erasure_requests(struct tx *tx, const struct erasure_range *r, const char *alias,
			 int64_t *ret_count, struct err *e) MUST_CHECK;
enum rc erasure_requests_of_thread(struct tx *tx, const struct erasure_range *r,
				   int64_t chatwoot_id, int64_t *ret_count, struct err *e)
	MUST_CHECK;
/* A dead letter of the conversation (or of a request or file that is gone), one that names a spelling. RC_ABSENT: none. */
enum rc erasure_letter(struct tx *tx, int64_t conversation_id, int64_t *ret_id, struct err *e)
	MUST_CHECK;
enum rc erasure_letter_of(struct tx *tx, const char *alias, int64_t *ret_id, struct err *e)
	MUST_CHECK;
/* Adds what a unit took away: the counts of `n`. */
enum rc erasure_add(struct tx *tx, const struct erasure *n, struct err *e) MUST_CHECK;
enum rc erasure_rows_gone(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* All in `pages` up to this one are done. */
enum rc erasure_done(struct tx *tx, int64_t up_to_id, struct err *e) MUST_CHECK;

/* What was erased by whom it was asked: newest first, for the page. */
struct erasure_seen {
	int64_t id, asked_ms, done_ms; /* done_ms 0: not yet */
	const char *state;
	struct str asked_by; /* empty: asked of a version that did not keep it */
	int64_t messages, deliveries, letters, files, conversations;
};
typedef enum rc erasure_each_fn(void *arg, const struct erasure_seen *x, struct err *e);
enum rc erasure_each(struct db *db, int64_t company_id, int64_t before_id, int limit,
		     erasure_each_fn *fn, void *arg, struct err *e) MUST_CHECK;

/* A message with this provider id is being erased; *ret: was erased. */
enum rc erasure_note(struct tx *tx, struct str meta_message_id, struct err *e) MUST_CHECK;
enum rc erasure_known(struct db *db, struct str meta_message_id, bool *ret, struct err *e)
	MUST_CHECK;
/* The same for a conversation at Chatwoot. */
enum rc erasure_note_thread(struct tx *tx, int64_t company_id, int64_t chatwoot_id, struct err *e)
	MUST_CHECK;
enum rc erasure_known_thread(struct db *db, int64_t company_id, int64_t chatwoot_id, bool *ret,
			     struct err *e) MUST_CHECK;
enum rc erasure_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count, struct err *e)
	MUST_CHECK;

#endif
