/* test_template.c - foreign values in templates: whatever they hold, they stay values. */
#include "peer/wa/template.h"

#include "io/json.h"
#include "t.h"

static struct str fill(const char *text, enum template_place place, struct str value,
		       struct sbuf *b, enum rc *ret_rc)
{
	const struct template_value v[] = { { "x", value }, { "empty", STR_NONE } };
	const struct template_values values = { v, COUNT(v) };

	sbuf_reset(b);
	err_clear(&t_err);
	*ret_rc = template_fill(str_of(text), place, &values, b, &t_err);
	return sbuf_view(b);
}

TEST(values_are_escaped_for_their_place)
{
	static const struct {
		const char *why, *text;
		enum template_place place;
		struct str value;
		const char *wanted; /* NULL: refused */
	} ROWS[] = {
		{ "plain", "https://a.test/q?d={{x}}", PLACE_URL, STR("08408122"),
		  "https://a.test/q?d=08408122" },
		{ "blanks in the place", "https://a.test/{{ x }}/z", PLACE_URL, STR("a b"),
		  "https://a.test/a%20b/z" },
		{ "query injection", "https://a.test/q?d={{x}}", PLACE_URL, STR("1&admin=1#"),
		  "https://a.test/q?d=1%26admin%3D1%23" },
		{ "path injection", "https://a.test/p/{{x}}", PLACE_URL, STR("../../etc"),
		  "https://a.test/p/..%2F..%2Fetc" },
		{ "dots only", "https://a.test/p/{{x}}/q", PLACE_URL, STR(".."), NULL },
		{ "host", "https://{{x}}/p", PLACE_URL, STR("evil.test"), NULL },
		{ "host without a path", "https://a.test{{x}}", PLACE_URL, STR("x"), NULL },
		{ "scheme", "{{x}}", PLACE_URL, STR("file:///etc/passwd"), NULL },
		{ "header", "Bearer {{x}}", PLACE_HEADER, STR("abc"), "Bearer abc" },
		{ "header split", "Bearer {{x}}", PLACE_HEADER, STR("a\r\nX-Evil: 1"), NULL },
		{ "JSON in quotes", "{\"d\":\"{{x}}\"}", PLACE_JSON, STR("a\"b\\c\n"),
		  "{\"d\":\"a\\\"b\\\\c\\n\"}" },
		{ "JSON without quotes", "{\"d\":{{x}}}", PLACE_JSON, STR("1,\"admin\":true"),
		  "{\"d\":\"1,\\\"admin\\\":true\"}" },
		{ "a quote that is escaped in the template", "{\"a\":\"\\\"{{x}}\"}", PLACE_JSON,
		  STR("\""), "{\"a\":\"\\\"\\\"\"}" },
		{ "form", "u={{x}}&v=1", PLACE_FORM, STR("a&v=2"), "u=a%26v%3D2&v=1" },
		{ "XML", "<d>{{x}}</d>", PLACE_XML, STR("</d><e/>"),
		  "<d>&lt;/d&gt;&lt;e/&gt;</d>" },
		{ "no value", "a{{empty}}b", PLACE_FORM, STR("x"), "ab" },
		{ "unknown name", "a{{y}}", PLACE_FORM, STR("x"), NULL },
		{ "not closed", "a{{x", PLACE_FORM, STR("x"), NULL },
		{ "a place in a value is no place", "{{x}}", PLACE_HEADER, STR("{{empty}}"),
		  "{{empty}}" },
	};
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

	EACH (r, ROWS) {
		enum rc rc;
		struct str got = fill(r->text, r->place, r->value, &b, &rc);

		CHECK_I64(r->why, rc, r->wanted != NULL ? RC_OK : RC_INVALID);
		if (rc == RC_OK)
			CHECK_SPAN(r->why, got, str_of(r->wanted));
		else
			CHECK(b.n == 0 && str_find(str_of(t_err.text), STR("evil")) < 0);
	}
}

/* Every byte in every place of a JSON template gives JSON with the same members. */
TEST(no_byte_breaks_out_of_a_json_template)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

	json_start();
	for (int c = 0; c < 256; c++) {
		const char value[3] = { (char)c, '"', (char)c };
		AUTO(json_freep) struct json *root = NULL;
		enum rc rc;
		struct str got = fill("{\"a\":\"{{x}}\",\"b\":{{x}}}", PLACE_JSON,
				      str_n(value, sizeof(value)), &b, &rc);

		CHECK_I64("filled", rc, RC_OK);
		MUST(json_parse(got, &root, &t_err));
		CHECK_I64("two members", json_count(root), 2);
		CHECK_SPAN("the same value", json_get_str(root, "a"), json_get_str(root, "b"));
	}
}

TEST(a_text_that_is_too_long_leaves_nothing)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(8);
	enum rc rc;

	(void)fill("0123456789", PLACE_FORM, STR("x"), &b, &rc);
	CHECK_I64("limit", rc, RC_LIMIT);
	CHECK_I64("as before", b.n, 0);
}
