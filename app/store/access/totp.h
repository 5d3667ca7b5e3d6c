/* totp.h - one-time codes of a telephone (RFC 6238: HMAC-SHA-1, 30 seconds, 6 digits; what all authenticator
 * programs know) and recovery codes for the day on which it is lost. Pure. */
#ifndef STORE_TOTP_H
#define STORE_TOTP_H

#include "base/sbuf.h"

#define TOTP_SECRET_BYTES 20 /* RFC 4226 section 4: 160 bits */
#define TOTP_SECRET_TEXT  33 /* base32 and a NUL */
#define TOTP_STEP_MS      INT64_C(30000)
#define TOTP_WINDOW       1 /* steps early or late: clocks of telephones */
#define RECOVERY_CODES    10
#define RECOVERY_TEXT_MAX 20 /* "abcd-efgh-ijkl-mnop" and a NUL: 80 random bits */

void totp_secret_make(uint8_t ret_secret[TOTP_SECRET_BYTES]);
/* RFC 4648 base32 without padding: n has to be a multiple of 5; ret_text has n / 5 * 8 + 1 bytes. */
void totp_base32(const uint8_t *bytes, size_t n, char *ret_text);
/* The code of one step, 0 to 999999. */
uint32_t totp_code(const uint8_t secret[TOTP_SECRET_BYTES], int64_t step);
/* Whether the text is a code of now, of a step later than `last_step`; gives its step. Blanks are allowed. */
bool totp_check(const uint8_t secret[TOTP_SECRET_BYTES], struct str text, int64_t now_ms,
		int64_t last_step, int64_t *ret_step);
void totp_recovery_make(char ret_text[RECOVERY_TEXT_MAX]);
/* SHA-256 of a recovery code, however it was typed (dashes, blanks, capitals). False: it is none. */
bool totp_recovery_hash(struct str text, uint8_t ret_digest[32]);

#endif
