/* test_json.c - reading foreign JSON: what is accepted, refused, repaired; getters on everything.
 */
#include "io/json.h"

#include "t.h"

#include "base/limits.h"

static struct json *parsed(const char *text)
{
	struct json *root = NULL;

	MUST(json_parse(str_of(text), &root, &t_err));
	return root;
}

TEST(json_library_is_new_enough)
{
	json_start();
	CHECK(json_version()[0] == '1');
}

TEST(json_accepts_what_rfc_8259_does)
{
	static const struct {
		const char *in, *out;
	} ROWS[] = {
		{ "null", "null" },
		{ " \t\r\n[ ] \n", "[]" },
		{ "\xEF\xBB\xBF{}", "{}" },
		{ "[1,-0.5e+2,0,true,false,null,\"\"]", "[1,-50,0,true,false,null,\"\"]" },
		{ "{\"a\":{\"b\":[{}]}}", "{\"a\":{\"b\":[{}]}}" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\xC3\xA4\"" },
		{ "\"\\ud83d\\uDE00\"", "\"\xF0\x9F\x98\x80\"" },
		{ "1e999", "null" },
	};
	EACH (r, ROWS) {
		AUTO(json_freep) struct json *j = parsed(r->in);
		AUTO(sbuf_release) struct sbuf b = SBUF(1000);

		json_print(j, &b);
		CHECK_STR(r->in, sbuf_c(&b), r->out);
	}
}

/* Told why, and nothing is given back. */
static void refused(const char *text)
{
	struct json *j = (struct json *)(void *)1;
	struct err e = { 0 };

	CHECK_I64(text, json_parse(str_of(text), &j, &e), RC_INVALID);
	CHECK(j == (struct json *)(void *)1 && e.text[0] != '\0');
}

TEST(json_refuses_broken_structure)
{
	static const char *const ROWS[] = {
		"",        " ",      "{",         "}",        "[",          "]",
		"[}",      "{]",     "[1",        "[1,",      "[1,]",       "[,1]",
		"[1 2]",   "[1,,2]", "{\"a\"}",   "{\"a\":}", "{\"a\":1,}", "{a:1}",
		"{'a':1}", "{1:2}",  "{\"a\" 1}", "[1:2]",
	};
	EACH (r, ROWS)
		refused(*r);
}

TEST(json_refuses_words_and_numbers_of_other_languages)
{
	static const char *const ROWS[] = {
		"nul", "nulll", "True", "NaN", "Infinity", "-",     "+1",   "01",
		"-01", "1.",    ".5",   "1e",  "1e+",      "1.5.2", "0x10", "1a",
	};
	EACH (r, ROWS)
		refused(*r);
}

TEST(json_refuses_broken_texts)
{
	static const char *const ROWS[] = {
		"\"",          "\"abc", "\"\\\"", "\"\\x\"",  "\"\\u12\"",
		"\"\\u12g4\"", "\"\\",  "\"\\u",  "\"a\nb\"", "\"\x01\"",
	};
	EACH (r, ROWS)
		refused(*r);
}

TEST(json_refuses_what_stands_beside_a_value)
{
	static const char *const ROWS[] = {
		"[]x",          "[] []",     "{} ,",     "null null",
		"\"a\"\"b\"",   "\x01[]",    "[\x0C]",   "\xEF\xBB\xBF\xEF\xBB\xBF[]",
		"\xEF\xBB\xBF", "/* a */1",  "\xC3\xA4", "[1]\x80",
		"[\"a\"true]",  "truefalse",
	};
	EACH (r, ROWS)
		refused(*r);
}

TEST(json_refuses_no_text_and_a_nul_anywhere)
{
	struct json *j = NULL;

	CHECK_I64("no text", json_parse(STR_NONE, &j, NULL), RC_INVALID);
	CHECK_I64("NUL behind", json_parse(STR("[]\0"), &j, NULL), RC_INVALID);
	CHECK_I64("NUL and more", json_parse(STR("[]\0[]"), &j, NULL), RC_INVALID);
	CHECK_I64("NUL in a text", json_parse(STR("\"a\0b\""), &j, NULL), RC_INVALID);
	CHECK_I64("NUL behind a number", json_parse(STR("1\0002"), &j, NULL), RC_INVALID);
}

TEST(json_repairs_texts_that_c_or_utf8_cannot_hold)
{
	static const struct {
		const char *in, *out;
	} ROWS[] = {
		{ "\"a\\u0000b\"", "a\xEF\xBF\xBD"
				   "b" },
		{ "\"\\\\u0000\"", "\\u0000" }, /* an escaped backslash, then plain letters */
		{ "\"\\\\\\u0000\"", "\\\xEF\xBF\xBD" },
		{ "\"\\\\\\\\u0000\"", "\\\\u0000" },
		{ "\"\\\"\\u0000\"", "\"\xEF\xBF\xBD" },
		{ "\"\\u0000\\u0000\"", "\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "\"\\u00001\"", "\xEF\xBF\xBD"
				  "1" },
		{ "\"\\ud83dx\"", "\xEF\xBF\xBDx" },
		{ "\"\\ude00\"", "\xEF\xBF\xBD" },
		{ "\"\\ud83d\\ud83d\\ude00\"", "\xEF\xBF\xBD\xF0\x9F\x98\x80" },
		{ "\"\\ud83d\\n\"", "\xEF\xBF\xBD\n" },
		{ "\"\\ud83d\\u0041\"", "\xEF\xBF\xBD"
					"A" },
		{ "\"\\ud83d\"", "\xEF\xBF\xBD" },
		{ "\"a\xFFz\"", "a\xEF\xBF\xBDz" },
		{ "\"\xE2\x82\"", "\xEF\xBF\xBD" },
		{ "\"\xC0\x80\"", "\xEF\xBF\xBD\xEF\xBF\xBD" },
	};
	EACH (r, ROWS) {
		AUTO(json_freep) struct json *j = parsed(r->in);

		CHECK_SPAN(r->in, json_str(j), str_of(r->out));
	}
	AUTO(json_freep) struct json *j = parsed("{\"k\\u0000\":1,\"k\":2}");

	CHECK_I64("keys too", json_get_i64_or(j, "k", 0), 2);
}

static struct json *deep(size_t depth, enum rc wanted)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * MIB);
	struct json *j = NULL;

	for (size_t i = 0; i < depth; i++)
		sbuf_text(&b, i % 2 == 0 ? "[" : "{\"a\":");
	sbuf_text(&b, "1");
	for (size_t i = depth; i-- > 0;)
		sbuf_text(&b, i % 2 == 0 ? "]" : "}");
	CHECK(sbuf_ok(&b));
	CHECK_I64("depth", json_parse(sbuf_view(&b), &j, NULL), wanted);
	return j;
}

TEST(json_depth_is_limited)
{
	json_free(deep(JSON_DEPTH_MAX, RC_OK));
	json_free(deep(JSON_DEPTH_MAX + 1, RC_INVALID));
	json_free(deep(100000, RC_INVALID));
}

TEST(json_number_of_values_is_limited)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * MIB);
	struct json *j = NULL;

	sbuf_char(&b, '[');
	for (unsigned i = 0; i < JSON_VALUES_MAX - 2; i++)
		sbuf_text(&b, "1,");
	sbuf_text(&b, "1]");
	CHECK_I64("all", json_parse(sbuf_view(&b), &j, NULL), RC_OK);
	CHECK_I64("count", json_count(j), JSON_VALUES_MAX - 1);
	json_free(TAKE(j));
	b.n--;
	sbuf_text(&b, ",1]");
	CHECK_I64("one more", json_parse(sbuf_view(&b), &j, NULL), RC_LIMIT);
}

TEST(json_document_does_not_refer_to_the_text)
{
	char text[] = "{\"key\":\"value\"}";
	AUTO(json_freep) struct json *j = parsed(text);

	memset(text, 'x', sizeof(text));
	CHECK_SPAN("value", json_get_str(j, "key"), STR("value"));
}

TEST(json_getters_are_tolerant)
{
	AUTO(json_freep)
	struct json *j =
		parsed("{\"s\":\"x\",\"i\":5,\"t\":true,\"n\":null,\"a\":[1,2],\"e\":\"\"}");

	CHECK_SPAN("text", json_get_str(j, "s"), STR("x"));
	CHECK_SPAN("empty", json_get_str(j, "e"), STR(""));
	CHECK(json_get_str(j, "i").p == NULL && json_get_str(j, "x").p == NULL);
	CHECK(json_get_str(NULL, "s").p == NULL && json_str(NULL).p == NULL);
	CHECK_I64("number", json_get_i64_or(j, "i", -1), 5);
	CHECK_I64("no number", json_get_i64_or(j, "s", -1), -1);
	CHECK(json_get_bool(j, "t", false) && json_get_bool(j, "s", true) &&
	      !json_get_bool(j, "i", false));
	CHECK(json_get(json_get(j, "a"), "s") == NULL && json_get(NULL, "a") == NULL);
	CHECK(json_get(j, "S") == NULL);
	CHECK(json_first(NULL) == NULL && json_next(NULL) == NULL &&
	      json_first(json_get(j, "s")) == NULL);
	CHECK_I64("count", json_count(json_get(j, "a")), 2);
	CHECK_I64("count of none", json_count(NULL), 0);
	CHECK(json_key(NULL).p == NULL && json_key(j).p == NULL);
	CHECK_SPAN("key", json_key(json_first(j)), STR("s"));
	CHECK_I64("kinds", json_kind(NULL), JSON_NONE);
	CHECK_I64("null", json_kind(json_get(j, "n")), JSON_NULL);
	CHECK_I64("bool", json_kind(json_get(j, "t")), JSON_BOOL);
	CHECK_I64("array", json_kind(json_get(j, "a")), JSON_ARRAY);
	CHECK_I64("object", json_kind(j), JSON_OBJECT);
	json_free(NULL);
}

TEST(json_first_of_equal_keys_wins)
{
	AUTO(json_freep) struct json *j = parsed("{\"a\":1,\"a\":2}");

	CHECK_I64("a", json_get_i64_or(j, "a", 0), 1);
}

TEST(json_paths_go_through_objects_and_arrays)
{
	static const struct {
		const char *path;
		int64_t v;
	} ROWS[] = {
		{ "entry.0.changes.1.value", 7 },
		{ "entry.0.changes.2.value", -1 },
		{ "entry.x", -1 },
		{ "entry.-1", -1 },
		{ "", -1 },
		{ "entry.0.", -1 },
		{ ".entry", -1 },
		{ "0", 9 },
		{ "entry.0.changes.1.value.x", -1 },
		{ "entry.99999999999", -1 },
		{ "entry.00.x", -1 },
	};
	AUTO(json_freep)
	struct json *j = parsed("{\"entry\":[{\"changes\":[{},{\"value\":7}]}],\"0\":9}");

	EACH (r, ROWS) {
		int64_t v = -1;

		(void)!json_i64(json_path(j, r->path), &v);
		CHECK_I64(r->path, v, r->v);
	}
	CHECK(json_path(NULL, "a") == NULL);
	static char key[300];

	memset(key, 'k', sizeof(key) - 1);
	CHECK(json_path(j, key) == NULL);
}

TEST(json_i64_takes_only_exact_whole_numbers)
{
	static const struct {
		const char *in;
		bool ok;
		int64_t v;
	} ROWS[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "1e3", true, 1000 },
		{ "1.0", true, 1 },
		{ "1785240002", true, 1785240002 },
		{ "9007199254740991", true, INT64_C(9007199254740991) },
		{ "-9007199254740991", true, INT64_C(-9007199254740991) },
		{ "9007199254740992", false, 0 },
		{ "9007199254740993", false, 0 }, /* reads as 2^53 */
		{ "-9007199254740992", false, 0 },
		{ "1e19", false, 0 },
		{ "-1e300", false, 0 },
		{ "1e999", false, 0 },
		{ "1.5", false, 0 },
		{ "1e-3", false, 0 },
		{ "\"1785240002\"", true, 1785240002 },
		{ "\"9223372036854775807\"", true, INT64_MAX },
		{ "\"9223372036854775808\"", false, 0 },
		{ "\"1.0\"", false, 0 },
		{ "\"\"", false, 0 },
		{ "\" 1\"", false, 0 },
		{ "true", false, 0 },
		{ "null", false, 0 },
		{ "[1]", false, 0 },
	};
	EACH (r, ROWS) {
		AUTO(json_freep) struct json *j = parsed(r->in);
		int64_t v = 77;

		CHECK_I64(r->in, json_i64(j, &v), r->ok);
		CHECK_I64(r->in, v, r->ok ? r->v : 77);
	}
}

/* Every cut and every changed byte of a real-looking document: no crash, and what parses prints. */
TEST(json_survives_mutations)
{
	static const char TEXT[] = "{\"object\":\"x\",\"entry\":[{\"id\":"
				   "\"1\\u0000\\ud83d\\ude00\",\"n\":[-1.5e3,true,null]}]}";
	int parses = 0;

	for (size_t i = 0; i < sizeof(TEXT) - 1; i++)
		for (unsigned byte = 0; byte < 256; byte++) {
			char text[sizeof(TEXT)];
			AUTO(json_freep) struct json *j = NULL;
			AUTO(sbuf_release) struct sbuf b = SBUF(1000);

			memcpy(text, TEXT, sizeof(TEXT));
			text[i] = (char)byte;
			if (json_parse(str_n(text, sizeof(TEXT) - 1), &j, NULL) != RC_OK)
				continue;
			parses++;
			json_print(j, &b);
			if (!sbuf_ok(&b))
				T_FAIL("what parses, prints");
		}
	CHECK(parses > 1000);
	for (size_t n = 0; n < sizeof(TEXT) - 1; n++) {
		struct json *j = NULL;

		CHECK_I64("cut", json_parse(str_n(TEXT, n), &j, NULL), RC_INVALID);
	}
}
