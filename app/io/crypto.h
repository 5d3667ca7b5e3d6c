/* crypto.h - the only door to mbedTLS: digests, MACs, random, sealed secrets.
 * crypto_start() once in main before any thread (psa_crypto_init, version and threading asserts). */
#ifndef IO_CRYPTO_H
#define IO_CRYPTO_H

#include "base/err.h"
#include "base/sbuf.h"

#define SHA256_BYTES     32
#define CRYPTO_KEY_BYTES 32

enum rc crypto_start(struct err *e) MUST_CHECK;
const char *crypto_version(void);

void crypto_sha256(struct str bytes, uint8_t ret_digest[SHA256_BYTES]);
/* Of bytes that come in pieces: begin, add..., end. */
struct crypto_sha256 {
	_Alignas(16) unsigned char room[128];
};
void crypto_sha256_begin(struct crypto_sha256 *c);
void crypto_sha256_add(struct crypto_sha256 *c, struct str bytes);
void crypto_sha256_end(struct crypto_sha256 *c, uint8_t ret_digest[SHA256_BYTES]);
void crypto_sha256_hex(struct str bytes, char ret_text[2 * SHA256_BYTES + 1]);
/* The same piece by piece: crypto_sha_start, any number of crypto_sha_add, crypto_sha_end (once). Lives on the stack,
 * owns nothing. */
struct crypto_sha {
	uint64_t raw[20];
};
void crypto_sha_start(struct crypto_sha *h);
void crypto_sha_add(struct crypto_sha *h, const void *p, size_t n);
void crypto_sha_end(struct crypto_sha *h, uint8_t ret_digest[SHA256_BYTES]);
void crypto_hmac_sha256(struct str key, struct str bytes, uint8_t ret_mac[SHA256_BYTES]);
/* MAC over the concatenation of parts, e.g. "<timestamp>" "." "<body>". */
void crypto_hmac_sha256_parts(struct str key, const struct str *parts, size_t count,
			      uint8_t ret_mac[SHA256_BYTES]);
/* For passwords: PBKDF2-HMAC-SHA-512 (RFC 8018), 32 bytes. Slow on purpose: `iterations` decide. */
void crypto_pbkdf2_sha512(struct str password, struct str salt, uint32_t iterations,
			  uint8_t ret_key[CRYPTO_KEY_BYTES]);
/* For one-time codes (RFC 6238), which are defined over SHA-1; nothing else uses it. */
#define SHA1_BYTES 20
void crypto_hmac_sha1(struct str key, struct str bytes, uint8_t ret_mac[SHA1_BYTES]);
/* Constant time in the content; the lengths are public. */
bool crypto_equal(struct str a, struct str b);
void crypto_random(uint8_t *ret_bytes, size_t n); /* failure is a bug: no entropy, no start */
void crypto_zero(void *p, size_t n);

/* When the first certificate of a PEM text ends, milliseconds since 1970. RC_INVALID: there is none. */
enum rc crypto_cert_until(struct str pem, int64_t *ret_until_ms, struct err *e) MUST_CHECK;

/* Sealed secrets: AES-256-GCM with a random nonce and `context` (table, column, row) as additional data, so
 * that a sealed value cannot be moved to another place. Text form "v1:" + base64. */
enum rc crypto_seal(const uint8_t key[CRYPTO_KEY_BYTES], struct str context, struct str plain,
		    struct sbuf *ret_text, struct err *e) MUST_CHECK;
/* RC_INVALID: not a sealed text, other key or other context. */
enum rc crypto_unseal(const uint8_t key[CRYPTO_KEY_BYTES], struct str context, struct str text,
		      struct sbuf *ret_plain, struct err *e) MUST_CHECK;
/* `ssl`: the mbedtls_ssl_context of a connection that is up (libcurl's). End of the peer's certificate as wall time in
 * milliseconds; 0: none. */
int64_t crypto_peer_ends_ms(const void *ssl);

#endif
