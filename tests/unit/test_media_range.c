/* test_media_range.c - partial and conditional requests for a file. */
#include "api/media_range.h"

#include "t.h"

TEST(a_range_is_a_part_the_whole_or_impossible)
{
	static const struct {
		const char *header;
		enum media_range what;
		int64_t from, bytes;
	} ROWS[] = {
		{ "bytes=0-0", RANGE_PART, 0, 1 },
		{ "bytes=0-99", RANGE_PART, 0, 100 },
		{ "bytes=0-1000", RANGE_PART, 0, 100 },
		{ "Bytes= 10-19 ", RANGE_PART, 10, 10 },
		{ "bytes=99-", RANGE_PART, 99, 1 },
		{ "bytes=-1", RANGE_PART, 99, 1 },
		{ "bytes=-1000", RANGE_PART, 0, 100 },
		{ "bytes=100-", RANGE_IMPOSSIBLE, 0, 100 },
		{ "bytes=100-200", RANGE_IMPOSSIBLE, 0, 100 },
		{ "bytes=-0", RANGE_IMPOSSIBLE, 0, 100 },
		{ "bytes=9223372036854775807-", RANGE_IMPOSSIBLE, 0, 100 },
		{ "bytes=5-4", RANGE_WHOLE, 0, 100 },
		{ "bytes=", RANGE_WHOLE, 0, 100 },
		{ "bytes=-", RANGE_WHOLE, 0, 100 },
		{ "bytes=a-b", RANGE_WHOLE, 0, 100 },
		{ "bytes=0-1,3-4", RANGE_WHOLE, 0, 100 },
		{ "bytes=99999999999999999999-", RANGE_WHOLE, 0, 100 },
		{ "bytes=--5", RANGE_WHOLE, 0, 100 },
		{ "lines=0-1", RANGE_WHOLE, 0, 100 },
		{ "", RANGE_WHOLE, 0, 100 },
		{ NULL, RANGE_WHOLE, 0, 100 },
	};
	int64_t from, bytes;

	EACH (r, ROWS) {
		CHECK_I64(r->header, media_range_parse(str_of(r->header), 100, &from, &bytes),
			  r->what);
		CHECK_I64(r->header, from, r->from);
		CHECK_I64(r->header, bytes, r->bytes);
	}
	CHECK_I64("empty file", media_range_parse(STR("bytes=-5"), 0, &from, &bytes),
		  RANGE_IMPOSSIBLE);
}

TEST(a_tag_matches_in_a_list_weak_or_as_a_star)
{
	const struct str tag = STR("\"abc\"");

	CHECK(media_range_matches(STR("\"abc\""), tag));
	CHECK(media_range_matches(STR("\"x\" , W/\"abc\""), tag));
	CHECK(media_range_matches(STR(" * "), tag));
	CHECK(!media_range_matches(STR("abc"), tag));
	CHECK(!media_range_matches(STR("\"ab\""), tag));
	CHECK(!media_range_matches(STR(""), tag));
	CHECK(!media_range_matches(STR_NONE, tag));
}
