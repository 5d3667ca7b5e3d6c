/* test_chatwoot.c - bodies, URLs and answers of Chatwoot, and the properties of its webhook
 * decoder; the decoder's field-by-field cases are in tests/golden/chatwoot. */
#include "peer/chatwoot/chatwoot.h"

#include "base/enc.h"
#include "io/json.h"
#include "peer/chatwoot/chatwoot_answer.h"
#include "peer/chatwoot/chatwoot_event.h"
#include "t.h"

#define BASE STR("https://chat.loja.test")

TEST(urls_follow_the_call)
{
	static const struct {
		enum chatwoot_call call;
		const char *method, *tail;
	} rows[] = {
		{ CHATWOOT_CONTACT_CREATE, "POST", "/contacts" },
		{ CHATWOOT_CONTACT_FILTER, "POST", "/contacts/filter" },
		{ CHATWOOT_CONTACT_SEARCH, "GET",
		  "/contacts/search?include_contact_inboxes=true&q=%2B55%201" },
		{ CHATWOOT_CONTACT_INBOX_CREATE, "POST", "/contacts/6/contact_inboxes" },
		{ CHATWOOT_CONTACT_CONVERSATIONS, "GET", "/contacts/6/conversations" },
		{ CHATWOOT_CONVERSATION_CREATE, "POST", "/conversations" },
		{ CHATWOOT_CONVERSATION_STATUS, "POST", "/conversations/41/toggle_status" },
		{ CHATWOOT_CONVERSATION_ASSIGN, "POST", "/conversations/41/assignments" },
		{ CHATWOOT_MESSAGE_CREATE, "POST", "/conversations/41/messages" },
		{ CHATWOOT_MESSAGE_LIST, "GET", "/conversations/41/messages?after=9000" },
		{ CHATWOOT_MESSAGE_STATUS, "PATCH", "/conversations/41/messages/9101" },
		{ CHATWOOT_INBOX_LIST, "GET", "/inboxes" },
		{ CHATWOOT_CONVERSATION_LIST, "GET",
		  "/conversations?status=all&sort_by=last_activity_at_desc&inbox_id=7&page=2" },
		{ CHATWOOT_LABEL_LIST, "GET", "/conversations/41/labels" },
		{ CHATWOOT_AGENT_LIST, "GET", "/agents" },
		{ CHATWOOT_TEAM_LIST, "GET", "/teams" },
		{ CHATWOOT_LABEL_SET, "POST", "/conversations/41/labels" },
		{ CHATWOOT_CONVERSATION_GET, "GET", "/conversations/41" },
		{ CHATWOOT_ATTRIBUTES_SET, "POST", "/conversations/41/custom_attributes" },
		{ CHATWOOT_CONTACT_UPDATE, "PUT", "/contacts/6" },
		{ CHATWOOT_CONTACT_MERGE, "POST", "/actions/contact_merge" },
	};
	const struct chatwoot_place p = { .base = BASE,
					  .account_id = 3,
					  .contact_id = 6,
					  .conversation_id = 41,
					  .message_id = 9101,
					  .after_id = 9000,
					  .inbox_id = 7,
					  .page = 2,
					  .query = STR("+55 1") };
	CHECK_I64("all calls", COUNT(rows) + 1, CHATWOOT_CALLS); /* and LAST_SEEN, below */
	EACH (r, rows) {
		struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
		MUST(chatwoot_url(r->call, &p, &b, &t_err));
		CHECK(str_starts(sbuf_view(&b), STR("https://chat.loja.test/api/v1/accounts/3/")));
		CHECK_STR(r->tail, sbuf_c(&b) + strlen("https://chat.loja.test/api/v1/accounts/3"),
			  r->tail);
		CHECK_STR(r->tail, chatwoot_method(r->call), r->method);
	}
}

TEST(what_the_customer_read_is_told_by_the_public_api)
{
	const struct chatwoot_place p = { .base = BASE,
					  .account_id = 3,
					  .conversation_id = 41,
					  .identifier = STR("abc"),
					  .source_id = STR("wa:5511") };
	struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
	MUST(chatwoot_url(CHATWOOT_LAST_SEEN, &p, &b, &t_err));
	CHECK_STR("url", sbuf_c(&b),
		  "https://chat.loja.test/public/api/v1/inboxes/abc/contacts/wa%3A5511/"
		  "conversations/41/update_last_seen");
	CHECK_STR("method", chatwoot_method(CHATWOOT_LAST_SEEN), "POST");
}

TEST(a_url_needs_its_ids)
{
	static const struct {
		enum chatwoot_call call;
		struct chatwoot_place p;
	} rows[] = {
		{ CHATWOOT_INBOX_LIST, { .base = { "chat.loja.test", 14 }, .account_id = 1 } },
		{ CHATWOOT_INBOX_LIST, { .base = { "https://x", 9 } } },
		{ CHATWOOT_CONTACT_INBOX_CREATE, { .base = { "https://x", 9 }, .account_id = 1 } },
		{ CHATWOOT_MESSAGE_CREATE, { .base = { "https://x", 9 }, .account_id = 1 } },
		{ CHATWOOT_MESSAGE_STATUS,
		  { .base = { "https://x", 9 }, .account_id = 1, .conversation_id = 2 } },
		{ CHATWOOT_CONTACT_SEARCH, { .base = { "https://x", 9 }, .account_id = 1 } },
	};
	EACH (r, rows) {
		struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
		CHECK_I64("invalid", chatwoot_url(r->call, &r->p, &b, NULL), RC_INVALID);
		CHECK_I64("untouched", b.n, 0);
	}
}

TEST(a_message_carries_its_marks_and_no_null)
{
	struct sbuf id AUTO(sbuf_release) = SBUF(KIB);
	struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
	MUST(chatwoot_source_id(STR("meta"), STR("wamid.A=="), &id, &t_err));
	CHECK_STR("id", sbuf_c(&id), "totem:meta:wamid.A==");
	struct chatwoot_message_new m = {
		.content = STR("oi \"**x**\""),
		.incoming = true,
		.source_id = sbuf_view(&id),
		.origin = STR("wa"),
		.mark = STR("0198"),
		.external_created_ms = 1790000000999,
		.in_reply_to = 9050,
	};
	MUST(chatwoot_message_new(&m, &b, &t_err));
	CHECK_STR(
		"incoming", sbuf_c(&b),
		"{\"content\":\"oi \\\"**x**\\\"\",\"message_type\":\"incoming\",\"private\":false,"
		"\"source_id\":\"totem:meta:wamid.A==\",\"content_attributes\":{\"totem\":{\"o\":"
		"\"wa\","
		"\"m\":\"0198\",\"v\":1},\"external_created_at\":1790000000,\"in_reply_to\":9050}"
		"}");
	sbuf_reset(&b);
	m = (struct chatwoot_message_new){ .content = STR("r"),
					   .origin = STR("n8n"),
					   .mark = STR("1"),
					   .source = STR("ai_response"),
					   .agent_bot_id = 2 };
	MUST(chatwoot_message_new(&m, &b, &t_err));
	CHECK_STR("bot", sbuf_c(&b),
		  "{\"content\":\"r\",\"message_type\":\"outgoing\",\"private\":false,\"sender_"
		  "type\":"
		  "\"AgentBot\",\"sender_id\":2,\"content_attributes\":{\"totem\":{\"o\":\"n8n\","
		  "\"m\":\"1\","
		  "\"v\":1},\"source\":\"ai_response\"}}");
	CHECK(str_find(sbuf_view(&b), STR("null")) < 0);
}

TEST(a_wrong_message_is_refused)
{
	static const struct {
		const char *why;
		struct chatwoot_message_new m;
	} rows[] = {
		{ "content", { .origin = { "wa", 2 }, .mark = { "1", 1 } } },
		{ "content",
		  { .content = { "\xff", 1 }, .origin = { "wa", 2 }, .mark = { "1", 1 } } },
		{ "content_attributes.totem", { .content = { "x", 1 }, .mark = { "1", 1 } } },
		{ "content_attributes.totem", { .content = { "x", 1 }, .origin = { "wa", 2 } } },
		{ "source",
		  { .content = { "x", 1 },
		    .origin = { "wa", 2 },
		    .mark = { "1", 1 },
		    .source = { "y", 1 } } },
		{ "source_id",
		  { .content = { "x", 1 },
		    .origin = { "wa", 2 },
		    .mark = { "1", 1 },
		    .source_id = { "y", 1 } } },
	};
	EACH (r, rows) {
		struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
		struct err e = { 0 };
		CHECK_I64(r->why, chatwoot_message_new(&r->m, &b, &e), RC_INVALID);
		CHECK(str_starts(str_of(e.text), str_of(r->why)));
	}
}

TEST(our_own_message_never_goes_out_again)
{
	/* What we write comes back in a webhook; each of the three marks alone stops it. */
	static const char *const rows[] = {
		"\"source_id\":\"totem:meta:w\",\"content_attributes\":{}",
		"\"content_attributes\":{\"totem\":{\"o\":\"wa\",\"m\":\"1\",\"v\":1}}",
		"\"source_id\":null,\"content_attributes\":{\"totem\":true}",
		"\"source_id\":null,\"content_attributes\":{\"source\":\"crm_mirror\"}",
		"\"content_attributes\":{\"source\":\"ai_response\"}",
	};
	EACH (r, rows) {
		struct arena a AUTO(arena_release) = ARENA(MIB);
		struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
		struct chatwoot_event ev = { 0 };
		enum chatwoot_reason reason;
		sbuf_printf(
			&b,
			"{\"event\":\"message_created\",\"id\":1,\"content\":\"x\",\"message_"
			"type\":"
			"\"outgoing\",\"private\":false,\"sender\":{\"id\":1,\"type\":\"user\"},"
			"\"conversation\":{\"id\":2},%s}",
			*r);
		MUST(chatwoot_event_decode(sbuf_view(&b), &a, &ev, &t_err));
		CHECK_I64(*r, chatwoot_event_decide(&ev, &reason), CHATWOOT_IGNORE);
	}
}

TEST(simple_bodies_are_as_documented)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(4 * KIB);
	const struct chatwoot_contact_new c = { 12, STR("wa:1"), STR("Rita"), STR("wa:1"),
						STR("5511955501234") };
	MUST(chatwoot_contact_new(&c, &b, &t_err));
	CHECK_STR("contact", sbuf_c(&b),
		  "{\"name\":\"Rita\",\"identifier\":\"wa:1\",\"phone_number\":\"+5511955501234\","
		  "\"inbox_id\":12,"
		  "\"source_id\":\"wa:1\"}");
	sbuf_reset(&b);
	MUST(chatwoot_contact_filter("phone_number", STR("+5511955501234"), &b, &t_err));
	CHECK_STR("filter", sbuf_c(&b),
		  "{\"payload\":[{\"attribute_key\":\"phone_number\",\"filter_operator\":\"equal_"
		  "to\","
		  "\"values\":[\"5511955501234\"],\"query_operator\":null}]}");
	sbuf_reset(&b);
	MUST(chatwoot_contact_inbox_new(12, STR("wa:1"), &b, &t_err));
	CHECK_STR("inbox", sbuf_c(&b), "{\"inbox_id\":12,\"source_id\":\"wa:1\"}");
	sbuf_reset(&b);
	const struct chatwoot_conversation_new n = { 12, 6, STR("wa:1"), STR("open") };
	MUST(chatwoot_conversation_new(&n, &b, &t_err));
	CHECK_STR("conversation", sbuf_c(&b),
		  "{\"inbox_id\":12,\"contact_id\":6,\"source_id\":\"wa:1\",\"status\":\"open\"}");
	sbuf_reset(&b);
	MUST(chatwoot_conversation_status(STR("resolved"), &b, &t_err));
	CHECK_STR("toggle", sbuf_c(&b), "{\"status\":\"resolved\"}");
	sbuf_reset(&b);
	MUST(chatwoot_message_status(STR("failed"), STR("(131047)"), &b, &t_err));
	CHECK_STR("failed", sbuf_c(&b), "{\"status\":\"failed\",\"external_error\":\"(131047)\"}");
	sbuf_reset(&b);
	MUST(chatwoot_message_status(STR("read"), STR("ignored"), &b, &t_err));
	CHECK_STR("read", sbuf_c(&b), "{\"status\":\"read\"}");
	CHECK_I64("word", chatwoot_message_status(STR("played"), STR_NONE, &b, NULL), RC_INVALID);
	CHECK_I64("word", chatwoot_conversation_status(STR(""), &b, NULL), RC_INVALID);
	CHECK_I64("attribute", chatwoot_contact_filter("name", STR("x"), &b, NULL), RC_INVALID);
	CHECK_I64("provider", chatwoot_source_id(STR("Meta"), STR("x"), &b, NULL), RC_INVALID);
	CHECK_I64("blank", chatwoot_source_id(STR("meta"), STR("a b"), &b, NULL), RC_INVALID);
}

TEST(the_verdict_follows_the_answer)
{
	static const struct {
		const char *why;
		enum chatwoot_call call;
		enum rc rc;
		int status;
		const char *body;
		int64_t after;
		int tries;
		enum chatwoot_class cls;
		int64_t retry_ms;
	} rows[] = {
		{ "created", CHATWOOT_MESSAGE_CREATE, RC_OK, 200, "{\"id\":7}", -1, 1,
		  CHATWOOT_DONE, -1 },
		{ "garbled", CHATWOOT_MESSAGE_CREATE, RC_OK, 200, "<html>", -1, 1, CHATWOOT_UNKNOWN,
		  -1 },
		{ "no id", CHATWOOT_MESSAGE_CREATE, RC_OK, 200, "{}", -1, 1, CHATWOOT_UNKNOWN, -1 },
		{ "lost", CHATWOOT_MESSAGE_CREATE, RC_UNKNOWN, 0, "", -1, 1, CHATWOOT_UNKNOWN, -1 },
		{ "lost, reading", CHATWOOT_MESSAGE_LIST, RC_UNKNOWN, 0, "", -1, 1, CHATWOOT_RETRY,
		  2000 },
		{ "lost, unique", CHATWOOT_CONTACT_CREATE, RC_UNKNOWN, 0, "", -1, 1, CHATWOOT_RETRY,
		  2000 },
		{ "not reached", CHATWOOT_MESSAGE_CREATE, RC_RETRY, 0, "", -1, 3, CHATWOOT_RETRY,
		  8000 },
		{ "for ever", CHATWOOT_MESSAGE_CREATE, RC_RETRY, 0, "", -1, 99999, CHATWOOT_RETRY,
		  900000 },
		{ "guard", CHATWOOT_MESSAGE_CREATE, RC_REFUSED, 0, "", -1, 1, CHATWOOT_PARK, -1 },
		{ "500", CHATWOOT_MESSAGE_CREATE, RC_OK, 500, "{\"error\":\"x\"}", -1, 1,
		  CHATWOOT_UNKNOWN, -1 },
		{ "502", CHATWOOT_CONVERSATION_CREATE, RC_OK, 502, "", -1, 1, CHATWOOT_UNKNOWN,
		  -1 },
		{ "503 status", CHATWOOT_MESSAGE_STATUS, RC_OK, 503, "", -1, 1, CHATWOOT_RETRY,
		  2000 },
		{ "401", CHATWOOT_MESSAGE_CREATE, RC_OK, 401,
		  "{\"error\":\"Invalid Access Token\"}", -1, 1, CHATWOOT_PARK, -1 },
		{ "403", CHATWOOT_MESSAGE_STATUS, RC_OK, 403, "{}", -1, 1, CHATWOOT_PARK, -1 },
		{ "404", CHATWOOT_MESSAGE_CREATE, RC_OK, 404,
		  "{\"error\":\"Resource could not be found\"}", -1, 1, CHATWOOT_GONE, -1 },
		{ "404 HTML", CHATWOOT_MESSAGE_CREATE, RC_OK, 404, "<html>", -1, 1, CHATWOOT_PARK,
		  -1 },
		{ "302", CHATWOOT_MESSAGE_CREATE, RC_OK, 302, "", -1, 1, CHATWOOT_PARK, -1 },
		{ "taken", CHATWOOT_CONTACT_CREATE, RC_OK, 422,
		  "{\"message\":\"Phone number has already been "
		  "taken\",\"attributes\":[\"phone_number\"]}",
		  -1, 1, CHATWOOT_REUSE, -1 },
		{ "unique", CHATWOOT_CONVERSATION_CREATE, RC_OK, 422,
		  "{\"message\":\"source_id should be unique\"}", -1, 1, CHATWOOT_REUSE, -1 },
		{ "too many", CHATWOOT_MESSAGE_CREATE, RC_OK, 422,
		  "{\"error\":\"Too many messages\"}", -1, 1, CHATWOOT_BACKOFF, 60000 },
		{ "429", CHATWOOT_CONTACT_SEARCH, RC_OK, 429, "", 5000, 1, CHATWOOT_BACKOFF, 5000 },
		{ "422", CHATWOOT_MESSAGE_CREATE, RC_OK, 422, "{\"error\":\"Content is too long\"}",
		  -1, 1, CHATWOOT_REJECTED, -1 },
		{ "406", CHATWOOT_MESSAGE_CREATE, RC_OK, 406, "{}", -1, 1, CHATWOOT_REJECTED, -1 },
		{ "found", CHATWOOT_CONTACT_FILTER, RC_OK, 200, "{\"payload\":[]}", -1, 1,
		  CHATWOOT_DONE, -1 },
		{ "patched", CHATWOOT_MESSAGE_STATUS, RC_OK, 200, "{}", -1, 1, CHATWOOT_DONE, -1 },
	};
	EACH (r, rows) {
		struct chatwoot_verdict v;
		const struct chatwoot_answer a = { r->call,         r->rc,    r->status,
						   str_of(r->body), r->after, r->tries };
		chatwoot_answer_judge(&a, &v);
		CHECK_STR(r->why, chatwoot_answer_class_name(v.cls),
			  chatwoot_answer_class_name(r->cls));
		CHECK_I64(r->why, v.retry_ms, r->retry_ms);
		CHECK(v.text[0] != '\0');
	}
}

TEST(answers_are_read)
{
	struct arena a AUTO(arena_release) = ARENA(MIB);
	struct chatwoot_contact c = { 0 };
	struct chatwoot_contacts list = { 0 };
	struct chatwoot_conversations talks = { 0 };
	struct str source = STR_NONE;
	int64_t id = 0;
	MUST(chatwoot_answer_contact(
		STR("{\"payload\":{\"contact\":{\"id\":6,\"name\":\"Rita\",\"phone_number\":"
		    "\"+55\"},\"contact_inbox\":{\"source_id\":\"wa:1\"}}}"),
		&a, &c, &t_err));
	CHECK_I64("id", c.id, 6);
	CHECK_STR("source", c.source_id.p, "wa:1");
	MUST(chatwoot_answer_contacts(STR("{\"payload\":[{\"id\":6,\"contact_inboxes\":[{\"source_"
					  "id\":\"a\",\"inbox\":{\"id\":11}},"
					  "{\"source_id\":\"b\",\"inbox\":{\"id\":12}}]},{\"name\":"
					  "\"no id\"},{\"id\":7}]}"),
				      12, &a, &list, &t_err));
	CHECK_I64("count", list.count, 2);
	CHECK_STR("second inbox", list.items[0].source_id.p, "b");
	CHECK(list.items[1].source_id.p == NULL);
	MUST(chatwoot_answer_contact_inbox(STR("{\"id\":8,\"source_id\":\"wa:1\"}"), &a, &source,
					   &t_err));
	CHECK_STR("source", source.p, "wa:1");
	MUST(chatwoot_answer_id(STR("{\"id\":41}"), &id, &t_err));
	CHECK_I64("id", id, 41);
	MUST(chatwoot_answer_conversations(
		STR("{\"payload\":[{\"id\":41,\"inbox_id\":12,\"status\":\"open\"},{}]}"), &a,
		&talks, &t_err));
	CHECK_I64("count", talks.count, 1);
	CHECK_STR("status", talks.items[0].status.p, "open");
	CHECK_I64("no list", chatwoot_answer_contacts(STR("{}"), 1, &a, &list, NULL), RC_INVALID);
	CHECK_I64("no id", chatwoot_answer_id(STR("{\"id\":\"x\"}"), &id, NULL), RC_INVALID);
	CHECK_I64("no contact", chatwoot_answer_contact(STR("[]"), &a, &c, NULL), RC_INVALID);
}

TEST(a_lost_message_is_found_by_its_source_id)
{
	struct arena a AUTO(arena_release) = ARENA(MIB);
	struct chatwoot_messages list = { 0 };
	enum chatwoot_reason reason;
	MUST(chatwoot_answer_messages(
		STR("{\"meta\":{},\"payload\":[{\"id\":9101,\"content\":\"a\",\"message_type\":1,"
		    "\"private\":false,"
		    "\"created_at\":1790000001,\"conversation_id\":41,\"source_id\":\"totem:meta:"
		    "A\",\"status\":"
		    "\"sent\"},{\"content\":\"no id\"},{\"id\":9103,\"content\":\"do "
		    "agente\",\"message_type\":1,"
		    "\"private\":false,\"created_at\":1790000002,\"conversation_id\":41,\"sender\":"
		    "{\"id\":5,"
		    "\"type\":\"user\"}}]}"),
		&a, &list, &t_err));
	CHECK_I64("count", list.count, 2);
	CHECK_I64("unreadable", list.unreadable, 1);
	CHECK_I64("last", list.last_id, 9103);
	const struct chatwoot_event *found = chatwoot_answer_find(&list, STR("totem:meta:A"));
	CHECK(found != NULL && found->message_id == 9101);
	CHECK(chatwoot_answer_find(&list, STR("totem:meta:B")) == NULL);
	CHECK(chatwoot_answer_find(&list, STR_NONE) == NULL);
	CHECK_I64("ours", chatwoot_event_decide(&list.items[0], &reason), CHATWOOT_IGNORE);
	CHECK_I64("the agent's", chatwoot_event_decide(&list.items[1], &reason), CHATWOOT_SEND);
	CHECK_I64("time", list.items[1].created_ms, 1790000002000);
}

TEST(a_webhook_cut_or_changed_anywhere_is_survived)
{
	static const char sample[] = "{\"event\":\"message_created\",\"id\":9101,\"content\":"
				     "\"a\\u0000b\",\"message_type\":\"outgoing\","
				     "\"private\":true,\"content_attributes\":{\"totem\":{\"o\":"
				     "\"wa\"}},\"attachments\":[{}],"
				     "\"sender\":{\"id\":1,\"type\":\"user\"},\"conversation\":{"
				     "\"id\":2,\"contact_inbox\":{}}}";
	char copy[sizeof sample];
	for (size_t i = 0; i < sizeof sample - 1; i++) {
		struct arena a AUTO(arena_release) = ARENA(MIB);
		struct chatwoot_event ev = { 0 };
		enum chatwoot_reason reason;
		CHECK_I64("cut", chatwoot_event_decode(str_n(sample, i), &a, &ev, NULL),
			  RC_INVALID);
		memcpy(copy, sample, sizeof sample);
		copy[i] = '\xff';
		if (chatwoot_event_decode(str_n(copy, sizeof sample - 1), &a, &ev, NULL) == RC_OK)
			CHECK(enc_utf8_ok(ev.content));
		(void)chatwoot_event_decide(&ev, &reason); /* of anything */
	}
}

TEST(a_full_arena_is_told)
{
	static const char body[] =
		"{\"event\":\"message_created\",\"id\":1,\"content\":\"0123456789\","
		"\"conversation\":{\"id\":2},\"attachments\":[{}]}";
	for (size_t max = 0; max < 96; max += 8) {
		struct arena a AUTO(arena_release) = ARENA(max);
		struct chatwoot_event ev = { .message_id = 77 };
		enum rc rc = chatwoot_event_decode(str_of(body), &a, &ev, NULL);
		CHECK(rc == RC_LIMIT ? ev.message_id == 77 : rc == RC_OK);
	}
}
