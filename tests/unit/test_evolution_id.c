/* test_evolution_id.c - addresses, ids and values in their spellings. */
#include "peer/evolution/evolution_id.h"

#include "peer/evolution/evolution_hook.h"
#include "peer/evolution/evolution_value.h"
#include "t.h"

TEST(addresses_are_phones_lids_and_groups)
{
	static const struct {
		const char *jid, *address;
	} rows[] = {
		{ "5511955501234@s.whatsapp.net", "5511955501234" },
		{ "5511955501234:7@s.whatsapp.net", "5511955501234" },
		{ "5511955501234_2:7@c.us", "5511955501234" },
		{ "123456789012345@lid", "123456789012345@lid" },
		{ "123456789012345:1@hosted.lid", "123456789012345@lid" },
		{ "120363025550001234@g.us", "120363025550001234@g.us" },
		{ "5511999990000-1500000000@g.us", "5511999990000-1500000000@g.us" },
		{ "status@broadcast", "" },
		{ "123@newsletter", "" },
		{ "1234567890123456@s.whatsapp.net", "" }, /* 16 digits are no phone */
		{ "12a45678@s.whatsapp.net", "" },
		{ "5511955501234", "" },
		{ "@lid", "" },
		{ "", "" },
	};
	char text[WA_ADDRESS_MAX + 1];
	for (size_t i = 0; i < COUNT(rows); i++) {
		evolution_address(evolution_jid(str_of(rows[i].jid)), text);
		CHECK_SPAN(rows[i].jid, str_of(text), str_of(rows[i].address));
	}
}

TEST(a_number_for_sending_is_a_whole_jid)
{
	char text[WA_ADDRESS_MAX + 1];
	CHECK(evolution_number(STR("+5511955501234"), text));
	CHECK_SPAN("phone", str_of(text), STR("5511955501234@s.whatsapp.net"));
	CHECK(evolution_number(STR("123456789012345@lid"), text));
	CHECK_SPAN("lid", str_of(text), STR("123456789012345@lid"));
	CHECK(evolution_number(STR("120363025550001234@g.us"), text));
	CHECK(!evolution_number(STR("BR.1a2b3c"), text));
	CHECK(!evolution_number(STR("status@broadcast"), text));
	CHECK(!evolution_number(STR(""), text));
	CHECK(!evolution_number(STR("1234"), text));
}

TEST(ids_of_two_channels_do_not_meet)
{
	char a[WA_ID_MAX + 1], b[WA_ID_MAX + 1], long_key[EVOLUTION_KEY_MAX + 2];
	CHECK(evolution_id_make("loja", STR("3EB0AA"), a) &&
	      evolution_id_make("matriz", STR("3EB0AA"), b));
	CHECK_SPAN("id", str_of(a), STR("loja:3EB0AA"));
	CHECK(strcmp(a, b) != 0);
	CHECK_SPAN("key", evolution_id_key(str_of(a)), STR("3EB0AA"));
	CHECK_SPAN("act", evolution_id_key(STR("loja:3EB0AA:revoke")), STR("3EB0AA:revoke"));
	CHECK(!evolution_id_make("loja", STR(""), a));
	memset(long_key, 'A', sizeof long_key);
	CHECK(!evolution_id_make("loja", str_n(long_key, sizeof long_key), a));
}

TEST(an_own_key_is_the_same_for_the_same_message)
{
	char a[EVOLUTION_OWN_KEY_MAX], b[EVOLUTION_OWN_KEY_MAX], c[EVOLUTION_OWN_KEY_MAX];
	evolution_own_key(STR("0198c0de-0000-7000-8000-000000000001"), a);
	evolution_own_key(STR("0198c0de-0000-7000-8000-000000000001"), b);
	evolution_own_key(STR("0198c0de-0000-7000-8000-000000000002"), c);
	CHECK(strcmp(a, b) == 0 && strcmp(a, c) != 0);
	CHECK(strlen(a) == 32 && strspn(a, "0123456789ABCDEF") == 32);
}

static const struct json *parsed(const char *text, struct json **root)
{
	MUST(json_parse(str_of(text), root, &t_err));
	return *root;
}

TEST(bytes_come_in_four_spellings)
{
	static const char *const same[] = {
		"{\"0\":1,\"1\":2,\"2\":255}",
		"{\"2\":255,\"0\":1,\"1\":2}",
		"{\"type\":\"Buffer\",\"data\":\"AQL/\"}",
		"{\"type\":\"Buffer\",\"data\":[1,2,255]}",
		"[1,2,255]",
		"\"AQL/\"",
		"\"AQL_\"",
	};
	static const char *const bad[] = {
		"{\"0\":1,\"1\":2}",
		"{\"0\":1,\"1\":2,\"3\":3}",
		"[1,2,256]",
		"[1,2,-1]",
		"\"AQL\"",
		"{\"type\":\"Buffer\"}",
		"null",
		"3",
		"{\"0\":1,\"00\":2,\"1\":3}",
	};
	uint8_t bytes[3];
	for (size_t i = 0; i < COUNT(same); i++) {
		struct json *root AUTO(json_freep) = NULL;
		CHECK(evolution_bytes(parsed(same[i], &root), bytes, 3));
		CHECK(bytes[0] == 1 && bytes[1] == 2 && bytes[2] == 255);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct json *root AUTO(json_freep) = NULL;
		CHECK(!evolution_bytes(parsed(bad[i], &root), bytes, 3));
	}
}

TEST(whole_numbers_and_times)
{
	static const struct {
		const char *json;
		int64_t value, ms;
	} rows[] = {
		{ "1785240002", 1785240002, 1785240002000 },
		{ "\"1785240002\"", 1785240002, 1785240002000 },
		{ "1785240002123", 1785240002123, 1785240002123 },
		{ "{\"low\":1785240002,\"high\":0,\"unsigned\":true}", 1785240002, 1785240002000 },
		{ "{\"low\":-1,\"high\":0,\"unsigned\":true}", 4294967295, 4294967295000 },
		{ "{\"low\":-1,\"high\":-1}", -1, 0 },
		{ "1785240002123456", 1785240002123456, 0 },
		{ "{\"low\":\"x\",\"high\":0}", -7, 0 },
		{ "{\"low\":9999999999,\"high\":0}", -7, 0 },
		{ "true", -7, 0 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json *root AUTO(json_freep) = NULL;
		CHECK_I64(rows[i].json, evolution_long_or(parsed(rows[i].json, &root), -7),
			  rows[i].value);
		CHECK_I64(rows[i].json, evolution_time_ms(root), rows[i].ms);
	}
}

TEST(event_names_in_all_spellings)
{
	static const char *const same[] = { "messages.upsert", "MESSAGES_UPSERT", "messages-upsert",
					    "Messages.Upsert" };
	for (size_t i = 0; i < COUNT(same); i++)
		CHECK_SPAN(same[i], evolution_event_name(str_of(same[i])), STR("messages.upsert"));
	CHECK_SPAN("group", evolution_event_name(STR("GROUP_PARTICIPANTS_UPDATE")),
		   STR("group-participants.update"));
	CHECK_SPAN("new", evolution_event_name(STR("moon.phase")), STR("moon.phase"));
	CHECK_SPAN("none", evolution_event_name(STR_NONE), STR_NONE);
}

/* 25 MB of base64 inside of a body: decoded without a second copy of anything but the base64. */
TEST(a_large_inline_file_fits)
{
	struct arena a AUTO(arena_release) = ARENA(EVOLUTION_HOOK_ARENA_MAX);
	struct sbuf body AUTO(sbuf_release) = SBUF(32 * MIB);
	const size_t n = 25 * MIB;
	struct wa_batch b;
	sbuf_text(&body,
		  "{\"event\":\"messages.upsert\",\"instance\":\"loja\",\"data\":{\"key\":{"
		  "\"remoteJid\":\"5511955501234@s.whatsapp.net\",\"id\":\"A\"},\"message\":{"
		  "\"documentMessage\":{\"mimetype\":\"application/pdf\"},\"base64\":\"");
	char *room = sbuf_room(&body, n);
	CHECK(room != NULL);
	memset(room, 'A', n);
	sbuf_added(&body, n);
	sbuf_text(&body, "\"}}}");
	MUST(evolution_hook_decode(sbuf_view(&body), STR_NONE, &a, &b, &t_err));
	CHECK(b.count == 1 && b.items[0].message->media != NULL);
	CHECK_I64("base64", (int64_t)b.items[0].message->media->inline_base64.n, (int64_t)n);
	CHECK(a.used < n + MIB);
}
