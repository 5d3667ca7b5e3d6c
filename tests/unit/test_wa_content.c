/* test_wa_content.c - limits of what may be sent, each at its last allowed and its first refused value. */
#include "peer/wa/wa_content.h"

#include "base/limits.h"

#include "t.h"

static enum rc check(const char *type, const char *json, struct wa_content_bad *bad, struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;

	MUST(json_parse(str_of(json), &content, &t_err));
	return wa_content_check(str_of(type), content, bad, e);
}

/* ---- limits: $ stands for a text of `limit` characters, then of one more ---- */

static void fill(const char *pattern, size_t n, struct sbuf *to)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p != '$') {
			sbuf_char(to, *p);
			continue;
		}
		for (size_t i = 0; i < n; i++)
			sbuf_text(to, "\xC3\xA9"); /* two bytes, one character */
	}
}

#define BUTTONS(b)                                                                              \
	"{\"type\":\"button\",\"body\":{\"text\":\"b\"},\"action\":{\"buttons\":[{\"reply\":" b \
	"}]}}"
#define LIST(more, row)                                     \
	"{\"type\":\"list\",\"body\":{\"text\":\"b\"}" more \
	"\"action\":{\"button\":\"x\",\"sections\":[{"      \
	"\"rows\":[" row "]}]}}"
#define ROW1 "{\"id\":\"1\",\"title\":\"t\"}"
#define URLM(text, url)                                                                          \
	"{\"type\":\"cta_url\",\"body\":{\"text\":\"b\"},\"action\":{\"parameters\":{\"display_" \
	"text\":\"" text "\",\"url\":\"" url "\"}}}"
#define TEMPLATE(c) "{\"name\":\"o\",\"language\":{\"code\":\"es\"},\"components\":[" c "]}"

static const struct {
	const char *type, *pattern;
	size_t limit;
	const char *field;
} LENGTHS[] = {
	{ "text", "{\"body\":\"$\"}", 4096, "text.body" },
	{ "image", "{\"id\":\"1\",\"caption\":\"$\"}", 1024, "image.caption" },
	{ "video", "{\"id\":\"1\",\"caption\":\"$\"}", 1024, "video.caption" },
	{ "document", "{\"id\":\"1\",\"caption\":\"$\"}", 1024, "document.caption" },
	{ "document", "{\"id\":\"1\",\"filename\":\"$\"}", 240, "document.filename" },
	{ "interactive",
	  "{\"type\":\"button\",\"body\":{\"text\":\"$\"},\"action\":{\"buttons\":[{"
	  "\"reply\":{"
	  "\"id\":\"1\",\"title\":\"t\"}}]}}",
	  1024, "interactive.body.text" },
	{ "interactive", BUTTONS("{\"id\":\"$\",\"title\":\"t\"}"), 256,
	  "interactive.action.buttons.0.reply.id" },
	{ "interactive", BUTTONS("{\"id\":\"1\",\"title\":\"$\"}"), 20,
	  "interactive.action.buttons.0.reply.title" },
	{ "interactive",
	  "{\"type\":\"list\",\"body\":{\"text\":\"$\"},\"action\":{\"button\":\"x\","
	  "\"sections\":[{\"rows\":[" ROW1 "]}]}}",
	  4096, "interactive.body.text" },
	{ "interactive", LIST(",\"footer\":{\"text\":\"$\"},", ROW1), 60,
	  "interactive.footer.text" },
	{ "interactive", LIST(",\"header\":{\"type\":\"text\",\"text\":\"$\"},", ROW1), 60,
	  "interactive.header.text" },
	{ "interactive",
	  "{\"type\":\"list\",\"body\":{\"text\":\"b\"},\"action\":{\"button\":\"$\","
	  "\"sections\":[{\"rows\":[" ROW1 "]}]}}",
	  20, "interactive.action.button" },
	{ "interactive",
	  "{\"type\":\"list\",\"body\":{\"text\":\"b\"},\"action\":{\"button\":\"x\","
	  "\"sections\":[{\"title\":\"$\",\"rows\":[" ROW1 "]}]}}",
	  24, "interactive.action.sections.0.title" },
	{ "interactive", LIST(",", "{\"id\":\"$\",\"title\":\"t\"}"), 200,
	  "interactive.action.sections.0.rows.0.id" },
	{ "interactive", LIST(",", "{\"id\":\"1\",\"title\":\"$\"}"), 24,
	  "interactive.action.sections.0.rows.0.title" },
	{ "interactive", LIST(",", "{\"id\":\"1\",\"title\":\"t\",\"description\":\"$\"}"), 72,
	  "interactive.action.sections.0.rows.0.description" },
	{ "interactive", URLM("$", "https://a.b"), 20,
	  "interactive.action.parameters.display_text" },
	{ "interactive", URLM("t", "https://a$"), 1991, "interactive.action.parameters.url" },
	{ "interactive",
	  "{\"type\":\"flow\",\"body\":{\"text\":\"b\"},\"action\":{\"parameters\":{\"flow_"
	  "id\":\"1\","
	  "\"flow_cta\":\"$\"}}}",
	  30, "interactive.action.parameters.flow_cta" },
	{ "template",
	  TEMPLATE("{\"type\":\"button\",\"sub_type\":\"copy_code\",\"index\":0,"
		   "\"parameters\":[{"
		   "\"type\":\"coupon_code\",\"coupon_code\":\"$\"}]}"),
	  15, "template.components.0.parameters.0.coupon_code" },
};

TEST(lengths_count_characters_and_not_bytes)
{
	EACH (r, LENGTHS) {
		for (size_t more = 0; more < 2; more++) {
			AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
			struct wa_content_bad bad;
			struct err e = { 0 };

			fill(r->pattern, r->limit + more, &b);
			CHECK_I64(r->field, check(r->type, sbuf_c(&b), &bad, &e),
				  more == 0 ? RC_OK : RC_INVALID);
			if (more > 0) {
				CHECK_STR(r->field, bad.field, r->field);
				CHECK(str_starts(str_of(e.text), STR("This is longer than ")));
			}
		}
	}
}

TEST(a_template_name_has_at_most_512_letters)
{
	for (size_t n = 512; n <= 513; n++) {
		AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
		struct wa_content_bad bad;

		sbuf_text(&b, "{\"language\":{\"code\":\"es\"},\"name\":\"");
		for (size_t i = 0; i < n; i++)
			sbuf_char(&b, 'a');
		sbuf_text(&b, "\"}");
		CHECK_I64("name", check("template", sbuf_c(&b), &bad, NULL),
			  n == 512 ? RC_OK : RC_INVALID);
	}
}

/* ---- counts: `%` stands for `limit` elements, each with its own number ---- */

static void repeat(const char *before, const char *element, const char *after, size_t n,
		   struct sbuf *to)
{
	sbuf_text(to, before);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			sbuf_char(to, ',');
		for (const char *p = element; *p != '\0'; p++) {
			if (*p == '#')
				sbuf_i64(to, (int64_t)i);
			else
				sbuf_char(to, *p);
		}
	}
	sbuf_text(to, after);
}

TEST(lists_have_a_least_and_a_most)
{
	static const struct {
		const char *type, *before, *element, *after;
		size_t low, high;
	} rows[] = {
		{ "contacts", "[", "{\"name\":{\"formatted_name\":\"n\"}}", "]", 1, 257 },
		{ "interactive",
		  "{\"type\":\"button\",\"body\":{\"text\":\"b\"},\"action\":{\"buttons\":[",
		  "{\"reply\":{\"id\":\"#\",\"title\":\"#\"}}", "]}}", 1, 3 },
		{ "interactive",
		  "{\"type\":\"list\",\"body\":{\"text\":\"b\"},\"action\":{\"button\":\"x\","
		  "\"sections\":[{\"rows\":[",
		  "{\"id\":\"#\",\"title\":\"t\"}", "]}]}}", 1, 10 },
		{ "interactive",
		  "{\"type\":\"list\",\"body\":{\"text\":\"b\"},\"action\":{\"button\":\"x\","
		  "\"sections\":[",
		  "{\"title\":\"#\",\"rows\":[{\"id\":\"#\",\"title\":\"t\"}]}", "]}}", 1, 10 },
		{ "interactive",
		  "{\"type\":\"product_list\",\"header\":{\"type\":\"text\",\"text\":\"h\"},"
		  "\"body\":{\"text\":\"b\"},"
		  "\"action\":{\"catalog_id\":\"1\",\"sections\":[{\"product_items\":[",
		  "{\"product_retailer_id\":\"#\"}", "]}]}}", 1, 30 },
		{ "interactive",
		  "{\"type\":\"carousel\",\"body\":{\"text\":\"b\"},\"action\":{\"cards\":[",
		  "{\"type\":\"product\",\"card_index\":#,\"action\":{\"catalog_id\":\"1\","
		  "\"product_retailer_id\":"
		  "\"#\"}}",
		  "]}}", 2, 10 },
		{ "template",
		  "{\"name\":\"o\",\"language\":{\"code\":\"es\"},\"components\":[{\"type\":"
		  "\"header\",\"parameters\":[",
		  "{\"type\":\"text\",\"text\":\"#\"}", "]}]}", 1, 1 },
	};
	EACH (r, rows) {
		const size_t counts[] = { r->low - 1, r->low, r->high, r->high + 1 };

		for (size_t i = 0; i < COUNT(counts); i++) {
			AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
			struct wa_content_bad bad;

			repeat(r->before, r->element, r->after, counts[i], &b);
			CHECK_I64(sbuf_c(&b), check(r->type, sbuf_c(&b), &bad, NULL),
				  i == 1 || i == 2 ? RC_OK : RC_INVALID);
		}
	}
}

TEST(sections_share_the_number_of_their_rows)
{
	for (size_t n = 5; n <= 6; n++) {
		AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
		struct wa_content_bad bad;
		struct err e = { 0 };

		repeat("{\"type\":\"list\",\"body\":{\"text\":\"b\"},\"action\":{\"button\":\"x\","
		       "\"sections\":[{\"title\":"
		       "\"1\",\"rows\":[",
		       "{\"id\":\"a#\",\"title\":\"t\"}", "]},{\"title\":\"2\",\"rows\":[", 5, &b);
		repeat("", "{\"id\":\"b#\",\"title\":\"t\"}", "]}]}}", n, &b);
		CHECK_I64("rows", check("interactive", sbuf_c(&b), &bad, &e),
			  n == 5 ? RC_OK : RC_INVALID);
		if (n > 5)
			CHECK_STR("field", bad.field, "interactive.action.sections");
	}
}

TEST(a_long_key_does_not_overflow_the_field)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	struct wa_content_bad bad;

	sbuf_text(&b, "{\"type\":\"list\",\"body\":{\"text\":\"b\"},\"action\":{\"button\":\"x\","
		      "\"sections\":[{\"rows\":[{");
	sbuf_char(&b, '"');
	for (int i = 0; i < 5000; i++)
		sbuf_char(&b, 'k');
	sbuf_text(&b, "\":1}]}]}}");
	CHECK_I64("long", check("interactive", sbuf_c(&b), &bad, NULL), RC_INVALID);
	CHECK(strlen(bad.field) < WA_CONTENT_FIELD_MAX);
}

static void same(char *to, size_t n, char c)
{
	memset(to, c, n);
	to[n] = '\0';
}

TEST(long_texts_are_cut_where_people_would)
{
	static char text[3 * WA_TEXT_MAX + 100];
	struct str rest = STR(" short, stays "), piece;

	CHECK(wa_content_cut(&rest, &piece));
	CHECK_SPAN("as it is", piece, STR(" short, stays "));
	CHECK(!wa_content_cut(&rest, &piece));

	same(text, WA_TEXT_MAX + 10, 'x');
	text[WA_TEXT_MAX - 5] = '\n';
	text[WA_TEXT_MAX - 2] = ' ';
	rest = str_of(text);
	CHECK(wa_content_cut(&rest, &piece));
	CHECK_I64("behind the line", (int64_t)piece.n, WA_TEXT_MAX - 5);
	CHECK(wa_content_cut(&rest, &piece));
	CHECK_SPAN("the rest", piece, STR("xx xxxxxxxxxxx"));
	CHECK(!wa_content_cut(&rest, &piece));

	same(text, WA_TEXT_MAX + 1, 'x');
	text[3] = '\n'; /* too early */
	rest = str_of(text);
	CHECK(wa_content_cut(&rest, &piece));
	CHECK_I64("anywhere", (int64_t)piece.n, WA_TEXT_MAX);
	CHECK(wa_content_cut(&rest, &piece));
	CHECK_SPAN("one is left", piece, STR("x"));

	for (size_t i = 0; i + 1 < 2 * (size_t)WA_TEXT_MAX; i += 2)
		memcpy(text + i, "\xc3\xa9", 3);
	rest = str_of(text);
	CHECK(wa_content_cut(&rest, &piece));
	CHECK_I64("characters, not bytes", (int64_t)piece.n, 2 * WA_TEXT_MAX);
	CHECK(!wa_content_cut(&rest, &piece));

	same(text, 2 * WA_TEXT_MAX + 3, ' ');
	rest = str_of(text);
	text[2 * WA_TEXT_MAX] = 'y';
	CHECK(wa_content_cut(&rest, &piece));
	CHECK_SPAN("blanks are no message", str_trim(piece), STR("y"));
	CHECK(!wa_content_cut(&rest, &piece));
}
