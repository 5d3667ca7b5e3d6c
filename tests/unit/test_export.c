/* test_export.c - any list as a file: all pages, filters kept, rights kept, nothing that a spreadsheet would run. */
#include "box.h"

static const char *const ARGS[] = { "channel.main.phone_number_id=1", "channel.main.token=t",
				    "channel.main.app_secret=s", "channel.main.window_hours=0" };
static struct box b;

static void send(const char *text)
{
	const char *body = arena_printf(
		&b.arena, "{\"to\":\"595981000001\",\"type\":\"text\",\"text\":{\"body\":\"%s\"}}",
		text);

	CHECK_I64("sent", box_call(&b, "POST", "/api/v1/messages", body), 202);
}

static int count(const char *what)
{
	struct str rest = sbuf_view(&b.r.body);
	ptrdiff_t at;
	int n = 0;

	for (; (at = str_find(rest, str_of(what))) >= 0; n++)
		rest = str_sub(rest, (size_t)at + strlen(what), rest.n);
	return n;
}

TEST(a_list_is_a_file_with_all_its_pages)
{
	box_open(&b, ARGS, COUNT(ARGS));
	for (int i = 0; i < 230; i++)
		send("uno, \\\"dos\\\"");
	send("=HYPERLINK(1)");
	CHECK_I64("csv", box_call(&b, "GET", "/api/v1/messages?format=csv&limit=2", NULL), 200);
	CHECK_STR("type", b.r.content_type, "text/csv; charset=utf-8");
	CHECK(str_find(sbuf_view(&b.r.headers), STR("filename=\"messages.csv\"")) >= 0);
	CHECK_I64("all rows and a head", count("\r\n"), 232);
	CHECK_I64("quoted", count("\"uno, \"\"dos\"\"\""), 230);
	CHECK_I64("no formula", count(",'=HYPERLINK(1),"), 1);
	CHECK_I64("jsonl", box_call(&b, "GET", "/api/v1/messages?format=jsonl", NULL), 200);
	CHECK_I64("a line for each", count("\n"), 231);
	CHECK_I64("filters",
		  box_call(&b, "GET", "/api/v1/dead-letters?queue=nope&format=csv", NULL), 422);
	CHECK_I64("none", box_call(&b, "GET", "/api/v1/dead-letters?format=csv", NULL), 200);
	CHECK_I64("empty", count("\r\n"), 0);
	CHECK_I64("no list", box_call(&b, "GET", "/api/v1/queues/messages?format=csv", NULL), 200);
	CHECK_STR("as it is", box_get(&b, "name"), "messages");
	CHECK_I64("another", box_call(&b, "GET", "/api/v1/messages?format=xml", NULL), 422);
	box_close(&b);
}
