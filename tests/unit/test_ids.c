/* test_ids.c - row numbers in UUIDv7: there and back, other boxes, forged texts. */
#include "base/ids.h"

#include "t.h"

#define SALT    UINT64_C(0x2A5A5A5A5)
#define ROW_MAX ((INT64_C(1) << 40) - 1)
#define MS_MAX  ((INT64_C(1) << 48) - 1)

TEST(id_carries_time_and_row)
{
	static const struct {
		int64_t ms, row;
	} ROWS[] = {
		{ 0, 0 },
		{ 0, 1 },
		{ INT64_C(1767607200123), 1 },
		{ 1767607200123, 2 },
		{ 1767607200123, ROW_MAX },
		{ MS_MAX, ROW_MAX },
		{ MS_MAX, 0 },
		{ 1, INT64_C(1) << 37 },
		{ 1, (INT64_C(1) << 37) - 1 },
	};
	static const uint64_t SALTS[] = { 0, 1, SALT, (UINT64_C(1) << 34) - 1 };

	EACH (s, SALTS) {
		ids_set_salt(*s);
		EACH (r, ROWS) {
			char text[ID_TEXT_MAX];
			int64_t ms = -1;
			int64_t row = -1;

			id_text(r->ms, r->row, text);
			CHECK_I64(text, (int64_t)strlen(text), 36);
			CHECK(text[14] == '7' && strchr("89ab", text[19]) != NULL);
			CHECK(id_parse(str_of(text), &ms, &row));
			CHECK_I64(text, ms, r->ms);
			CHECK_I64(text, row, r->row);
		}
	}
}

TEST(id_has_the_time_in_the_place_of_rfc_9562)
{
	char text[ID_TEXT_MAX];

	ids_set_salt(SALT);
	id_text(INT64_C(0x017F22E279B0), 5, text); /* the time of the example in appendix A.6 */
	CHECK_SPAN("time", str_sub(str_of(text), 0, 15), STR("017f22e2-79b0-7"));
}

/* What is stored or was sent must open in all later versions. */
TEST(id_format_does_not_change)
{
	char text[ID_TEXT_MAX];

	ids_set_salt(SALT);
	id_text(INT64_C(1767607200123), 42, text);
	CHECK_STR("golden", text, "019b8d99-697b-7a82-8e18-7657e63560c8");
}

TEST(ids_of_many_rows_all_differ_and_open)
{
	char text[ID_TEXT_MAX];
	char before[ID_TEXT_MAX] = "";

	ids_set_salt(SALT);
	for (int64_t i = 0; i < 100000; i++) {
		int64_t ms;
		int64_t row;

		id_text(INT64_C(1767607200123), i, text);
		if (!id_parse(str_of(text), &ms, &row) || row != i || strcmp(text, before) == 0) {
			CHECK_I64(text, row, i);
			return;
		}
		memcpy(before, text, sizeof(text));
	}
	CHECK(true);
}

TEST(neighbours_do_not_look_alike)
{
	char a[ID_TEXT_MAX];
	char b[ID_TEXT_MAX];
	int same = 0;

	ids_set_salt(SALT);
	id_text(INT64_C(1767607200123), 1000, a);
	id_text(INT64_C(1767607200123), 1001, b);
	for (int i = 15; i < 36; i++)
		same += a[i] == b[i] && a[i] != '-';
	CHECK(same < 9); /* about 1 of 16 by chance, of 18 */
}

TEST(id_of_another_box_is_refused)
{
	char text[ID_TEXT_MAX];
	int64_t ms;
	int64_t row;
	int opened = 0;

	ids_set_salt(SALT);
	id_text(INT64_C(1767607200123), 42, text);
	for (int bit = 0; bit < 34; bit++) {
		ids_set_salt(SALT ^ UINT64_C(1) << bit);
		opened += id_parse(str_of(text), &ms, &row);
	}
	CHECK_I64("other salts", opened, 0);
	ids_set_salt(SALT | UINT64_C(1) << 34); /* only 34 bits count */
	CHECK(id_parse(str_of(text), &ms, &row));
}

TEST(id_with_one_changed_digit_is_refused)
{
	char text[ID_TEXT_MAX];
	int64_t ms = 77;
	int64_t row = 77;
	int opened = 0;

	ids_set_salt(SALT);
	id_text(INT64_C(1767607200123), 42, text);
	for (size_t i = 0; i < 36; i++)
		for (size_t d = 0; d < 16; d++) {
			char was = text[i];

			text[i] = "0123456789abcdef"[d];
			if (text[i] != was)
				opened += id_parse(str_of(text), &ms, &row);
			text[i] = was;
		}
	CHECK_I64("changed", opened, 0);
	CHECK_I64("nothing written", ms + row, 154);
}

TEST(id_parse_refuses_what_is_no_uuid)
{
	static const char *const ROWS[] = {
		"",
		"0",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
		"017f22e279b07cc398c4dc0c0c07398f",
		"{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
		"017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
		"017f22e2-79b0-7cc3-18c4-dc0c0c07398f",
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", /* well-formed, but of nobody */
		"017f22e2_79b0-7cc3-98c4-dc0c0c07398f",
		"zzzzzzzz-zzzz-7zzz-8zzz-zzzzzzzzzzzz",
		"00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff",
		"------------------------------------",
		NULL,
	};
	int64_t ms;
	int64_t row;

	ids_set_salt(SALT);
	EACH (r, ROWS)
		CHECK_I64(*r, id_parse(str_of(*r), &ms, &row), false);
}

TEST(id_parse_takes_capital_letters_too)
{
	char text[ID_TEXT_MAX];
	int64_t ms;
	int64_t row = 0;

	ids_set_salt(SALT);
	id_text(INT64_C(1767607200123), 42, text);
	for (size_t i = 0; i < 36; i++)
		if (text[i] >= 'a')
			text[i] = (char)(text[i] - 'a' + 'A');
	CHECK(id_parse(str_of(text), &ms, &row));
	CHECK_I64("row", row, 42);
}

TEST(id_random_text_uses_the_random_bits)
{
	static const uint8_t ONES[10] = {
		0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF
	};
	static const uint8_t ZEROS[10];
	char text[ID_TEXT_MAX];

	id_random_text(INT64_C(0x017F22E279B0), ONES, text);
	CHECK_STR("ones", text, "017f22e2-79b0-7fff-bfff-ffffffffffff");
	id_random_text(0, ZEROS, text);
	CHECK_STR("zeros", text, "00000000-0000-7000-8000-000000000000");
}

TEST(an_id_may_bear_the_number_of_a_try)
{
	static const struct {
		const char *behind;
		bool good;
		int64_t n;
	} ROWS[] = {
		{ "", true, 0 },     { "-1", true, 1 },
		{ "-37", true, 37 }, { "-", false, 0 },
		{ "-0", false, 0 },  { "-x", false, 0 },
		{ ".1", false, 0 },  { "--1", false, 0 },
		{ "-1 ", false, 0 }, { "-99999999999", false, 0 },
	};
	char id[ID_TEXT_MAX], text[64];
	int64_t ms, row, n;

	id_text(1767607200000, 7, id);
	EACH (r, ROWS) {
		(void)snprintf(text, sizeof(text), "%s%s", id, r->behind);
		CHECK_I64(r->behind, id_parse_try(str_of(text), &ms, &row, &n), r->good);
		if (r->good)
			CHECK_I64(r->behind, n, r->n);
		if (r->good)
			CHECK_I64("row", row, 7);
	}
	CHECK(!id_parse_try(STR("x"), &ms, &row, &n));
}

static void row_of(void *arg)
{
	char text[ID_TEXT_MAX];

	id_text(0, *(int64_t *)arg, text);
}

TEST(id_text_has_no_place_for_rows_beyond_40_bits)
{
	int64_t rows[] = { -1, ROW_MAX + 1, INT64_MAX, INT64_MIN };

	EACH (r, rows)
		CHECK(t_aborts(row_of, r));
}
