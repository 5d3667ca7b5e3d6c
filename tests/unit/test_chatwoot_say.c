/* test_chatwoot_say.c - what agents write in Chatwoot, as messages of WhatsApp. */
#include "io/json.h"
#include "peer/chatwoot/chatwoot_say.h"
#include "peer/wa/wa_content.h"
#include "t.h"

#define CHECK_RC(got, want) CHECK_I64("rc", (got), (want))

static struct arena arena = ARENA(4 * MIB);
static struct chatwoot_attachments attached;
static struct chatwoot_parts parts;

static enum rc say(const struct chatwoot_event *ev, const struct chatwoot_file *files,
		   const char *signature, struct err *e)
{
	const struct chatwoot_saying s = {
		.ev = ev, .attached = &attached, .files = files, .signature = str_of(signature)
	};

	arena_reset(&arena);
	TRY(chatwoot_say_attachments(ev, &arena, &attached, e));
	return chatwoot_say(&s, &arena, &parts, e);
}

/* Each part is what the sender's own check takes. */
static void all_fine(void)
{
	for (size_t i = 0; i < parts.count; i++) {
		AUTO(json_freep) struct json *root = NULL;
		struct wa_content_bad bad = { "" };
		struct err e = { 0 };

		if (parts.items[i].content_json.n == 0)
			continue;
		CHECK_RC(json_parse(parts.items[i].content_json, &root, &e), RC_OK);
		CHECK_RC(wa_content_check(str_of(parts.items[i].type), root, &bad, &e), RC_OK);
	}
}

static void part(size_t i, const char *type, const char *content)
{
	const struct chatwoot_part *p = &parts.items[i];

	CHECK(i < parts.count);
	CHECK_STR("type", p->type, type);
	CHECK_SPAN("content", p->content_json.n > 0 ? p->content_json : p->text, str_of(content));
}

TEST(text_has_whatsapps_marks_and_may_bear_the_agents_name)
{
	struct chatwoot_event ev = { .content = STR("  **hi** there  ") };
	struct err e = { 0 };

	CHECK_RC(say(&ev, NULL, NULL, &e), RC_OK);
	CHECK_I64("parts", (int64_t)parts.count, 1);
	part(0, "text", "*hi* there");
	CHECK_RC(say(&ev, NULL, "Ana", &e), RC_OK);
	part(0, "text", "*Ana:*\n*hi* there");
}

TEST(a_text_of_more_than_4096_characters_is_several)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	struct chatwoot_event ev = { 0 };
	struct err e = { 0 };

	for (int i = 0; i < 1000; i++)
		sbuf_text(&b, "palavra ã ");
	ev.content = sbuf_view(&b);
	CHECK_RC(say(&ev, NULL, NULL, &e), RC_OK);
	CHECK_I64("parts", (int64_t)parts.count, 3);
	for (size_t i = 0; i < parts.count; i++)
		CHECK(parts.items[i].text.n <= 2 * 4096 && parts.items[i].text.n > 0);
	CHECK(str_ends(parts.items[0].text, STR("ã")) ||
	      str_ends(parts.items[0].text, STR("palavra")));
}

TEST(several_files_are_several_messages_with_the_text_on_the_first)
{
	static const struct chatwoot_file files[] = {
		{ .mime = "image/png", .bytes = 10, .media_id = STR("m1") },
		{ .mime = "application/pdf",
		  .bytes = 10,
		  .media_id = STR("m2"),
		  .name = STR("a b.pdf") },
	};
	struct chatwoot_event ev = {
		.content = STR("look"),
		.attachments =
			STR("[{\"file_type\":\"image\",\"data_url\":\"https://c/x/p.png?a=1\"},"
			    "{\"file_type\":\"location\",\"coordinates_lat\":-23.5,"
			    "\"coordinates_long\":-46.6,\"fallback_title\":\"Praca\"},"
			    "{\"file_type\":\"file\",\"data_url\":\"https://c/x/a%20b.pdf\"},"
			    "{\"file_type\":\"contact\",\"fallback_title\":\"+5511999990000\","
			    "\"meta\":{\"firstName\":\"Rui\",\"lastName\":\"Sá\"}}]"),
	};
	struct err e = { 0 };

	CHECK_RC(say(&ev, files, NULL, &e), RC_OK);
	CHECK_I64("files", (int64_t)attached.files, 2);
	CHECK_SPAN("name", attached.items[2].name, STR("a b.pdf"));
	CHECK_I64("parts", (int64_t)parts.count, 4);
	part(0, "image", "{\"media_id\":\"m1\",\"caption\":\"look\"}");
	CHECK_STR("place", parts.items[1].type, "location");
	part(2, "document", "{\"media_id\":\"m2\",\"filename\":\"a b.pdf\"}");
	part(3, "contacts",
	     "[{\"name\":{\"formatted_name\":\"Rui "
	     "Sá\",\"first_name\":\"Rui\",\"last_name\":\"Sá\"},"
	     "\"phones\":[{\"phone\":\"+5511999990000\"}]}]");
}

TEST(what_an_agent_recorded_is_a_voice_note_where_whatsapp_plays_it)
{
	static const struct chatwoot_file opus[] = { { .mime = "audio/ogg",
						       .traits = MEDIA_OPUS | MEDIA_MONO,
						       .bytes = 10,
						       .media_id = STR("m") } };
	const struct chatwoot_file mp3[] = {
		{ .mime = "audio/mpeg", .bytes = 10, .media_id = STR("m") }
	};
	static const struct chatwoot_file wav[] = {
		{ .mime = "audio/wav", .bytes = 10, .media_id = STR("m"), .name = STR("r.wav") }
	};
	struct chatwoot_event ev = {
		.content = STR("listen"),
		.attachments = STR("[{\"file_type\":\"audio\",\"data_url\":\"https://c/r\","
				   "\"meta\":{\"is_recorded_audio\":true}}]"),
	};
	struct err e = { 0 };

	CHECK_RC(say(&ev, opus, NULL, &e), RC_OK);
	part(0, "text", "listen"); /* an audio bears no caption */
	part(1, "audio", "{\"media_id\":\"m\",\"voice\":true}");
	CHECK_RC(say(&ev, mp3, NULL, &e), RC_OK);
	part(1, "audio", "{\"media_id\":\"m\"}");
	CHECK_RC(say(&ev, wav, NULL, &e), RC_OK);
	part(0, "document", "{\"media_id\":\"m\",\"caption\":\"listen\",\"filename\":\"r.wav\"}");
}

TEST(a_template_is_a_template)
{
	struct chatwoot_event ev = {
		.content = STR("Hola Rui"),
		.template_params =
			STR("{\"name\":\"hola\",\"category\":\"UTILITY\",\"language\":\"es\","
			    "\"processed_params\":{\"2\":\"b\",\"1\":\"a\"}}"),
	};
	struct err e = { 0 };

	CHECK_RC(say(&ev, NULL, "Ana", &e), RC_OK);
	part(0, "template",
	     "{\"name\":\"hola\",\"language\":{\"code\":\"es\"},\"components\":[{\"type\":\"body\","
	     "\"parameters\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}"
	     "]}]}");
	all_fine();
	ev.template_params =
		STR("{\"name\":\"hola\",\"language\":\"es\",\"processed_params\":{\"body\":{"
		    "\"nome\":\"Rui\"},"
		    "\"buttons\":[{\"type\":\"url\",\"parameter\":\"x1\"},{\"type\":\"copy_code\","
		    "\"parameter\":\"C1\"}]}}");
	CHECK_RC(say(&ev, NULL, NULL, &e), RC_OK);
	all_fine();
	CHECK(str_find(parts.items[0].content_json, STR("\"parameter_name\":\"nome\"")) > 0);
	CHECK(str_find(parts.items[0].content_json, STR("\"coupon_code\":\"C1\"")) > 0);
}

#define FACTURA "{\"name\":\"factura\",\"language\":\"es\",\"processed_params\":{"

#define MEDIA_ID "019b8d99-74b8-78cb-896d-bb1fbf0358f3"

TEST(a_template_has_the_file_that_its_header_names_or_that_is_attached)
{
	const struct chatwoot_file pdf[] = { { "application/pdf", 0, 9, STR(MEDIA_ID),
					       STR("f.pdf") } };
	const struct chatwoot_file mp3[] = { { "audio/mpeg", 0, 9, STR(MEDIA_ID), STR("f.mp3") } };
	struct chatwoot_event ev = {
		.content = STR("x"),
		.template_params =
			STR(FACTURA "\"header\":{\"media_url\":\"https://x.test/a/f.pdf\","
				    "\"media_type\":\"document\"},\"body\":{\"1\":\"Rui\"}}}"),
	};
	struct err e = { 0 };

	CHECK_RC(say(&ev, pdf, NULL, &e), RC_OK);
	CHECK_I64("files", (int64_t)attached.files, 1);
	CHECK_SPAN("url", attached.items[0].url, STR("https://x.test/a/f.pdf"));
	CHECK(attached.items[0].typed);
	part(0, "template",
	     "{\"name\":\"factura\",\"language\":{\"code\":\"es\"},\"components\":[{\"type\":"
	     "\"header\",\"parameters\":[{\"type\":\"document\",\"document\":{\"media_id\":"
	     "\"" MEDIA_ID "\","
	     "\"filename\":\"f.pdf\"}}]},{\"type\":\"body\",\"parameters\":[{\"type\":\"text\","
	     "\"text\":\"Rui\"}]}]}");
	all_fine();
	/* attached instead of named; and one that no header can be */
	ev.attachments = STR("[{\"file_type\":\"file\",\"data_url\":\"https://x/rails/f.pdf\"}]");
	ev.template_params = STR(FACTURA "\"1\":\"Rui\"}}");
	CHECK_RC(say(&ev, pdf, NULL, &e), RC_OK);
	CHECK(str_find(parts.items[0].content_json, STR("{\"media_id\":\"" MEDIA_ID "\"")) > 0);
	CHECK(!attached.items[0].typed);
	all_fine();
	CHECK_RC(say(&ev, mp3, NULL, &e), RC_INVALID);
	err_clear(&e);
	/* both: one too many */
	ev.template_params = STR(FACTURA "\"header\":{\"media_url\":\"https://x.test/a\"}}}");
	CHECK_RC(say(&ev, pdf, NULL, &e), RC_INVALID);
}

TEST(a_door_is_scheme_host_and_port)
{
	static const struct {
		const char *a, *b;
		bool same;
	} ROWS[] = {
		{ "http://cw:3000/x", "http://CW:3000", true },
		{ "http://cw/x", "http://cw:80/", true },
		{ "https://cw:443/x", "https://cw", true },
		{ "http://cw:3000/x", "http://cw:3001", false },
		{ "http://cw/x", "https://cw/x", false },
		{ "http://cw:3000@evil/x", "http://cw:3000", false },
		{ "http://cw:99999/", "http://cw:99999", false },
		{ "http://[::1]:3000/x", "http://[::1]:3000", true },
		{ "http://[::1]/x", "http://[::1]:3000", false },
		{ "ftp://cw/x", "ftp://cw", false },
		{ "", "", false },
	};

	for (size_t i = 0; i < COUNT(ROWS); i++)
		CHECK_I64(ROWS[i].a, chatwoot_say_same_door(str_of(ROWS[i].a), str_of(ROWS[i].b)),
			  ROWS[i].same);
}

TEST(choices_are_buttons_a_list_or_numbers)
{
	struct chatwoot_event ev = {
		.content = STR("Which?"),
		.content_type = STR("input_select"),
		.items = STR("[{\"title\":\"One\",\"value\":\"1\"},{\"title\":\"Two\",\"value\":"
			     "\"2\"}]"),
	};
	struct err e = { 0 };

	CHECK_RC(say(&ev, NULL, NULL, &e), RC_OK);
	CHECK(str_find(parts.items[0].content_json, STR("\"type\":\"button\"")) > 0);
	all_fine();
	ev.items = STR(
		"[{\"title\":\"a\",\"value\":\"1\"},{\"title\":\"b\",\"value\":\"2\"},{\"title\":"
		"\"c\",\"value\":\"3\"},{\"title\":\"d\",\"value\":\"4\"}]");
	CHECK_RC(say(&ev, NULL, NULL, &e), RC_OK);
	CHECK(str_find(parts.items[0].content_json, STR("\"type\":\"list\"")) > 0);
	all_fine();
	ev.items = STR("[{\"title\":\"a title that is longer than any row\",\"value\":\"1\"}]");
	CHECK_RC(say(&ev, NULL, NULL, &e), RC_OK);
	part(0, "text", "Which?\n1. a title that is longer than any row");
}

TEST(cards_are_messages_with_buttons_a_link_or_lines)
{
	struct chatwoot_event ev = {
		.content_type = STR("cards"),
		.items = STR(
			"[{\"title\":\"Red\",\"description\":\"wine\",\"actions\":[{\"type\":"
			"\"postback\",\"text\":\"Buy\",\"payload\":\"red\"}]},"
			"{\"title\":\"White\",\"description\":\"wine\",\"actions\":[{\"type\":"
			"\"link\","
			"\"text\":\"See\",\"uri\":\"https://x.test/w\"}]},"
			"{\"title\":\"Rose\",\"media_url\":\"https://x.test/r.png\",\"actions\":[{"
			"\"type\":\"link\",\"text\":\"See\",\"uri\":\"https://x.test/r\"}]}]"),
	};
	struct err e = { 0 };

	CHECK_RC(say(&ev, NULL, NULL, &e), RC_OK);
	CHECK_I64("parts", (int64_t)parts.count, 3);
	all_fine();
	CHECK(str_find(parts.items[1].content_json, STR("cta_url")) > 0);
	part(2, "text", "*Rose*\n- See: https://x.test/r\nhttps://x.test/r.png");
}

TEST(nothing_that_can_be_shown_is_said_so)
{
	struct chatwoot_event ev = { .attachments = STR("[{\"file_type\":\"fallback\"}]") };
	struct err e = { 0 };

	CHECK_RC(say(&ev, NULL, NULL, &e), RC_INVALID);
	ev.attachments = STR("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]");
	CHECK_RC(say(&ev, NULL, NULL, &e), RC_INVALID);
}

TEST(addresses_of_files)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(KIB);
	struct err e = { 0 };

	CHECK_SPAN("host", chatwoot_say_host(STR("https://a.b:1/c")), STR("a.b"));
	CHECK_SPAN("ipv6", chatwoot_say_host(STR("http://[::1]:3000/c")), STR("[::1]"));
	CHECK_I64("wrong", (int64_t)chatwoot_say_host(STR("http://https/rails/x")).n, 0);
	CHECK_I64("user", (int64_t)chatwoot_say_host(STR("http://a@b/x")).n, 0);
	CHECK_I64("none", (int64_t)chatwoot_say_host(STR("ftp://b/x")).n, 0);
	CHECK_RC(chatwoot_say_rehost(STR("http://https//cw.test/rails/a/b.png?x=1"),
				     STR("http://10.0.0.5:3000/"), &b, &e),
		 RC_OK);
	CHECK_SPAN("url", sbuf_view(&b), STR("http://10.0.0.5:3000/rails/a/b.png?x=1"));
	CHECK_RC(chatwoot_say_rehost(STR("http://x"), STR("http://y"), &b, &e), RC_INVALID);
}

TEST(an_event_is_read_again_as_it_was_written)
{
	AUTO(arena_release) struct arena a = ARENA(1 * MIB);
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);
	AUTO(json_freep) struct json *root = NULL;
	struct chatwoot_event ev, again;
	struct err e = { 0 };

	CHECK_RC(chatwoot_event_decode(
			 STR("{\"event\":\"message_created\",\"id\":5,\"content\":\"a\",\"message_"
			     "type\":"
			     "\"outgoing\",\"content_type\":\"input_select\",\"content_"
			     "attributes\":{"
			     "\"in_reply_to\":4,\"items\":[{\"title\":\"t\"}]},\"additional_"
			     "attributes\":{"
			     "\"template_params\":{\"name\":\"n\"}},\"attachments\":[{\"id\":1}],"
			     "\"sender\":{"
			     "\"id\":7,\"name\":\"Ana\",\"type\":\"user\"},\"conversation\":{"
			     "\"id\":41,"
			     "\"inbox_id\":3,\"status\":\"open\",\"updated_at\":1785240002.5,"
			     "\"agent_last_seen_at\":1785240001,\"meta\":{\"assignee\":{\"id\":9},"
			     "\"team\":{"
			     "\"id\":2}}}}"),
			 &a, &ev, &e),
		 RC_OK);
	CHECK_I64("updated", ev.updated_ms, 1785240002500);
	CHECK_I64("seen", ev.agent_seen_ms, 1785240001000);
	CHECK_I64("team", ev.team_id, 2);
	CHECK_SPAN("thread", ev.thread_status, STR("open"));
	chatwoot_event_write(&ev, &b);
	CHECK_RC(json_parse(sbuf_view(&b), &root, &e), RC_OK);
	CHECK_RC(chatwoot_event_message(root, &a, &again, &e), RC_OK);
	CHECK_I64("id", again.message_id, 5);
	CHECK_I64("conversation", again.conversation_id, 41);
	CHECK_I64("reply", again.in_reply_to, 4);
	CHECK_SPAN("items", again.items, STR("[{\"title\":\"t\"}]"));
	CHECK_SPAN("params", again.template_params, STR("{\"name\":\"n\"}"));
	CHECK_SPAN("attachments", again.attachments, STR("[{\"id\":1}]"));
	CHECK_I64("sender", again.sender, CHATWOOT_SENDER_USER);
	CHECK_SPAN("name", again.sender_name, STR("Ana"));
}
