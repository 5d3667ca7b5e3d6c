/* peer_call.h - each call to a peer about a message, with its answer: the story of a message (GET .../timeline). */
#ifndef STORE_PEER_CALL_H
#define STORE_PEER_CALL_H

#include "store/store.h"

#define PEER_CALL_ANSWER_MAX 500 /* bytes of the answer that are kept */

struct peer_call {
	int64_t message_id, at_ms, took_ms;
	int status;        /* HTTP; 0: no answer */
	struct str target; /* "channel.main" */
	struct str class;  /* what it meant */
	struct str answer; /* beginning of the answer, or why there was none */
};

enum rc peer_call_add(struct tx *tx, const struct peer_call *a, struct err *e) MUST_CHECK;
typedef enum rc peer_call_each_fn(void *arg, const struct peer_call *a, struct err *e);
enum rc peer_call_each(struct db *db, int64_t message_id, peer_call_each_fn *fn, void *arg,
		       struct err *e) MUST_CHECK;
/* Looks at the oldest `limit` messages that have some. */
enum rc peer_call_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
		       struct err *e) MUST_CHECK;

struct peer_call_status {
	int64_t at_ms, recorded_ms; /* the provider's time (whole seconds, often), ours */
	struct str status, recipient, error;
};
typedef enum rc peer_call_status_fn(void *arg, const struct peer_call_status *s, struct err *e);
enum rc peer_call_statuses(struct db *db, int64_t message_id, peer_call_status_fn *fn, void *arg,
			   struct err *e) MUST_CHECK;

struct peer_call_letter {
	int64_t id, created_ms;
	struct str queue, class, reason, error;
};
typedef enum rc peer_call_letter_fn(void *arg, const struct peer_call_letter *l, struct err *e);
enum rc peer_call_letters(struct db *db, int64_t message_id, peer_call_letter_fn *fn, void *arg,
			  struct err *e) MUST_CHECK;

#endif
