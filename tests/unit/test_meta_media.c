/* test_meta_media.c - Meta's media calls, and who may see our token. */
#include "peer/meta/meta_media.h"

#include "io/json.h"
#include "t.h"

#define HOSTS ".fbsbx.com .whatsapp.net media.example"

static const struct meta_media_api API = { { "https://graph.facebook.com", 26 },
					   { "v24.0", 5 },
					   { "1001", 4 } };

TEST(the_addresses_of_the_graph_api)
{
	AUTO(sbuf_release) struct sbuf url = SBUF(2048);

	MUST(meta_media_url(&API, STR("1234567890"), &url, &t_err));
	CHECK_SPAN("resolve", sbuf_view(&url),
		   STR("https://graph.facebook.com/v24.0/1234567890?phone_number_id=1001"));
	sbuf_reset(&url);
	MUST(meta_media_upload_url(&API, &url, &t_err));
	CHECK_SPAN("upload", sbuf_view(&url), STR("https://graph.facebook.com/v24.0/1001/media"));
	CHECK_I64("no id", meta_media_url(&API, STR(""), &url, NULL), RC_INVALID);
	CHECK_I64("a way up", meta_media_url(&API, STR("../me"), &url, NULL), RC_INVALID);
	CHECK_I64("a query", meta_media_url(&API, STR("1?x=y"), &url, NULL), RC_INVALID);
}

TEST(the_token_is_shown_to_the_allowed_hosts_only)
{
	static const struct {
		const char *why, *url;
		bool may;
	} ROWS[] = {
		{ "Meta's", "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
		  true },
		{ "upper case", "https://LookAside.FBSBX.com/x", true },
		{ "deep below", "https://a.b.whatsapp.net/x", true },
		{ "exact", "https://media.example/x", true },
		{ "its usual port", "https://media.example:443/x", true },
		{ "below an exact one", "https://x.media.example/x", false },
		{ "the suffix itself", "https://fbsbx.com/x", false },
		{ "no dot before", "https://evilfbsbx.com/x", false },
		{ "suffix of another", "https://lookaside.fbsbx.com.evil.example/x", false },
		{ "plain", "http://lookaside.fbsbx.com/x", false },
		{ "another port", "https://lookaside.fbsbx.com:8443/x", false },
		{ "a user", "https://lookaside.fbsbx.com@evil.example/x", false },
		{ "a user before", "https://evil.example@lookaside.fbsbx.com/x", false },
		{ "backslash", "https://evil.example\\@lookaside.fbsbx.com/x", false },
		{ "a blank", "https://evil.example /lookaside.fbsbx.com", false },
		{ "a fragment", "https://evil.example#.fbsbx.com/x", false },
		{ "a query", "https://evil.example?.fbsbx.com", false },
		{ "a dot at the end", "https://lookaside.fbsbx.com./x", false },
		{ "an escape", "https://evil.example%2f.fbsbx.com/x", false },
		{ "IPv6", "https://[::1]/x", false },
		{ "a file", "file:///etc/passwd", false },
		{ "nothing", "", false },
		{ "this machine", "http://127.0.0.1:8080/x", false },
	};
	EACH (r, ROWS)
		CHECK_I64(r->why, meta_media_may_ask(str_of(r->url), STR(HOSTS), API.base, NULL),
			  r->may ? RC_OK : RC_REFUSED);
}

TEST(a_double_on_this_machine_may_be_asked_when_it_is_the_graph_api)
{
	const struct str base = STR("http://127.0.0.1:9001/graph");

	CHECK_I64("it", meta_media_may_ask(STR("http://127.0.0.1:9002/f"), STR(""), base, NULL),
		  RC_OK);
	CHECK_I64("its neighbour",
		  meta_media_may_ask(STR("http://127.0.0.2:9001/f"), STR(""), base, NULL),
		  RC_REFUSED);
	CHECK_I64(
		"plain but not here",
		meta_media_may_ask(STR("http://10.0.0.1/f"), STR(""), STR("http://10.0.0.1"), NULL),
		RC_REFUSED);
	CHECK_I64("no hosts at all",
		  meta_media_may_ask(STR("https://a.fbsbx.com/"), STR(""), API.base, NULL),
		  RC_REFUSED);
}

TEST(the_answer_tells_the_place_and_both_forms_of_the_checksum)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct meta_media_place p;

	json_start();
	MUST(meta_media_place(STR("{\"url\":\"https://x/y\",\"mime_type\":\"image/"
				  "jpeg\",\"file_size\":\"77\",\"sha256\":"
				  "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8"
				  "55\",\"id\":\"1\"}"),
			      &a, &p, &t_err));
	CHECK_SPAN("url", p.url, STR("https://x/y"));
	CHECK_I64("bytes", p.bytes, 77);
	CHECK_I64("hex", p.has_sha256, true);
	CHECK_I64("first", p.sha256[0], 0xe3);
	MUST(meta_media_place(
		STR("{\"url\":\"u\",\"sha256\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"}"),
		&a, &p, &t_err));
	CHECK_I64("base64", p.has_sha256, true);
	CHECK_I64("the same", p.sha256[31], 0x55);
	MUST(meta_media_place(STR("{\"url\":\"u\",\"sha256\":\"short\",\"file_size\":-4}"), &a, &p,
			      &t_err));
	CHECK_I64("nonsense is no checksum", p.has_sha256, false);
	CHECK_I64("nor a size", p.bytes, 0);
	CHECK_I64("no url", meta_media_place(STR("{\"id\":\"1\"}"), &a, &p, NULL), RC_INVALID);
	CHECK_I64("no json", meta_media_place(STR("<html>"), &a, &p, NULL), RC_INVALID);
}

TEST(an_upload_that_may_have_arrived_is_done_again)
{
	static const struct {
		const char *why;
		enum rc rc;
		int status;
		const char *body;
		enum wa_class cls;
	} ROWS[] = {
		{ "taken", RC_OK, 200, "{\"id\":\"4711\"}", WA_SEND_ACCEPTED },
		{ "without an id", RC_OK, 200, "{}", WA_SEND_RETRY },
		{ "an id that is none", RC_OK, 200, "{\"id\":\"a/b\"}", WA_SEND_RETRY },
		{ "cut", RC_UNKNOWN, 0, "", WA_SEND_RETRY },
		{ "a gateway", RC_OK, 502, "<html>", WA_SEND_RETRY },
		{ "not reached", RC_RETRY, 0, "", WA_SEND_RETRY },
		{ "throttled", RC_OK, 400, "{\"error\":{\"code\":130429}}", WA_SEND_RETRY },
		{ "token", RC_OK, 401, "{\"error\":{\"code\":190}}", WA_SEND_STOP },
		{ "a type they do not take", RC_OK, 400, "{\"error\":{\"code\":100}}",
		  WA_SEND_PERMANENT },
	};
	struct wa_verdict v;
	char id[129];

	json_start();
	EACH (r, ROWS) {
		const struct wa_answer a = { .rc = r->rc,
					     .status = r->status,
					     .body = str_of(r->body),
					     .retry_after_ms = -1,
					     .tries = 1 };

		meta_media_judge(&a, &v, id, sizeof(id));
		CHECK_STR(r->why, wa_class_name(v.cls), wa_class_name(r->cls));
		CHECK_STR(r->why, id, r->cls == WA_SEND_ACCEPTED ? "4711" : "");
	}
}
