/* test_meta_send.c - bodies and URLs for Meta, and the verdict on every kind of answer. */
#include "peer/meta/meta_send.h"

#include "io/json.h"
#include "t.h"

#define PHONE STR("5511955501234")

/* A message as rows of a table: `content` is parsed for each. */
struct sample {
	struct meta_message m;
	const char *type, *content;
};

static enum rc write(const struct sample *r, struct sbuf *to, struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;
	struct meta_message m = r->m;

	MUST(json_parse(str_of(r->content), &content, &t_err));
	m.type = str_of(r->type);
	m.content = content;
	return meta_send_message(&m, to, e);
}

#define TEXT_OI  "text", "{\"body\":\"oi\"}"
#define ENVELOPE "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\","

TEST(the_envelope_is_written_as_documented)
{
	static const struct {
		const char *why;
		struct sample s;
		const char *json;
	} rows[] = {
		{ "phone",
		  { { .to = { "5511955501234", 13 } }, TEXT_OI },
		  ENVELOPE
		  "\"to\":\"+5511955501234\",\"type\":\"text\",\"text\":{\"body\":\"oi\"}}" },
		{ "all of it",
		  { { .to = { "+5511955501234", 14 },
		      .reply_to = { "wamid.X==", 9 },
		      .tag = { "0198c0de", 8 } },
		    "text",
		    "{\"body\":\"a\\\"b\\n\",\"preview_url\":true}" },
		  ENVELOPE
		  "\"to\":\"+5511955501234\",\"context\":{\"message_id\":\"wamid.X==\"},"
		  "\"type\":\"text\",\"text\":{\"preview_url\":true,\"body\":\"a\\\"b\\n\"},"
		  "\"biz_opaque_callback_data\":\"0198c0de\"}" },
		{ "user id",
		  { { .recipient = { "BR.13491208655302741918", 23 } }, TEXT_OI },
		  ENVELOPE "\"recipient\":\"BR.13491208655302741918\",\"type\":\"text\",\"text\":"
			   "{\"body\":\"oi\"}}" },
		{ "group",
		  { { .group = { "R3J1cG8=", 8 } }, TEXT_OI },
		  "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"group\","
		  "\"to\":\"R3J1cG8=\",\"type\":\"text\",\"text\":{\"body\":\"oi\"}}" },
		{ "a reaction has no context",
		  { { .to = { "5511955501234", 13 }, .reply_to = { "wamid.X==", 9 } },
		    "reaction",
		    "{\"emoji\":\"\xF0\x9F\x91\x8D\",\"message_id\":\"wamid.Y==\"}" },
		  ENVELOPE "\"to\":\"+5511955501234\",\"type\":\"reaction\",\"reaction\":"
			   "{\"message_id\":\"wamid.Y==\",\"emoji\":\"\xF0\x9F\x91\x8D\"}}" },
	};
	EACH (r, rows) {
		struct sbuf b AUTO(sbuf_release) = SBUF(META_SEND_BODY_MAX);
		MUST(write(&r->s, &b, &t_err));
		CHECK_STR(r->why, sbuf_c(&b), r->json);
	}
}

TEST(an_address_is_told_by_its_form)
{
	static const struct {
		const char *why, *address, *to, *recipient, *group;
	} rows[] = {
		{ "phone", "5511955501234", "5511955501234", "", "" },
		{ "with plus", "+5511955501234", "+5511955501234", "", "" },
		{ "user id", "BR.13491208655302741918", "", "BR.13491208655302741918", "" },
		{ "parent user id", "BR.ENT.134912", "", "BR.ENT.134912", "" },
		{ "group", "Y2FwaV9ncm91cDox", "", "", "Y2FwaV9ncm91cDox" },
		{ "group of digits", "120363041234567890", "", "", "120363041234567890" },
	};
	EACH (r, rows) {
		struct meta_message m = { 0 };
		meta_send_address(str_of(r->address), &m);
		CHECK(str_eqc(m.to, r->to) && str_eqc(m.recipient, r->recipient) &&
		      str_eqc(m.group, r->group));
	}
}

TEST(a_wrong_field_is_named)
{
	static const struct {
		const char *why;
		struct sample s;
		const char *field;
	} rows[] = {
		{ "nobody", { { .to = { "", 0 } }, TEXT_OI }, "to:" },
		{ "two",
		  { { .to = { "5511955501234", 13 }, .recipient = { "BR.1", 4 } }, TEXT_OI },
		  "to:" },
		{ "letters", { { .to = { "55119x5501234", 13 } }, TEXT_OI }, "to:" },
		{ "short", { { .to = { "1234", 4 } }, TEXT_OI }, "to:" },
		{ "long", { { .to = { "1234567890123456", 16 } }, TEXT_OI }, "to:" },
		{ "plus only", { { .to = { "+", 1 } }, TEXT_OI }, "to:" },
		{ "user id", { { .recipient = { "br.1", 4 } }, TEXT_OI }, "recipient:" },
		{ "user id", { { .recipient = { "BR.1\"", 5 } }, TEXT_OI }, "recipient:" },
		{ "user id", { { .recipient = { "BR.ENT.", 7 } }, TEXT_OI }, "recipient:" },
		{ "group", { { .group = { "a b", 3 } }, TEXT_OI }, "group:" },
		{ "empty",
		  { { .to = { "5511955501234", 13 } }, "text", "{\"body\":\"\"}" },
		  "text.body:" },
		{ "blank",
		  { { .to = { "5511955501234", 13 } }, "text", "{\"body\":\" \\n\"}" },
		  "text.body:" },
		{ "type", { { .to = { "5511955501234", 13 } }, "fax", "{}" }, "type:" },
		{ "file",
		  { { .to = { "5511955501234", 13 } },
		    "image",
		    "{\"media_id\":\"0198c0de-0000-7000-8000-000000000001\"}" },
		  "a file of the message has no id" },
		{ "reply",
		  { { .to = { "5511955501234", 13 }, .reply_to = { "a\nb", 3 } }, TEXT_OI },
		  "context.message_id:" },
		{ "tag",
		  { { .to = { "5511955501234", 13 }, .tag = { "\xff", 1 } }, TEXT_OI },
		  "biz_opaque_callback_data:" },
	};
	EACH (r, rows) {
		struct sbuf b AUTO(sbuf_release) = SBUF(META_SEND_BODY_MAX);
		struct err e = { 0 };
		sbuf_text(&b, "kept");
		CHECK_I64(r->why, write(&r->s, &b, &e), RC_INVALID);
		CHECK(str_starts(str_of(e.text), str_of(r->field)));
		CHECK_STR(r->why, sbuf_c(&b), "kept");
	}
}

TEST(the_tag_counts_characters_and_not_bytes)
{
	for (size_t n = 512; n <= 513; n++) {
		struct sbuf tag AUTO(sbuf_release) = SBUF(64 * KIB);
		struct sbuf b AUTO(sbuf_release) = SBUF(META_SEND_BODY_MAX);
		struct sample s = { { .to = PHONE }, TEXT_OI };
		for (size_t i = 0; i < n; i++)
			sbuf_text(&tag, "\xC3\xA9");
		s.m.tag = sbuf_view(&tag);
		CHECK_I64("tag", write(&s, &b, NULL), n == 512 ? RC_OK : RC_INVALID);
	}
}

TEST(a_full_buffer_is_told)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(40);
	const struct sample s = { { .to = PHONE }, TEXT_OI };
	CHECK_I64("text", write(&s, &b, NULL), RC_LIMIT);
	CHECK_I64("nothing left", b.n, 0);
}

TEST(a_read_receipt_is_done_when_meta_says_success)
{
	static const struct {
		const char *body;
		int status;
		enum wa_class cls;
	} rows[] = {
		{ "{\"success\":true}", 200, WA_SEND_ACCEPTED },
		{ "{\"success\":false}", 200, WA_SEND_UNKNOWN },
		{ "{}", 200, WA_SEND_UNKNOWN },
		{ "{\"error\":{\"code\":100}}", 400, WA_SEND_PERMANENT },
		{ "{\"error\":{\"code\":130429}}", 400, WA_SEND_RETRY },
	};
	EACH (r, rows) {
		const struct wa_answer a = { .rc = RC_OK,
					     .status = r->status,
					     .body = str_of(r->body),
					     .retry_after_ms = -1,
					     .tries = 1 };
		struct wa_verdict v;
		meta_send_judge_act(&a, &v);
		CHECK_I64(r->body, v.cls, r->cls);
	}
}

TEST(mark_as_read_may_show_typing)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
	MUST(meta_send_read(STR("wamid.X=="), false, &b, &t_err));
	CHECK_STR("read", sbuf_c(&b),
		  "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":\"wamid."
		  "X==\"}");
	sbuf_reset(&b);
	MUST(meta_send_read(STR("wamid.X=="), true, &b, &t_err));
	CHECK_STR("typing", sbuf_c(&b),
		  "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":\"wamid."
		  "X==\","
		  "\"typing_indicator\":{\"type\":\"text\"}}");
	CHECK_I64("empty", meta_send_read(STR(""), false, &b, NULL), RC_INVALID);
}

TEST(urls_are_built_and_injection_is_refused)
{
	static const struct {
		const char *base, *version, *id;
		const char *url; /* NULL: refused */
	} rows[] = {
		{ "https://graph.facebook.com", "v23.0", "109",
		  "https://graph.facebook.com/v23.0/109/messages" },
		{ "https://graph.facebook.com/", "v23.0", "109",
		  "https://graph.facebook.com/v23.0/109/messages" },
		{ "http://127.0.0.1:8443/meta", "v23.0", "1",
		  "http://127.0.0.1:8443/meta/v23.0/1/messages" },
		{ "http://[::1]:80", "v9.1", "1", "http://[::1]:80/v9.1/1/messages" },
		{ "ftp://x", "v23.0", "109", NULL },
		{ "https://", "v23.0", "109", NULL },
		{ "https:///x", "v23.0", "109", NULL },
		{ "https://a@b", "v23.0", "109", NULL },
		{ "https://a?b", "v23.0", "109", NULL },
		{ "https://a#b", "v23.0", "109", NULL },
		{ "https://a/%2e", "v23.0", "109", NULL },
		{ "https://a/../b", "v23.0", "109", NULL },
		{ "https://a//b", "v23.0", "109", NULL },
		{ "https://a b", "v23.0", "109", NULL },
		{ "https://a\r\nX: y", "v23.0", "109", NULL },
		{ "https://a:0", "v23.0", "109", NULL },
		{ "https://a:70000", "v23.0", "109", NULL },
		{ "https://a\\b", "v23.0", "109", NULL },
		{ "", "v23.0", "109", NULL },
		{ "https://a", "23.0", "109", NULL },
		{ "https://a", "v23", "109", NULL },
		{ "https://a", "v23.0/x", "109", NULL },
		{ "https://a", "v.0", "109", NULL },
		{ "https://a", "", "109", NULL },
		{ "https://a", "v23.0", "", NULL },
		{ "https://a", "v23.0", "10/9", NULL },
		{ "https://a", "v23.0", "../1", NULL },
		{ "https://a", "v23.0", "109?x=1", NULL },
	};
	EACH (r, rows) {
		struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
		enum rc rc =
			meta_send_url(str_of(r->base), str_of(r->version), str_of(r->id), &b, NULL);
		CHECK_I64(r->base, rc, r->url != NULL ? RC_OK : RC_INVALID);
		CHECK_STR(r->base, sbuf_c(&b), r->url != NULL ? r->url : "");
	}
}

TEST(the_table_of_codes_ascends_and_is_complete)
{
	static const int64_t codes[] = {
		/* all of section 4.2 that stand alone */
		0,       1,       2,       3,      4,      10,     17,     32,     33,     100,
		190,     200,     299,     341,    368,    613,    1026,   80007,  130403, 130429,
		130470,  130472,  130497,  131000, 131005, 131008, 131009, 131014, 131016, 131020,
		131021,  131026,  131030,  131031, 131035, 131036, 131037, 131041, 131042, 131044,
		131045,  131047,  131048,  131049, 131050, 131051, 131052, 131053, 131055, 131056,
		131057,  131059,  131062,  131063, 131064, 131200, 132000, 132001, 132005, 132007,
		132008,  132012,  132015,  132016, 132018, 132068, 132069, 133000, 133004, 133005,
		133006,  133008,  133009,  133010, 133015, 133016, 134011, 134100, 134101, 134102,
		135000,  137000,  138000,  139000, 139004, 139100, 139103, 147001, 147005, 1752041,
		2388001, 2494001, 2593107, 2593108
	};
	int64_t before = -1;
	for (size_t i = 0; i < meta_send_error_count(); i++) {
		const struct meta_error_row *row = meta_send_error_at(i);
		CHECK(row->code_low > before && row->code_high >= row->code_low);
		before = row->code_high;
		bool waits = row->cls == WA_SEND_RETRY || row->cls == WA_SEND_WAIT ||
			     row->cls == WA_SEND_PAUSE_RECIPIENT;
		CHECK(!waits || (row->first_ms > 0 && row->cap_ms >= row->first_ms));
		CHECK(row->note[0] != '\0' && row->source[0] == '4');
		CHECK(row->cls != WA_SEND_ACCEPTED && row->cls != WA_SEND_UNKNOWN);
		/* What holds a number says so, and is told; what concerns one recipient is no number's. */
		bool wide = row->scope == WA_SCOPE_NUMBER || row->scope == WA_SCOPE_ACCOUNT;
		bool stops = row->cls == WA_SEND_PAUSE_NUMBER || row->cls == WA_SEND_STOP;
		CHECK(!stops || wide);
		CHECK(!stops || row->incident != NULL);
		CHECK(!wide || stops || row->cls == WA_SEND_RETRY || row->cls == WA_SEND_WAIT);
		CHECK(row->cls != WA_SEND_PAUSE_RECIPIENT || row->scope == WA_SCOPE_RECIPIENT);
	}
	EACH (c, codes)
		CHECK(meta_send_error(*c) != NULL);
	CHECK(meta_send_error(5) == NULL);
	CHECK(meta_send_error(-1) == NULL);
	CHECK(meta_send_error(INT64_MAX) == NULL);
}

static struct wa_verdict judge(enum rc rc, int status, const char *body, int tries)
{
	struct wa_verdict v;
	const struct wa_answer a = { rc, status, str_of(body), -1, tries, 0 };
	meta_send_judge(&a, &v);
	CHECK(v.text[0] != '\0');
	return v;
}

TEST(a_code_about_one_message_holds_no_number)
{
	static const struct {
		const char *body;
		enum wa_class cls;
		enum wa_scope scope;
		const char *incident;
	} rows[] = {
		{ "131030", WA_SEND_PERMANENT, WA_SCOPE_RECIPIENT, "SEND_TEST_NUMBER" },
		{ "131063", WA_SEND_PERMANENT, WA_SCOPE_MESSAGE, "SEND_MARKETING_OFF" },
		{ "132068", WA_SEND_PERMANENT, WA_SCOPE_MESSAGE, "SEND_FLOW" },
		{ "139004", WA_SEND_PERMANENT, WA_SCOPE_MESSAGE, "SEND_FLOW" },
		{ "131037", WA_SEND_PAUSE_NUMBER, WA_SCOPE_NUMBER, "SEND_NAME" },
		{ "80007", WA_SEND_WAIT, WA_SCOPE_ACCOUNT, "CALL_LIMIT" },
		{ "131031", WA_SEND_STOP, WA_SCOPE_ACCOUNT, "SEND_LOCKED" },
		{ "131026", WA_SEND_PERMANENT, WA_SCOPE_RECIPIENT, NULL },
	};
	EACH (r, rows) {
		char body[64];
		(void)snprintf(body, sizeof body, "{\"error\":{\"code\":%s}}", r->body);
		struct wa_verdict v = judge(RC_OK, 400, body, 1);
		CHECK_I64(r->body, v.cls, r->cls);
		CHECK_I64(r->body, v.scope, r->scope);
		CHECK_STR(r->body, v.trouble != NULL ? v.trouble : "",
			  r->incident != NULL ? r->incident : "");
	}
}

TEST(waits_without_an_answer_use_up_no_tries)
{
	struct wa_verdict v;
	const struct wa_answer file = {
		RC_OK, 400, STR("{\"error\":{\"code\":131053}}"), -1, 1, 9
	};
	const struct wa_answer gone = { RC_RETRY, 0, STR(""), -1, 1, 4 };
	const struct wa_answer fast = {
		RC_OK, 400, STR("{\"error\":{\"code\":130429}}"), -1, 1, 3
	};
	meta_send_judge(&file, &v);
	CHECK_I64("the first answer about the file", v.cls, WA_SEND_RETRY);
	meta_send_judge(&gone, &v);
	CHECK_I64("paced by runs", v.retry_ms, 16000);
	meta_send_judge(&fast, &v);
	CHECK_I64("paced by runs", v.retry_ms, 4000);
}

TEST(an_accepted_message_has_its_id)
{
	struct wa_verdict v =
		judge(RC_OK, 200,
		      "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":"
		      "\"+5511955501234\",\"wa_id\":\"551155501234\"}],\"messages\":[{\"id\":"
		      "\"wamid.A==\",\"message_status\":\"accepted\"}]}",
		      1);
	CHECK_I64("class", v.cls, WA_SEND_ACCEPTED);
	CHECK_STR("wamid", v.wamid, "wamid.A==");
	CHECK_STR("wa_id", v.wa_id, "551155501234");
	CHECK(!v.held);
	v = judge(RC_OK, 200,
		  "{\"contacts\":[{\"input\":\"BR.1\",\"user_id\":\"BR.1\"}],\"messages\":[{\"id\":"
		  "\"w\","
		  "\"message_status\":\"held_for_quality_assessment\"}]}",
		  1);
	CHECK_I64("class", v.cls, WA_SEND_ACCEPTED);
	CHECK_STR("user", v.user_id, "BR.1");
	CHECK_STR("no phone", v.wa_id, "");
	CHECK(v.held);
}

TEST(the_verdict_follows_the_answer)
{
#define ERR_(code) "{\"error\":{\"message\":\"m\",\"code\":" #code ",\"fbtrace_id\":\"T\"}}"
	static const struct {
		const char *why;
		enum rc rc;
		int status;
		const char *body;
		int tries;
		enum wa_class cls;
		int64_t retry_ms;
	} rows[] = {
		{ "not reached", RC_RETRY, 0, "", 1, WA_SEND_RETRY, 2000 },
		{ "lost", RC_UNKNOWN, 0, "", 1, WA_SEND_UNKNOWN, -1 },
		{ "over the ceiling", RC_LIMIT, 200, "", 1, WA_SEND_UNKNOWN, -1 },
		{ "guard", RC_REFUSED, 0, "", 1, WA_SEND_PAUSE_NUMBER, -1 },
		{ "200 empty", RC_OK, 200, "", 1, WA_SEND_UNKNOWN, -1 },
		{ "200 HTML", RC_OK, 200, "<html>", 1, WA_SEND_UNKNOWN, -1 },
		{ "200 no id", RC_OK, 200, "{\"messages\":[{}]}", 1, WA_SEND_UNKNOWN, -1 },
		{ "200 id is a number", RC_OK, 200, "{\"messages\":[{\"id\":7}]}", 1,
		  WA_SEND_UNKNOWN, -1 },
		{ "200 array", RC_OK, 200, "[]", 1, WA_SEND_UNKNOWN, -1 },
		{ "200 with an error", RC_OK, 200, ERR_(131047), 1, WA_SEND_TEMPLATE, -1 },
		{ "500 HTML", RC_OK, 500, "<html>", 1, WA_SEND_UNKNOWN, -1 },
		{ "502", RC_OK, 502, "", 1, WA_SEND_UNKNOWN, -1 },
		{ "503 HTML", RC_OK, 503, "<html>", 1, WA_SEND_UNKNOWN, -1 },
		{ "504", RC_OK, 504, "", 1, WA_SEND_UNKNOWN, -1 },
		{ "503 by a proxy in JSON", RC_OK, 503, "{\"error\":{\"reason\":\"x\"}}", 1,
		  WA_SEND_UNKNOWN, -1 },
		{ "429 HTML", RC_OK, 429, "<html>", 1, WA_SEND_RETRY, 30000 },
		{ "301", RC_OK, 301, "", 1, WA_SEND_PAUSE_NUMBER, -1 },
		{ "404 HTML", RC_OK, 404, "<html>", 1, WA_SEND_PAUSE_NUMBER, -1 },
		{ "400 HTML", RC_OK, 400, "<html>", 1, WA_SEND_PERMANENT, -1 },
		{ "503 code 2", RC_OK, 503, ERR_(2), 1, WA_SEND_RETRY, 5000 },
		{ "code 2 again", RC_OK, 503, ERR_(2), 3, WA_SEND_RETRY, 20000 },
		{ "code 2 for ever", RC_OK, 503, ERR_(2), 2000000000, WA_SEND_RETRY, 300000 },
		{ "500 but final", RC_OK, 500, ERR_(3), 1, WA_SEND_PAUSE_NUMBER, -1 },
		{ "500 but final", RC_OK, 500, ERR_(131045), 1, WA_SEND_PAUSE_NUMBER, -1 },
		{ "token", RC_OK, 401, ERR_(190), 1, WA_SEND_STOP, -1 },
		{ "rate 1", RC_OK, 400, ERR_(130429), 1, WA_SEND_RETRY, 1000 },
		{ "rate 2", RC_OK, 429, ERR_(130429), 2, WA_SEND_RETRY, 2000 },
		{ "rate 4", RC_OK, 429, ERR_(130429), 4, WA_SEND_RETRY, 8000 },
		{ "pair 1", RC_OK, 400, ERR_(131056), 1, WA_SEND_PAUSE_RECIPIENT, 1000 },
		{ "pair 3", RC_OK, 400, ERR_(131056), 3, WA_SEND_PAUSE_RECIPIENT, 16000 },
		{ "pair 5", RC_OK, 400, ERR_(131056), 5, WA_SEND_PAUSE_RECIPIENT, 256000 },
		{ "pair 9", RC_OK, 400, ERR_(131056), 9, WA_SEND_PAUSE_RECIPIENT, 1024000 },
		{ "app limit 1", RC_OK, 400, ERR_(4), 1, WA_SEND_WAIT, 900000 },
		{ "app limit 2", RC_OK, 400, ERR_(80007), 2, WA_SEND_WAIT, 1800000 },
		{ "app limit 3", RC_OK, 400, ERR_(4), 3, WA_SEND_WAIT, 3600000 },
		{ "app limit 9", RC_OK, 400, ERR_(4), 9, WA_SEND_WAIT, 3600000 },
		{ "marketing cap 1", RC_OK, 400, ERR_(131049), 1, WA_SEND_WAIT, DAY_MS },
		{ "marketing cap 2", RC_OK, 400, ERR_(131049), 2, WA_SEND_PERMANENT, -1 },
		{ "code as text", RC_OK, 400, ERR_("131047"), 1, WA_SEND_TEMPLATE, -1 },
		{ "404 template", RC_OK, 404, ERR_(132001), 1, WA_SEND_TEMPLATE, -1 },
		{ "parameter", RC_OK, 400, ERR_(100), 1, WA_SEND_PERMANENT, -1 },
		{ "parameter, subcode 33", RC_OK, 400,
		  "{\"error\":{\"code\":100,\"error_subcode\":33}}", 1, WA_SEND_PAUSE_NUMBER, -1 },
		{ "spam", RC_OK, 400, ERR_(131048), 1, WA_SEND_STOP, -1 },
		{ "new code, 400", RC_OK, 400, ERR_(777777), 1, WA_SEND_PERMANENT, -1 },
		{ "new code, 403", RC_OK, 403, ERR_(777777), 1, WA_SEND_PAUSE_NUMBER, -1 },
		{ "new code, 500", RC_OK, 500, ERR_(777777), 1, WA_SEND_RETRY, 2000 },
		{ "new code, 500, third", RC_OK, 500, ERR_(777777), 3, WA_SEND_PERMANENT, -1 },
		{ "new code, transient", RC_OK, 400,
		  "{\"error\":{\"code\":777777,\"is_transient\":true}}", 1, WA_SEND_RETRY, 2000 },
	};
	EACH (r, rows) {
		struct wa_verdict v = judge(r->rc, r->status, r->body, r->tries);
		CHECK_STR(r->why, wa_class_name(v.cls), wa_class_name(r->cls));
		CHECK_I64(r->why, v.retry_ms, r->retry_ms);
	}
}

TEST(retry_after_wins_but_not_without_end)
{
	static const struct {
		const char *body;
		int64_t after, retry_ms;
	} rows[] = {
		{ ERR_(130429), 7000, 7000 }, { ERR_(131056), 0, 0 },
		{ ERR_(4), 60000, 60000 },    { ERR_(4), INT64_MAX, DAY_MS },
		{ ERR_(190), 5000, 5000 },    { ERR_(131047), 5000, -1 },
	};
	EACH (r, rows) {
		struct wa_verdict v;
		const struct wa_answer a = { RC_OK, 400, str_of(r->body), r->after, 1, 0 };
		meta_send_judge(&a, &v);
		CHECK_I64(r->body, v.retry_ms, r->retry_ms);
	}
}

TEST(the_text_of_a_verdict_has_nothing_of_the_peer)
{
	struct wa_verdict v = judge(
		RC_OK, 400,
		"{\"error\":{\"message\":\"(#131026) 5511955501234 undeliverable\",\"code\":131026,"
		"\"error_subcode\":12,\"error_data\":\"5511955501234\",\"fbtrace_id\":\"Abc123\"}}",
		1);
	CHECK(str_find(str_of(v.text), PHONE) < 0);
	CHECK_STR("trace", v.fbtrace_id, "Abc123");
	CHECK_I64("code", v.code, 131026);
	CHECK_I64("subcode", v.subcode, 12);
}

TEST(ids_that_are_too_long_are_not_cut)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(8 * KIB);
	sbuf_text(&b, "{\"messages\":[{\"id\":\"");
	for (int i = 0; i < 300; i++)
		sbuf_char(&b, 'a');
	sbuf_text(&b, "\"}]}");
	struct wa_verdict v = judge(RC_OK, 200, sbuf_c(&b), 1);
	CHECK_I64("class", v.cls, WA_SEND_UNKNOWN);
	CHECK_STR("wamid", v.wamid, "");
}
