/* test_enc.c - text encodings: vectors of their standards, edges, hostile input. */
#include "base/enc.h"

#include "t.h"

#define BUF SBUF(4 * KIB)

TEST(hex_goes_forth_and_back)
{
	static const uint8_t BYTES[] = { 0x00, 0x0F, 0xA5, 0xFF };
	char text[2 * sizeof(BYTES) + 1];
	uint8_t back[sizeof(BYTES)];

	enc_hex(BYTES, sizeof(BYTES), text);
	CHECK_STR("text", text, "000fa5ff");
	CHECK(enc_unhex(str_of(text), back, sizeof(back), true));
	CHECK(memcmp(back, BYTES, sizeof(back)) == 0);
	CHECK(enc_unhex(STR("000FA5FF"), back, 4, false));
	CHECK(!enc_unhex(STR("000FA5FF"), back, 4, true));
}

TEST(unhex_refuses_other_lengths_and_digits)
{
	static const char *const ROWS[] = { "",     "0",    "000",  "00000",     "000000",
					    "0g00", " 000", "0x00", "00\xC3\xA4" };
	uint8_t back[4] = { 7, 7, 7, 7 };

	EACH (r, ROWS)
		CHECK_I64(*r, enc_unhex(str_of(*r), back, 2, false), false);
	CHECK_I64("untouched", back[0] + back[1], 14);
	CHECK(enc_unhex(STR(""), back, 0, true));
}

TEST(base64_follows_rfc_4648)
{
	static const struct {
		const char *plain, *text;
	} ROWS[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xFB\xFF\xFE", "+//+" },
	};
	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = BUF;
		AUTO(sbuf_release) struct sbuf back = BUF;
		size_t bare = strlen(r->text);

		enc_base64(&b, (const uint8_t *)r->plain, strlen(r->plain));
		CHECK_STR(r->plain, sbuf_c(&b), r->text);
		CHECK(enc_unbase64(&back, str_of(r->text)));
		CHECK_STR(r->text, sbuf_c(&back), r->plain);
		while (bare > 0 && r->text[bare - 1] == '=')
			bare--;
		sbuf_reset(&back);
		CHECK(enc_unbase64(&back, str_n(r->text, bare)));
		CHECK_STR(r->text, sbuf_c(&back), r->plain);
	}
	AUTO(sbuf_release) struct sbuf url = BUF;

	CHECK(enc_unbase64(&url, STR("-__-")));
	CHECK_STR("URL alphabet", sbuf_c(&url), "\xFB\xFF\xFE");
}

TEST(unbase64_refuses_and_leaves_the_output)
{
	static const char *const ROWS[] = {
		"A",  "Zg=",  "Zg===", "Zm9=v", "Zm 9v", "Zm9v\n",   "=",
		"==", "====", "Zh",    "Zm9",   "Z*==",  "Zg==Zg==", "\xC3\xA4\xC3\xA4"
	};
	AUTO(sbuf_release) struct sbuf b = BUF;

	sbuf_text(&b, "kept");
	EACH (r, ROWS) {
		CHECK_I64(*r, enc_unbase64(&b, str_of(*r)), false);
		CHECK_STR(*r, sbuf_c(&b), "kept");
	}
	AUTO(sbuf_release) struct sbuf tiny = SBUF(2);

	CHECK(!enc_unbase64(&tiny, STR("Zm9v")));
}

TEST(percent_encodes_all_but_the_unreserved)
{
	AUTO(sbuf_release) struct sbuf b = BUF;

	enc_percent(&b, STR("aZ09-._~ /?&=+%\0\xC3\xA4"));
	CHECK_STR("text", sbuf_c(&b), "aZ09-._~%20%2F%3F%26%3D%2B%25%00%C3%A4");
}

TEST(unpercent_decodes_or_refuses)
{
	static const struct {
		const char *in;
		bool plus, ok;
		const char *out;
	} ROWS[] = {
		{ "", false, true, "" },         { "a%20b", false, true, "a b" },
		{ "a+b", false, true, "a+b" },   { "a+b", true, true, "a b" },
		{ "%2B", true, true, "+" },      { "%c3%A4", false, true, "\xC3\xA4" },
		{ "%2541", false, true, "%41" }, { "%", false, false, "" },
		{ "%4", false, false, "" },      { "%4g", false, false, "" },
		{ "%%41", false, false, "" },    { "a%00b", false, false, "" },
		{ "abc%", false, false, "" },    { "%+1", true, false, "" },
	};
	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = BUF;

		CHECK_I64(r->in, enc_unpercent(&b, str_of(r->in), r->plus), r->ok);
		CHECK_STR(r->in, sbuf_c(&b), r->out);
	}
	AUTO(sbuf_release) struct sbuf b = BUF;

	CHECK(!enc_unpercent(&b, STR("a\0b"), false));
}

TEST(html_escapes_what_could_be_markup)
{
	AUTO(sbuf_release) struct sbuf b = BUF;

	enc_html(&b, STR("<a href=\"x\" b='y'>&amp;"));
	CHECK_STR("text", sbuf_c(&b), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
}

TEST(utf8_is_checked_counted_and_cleaned)
{
	static const struct {
		const char *in;
		bool ok;
		const char *clean;
		size_t points; /* of the cleaned text */
	} ROWS[] = {
		{ "", true, "", 0 },
		{ "abc", true, "abc", 3 },
		{ "\xC2\x80", true, "\xC2\x80", 1 },
		{ "\xDF\xBF\xE0\xA0\x80", true, "\xDF\xBF\xE0\xA0\x80", 2 },
		{ "\xED\x9F\xBF\xEE\x80\x80", true, "\xED\x9F\xBF\xEE\x80\x80", 2 },
		{ "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", true, "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 2 },
		{ "\x80", false, "\xEF\xBF\xBD", 1 },
		{ "\xC0\x80", false, "\xEF\xBF\xBD\xEF\xBF\xBD", 2 }, /* overlong NUL */
		{ "\xC1\xBF", false, "\xEF\xBF\xBD\xEF\xBF\xBD", 2 }, /* overlong */
		{ "\xE0\x9F\xBF", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3 },
		{ "\xED\xA0\x80", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
		  3 }, /* surrogate */
		{ "\xF4\x90\x80\x80", false, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
		  4 },
		{ "\xF5", false, "\xEF\xBF\xBD", 1 },
		{ "a\xE2\x82", false, "a\xEF\xBF\xBD", 2 },     /* cut off */
		{ "\xF0\x9F\x98z", false, "\xEF\xBF\xBDz", 2 }, /* one for the longest start */
		{ "\xFF\xFE", false, "\xEF\xBF\xBD\xEF\xBF\xBD", 2 },
	};
	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = BUF;

		CHECK_I64(r->in, enc_utf8_ok(str_of(r->in)), r->ok);
		enc_utf8_clean(&b, str_of(r->in));
		CHECK_STR(r->in, sbuf_c(&b), r->clean);
		CHECK(enc_utf8_ok(sbuf_view(&b)));
		CHECK_I64(r->in, (int64_t)enc_utf8_count(sbuf_view(&b)), (int64_t)r->points);
	}
	AUTO(sbuf_release) struct sbuf b = BUF;

	CHECK(!enc_utf8_ok(STR("a\0b")));
	enc_utf8_clean(&b, STR("a\0b"));
	CHECK_STR("NUL", sbuf_c(&b),
		  "a\xEF\xBF\xBD"
		  "b");
}

TEST(utf8_is_cut_between_code_points)
{
	struct str s = STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z");

	CHECK_SPAN("none", enc_utf8_cut(s, 0), STR(""));
	CHECK_SPAN("two", enc_utf8_cut(s, 2), STR("a\xC3\xA4"));
	CHECK_SPAN("four", enc_utf8_cut(s, 4), STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
	CHECK_SPAN("all", enc_utf8_cut(s, 5), s);
	CHECK_SPAN("more", enc_utf8_cut(s, SIZE_MAX), s);
	CHECK_I64("no text", (int64_t)enc_utf8_cut(STR_NONE, 5).n, 0);
}

TEST(json_text_is_escaped)
{
	static const struct {
		const char *in, *out;
	} ROWS[] = {
		{ "", "" },
		{ "plain /", "plain /" },
		{ "\"\\", "\\\"\\\\" },
		{ "\n\r\t\b\x1F", "\\n\\r\\t\\u0008\\u001f" },
		{ "\x7F\xC3\xA4", "\x7F\xC3\xA4" },
		{ "a\xFFz", "a\xEF\xBF\xBDz" },
		{ "\xE2\x82", "\xEF\xBF\xBD" },
	};
	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = BUF;

		enc_json(&b, str_of(r->in));
		CHECK_STR(r->in, sbuf_c(&b), r->out);
	}
	AUTO(sbuf_release) struct sbuf b = BUF;

	enc_json(&b, STR("a\0b"));
	CHECK_STR("NUL", sbuf_c(&b),
		  "a\xEF\xBF\xBD"
		  "b");
}

TEST(query_fields_are_found_and_decoded)
{
	static const struct {
		const char *query, *name;
		enum enc_query found;
		const char *value;
	} ROWS[] = {
		{ "a=1&b=2", "b", QUERY_FOUND, "2" },
		{ "a=1&b=2", "c", QUERY_ABSENT, "" },
		{ "a=1&a=2", "a", QUERY_FOUND, "1" },
		{ "a", "a", QUERY_FOUND, "" },
		{ "a=", "a", QUERY_FOUND, "" },
		{ "a=b=c", "a", QUERY_FOUND, "b=c" },
		{ "&&a=x", "a", QUERY_FOUND, "x" },
		{ "hub%2Emode=sub+scribe", "hub.mode", QUERY_FOUND, "sub scribe" },
		{ "a=%zz&b=1", "a", QUERY_MALFORMED, "" },
		{ "%zz=1&b=1", "b", QUERY_FOUND, "1" },
		{ "aa=1", "a", QUERY_ABSENT, "" },
		{ "", "a", QUERY_ABSENT, "" },
		{ NULL, "a", QUERY_ABSENT, "" },
		{ "a=%00", "a", QUERY_MALFORMED, "" },
		{ "a=%2", "a", QUERY_MALFORMED, "" },
		{ "a=%zz&b=1", "b", QUERY_FOUND, "1" },
		{ "a=1&a=%zz", "a", QUERY_FOUND, "1" },
	};
	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = BUF;

		CHECK_I64(r->query, enc_query_get(str_of(r->query), str_of(r->name), &b), r->found);
		CHECK_STR(r->query, sbuf_c(&b), r->value);
	}
}
