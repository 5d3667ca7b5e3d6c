/* test_meta_template.c - Meta's list of templates, and whether a message fits its template. */
#include "peer/meta/meta_template.h"

#include "t.h"

TEST(a_page_is_read_and_says_whether_more_come)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct meta_template_page p;

	MUST(meta_template_decode(200,
				  STR("{\"data\":[{\"id\":\"11\",\"name\":\"ready\",\"language\":"
				      "\"es\",\"status\":\"APPROVED\","
				      "\"category\":\"UTILITY\",\"quality_score\":{\"score\":"
				      "\"GREEN\",\"date\":1},\"components\":[{"
				      "\"type\":\"BODY\",\"text\":\"x\"}],\"rejected_reason\":"
				      "\"NONE\"},{\"name\":\"no language\"},7,{"
				      "\"name\":\"b\",\"language\":\"en\",\"status\":\"REJECTED\","
				      "\"rejected_reason\":\"INVALID_"
				      "FORMAT\",\"quality_score\":\"RED\"}],\"paging\":{"
				      "\"cursors\":{\"before\":\"A\",\"after\":\"B\"},"
				      "\"next\":\"https://graph.facebook.com/evil\"}}"),
				  &a, &p, &t_err));
	CHECK_I64("rows", p.count, 2);
	CHECK_STR("name", p.rows[0].name.p, "ready");
	CHECK_STR("quality", p.rows[0].quality.p, "GREEN");
	CHECK_STR("components", p.rows[0].components.p, "[{\"type\":\"BODY\",\"text\":\"x\"}]");
	CHECK(p.rows[0].reason.p == NULL);
	CHECK_STR("reason", p.rows[1].reason.p, "INVALID_FORMAT");
	CHECK_STR("quality as text", p.rows[1].quality.p, "RED");
	CHECK(p.rows[1].components.p == NULL);
	CHECK_STR("cursor", p.after.p, "B");
}

TEST(the_last_page_has_no_next_whatever_its_cursors_say)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct meta_template_page p;

	MUST(meta_template_decode(200,
				  STR("{\"data\":[],\"paging\":{\"cursors\":{\"after\":\"B\"}}}"),
				  &a, &p, &t_err));
	CHECK_I64("rows", p.count, 0);
	CHECK(p.after.n == 0);
}

TEST(an_answer_that_is_no_list_is_told)
{
	static const struct {
		int status;
		const char *body, *text;
	} rows[] = {
		{ 400, "{\"error\":{\"code\":190}}", "HTTP 400, Meta error 190" },
		{ 200, "{\"data\":{}}", "HTTP 200, Meta error -1" },
		{ 500, "{\"data\":[]}", "HTTP 500, Meta error -1" },
		{ 502, "<html>", "HTTP 502, and no JSON" },
	};
	EACH (r, rows) {
		AUTO(arena_release) struct arena a = ARENA(64 * KIB);
		struct meta_template_page p;
		struct err e = { 0 };

		CHECK_I64(r->body, meta_template_decode(r->status, str_of(r->body), &a, &p, &e),
			  RC_INVALID);
		CHECK_STR(r->body, e.text, r->text);
	}
}

TEST(the_address_has_our_host_and_the_cursor_escaped)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(2 * KIB);

	MUST(meta_template_url(STR("https://graph.facebook.com"), STR("v24.0"), STR("900"),
			       STR("a=&b"), &b, &t_err));
	CHECK_STR("url", sbuf_c(&b),
		  "https://graph.facebook.com/v24.0/900/"
		  "message_templates?fields=name,status,category,language,"
		  "components,quality_score,rejected_reason&limit=50&after=a%3D%26b");
	CHECK(meta_template_url(STR("ftp://x"), STR("v24.0"), STR("900"), STR_NONE, &b, NULL) ==
	      RC_INVALID);
	CHECK(meta_template_url(STR("https://x"), STR("v24.0"), STR("9/0"), STR_NONE, &b, NULL) ==
	      RC_INVALID);
}

#define BODY2     "{\"type\":\"BODY\",\"text\":\"Hola {{1}}, tu pedido {{2}} y otra vez {{1}}.\"}"
#define NAMED     "{\"type\":\"BODY\",\"text\":\"Hola {{name}}, {{ order_id }}\"}"
#define IMAGE     "{\"type\":\"HEADER\",\"format\":\"IMAGE\"}"
#define TITLE     "{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":\"Pedido {{1}}\"}"
#define FIXED     "{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":\"Pedido\"}"
#define BUTTON(b) "{\"type\":\"BUTTONS\",\"buttons\":[" b "]}"
#define QUICK     "{\"type\":\"QUICK_REPLY\",\"text\":\"ok\"}"
#define LINK      "{\"type\":\"URL\",\"text\":\"go\",\"url\":\"https://a.b/{{1}}\"}"
#define STATIC    "{\"type\":\"URL\",\"text\":\"go\",\"url\":\"https://a.b/\"}"
#define T(s)      "{\"type\":\"text\",\"text\":\"" s "\"}"
#define N(n, s)   "{\"type\":\"text\",\"parameter_name\":\"" n "\",\"text\":\"" s "\"}"
#define SBODY(p)  "{\"type\":\"body\",\"parameters\":[" p "]}"
#define SHEAD(p)  "{\"type\":\"header\",\"parameters\":[" p "]}"
#define SBTN(t, i, p) \
	"{\"type\":\"button\",\"sub_type\":\"" t "\",\"index\":\"" i "\",\"parameters\":[" p "]}"
#define CARD1 "{\"components\":[{\"type\":\"BODY\",\"text\":\"a {{1}}\"}]}"

static const struct {
	const char *known, *sent, *text; /* text NULL: it fits */
} FITS[] = {
	{ BODY2, SBODY(T("a") "," T("b")), NULL },
	{ BODY2, SBODY(T("a")), "The body of this template has 2 variables; 1 are given." },
	{ BODY2, SBODY(T("a") "," T("b") "," T("c")),
	  "The body of this template has 2 variables; 3 are given." },
	{ BODY2, "", "The body of this template has 2 variables; 0 are given." },
	{ NAMED, SBODY(N("order_id", "1") "," N("name", "Ana")), NULL },
	{ NAMED, SBODY(N("order_id", "1") "," N("nome", "Ana")),
	  "The body of this template has the variable name; no parameter_name says it." },
	{ NAMED, SBODY(T("1") "," T("2")),
	  "The body of this template has the variable name; no parameter_name says it." },
	{ IMAGE ","
		"{\"type\":\"BODY\",\"text\":\"x\"}",
	  SHEAD("{\"type\":\"image\",\"image\":{\"id\":\"1\"}}"), NULL },
	{ IMAGE, "", "This template has a header of type image; it has to be given." },
	{ IMAGE, SHEAD("{\"type\":\"video\",\"video\":{\"id\":\"1\"}}"),
	  "This template has a header of type image; it has to be given." },
	{ TITLE, SHEAD(T("1")), NULL },
	{ TITLE, "", "The header of this template has 1 variables; 0 are given." },
	{ FIXED, "", NULL },
	{ FIXED, SHEAD(T("1")), "The header of this template has 0 variables; 1 are given." },
	{ FIXED, SHEAD("{\"type\":\"image\",\"image\":{\"id\":\"1\"}}"),
	  "The header of this template is text, or there is none." },
	{ BUTTON(QUICK "," LINK), SBTN("url", "1", T("x")), NULL },
	{ BUTTON(QUICK "," LINK),
	  SBTN("url", "1", T("x")) "," SBTN("quick_reply", "0",
					    "{\"type\":\"payload\",\"payload\":\"p\"}"),
	  NULL },
	{ BUTTON(QUICK "," LINK), "",
	  "Button 1 of this template needs a component of sub_type url." },
	{ BUTTON(QUICK), SBTN("url", "0", T("x")),
	  "Button 0 of this template takes no parameter of this sub_type." },
	{ BUTTON(STATIC), SBTN("url", "0", T("x")),
	  "Button 0 of this template takes no parameter of this sub_type." },
	{ BUTTON(QUICK), SBTN("quick_reply", "1", "{\"type\":\"payload\",\"payload\":\"p\"}"),
	  "This template has 1 buttons; there is none at index 1." },
	{ BUTTON("{\"type\":\"COPY_CODE\"}"), "",
	  "Button 0 of this template needs a component of sub_type copy_code." },
	{ BUTTON("{\"type\":\"OTP\"}"), SBTN("url", "0", T("123456")), NULL },
	{ BUTTON("{\"type\":\"SOMETHING_NEW\"}"), "", NULL },
	{ BUTTON("{\"type\":\"PHONE_NUMBER\"}"), "", NULL },
	{ "{\"type\":\"LIMITED_TIME_OFFER\",\"limited_time_offer\":{\"text\":\"x\",\"has_"
	  "expiration\":true}}",
	  "", "The offer of this template ends: limited_time_offer has to say when." },
	{ "{\"type\":\"BODY\",\"text\":\"x\"}",
	  "{\"type\":\"limited_time_offer\",\"parameters\":[]}",
	  "This template has no offer that ends." },
	{ "{\"type\":\"CAROUSEL\",\"cards\":[" CARD1 "," CARD1 "]}",
	  "{\"type\":\"carousel\",\"cards\":[{\"card_index\":0,\"components\":[" SBODY(
		  T("x")) "]},{\"card_index\":1,"
			  "\"components\":[" SBODY(T("y")) "]}]}",
	  NULL },
	{ "{\"type\":\"CAROUSEL\",\"cards\":[" CARD1 "," CARD1 "]}",
	  "{\"type\":\"carousel\",\"cards\":[{\"card_index\":0,\"components\":[" SBODY(
		  T("x")) "]},{\"card_index\":1,"
			  "\"components\":[]}]}",
	  "The body of this template has 1 variables; 0 are given." },
	{ "{\"type\":\"CAROUSEL\",\"cards\":[" CARD1 "," CARD1 "]}", "",
	  "This template has 2 cards; 0 are given." },
};

static void parse_both(const char *known, const char *sent, struct json **ret_known,
		       struct json **ret_sent)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(16 * KIB);

	sbuf_printf(&b, "[%s]", known);
	MUST(json_parse(sbuf_view(&b), ret_known, &t_err));
	sbuf_reset(&b);
	sbuf_printf(&b, "{\"name\":\"t\",\"language\":{\"code\":\"es\"},\"components\":[%s]}",
		    sent);
	MUST(json_parse(sbuf_view(&b), ret_sent, &t_err));
}

TEST(what_a_template_asks_for_has_to_be_given)
{
	EACH (r, FITS) {
		AUTO(json_freep) struct json *known = NULL;
		AUTO(json_freep) struct json *sent = NULL;
		struct wa_content_bad bad;
		struct err e = { 0 };
		enum rc rc;

		parse_both(r->known, r->sent, &known, &sent);
		rc = meta_template_fits(known, sent, &bad, &e);
		CHECK_I64(r->sent, rc, r->text != NULL ? RC_INVALID : RC_OK);
		CHECK_STR(r->known, e.text, r->text != NULL ? r->text : "");
		if (rc != RC_OK)
			CHECK(str_starts(str_of(bad.field), STR("template.components")));
		CHECK_I64("not known", meta_template_fits(NULL, sent, &bad, NULL), RC_OK);
	}
}

TEST(a_template_reads_as_the_customer_sees_it)
{
	static const struct {
		const char *known, *sent, *text;
	} rows[] = {
		{ BODY2, SBODY(T("Ana") "," T("42")), "Hola Ana, tu pedido 42 y otra vez Ana." },
		{ NAMED, SBODY(N("order_id", "7") "," N("name", "Ana")), "Hola Ana, 7" },
		{ "{\"type\":\"BODY\",\"text\":\"{{1}} hasta {{2}}\"}",
		  SBODY("{\"type\":\"currency\",\"currency\":{\"fallback_value\":\"$1\"}},{"
			"\"type\":\"date_time\","
			"\"date_time\":{\"fallback_value\":\"hoy\"}}"),
		  "$1 hasta hoy" },
		{ BODY2, "", "Hola , tu pedido  y otra vez ." },
		{ "{\"type\":\"BODY\",\"text\":\"open {{ and }} close {{\"}", "",
		  "open  close {{" },
		{ IMAGE, "", "" },
	};
	EACH (r, rows) {
		AUTO(json_freep) struct json *known = NULL;
		AUTO(json_freep) struct json *sent = NULL;
		AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

		parse_both(r->known, r->sent, &known, &sent);
		meta_template_text(known, sent, &b);
		CHECK_STR(r->known, sbuf_c(&b), r->text);
	}
}
