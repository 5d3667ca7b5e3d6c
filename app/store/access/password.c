/* password.c - see password.h. */
#include "store/access/password.h"

#include "base/enc.h"
#include "io/crypto.h"

#define SCHEME         "pbkdf2-sha512"
#define SALT_BYTES     16
#define ITERATIONS_MAX 100000000

struct parts {
	uint32_t iterations;
	uint8_t salt[SALT_BYTES], key[CRYPTO_KEY_BYTES];
};

enum rc password_rules(struct str password, struct str login, struct err *e)
{
	if (!enc_utf8_ok(password))
		return FAIL(e, RC_INVALID, "This password has characters that cannot be kept.");
	if (enc_utf8_count(password) < PASSWORD_MIN)
		return FAIL(e, RC_INVALID, "A password has at least %d characters.", PASSWORD_MIN);
	if (password.n > PASSWORD_MAX)
		return FAIL(e, RC_INVALID, "A password has at most %d bytes.", PASSWORD_MAX);
	if (str_ieq(password, login))
		return FAIL(e, RC_INVALID, "The login itself is no password.");
	for (size_t i = 1; i < password.n; i++) {
		if (password.p[i] != password.p[0])
			return RC_OK;
	}
	return FAIL(e, RC_INVALID, "One character again and again is no password.");
}

static bool bytes_read(struct str text, uint8_t *ret, size_t n)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64);

	if (!enc_unbase64(&b, text) || b.n != n)
		return false;
	memcpy(ret, b.p, n);
	return true;
}

static bool parts_read(struct str stored, struct parts *ret)
{
	struct str scheme, cost, salt;
	int64_t iterations;

	if (stored.p == NULL || !str_cut(&stored, '$', &scheme) || !str_eqc(scheme, SCHEME) ||
	    !str_cut(&stored, '$', &cost) || !str_i64(cost, 1, ITERATIONS_MAX, &iterations) ||
	    !str_cut(&stored, '$', &salt) || !bytes_read(salt, ret->salt, SALT_BYTES) ||
	    !bytes_read(stored, ret->key, CRYPTO_KEY_BYTES))
		return false;
	ret->iterations = (uint32_t)iterations;
	return true;
}

void password_hash(struct str password, uint32_t iterations, char ret_text[PASSWORD_TEXT_MAX])
{
	AUTO(sbuf_release) struct sbuf b = SBUF(PASSWORD_TEXT_MAX);
	struct parts p;

	crypto_random(p.salt, sizeof(p.salt));
	crypto_pbkdf2_sha512(password, str_n((const char *)p.salt, sizeof(p.salt)), iterations,
			     p.key);
	sbuf_printf(&b, "%s$%u$", SCHEME, (unsigned)iterations);
	enc_base64(&b, p.salt, sizeof(p.salt));
	sbuf_char(&b, '$');
	enc_base64(&b, p.key, sizeof(p.key));
	ASSERT(str_copy(sbuf_view(&b), ret_text, PASSWORD_TEXT_MAX));
	crypto_zero(&p, sizeof(p));
}

bool password_check(struct str password, struct str stored, uint32_t iterations)
{
	struct parts p = { .iterations = iterations };
	uint8_t key[CRYPTO_KEY_BYTES];
	bool known = parts_read(stored, &p), same;

	if (!known)
		p = (struct parts){ .iterations = iterations };
	crypto_pbkdf2_sha512(password.n <= PASSWORD_MAX ? password : STR(""),
			     str_n((const char *)p.salt, sizeof(p.salt)), p.iterations, key);
	same = crypto_equal(str_n((const char *)key, sizeof(key)),
			    str_n((const char *)p.key, sizeof(p.key)));
	crypto_zero(key, sizeof(key));
	return same && known && password.n > 0 && password.n <= PASSWORD_MAX;
}

bool password_is_old(struct str stored, uint32_t iterations)
{
	struct parts p;

	return !parts_read(stored, &p) || p.iterations != iterations;
}
