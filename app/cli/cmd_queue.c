/* cmd_queue.c - totem queue: looking at the queues and controlling them. */
#include "base/clock.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "io/jsonw.h"

static const char *const COLUMNS[] = { "name",      "state",           "waiting",     "active",
				       "delayed",   "completed",       "failed_runs", "dead",
				       "discarded", "rate_per_second", "oldest_at" };

static void print_row(struct cli_table *t, const struct json *q)
{
	for (size_t i = 0; i < COUNT(COLUMNS); i++)
		cli_table_json(t, json_get(q, COLUMNS[i]));
}

static void print_queues(const struct json *root)
{
	struct cli_table t;

	cli_table_begin(&t, COLUMNS, COUNT(COLUMNS));
	if (json_get(root, "data") == NULL)
		print_row(&t, root);
	for (const struct json *q = json_first(json_get(root, "data")); q != NULL; q = json_next(q))
		print_row(&t, q);
	cli_table_print(&t);
}

static int run(struct cli *c, const struct call_request *q)
{
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	enum rc rc = call_once(c, q, &a, &e);
	int64_t gone;

	if (c->json && a.body.n > 0)
		call_print_json(&a);
	else if (rc == RC_OK && json_get_i64(a.root, "discarded_now", &gone))
		(void)printf("%lld jobs were discarded\n", (long long)gone);
	if (rc == RC_OK && !c->json)
		print_queues(a.root);
	call_answer_release(&a);
	return rc == RC_OK ? 0 : cli_fail(&e);
}

/* "10m", "2h", "90s", "1d" from now, or a time. False: neither. */
static bool read_until(const char *text, int64_t now_ms, char ret_text[CLOCK_TEXT_MAX])
{
	struct str s = str_of(text);
	int64_t unit, n, at_ms;

	if (clock_parse(s, &at_ms)) {
		clock_text(at_ms, ret_text);
		return true;
	}
	switch (s.n > 1 ? s.p[s.n - 1] : '\0') {
	case 's':
		unit = SECOND_MS;
		break;
	case 'm':
		unit = MINUTE_MS;
		break;
	case 'h':
		unit = HOUR_MS;
		break;
	case 'd':
		unit = DAY_MS;
		break;
	default:
		return false;
	}
	if (!str_i64(str_sub(s, 0, s.n - 1), 1, 100000, &n))
		return false;
	clock_text(now_ms + n * unit, ret_text);
	return true;
}

static int control(struct cli *c, const char *verb, const char *queue)
{
	AUTO(sbuf_release) struct sbuf path = SBUF(512), body = SBUF(4 * KIB);
	const char *until = cli_option(c, "for"), *confirm = cli_option(c, "yes");
	char until_text[CLOCK_TEXT_MAX];
	struct jsonw w;

	if (until != NULL &&
	    (strcmp(verb, "pause") != 0 || !read_until(until, clock_now_ms(), until_text)))
		return cli_usage(c, "--for is for pause: 30s, 10m, 2h, 1d, or a time like "
				    "2026-01-05T10:00:00Z");
	jsonw_init(&w, &body);
	jsonw_object(&w);
	if (until != NULL)
		jsonw_ktext(&w, "until", until_text);
	if (strcmp(verb, "clear") == 0)
		jsonw_ktext(&w, "confirm", confirm != NULL ? "clear" : "no");
	jsonw_end(&w);
	sbuf_printf(&path, "/api/v1/queues/%s/%s", queue, verb);
	return run(c, &(struct call_request){ "POST", sbuf_c(&path), sbuf_view(&body) });
}

int cmd_queue(struct cli *c)
{
	static const char *const CONTROLS[] = { "pause", "resume", "drain", "clear" };
	const char *verb = cli_word(c, 0), *queue = cli_word(c, 1);
	AUTO(sbuf_release) struct sbuf path = SBUF(512);

	if (verb == NULL || (strcmp(verb, "list") != 0 && queue == NULL) ||
	    (queue != NULL && strpbrk(queue, "/?#% ") != NULL))
		return cli_usage(
			c, "list, or show, pause, resume, drain or clear and the name of a queue");
	if (strcmp(verb, "list") == 0)
		return run(c, &(struct call_request){ "GET", "/api/v1/queues", STR_NONE });
	if (strcmp(verb, "show") == 0) {
		sbuf_printf(&path, "/api/v1/queues/%s", queue);
		return run(c, &(struct call_request){ "GET", sbuf_c(&path), STR_NONE });
	}
	for (size_t i = 0; i < COUNT(CONTROLS); i++) {
		if (strcmp(verb, CONTROLS[i]) == 0)
			return control(c, verb, queue);
	}
	return cli_usage(c, "list, show, pause, resume, drain or clear?");
}
