/* password.h - passwords: PBKDF2-HMAC-SHA-512 with a salt of 16 random bytes, as one text that names its own cost:
 * "pbkdf2-sha512$210000$<salt, base64>$<hash, base64>". The cost can grow: a login with the right password stores it anew.
 * 210,000 iterations are OWASP's number for this function (Password Storage Cheat Sheet, 2023). Both functions are
 * slow on purpose (about 0.2 s); callers bound how many run at once (api/guard.h). Pure. */
#ifndef STORE_PASSWORD_H
#define STORE_PASSWORD_H

#include "base/err.h"
#include "base/str.h"

#define PASSWORD_TEXT_MAX 128
#define PASSWORD_MIN      10 /* characters; NIST SP 800-63B asks for 8 and no rules of composition */
#define PASSWORD_MAX      256 /* bytes */

/* RC_INVALID with the reason, for the person who chooses it. `login`: may not be the password. */
enum rc password_rules(struct str password, struct str login, struct err *e) MUST_CHECK;
void password_hash(struct str password, uint32_t iterations, char ret_text[PASSWORD_TEXT_MAX]);
/* The same time for a wrong password, for no password at all (`stored` STR_NONE) and for a damaged text: the work is done
 * with `iterations` then. */
bool password_check(struct str password, struct str stored, uint32_t iterations);
/* Whether the text was made with another cost. */
bool password_is_old(struct str stored, uint32_t iterations);

#endif
