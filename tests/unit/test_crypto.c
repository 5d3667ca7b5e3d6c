/* test_crypto.c - published vectors for the digests and MACs, and what sealed secrets promise. */
#include "base/enc.h"
#include "io/crypto.h"
#include "t.h"

static const uint8_t key_a[CRYPTO_KEY_BYTES] = { 1, 2, 3 };
static const uint8_t key_b[CRYPTO_KEY_BYTES] = { 1, 2, 4 };

TEST(sha256_gives_the_published_digests)
{
	static const struct {
		const char *text;
		const char *digest;
	} rows[] = { /* FIPS 180-4 examples */
		     { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		     { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		     { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" }
	};
	char got[2 * SHA256_BYTES + 1];
	MUST(crypto_start(&t_err));
	EACH (r, rows) {
		crypto_sha256_hex(str_of(r->text), got);
		CHECK_STR(r->text, got, r->digest);
	}
}

TEST(hmac_gives_the_published_macs)
{
	char long_key[131];
	memset(long_key, 0xaa, sizeof long_key);
	const struct {
		struct str key;
		struct str text;
		const char *mac;
	} rows[] = { /* RFC 4231 cases 1, 2 and 6 */
		     { STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			   "\x0b\x0b\x0b"),
		       STR("Hi There"),
		       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		     { STR("Jefe"), STR("what do ya want for nothing?"),
		       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		     { str_n(long_key, sizeof long_key),
		       STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" }
	};
	uint8_t mac[SHA256_BYTES];
	char got[2 * SHA256_BYTES + 1];
	EACH (r, rows) {
		struct str parts[] = { str_sub(r->text, 0, 3), STR_NONE, STR(""),
				       str_sub(r->text, 3, r->text.n) };
		crypto_hmac_sha256(r->key, r->text, mac);
		enc_hex(mac, sizeof mac, got);
		CHECK_STR("whole", got, r->mac);
		crypto_hmac_sha256_parts(r->key, parts, COUNT(parts), mac);
		enc_hex(mac, sizeof mac, got);
		CHECK_STR("parts", got, r->mac);
	}
}

TEST(equal_compares_all_bytes)
{
	CHECK(crypto_equal(STR("abc"), STR("abc")));
	CHECK(!crypto_equal(STR("abc"), STR("abd")));
	CHECK(!crypto_equal(STR("abc"), STR("ab")));
	CHECK(crypto_equal(STR(""), STR_NONE));
	CHECK(!crypto_equal(STR("a\0b"), STR("a\0c")));
}

TEST(random_bytes_differ)
{
	uint8_t a[300];
	uint8_t b[300];
	memset(a, 0, sizeof a);
	memset(b, 0, sizeof b);
	crypto_random(a, sizeof a);
	crypto_random(b, sizeof b);
	CHECK(memcmp(a, b, sizeof a) != 0);
	CHECK(memcmp(a, a + 150, 150) != 0);
}

TEST(a_sealed_secret_opens_only_in_its_place_with_its_key)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(4096);
	AUTO(sbuf_release) struct sbuf again = SBUF(4096);
	AUTO(sbuf_release) struct sbuf plain = SBUF(4096);
	struct str secret = STR("EAAG\0token");
	MUST(crypto_start(&t_err));
	MUST(crypto_seal(key_a, STR("channel.token.1"), secret, &text, &t_err));
	MUST(crypto_seal(key_a, STR("channel.token.1"), secret, &again, &t_err));
	CHECK(!str_eq(sbuf_view(&text), sbuf_view(&again))); /* a nonce of its own */
	CHECK(str_starts(sbuf_view(&text), STR("v1:")));
	MUST(crypto_unseal(key_a, STR("channel.token.1"), sbuf_view(&text), &plain, &t_err));
	CHECK_SPAN("plain", sbuf_view(&plain), secret);
	sbuf_reset(&plain);
	CHECK_I64("key",
		  crypto_unseal(key_b, STR("channel.token.1"), sbuf_view(&text), &plain, NULL),
		  RC_INVALID);
	CHECK_I64("place",
		  crypto_unseal(key_a, STR("channel.token.2"), sbuf_view(&text), &plain, NULL),
		  RC_INVALID);
	for (size_t i = 0; i < text.n; i++) {
		char was = text.p[i];
		text.p[i] = was == 'A' ? 'B' : 'A';
		CHECK_I64("changed",
			  crypto_unseal(key_a, STR("channel.token.1"), sbuf_view(&text), &plain,
					NULL),
			  RC_INVALID);
		text.p[i] = was;
	}
	while (text.p[text.n - 1] == '=')
		text.n--; /* padding is optional */
	for (size_t n = 0; n < text.n; n++)
		CHECK(crypto_unseal(key_a, STR("channel.token.1"), str_n(text.p, n), &plain,
				    NULL) == RC_INVALID);
	CHECK_I64("nothing came out", (int64_t)plain.n, 0);
}

TEST(an_empty_secret_can_be_sealed)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(4096);
	AUTO(sbuf_release) struct sbuf plain = SBUF(4096);
	MUST(crypto_start(&t_err));
	MUST(crypto_seal(key_a, STR(""), STR(""), &text, &t_err));
	MUST(crypto_unseal(key_a, STR(""), sbuf_view(&text), &plain, &t_err));
	CHECK_I64("bytes", (int64_t)plain.n, 0);
}
