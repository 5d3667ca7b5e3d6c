/* test_password.c - stored passwords name their own cost, and wrong ones never pass. */
#include "store/access/password.h"

#include "io/crypto.h"
#include "t.h"

#define COST 1000

TEST(password_fits_itself_only)
{
	char stored[PASSWORD_TEXT_MAX], again[PASSWORD_TEXT_MAX];

	password_hash(STR("correcto caballo"), COST, stored);
	password_hash(STR("correcto caballo"), COST, again);
	CHECK(strcmp(stored, again) != 0); /* salted */
	CHECK(str_starts(str_of(stored), STR("pbkdf2-sha512$1000$")));
	CHECK(password_check(STR("correcto caballo"), str_of(stored), COST));
	CHECK(password_check(STR("correcto caballo"), str_of(stored), 5));
	CHECK(!password_check(STR("correcto caballO"), str_of(stored), COST));
	CHECK(!password_check(STR(""), str_of(stored), COST));
	CHECK(!password_is_old(str_of(stored), COST));
	CHECK(password_is_old(str_of(stored), COST + 1));
}

TEST(password_never_fits_nothing_or_damage)
{
	static const char *const STORED[] = {
		"",
		"pbkdf2-sha512$1000$",
		"pbkdf2-sha512$0$AAAAAAAAAAAAAAAAAAAAAA==$"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"pbkdf2-sha512$999999999$AAAAAAAAAAAAAAAAAAAAAA==$AAAA",
		"pbkdf2-sha1$1000$AAAAAAAAAAAAAAAAAAAAAA==$"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"pbkdf2-sha512$1000$AAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	};

	CHECK(!password_check(STR("x"), STR_NONE, COST));
	CHECK(!password_check(STR(""), STR_NONE, COST));
	EACH (s, STORED)
		CHECK_I64(*s, password_check(STR("x"), str_of(*s), COST), false);
}

/* Josefsson's draft and Python's hashlib agree on this value. */
TEST(password_function_is_pbkdf2_hmac_sha512)
{
	static const uint8_t WANTED[] = { 0x86, 0x7f, 0x70, 0xcf, 0x1a, 0xde, 0x02, 0xcf,
					  0xf3, 0x75, 0x25, 0x99, 0xa3, 0xa5, 0x3d, 0xc4 };
	uint8_t key[CRYPTO_KEY_BYTES];

	crypto_pbkdf2_sha512(STR("password"), STR("salt"), 1, key);
	CHECK(memcmp(key, WANTED, sizeof(WANTED)) == 0);
}

TEST(password_rules_are_told_in_words)
{
	static const struct {
		const char *why, *password;
		enum rc rc;
	} CASES[] = {
		{ "short", "nueve9999", RC_INVALID },
		{ "ten letters with accents",
		  "\xc3\xa1\xc3\xa9\xc3\xad\xc3\xb3\xc3\xba\xc3\xb1quilo", RC_OK },
		{ "the login", "Ana.Lopez.Diaz", RC_INVALID },
		{ "one letter", "aaaaaaaaaaaaaaaa", RC_INVALID },
		{ "no text", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", RC_INVALID },
		{ "fine", "correcto caballo", RC_OK },
	};
	char longest[PASSWORD_MAX + 2];

	EACH (t, CASES) {
		struct err e = { .rc = RC_OK };

		CHECK_I64(t->why, password_rules(str_of(t->password), STR("ana.lopez.diaz"), &e),
			  t->rc);
		CHECK_I64(t->why, e.text[0] != '\0', t->rc != RC_OK);
	}
	memset(longest, 'x', sizeof(longest));
	longest[0] = 'y';
	CHECK_I64("longest", password_rules(str_n(longest, PASSWORD_MAX), STR(""), NULL), RC_OK);
	CHECK_I64("too long", password_rules(str_n(longest, PASSWORD_MAX + 1), STR(""), NULL),
		  RC_INVALID);
}
