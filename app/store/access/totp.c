/* totp.c - see totp.h. */
#include "store/access/totp.h"

#include "io/crypto.h"

#define CODE_DIGITS   6
#define CODE_MODULO   1000000u
#define RECOVERY_CHAR 16

static const char BASE32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void totp_secret_make(uint8_t ret_secret[TOTP_SECRET_BYTES])
{
	crypto_random(ret_secret, TOTP_SECRET_BYTES);
}

void totp_base32(const uint8_t *bytes, size_t n, char *ret_text)
{
	ASSERT(n % 5 == 0);
	for (size_t at = 0; at < n; at += 5) {
		uint64_t v = 0;

		for (size_t i = 0; i < 5; i++)
			v = v << 8 | bytes[at + i];
		for (int i = 7; i >= 0; i--)
			*ret_text++ = BASE32[v >> (5 * i) & 31];
	}
	*ret_text = '\0';
}

uint32_t totp_code(const uint8_t secret[TOTP_SECRET_BYTES], int64_t step)
{
	uint8_t counter[8], mac[SHA1_BYTES];
	unsigned at;
	uint32_t v;

	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)((uint64_t)step >> (8 * (7 - i)));
	crypto_hmac_sha1(str_n((const char *)secret, TOTP_SECRET_BYTES),
			 str_n((const char *)counter, sizeof(counter)), mac);
	at = mac[SHA1_BYTES - 1] & 15u; /* RFC 4226 section 5.3: dynamic truncation */
	v = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
	    (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	return v % CODE_MODULO;
}

static bool digits(struct str text, uint32_t *ret)
{
	uint32_t v = 0;
	int n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == ' ')
			continue;
		if (c < '0' || c > '9' || n == CODE_DIGITS)
			return false;
		v = v * 10 + (uint32_t)(c - '0');
		n++;
	}
	*ret = v;
	return n == CODE_DIGITS;
}

bool totp_check(const uint8_t secret[TOTP_SECRET_BYTES], struct str text, int64_t now_ms,
		int64_t last_step, int64_t *ret_step)
{
	int64_t now = now_ms / TOTP_STEP_MS;
	uint32_t given;
	bool found = false;

	if (!digits(text, &given))
		return false;
	for (int64_t step = now - TOTP_WINDOW; step <= now + TOTP_WINDOW; step++) {
		if (totp_code(secret, step) == given && step > last_step && !found) {
			*ret_step = step;
			found = true;
		}
	}
	return found;
}

void totp_recovery_make(char ret_text[RECOVERY_TEXT_MAX])
{
	uint8_t random[RECOVERY_CHAR * 5 / 8];
	char text[RECOVERY_CHAR + 1];
	size_t to = 0;

	crypto_random(random, sizeof(random));
	totp_base32(random, sizeof(random), text);
	for (size_t i = 0; i < RECOVERY_CHAR; i++) {
		if (i > 0 && i % 4 == 0)
			ret_text[to++] = '-';
		ret_text[to++] = text[i] >= 'A' ? (char)(text[i] - 'A' + 'a') : text[i];
	}
	ret_text[to] = '\0';
	ASSERT(to + 1 == RECOVERY_TEXT_MAX);
}

bool totp_recovery_hash(struct str text, uint8_t ret_digest[32])
{
	char plain[RECOVERY_CHAR];
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '-' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (n == RECOVERY_CHAR || !((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7')))
			return false;
		plain[n++] = c;
	}
	if (n != RECOVERY_CHAR)
		return false;
	crypto_sha256(str_n(plain, n), ret_digest);
	return true;
}
