/* test_sbuf.c - growing text: ceiling, sticky failure, the NUL behind it. */
#include "base/sbuf.h"

#include "t.h"

TEST(sbuf_grows_and_ends_with_a_nul)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(100 * KIB);

	CHECK_STR("empty", sbuf_c(&b), "");
	CHECK_SPAN("empty is a text", sbuf_view(&b), STR(""));
	sbuf_text(&b, "a");
	sbuf_char(&b, 'b');
	sbuf_str(&b, STR("c\0d"));
	sbuf_i64(&b, -12);
	sbuf_printf(&b, "<%s|%d>", "e", 5);
	sbuf_text(&b, NULL);
	sbuf_str(&b, STR_NONE);
	CHECK_SPAN("all", sbuf_view(&b), STR("abc\0d-12<e|5>"));
	CHECK_I64("NUL", sbuf_c(&b)[b.n], 0);
	for (int i = 0; i < 50000; i++)
		sbuf_char(&b, 'x');
	CHECK(sbuf_ok(&b) && b.n == 50013);
}

TEST(sbuf_writes_the_extreme_numbers)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(100);

	sbuf_i64(&b, INT64_MIN);
	sbuf_char(&b, ' ');
	sbuf_i64(&b, INT64_MAX);
	sbuf_char(&b, ' ');
	sbuf_i64(&b, 0);
	CHECK_STR("all", sbuf_c(&b), "-9223372036854775808 9223372036854775807 0");
}

TEST(sbuf_keeps_its_ceiling_and_remembers_the_failure)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(5);

	sbuf_text(&b, "abcde");
	CHECK(sbuf_ok(&b));
	sbuf_char(&b, 'f');
	CHECK(!sbuf_ok(&b));
	CHECK_STR("dropped", sbuf_c(&b), "abcde");
	b.n = 2;
	sbuf_char(&b, 'x');
	CHECK_STR("no hole is filled later", sbuf_c(&b), "ab");
	CHECK(sbuf_room(&b, 1) == NULL);
	sbuf_reset(&b);
	sbuf_printf(&b, "%s", "12345");
	CHECK(sbuf_ok(&b));
	CHECK_STR("after the reset", sbuf_c(&b), "12345");
}

TEST(sbuf_refuses_absurd_sizes)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(SIZE_MAX);
	struct sbuf zero = { 0 };

	sbuf_text(&b, "a");
	CHECK(sbuf_room(&b, SIZE_MAX) == NULL);
	CHECK(!sbuf_ok(&b));
	sbuf_char(&zero, 'x');
	CHECK(!sbuf_ok(&zero));
	sbuf_release(&zero);
	sbuf_release(&zero);
}

TEST(sbuf_prints_more_than_fits_on_the_stack)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(2000);

	sbuf_printf(&b, "%0999d", 7);
	CHECK(sbuf_ok(&b) && b.n == 999 && b.p[998] == '7' && b.p[0] == '0');
	sbuf_printf(&b, "%01999d", 7);
	CHECK(!sbuf_ok(&b) && b.n == 999);
}

TEST(sbuf_room_is_written_by_the_caller)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(300);
	char *p = sbuf_room(&b, 300);

	CHECK(p != NULL);
	if (p == NULL)
		return;
	memset(p, 'y', 300);
	sbuf_added(&b, 300);
	CHECK(sbuf_ok(&b) && b.n == 300 && strlen(sbuf_c(&b)) == 300);
}

static void add_itself(void *arg)
{
	sbuf_add(arg, ((struct sbuf *)arg)->p, 1);
}

TEST(sbuf_is_not_added_to_itself)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(300);

	sbuf_text(&b, "abc");
	CHECK(t_aborts(add_itself, &b));
}
