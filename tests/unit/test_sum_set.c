/* test_sum_set.c - many checksums in few bytes. */
#include "flow/backup/sum_set.h"

#include "t.h"

static void hex_of(int i, char ret[65])
{
	(void)snprintf(ret, 65, "%08x%056d", (unsigned)i * 2654435761u, i);
}

TEST(lists_that_say_the_same_take_the_room_of_one)
{
	struct sum_set s = { .count = 0 };
	char hex[65];

	for (int list = 0; list < 6; list++) {
		for (int i = 0; i < 1000; i++) {
			hex_of(i, hex);
			CHECK(sum_set_add(&s, hex, 0));
		}
		sum_set_settle(&s);
		CHECK_I64("once each", (int64_t)s.count, 1000);
	}
	CHECK(s.room < 3200); /* of one list and the next */
	for (int i = 0; i < 1100; i++) {
		hex_of(i, hex);
		CHECK(sum_set_has_hex(&s, hex, 0) == (i < 1000));
	}
	sum_set_free(&s);
}

TEST(a_sum_with_another_number_is_another)
{
	struct sum_set s = { .count = 0 };
	char hex[65];

	sum_set_settle(&s);
	hex_of(7, hex);
	CHECK(!sum_set_has_hex(&s, hex, 1));
	CHECK(sum_set_add(&s, hex, 2) && sum_set_add(&s, hex, 1));
	sum_set_settle(&s);
	CHECK_I64("both", (int64_t)s.count, 2);
	CHECK_I64("in order", s.item[0].n, 1);
	CHECK(sum_set_has_hex(&s, hex, 1) && sum_set_has_hex(&s, hex, 2));
	CHECK(!sum_set_has_hex(&s, hex, 3));
	sum_set_free(&s);
}

TEST(what_is_no_checksum_is_passed_over)
{
	static const char *const BAD[] = {
		"", "abcd", "../../../etc/passwd",
		("AB00000000000000000000000000000000000000000000000000000"
		 "000000000")
	};
	struct sum_set s = { .count = 0 };

	EACH (b, BAD)
		CHECK(!sum_set_add(&s, *b, 0));
	CHECK_I64("none", (int64_t)s.count, 0);
	sum_set_free(&s);
}
