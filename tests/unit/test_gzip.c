/* test_gzip.c - packed files of the page, also damaged ones. */
#include "io/gzip.h"

#include "io/asset.h"
#include "t.h"

/* "hello hello hello\n" as gzip makes it, without a name and time. */
static const char PACKED[] =
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x5c\x00"
	"\x3b\x7c\x8a\xdf\x12\x00\x00\x00";

static enum rc unpack(size_t n, size_t max, struct sbuf *to)
{
	*to = (struct sbuf)SBUF(max);
	return gzip_unpack(str_n(PACKED, n), to, &t_err);
}

TEST(what_was_packed_comes_back)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(0);

	MUST(unpack(sizeof(PACKED) - 1, 100, &b));
	CHECK_SPAN("text", sbuf_view(&b), STR("hello hello hello\n"));
}

TEST(a_cut_file_is_told_and_leaves_nothing)
{
	for (size_t n = 0; n < sizeof(PACKED) - 1; n++) {
		AUTO(sbuf_release) struct sbuf b = SBUF(0);

		CHECK_I64("cut", unpack(n, 100, &b), RC_INVALID);
		CHECK_I64("nothing", (int64_t)b.n, 0);
		err_clear(&t_err);
	}
}

TEST(a_bomb_ends_at_the_ceiling)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(0);

	CHECK_I64("limit", unpack(sizeof(PACKED) - 1, 17, &b), RC_LIMIT);
	err_clear(&t_err);
}

TEST(every_packed_file_of_the_page_unpacks_to_its_length)
{
	int packed = 0;

	for (size_t i = 0; i < assets_count; i++) {
		AUTO(sbuf_release) struct sbuf b = SBUF(4 * MIB);

		MUST(asset_plain(&assets[i], &b, &t_err));
		CHECK_I64(assets[i].path, (int64_t)b.n, (int64_t)assets[i].plain_n);
		packed += assets[i].gzip ? 1 : 0;
	}
	CHECK(packed >= 2);
}
