/* crypto.c - digests, MACs, random bytes and sealed secrets. The only door to mbedTLS.
 *
 * All functions are thread-safe: contexts live on the stack, random bytes come from the kernel
 * (getrandom(2)), so there is no generator state to lock, to fork or to seed. */
#include "io/crypto.h"

#include <errno.h>
#include <mbedtls/constant_time.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/enc.h"

#if !defined(MBEDTLS_THREADING_C) || !defined(MBEDTLS_THREADING_PTHREAD)
#error "mbedTLS needs MBEDTLS_THREADING_C and _PTHREAD: TLS 1.3 uses a global key store"
#endif

#define SHA256_BLOCK 64
#define SEAL_NONCE   12
#define SEAL_TAG     16
#define SEAL_PREFIX  "v1:"

enum rc crypto_start(struct err *e)
{
	if (mbedtls_version_get_number() != MBEDTLS_VERSION_NUMBER)
		return FAIL(e, RC_IO, "mbedTLS library and header differ");
	if (mbedtls_version_check_feature("MBEDTLS_THREADING_C") != 0)
		return FAIL(e, RC_IO, "mbedTLS is not thread-safe");
	psa_status_t status = psa_crypto_init();
	if (status != PSA_SUCCESS)
		return FAIL(e, RC_IO, "psa_crypto_init: %d", (int)status);
	uint8_t probe[16];
	if (getrandom(probe, sizeof probe, 0) != (ssize_t)sizeof probe)
		return FAIL(e, RC_IO, "getrandom: no random bytes");
	crypto_zero(probe, sizeof probe);
	return RC_OK;
}

const char *crypto_version(void)
{
	return MBEDTLS_VERSION_STRING_FULL;
}

/* The digest of mbedTLS cannot fail in software; a failure would be a build error. */
static void sha_add(mbedtls_sha256_context *c, const void *p, size_t n)
{
	if (n > 0)
		ASSERT(mbedtls_sha256_update(c, p, n) == 0);
}

static void sha_start(mbedtls_sha256_context *c)
{
	mbedtls_sha256_init(c);
	ASSERT(mbedtls_sha256_starts(c, 0) == 0);
}

static void sha_end(mbedtls_sha256_context *c, uint8_t ret_digest[SHA256_BYTES])
{
	ASSERT(mbedtls_sha256_finish(c, ret_digest) == 0);
	mbedtls_sha256_free(c);
}

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct crypto_sha256), "room for a digest");

void crypto_sha256_begin(struct crypto_sha256 *c)
{
	sha_start((mbedtls_sha256_context *)(void *)c->room);
}

void crypto_sha256_add(struct crypto_sha256 *c, struct str bytes)
{
	sha_add((mbedtls_sha256_context *)(void *)c->room, bytes.p, bytes.n);
}

void crypto_sha256_end(struct crypto_sha256 *c, uint8_t ret_digest[SHA256_BYTES])
{
	sha_end((mbedtls_sha256_context *)(void *)c->room, ret_digest);
}

void crypto_sha256(struct str bytes, uint8_t ret_digest[SHA256_BYTES])
{
	mbedtls_sha256_context c;
	sha_start(&c);
	sha_add(&c, bytes.p, bytes.n);
	sha_end(&c, ret_digest);
}

void crypto_sha256_hex(struct str bytes, char ret_text[2 * SHA256_BYTES + 1])
{
	uint8_t digest[SHA256_BYTES];
	crypto_sha256(bytes, digest);
	enc_hex(digest, sizeof digest, ret_text);
}

/* The context of mbedTLS holds no pointers: it may lie in the caller's struct. */
_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct crypto_sha), "room for the context");

void crypto_sha_start(struct crypto_sha *h)
{
	mbedtls_sha256_context c;
	sha_start(&c);
	memcpy(h->raw, &c, sizeof c);
}

void crypto_sha_add(struct crypto_sha *h, const void *p, size_t n)
{
	mbedtls_sha256_context c;
	memcpy(&c, h->raw, sizeof c);
	sha_add(&c, p, n);
	memcpy(h->raw, &c, sizeof c);
}

void crypto_sha_end(struct crypto_sha *h, uint8_t ret_digest[SHA256_BYTES])
{
	mbedtls_sha256_context c;
	memcpy(&c, h->raw, sizeof c);
	sha_end(&c, ret_digest);
	crypto_zero(h, sizeof *h);
}

void crypto_hmac_sha256(struct str key, struct str bytes, uint8_t ret_mac[SHA256_BYTES])
{
	crypto_hmac_sha256_parts(key, &bytes, 1, ret_mac);
}

/* RFC 2104, written out: no allocation and no method table, as mbedtls_md_hmac would have. */
void crypto_hmac_sha256_parts(struct str key, const struct str *parts, size_t count,
			      uint8_t ret_mac[SHA256_BYTES])
{
	uint8_t k[SHA256_BLOCK] = { 0 };
	uint8_t pad[SHA256_BLOCK];
	uint8_t inner[SHA256_BYTES];
	mbedtls_sha256_context c;

	if (key.n > sizeof k)
		crypto_sha256(key, k);
	else if (key.n > 0)
		memcpy(k, key.p, key.n);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] = k[i] ^ 0x36;
	sha_start(&c);
	sha_add(&c, pad, sizeof pad);
	for (size_t i = 0; i < count; i++)
		sha_add(&c, parts[i].p, parts[i].n);
	sha_end(&c, inner);
	for (size_t i = 0; i < sizeof pad; i++)
		pad[i] = k[i] ^ 0x5c;
	sha_start(&c);
	sha_add(&c, pad, sizeof pad);
	sha_add(&c, inner, sizeof inner);
	sha_end(&c, ret_mac);
	crypto_zero(k, sizeof k);
	crypto_zero(pad, sizeof pad);
	crypto_zero(inner, sizeof inner);
}

static const uint8_t *octets(struct str s)
{
	return (const uint8_t *)(s.p != NULL ? s.p : "");
}

void crypto_pbkdf2_sha512(struct str password, struct str salt, uint32_t iterations,
			  uint8_t ret_key[CRYPTO_KEY_BYTES])
{
	ASSERT(iterations > 0);
	ASSERT(mbedtls_pkcs5_pbkdf2_hmac_ext(MBEDTLS_MD_SHA512, octets(password), password.n,
					     octets(salt), salt.n, iterations, CRYPTO_KEY_BYTES,
					     ret_key) == 0);
}

void crypto_hmac_sha1(struct str key, struct str bytes, uint8_t ret_mac[SHA1_BYTES])
{
	const mbedtls_md_info_t *sha1 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA1);

	ASSERT(sha1 != NULL);
	ASSERT(mbedtls_md_hmac(sha1, octets(key), key.n, octets(bytes), bytes.n, ret_mac) == 0);
}

bool crypto_equal(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	return a.n == 0 || mbedtls_ct_memcmp(a.p, b.p, a.n) == 0;
}

void crypto_random(uint8_t *ret_bytes, size_t n)
{
	while (n > 0) {
		ssize_t got = getrandom(ret_bytes, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		ASSERT(got > 0);
		ret_bytes += got;
		n -= (size_t)got;
	}
}

void crypto_zero(void *p, size_t n)
{
	mbedtls_platform_zeroize(p, n);
}

/* An sbuf that held a secret. */
static void secret_release(struct sbuf *b)
{
	if (b->p != NULL)
		crypto_zero(b->p, b->cap);
	sbuf_release(b);
}

static enum rc gcm_start(mbedtls_gcm_context *c, const uint8_t key[CRYPTO_KEY_BYTES], struct err *e)
{
	mbedtls_gcm_init(c);
	if (mbedtls_gcm_setkey(c, MBEDTLS_CIPHER_ID_AES, key, CRYPTO_KEY_BYTES * 8) != 0) {
		mbedtls_gcm_free(c);
		return FAIL(e, RC_IO, "AES key could not be set");
	}
	return RC_OK;
}

/* Raw form: nonce, cipher text, tag. */
enum rc crypto_seal(const uint8_t key[CRYPTO_KEY_BYTES], struct str context, struct str plain,
		    struct sbuf *ret_text, struct err *e)
{
	mbedtls_gcm_context c;
	size_t raw_bytes;
	ASSERT(!add_overflows(plain.n, SEAL_NONCE + SEAL_TAG, &raw_bytes));
	AUTO(secret_release) struct sbuf raw = SBUF(raw_bytes);
	uint8_t *p = (uint8_t *)sbuf_room(&raw, raw_bytes);
	ASSERT(p != NULL);

	TRY(gcm_start(&c, key, e));
	crypto_random(p, SEAL_NONCE);
	int bad = mbedtls_gcm_crypt_and_tag(&c, MBEDTLS_GCM_ENCRYPT, plain.n, p, SEAL_NONCE,
					    (const uint8_t *)context.p, context.n,
					    (const uint8_t *)plain.p, p + SEAL_NONCE, SEAL_TAG,
					    p + SEAL_NONCE + plain.n);
	mbedtls_gcm_free(&c);
	if (bad != 0)
		return FAIL(e, RC_IO, "secret could not be sealed (%d)", bad);
	sbuf_text(ret_text, SEAL_PREFIX);
	enc_base64(ret_text, p, raw_bytes);
	return sbuf_ok(ret_text) ? RC_OK : FAIL(e, RC_LIMIT, "sealed text is too long");
}

enum rc crypto_unseal(const uint8_t key[CRYPTO_KEY_BYTES], struct str context, struct str text,
		      struct sbuf *ret_plain, struct err *e)
{
	mbedtls_gcm_context c;
	AUTO(secret_release) struct sbuf raw = SBUF(text.n + 1);

	if (!str_starts(text, STR(SEAL_PREFIX)) ||
	    !enc_unbase64(&raw, str_sub(text, sizeof SEAL_PREFIX - 1, text.n)) || !sbuf_ok(&raw) ||
	    raw.n < SEAL_NONCE + SEAL_TAG)
		return FAIL(e, RC_INVALID, "not a sealed text");
	const uint8_t *p = (const uint8_t *)raw.p;
	size_t n = raw.n - SEAL_NONCE - SEAL_TAG;
	AUTO(secret_release) struct sbuf plain = SBUF(n + 1);
	uint8_t *out = (uint8_t *)sbuf_room(&plain, n + 1);
	ASSERT(out != NULL);

	TRY(gcm_start(&c, key, e));
	int bad = mbedtls_gcm_auth_decrypt(&c, n, p, SEAL_NONCE, (const uint8_t *)context.p,
					   context.n, p + SEAL_NONCE + n, SEAL_TAG, p + SEAL_NONCE,
					   out);
	mbedtls_gcm_free(&c);
	if (bad != 0)
		return FAIL(e, RC_INVALID, "sealed text has another key or place");
	sbuf_add(ret_plain, out, n);
	return sbuf_ok(ret_plain) ? RC_OK : FAIL(e, RC_LIMIT, "sealed text is too long");
}

/* Days since 1970 of a date (proleptic Gregorian): H. Hinnant, days_from_civil. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int64_t crypto_peer_ends_ms(const void *ssl)
{
	const mbedtls_x509_crt *cert = ssl != NULL ? mbedtls_ssl_get_peer_cert(ssl) : NULL;
	const mbedtls_x509_time *t;

	if (cert == NULL)
		return 0;
	t = &cert->valid_to;
	return days_of(t->year, t->mon, t->day) * DAY_MS + t->hour * HOUR_MS + t->min * MINUTE_MS +
	       t->sec * SECOND_MS;
}

enum rc crypto_cert_until(struct str pem, int64_t *ret_until_ms, struct err *e)
{
	AUTO(secret_release) struct sbuf text = SBUF(pem.n + 1);
	mbedtls_x509_crt crt;
	char at[CLOCK_TEXT_MAX];
	bool ok;

	sbuf_str(&text, pem);
	(void)sbuf_c(&text); /* the parser wants the NUL counted */
	mbedtls_x509_crt_init(&crt);
	ok = pem.n > 0 &&
	     mbedtls_x509_crt_parse(&crt, (const unsigned char *)text.p, text.n + 1) >= 0 &&
	     crt.raw.len > 0;
	if (ok) {
		const mbedtls_x509_time *t = &crt.valid_to;

		(void)snprintf(at, sizeof(at), "%04d-%02d-%02dT%02d:%02d:%02dZ", t->year, t->mon,
			       t->day, t->hour, t->min, t->sec);
		ok = clock_parse(str_of(at), ret_until_ms);
	}
	mbedtls_x509_crt_free(&crt);
	return ok ? RC_OK : FAIL(e, RC_INVALID, "there is no certificate in PEM format");
}
