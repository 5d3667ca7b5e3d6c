/* test_totp.c - one-time codes are those of RFC 6238, each is good once; recovery codes are read as typed. */
#include "store/access/totp.h"

#include "t.h"

static const uint8_t *const RFC = (const uint8_t *)"12345678901234567890";

TEST(totp_gives_the_codes_of_rfc_6238)
{
	/* Appendix B, SHA-1; the last six of its eight digits. */
	static const struct {
		int64_t at_s;
		uint32_t code;
	} CASES[] = { { 59, 287082 },       { 1111111109, 81804 },  { 1111111111, 50471 },
		      { 1234567890, 5924 }, { 2000000000, 279037 }, { 20000000000, 353130 } };

	EACH (t, CASES)
		CHECK_I64("code", totp_code(RFC, t->at_s / 30), t->code);
}

TEST(totp_takes_a_code_of_the_window_once)
{
	int64_t now_ms = INT64_C(1111111109000), step = 0, now = now_ms / TOTP_STEP_MS;
	char text[16];

	static const struct {
		int64_t away;
		bool taken;
	} CASES[] = { { -2, false }, { -1, true }, { 0, true }, { 1, true }, { 2, false } };

	EACH (t, CASES) {
		(void)snprintf(text, sizeof(text), "%06u", totp_code(RFC, now + t->away));
		CHECK_I64("window", totp_check(RFC, str_of(text), now_ms, 0, &step), t->taken);
		if (t->taken)
			CHECK_I64("step", step, now + t->away);
	}
	(void)snprintf(text, sizeof(text), "%06u", totp_code(RFC, now));
	CHECK_I64("again", totp_check(RFC, str_of(text), now_ms, now, &step), false);
	CHECK_I64("blanks", totp_check(RFC, STR("081 804"), now_ms, 0, &step), true);
}

TEST(totp_refuses_what_is_no_code)
{
	static const char *const CASES[] = { "", "08180", "0818044", "08180x", "-81804", "      " };
	int64_t step;

	EACH (t, CASES)
		CHECK_I64(*t, totp_check(RFC, str_of(*t), INT64_C(1111111109000), 0, &step), false);
}

TEST(totp_secrets_are_base32)
{
	char text[TOTP_SECRET_TEXT];

	totp_base32(RFC, TOTP_SECRET_BYTES, text);
	CHECK_STR("RFC 4648", text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

TEST(totp_recovery_codes_are_read_as_typed)
{
	char code[RECOVERY_TEXT_MAX], other[RECOVERY_TEXT_MAX], typed[RECOVERY_TEXT_MAX];
	uint8_t a[32], b[32];

	totp_recovery_make(code);
	totp_recovery_make(other);
	CHECK(strcmp(code, other) != 0);
	for (size_t i = 0; i < sizeof(code); i++)
		typed[i] = code[i] == '-' ? ' ' : (char)(code[i] >= 'a' ? code[i] - 32 : code[i]);
	CHECK(totp_recovery_hash(str_of(code), a));
	CHECK(totp_recovery_hash(str_of(typed), b));
	CHECK(memcmp(a, b, sizeof(a)) == 0);
	CHECK(!totp_recovery_hash(STR("123456"), a));
	CHECK(!totp_recovery_hash(STR("abcd-efgh-ijkl-mno1"), a));
	CHECK(!totp_recovery_hash(STR("abcd-efgh-ijkl-mnop-q"), a));
	CHECK(!totp_recovery_hash(STR_NONE, a));
}
