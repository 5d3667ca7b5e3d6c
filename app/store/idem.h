/* idem.h - Idempotency-Key: the first answer is kept for a day and given again. */
#ifndef STORE_IDEM_H
#define STORE_IDEM_H

#include "store/store.h"

struct idem {
	int64_t token_id;
	struct str key;
	struct str body_hash; /* 32 bytes */
	int status;
	struct str answer;
};
/* RC_ABSENT: new. RC_OK: *ret is the kept answer. RC_CONFLICT: the key was used with another body. */
enum rc idem_find(struct db *db, const struct idem *asked, struct arena *a, struct idem *ret,
		  struct err *e) MUST_CHECK;
/* In the same unit as the work. RC_CONFLICT: somebody was first; the unit fails, the caller asks idem_find. */
enum rc idem_add(struct tx *tx, const struct idem *i, struct err *e) MUST_CHECK;
/* A space of keys of its own for each conversation, in place of a token's: rows with this + the conversation's id. */
#define IDEM_CONVERSATIONS INT64_MIN
/* What was answered in one conversation counts as answered in another one too; a key that this one has keeps its answer. */
enum rc idem_also(struct tx *tx, int64_t conversation_id, int64_t also_id, struct err *e)
	MUST_CHECK;
/* Oldest first, about IDEM_TRIM_MAX at once; call again while it finds that many. */
#define IDEM_TRIM_MAX 1000
enum rc idem_trim(struct tx *tx, int64_t before_ms, int64_t *ret_count, struct err *e) MUST_CHECK;

#endif
