/* test_calls.c - calls to a part of the outside, and what it was asked for after an outage: each number leads to a list of exactly so many
 * rows. */
#include "people.h"

#include "store/message/message.h"
#include "store/peer_call.h"

static struct box b;

static void send(const char *text)
{
	CHECK_I64(
		text,
		box_call(&b, "POST", "/api/v1/messages",
			 arena_printf(&b.arena, "{\"to\":\"+59171234567\",\"text\":\"%s\"}", text)),
		202);
}

static enum rc attempt_unit(struct tx *tx, void *arg, struct err *e)
{
	return peer_call_add(tx, arg, e);
}

static enum rc exec_unit(struct tx *tx, void *arg, struct err *e)
{
	return db_exec(tx->db, arg, e);
}

static void by_hand(const char *sql)
{
	char text[600];

	(void)snprintf(text, sizeof(text), "%s", sql);
	MUST(store_write(b.app.store, STORE_NORMAL, exec_unit, text, &t_err));
}

static void call_at(int64_t message_id, int64_t at_ms, int status, const char *target)
{
	struct peer_call a = { .message_id = message_id,
			       .at_ms = at_ms,
			       .status = status,
			       .target = str_of(target),
			       .class = STR("accepted"),
			       .answer = STR("to 59171234567") };

	MUST(store_write(b.app.store, STORE_NORMAL, attempt_unit, &a, &t_err));
}

TEST(calls_of_a_part_are_counted_and_listed)
{
	char from[40], to[40], path[200], after[60];
	int64_t listed = 0;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	send("a");
	send("b");
	for (int i = 0; i < 3; i++)
		call_at(1 + i % 2, BOX_NOW_MS - 1000, i == 1 ? 0 : 200, "channel.main");
	call_at(2, BOX_NOW_MS - 2000, 503, "channel.main");
	call_at(2, BOX_NOW_MS - 3000, 200, "chatwoot.chatwoot");
	call_at(1, BOX_NOW_MS - 2 * DAY_MS, 200, "channel.main");
	call_at(77, BOX_NOW_MS - 1000, 200, "channel.main"); /* of no message (any more) */
	CHECK_I64("totals", box_call(&b, "GET", "/api/v1/calls/totals", NULL), 200);
	(void)snprintf(from, sizeof(from), "%s", box_get(&b, "from"));
	(void)snprintf(to, sizeof(to), "%s", box_get(&b, "to"));
	CHECK_STR("channel", box_get(&b, "data.0.part"), "channel.main");
	CHECK_I64("calls", box_get_i64(&b, "data.0.calls"), 4);
	CHECK_I64("failed", box_get_i64(&b, "data.0.failed"), 2);
	after[0] = '\0';
	do {
		(void)snprintf(path, sizeof(path),
			       "/api/v1/calls?part=channel.main&from=%s&to=%s&limit=1&after=%s",
			       from, to, after);
		CHECK_I64(path, box_call(&b, "GET", path, NULL), 200);
		listed += box_get(&b, "data.0.at")[0] != '\0' ? 1 : 0;
		(void)snprintf(after, sizeof(after), "%s", box_get(&b, "next"));
	} while (after[0] != '\0');
	CHECK_I64("listed, page by page", listed, 4);
	(void)snprintf(path, sizeof(path), "/api/v1/calls?part=channel.main&failed=true&from=%s",
		       from);
	CHECK_I64(path, box_call(&b, "GET", path, NULL), 200);
	CHECK_I64("newest first", box_get_i64(&b, "data.0.status"), 0);
	CHECK_I64("failed", box_get_i64(&b, "data.1.status"), 503);
	CHECK_I64("with its message", strlen(box_get(&b, "data.1.message_id")), 36);
	CHECK_STR("no more", box_get(&b, "data.2.at"), "");
	CHECK_I64("all", box_call(&b, "GET", "/api/v1/calls?part=channel.main", NULL), 200);
	CHECK_STR("also of before", box_get(&b, "data.4.class"), "accepted");
	CHECK_I64("none", box_call(&b, "GET", "/api/v1/calls?part=channel.x", NULL), 404);
	CHECK_I64("which", box_call(&b, "GET", "/api/v1/calls", NULL), 422);
	box_close(&b);
}

TEST(what_a_part_was_asked_for_is_counted_and_listed)
{
	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	send("a");
	by_hand("INSERT INTO recovered_messages(target_id, written_ms, message_id, "
		"chatwoot_message_id) SELECT t.id, m.timestamp, m.id, 0 FROM targets AS t, "
		"whatsapp_messages AS m WHERE t.kind = 'channel'");
	by_hand("INSERT INTO recovered_messages(target_id, written_ms, message_id, "
		"chatwoot_message_id) SELECT id, 1, 0, 0 FROM targets WHERE kind = 'channel'");
	CHECK_I64("counted", box_call(&b, "GET", "/api/v1/status", NULL), 200);
	CHECK_I64("as many as are listed", box_get_i64(&b, "parts.1.recovered_messages"), 2);
	CHECK_I64("listed",
		  box_call(&b, "GET", "/api/v1/recovered?part=channel.main&limit=1", NULL), 200);
	CHECK("newest first, not here" && box_has(&b, "\"message\":null"));
	CHECK_I64("next",
		  box_call(&b, "GET",
			   arena_printf(&b.arena, "/api/v1/recovered?part=channel.main&after=%s",
					box_get(&b, "next")),
			   NULL),
		  200);
	CHECK_STR("the message", box_get(&b, "data.0.message.content"), "a");
	CHECK_STR("no more", box_get(&b, "data.1.state"), "");
	box_close(&b);
}
