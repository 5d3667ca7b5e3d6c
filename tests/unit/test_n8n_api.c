/* test_n8n_api.c - our workflow files as n8n's public API takes them, and its answers. */
#include "peer/n8n/n8n_api.h"

#include "io/asset.h"
#include "t.h"

static const char *const FILES[] = { "/n8n/echo.json", "/n8n/dni.json" };

static struct json *filled(const char *file, enum n8n_door door)
{
	AUTO(sbuf_release) struct sbuf plain = SBUF(256 * KIB);
	AUTO(sbuf_release) struct sbuf b = SBUF(256 * KIB);
	const struct n8n_api_fill fill = { .box = STR("http://box\"x:8081"),
					   .door = door,
					   .door_id = door == N8N_DOOR_NONE ? STR_NONE : STR("D1"),
					   .api_id = STR("A1") };
	const struct asset *a = asset_find(file);
	struct json *root = NULL;

	json_start();
	ASSERT(a != NULL);
	MUST(asset_plain(a, &plain, &t_err));
	MUST(n8n_api_workflow(sbuf_view(&plain), &fill, &b, &t_err));
	MUST(json_parse(sbuf_view(&b), &root, &t_err));
	return root;
}

static const struct json *node_of(const struct json *root, const char *type)
{
	for (const struct json *n = json_first(json_get(root, "nodes")); n != NULL;
	     n = json_next(n))
		if (str_eqc(json_get_str(n, "type"), type))
			return n;
	return NULL;
}

TEST(only_what_the_schema_allows_is_left)
{
	EACH (f, FILES) {
		AUTO(json_freep) struct json *root = filled(*f, N8N_DOOR_HEADER);

		CHECK_I64(*f, json_count(root), 4);
		CHECK(json_get_str(root, "name").n > 0);
		CHECK(json_count(json_get(root, "nodes")) >= 2);
		CHECK(json_count(json_get(root, "connections")) >= 1);
		CHECK_SPAN(*f,
			   json_str(json_path(node_of(root, "n8n-nodes-base.webhook"),
					      "credentials.httpHeaderAuth.id")),
			   STR("D1"));
	}
}

TEST(each_door_has_its_word_and_credential)
{
	static const struct {
		enum n8n_door door;
		const char *word, *path;
	} ROWS[] = {
		{ N8N_DOOR_NONE, "none", NULL },
		{ N8N_DOOR_HEADER, "headerAuth", "credentials.httpHeaderAuth.id" },
		{ N8N_DOOR_BASIC, "basicAuth", "credentials.httpBasicAuth.id" },
		{ N8N_DOOR_JWT, "jwtAuth", "credentials.jwtAuth.id" },
	};

	EACH (r, ROWS) {
		AUTO(json_freep) struct json *root = filled(FILES[1], r->door);
		const struct json *hook = node_of(root, "n8n-nodes-base.webhook");
		const struct json *call = node_of(root, "n8n-nodes-base.httpRequest");

		CHECK_SPAN(r->word, json_str(json_path(hook, "parameters.authentication")),
			   str_of(r->word));
		if (r->path != NULL)
			CHECK_SPAN(r->word, json_str(json_path(hook, r->path)), STR("D1"));
		else
			CHECK_I64("none", json_count(json_get(hook, "credentials")), 0);
		CHECK_SPAN("the box", json_str(json_path(call, "parameters.url")),
			   STR("http://box\"x:8081/query"));
		CHECK_SPAN("its token", json_str(json_path(call, "credentials.httpHeaderAuth.id")),
			   STR("A1"));
	}
}

TEST(files_that_are_no_workflow_are_refused)
{
	static const char nodes_of_wrong_kind[] =
		"{\"name\":\"x\",\"nodes\":{},\"connections\":{},\"settings\":{}}";
	static const char *const ROWS[] = { "", "[]", "{}", "{\"name\":\"x\"}",
					    nodes_of_wrong_kind };
	const struct n8n_api_fill fill = { .door = N8N_DOOR_NONE };

	json_start();
	EACH (r, ROWS) {
		AUTO(arena_release) struct arena a = ARENA(KIB);
		AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
		struct str name, path;

		CHECK(n8n_api_workflow(str_of(*r), &fill, &b, NULL) != RC_OK);
		CHECK_I64(*r, b.n, 0);
		CHECK(n8n_api_file(str_of(*r), &a, &name, &path, NULL) != RC_OK);
	}
}

TEST(credentials_have_the_form_of_their_type)
{
	static const struct {
		enum n8n_door door;
		const char *wanted;
	} ROWS[] = {
		{ N8N_DOOR_HEADER, "{\"name\":\"n\",\"type\":\"httpHeaderAuth\",\"data\":{\"name\":"
				   "\"a\",\"value\":\"b\\\"\"}}" },
		{ N8N_DOOR_BASIC, "{\"name\":\"n\",\"type\":\"httpBasicAuth\",\"data\":{\"user\":"
				  "\"a\",\"password\":\"b\\\"\"}}" },
		{ N8N_DOOR_JWT, "{\"name\":\"n\",\"type\":\"jwtAuth\",\"data\":{\"keyType\":"
				"\"passphrase\",\"secret\":\"b\\\"\",\"algorithm\":\"HS256\"}}" },
	};

	EACH (r, ROWS) {
		AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);

		MUST(n8n_api_credential("n", r->door, STR("a"), STR("b\""), &b, &t_err));
		CHECK_SPAN("body", sbuf_view(&b), str_of(r->wanted));
	}
}

TEST(answers_are_read)
{
	AUTO(arena_release) struct arena a = ARENA(4 * KIB);
	struct str id = STR_NONE, next = STR_NONE;
	char text[200];

	json_start();
	MUST(n8n_api_id(STR("{\"id\":\"x1\"}"), &a, &id, &t_err));
	CHECK_SPAN("text", id, STR("x1"));
	MUST(n8n_api_id(STR("{\"id\":7}"), &a, &id, &t_err));
	CHECK_SPAN("number", id, STR("7"));
	CHECK_I64("none", n8n_api_id(STR("{}"), &a, &id, NULL), RC_INVALID);
	CHECK_I64("HTML", n8n_api_id(STR("<html>"), &a, &id, NULL), RC_INVALID);
	MUST(n8n_api_find(
		STR("{\"data\":[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":\"b\"}]}"),
		STR("b"), &a, &id, &next, &t_err));
	CHECK_SPAN("found", id, STR("2"));
	CHECK_I64("next page",
		  n8n_api_find(STR("{\"data\":[],\"nextCursor\":\"c\"}"), STR("b"), &a, &id, &next,
			       NULL),
		  RC_ABSENT);
	CHECK_SPAN("cursor", next, STR("c"));
	CHECK_I64(
		"archived",
		n8n_api_find(STR("{\"data\":[{\"id\":\"2\",\"name\":\"b\",\"isArchived\":true}]}"),
			     STR("b"), &a, &id, &next, NULL),
		RC_ABSENT);
	CHECK_I64("no list", n8n_api_find(STR("{}"), STR("b"), &a, &id, &next, NULL), RC_INVALID);
	n8n_api_refusal(400, STR("{\"message\":\"conflict\",\"stack\":\"/srv/x.js\"}"), text,
			sizeof(text));
	CHECK_STR("its sentence", text, "n8n answered HTTP 400: conflict");
	n8n_api_refusal(401, STR("{\"message\":\"unauthorized\"}"), text, sizeof(text));
	CHECK_STR("the key", text, "n8n refuses the API key (HTTP 401)");
}
