/* test_wa_content_types.c - every type of message: what may be sent, what is written, what is told when it is wrong. */
#include "peer/wa/wa_content.h"

#include "t.h"

#define MEDIA "\"media_id\":\"0198c0de-0000-7000-8000-000000000001\""

static enum rc check(const char *type, const char *json, struct wa_content_bad *bad, struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;

	MUST(json_parse(str_of(json), &content, &t_err));
	return wa_content_check(str_of(type), content, bad, e);
}

/* One of each; also what the encoder makes of it when it is not the same. */
static const struct {
	const char *type, *json, *written;
} GOOD[] = {
	{ "text", "{\"body\":\"oi\"}", NULL },
	{ "text", "{\"preview_url\":true,\"body\":\"https://example.com\"}", NULL },
	{ "image", "{" MEDIA ",\"caption\":\"c\"}", "{\"id\":\"F0\",\"caption\":\"c\"}" },
	{ "image", "{\"id\":\"1234\",\"caption\":\"\"}", NULL },
	{ "video", "{" MEDIA "}", "{\"id\":\"F0\"}" },
	{ "audio", "{\"voice\":true," MEDIA "}", "{\"id\":\"F0\",\"voice\":true}" },
	{ "document", "{" MEDIA ",\"filename\":\"a.pdf\"}",
	  "{\"id\":\"F0\",\"filename\":\"a.pdf\"}" },
	{ "sticker", "{" MEDIA "}", "{\"id\":\"F0\"}" },
	{ "poll", "{\"name\":\"Dia?\",\"options\":[{\"title\":\"seg\"},{\"title\":\"ter\"}]}",
	  "{\"name\":\"Dia?\",\"options\":[{\"title\":\"seg\"},{\"title\":\"ter\"}]}" },
	{ "location",
	  "{\"latitude\":-23.5505,\"longitude\":\"-46.6333\",\"name\":\"n\",\"address\":\"a\"}",
	  NULL },
	{ "contacts",
	  "[{\"name\":{\"formatted_name\":\"Ana\",\"first_name\":\"Ana\"},\"phones\":[{\"phone\":"
	  "\"+55 11 "
	  "9\",\"type\":\"CELL\",\"wa_id\":\"5511\"}],\"emails\":[{\"email\":\"a@b.c\"}],\"urls\":["
	  "{\"url\":"
	  "\"b.c\"}],\"addresses\":[{\"city\":\"SP\"}],\"org\":{\"company\":\"C\"},\"birthday\":"
	  "\"1990-12-"
	  "31\"}]",
	  NULL },
	{ "reaction", "{\"message_id\":\"wamid.X==\",\"emoji\":\"\xF0\x9F\x91\x8D\"}", NULL },
	{ "reaction", "{\"message_id\":\"wamid.X==\",\"emoji\":\"\"}", NULL },
	{ "interactive",
	  "{\"type\":\"button\",\"header\":{\"type\":\"image\",\"image\":{" MEDIA
	  "}},\"body\":{\"text\":\"b\"},"
	  "\"footer\":{\"text\":\"f\"},\"action\":{\"buttons\":[{\"reply\":{\"id\":\"1\",\"title\":"
	  "\"A\"}},{"
	  "\"type\":\"reply\",\"reply\":{\"id\":\"2\",\"title\":\"B\"}}]}}",
	  "{\"type\":\"button\",\"header\":{\"type\":\"image\",\"image\":{\"id\":\"F0\"}},\"body\":"
	  "{\"text\":\"b\"},"
	  "\"footer\":{\"text\":\"f\"},\"action\":{\"buttons\":[{\"type\":\"reply\",\"reply\":{"
	  "\"id\":\"1\","
	  "\"title\":\"A\"}},{\"type\":\"reply\",\"reply\":{\"id\":\"2\",\"title\":\"B\"}}]}}" },
	{ "interactive",
	  "{\"type\":\"list\",\"header\":{\"type\":\"text\",\"text\":\"h\"},\"body\":{\"text\":"
	  "\"b\"},\"action\":{"
	  "\"button\":\"Choose\",\"sections\":[{\"title\":\"s\",\"rows\":[{\"id\":\"1\",\"title\":"
	  "\"t\","
	  "\"description\":\"d\"}]}]}}",
	  NULL },
	{ "interactive",
	  "{\"type\":\"cta_url\",\"body\":{\"text\":\"b\"},\"action\":{\"parameters\":{\"display_"
	  "text\":\"Open\","
	  "\"url\":\"https://example.com/a\"}}}",
	  "{\"type\":\"cta_url\",\"body\":{\"text\":\"b\"},\"action\":{\"name\":\"cta_url\","
	  "\"parameters\":{"
	  "\"display_text\":\"Open\",\"url\":\"https://example.com/a\"}}}" },
	{ "interactive",
	  "{\"type\":\"flow\",\"body\":{\"text\":\"b\"},\"action\":{\"name\":\"flow\","
	  "\"parameters\":{"
	  "\"flow_message_version\":\"3\",\"flow_id\":\"123\",\"flow_cta\":\"Go\",\"flow_token\":"
	  "\"t\",\"mode\":"
	  "\"draft\",\"flow_action\":\"navigate\",\"flow_action_payload\":{\"screen\":\"A\","
	  "\"data\":{\"n\":1}}}}}",
	  NULL },
	{ "interactive",
	  "{\"type\":\"location_request_message\",\"body\":{\"text\":\"Where?\"},\"action\":{}}",
	  "{\"type\":\"location_request_message\",\"body\":{\"text\":\"Where?\"},\"action\":{"
	  "\"name\":\"send_"
	  "location\"}}" },
	{ "interactive",
	  "{\"type\":\"address_message\",\"body\":{\"text\":\"b\"},\"action\":{\"name\":\"address_"
	  "message\","
	  "\"parameters\":{\"country\":\"IN\",\"values\":{\"name\":\"n\"},\"saved_addresses\":[{"
	  "\"id\":\"1\"}]}}}",
	  NULL },
	{ "interactive",
	  "{\"type\":\"request_contact_info\",\"body\":{\"text\":\"b\"},\"action\":{\"name\":"
	  "\"request_contact_"
	  "info\"}}",
	  NULL },
	{ "interactive",
	  "{\"type\":\"voice_call\",\"body\":{\"text\":\"b\"},\"action\":{\"name\":\"voice_call\","
	  "\"parameters\":{"
	  "\"display_text\":\"Call\",\"ttl_minutes\":100}}}",
	  NULL },
	{ "interactive",
	  "{\"type\":\"call_permission_request\",\"body\":{\"text\":\"b\"},\"action\":{\"name\":"
	  "\"call_permission_"
	  "request\"}}",
	  NULL },
	{ "interactive",
	  "{\"type\":\"product\",\"body\":{\"text\":\"b\"},\"action\":{\"catalog_id\":\"1\","
	  "\"product_retailer_id\":"
	  "\"sku\"}}",
	  NULL },
	{ "interactive",
	  "{\"type\":\"product_list\",\"header\":{\"type\":\"text\",\"text\":\"h\"},\"body\":{"
	  "\"text\":\"b\"},"
	  "\"action\":{\"catalog_id\":\"1\",\"sections\":[{\"title\":\"s\",\"product_items\":[{"
	  "\"product_retailer_"
	  "id\":\"sku\"}]}]}}",
	  NULL },
	{ "interactive",
	  "{\"type\":\"catalog_message\",\"body\":{\"text\":\"b\"},\"action\":{\"name\":\"catalog_"
	  "message\","
	  "\"parameters\":{\"thumbnail_product_retailer_id\":\"sku\"}}}",
	  NULL },
	{ "interactive",
	  "{\"type\":\"carousel\",\"body\":{\"text\":\"b\"},\"action\":{\"cards\":[{\"type\":\"cta_"
	  "url\",\"card_"
	  "index\":0,\"header\":{\"type\":\"image\",\"image\":{" MEDIA
	  "}},\"body\":{\"text\":\"x\"},\"action\":{"
	  "\"name\":\"cta_url\",\"parameters\":{\"display_text\":\"A\",\"url\":\"https://"
	  "a.b\"}}},{\"type\":\"cta_"
	  "url\",\"card_index\":1,\"header\":{\"type\":\"image\",\"image\":{" MEDIA
	  "}},\"action\":{\"name\":\"cta_"
	  "url\",\"parameters\":{\"display_text\":\"B\",\"url\":\"https://a.b\"}}}]}}",
	  "{\"type\":\"carousel\",\"body\":{\"text\":\"b\"},\"action\":{\"cards\":[{\"type\":\"cta_"
	  "url\",\"card_"
	  "index\":0,\"header\":{\"type\":\"image\",\"image\":{\"id\":\"F0\"}},\"body\":{\"text\":"
	  "\"x\"},\"action\":{"
	  "\"name\":\"cta_url\",\"parameters\":{\"display_text\":\"A\",\"url\":\"https://"
	  "a.b\"}}},{\"type\":\"cta_"
	  "url\",\"card_index\":1,\"header\":{\"type\":\"image\",\"image\":{\"id\":\"F1\"}},"
	  "\"action\":{\"name\":"
	  "\"cta_url\",\"parameters\":{\"display_text\":\"B\",\"url\":\"https://a.b\"}}}]}}" },
	{ "interactive",
	  "{\"type\":\"carousel\",\"body\":{\"text\":\"b\"},\"action\":{\"cards\":[{\"type\":"
	  "\"product\",\"card_"
	  "index\":0,\"action\":{\"catalog_id\":\"1\",\"product_retailer_id\":\"a\"}},{\"type\":"
	  "\"product\",\"card_"
	  "index\":1,\"action\":{\"catalog_id\":\"1\",\"product_retailer_id\":\"b\"}}]}}",
	  NULL },
	{ "template", "{\"name\":\"hello_world\",\"language\":{\"code\":\"en_US\"}}", NULL },
	{ "template",
	  "{\"name\":\"order\",\"language\":{\"code\":\"pt_BR\",\"policy\":\"deterministic\"},"
	  "\"components\":[{"
	  "\"type\":\"header\",\"parameters\":[{\"type\":\"document\",\"document\":{" MEDIA
	  ",\"filename\":\"a.pdf\"}}]},{\"type\":\"body\",\"parameters\":[{\"type\":\"text\","
	  "\"parameter_name\":"
	  "\"name\",\"text\":\"Ana\"}]},{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\","
	  "\"parameters\":[{"
	  "\"type\":\"text\",\"text\":\"42\"}]},{\"type\":\"button\",\"sub_type\":\"quick_reply\","
	  "\"index\":1,"
	  "\"parameters\":[{\"type\":\"payload\",\"payload\":\"p\"}]},{\"type\":\"button\",\"sub_"
	  "type\":\"copy_"
	  "code\",\"index\":2,\"parameters\":[{\"type\":\"coupon_code\",\"coupon_code\":\"SAVE\"}]}"
	  "]}",
	  "{\"name\":\"order\",\"language\":{\"code\":\"pt_BR\",\"policy\":\"deterministic\"},"
	  "\"components\":[{"
	  "\"type\":\"header\",\"parameters\":[{\"type\":\"document\",\"document\":{\"id\":\"F0\","
	  "\"filename\":\"a."
	  "pdf\"}}]},{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"parameter_name\":"
	  "\"name\",\"text\":"
	  "\"Ana\"}]},{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\",\"parameters\":[{"
	  "\"type\":\"text\","
	  "\"text\":\"42\"}]},{\"type\":\"button\",\"sub_type\":\"quick_reply\",\"index\":1,"
	  "\"parameters\":[{\"type\":"
	  "\"payload\",\"payload\":\"p\"}]},{\"type\":\"button\",\"sub_type\":\"copy_code\","
	  "\"index\":2,"
	  "\"parameters\":[{\"type\":\"coupon_code\",\"coupon_code\":\"SAVE\"}]}]}" },
	{ "template",
	  "{\"name\":\"o\",\"language\":{\"code\":\"es\"},\"components\":[{\"type\":\"body\","
	  "\"parameters\":[{"
	  "\"type\":\"currency\",\"currency\":{\"fallback_value\":\"R$ "
	  "1\",\"code\":\"BRL\",\"amount_1000\":1000}},{"
	  "\"type\":\"date_time\",\"date_time\":{\"fallback_value\":\"today\"}}]},{\"type\":"
	  "\"limited_time_offer\","
	  "\"parameters\":[{\"type\":\"limited_time_offer\",\"limited_time_offer\":{\"expiration_"
	  "time_ms\":"
	  "1785240002000}}]},{\"type\":\"button\",\"sub_type\":\"flow\",\"index\":\"0\","
	  "\"parameters\":[{\"type\":"
	  "\"action\",\"action\":{\"flow_token\":\"t\",\"flow_action_data\":{\"a\":1}}}]},{"
	  "\"type\":\"button\",\"sub_"
	  "type\":\"mpm\",\"index\":\"1\",\"parameters\":[{\"type\":\"action\",\"action\":{"
	  "\"thumbnail_product_"
	  "retailer_id\":\"sku\",\"sections\":[{\"title\":\"s\",\"product_items\":[{\"product_"
	  "retailer_id\":\"sku\"}]}"
	  "]}}]}]}",
	  NULL },
	{ "template",
	  "{\"name\":\"c\",\"language\":{\"code\":\"es\"},\"components\":[{\"type\":\"header\","
	  "\"parameters\":[{"
	  "\"type\":\"location\",\"location\":{\"latitude\":1,\"longitude\":2}}]},{\"type\":"
	  "\"carousel\",\"cards\":[{"
	  "\"card_index\":0,\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":"
	  "\"image\",\"image\":{"
	  "\"id\":\"1\"}}]}]},{\"card_index\":1,\"components\":[{\"type\":\"header\","
	  "\"parameters\":[{\"type\":"
	  "\"image\",\"image\":{\"id\":\"2\"}}]}]}]}]}",
	  NULL },
};

TEST(one_of_each_type_is_taken_and_written)
{
	EACH (r, GOOD) {
		AUTO(json_freep) struct json *content = NULL;
		AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
		struct wa_content_file files[WA_CONTENT_FILES_MAX];
		static const char *const IDS[] = { "F0", "F1", "F2" };
		struct wa_content_bad bad;
		struct jsonw w;
		size_t n;

		MUST(json_parse(str_of(r->json), &content, &t_err));
		MUST(wa_content_check(str_of(r->type), content, &bad, &t_err));
		MUST(wa_content_files(str_of(r->type), content, files, &n, &t_err));
		for (size_t i = 0; i < n; i++)
			files[i].provider_id = str_of(IDS[i]);
		jsonw_init(&w, &b);
		MUST(wa_content_write(str_of(r->type), content, files, n, &w, &t_err));
		CHECK_STR(r->type, sbuf_c(&b), r->written != NULL ? r->written : r->json);
	}
}

TEST(files_are_found_in_the_order_in_which_they_are_written)
{
	AUTO(json_freep) struct json *content = NULL;
	struct wa_content_file f[WA_CONTENT_FILES_MAX];
	size_t n;

	MUST(json_parse(STR("{\"voice\":true," MEDIA "}"), &content, &t_err));
	MUST(wa_content_files(STR("audio"), content, f, &n, &t_err));
	CHECK_I64("one", n, 1);
	CHECK_STR("kind", f[0].kind, "audio");
	CHECK(f[0].voice);
	json_freep(&content);
	MUST(json_parse(STR("{\"id\":\"1\"}"), &content, &t_err));
	MUST(wa_content_files(STR("image"), content, f, &n, &t_err));
	CHECK_I64("the provider's own id needs nothing", n, 0);
	CHECK(wa_content_files(STR("fax"), content, f, &n, &t_err) == RC_OK && n == 0);
}

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
	const char *type, *json, *field, *text;
} WRONG[] = {
	{ "fax", "{}", "type", "There is no type" },
	{ "text", "null", "text", "This is missing" },
	{ "text", "[]", "text", "This has to be an object" },
	{ "text", "{}", "text.body", "This is missing" },
	{ "text", "{\"body\":null}", "text.body", "This is missing" },
	{ "text", "{\"body\":1}", "text.body", "This has to be text" },
	{ "text", "{\"body\":\" \\n\"}", "text.body", "This is empty" },
	{ "text", "{\"body\":\"x\",\"preview\":true}", "text.preview", "This field is not known" },
	{ "text", "{\"body\":\"x\",\"preview_url\":1}", "text.preview_url", "This has to be true" },
	{ "image", "{}", "image.media_id", "Exactly one" },
	{ "image", "{\"id\":\"1\"," MEDIA "}", "image.media_id", "Exactly one" },
	{ "image", "{\"media_id\":\"1\"}", "image.media_id", "This has to be the id" },
	{ "image", "{\"link\":\"https://a.b/c.jpg\"}", "image.link",
	  "Files are not sent as links" },
	{ "audio", "{\"id\":\"1\",\"caption\":\"c\"}", "audio.caption", "This field is not known" },
	{ "sticker", "{\"id\":\"1\",\"caption\":\"c\"}", "sticker.caption",
	  "This field is not known" },
	{ "document", "{\"id\":\"1\",\"filename\":\"../a\"}", "document.filename",
	  "This has to be a file" },
	{ "poll", "{\"name\":\"Dia?\",\"options\":[{\"title\":\"seg\"}]}", "poll.options",
	  "There have to be at least 2 of these." },
	{ "location", "{\"latitude\":91,\"longitude\":0}", "location.latitude",
	  "This has to be a number" },
	{ "location", "{\"latitude\":\"x\",\"longitude\":0}", "location.latitude",
	  "This has to be a" },
	{ "location", "{\"latitude\":0}", "location.longitude", "This is missing" },
	{ "contacts", "[]", "contacts", "There have to be at least 1" },
	{ "contacts", "[{\"name\":{}}]", "contacts.0.name.formatted_name", "This is missing" },
	{ "contacts", "[{\"name\":{\"formatted_name\":\"n\"},\"birthday\":\"1990/12/31\"}]",
	  "contacts.0.birthday", "This has to be a day" },
	{ "reaction", "{\"message_id\":\"wamid.X\",\"emoji\":\"ok\"}", "reaction.emoji",
	  "This has to be one" },
	{ "reaction", "{\"message_id\":\"a b\",\"emoji\":\"\"}", "reaction.message_id",
	  "This is not an id" },
	{ "reaction", "{\"message_id\":\"wamid.X\"}", "reaction.emoji", "This is missing" },
	{ "interactive", "{}", "interactive.type", "This has to be one of: button, list" },
	{ "interactive",
	  "{\"type\":\"button\",\"body\":{\"text\":\"b\"},\"action\":{\"buttons\":[{"
	  "\"reply\":{\"id\":\"1\","
	  "\"title\":\"A\"}},{\"reply\":{\"id\":\"2\",\"title\":\"A \"}}]}}",
	  "interactive.action.buttons.1.reply.title", "This is there twice" },
	{ "interactive",
	  "{\"type\":\"button\",\"body\":{\"text\":\"b\"},\"action\":{\"buttons\":[{"
	  "\"type\":\"url\",\"reply\":{"
	  "\"id\":\"1\",\"title\":\"A\"}}]}}",
	  "interactive.action.buttons.0.type", "This has to be one of: reply" },
	{ "interactive", LIST(",\"header\":{\"type\":\"image\",\"image\":{\"id\":\"1\"}},", ROW1),
	  "interactive.header.type", "This has to be one of: text" },
	{ "interactive", LIST(",", ROW1 "," ROW1), "interactive.action.sections", "Two rows have" },
	{ "interactive",
	  "{\"type\":\"list\",\"body\":{\"text\":\"b\"},\"action\":{\"button\":\"x\","
	  "\"sections\":[{\"title\":"
	  "\"s\",\"rows\":[" ROW1 "]},{\"rows\":[{\"id\":\"2\",\"title\":\"t\"}]}]}}",
	  "interactive.action.sections.1.title", "Each of several sections" },
	{ "interactive", URLM("t", "ftp://a.b"), "interactive.action.parameters.url",
	  "This has to be an add" },
	{ "interactive", URLM("t", "https:///a"), "interactive.action.parameters.url",
	  "This has to be an" },
	{ "interactive",
	  "{\"type\":\"flow\",\"body\":{\"text\":\"b\"},\"action\":{\"parameters\":{\"flow_"
	  "id\":\"1\","
	  "\"flow_cta\":\"Go \xF0\x9F\x9A\x80\"}}}",
	  "interactive.action.parameters.flow_cta", "Emoji are not" },
	{ "interactive",
	  "{\"type\":\"flow\",\"body\":{\"text\":\"b\"},\"action\":{\"parameters\":{\"flow_"
	  "cta\":\"Go\"}}}",
	  "interactive.action.parameters.flow_id", "Exactly one" },
	{ "interactive",
	  "{\"type\":\"product_list\",\"body\":{\"text\":\"b\"},\"action\":{\"catalog_id\":"
	  "\"1\",\"sections\":[{"
	  "\"product_items\":[{\"product_retailer_id\":\"1\"}]}]}}",
	  "interactive.header", "This is missing" },
	{ "interactive",
	  "{\"type\":\"carousel\",\"body\":{\"text\":\"b\"},\"action\":{\"cards\":[{"
	  "\"type\":\"product\","
	  "\"card_index\":0,\"action\":{\"catalog_id\":\"1\",\"product_retailer_id\":\"1\"}"
	  "},{\"type\":\"product\","
	  "\"card_index\":0,\"action\":{\"catalog_id\":\"1\",\"product_retailer_id\":\"2\"}"
	  "}]}}",
	  "interactive.action.cards.1.card_index", "This is there twice" },
	{ "template", "{\"name\":\"Hello\",\"language\":{\"code\":\"es\"}}", "template.name",
	  "Only a to z" },
	{ "template", "{\"name\":\"o\",\"language\":\"es\"}", "template.language",
	  "This has to be an" },
	{ "template", "{\"name\":\"o\",\"language\":{\"code\":\"pt-BR\"}}",
	  "template.language.code", "This has to be a language" },
	{ "template", TEMPLATE("{\"type\":\"footer\"}"), "template.components.0.type",
	  "This has to be one of" },
	{ "template",
	  TEMPLATE("{\"type\":\"body\",\"parameters\":[]},{\"type\":\"body\","
		   "\"parameters\":[]}"),
	  "template.components.1", "This component is there twice" },
	{ "template",
	  TEMPLATE("{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"a\","
		   "\"parameter_name\":\"n\"},"
		   "{\"type\":\"text\",\"text\":\"a\"}]}"),
	  "template.components.0.parameters", "Either all parameters" },
	{ "template",
	  TEMPLATE("{\"type\":\"button\",\"sub_type\":\"url\",\"index\":0,\"parameters\":[{"
		   "\"type\":\"payload\","
		   "\"payload\":\"x\"}]}"),
	  "template.components.0.parameters", "A button of this sub_type takes" },
	{ "template",
	  TEMPLATE("{\"type\":\"button\",\"sub_type\":\"url\",\"index\":10,\"parameters\":["
		   "{\"type\":\"text\","
		   "\"text\":\"x\"}]}"),
	  "template.components.0.index", "This has to be a whole number from 0 to 9" },
};

TEST(what_is_wrong_is_named)
{
	EACH (r, WRONG) {
		struct wa_content_bad bad;
		struct err e = { 0 };

		CHECK_I64(r->json, check(r->type, r->json, &bad, &e), RC_INVALID);
		CHECK_STR(r->json, bad.field, r->field);
		if (!str_starts(str_of(e.text), str_of(r->text)))
			CHECK_STR(r->json, e.text, r->text);
	}
}

TEST(the_line_for_people)
{
	static const struct {
		const char *type, *json, *line;
	} rows[] = {
		{ "image", "{\"id\":\"1\",\"caption\":\"a\\nb\"}", "[image] a b" },
		{ "image", "{\"id\":\"1\"}", "[image]" },
		{ "document", "{\"id\":\"1\",\"filename\":\"a.pdf\"}", "[document] a.pdf" },
		{ "reaction", "{\"emoji\":\"\",\"message_id\":\"x\"}", "[reaction]" },
		{ "interactive", "{\"body\":{\"text\":\"b\"}}", "[interactive] b" },
		{ "template", "{\"name\":\"hello\"}", "[template] hello" },
		{ "contacts", "[{\"name\":{\"formatted_name\":\"Ana\"}}]", "[contacts] Ana" },
	};
	EACH (r, rows) {
		AUTO(json_freep) struct json *content = NULL;
		AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

		MUST(json_parse(str_of(r->json), &content, &t_err));
		wa_content_line(str_of(r->type), content, &b);
		CHECK_STR(r->type, sbuf_c(&b), r->line);
	}
}
