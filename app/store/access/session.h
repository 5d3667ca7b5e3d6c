/* session.h - logins of browsers, and links that are good once. The secrets are random (token_secret); only their
 * SHA-256 is kept. A session ends when it was not used for `idle_ms`, at expires_ms, when it is ended, and while its
 * user is disabled. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "store/access/token.h"

#define SESSION_PER_USER      50 /* the oldest ends */
#define SESSION_AGENT_MAX     200
#define INVITATION_MS         (3 * DAY_MS)
#define INVITATION_FIRST_USER INT64_C(0) /* the first owner's link belongs to nobody yet */

struct session {
	int64_t id, user_id, company_id;
	int64_t created_ms, last_used_ms, expires_ms;
	int64_t user_created_ms;
	struct str login, name, role, language; /* of its user; session_find only */
	struct str client, agent;               /* session_each only */
};

struct session_new {
	int64_t user_id, idle_ms, longest_ms;
	struct str client, agent;
};
enum rc session_create(struct tx *tx, const struct session_new *n, char ret_text[TOKEN_TEXT_MAX],
		       int64_t *ret_id, struct err *e) MUST_CHECK;
/* RC_REFUSED: unknown, over, or its user is disabled. */
enum rc session_find(struct db *db, struct str text, int64_t now_ms, int64_t idle_ms,
		     struct arena *a, struct session *ret, struct err *e) MUST_CHECK;
/* What the role of a session may now: scopes, and whether customers' numbers are kept from it. */
struct session_rights {
	uint32_t scopes;
	bool masked;
};
/* RC_ABSENT: ended, over, or its user is disabled. */
enum rc session_alive(struct db *db, int64_t id, int64_t now_ms, struct session_rights *ret,
		      struct err *e) MUST_CHECK;
enum rc session_used(struct tx *tx, int64_t id, struct err *e) MUST_CHECK; /* once a minute */
typedef enum rc session_each_fn(void *arg, const struct session *s, struct err *e);
enum rc session_each(struct db *db, int64_t user_id, session_each_fn *fn, void *arg, struct err *e)
	MUST_CHECK;
/* RC_ABSENT: the user has no such session. */
enum rc session_end(struct tx *tx, int64_t id, int64_t user_id, struct err *e) MUST_CHECK;
enum rc session_end_others(struct tx *tx, int64_t user_id, int64_t but_id, struct err *e)
	MUST_CHECK;

/* Earlier links of the same user are over. */
enum rc session_invite(struct tx *tx, int64_t user_id, char ret_text[TOKEN_TEXT_MAX], struct err *e)
	MUST_CHECK;
/* RC_REFUSED: unknown or too old. Does not use it up. */
enum rc session_invited(struct db *db, struct str text, int64_t now_ms, int64_t *ret_user_id,
			struct err *e) MUST_CHECK;
enum rc session_uninvite(struct tx *tx, int64_t user_id, struct err *e) MUST_CHECK;

#endif
