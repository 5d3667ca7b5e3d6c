/* test_n8n_action.c - the actions of a workflow's answer. */
#include "peer/n8n/n8n_action.h"
#include "peer/wa/wa_content.h"

#include "t.h"

static enum rc read(const char *text, struct arena *a, struct n8n_actions *ret)
{
	AUTO(json_freep) struct json *root = NULL;

	json_start();
	err_clear(&t_err);
	MUST(json_parse(str_of(text), &root, &t_err));
	return n8n_actions_read(root, a, ret, &t_err);
}

TEST(sends_keep_the_content_of_their_type)
{
	static const struct {
		const char *json, *type, *text, *content;
	} ROWS[] = {
		{ "{\"type\":\"text\",\"text\":\"Hola\"}", "text", "Hola", NULL },
		{ "[{\"type\":\"text\",\"text\":{\"body\":\"Hola\",\"preview_url\":true}}]", "text",
		  "Hola", "{\"preview_url\":true}" },
		{ "{\"type\":\"image\",\"image\":{\"media_id\":\"m\",\"caption\":\"c\"}}", "image",
		  NULL, "{\"media_id\":\"m\",\"caption\":\"c\"}" },
		{ "{\"type\":\"template\",\"template\":{\"name\":\"t\",\"language\":{\"code\":"
		  "\"es\"}}}",
		  "template", NULL, "{\"name\":\"t\",\"language\":{\"code\":\"es\"}}" },
		{ "{\"type\":\"buttons\",\"text\":\"\xC2\xBFSigue?\",\"buttons\":[\"S\xC3\xAD\","
		  "{\"id\":\"no\",\"title\":\"No\"}]}",
		  "interactive", NULL,
		  "{\"type\":\"button\",\"body\":{\"text\":\"\xC2\xBFSigue?\"},\"action\":{"
		  "\"buttons\":["
		  "{\"type\":\"reply\",\"reply\":{\"id\":\"b1\",\"title\":\"S\xC3\xAD\"}},"
		  "{\"type\":\"reply\",\"reply\":{\"id\":\"no\",\"title\":\"No\"}}]}}" },
	};

	EACH (r, ROWS) {
		AUTO(arena_release) struct arena a = ARENA(64 * KIB);
		struct n8n_actions list;

		MUST(read(r->json, &a, &list));
		CHECK_I64(r->json, list.count, 1);
		CHECK_I64(r->json, list.items[0].kind, N8N_SEND);
		CHECK_STR(r->json, list.items[0].type, r->type);
		CHECK_SPAN(r->json, list.items[0].text, str_of(r->text));
		CHECK_SPAN(r->json, list.items[0].content_json, str_of(r->content));
	}
}

TEST(decisions_are_read)
{
	AUTO(arena_release) struct arena a = ARENA(256 * KIB);
	struct n8n_actions list;

	MUST(read(
		"[{\"type\":\"handover\",\"reason\":\"pide\",\"assignee\":7,\"team\":\"ventas\","
		"\"minutes\":60},{\"type\":\"close\"},{\"type\":\"status\",\"status\":\"pending\"},"
		"{\"type\":\"assign\",\"assignee\":\"ana@x.test\"},"
		"{\"type\":\"label\",\"add\":[\"vip\",\"b\"],\"remove\":[\"c\"]},"
		"{\"type\":\"label\",\"label\":\"d\"},"
		"{\"type\":\"attribute\",\"name\":\"dni\",\"value\":\"08408122\"},"
		"{\"type\":\"attribute\",\"name\":\"n\",\"value\":5},"
		"{\"type\":\"attribute\",\"name\":\"gone\",\"value\":null},{\"type\":\"handover\"}"
		"]",
		&a, &list));
	CHECK_I64("all", list.count, 10);
	CHECK_SPAN("a number as id", list.items[0].assignee, STR("7"));
	CHECK_SPAN("team", list.items[0].team, STR("ventas"));
	CHECK_I64("minutes", list.items[0].minutes, 60);
	CHECK_SPAN("close", list.items[1].status, STR("resolved"));
	CHECK_SPAN("status", list.items[2].status, STR("pending"));
	CHECK_I64("assign", list.items[3].kind, N8N_ASSIGN);
	CHECK_I64("labels", list.items[4].add_count, 2);
	CHECK_SPAN("removed", list.items[4].remove[0], STR("c"));
	CHECK_SPAN("one label", list.items[5].add[0], STR("d"));
	CHECK_SPAN("leading zeros stay", list.items[6].value, STR("08408122"));
	CHECK_SPAN("a number", list.items[7].value, STR("5"));
	CHECK_I64("null removes", list.items[8].value.n, 0);
	CHECK_I64("as configured", list.items[9].minutes, -1);
}

TEST(actions_that_are_none_are_refused)
{
	static const char *const ROWS[] = {
		"[1]",
		"[\"text\"]",
		"{\"type\":\"dance\"}",
		"{\"text\":\"x\"}",
		"{\"type\":\"text\"}",
		"{\"type\":\"text\",\"text\":\"\"}",
		"{\"type\":\"image\"}",
		"{\"type\":\"buttons\",\"text\":\"x\"}",
		"{\"type\":\"buttons\",\"text\":\"x\",\"buttons\":[\"1\",\"2\",\"3\",\"4\"]}",
		"{\"type\":\"status\"}",
		"{\"type\":\"label\"}",
		"{\"type\":\"label\",\"add\":[1]}",
		"{\"type\":\"attribute\",\"value\":\"x\"}",
		"{\"type\":\"attribute\",\"name\":\"x\",\"value\":[]}",
		"{\"type\":\"handover\",\"minutes\":-1}",
		"{\"type\":\"handover\",\"minutes\":\"soon\"}",
		"[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]",
	};

	EACH (r, ROWS) {
		AUTO(arena_release) struct arena a = ARENA(256 * KIB);
		struct n8n_actions list;

		CHECK_I64(*r, read(*r, &a, &list), RC_INVALID);
		CHECK(str_starts(str_of(t_err.text), STR("actions")));
	}
}

TEST(nothing_is_no_action)
{
	AUTO(arena_release) struct arena a = ARENA(KIB);
	struct n8n_actions list;

	MUST(read("[]", &a, &list));
	CHECK_I64("none", list.count, 0);
}

TEST(a_content_that_is_too_long_is_the_workflows_fault_and_those_before_it_stay)
{
	AUTO(arena_release) struct arena a = ARENA(2 * MIB);
	AUTO(sbuf_release) struct sbuf long_text = SBUF(2 * WA_CONTENT_MAX), json = SBUF(4 * MIB);
	static const char *const FORMS[] = {
		"[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\",\"image\":{\"link\":\"%"
		"s\"}}]",
		"[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"buttons\",\"text\":\"%s\","
		"\"buttons\":[\"b\"]}]",
	};
	struct n8n_actions list;

	for (size_t i = 0; i < WA_CONTENT_MAX; i++)
		sbuf_char(&long_text, 'x');
	EACH (form, FORMS) {
		const char *cut = strstr(*form, "%s");

		sbuf_reset(&json);
		sbuf_str(&json, str_n(*form, (size_t)(cut - *form)));
		sbuf_str(&json, sbuf_view(&long_text));
		sbuf_text(&json, cut + 2);
		CHECK_I64(*form, read(sbuf_c(&json), &a, &list), RC_INVALID);
		CHECK_I64(*form, list.count, 1);
	}
}
