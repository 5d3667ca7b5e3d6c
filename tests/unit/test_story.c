/* test_story.c - the timeline of a message, a day of the queues, receipts. */
#include "people.h"

#include "flow/outage.h"
#include "flow/pulse.h"
#include "store/peer_call.h"
#include "store/message.h"
#include "store/queue_history.h"

static struct box b;

static const char *send(const char *text)
{
	CHECK_I64(
		text,
		box_call(&b, "POST", "/api/v1/messages",
			 arena_printf(&b.arena, "{\"to\":\"+59171234567\",\"text\":\"%s\"}", text)),
		202);
	return box_get(&b, "id");
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

TEST(story_of_a_message_in_order_of_time)
{
	struct peer_call a = { .message_id = 1,
			       .at_ms = BOX_NOW_MS + 20,
			       .took_ms = 12,
			       .status = 200,
			       .target = STR("channel.main"),
			       .class = STR("accepted"),
			       .answer = STR("{\"x\":\"<b>\"}") };
	const char *id;
	char sql[200];

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	id = send("hola");
	(void)snprintf(sql, sizeof(sql),
		       "INSERT INTO message_statuses VALUES (1, 'read', '', %lld, 0, NULL)",
		       (long long)BOX_NOW_MS + 90);
	by_hand(sql);
	MUST(store_write(b.app.store, STORE_NORMAL, attempt_unit, &a, &t_err));
	a.at_ms = BOX_NOW_MS + 10;
	a.status = 0;
	MUST(store_write(b.app.store, STORE_NORMAL, attempt_unit, &a, &t_err));
	CHECK_I64("story",
		  box_call(&b, "GET", arena_printf(&b.arena, "/api/v1/messages/%s/timeline", id),
			   NULL),
		  200);
	CHECK_STR("first", box_get(&b, "data.0.what"), "accepted_here");
	CHECK_STR("waits", box_get(&b, "data.1.sending"), "queued");
	CHECK_STR("call", box_get(&b, "data.2.what"), "call");
	CHECK_I64("no answer", box_get_i64(&b, "data.2.status"), 0);
	CHECK_STR("call", box_get(&b, "data.3.target"), "channel.main");
	CHECK_STR("answer", box_get(&b, "data.3.answer"), "{\"x\":\"<b>\"}");
	CHECK_STR("read", box_get(&b, "data.4.status"), "read");
	CHECK_STR("no more", box_get(&b, "data.5.what"), "");
	CHECK_I64("no such",
		  box_call(&b, "GET",
			   "/api/v1/messages/00000000-0000-7000-8000-000000000000/timeline", NULL),
		  404);
	by_hand("DELETE FROM jobs; DELETE FROM message_statuses; DELETE FROM whatsapp_messages");
	by_hand("INSERT INTO quick_answers SELECT 1, 1, 'n' || count(*), 'x', 'x', 0, 0 FROM "
		"message_attempts");
	CHECK_I64("gone with it", box_call(&b, "GET", "/api/v1/quick-answers", NULL), 200);
	CHECK_STR("none", box_get(&b, "data.0.shortcut"), "n0");
	box_close(&b);
}

TEST(story_keeps_the_first_sixty_calls)
{
	struct peer_call a = {
		.message_id = 7, .target = STR("n8n.main"), .class = STR("x"), .answer = STR("")
	};

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	for (int i = 0; i < 70; i++)
		MUST(store_write(b.app.store, STORE_NORMAL, attempt_unit, &a, &t_err));
	by_hand("INSERT INTO quick_answers SELECT 1, 1, 'n' || count(*), 'x', 'x', 0, 0 FROM "
		"message_attempts");
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/quick-answers", NULL), 200);
	CHECK_STR("kept", box_get(&b, "data.0.shortcut"), "n60");
	box_close(&b);
}

static enum rc minute_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *minute = arg;

	return queue_history_add(tx, *minute, e);
}

TEST(story_of_a_queue_is_differences)
{
	int64_t minute = BOX_NOW_MS / MINUTE_MS - 3;

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	MUST(store_write(b.app.store, STORE_NORMAL, minute_unit, &minute, &t_err));
	(void)send("a");
	(void)send("b");
	minute++;
	MUST(store_write(b.app.store, STORE_NORMAL, minute_unit, &minute, &t_err));
	(void)send("c");
	MUST(store_write(b.app.store, STORE_NORMAL, minute_unit, &minute, &t_err)); /* once */
	minute += 2;
	MUST(store_write(b.app.store, STORE_NORMAL, minute_unit, &minute, &t_err));
	CHECK_I64("history",
		  box_call(&b, "GET", "/api/v1/queues/messages/history?minutes=10", NULL), 200);
	CHECK_I64("two", box_get_i64(&b, "data.0.accepted"), 2);
	CHECK_I64("waiting", box_get_i64(&b, "data.0.waiting"), 2);
	CHECK_I64("one", box_get_i64(&b, "data.1.accepted"), 1);
	CHECK_I64("of two minutes", box_get_i64(&b, "data.1.minutes"), 2);
	CHECK_I64("no more", box_get_i64(&b, "data.2.accepted"), -1);
	CHECK_I64("too long",
		  box_call(&b, "GET", "/api/v1/queues/messages/history?minutes=9999", NULL), 422);
	CHECK_I64("no queue", box_call(&b, "GET", "/api/v1/queues/x/history", NULL), 404);
	pulse_one(&b.app, BOX_NOW_MS);
	pulse_one(&b.app, BOX_NOW_MS);
	CHECK_I64("of now", b.app.pulse_minute, BOX_NOW_MS / MINUTE_MS);
	box_close(&b);
}

TEST(story_of_an_outage)
{
	char sql[300];

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	(void)send("a");
	(void)send("b");
	/* An earlier run that ended cleanly ten minutes ago, then a short stop, then a crash. */
	(void)snprintf(
		sql, sizeof(sql),
		"INSERT INTO boots(id, boot_id, started_ms, stopped_ms) VALUES (-1, 'x', 1, %lld)",
		(long long)(BOX_NOW_MS - 10 * MINUTE_MS));
	by_hand(sql);
	MUST(outage_begin(&b.app, BOX_NOW_MS, &t_err));
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/receipts", NULL), 200);
	CHECK_STR("kind", box_get(&b, "data.0.kind"), "stop");
	CHECK_I64("found", box_get_i64(&b, "data.0.recovered"), 2);
	CHECK_I64("open", box_get_i64(&b, "data.0.open"), 2);
	(void)snprintf(sql, sizeof(sql), "UPDATE boots SET stopped_ms = %lld WHERE id = -1",
		       (long long)(BOX_NOW_MS - 5 * SECOND_MS));
	by_hand(sql);
	MUST(outage_begin(&b.app, BOX_NOW_MS, &t_err));
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/receipts", NULL), 200);
	CHECK_I64("a moment has none", box_get_i64(&b, "data.1.recovered"), -1);
	by_hand("UPDATE boots SET stopped_ms = NULL WHERE id = -1");
	MUST(outage_begin(&b.app, BOX_NOW_MS, &t_err));
	CHECK_I64("a crash", box_call(&b, "GET", "/api/v1/receipts", NULL), 200);
	CHECK_STR("kind", box_get(&b, "data.0.kind"), "crash");
	CHECK_I64("cleared",
		  box_call(&b, "POST", "/api/v1/queues/messages/clear", "{\"confirm\":\"clear\"}"),
		  200);
	(void)send("c"); /* not of the outage */
	outage_look(&b.app);
	CHECK_I64("settled", box_call(&b, "GET", "/api/v1/receipts", NULL), 200);
	CHECK_I64("nothing open", box_get_i64(&b, "data.0.open"), 0);
	CHECK_I64("nothing lost", box_get_i64(&b, "data.0.lost"), 0);
	CHECK_I64("settled", strlen(box_get(&b, "data.0.settled_at")) > 0, 1);
	box_close(&b);
}
