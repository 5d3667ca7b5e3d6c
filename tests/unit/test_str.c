/* test_str.c - borrowed text: comparing, cutting, numbers. */
#include "base/str.h"

#include "t.h"

TEST(str_compares_bytes_and_not_places)
{
	static const struct {
		const char *a, *b;
		bool eq, ieq, starts, ends;
	} ROWS[] = {
		{ "", "", true, true, true, true },
		{ "a", "", false, false, true, true },
		{ "", "a", false, false, false, false },
		{ "abc", "abc", true, true, true, true },
		{ "aBc", "AbC", false, true, false, false },
		{ "abc", "ab", false, false, true, false },
		{ "abc", "bc", false, false, false, true },
		{ "[", "{", false, false, false,
		  false }, /* differ by the case bit, are no letters */
		{ "\xC3\x84", "\xC3\xA4", false, false, false, false },
		{ NULL, "", true, true, true, true },
		{ NULL, NULL, true, true, true, true },
	};
	EACH (r, ROWS) {
		struct str a = str_of(r->a);
		struct str b = str_of(r->b);

		CHECK_I64(r->a, str_eq(a, b), r->eq);
		CHECK_I64(r->a, str_eqc(a, r->b), r->eq);
		CHECK_I64(r->a, str_ieq(a, b), r->ieq);
		CHECK_I64(r->a, str_starts(a, b), r->starts);
		CHECK_I64(r->a, str_ends(a, b), r->ends);
	}
	CHECK(!str_eq(STR("a\0b"), STR("a\0c")));
}

TEST(str_finds_the_first_occurrence)
{
	static const struct {
		const char *s, *what;
		ptrdiff_t at;
	} ROWS[] = {
		{ "abcabc", "c", 2 }, { "abcabc", "ca", 2 }, { "abc", "abcd", -1 },
		{ "abc", "", 0 },     { "", "", 0 },         { "", "a", -1 },
		{ NULL, "a", -1 },    { "aaab", "aab", 1 },
	};
	EACH (r, ROWS)
		CHECK_I64(r->s, str_find(str_of(r->s), str_of(r->what)), r->at);
	CHECK_I64("NUL", str_chr(STR("ab\0c"), '\0'), 2);
	CHECK_I64("none", str_chr(STR("abc"), 'x'), -1);
	CHECK_I64("no text", str_chr(STR_NONE, 'x'), -1);
}

TEST(str_trims_blanks_only_at_the_ends)
{
	CHECK_SPAN("both", str_trim(STR(" \t\r\na b\n ")), STR("a b"));
	CHECK_SPAN("all", str_trim(STR("  \n")), STR(""));
	CHECK_SPAN("none", str_trim(STR("a")), STR("a"));
	CHECK_I64("no text", (int64_t)str_trim(STR_NONE).n, 0);
}

TEST(str_sub_is_clipped)
{
	CHECK_SPAN("inside", str_sub(STR("abcdef"), 2, 3), STR("cde"));
	CHECK_SPAN("too long", str_sub(STR("abc"), 1, SIZE_MAX), STR("bc"));
	CHECK_SPAN("behind", str_sub(STR("abc"), SIZE_MAX, 1), STR(""));
	CHECK(str_sub(STR_NONE, 1, 1).p == NULL);
}

TEST(str_cut_gives_every_part_also_empty_ones)
{
	static const struct {
		const char *in;
		const char *parts[5];
	} ROWS[] = {
		{ "a,b", { "a", "b" } }, { "a,", { "a", "" } }, { ",", { "", "" } },
		{ "", { "" } },          { "abc", { "abc" } },  { ",,a", { "", "", "a" } },
	};
	EACH (r, ROWS) {
		struct str rest = str_of(r->in);
		struct str part;
		size_t i = 0;

		for (; str_cut(&rest, ',', &part) && i < 4; i++)
			CHECK_SPAN(r->in, part, str_of(r->parts[i]));
		CHECK(r->parts[i] == NULL);
		CHECK(!str_cut(&rest, ',', &part));
	}
}

TEST(str_i64_takes_whole_numbers_inside_the_limits)
{
	static const struct {
		const char *in;
		int64_t low, high;
		bool ok;
		int64_t v;
	} ROWS[] = {
		{ "0", 0, 9, true, 0 },
		{ "-0", -1, 1, true, 0 },
		{ "007", 0, 9, true, 7 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, false, 0 },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, false, 0 },
		{ "99999999999999999999999999", INT64_MIN, INT64_MAX, false, 0 },
		{ "10", 0, 9, false, 0 },
		{ "-1", 0, 9, false, 0 },
		{ "", 0, 9, false, 0 },
		{ "-", -9, 9, false, 0 },
		{ "--1", -9, 9, false, 0 },
		{ "+1", 0, 9, false, 0 },
		{ " 1", 0, 9, false, 0 },
		{ "1 ", 0, 9, false, 0 },
		{ "1x", 0, 9, false, 0 },
		{ "0x1", 0, 9, false, 0 },
		{ "1e1", 0, 99, false, 0 },
		{ "\xD9\xA1", 0, 9, false, 0 }, /* an Arabic one */
		{ NULL, 0, 9, false, 0 },
	};
	EACH (r, ROWS) {
		int64_t v = 77;

		CHECK_I64(r->in, str_i64(str_of(r->in), r->low, r->high, &v), r->ok);
		CHECK_I64(r->in, v, r->ok ? r->v : 77);
	}
}

TEST(str_u64_hex_takes_one_to_sixteen_digits)
{
	static const struct {
		const char *in;
		bool ok;
		uint64_t v;
	} ROWS[] = {
		{ "0", true, 0 },  { "fF", true, 255 }, { "ffffffffffffffff", true, UINT64_MAX },
		{ "", false, 0 },  { "0x1", false, 0 }, { "10000000000000000", false, 0 },
		{ "g", false, 0 }, { "-1", false, 0 },  { "1 ", false, 0 },
	};
	EACH (r, ROWS) {
		uint64_t v = 77;

		CHECK_I64(r->in, str_u64_hex(str_of(r->in), &v), r->ok);
		CHECK(v == (r->ok ? r->v : 77));
	}
}

TEST(str_copy_copies_whole_texts_or_nothing)
{
	char to[4] = "xxx";

	CHECK(str_copy(STR("abc"), to, sizeof(to)));
	CHECK_STR("fits", to, "abc");
	CHECK(!str_copy(STR("abcd"), to, sizeof(to)));
	CHECK_STR("too long", to, "");
	CHECK(!str_copy(STR("a\0b"), to, sizeof(to)));
	CHECK_STR("NUL inside", to, "");
	CHECK(str_copy(STR_NONE, to, sizeof(to)));
	CHECK_STR("no text", to, "");
}

TEST(str_hash_is_fnv_1a)
{
	CHECK(str_hash(STR("")) == UINT64_C(0xcbf29ce484222325));
	CHECK(str_hash(STR("a")) == UINT64_C(0xaf63dc4c8601ec8c));
	CHECK(str_hash(STR("foobar")) == UINT64_C(0x85944171f73967e8));
}
