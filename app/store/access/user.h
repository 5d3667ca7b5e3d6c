/* user.h - people with an account. Rows are never deleted: the audit log speaks of them. */
#ifndef STORE_USER_H
#define STORE_USER_H

#include "store/access/role.h"
#include "store/access/totp.h"

#define USER_LOGIN_MAX 100 /* bytes */
#define USER_NAME_MAX  100 /* bytes */

struct user {
	int64_t id, company_id;
	struct str login, name, role, language;
	struct str password;    /* see password.h; STR_NONE: none chosen yet */
	struct str totp;        /* sealed; STR_NONE: no second factor */
	struct str totp_wanted; /* sealed; shown, not confirmed yet */
	int64_t password_ms, totp_step, created_ms, disabled_ms, login_ms;
};

/* Lower case, no blanks around it. False: letters, digits and . _ @ + - only, 1 to USER_LOGIN_MAX. */
bool user_login_clean(struct str text, char ret_login[USER_LOGIN_MAX + 1]) MUST_CHECK;

/* `u`: company_id, login, name, role, language, password. RC_CONFLICT: the login is taken. RC_INVALID: a rule. */
enum rc user_create(struct tx *tx, const struct user *u, int64_t *ret_id, struct err *e) MUST_CHECK;
/* Texts in the arena. RC_ABSENT: no such row. */
enum rc user_load(struct db *db, int64_t id, struct arena *a, struct user *ret, struct err *e)
	MUST_CHECK;
enum rc user_find(struct db *db, struct str login, struct arena *a, struct user *ret, struct err *e)
	MUST_CHECK;
typedef enum rc user_each_fn(void *arg, const struct user *u, struct err *e);
enum rc user_each(struct db *db, int64_t company_id, user_each_fn *fn, void *arg, struct err *e)
	MUST_CHECK;
/* id, name, role, language, disabled_ms. RC_REFUSED: it would leave the box without an owner. */
enum rc user_update(struct tx *tx, const struct user *u, struct err *e) MUST_CHECK;
enum rc user_set_password(struct tx *tx, int64_t id, struct str password, struct err *e) MUST_CHECK;
/* Sealed texts; STR_NONE: none. Taking the factor away takes the recovery codes away too. */
enum rc user_set_totp(struct tx *tx, int64_t id, struct str totp, struct str wanted, int64_t step,
		      struct err *e) MUST_CHECK;
/* RC_REFUSED: a code of this step was taken already. */
enum rc user_totp_used(struct tx *tx, int64_t id, int64_t step, struct err *e) MUST_CHECK;
/* New codes, shown once; the old ones are over. */
enum rc user_recovery_make(struct tx *tx, int64_t id, char ret_codes[][RECOVERY_TEXT_MAX],
			   struct err *e) MUST_CHECK;
/* RC_REFUSED: not one of theirs, or used. */
enum rc user_recovery_use(struct tx *tx, int64_t id, const uint8_t digest[32], struct err *e)
	MUST_CHECK;
enum rc user_recovery_count(struct db *db, int64_t id, int64_t *ret, struct err *e) MUST_CHECK;
enum rc user_logged_in(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* Whether there ever was an owner: before that the box is open to whoever has the setup link. */
enum rc user_owner_exists(struct db *db, bool *ret, struct err *e) MUST_CHECK;

#endif
