/* test_auth.c - tokens, scopes, revocation, and who counts as this machine. */
#include "api/auth.h"

#include "t.h"

#include "box.h"

static struct box b;

TEST(auth_refuses_what_is_no_token)
{
	static const struct {
		const char *why, *header;
	} CASES[] = {
		{ "none", NULL },
		{ "empty", "" },
		{ "other scheme", "Basic dG90ZW06dG90ZW0=" },
		{ "no token", "Bearer " },
		{ "unknown", "Bearer totem_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
		{ "too long", "Bearer "
			      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			      "xxxxxxxxxxxx" },
	};

	box_open(&b, NULL, 0);
	EACH (t, CASES) {
		if (t->header != NULL)
			box_header(&b, "Authorization", t->header);
		CHECK_I64(t->why, box_do(&b, "GET", "/api/v1/queues", STR_NONE), 401);
		CHECK(box_has_header(&b, "WWW-Authenticate: Bearer"));
		CHECK_STR(t->why, b.r.content_type, "application/problem+json");
	}
	CHECK_I64("a good one", box_call(&b, "GET", "/api/v1/queues", NULL), 200);
	CHECK_I64("from memory", box_call(&b, "GET", "/api/v1/queues", NULL), 200);
	box_close(&b);
}

TEST(auth_asks_for_the_scope_of_the_route)
{
	char text[TOKEN_TEXT_MAX];

	box_open(&b, NULL, 0);
	(void)box_token(&b, SCOPE_BIT(SCOPE_QUEUES_READ), text);
	box_bearer(&b, text);
	CHECK_I64("has it", box_do(&b, "GET", "/api/v1/queues", STR_NONE), 200);
	box_bearer(&b, text);
	CHECK_I64("has it not", box_do(&b, "POST", "/api/v1/queues/messages/pause", STR_NONE), 403);
	box_bearer(&b, text);
	CHECK_I64("has it not", box_do(&b, "GET", "/api/v1/messages", STR_NONE), 403);
	CHECK(box_has(&b, "messages:read"));
	box_close(&b);
}

TEST(auth_forgets_a_revoked_token_at_once)
{
	char text[TOKEN_TEXT_MAX];
	const char *id;

	box_open(&b, NULL, 0);
	CHECK_I64("made",
		  box_call(&b, "POST", "/api/v1/tokens",
			   "{\"name\":\"x\",\"scopes\":[\"queues:read\"]}"),
		  201);
	CHECK(str_copy(str_of(box_get(&b, "token")), text, sizeof(text)));
	id = box_get(&b, "id");
	box_bearer(&b, text);
	CHECK_I64("works", box_do(&b, "GET", "/api/v1/queues", STR_NONE), 200);
	CHECK_I64("revoked",
		  box_call(&b, "DELETE", arena_printf(&b.arena, "/api/v1/tokens/%s", id), NULL),
		  200);
	box_bearer(&b, text);
	CHECK_I64("is over", box_do(&b, "GET", "/api/v1/queues", STR_NONE), 401);
	CHECK_I64("listed", box_call(&b, "GET", "/api/v1/tokens", NULL), 200);
	CHECK(!box_has(&b, text));
	box_close(&b);
}

TEST(auth_makes_no_token_that_may_do_more)
{
	char text[TOKEN_TEXT_MAX];

	box_open(&b, NULL, 0);
	(void)box_token(&b, SCOPE_BIT(SCOPE_SETTINGS), text);
	box_bearer(&b, text);
	CHECK_I64("more",
		  box_do(&b, "POST", "/api/v1/tokens", STR("{\"name\":\"x\",\"scopes\":\"all\"}")),
		  403);
	box_bearer(&b, text);
	CHECK_I64("less",
		  box_do(&b, "POST", "/api/v1/tokens",
			 STR("{\"name\":\"x\",\"scopes\":\"settings\"}")),
		  201);
	box_close(&b);
}

TEST(auth_knows_this_machine)
{
	static const struct {
		const char *why, *client, *host, *proxy;
		bool local;
	} CASES[] = {
		{ "plain", "127.0.0.1", "127.0.0.1:8080", NULL, true },
		{ "name", "127.0.0.1", "localhost", NULL, true },
		{ "six", "::1", "[::1]:8080", NULL, true },
		{ "six without a port", "::1", "[::1]", NULL, true },
		{ "mapped", "::ffff:127.0.0.1", "localhost:1", NULL, true },
		{ "another machine", "192.0.2.7", "localhost", NULL, false },
		{ "rebound name", "127.0.0.1", "evil.example:8080", NULL, false },
		{ "behind a proxy", "127.0.0.1", "localhost", "X-Forwarded-For", false },
		{ "behind another", "127.0.0.1", "localhost", "Via", false },
		{ "no host", "127.0.0.1", NULL, NULL, false },
	};

	box_open(&b, NULL, 0);
	EACH (t, CASES) {
		b.client = t->client;
		if (t->host != NULL)
			box_header(&b, "Host", t->host);
		if (t->proxy != NULL)
			box_header(&b, t->proxy, "192.0.2.1");
		CHECK_I64(t->why, box_do(&b, "GET", "/metrics", STR_NONE), t->local ? 200 : 401);
	}
	b.client = "192.0.2.7";
	CHECK_I64("with a token", box_call(&b, "GET", "/metrics", NULL), 200);
	CHECK(box_has(&b, "totem_queue_waiting{queue=\"webhooks\"} 0\n"));
	box_close(&b);
}
