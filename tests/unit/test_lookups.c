/* test_lookups.c - lookups through the API, with an upstream in this process in place of the network: one login for a
 * hundred callers, expiry, the return codes, the answer cache, the sealed session, the masked log. */
#include <stdatomic.h>

#include "t.h"

#include "base/log.h"
#include "base/thr.h"
#include "box.h"
#include "io/http.h"
#include "store/lookup_session.h"

#define CALLERS 100

/* ---- the upstream ---- */

static struct {
	_Atomic int logins, queries, arrived;
	_Atomic int valid;        /* number of the login whose token is taken; 0: none */
	_Atomic int login_status; /* 0: 200 */
	_Atomic bool down, wait_for_all;
	char last_url[300], last_header[300], last_body[300];
	const char *answer; /* NULL: the usual one */
	int status;
} up;

struct http {
	int unused;
};

enum rc http_start(struct err *e)
{
	(void)e;
	return RC_OK;
}
void http_stop(void) {}
const char *http_version(void)
{
	return "test";
}
enum rc http_set_ca_file(const char *path, struct err *e)
{
	(void)path;
	(void)e;
	return RC_OK;
}
struct http *http_new(void)
{
	return mem_new(1, sizeof(struct http));
}
void http_free(struct http *h)
{
	mem_free(h);
}
void http_answer_release(struct http_answer *a)
{
	sbuf_release(&a->body);
}

static enum rc answer(struct http_answer *a, int status, const char *body)
{
	a->body.max = 64 * KIB;
	sbuf_text(&a->body, body);
	a->status = status;
	return RC_OK;
}

static enum rc login(const struct http_request *req, struct http_answer *a)
{
	char text[80];
	int n;

	/* All hundred are on their way before the first login ends. */
	while (up.wait_for_all && atomic_load(&up.arrived) < CALLERS)
		(void)thr_name();
	n = atomic_fetch_add(&up.logins, 1) + 1;
	CHECK(str_copy(req->body, up.last_body, sizeof(up.last_body)));
	if (up.login_status != 0)
		return answer(a, up.login_status, "{\"error\":\"no\"}");
	up.valid = n;
	(void)snprintf(text, sizeof(text), "{\"token\":\"t%d\",\"expires_in\":600}", n);
	(void)snprintf(a->kept, sizeof(a->kept), "a=%d; Path=/\nSID=s%d; HttpOnly", n, n);
	return answer(a, 200, text);
}

static bool token_is_valid(const struct http_request *req)
{
	char wanted[40];

	(void)snprintf(wanted, sizeof(wanted), "Bearer t%d", up.valid);
	for (size_t i = 0; i < req->header_count; i++) {
		if (strcmp(req->headers[i].name, "Authorization") == 0)
			return strcmp(req->headers[i].value, wanted) == 0;
	}
	return true; /* a connector without a header */
}

enum rc http_do(struct http *h, const struct http_request *req, struct http_answer *a,
		struct err *e)
{
	(void)h;
	if (up.down)
		return FAIL(e, RC_RETRY, "upstream.test: refused");
	if (strstr(req->url, "/login") != NULL)
		return login(req, a);
	atomic_fetch_add(&up.queries, 1);
	if (!token_is_valid(req))
		return answer(a, 401, "{}");
	return answer(a, up.status != 0 ? up.status : 200,
		      up.answer != NULL ? up.answer
					: "{\"cliente\":{\"nombre\":\"Juan\",\"saldo\":5000}}");
}

static const char *const ARGS[] = {
	"api_per_second=0", /* the clock stands still here */
	"lookup.calidda.url=https://upstream.test/q?dni={{dni}}",
	"lookup.calidda.headers={\"Authorization\":\"Bearer {{token}}\"}",
	"lookup.calidda.login_url=https://upstream.test/login",
	"lookup.calidda.username=user",
	"lookup.calidda.password=pass\"word",
	"lookup.calidda.output_path=cliente",
	"lookup.calidda.cache_seconds=60",
};
#define CACHE_OFF 7 /* the row that is left out */

static struct box b;

static void open_box(size_t args)
{
	memset(&up, 0, sizeof(up));
	box_open(&b, ARGS, args);
}

static int64_t code_of(const char *body)
{
	CHECK_I64("status", box_call(&b, "POST", "/query", body), 200);
	return box_get_i64(&b, "return_code");
}

#define DNI "{\"dni\":\"08408122\"}"

TEST(a_dni_is_looked_up)
{
	open_box(CACHE_OFF);
	CHECK_I64("status", box_call(&b, "POST", "/query", DNI), 200);
	CHECK_SPAN("the form of source 001", box_body(&b),
		   STR("{\"success\":true,\"data\":{\"nombre\":\"Juan\",\"saldo\":5000},"
		       "\"return_code\":0}"));
	CHECK_STR("login body is JSON", up.last_body,
		  "{\"username\":\"user\",\"password\":\"pass\\\"word\"}");
	CHECK_I64("the same by name", box_call(&b, "POST", "/api/v1/lookups/calidda", DNI), 200);
	CHECK_I64("found", box_get_i64(&b, "return_code"), 0);
	CHECK_I64("one login", up.logins, 1);
	CHECK_I64("two queries", up.queries, 2);
	CHECK_I64("no such connector", box_call(&b, "POST", "/api/v1/lookups/other", DNI), 404);
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/lookups", NULL), 200);
	CHECK_STR("closed", box_get(&b, "data.0.state"), "closed");
	CHECK_I64("counted", box_get_i64(&b, "data.0.answers.found"), 2);
	CHECK(!box_has(&b, "pass"));
	box_close(&b);
}

TEST(outcomes_have_their_return_code)
{
	static const struct {
		const char *why, *body;
		int status;
		const char *answer;
		int64_t wanted;
	} ROWS[] = {
		{ "found", DNI, 200, "{\"cliente\":{\"n\":1}}", 0 },
		{ "404", DNI, 404, "{}", 1 },
		{ "nothing there", DNI, 200, "{\"cliente\":null}", 1 },
		{ "seven digits", "{\"dni\":\"8408122\"}", 200, NULL, 2 },
		{ "a number", "{\"dni\":8408122}", 200, NULL, 2 },
		{ "the upstream's word", DNI, 422, "{}", 2 },
		{ "never a session", DNI, 401, "{}", 3 },
		{ "500", DNI, 500, "{}", 4 },
		{ "HTML", DNI, 200, "<html>", 4 },
		{ "another form", DNI, 200, "{\"customer\":{}}", 4 },
		{ "redirect", DNI, 302, "", 4 },
		{ "slow down", DNI, 429, "{}", 5 },
	};

	EACH (r, ROWS) {
		open_box(CACHE_OFF);
		up.status = r->status;
		up.answer = r->answer;
		CHECK_I64(r->why, code_of(r->body), r->wanted);
		CHECK_I64(r->why, box_has(&b, "\"success\":true"), r->wanted == 0);
		CHECK_I64(r->why, box_has(&b, "\"data\":null"), r->wanted != 0);
		CHECK_I64(r->why, box_has(&b, "\"error\":"), r->wanted != 0);
		CHECK(!box_has(&b, "8408122"));
		box_close(&b);
	}
}

TEST(an_ended_session_means_one_login_and_one_more_try)
{
	open_box(CACHE_OFF);
	CHECK_I64("found", code_of(DNI), 0);
	up.valid = -1; /* the upstream forgot it */
	CHECK_I64("found again", code_of(DNI), 0);
	CHECK_I64("two logins", up.logins, 2);
	CHECK_I64("one query was for nothing", up.queries, 3);
	up.status = 401; /* and now it takes none */
	CHECK_I64("refused", code_of(DNI), 3);
	CHECK_I64("one more login only", up.logins, 3);
	CHECK_I64("two queries only", up.queries, 5);
	box_close(&b);
}

TEST(a_refused_login_is_not_repeated_at_once)
{
	open_box(CACHE_OFF);
	up.login_status = 401;
	CHECK_I64("refused", code_of(DNI), 3);
	CHECK_I64("refused", code_of(DNI), 3);
	CHECK_I64("asked once", up.logins, 1);
	CHECK_I64("no query without a session", up.queries, 0);
	box_close(&b);
}

TEST(an_upstream_that_is_down_is_held_back_by_its_breaker)
{
	open_box(CACHE_OFF);
	up.down = true;
	for (int i = 0; i < 20; i++)
		CHECK_I64("down", code_of(DNI), 4);
	CHECK(box_has(&b, "held back"));
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/lookups", NULL), 200);
	CHECK_STR("open", box_get(&b, "data.0.state"), "open");
	CHECK_I64("one incident", box_call(&b, "GET", "/api/v1/incidents", NULL), 200);
	CHECK_STR("its kind", box_get(&b, "data.0.kind"), "target");
	CHECK_STR("no second", box_get(&b, "data.1.kind"), "");
	box_close(&b);
}

TEST(answers_are_kept_for_a_while)
{
	open_box(COUNT(ARGS));
	CHECK_I64("found", code_of(DNI), 0);
	CHECK_I64("found", code_of("{\"dni\":\"08408122\",\"x\":1}"), 0);
	CHECK_I64("asked once", up.queries, 1);
	CHECK_I64("another", code_of("{\"dni\":\"08408123\"}"), 0);
	CHECK_I64("asked", up.queries, 2);
	up.status = 404;
	CHECK_I64("nobody", code_of("{\"dni\":\"08408124\"}"), 1);
	CHECK_I64("nobody, kept too", code_of("{\"dni\":\"08408124\"}"), 1);
	CHECK_I64("asked once", up.queries, 3);
	up.status = 500;
	CHECK_I64("a failure", code_of("{\"dni\":\"08408125\"}"), 4);
	CHECK_I64("is not kept", code_of("{\"dni\":\"08408125\"}"), 4);
	CHECK_I64("asked twice", up.queries, 5);
	for (int i = 0; i < 3000; i++) {
		up.status = 200;
		(void)code_of(arena_printf(&b.arena, "{\"dni\":\"%08d\"}", i));
	}
	CHECK_I64("the newest is there", code_of("{\"dni\":\"00002999\"}"), 0);
	CHECK_I64("without a query", up.queries, 3005);
	box_close(&b);
}

static enum rc read_session(struct db *db, const uint8_t *key, struct arena *a,
			    struct lookup_session *ret)
{
	return lookup_session_get(db, key, "calidda_session_user", a, ret, &t_err);
}

TEST(the_session_is_sealed_and_survives_a_restart)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(stmt_end) struct stmt raw = { 0 };
	struct lookup_session s;
	uint8_t wrong[32] = { 1 };
	struct db *db;

	open_box(CACHE_OFF);
	CHECK_I64("found", code_of(DNI), 0);
	db = store_reader(b.app.store);
	MUST(read_session(db, b.app.seal_key, &a, &s));
	CHECK_SPAN("the token", s.token, STR("t1"));
	CHECK_I64("another key", read_session(db, wrong, &a, &s), RC_ABSENT);
	MUST(stmt_begin(db, Q_LOOKUP_SESSION_GET, &raw, &t_err));
	stmt_bind_text(&raw, "key", "calidda_session_user");
	MUST(stmt_next(&raw, &t_err));
	CHECK(str_starts(stmt_str(&raw, "value"), STR("v1:")));
	stmt_end(&raw);
	store_reader_done(b.app.store, db);
	lookup_pool_free(b.app.lookups); /* as after a restart */
	b.app.lookups = lookup_pool_new();
	CHECK_I64("found", code_of(DNI), 0);
	CHECK_I64("no new login", up.logins, 1);
	box_close(&b);
}

TEST(a_cookie_can_be_the_session)
{
	static const char *const COOKIE[] = {
		"lookup.calidda.url=https://upstream.test/q?dni={{dni}}",
		"lookup.calidda.headers={\"Cookie\":\"{{token}}\"}",
		"lookup.calidda.login_url=https://upstream.test/login", "lookup.calidda.username=u",
		"lookup.calidda.token_from=cookie:*"
	};
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct lookup_session s;
	struct db *db;

	memset(&up, 0, sizeof(up));
	box_open(&b, COOKIE, COUNT(COOKIE));
	CHECK_I64("found", code_of(DNI), 0);
	db = store_reader(b.app.store);
	MUST(lookup_session_get(db, b.app.seal_key, "calidda_session_u", &a, &s, &t_err));
	store_reader_done(b.app.store, db);
	CHECK_SPAN("all cookies", s.token, STR("a=1; SID=s1"));
	box_close(&b);
}

TEST(a_connector_that_is_written_wrong_says_so)
{
	static const char *const WRONG[] = {
		"lookup.calidda.url=https://upstream.test/q?x={{nothing}}",
		"lookup.two.url=https://upstream.test/q",
		"lookup.two.expired_when=json:=x",
		"lookup.three.login_url=https://upstream.test/login",
	};

	memset(&up, 0, sizeof(up));
	box_open(&b, WRONG, COUNT(WRONG));
	CHECK_I64("a place that nothing fills", code_of(DNI), 4);
	CHECK(box_has(&b, "nothing"));
	CHECK_I64("condition", box_call(&b, "POST", "/api/v1/lookups/two", DNI), 200);
	CHECK_I64("down", box_get_i64(&b, "return_code"), 4);
	CHECK_I64("no url", box_call(&b, "POST", "/api/v1/lookups/three", DNI), 200);
	CHECK(box_has(&b, "switched off"));
	CHECK_I64("no call", up.queries + up.logins, 0);
	box_close(&b);
}

static void ask_with_log(void *arg)
{
	(void)arg;
	log_set_level(LOG_DEBUG);
	open_box(CACHE_OFF);
	(void)code_of(DNI);
	up.status = 500;
	(void)code_of(DNI);
	(void)code_of("{\"dni\":\"0840812\"}");
	box_close(&b);
}

TEST(logs_are_masked)
{
	static char text[64 * KIB];

	(void)t_stderr_of(ask_with_log, NULL, text, sizeof(text));
	CHECK(strstr(text, "lookup.answered") != NULL);
	CHECK(strstr(text, "******22") != NULL);
	CHECK(strstr(text, "0840812") == NULL);
	CHECK(strstr(text, "Juan") == NULL);
	CHECK(strstr(text, "5000") == NULL);
	CHECK(strstr(text, "pass") == NULL);
}

/* ---- a hundred at once ---- */

static void caller_run(void *arg)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(json_freep) struct json *inputs = NULL;
	_Atomic int *codes = arg;
	struct lookup_result r;

	ASSERT(json_parse(STR(DNI), &inputs, NULL) == RC_OK);
	atomic_fetch_add(&up.arrived, 1);
	lookup_ask(&b.app, "calidda", inputs, &a, &r);
	atomic_fetch_add(&codes[r.code], 1);
}

static void hundred(_Atomic int codes[LOOKUP_CODES])
{
	static struct thr callers[CALLERS];

	atomic_store(&up.arrived, 0);
	for (int i = 0; i < CALLERS; i++)
		MUST(thr_start(&callers[i], "caller", caller_run, codes, &t_err));
	for (int i = 0; i < CALLERS; i++)
		thr_join(&callers[i]);
}

TEST(a_hundred_callers_make_one_login)
{
	static const char *const MORE[] = {
		"lookup.calidda.url=https://upstream.test/q?dni={{dni}}",
		"lookup.calidda.headers={\"Authorization\":\"Bearer {{token}}\"}",
		"lookup.calidda.login_url=https://upstream.test/login",
		"lookup.calidda.username=user",
		"lookup.calidda.rate_per_second=1000",
	};
	_Atomic int codes[LOOKUP_CODES] = { 0 };

	memset(&up, 0, sizeof(up));
	box_open(&b, MORE, COUNT(MORE));
	MUST(store_run(b.app.store, &t_err));
	MUST(lookup_pool_start(&b.app, &t_err));
	up.wait_for_all = true;
	hundred(codes);
	CHECK_I64("all found", codes[LOOKUP_FOUND], CALLERS);
	CHECK_I64("one login", up.logins, 1);
	up.valid = -1; /* the session ends for all at once */
	hundred(codes);
	CHECK_I64("all found", codes[LOOKUP_FOUND], 2 * CALLERS);
	CHECK_I64("one more login", up.logins, 2);
	lookup_pool_stop(&b.app);
	CHECK_I64("nobody waits", lookup_pool_waiting(&b.app), 0);
	box_close(&b);
}

TEST(a_hundred_callers_share_one_refusal)
{
	_Atomic int codes[LOOKUP_CODES] = { 0 };

	open_box(CACHE_OFF);
	MUST(store_run(b.app.store, &t_err));
	MUST(lookup_pool_start(&b.app, &t_err));
	up.wait_for_all = true;
	up.login_status = 403;
	hundred(codes);
	CHECK_I64("all refused", codes[LOOKUP_REFUSED], CALLERS);
	CHECK_I64("one login", up.logins, 1);
	lookup_pool_stop(&b.app);
	box_close(&b);
}
