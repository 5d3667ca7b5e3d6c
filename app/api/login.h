/* login.h - what all ways in have in common: passwords checked one after the other, a session made, the answer. */
#ifndef API_LOGIN_H
#define API_LOGIN_H

#include "api/route.h"
#include "store/access/password.h"
#include "store/access/user.h"

/* A new session inside the unit that lets somebody in. */
struct login_session {
	struct call *c;
	int64_t user_id;
	const char *action; /* of the audit row: "session.create" */
	char secret[TOKEN_TEXT_MAX];
	int64_t id;
};
/* Fills `ret`; the settings of this request decide about its ages. */
void login_session_init(struct login_session *ret, struct call *c, const char *action);
/* Makes the session, ends the one of the cookie that came, notes the login, writes the audit row. */
enum rc login_session_unit(struct tx *tx, struct login_session *s, struct err *e) MUST_CHECK;
/* After the commit: the cookie, and who they are now. */
void login_session_answer(struct login_session *s, int status);

/* Members of GET /api/v1/session for c->session (id 0: nobody, then `state` says what to do). */
void login_who_write(struct call *c, struct str secret, struct jsonw *w);

/* Hashes in turn with other checks. False: too many wait; 503 is answered. */
bool login_hash(struct call *c, struct str password, char ret_text[PASSWORD_TEXT_MAX]);
/* Checks the password of an account under the rules of guard.h. `u` NULL: nobody has this login; takes as long.
 * False: answered (401, 429, 503). */
bool login_check(struct call *c, struct str login, const struct user *u, struct str password);
/* The same, where nothing but the password is asked again: of the person who calls. */
bool login_check_again(struct call *c, const struct user *u, struct str password);
/* Reads "password" of the body under the rules; false: answered. */
bool login_password_read(struct call *c, const struct json *root, const char *field,
			 struct str login, struct str *ret);
/* A refused way in, in the audit log: at most 60 rows a minute, then only a number. */
void login_note_refusal(struct call *c, struct str login, const char *why);

#endif
