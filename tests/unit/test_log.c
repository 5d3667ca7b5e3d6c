/* test_log.c - log lines: always one line, always JSON, whatever the values are. */
#include "base/log.h"

#include "t.h"

#include "base/thr.h"
#include "io/json.h"

#define OUT_MAX (64 * 1024)

static char out[OUT_MAX];

/* Parses the only line that fn wrote. */
static struct json *line_of(void (*fn)(void *arg), void *arg)
{
	size_t n = t_stderr_of(fn, arg, out, sizeof(out));
	struct json *root = NULL;

	CHECK(n > 0 && out[n - 1] == '\n');
	CHECK_I64("one line", str_chr(str_n(out, n), '\n'), (int64_t)n - 1);
	MUST(json_parse(str_n(out, n), &root, &t_err));
	return root;
}

static void plain(void *arg)
{
	(void)arg;
	log_event(LOG_INFO, "outbox.sent", "message", "m1", "tries", LOG_I64(-2), "left", NULL,
		  "ok", "yes", NULL);
}

TEST(log_line_has_time_level_event_and_fields)
{
	AUTO(json_freep) struct json *j = line_of(plain, NULL);

	CHECK_SPAN("event", json_get_str(j, "event"), STR("outbox.sent"));
	CHECK_SPAN("level", json_get_str(j, "level"), STR("info"));
	CHECK_SPAN("thread", json_get_str(j, "thread"), STR("main"));
	CHECK_I64("time", (int64_t)json_get_str(j, "at").n, 24);
	CHECK_SPAN("field", json_get_str(j, "message"), STR("m1"));
	CHECK_I64("numbers stay numbers", json_kind(json_get(j, "tries")), JSON_NUMBER);
	CHECK_I64("number", json_get_i64_or(j, "tries", 0), -2);
	CHECK(json_get(j, "left") == NULL);
	CHECK_SPAN("behind the missing one", json_get_str(j, "ok"), STR("yes"));
	CHECK(json_get(j, "request") == NULL);
}

static void hostile(void *arg)
{
	log_set_request("r\"1");
	log_event(LOG_ERROR, "x.y", "value", arg, NULL);
	log_set_request("");
}

TEST(log_line_survives_hostile_values)
{
	char text[] = "\"}\n{\"event\":\"forged\"}\r\x1B[31m\xFF\\";
	AUTO(json_freep) struct json *j = line_of(hostile, text);

	CHECK_SPAN("value", json_get_str(j, "value"),
		   STR("\"}\n{\"event\":\"forged\"}\r\x1B[31m\xEF\xBF\xBD\\"));
	CHECK_SPAN("request", json_get_str(j, "request"), STR("r\"1"));
	CHECK_SPAN("event", json_get_str(j, "event"), STR("x.y"));
}

static void endless(void *arg)
{
	log_event(LOG_WARN, "x.y", "a", arg, "b", arg, "c", arg, "d", arg, "e", arg, NULL);
}

TEST(log_line_is_cut_at_fields)
{
	static char text[20000];

	memset(text, '\x01', sizeof(text) - 1); /* six bytes each when escaped */
	AUTO(json_freep) struct json *j = line_of(endless, text);

	CHECK(json_get_bool(j, "cut", false));
	CHECK_I64("value is limited", (int64_t)json_get_str(j, "a").n, 1000);
	CHECK(json_get(j, "e") == NULL);
	CHECK(strlen(out) <= 8192);
}

static void below(void *arg)
{
	(void)arg;
	log_set_level(LOG_WARN);
	log_event(LOG_INFO, "x.y", NULL);
}

TEST(log_is_silent_below_its_level)
{
	CHECK_I64("bytes", (int64_t)t_stderr_of(below, NULL, out, sizeof(out)), 0);
	CHECK(log_on(LOG_INFO) && !log_on(LOG_DEBUG));
	log_set_level(LOG_DEBUG);
	CHECK(log_on(LOG_DEBUG));
}

TEST(log_levels_have_names)
{
	static const struct {
		const char *text;
		bool ok;
		enum log_level level;
	} ROWS[] = {
		{ "debug", true, LOG_DEBUG }, { "info", true, LOG_INFO },
		{ "warn", true, LOG_WARN },   { "error", true, LOG_ERROR },
		{ "Error", false, LOG_WARN }, { "", false, LOG_WARN },
		{ "err", false, LOG_WARN },
	};
	EACH (r, ROWS) {
		enum log_level level = LOG_WARN;

		CHECK_I64(r->text, log_level_parse(str_of(r->text), &level), r->ok);
		CHECK_I64(r->text, level, r->level);
	}
}

static void one_error(void *arg)
{
	log_err(LOG_ERROR, "store.failed", arg);
}

TEST(log_err_tells_verdict_text_and_place)
{
	struct err e = { 0 };

	(void)FAIL(&e, RC_IO, "disk %s", "full");
	AUTO(json_freep) struct json *j = line_of(one_error, &e);

	CHECK_SPAN("verdict", json_get_str(j, "verdict"), STR("io"));
	CHECK_SPAN("text", json_get_str(j, "error"), STR("disk full"));
	CHECK_I64("line", json_get_i64_or(j, "line", 0), e.line);
}

TEST(log_numbers_live_for_sixteen_calls)
{
	const char *first = log_i64(INT64_MIN);

	for (int i = 0; i < 15; i++)
		CHECK(log_i64(i) != first);
	CHECK_STR("still there", first, "-9223372036854775808");
}

static void talk(void *arg)
{
	log_set_request(arg);
	for (int i = 0; i < 200; i++)
		log_event(LOG_INFO, "x.y", "i", LOG_I64(i), "who", (const char *)arg, NULL);
}

static void crowd(void *arg)
{
	static char names[4][8] = { "t0", "t1", "t2", "t3" };
	struct thr t[4] = { 0 };
	struct err e = { 0 };

	(void)arg;
	memset(t, 0, sizeof(t));
	for (size_t i = 0; i < 4; i++)
		ASSERT(thr_start(&t[i], names[i], talk, names[i], &e) == RC_OK);
	for (size_t i = 0; i < 4; i++)
		thr_join(&t[i]);
}

TEST(log_lines_of_threads_do_not_mix)
{
	static char all[256 * 1024];
	size_t n = t_stderr_of(crowd, NULL, all, sizeof(all));
	struct str rest = str_n(all, n);
	struct str line;
	int lines = 0;

	while (str_cut(&rest, '\n', &line) && line.n > 0) {
		AUTO(json_freep) struct json *j = NULL;

		MUST(json_parse(line, &j, &t_err));
		if (!str_eq(json_get_str(j, "who"), json_get_str(j, "thread")) ||
		    !str_eq(json_get_str(j, "who"), json_get_str(j, "request")))
			T_FAIL("own thread and request");
		lines++;
	}
	CHECK_I64("lines", lines, 800);
}
