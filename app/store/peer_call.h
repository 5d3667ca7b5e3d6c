/* peer_call.h - each call to a peer about a message, with its answer: the story of a message (GET .../timeline). */
#ifndef STORE_PEER_CALL_H
#define STORE_PEER_CALL_H

#include "store/store.h"

#define PEER_CALL_ANSWER_MAX 500 /* bytes of the answer that are kept */

struct peer_call {
	int64_t message_id, at_ms, took_ms;
	int n;              /* which of its message; only out */
	int64_t message_ms; /* creation of the message; only of peer_call_of */
	int status;         /* HTTP; 0: no answer */
	struct str target;  /* "channel.main" */
	struct str class;   /* what it meant */
	struct str answer;  /* beginning of the answer, or why there was none */
};

enum rc peer_call_add(struct tx *tx, const struct peer_call *a, struct err *e) MUST_CHECK;
typedef enum rc peer_call_each_fn(void *arg, const struct peer_call *a, struct err *e);
enum rc peer_call_each(struct db *db, int64_t message_id, peer_call_each_fn *fn, void *arg,
		       struct err *e) MUST_CHECK;
/* To one target, newest first: those from from_ms on that stand before a place (to_ms, 0, 0: all before that time). */
struct peer_call_page {
	struct str target;
	bool failed; /* only those without an answer, or with one that is not 2xx */
	int64_t from_ms, to_ms, message_id;
	int n, limit;
};
enum rc peer_call_of(struct db *db, const struct peer_call_page *p, peer_call_each_fn *fn,
		     void *arg, struct err *e) MUST_CHECK;
/* How many there are from from_ms to to_ms, at most PEER_CALL_COUNT_MAX each. */
#define PEER_CALL_COUNT_MAX 100000
enum rc peer_call_count(struct db *db, const struct peer_call_page *p, int64_t *ret_calls,
			int64_t *ret_failed, struct err *e) MUST_CHECK;
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
