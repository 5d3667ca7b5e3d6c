/* test_evolution_send.c - requests to Evolution byte for byte, and what its answers mean. */
#include "peer/evolution/evolution_send.h"

#include "io/json.h"
#include "peer/evolution/evolution_ask.h"
#include "t.h"

static const struct evolution_file file = { .base64 = { "aGk=", 4 },
					    .mime = { "image/png", 9 },
					    .filename = { "a.png", 5 } };
static const struct evolution_target inbound = {
	.id = { "loja:3EB0AA", 11 },
	.address = { "5511955501234", 13 },
	.text = { "confirma?", 9 },
};

static const struct row {
	const char *type, *content;
	bool quoted, with_file;
	const char *path, *body; /* NULL: refused */
} rows[] = {
	{ "text", "{\"body\":\"oi\",\"preview_url\":false}", false, false, "message/sendText",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"text\":\"oi\",\"linkPreview\":false}" },
	{ "text", "{\"body\":\"sim\"}", true, false, "message/sendText",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"text\":\"sim\",\"linkPreview\":true,"
	  "\"quoted\":{\"key\":{\"id\":\"3EB0AA\",\"remoteJid\":\"5511955501234@s.whatsapp.net\","
	  "\"fromMe\":false},\"message\":{\"conversation\":\"confirma?\"}}}" },
	{ "image", "{\"media_id\":\"m\",\"caption\":\"veja\"}", false, true, "message/sendMedia",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"mediatype\":\"image\",\"media\":\"aGk=\","
	  "\"mimetype\":\"image/png\",\"fileName\":\"a.png\",\"caption\":\"veja\"}" },
	{ "image", "{\"media_id\":\"m\"}", false, false, NULL, NULL },
	{ "document", "{\"media_id\":\"m\",\"filename\":\"b.pdf\"}", false, true,
	  "message/sendMedia",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"mediatype\":\"document\",\"media\":"
	  "\"aGk=\",\"mimetype\":\"image/png\",\"fileName\":\"b.pdf\"}" },
	{ "audio", "{\"media_id\":\"m\",\"voice\":true}", false, true, "message/sendWhatsAppAudio",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"audio\":\"aGk=\"}" },
	{ "audio", "{\"media_id\":\"m\"}", false, true, "message/sendMedia",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"mediatype\":\"audio\",\"media\":\"aGk=\","
	  "\"mimetype\":\"image/png\",\"fileName\":\"a.png\"}" },
	{ "sticker", "{\"media_id\":\"m\"}", false, true, "message/sendSticker",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"sticker\":\"aGk=\"}" },
	{ "location", "{\"latitude\":-23.5505,\"longitude\":-46}", false, false,
	  "message/sendLocation",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"latitude\":-23.5505,\"longitude\":-46,"
	  "\"name\":\"-\",\"address\":\"-\"}" },
	{ "contacts",
	  "[{\"name\":{\"formatted_name\":\"Ana\"},\"phones\":[{\"phone\":\"+55 11 9\",\"wa_id\":"
	  "\"55119\"}],\"emails\":[{\"email\":\"a@example.com\"}]}]",
	  false, false, "message/sendContact",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"contact\":[{\"fullName\":\"Ana\","
	  "\"phoneNumber\":\"+55 11 9\",\"wuid\":\"55119\",\"email\":\"a@example.com\"}]}" },
	{ "contacts", "[{\"name\":{\"formatted_name\":\"Ana\"}}]", false, false, NULL, NULL },
	{ "reaction", "{\"message_id\":\"loja:3EB0AA\",\"emoji\":\"👍\"}", true, false,
	  "message/sendReaction",
	  "{\"key\":{\"id\":\"3EB0AA\",\"remoteJid\":\"5511955501234@s.whatsapp.net\",\"fromMe\":"
	  "false},\"reaction\":\"👍\"}" },
	{ "reaction", "{\"message_id\":\"loja:3EB0AA\"}", false, false, NULL, NULL },
	{ "poll",
	  "{\"name\":\"Dia?\",\"options\":[{\"title\":\"seg\"},{\"title\":\"ter\"}],\"selectable_"
	  "count\":1}",
	  false, false, "message/sendPoll",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"name\":\"Dia?\",\"selectableCount\":1,"
	  "\"values\":[\"seg\",\"ter\"]}" },
	{ "interactive",
	  "{\"type\":\"button\",\"body\":{\"text\":\"Confirma?\"},\"action\":{\"buttons\":[{"
	  "\"type\":"
	  "\"reply\",\"reply\":{\"id\":\"s\",\"title\":\"Sim\"}}]}}",
	  false, false, "message/sendButtons",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"title\":\"Confirma?\",\"buttons\":[{"
	  "\"type\":\"reply\",\"displayText\":\"Sim\",\"id\":\"s\"}]}" },
	{ "interactive",
	  "{\"type\":\"cta_url\",\"header\":{\"type\":\"text\",\"text\":\"Loja\"},\"body\":{"
	  "\"text\":"
	  "\"Veja\"},\"footer\":{\"text\":\"x\"},\"action\":{\"name\":\"cta_url\",\"parameters\":{"
	  "\"display_text\":\"Abrir\",\"url\":\"https://example.com\"}}}",
	  false, false, "message/sendButtons",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"title\":\"Loja\",\"description\":"
	  "\"Veja\","
	  "\"footer\":\"x\",\"buttons\":[{\"type\":\"url\",\"displayText\":\"Abrir\",\"url\":"
	  "\"https://example.com\"}]}" },
	{ "interactive",
	  "{\"type\":\"list\",\"body\":{\"text\":\"Escolha\"},\"action\":{\"button\":\"Ver\","
	  "\"sections\":[{\"rows\":[{\"id\":\"r1\",\"title\":\"Um\"}]}]}}",
	  false, false, "message/sendList",
	  "{\"number\":\"5511955501234@s.whatsapp.net\",\"title\":\"Escolha\",\"description\":"
	  "\"Escolha\",\"footerText\":\"\",\"buttonText\":\"Ver\",\"sections\":[{\"title\":"
	  "\"Escolha\",\"rows\":[{\"title\":\"Um\",\"description\":\"\",\"rowId\":\"r1\"}]}]}" },
	{ "interactive", "{\"type\":\"flow\"}", false, false, NULL, NULL },
	{ "template", "{\"name\":\"x\"}", false, false, NULL, NULL },
};

TEST(requests_are_as_evolution_wants_them)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json *content AUTO(json_freep) = NULL;
		struct sbuf body AUTO(sbuf_release) = SBUF(64 * KIB);
		struct evolution_call call = { NULL, NULL };
		struct evolution_message m = { .to = STR("5511955501234"),
					       .type = str_of(rows[i].type),
					       .file = rows[i].with_file ? &file : NULL,
					       .quoted = rows[i].quoted ? &inbound : NULL };
		MUST(json_parse(str_of(rows[i].content), &content, &t_err));
		m.content = content;
		enum rc rc = evolution_send_message(&m, &call, &body, NULL);
		CHECK((rc == RC_OK) == (rows[i].path != NULL));
		if (rows[i].path == NULL)
			continue;
		CHECK_SPAN(rows[i].content, str_of(call.path), str_of(rows[i].path));
		CHECK_SPAN(rows[i].content, sbuf_view(&body), str_of(rows[i].body));
		CHECK(evolution_send_cannot(m.type, m.content) == NULL);
	}
}

TEST(what_evolution_cannot_send_is_told_before)
{
	static const struct {
		const char *type, *content;
	} no[] = {
		{ "template", "{}" },
		{ "interactive", "{\"type\":\"flow\"}" },
		{ "interactive", "{\"type\":\"product_list\"}" },
		{ "interactive", "{\"type\":\"button\",\"header\":{\"type\":\"image\"}}" },
		{ "image", "{\"id\":\"123\"}" },
		{ "hologram", "{}" },
	};
	for (size_t i = 0; i < COUNT(no); i++) {
		struct json *content AUTO(json_freep) = NULL;
		MUST(json_parse(str_of(no[i].content), &content, &t_err));
		CHECK(evolution_send_cannot(str_of(no[i].type), content) != NULL);
	}
}

TEST(a_group_and_an_own_key)
{
	struct json *content AUTO(json_freep) = NULL;
	struct sbuf body AUTO(sbuf_release) = SBUF(64 * KIB);
	struct evolution_call call;
	const struct evolution_target in_group = { .id = STR("loja:AB"),
						   .address = STR("12036302@g.us"),
						   .author = STR("123456789012345@lid") };
	struct evolution_message m = { .to = STR("12036302@g.us"),
				       .type = STR("text"),
				       .quoted = &in_group,
				       .own_key = STR("3EB0FF") };
	MUST(json_parse(STR("{\"body\":\"oi\"}"), &content, &t_err));
	m.content = content;
	MUST(evolution_send_message(&m, &call, &body, &t_err));
	CHECK_SPAN("body", sbuf_view(&body),
		   STR("{\"number\":\"12036302@g.us\",\"text\":\"oi\",\"linkPreview\":true,"
		       "\"quoted\":{"
		       "\"key\":{\"id\":\"AB\",\"remoteJid\":\"12036302@g.us\",\"fromMe\":false,"
		       "\"participant\":\"123456789012345@lid\"}},\"messageId\":\"3EB0FF\"}"));
	m.to = STR("BR.1234");
	CHECK(evolution_send_message(&m, &call, &body, NULL) == RC_INVALID);
}

TEST(acts_name_their_message)
{
	struct sbuf body AUTO(sbuf_release) = SBUF(64 * KIB);
	struct evolution_call call;
	struct evolution_target own = inbound;
	own.from_me = true;
	MUST(evolution_send_read(&inbound, &call, &body, &t_err));
	CHECK_SPAN("read", sbuf_view(&body),
		   STR("{\"readMessages\":[{\"id\":\"3EB0AA\",\"remoteJid\":"
		       "\"5511955501234@s.whatsapp.net\",\"fromMe\":false}]}"));
	MUST(evolution_send_typing(inbound.address, &call, &body, &t_err));
	CHECK_SPAN("typing", sbuf_view(&body),
		   STR("{\"number\":\"5511955501234@s.whatsapp.net\",\"presence\":\"composing\","
		       "\"delay\":1000}"));
	MUST(evolution_send_edit(&own, STR("novo"), &call, &body, &t_err));
	CHECK_SPAN(
		"edit", sbuf_view(&body),
		STR("{\"number\":\"5511955501234@s.whatsapp.net\",\"text\":\"novo\",\"key\":{"
		    "\"id\":"
		    "\"3EB0AA\",\"remoteJid\":\"5511955501234@s.whatsapp.net\",\"fromMe\":true}}"));
	MUST(evolution_send_revoke(&own, &call, &body, &t_err));
	CHECK(strcmp(call.method, "DELETE") == 0);
	CHECK_SPAN(
		"revoke", sbuf_view(&body),
		STR("{\"id\":\"3EB0AA\",\"remoteJid\":\"5511955501234@s.whatsapp.net\",\"fromMe\":"
		    "true}"));
}

TEST(addresses_have_the_instance_percent_encoded)
{
	struct sbuf url AUTO(sbuf_release) = SBUF(HTTP_URL_MAX);
	MUST(evolution_send_url(STR("http://127.0.0.1:8080/evo/"), "message/sendText",
				STR("Loja São Paulo/1"), &url, &t_err));
	CHECK_SPAN("url", sbuf_view(&url),
		   STR("http://127.0.0.1:8080/evo/message/sendText/Loja%20S%C3%A3o%20Paulo%2F1"));
	MUST(evolution_send_url(STR("https://evo.example"), "", STR_NONE, &url, &t_err));
	CHECK_SPAN("url", sbuf_view(&url), STR("https://evo.example/"));
	CHECK(evolution_send_url(STR("ftp://x"), "", STR_NONE, &url, NULL) == RC_INVALID);
	CHECK(evolution_send_url(STR("http://u:p@x"), "", STR_NONE, &url, NULL) == RC_INVALID);
}

TEST(answers_to_a_send)
{
	static const struct {
		enum rc rc;
		int status;
		const char *body;
		enum wa_class cls;
		int64_t code;
	} answers[] = {
		{ RC_OK, 201,
		  "{\"key\":{\"id\":\"3EB0AA\",\"fromMe\":true},\"status\":\"PENDING\"}",
		  WA_SEND_ACCEPTED, -1 },
		{ RC_OK, 200, "{\"key\":{\"id\":\"3EB0AA\"}}", WA_SEND_ACCEPTED, -1 },
		{ RC_OK, 201, "{\"key\":{}}", WA_SEND_UNKNOWN, 201 },
		{ RC_OK, 201, "<html>", WA_SEND_UNKNOWN, 201 },
		{ RC_OK, 201, "", WA_SEND_UNKNOWN, 201 },
		{ RC_OK, 400,
		  "{\"status\":400,\"error\":\"Bad "
		  "Request\",\"response\":{\"message\":[{\"jid\":\"x\","
		  "\"exists\":false,\"number\":\"1\"}]}}",
		  WA_SEND_PERMANENT, EVOLUTION_CODE_NUMBER },
		{ RC_OK, 400, "{\"response\":{\"message\":[\"text is required\"]}}",
		  WA_SEND_PERMANENT, 400 },
		{ RC_OK, 401, "{\"status\":401}", WA_SEND_STOP, 401 },
		{ RC_OK, 404, "{\"status\":404}", WA_SEND_PAUSE_NUMBER, 404 },
		{ RC_OK, 429, "", WA_SEND_RETRY, 429 },
		{ RC_OK, 503,
		  "{\"error\":\"service not "
		  "activated\",\"code\":\"LICENSE_REQUIRED\",\"register_url\":"
		  "\"x\"}",
		  WA_SEND_PAUSE_NUMBER, EVOLUTION_CODE_LICENCE },
		{ RC_OK, 503, "busy", WA_SEND_UNKNOWN, 503 },
		{ RC_OK, 500, "{\"response\":{\"message\":\"Connection Closed\"}}", WA_SEND_UNKNOWN,
		  500 },
		{ RC_RETRY, 0, "", WA_SEND_RETRY, -1 },
		{ RC_UNKNOWN, 0, "", WA_SEND_UNKNOWN, -1 },
		{ RC_REFUSED, 0, "", WA_SEND_PERMANENT, -1 },
	};
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct wa_verdict v;
		const struct wa_answer a = {
			answers[i].rc, answers[i].status, str_of(answers[i].body), -1, 1, 0
		};
		evolution_judge_send(&a, &v);
		CHECK_I64(answers[i].body, v.cls, answers[i].cls);
		CHECK_I64(answers[i].body, v.code, answers[i].code);
		CHECK((v.cls == WA_SEND_ACCEPTED) == (v.wamid[0] != '\0'));
		CHECK((v.cls == WA_SEND_RETRY) == (v.retry_ms >= 0));
		CHECK(v.text[0] != '\0');
	}
}

TEST(a_pause_that_the_server_asks_for_is_kept)
{
	struct wa_verdict v;
	const struct wa_answer a = { RC_OK, 429, STR(""), 7000, 1, 0 };
	evolution_judge_send(&a, &v);
	CHECK_I64("wait", v.retry_ms, 7000);
	CHECK(v.throttled);
}

TEST(versions_that_take_a_key)
{
	static const char *const yes[] = { "2.4.0-rc1", "2.4.0", "2.10.1", "3.0.0" };
	static const char *const no[] = { "2.3.7", "1.8.2", "", "two", "2", "2.x" };
	char version[EVOLUTION_VERSION_MAX];
	for (size_t i = 0; i < COUNT(yes); i++)
		CHECK(evolution_ask_takes_key(str_of(yes[i])));
	for (size_t i = 0; i < COUNT(no); i++)
		CHECK(!evolution_ask_takes_key(str_of(no[i])));
	MUST(evolution_ask_version(200, STR("{\"status\":200,\"version\":\"2.3.7\"}"), version,
				   &t_err));
	CHECK_SPAN("version", str_of(version), STR("2.3.7"));
	CHECK(evolution_ask_version(200, STR("<html>"), version, NULL) == RC_INVALID);
}

TEST(states_and_qr_codes)
{
	struct arena a AUTO(arena_release) = ARENA(64 * KIB);
	struct str state;
	struct wa_link l;
	MUST(evolution_ask_state(200,
				 STR("{\"instance\":{\"instanceName\":\"l\",\"state\":\"open\"}}"),
				 &a, &state, &t_err));
	CHECK_SPAN("state", state, STR("open"));
	CHECK(evolution_ask_state(200, STR("{\"instance\":{}}"), &a, &state, NULL) == RC_ABSENT);
	CHECK(evolution_ask_state(404, STR(""), &a, &state, NULL) == RC_ABSENT);
	CHECK(evolution_ask_state(401, STR(""), &a, &state, NULL) == RC_REFUSED);
	CHECK(evolution_ask_state(503, STR("{\"code\":\"LICENSE_REQUIRED\"}"), &a, &state, NULL) ==
	      RC_CONFLICT);
	CHECK(evolution_ask_state(502, STR(""), &a, &state, NULL) == RC_RETRY);
	MUST(evolution_ask_qr(
		200, STR("{\"pairingCode\":\"AB\",\"code\":\"2@x\",\"base64\":\"data:x\"}"), &a, &l,
		&state, &t_err));
	CHECK_SPAN("qr", l.qr, STR("2@x"));
	CHECK_SPAN("state", state, STR("connecting"));
	MUST(evolution_ask_qr(200, STR("{\"instance\":{\"state\":\"open\"}}"), &a, &l, &state,
			      &t_err));
	CHECK(l.qr.p == NULL && str_eqc(state, "open"));
}

static bool none_taken(void *arg, struct str key)
{
	(void)arg;
	(void)key;
	return false;
}

static bool first_taken(void *arg, struct str key)
{
	(void)arg;
	return str_eqc(key, "K2");
}

TEST(a_message_in_doubt_is_found_by_key_or_by_words)
{
	static const char answer[] =
		"{\"messages\":{\"total\":4,\"pages\":3,\"records\":["
		"{\"key\":{\"id\":\"K3\",\"fromMe\":true,\"remoteJid\":\"5511955501234@s.whatsapp."
		"net\"},"
		"\"message\":{\"conversation\":\"oi\"},\"messageTimestamp\":1785240100},"
		"{\"key\":{\"id\":\"K2\",\"fromMe\":true,\"remoteJid\":\"5511955501234@s.whatsapp."
		"net\"},"
		"\"message\":{\"conversation\":\"oi\"},\"messageTimestamp\":1785240090},"
		"{\"key\":{\"id\":\"IN\",\"fromMe\":false,\"remoteJid\":\"5511955501234@s.whatsapp."
		"net\"},"
		"\"message\":{\"conversation\":\"oi\"},\"messageTimestamp\":1785240080},"
		"{\"key\":{\"id\":\"K1\",\"fromMe\":true,\"remoteJid\":\"5511955501234@s.whatsapp."
		"net\"},"
		"\"message\":{\"conversation\":\"oi\"},\"messageTimestamp\":1785240000}]}}";
	struct json *root AUTO(json_freep) = NULL;
	char key[WA_ID_MAX + 1];
	struct evolution_wanted w = { .text = STR("oi"),
				      .type = STR("text"),
				      .from_ms = 1785240050000,
				      .taken = none_taken };
	MUST(json_parse(str_of(answer), &root, &t_err));
	const struct json *records = evolution_ask_records(root);
	CHECK_I64("pages", evolution_ask_pages(root), 3);
	CHECK(evolution_ask_find(records, &w, key));
	CHECK_SPAN("oldest that is young enough", str_of(key), STR("K2"));
	w.taken = first_taken;
	CHECK(evolution_ask_find(records, &w, key));
	CHECK_SPAN("one that belongs to nobody", str_of(key), STR("K3"));
	w.text = STR("tchau");
	CHECK(!evolution_ask_find(records, &w, key));
	w = (struct evolution_wanted){ .key = STR("K1") };
	CHECK(evolution_ask_find(records, &w, key));
	CHECK_SPAN("by key", str_of(key), STR("K1"));
	w.key = STR("IN");
	CHECK(!evolution_ask_find(records, &w, key));
	CHECK(evolution_ask_records(NULL) == NULL);
}

TEST(the_webhook_that_totem_sets)
{
	struct sbuf body AUTO(sbuf_release) = SBUF(64 * KIB);
	struct evolution_call call;
	const struct evolution_webhook h = {
		.url = STR("http://10.0.0.5:8081/webhooks/evolution/loja"), .jwt_key = STR("k")
	};
	MUST(evolution_ask_webhook(&h, &call, &body, &t_err));
	CHECK(strcmp(call.path, "webhook/set") == 0);
	CHECK_SPAN(
		"body", sbuf_view(&body),
		STR("{\"webhook\":{\"enabled\":true,\"url\":"
		    "\"http://10.0.0.5:8081/webhooks/evolution/"
		    "loja\",\"byEvents\":false,\"base64\":"
		    "false,\"headers\":{\"jwt_key\":\"k\"},\"events\":[\"MESSAGES_UPSERT\","
		    "\"MESSAGES_UPDATE\",\"MESSAGES_EDITED\",\"MESSAGES_DELETE\",\"SEND_MESSAGE\","
		    "\"CONNECTION_UPDATE\",\"QRCODE_UPDATED\",\"STATUS_INSTANCE\","
		    "\"LOGOUT_INSTANCE\"]}}"));
}

TEST(a_file_of_a_message)
{
	struct arena a AUTO(arena_release) = ARENA(64 * KIB);
	struct sbuf body AUTO(sbuf_release) = SBUF(KIB);
	struct evolution_file_answer f;
	struct evolution_call call;
	MUST(evolution_ask_file(STR("loja:3EB0AA"), &call, &body, &t_err));
	CHECK_SPAN("body", sbuf_view(&body),
		   STR("{\"message\":{\"key\":{\"id\":\"3EB0AA\"}},\"convertToMp4\":false}"));
	MUST(evolution_ask_file_read(201, STR("{\"mimetype\":\"image/png\",\"base64\":\"aGk=\"}"),
				     &a, &f, &t_err));
	CHECK_SPAN("base64", f.base64, STR("aGk="));
	CHECK(evolution_ask_file_read(400, STR(""), &a, &f, NULL) == RC_ABSENT);
	CHECK(evolution_ask_file_read(200, STR("{}"), &a, &f, NULL) == RC_ABSENT);
	CHECK(evolution_ask_file_read(500, STR(""), &a, &f, NULL) == RC_RETRY);
}
