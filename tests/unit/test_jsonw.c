/* test_jsonw.c - writing JSON: commas, escapes, numbers, misuse. */
#include "io/jsonw.h"

#include "t.h"

#include "io/json.h"

#define BUF SBUF(4 * KIB)

TEST(jsonw_writes_one_of_everything)
{
	AUTO(sbuf_release) struct sbuf b = BUF;
	AUTO(json_freep) struct json *back = NULL;
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_kstr(&w, "s", STR("a\"b"));
	jsonw_kstr(&w, "none", STR_NONE);
	jsonw_kstr(&w, "empty", STR(""));
	jsonw_ktext(&w, "null", NULL);
	jsonw_ki64(&w, "i", INT64_MIN);
	jsonw_kbool(&w, "t", true);
	jsonw_ktime(&w, "at", INT64_C(1767607200123));
	jsonw_ktime(&w, "never", 0);
	jsonw_kraw(&w, "raw", STR("[1]"));
	jsonw_kraw(&w, "noraw", STR(""));
	jsonw_karray(&w, "a");
	jsonw_i64(&w, 1);
	jsonw_null(&w);
	jsonw_array(&w);
	jsonw_end(&w);
	jsonw_object(&w);
	jsonw_end(&w);
	jsonw_bool(&w, false);
	jsonw_end(&w);
	jsonw_kobject(&w, "k\"\n");
	jsonw_end(&w);
	jsonw_end(&w);
	CHECK_STR("all", sbuf_c(&b),
		  "{\"s\":\"a\\\"b\",\"none\":null,\"empty\":\"\",\"null\":null,"
		  "\"i\":-9223372036854775808,\"t\":true,\"at\":\"2026-01-05T10:00:00.123Z\","
		  "\"never\":null,\"raw\":[1],\"noraw\":null,\"a\":[1,null,[],{},false],"
		  "\"k\\\"\\n\":{}}");
	CHECK_I64("balanced", w.depth, 0);
	MUST(json_parse(sbuf_view(&b), &back, &t_err));
}

TEST(jsonw_writes_numbers_that_come_back)
{
	static const struct {
		double v;
		const char *text;
	} ROWS[] = {
		{ 0.0, "0" },
		{ 0.1, "0.1" },
		{ -2.5, "-2.5" },
		{ 1e300, "1e+300" },
		{ 1.0 / 3, "0.33333333333333331" },
		{ __builtin_inf(), "null" },
		{ __builtin_nan(""), "null" },
	};
	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = BUF;
		struct jsonw w;

		jsonw_init(&w, &b);
		jsonw_double(&w, r->v);
		CHECK_STR(r->text, sbuf_c(&b), r->text);
	}
}

TEST(jsonw_cleans_foreign_bytes)
{
	AUTO(sbuf_release) struct sbuf b = BUF;
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_str(&w, STR("a\0b\xFF\x01"));
	CHECK_STR("text", sbuf_c(&b),
		  "\"a\xEF\xBF\xBD"
		  "b\xEF\xBF\xBD\\u0001\"");
}

TEST(jsonw_leaves_the_ceiling_to_the_buffer)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(8);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_array(&w);
	for (int i = 0; i < 100; i++)
		jsonw_i64(&w, i);
	jsonw_end(&w);
	CHECK(!sbuf_ok(&b));
	CHECK(b.n <= 8);
}

static void value_without_key(struct jsonw *w)
{
	jsonw_object(w);
	jsonw_i64(w, 1);
}

static void key_in_array(struct jsonw *w)
{
	jsonw_array(w);
	jsonw_key(w, "k");
}

static void key_at_top(struct jsonw *w)
{
	jsonw_key(w, "k");
}

static void two_keys(struct jsonw *w)
{
	jsonw_object(w);
	jsonw_key(w, "a");
	jsonw_key(w, "b");
}

static void end_behind_key(struct jsonw *w)
{
	jsonw_object(w);
	jsonw_key(w, "a");
	jsonw_end(w);
}

static void end_at_top(struct jsonw *w)
{
	jsonw_end(w);
}

static void two_documents(struct jsonw *w)
{
	jsonw_i64(w, 1);
	jsonw_i64(w, 2);
}

static void too_deep(struct jsonw *w)
{
	for (int i = 0; i < JSONW_DEPTH_MAX + 1; i++)
		jsonw_array(w);
}

static void just_deep_enough(struct jsonw *w)
{
	for (int i = 0; i < JSONW_DEPTH_MAX; i++)
		jsonw_array(w);
}

struct misuse {
	const char *why;
	void (*run)(struct jsonw *w);
	bool aborts;
};

static void misuse_run(void *arg)
{
	const struct misuse *m = arg;
	AUTO(sbuf_release) struct sbuf b = BUF;
	struct jsonw w;

	jsonw_init(&w, &b);
	m->run(&w);
}

TEST(jsonw_misuse_aborts)
{
	struct misuse rows[] = {
		{ "value without key", value_without_key, true },
		{ "key in array", key_in_array, true },
		{ "key at top", key_at_top, true },
		{ "two keys", two_keys, true },
		{ "end behind key", end_behind_key, true },
		{ "end at top", end_at_top, true },
		{ "two documents", two_documents, true },
		{ "too deep", too_deep, true },
		{ "deep enough", just_deep_enough, false },
	};
	EACH (r, rows)
		CHECK_I64(r->why, t_aborts(misuse_run, r), r->aborts);
}
