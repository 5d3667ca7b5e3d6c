/* test_first_run.c - the steps of the first run: what is to do, what a test finds, and the sentence for it. */
#include "people.h"

#include "flow/check/setup_test.h"
#include "store/channel/channel_state.h"
#include "store/setup.h"

static struct box b;
static struct browser ana;

static const char *const ARGS[] = { "password_iterations=1000", "channel.main.phone_number_id=1",
				    "channel.main.token=secret-token",
				    "channel.main.app_secret=secret-app",
				    "channel.main.verify_token=palabra" };

static enum rc found_unit(struct tx *tx, void *arg, struct err *e)
{
	const enum setup_code *code = arg;

	return setup_found(tx, "whatsapp", *code, STR("+595 981 <b>"), e);
}

TEST(first_run_tests_are_asked_for_and_told)
{
	enum setup_code code = SETUP_WRONG_TOKEN;

	box_open(&b, ARGS, COUNT(ARGS));
	people_owner(&b, &ana);
	CHECK_I64("state", browser_call(&b, &ana, "GET", "/api/v1/setup", NULL), 200);
	CHECK_STR("first", box_get(&b, "steps.1.step"), "whatsapp");
	CHECK_STR("first", box_get(&b, "steps.1.state"), "todo");
	CHECK_STR("waits", box_get(&b, "steps.3.step"), "handshake");
	CHECK_STR("waits", box_get(&b, "steps.3.state"), "waiting");
	CHECK_I64("no such", browser_call(&b, &ana, "POST", "/api/v1/setup/test/moon", "{}"), 404);
	CHECK_I64("asked", browser_call(&b, &ana, "POST", "/api/v1/setup/test/whatsapp", "{}"),
		  202);
	CHECK_I64("twice", browser_call(&b, &ana, "POST", "/api/v1/setup/test/whatsapp", "{}"),
		  202);
	CHECK_I64("state", browser_call(&b, &ana, "GET", "/api/v1/setup", NULL), 200);
	CHECK_STR("runs", box_get(&b, "steps.1.state"), "testing");
	MUST(store_write(b.app.store, STORE_NORMAL, found_unit, &code, &t_err));
	CHECK_I64("state", browser_call(&b, &ana, "GET", "/api/v1/setup", NULL), 200);
	CHECK_STR("failed", box_get(&b, "steps.1.state"), "failed");
	CHECK_STR("code", box_get(&b, "steps.1.code"), "WRONG_TOKEN");
	CHECK(str_starts(str_of(box_get(&b, "steps.1.text")), STR("El token no es aceptado")));
	CHECK_I64("asked in English", browser_call(&b, &ana, "GET", "/api/v1/setup?lang=en", NULL),
		  200);
	CHECK(str_starts(str_of(box_get(&b, "steps.1.text")), STR("The token is not accepted")));
	code = SETUP_FINE;
	MUST(store_write(b.app.store, STORE_NORMAL, found_unit, &code, &t_err));
	CHECK_I64("state", browser_call(&b, &ana, "GET", "/api/v1/setup?lang=pt", NULL), 200);
	CHECK_STR("green", box_get(&b, "steps.1.state"), "ok");
	CHECK_STR("argument", box_get(&b, "steps.1.text"), "Funciona: +595 981 <b>");
	box_close(&b);
}

TEST(first_run_handshake_turns_green_by_itself)
{
	box_open(&b, ARGS, COUNT(ARGS));
	people_owner(&b, &ana);
	CHECK_I64("wrong word",
		  box_do(&b, "GET",
			 "/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1",
			 STR_NONE),
		  403);
	CHECK_I64("state", browser_call(&b, &ana, "GET", "/api/v1/setup", NULL), 200);
	CHECK_STR("says why", box_get(&b, "steps.3.state"), "failed");
	CHECK_STR("says why", box_get(&b, "steps.3.code"), "WRONG_VERIFY");
	CHECK_I64("Meta",
		  box_do(&b, "GET",
			 "/webhooks/"
			 "whatsapp?hub.mode=subscribe&hub.verify_token=palabra&hub.challenge=1",
			 STR_NONE),
		  200);
	CHECK_I64("state", browser_call(&b, &ana, "GET", "/api/v1/setup", NULL), 200);
	CHECK_STR("green", box_get(&b, "steps.3.state"), "ok");
	b.now_ms += HOUR_MS;
	CHECK_I64("a stranger",
		  box_do(&b, "GET",
			 "/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1",
			 STR_NONE),
		  403);
	CHECK_I64("state", browser_call(&b, &ana, "GET", "/api/v1/setup", NULL), 200);
	CHECK_STR("stays green", box_get(&b, "steps.3.state"), "ok");
	box_close(&b);
}

TEST(first_run_sentences_are_complete)
{
	for (int c = 0; c < SETUP_CODES; c++) {
		for (int l = 0; l < LANG_COUNT; l++) {
			AUTO(sbuf_release) struct sbuf s = SBUF(4 * KIB);

			setup_text((enum setup_code)c, STR("ARG"), (enum lang)l, &s);
			CHECK(sbuf_ok(&s) && s.n > 10);
			CHECK(str_find(sbuf_view(&s), STR("{1}")) < 0);
			for (int other = 0; other < l; other++) {
				AUTO(sbuf_release) struct sbuf o = SBUF(4 * KIB);

				setup_text((enum setup_code)c, STR("ARG"), (enum lang)other, &o);
				CHECK(c == SETUP_FINE || !str_eq(sbuf_view(&s), sbuf_view(&o)));
			}
		}
	}
}

TEST(first_run_reads_the_clock_of_others)
{
	static const char *const BAD[] = { "",
					   "Sun, 06 Nov 1994 08:49:37 CET",
					   "Sunday, 06-Nov-94 08:49:37 GMT",
					   "Sun Nov  6 08:49:37 1994",
					   "Sun, 06 Foo 1994 08:49:37 GMT",
					   "Sun, 99 Nov 1994 08:49:37 GMT" };
	int64_t ms;

	CHECK(setup_test_date(STR("Sun, 06 Nov 1994 08:49:37 GMT"), &ms));
	CHECK_I64("RFC 9110", ms, INT64_C(784111777000));
	EACH (t, BAD)
		CHECK_I64(*t, setup_test_date(str_of(*t), &ms), false);
}

TEST(first_run_blames_the_clock_for_a_certificate_of_another_time)
{
	const struct http_cert_span good = { .from_ms = 1000 * DAY_MS, .until_ms = 2000 * DAY_MS };
	static const struct {
		const char *why;
		int64_t day;
		bool doubt;
		enum setup_code code;
	} CASES[] = {
		{ "not good yet", 999, false, SETUP_CLOCK_BY_CERTIFICATE },
		{ "of now, but of a stranger", 1500, true, SETUP_CERTIFICATE },
		{ "over", 2001, false, SETUP_CERTIFICATE },
		{ "over, by a clock that nobody believes", 2001, true, SETUP_CLOCK_BY_CERTIFICATE },
	};

	EACH (t, CASES)
		CHECK_I64(t->why, setup_test_refused(good, t->day * DAY_MS, t->doubt), t->code);
	CHECK_I64("not known", setup_test_refused((struct http_cert_span){ 0 }, DAY_MS, true),
		  SETUP_CERTIFICATE);
}

TEST(first_run_knows_private_addresses)
{
	static const struct {
		const char *host;
		bool is_private;
	} CASES[] = {
		{ "10.0.0.4:8081", true },    { "192.168.1.20", true },
		{ "172.16.0.1", true },       { "172.31.255.1:80", true },
		{ "172.32.0.1", false },      { "172.217.1.1", false },
		{ "localhost:8081", true },   { "127.0.0.1", true },
		{ "[fd00::1]:80", true },     { "chat.example.com", false },
		{ "8.8.8.8", false },         { "100.example.com", false },
		{ "172.example.com", false },
	};

	EACH (t, CASES)
		CHECK_I64(t->host, setup_test_is_private(str_of(t->host)), t->is_private);
}
