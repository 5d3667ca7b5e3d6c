/* test_match.c - which route serves a request; 404 and 405. */
#include "api/match.h"

#include "t.h"

static const struct route ROWS[] = {
	{ .method = "GET", .path = "/a", .where = WEB_MAIN },
	{ .method = "POST", .path = "/a", .where = WEB_MAIN },
	{ .method = "POST", .path = "/a/retry", .where = WEB_MAIN },
	{ .method = "GET", .path = "/a/{id}", .where = WEB_MAIN | WEB_HOOKS },
	{ .method = "DELETE", .path = "/a/{id}", .where = WEB_MAIN },
	{ .method = "GET", .path = "/a/{id}/b/{other}", .where = WEB_MAIN },
	{ .method = "GET", .path = "/f/{hash}/{rest*}", .where = WEB_MAIN },
};

TEST(match_finds_the_row_and_the_parameters)
{
	static const struct {
		const char *method, *path;
		enum web_listener on;
		int row; /* -1: 404, -2: 405 */
		const char *first, *second;
	} CASES[] = {
		{ "GET", "/a", WEB_MAIN, 0, NULL, NULL },
		{ "HEAD", "/a", WEB_MAIN, 0, NULL, NULL },
		{ "POST", "/a", WEB_MAIN, 1, NULL, NULL },
		{ "PUT", "/a", WEB_MAIN, -2, NULL, NULL },
		{ "GET", "/a/", WEB_MAIN, -1, NULL, NULL },
		{ "GET", "/", WEB_MAIN, -1, NULL, NULL },
		{ "GET", "/aa", WEB_MAIN, -1, NULL, NULL },
		{ "POST", "/a/retry", WEB_MAIN, 2, NULL, NULL },
		{ "GET", "/a/retry", WEB_MAIN, 3, "retry", NULL },
		{ "GET", "/a/7", WEB_MAIN, 3, "7", NULL },
		{ "GET", "/a/7", WEB_HOOKS, 3, "7", NULL },
		{ "DELETE", "/a/7", WEB_HOOKS, -2, NULL, NULL },
		{ "GET", "/a", WEB_HOOKS, -1, NULL, NULL },
		{ "GET", "/a/7/b/8", WEB_MAIN, 5, "7", "8" },
		{ "GET", "/a/7/b/", WEB_MAIN, -1, NULL, NULL },
		{ "GET", "/a//b/8", WEB_MAIN, -1, NULL, NULL },
		{ "GET", "/a/7/b/8/9", WEB_MAIN, -1, NULL, NULL },
		{ "GET", "/f/x/y/z.js", WEB_MAIN, 6, "x", "y/z.js" },
		{ "GET", "/f/x/", WEB_MAIN, -1, NULL, NULL },
	};

	EACH (t, CASES) {
		struct req q = { .method = t->method, .path = t->path, .listener = t->on };
		struct match m;
		enum rc rc = match_find(ROWS, COUNT(ROWS), &q, &m);

		CHECK_I64(t->path, rc, t->row >= 0 ? RC_OK : t->row == -1 ? RC_ABSENT : RC_REFUSED);
		if (rc != RC_OK)
			continue;
		CHECK_I64(t->path, m.route - ROWS, t->row);
		CHECK_I64(t->path, m.params, (t->first != NULL) + (t->second != NULL));
		if (t->first != NULL)
			CHECK_SPAN(t->path, m.param[0], str_of(t->first));
		if (t->second != NULL)
			CHECK_SPAN(t->path, m.param[1], str_of(t->second));
	}
}

TEST(match_says_which_methods_a_path_has)
{
	struct req q = { .method = "PATCH", .path = "/a/7", .listener = WEB_MAIN };
	struct match m;

	CHECK_I64("refused", match_find(ROWS, COUNT(ROWS), &q, &m), RC_REFUSED);
	CHECK_STR("allow", m.allow, "GET, HEAD, DELETE");
	q.listener = WEB_HOOKS;
	CHECK_I64("refused", match_find(ROWS, COUNT(ROWS), &q, &m), RC_REFUSED);
	CHECK_STR("only what this listener has", m.allow, "GET, HEAD");
}

TEST(match_knows_patterns)
{
	struct match m;

	CHECK(match_path("/x/{a}.json", STR("/x/1.json"), &m) ==
	      false); /* a parameter is a whole segment */
	CHECK(match_path("/x/{a}", STR("/x/a%2Fb"), &m));
	CHECK(!match_path("/x", STR(""), &m));
	CHECK(!match_path("/x", STR_NONE, &m));
}
