/* backup_seal.c - small files under a passphrase. Text form, three lines:
 *
 *	totem-sealed 1
 *	pbkdf2-sha512 <rounds> <salt in hex>
 *	<what crypto_seal makes>
 */
#include "flow/backup/backup.h"

#include "base/enc.h"
#include "io/crypto.h"
#include "io/file.h"

#define SEALED_MAX (512 * KIB)
#define PLAIN_MAX  (256 * KIB)
#define SALT_BYTES 16
#define ROUNDS     210000 /* OWASP, password storage: PBKDF2-HMAC-SHA512 */
#define ROUNDS_MAX 10000000
#define HEAD       "totem-sealed 1\npbkdf2-sha512 "

static void secret_release(struct sbuf *b)
{
	if (b->p != NULL)
		crypto_zero(b->p, b->cap);
	sbuf_release(b);
}

enum rc backup_seal_file(const char *from, const char *to, const char *label, struct str passphrase,
			 struct err *e)
{
	AUTO(secret_release) struct sbuf plain = SBUF(PLAIN_MAX);
	AUTO(sbuf_release) struct sbuf text = SBUF(SEALED_MAX);
	uint8_t salt[SALT_BYTES], key[CRYPTO_KEY_BYTES];
	char hex[2 * SALT_BYTES + 1];
	enum rc rc;

	TRY(file_read(from, &plain, e));
	crypto_random(salt, sizeof(salt));
	enc_hex(salt, sizeof(salt), hex);
	sbuf_printf(&text, HEAD "%d %s\n", ROUNDS, hex);
	crypto_pbkdf2_sha512(passphrase, str_n((const char *)salt, sizeof(salt)), ROUNDS, key);
	rc = crypto_seal(key, str_of(label), sbuf_view(&plain), &text, e);
	crypto_zero(key, sizeof(key));
	TRY(rc);
	sbuf_char(&text, '\n');
	return file_write(to, sbuf_view(&text), 0600, e);
}

static bool head_parse(struct str *rest, int64_t *ret_rounds, uint8_t ret_salt[SALT_BYTES])
{
	struct str line, rounds;

	if (!str_starts(*rest, STR(HEAD)))
		return false;
	*rest = str_sub(*rest, sizeof(HEAD) - 1, rest->n);
	return str_cut(rest, '\n', &line) && str_cut(&line, ' ', &rounds) &&
	       str_i64(rounds, 1, ROUNDS_MAX, ret_rounds) &&
	       enc_unhex(line, ret_salt, SALT_BYTES, true);
}

enum rc backup_unseal_file(const char *from, const char *label, struct str passphrase,
			   struct sbuf *ret_plain, struct err *e)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(SEALED_MAX);
	uint8_t salt[SALT_BYTES], key[CRYPTO_KEY_BYTES];
	struct str rest;
	int64_t rounds = 0;
	enum rc rc;

	TRY(file_read(from, &text, e));
	rest = sbuf_view(&text);
	if (!head_parse(&rest, &rounds, salt))
		return FAIL(e, RC_INVALID, "%.180s is no sealed file", from);
	crypto_pbkdf2_sha512(passphrase, str_n((const char *)salt, sizeof(salt)), (uint32_t)rounds,
			     key);
	rc = crypto_unseal(key, str_of(label), str_trim(rest), ret_plain, NULL);
	crypto_zero(key, sizeof(key));
	return rc == RC_OK
		       ? RC_OK
		       : FAIL(e, RC_REFUSED, "%s: this is not the passphrase of the backup", label);
}
