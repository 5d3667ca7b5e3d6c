/* cmd_tail.c - totem tail: the event stream of the running server, one line an event.
 * After a break it goes on behind the last event that was printed. */
#include "base/clock.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "io/follow.h"

#define SILENCE_MS 40000 /* more than two heartbeats */
#define AGAIN_MS   1000
#define TRIES_MAX  30

struct tail {
	const struct cli *cli;
	char event[64], id[24];
	int64_t left; /* events to print; -1: no end */
	bool any;
};

static void print_event(struct tail *t, struct str data)
{
	char at[CLOCK_TEXT_MAX];

	if (t->cli->json) {
		(void)printf("{\"event\":\"%s\",\"id\":\"%s\",\"data\":", t->event, t->id);
		(void)fwrite(data.p, 1, data.n, stdout);
		(void)printf("}\n");
	} else {
		clock_text(clock_now_ms(), at);
		(void)printf("%.19sZ %-16s ", at, t->event);
		(void)fwrite(data.p, 1, data.n, stdout);
		(void)putchar('\n');
	}
	(void)fflush(stdout);
}

/* A field of the stream (WHATWG HTML 9.2.6); our server writes one data line an event. */
static bool take_line(void *arg, struct str line)
{
	struct tail *t = arg;

	if (str_starts(line, STR("event: "))) {
		if (!str_copy(str_sub(line, 7, line.n), t->event, sizeof(t->event)))
			return false; /* not our server */
	} else if (str_starts(line, STR("id: "))) {
		if (!str_copy(str_sub(line, 4, line.n), t->id, sizeof(t->id)))
			return false;
	} else if (str_starts(line, STR("data: "))) {
		print_event(t, str_sub(line, 6, line.n));
		t->any = true;
		if (t->left > 0)
			t->left--;
	}
	return t->left != 0;
}

static enum rc follow_once(struct tail *t, const struct caller *by, struct err *e)
{
	AUTO(sbuf_release) struct sbuf headers = SBUF(4 * KIB);
	struct follow f = { .address = by->base + strlen("http://"),
			    .path = "/api/v1/whatsapp/stream",
			    .silence_ms = SILENCE_MS };

	sbuf_printf(&headers, "Authorization: Bearer %s\r\n", by->token);
	if (t->id[0] != '\0')
		sbuf_printf(&headers, "Last-Event-ID: %s\r\n", t->id);
	f.headers = sbuf_c(&headers);
	t->any = false;
	return follow_run(&f, take_line, t, e);
}

int cmd_tail(struct cli *c)
{
	const char *after = cli_option(c, "after"), *count = cli_option(c, "count");
	struct tail t = { .cli = c, .left = -1 };
	struct err e = { .rc = RC_OK };
	struct caller by;
	int tries = 0;

	if (c->word_count > 0 ||
	    (count != NULL && !str_i64(str_of(count), 1, INT64_MAX, &t.left)) ||
	    (after != NULL && !str_copy(str_of(after), t.id, sizeof(t.id))))
		return cli_usage(c, "--count is a number, --after the id of an event");
	if (call_begin_server(c, &by, &e) != RC_OK)
		return cli_fail(&e);
	for (;;) {
		enum rc rc;

		err_clear(&e);
		rc = follow_once(&t, &by, &e);
		if (rc != RC_RETRY)
			break;
		tries = t.any ? 0 : tries + 1;
		if (tries > TRIES_MAX)
			break;
		(void)fprintf(stderr, "totem: %s; again in a second\n", e.text);
		call_pause_ms(AGAIN_MS);
	}
	call_end(&by);
	return e.rc == RC_OK ? 0 : cli_fail(&e);
}
