/* test_story.c - the timeline of a message, a day of the queues, receipts. */
#include "people.h"

#include "flow/outage.h"
#include "flow/pulse.h"
#include "store/peer_call.h"
#include "store/message/message.h"
#include "store/queue/queue_history.h"
#include "store/receipt.h"

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
		.message_id = 1, .target = STR("n8n.main"), .class = STR("x"), .answer = STR("")
	};

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	(void)send("a");
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

/* ---- numbers are lists ---- */

/* Rows of a list that is read page by page, two rows each; *ret_states: the first letters of their states. */
static int64_t count(const char *path, char *ret_states, size_t room)
{
	const char *next = "";
	int64_t n = 0;

	ret_states[0] = '\0';
	for (int page = 0; page < 20; page++) {
		CHECK_I64(path,
			  box_call(&b, "GET",
				   arena_printf(&b.arena, "%s%climit=2%s%s", path,
						strchr(path, '?') != NULL ? '&' : '?',
						*next != '\0' ? "&after=" : "", next),
				   NULL),
			  200);
		for (int i = 0;; i++, n++) {
			const char *state = box_get(&b, arena_printf(&b.arena, "data.%d.state", i));
			size_t at = strlen(ret_states);

			if (*state == '\0')
				break;
			if (at + 1 < room) {
				ret_states[at] = *state;
				ret_states[at + 1] = '\0';
			}
		}
		next = arena_printf(&b.arena, "%s", box_get(&b, "next"));
		if (*next == '\0' || strcmp(next, "null") == 0)
			return n;
	}
	return -1;
}

#define CHECK_LIST(of, states)                                                                \
	do {                                                                                  \
		char seen_[40];                                                               \
		CHECK_I64(of, count("/api/v1/receipts/1/items?of=" of, seen_, sizeof(seen_)), \
			  (int64_t)strlen(states));                                           \
		CHECK_STR(of, seen_, states);                                                 \
	} while (0)

static enum rc caught_unit(struct tx *tx, void *arg, struct err *e)
{
	return receipt_caught(tx, arg, e);
}

/* Four messages wait at the end of an outage, two were found by asking afterwards, and one more at another time. What became of them:
 * the first done, the second a dead letter, of the third message nobody knows. */
static void outage(void)
{
	struct receipt_catch found = { .target_id = 1,
				       .written_ms = BOX_NOW_MS - 3 * MINUTE_MS,
				       .message_id = 1 };
	char sql[400];

	for (int i = 0; i < 4; i++)
		(void)send("a");
	(void)snprintf(
		sql, sizeof(sql),
		"INSERT INTO boots(id, boot_id, started_ms, stopped_ms) VALUES (-1, 'x', 1, %lld)",
		(long long)(BOX_NOW_MS - 10 * MINUTE_MS));
	by_hand(sql);
	(void)snprintf(sql, sizeof(sql),
		       "UPDATE whatsapp_messages SET timestamp = %lld WHERE id = 1",
		       (long long)found.written_ms);
	by_hand(sql);
	MUST(store_write(b.app.store, STORE_NORMAL, caught_unit, &found, &t_err));
	found.message_id = 0; /* of Chatwoot, and not a message here yet */
	found.chatwoot_message_id = 77;
	MUST(store_write(b.app.store, STORE_NORMAL, caught_unit, &found, &t_err));
	found.written_ms = BOX_NOW_MS - 30 * MINUTE_MS; /* at another time */
	MUST(store_write(b.app.store, STORE_NORMAL, caught_unit, &found, &t_err));
	MUST(outage_begin(&b.app, BOX_NOW_MS, &t_err));
	(void)send("after it");
	by_hand("INSERT INTO dead_letters(queue, class, reason, error, okey, lane, prio, attempts, "
		"ref, job_created_ms, created_ms, job_id)"
		" SELECT 'messages', 'ours', 'x', 'y', okey, lane, prio, 1, ref, created_ms, "
		"created_ms, id FROM jobs ORDER BY id LIMIT 1 OFFSET 1");
	by_hand("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs ORDER BY id LIMIT 2)");
	by_hand("UPDATE whatsapp_messages SET sending = 'unknown' WHERE id = 3");
}

TEST(each_number_of_a_receipt_is_a_list_of_so_many_rows)
{
	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	outage();
	CHECK_I64("one", box_call(&b, "GET", "/api/v1/receipts/1", NULL), 200);
	CHECK_I64("recovered", box_get_i64(&b, "recovered"), 6);
	CHECK_I64("caught up", box_get_i64(&b, "caught_up"), 2);
	CHECK_I64("answered", box_get_i64(&b, "answered"), 3);
	CHECK_I64("open", box_get_i64(&b, "open"), 2);
	CHECK_I64("a person", box_get_i64(&b, "waits_for_person"), 2);
	CHECK_LIST("recovered", "ddoocc");
	CHECK_LIST("answered", "dcc");
	CHECK_LIST("open", "oo");
	CHECK_LIST("waits_for_person", "du");
	CHECK_LIST("caught_up", "cc");

	CHECK_I64("items", box_call(&b, "GET", "/api/v1/receipts/1/items", NULL), 200);
	CHECK_STR("queue", box_get(&b, "data.0.queue"), "messages");
	CHECK_STR("done", box_get(&b, "data.0.state"), "done");
	CHECK_STR("about", box_get(&b, "data.0.message.content"), "a");
	CHECK_STR("dead", box_get(&b, "data.1.state"), "dead_letter");
	CHECK_I64("its letter", strlen(box_get(&b, "data.1.dead_letter_id")), 36);
	CHECK_STR("asked for", box_get(&b, "data.4.message.direction"), "outbound");
	CHECK_STR("not here yet", box_get(&b, "data.5.message.id"), "");
	by_hand("DELETE FROM dead_letters");
	by_hand("UPDATE whatsapp_messages SET sending = 'cancelled' WHERE id = 3");
	CHECK_I64("decided", box_call(&b, "GET", "/api/v1/receipts/1", NULL), 200);
	CHECK_I64("nobody waits", box_get_i64(&b, "waits_for_person"), 0);
	CHECK_I64("answered", box_get_i64(&b, "answered"), 4);
	CHECK_LIST("answered", "ddcc");

	CHECK_I64("no number", box_call(&b, "GET", "/api/v1/receipts/1/items?of=x", NULL), 422);
	CHECK_I64("none", box_call(&b, "GET", "/api/v1/receipts/9", NULL), 404);
	CHECK_I64("none", box_call(&b, "GET", "/api/v1/receipts/x", NULL), 404);
	CHECK_I64("of none", box_call(&b, "GET", "/api/v1/receipts/9/items", NULL), 404);
	/* an erased message whose id another one has now is not shown as that one */
	by_hand("UPDATE whatsapp_messages SET created_at = created_at + 99999999, timestamp = 1 "
		"WHERE id = 1");
	CHECK_I64("items", box_call(&b, "GET", "/api/v1/receipts/1/items", NULL), 200);
	CHECK_STR("not that one", box_get(&b, "data.0.message.id"), "");
	CHECK_STR("nor here", box_get(&b, "data.4.message.id"), "");
	CHECK_I64("the others are", strlen(box_get(&b, "data.2.message.id")), 36);
	by_hand("DELETE FROM receipts");
	CHECK_I64("with it", box_call(&b, "GET", "/api/v1/receipts/1/items", NULL), 404);
	CHECK_STR("with it", box_get(&b, "data.0.queue"), "");
	box_close(&b);
}

TEST(jobs_by_what_they_do)
{
	struct job taken;
	char seen[40];

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	for (int i = 0; i < 5; i++)
		(void)send("a");
	by_hand("UPDATE jobs SET due_ms = 9000000000000 WHERE id IN (SELECT id FROM jobs ORDER BY "
		"id LIMIT 2)");
	CHECK_I64("all", count("/api/v1/queues/messages/jobs", seen, sizeof(seen)), 5);
	CHECK_STR("all", seen, "ddwww");
	CHECK_I64("waiting",
		  count("/api/v1/queues/messages/jobs?state=waiting", seen, sizeof(seen)), 3);
	CHECK_STR("waiting", seen, "www");
	CHECK_I64("delayed",
		  count("/api/v1/queues/messages/jobs?state=delayed", seen, sizeof(seen)), 2);
	CHECK_I64("running",
		  count("/api/v1/queues/messages/jobs?state=running", seen, sizeof(seen)), 0);
	/* memory knows nothing of that update: the first one runs */
	CHECK_I64("taken",
		  queue_take(store_queues(b.app.store), QUEUE_MESSAGES, BOX_NOW_MS, &taken, 1), 1);
	CHECK_I64("running",
		  count("/api/v1/queues/messages/jobs?state=running", seen, sizeof(seen)), 1);
	CHECK_STR("running", seen, "r");
	CHECK_I64("waiting",
		  count("/api/v1/queues/messages/jobs?state=waiting", seen, sizeof(seen)), 3);
	CHECK_I64("delayed",
		  count("/api/v1/queues/messages/jobs?state=delayed", seen, sizeof(seen)), 1);
	CHECK_I64("no state", box_call(&b, "GET", "/api/v1/queues/messages/jobs?state=x", NULL),
		  422);
	box_close(&b);
}

static void ask(const char *state, const char *after)
{
	char path[120];

	(void)snprintf(path, sizeof(path), "/api/v1/queues/messages/jobs?state=%s&after=%s", state,
		       after);
	CHECK_I64(path, box_call(&b, "GET", path, NULL), 200);
}

/* The only job that waits stands behind very many delayed ones, the only delayed one behind as many that wait. */
TEST(a_filter_over_very_many_jobs_ends_its_page_and_not_the_list)
{
	static const char *const MANY =
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20500) "
		"INSERT INTO jobs(id, okey, lane, prio, due_ms, created_ms, ref) SELECT "
		"(SELECT min(id) FROM jobs) + i, 0, 0, 1, %s, 0, 1 FROM n";
	char sql[400];

	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	(void)send("a");
	(void)snprintf(sql, sizeof(sql), MANY, "9000000000000");
	by_hand(sql);
	by_hand("UPDATE jobs SET due_ms = 9000000000000 WHERE id = (SELECT min(id) FROM jobs)");
	by_hand("UPDATE jobs SET due_ms = 0 WHERE id = (SELECT min(id) + 20500 FROM jobs)");
	ask("waiting", "");
	CHECK_STR("a page without a row", box_get(&b, "data.0.id"), "");
	ask("waiting", box_get(&b, "next"));
	CHECK_STR("the list goes on", box_get(&b, "data.0.state"), "waiting");
	CHECK_STR("to its end", box_get(&b, "next"), "");
	by_hand("UPDATE jobs SET due_ms = 0");
	by_hand("UPDATE jobs SET due_ms = 9000000000001 WHERE id = (SELECT min(id) + 20500 FROM "
		"jobs)");
	by_hand("UPDATE jobs SET due_ms = 9000000000002 WHERE id = (SELECT min(id) FROM jobs)");
	ask("delayed&limit=1", "");
	CHECK_STR("the next one due first", box_get(&b, "data.0.due_at"),
		  "2255-03-14T16:00:00.001Z");
	ask("delayed", box_get(&b, "next"));
	CHECK_STR("the other one", box_get(&b, "data.0.due_at"), "2255-03-14T16:00:00.002Z");
	CHECK_STR("no more", box_get(&b, "data.1.id"), "");
	box_close(&b);
}

static int64_t of_time(const char *fields)
{
	int64_t n = 0;

	CHECK_I64(fields,
		  box_call(&b, "GET", arena_printf(&b.arena, "/api/v1/messages?limit=2&%s", fields),
			   NULL),
		  200);
	while (*box_get(&b, arena_printf(&b.arena, "data.%d.id", (int)n)) != '\0')
		n++;
	return n;
}

TEST(messages_of_a_time)
{
	box_open(&b, PEOPLE_ARGS, COUNT(PEOPLE_ARGS));
	for (int i = 0; i < 4; i++)
		(void)send("a");
	/* 2026-01-01T00:00:01Z to :04Z; the last stored one is the oldest */
	by_hand("UPDATE whatsapp_messages SET timestamp = 1767225605000 - 1000 * id");
	CHECK_I64("half open", of_time("from=2026-01-01T00:00:02Z&to=2026-01-01T00:00:04Z"), 2);
	CHECK_STR("newest first", box_get(&b, "data.0.timestamp"), "2026-01-01T00:00:03.000Z");
	CHECK_STR("then", box_get(&b, "data.1.timestamp"), "2026-01-01T00:00:02.000Z");
	CHECK_I64("a page", of_time("from=2026-01-01T00:00:02Z"), 2);
	CHECK_STR("newest first", box_get(&b, "data.0.timestamp"), "2026-01-01T00:00:04.000Z");
	CHECK_I64("next page",
		  of_time(arena_printf(&b.arena, "from=2026-01-01T00:00:02Z&after=%s",
				       box_get(&b, "next"))),
		  1);
	CHECK_STR("the end", box_get(&b, "data.0.timestamp"), "2026-01-01T00:00:02.000Z");
	CHECK_I64("up to", of_time("to=2026-01-01T00:00:02Z"), 1);
	CHECK_I64("inbound", of_time("direction=inbound"), 0);
	CHECK_I64("outbound", of_time("direction=outbound&to=2026-01-01T00:00:02Z"), 1);
	CHECK_I64("no time", box_call(&b, "GET", "/api/v1/messages?from=yesterday", NULL), 422);
	CHECK_I64("backwards",
		  box_call(&b, "GET",
			   "/api/v1/messages?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
			   NULL),
		  422);
	CHECK_I64("no direction", box_call(&b, "GET", "/api/v1/messages?direction=x", NULL), 422);
	box_close(&b);
}
