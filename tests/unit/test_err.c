/* test_err.c - verdicts, their text, and the ends of the program. */
#include "base/err.h"

#include "t.h"

#include "base/enc.h"

static enum rc fails(struct err *e, enum rc rc)
{
	return FAIL(e, rc, "cannot %s %d", "read", 7);
}

static enum rc tries(enum rc rc, int *steps)
{
	TRY(rc);
	(*steps)++;
	return RC_OK;
}

TEST(the_first_error_wins)
{
	struct err e = { 0 };

	CHECK_I64("verdict", fails(&e, RC_RETRY), RC_RETRY);
	CHECK_I64("second", FAIL(&e, RC_IO, "later"), RC_IO);
	CHECK_I64("kept", e.rc, RC_RETRY);
	CHECK_STR("text", e.text, "cannot read 7");
	CHECK(e.line > 0 && str_ends(str_of(e.file), STR("test_err.c")));
	err_clear(&e);
	CHECK_I64("cleared", e.rc, RC_OK);
	CHECK_I64("again", FAIL(&e, RC_IO, "later"), RC_IO);
	CHECK_STR("text again", e.text, "later");
	CHECK_I64("nobody listens", fails(NULL, RC_LIMIT), RC_LIMIT);
	err_clear(NULL);
}

TEST(long_error_texts_are_cut_between_characters)
{
	char text[2 * ERR_TEXT_MAX];

	for (size_t shift = 0; shift < 4; shift++) {
		struct err e = { 0 };

		memset(text, 0, sizeof(text));
		memset(text, 'x', shift);
		for (size_t i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xF0\x9F\x98\x80", 4);
		(void)FAIL(&e, RC_IO, "%s", text);
		CHECK(enc_utf8_ok(str_of(e.text)));
		CHECK(strlen(e.text) > ERR_TEXT_MAX - 6);
	}
}

TEST(try_passes_on_every_verdict_but_ok)
{
	for (int rc = RC_OK; rc < RC_COUNT; rc++) {
		int steps = 0;

		CHECK_I64("verdict", tries((enum rc)rc, &steps), rc);
		CHECK_I64("steps", steps, rc == RC_OK ? 1 : 0);
	}
}

TEST(verdicts_have_different_names_and_exit_codes)
{
	for (int a = RC_OK; a < RC_COUNT; a++) {
		CHECK(rc_name((enum rc)a) != NULL && rc_name((enum rc)a)[0] != '\0');
		CHECK((rc_exit_code((enum rc)a) == 0) == (a == RC_OK));
		for (int b = RC_OK; b < a; b++) {
			CHECK(strcmp(rc_name((enum rc)a), rc_name((enum rc)b)) != 0);
			CHECK(rc_exit_code((enum rc)a) != rc_exit_code((enum rc)b));
		}
	}
	CHECK_STR("name", rc_name(RC_RETRY), "retry");
}

static void breaks_a_promise(void *arg)
{
	ASSERT(arg == (void *)1);
}

static void surprises(void *arg)
{
	if (NEVER(arg == NULL))
		return;
}

static void keeps(void *arg)
{
	ASSERT(arg == NULL);
	if (NEVER(arg != NULL))
		BUG("unreachable");
}

TEST(broken_promises_abort_and_name_their_place)
{
	char text[1024];

	CHECK(t_aborts(breaks_a_promise, NULL));
	CHECK(t_aborts(surprises, NULL)); /* test builds only */
	CHECK(!t_aborts(keeps, NULL));
	(void)t_stderr_of(breaks_a_promise, NULL, text, sizeof(text));
	CHECK(strstr(text, "test_err.c:") != NULL);
	CHECK(strstr(text, "breaks_a_promise") != NULL);
	CHECK(strstr(text, "thread main") != NULL);
	CHECK(strstr(text, "arg == (void *)1") != NULL);
}

TEST(memory_is_counted_with_care)
{
	char *p = mem_dup("abc", 2);
	char *q = p;
	char *moved = TAKE(q);
	unsigned char *zero = mem_new(3, 5);

	CHECK_STR("dup", p, "ab");
	CHECK(q == NULL && moved == p);
	CHECK(zero[0] == 0 && zero[14] == 0);
	mem_freep(&moved);
	CHECK(moved == NULL);
	mem_freep(&moved);
	mem_free(zero);
	mem_free(NULL);
}
