/* lookup_session.h - the session of a lookup connector with its upstream: one row, sealed with the box's key. */
#ifndef STORE_LOOKUP_SESSION_H
#define STORE_LOOKUP_SESSION_H

#include "store/store.h"

#define LOOKUP_SESSION_KEY_MAX 280 /* "calidda_session_<username>" and a NUL */
#define LOOKUP_TOKEN_MAX       4000u

struct lookup_session {
	uint64_t mark; /* of the settings that it was made with */
	int64_t expires_ms;
	struct str token;
};

/* "<slug>_session_<username>"; a name that is too long is cut. */
void lookup_session_key(const char *slug, struct str username,
			char ret_key[LOOKUP_SESSION_KEY_MAX]);
/* RC_ABSENT: none, or sealed with another key. The token is in the arena. */
enum rc lookup_session_get(struct db *db, const uint8_t *seal_key, const char *key, struct arena *a,
			   struct lookup_session *ret, struct err *e) MUST_CHECK;
enum rc lookup_session_put(struct tx *tx, const uint8_t *seal_key, const char *key,
			   const struct lookup_session *s, struct err *e) MUST_CHECK;
enum rc lookup_session_drop(struct tx *tx, const char *key, struct err *e) MUST_CHECK;

#endif
