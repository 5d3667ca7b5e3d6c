/* test_upgrade.c - a database of the released program (migrations up to 0021), filled, is brought to this one: every row is there
 * afterwards, and what was open is open. */
#include <sqlite3.h>

#include "io/db.h"
#include "io/migrate.h"
#include "store/receipt.h"
#include "t.h"

#define RELEASED 21

/* One person who wrote, an answer in doubt, one that was given up, an unread request, an open incident, two outages; a
 * conversation's state whose conversation is gone already. */
static const char LIFE[] =
	"INSERT INTO companies (id, name, created_ms) VALUES (1, 'Shop', 1) ON CONFLICT DO NOTHING;"
	"INSERT INTO targets (id, company_id, kind, slug, created_ms) VALUES (1, 1, 'channel', "
	"'main', 1);"
	"INSERT INTO contacts (id, company_id, name, created_ms, updated_ms) VALUES (7, 1, 'Ana', "
	"2, 2);"
	"INSERT INTO whatsapp_conversations (id, company_id, channel_id, contact_id, wa_id, "
	"automation_off_until_ms, "
	"automation_off_why, created_ms) VALUES (9, 1, 1, 7, '5511999990000', 99, 'loop', 2);"
	"INSERT INTO webhook_deliveries (id, received_ms, company_id, target_id, source, "
	"request_id, signature, headers, body_size, "
	"body) VALUES (1, 3, 1, 1, 'meta', 'r1', 'valid', '{}', 2, x'7b7d'), (2, 9, 1, 1, 'meta', "
	"'r2', 'valid', '{}', 2, x'7b7d');"
	"INSERT INTO whatsapp_messages (id, company_id, conversation_id, channel_id, delivery_id, "
	"direction, type, status, sending, "
	"sender_type, source, timestamp, created_at, meta_message_id, wa_id, content, leaves) "
	"VALUES"
	" (1, 1, 9, 1, 1, 'inbound', 'text', 'delivered', NULL, 'customer', 'customer', 3, 3, "
	"'wamid.1', '5511999990000', "
	"'my number is 0981 234 999', 0),"
	" (2, 1, 9, 1, 0, 'outbound', 'text', 'pending', 'unknown', 'ai', 'api', 4, 4, NULL, "
	"'5511999990000', 'in doubt', 1),"
	" (3, 1, 9, 1, 0, 'outbound', 'text', 'pending', 'queued', 'ai', 'api', 5, 5, NULL, "
	"'5511999990000', 'waits', 0);"
	"INSERT INTO message_statuses (message_id, status, recipient, at_ms, recorded_ms) VALUES "
	"(1, 'read', '', 4, 4);"
	"INSERT INTO message_tries (meta_message_id, message_id, n, failed_ms) VALUES ('wamid.2', "
	"2, 1, 0);"
	"INSERT INTO topic_events (id, topic, company_id, okey, ref, hop, created_ms) VALUES (1, "
	"1, 1, 9, 3, 0, 5);"
	"INSERT INTO jobs (id, okey, lane, prio, due_ms, created_ms, ref) VALUES (1099511627777, "
	"0, 0, 1, 0, 9, 2), "
	"(2199023255553, 9, 1, 1, 0, 5, 1);"
	"INSERT INTO dead_letters (id, queue, class, reason, error, okey, lane, prio, attempts, "
	"ref, job_created_ms, created_ms) "
	"VALUES (5, 'messages', 'theirs', 'refused', 'no such number', 9, 1, 1, 1, 1, 5, 6);"
	"INSERT INTO receipts (id, kind, subject, from_ms, to_ms, found, open, dead, unknown, "
	"lost, bounds, settled_ms) VALUES"
	" (1, 'crash', 'box', 5, 6, 2, 2, 1, 1, 0, '0 0 0', 0), (2, 'peer', 'channel.main', 7, 8, "
	"0, 0, 0, 0, 0, '1 0 0', 8);"
	"INSERT INTO recovered_minutes (target_id, minute, messages) VALUES (1, 0, 3), (1, 1, 2);"
	"INSERT INTO incidents (id, kind, subject, text, count, opened_ms, updated_ms, "
	"code, args) VALUES (3, 'loop', 'conversation 9', 't', 1, 5, 5, 'LOOP', 't');"
	"INSERT INTO boots (boot_id, started_ms, stopped_ms) VALUES ('a', 100, 200), ('b', 300, "
	"NULL);"
	"INSERT INTO media (id, company_id, sha256, state, bytes, mime, traits, origin, "
	"created_ms, last_used_ms) VALUES (4, 1, "
	"zeroblob(32), 'stored', 1, 'image/png', 0, 'meta', 3, 3);"
	"INSERT INTO media_uploads (media_id, channel_id, as_mime, peer_id, uploaded_ms, "
	"valid_to_ms) VALUES (4, 1, 'image/png', 'u', "
	"3, 99);"
	"INSERT INTO chatwoot_threads (conversation_id, state_ms) VALUES (9, 5), (8, 5);"
	"UPDATE search_place SET message_id = 2;";

static const struct {
	const char *sql, *want;
} AFTER[] = {
	{ "SELECT group_concat(id || content, ' | ') FROM whatsapp_messages",
	  "1my number is 0981 234 999 | 2in doubt | 3waits" },
	{ "SELECT group_concat(sending || leaves, ' ') FROM whatsapp_messages WHERE id > 1",
	  "unknown2 queued1" },
	{ "SELECT count(*) FROM message_statuses", "1" },
	{ "SELECT count(*) FROM message_tries", "1" },
	{ "SELECT group_concat(id || ' ' || ref, ' ') FROM jobs",
	  "1099511627777 2 2199023255553 1" },
	{ "SELECT group_concat(id, ' ') FROM webhook_deliveries WHERE outcome IS NULL", "1 2" },
	{ "SELECT id || error || job_id FROM dead_letters", "5no such number0" },
	{ "SELECT group_concat(id || kind || found || open, ' ') FROM receipts",
	  "1crash22 2peer00" },
	{ "SELECT id || kind || closed_ms || code FROM incidents", "3loop0" },
	{ "SELECT automation_off_until_ms || automation_off_why FROM whatsapp_conversations",
	  "99loop" },
	{ "SELECT group_concat(conversation_id, ' ') FROM chatwoot_threads", "9" },
	{ "SELECT count(*) FROM media_uploads", "1" },
	{ "SELECT seen_ms FROM clock_known", "300" },
	{ "SELECT message_id || ' ' || old_form_id FROM search_place", "2 2" },
	{ "SELECT message_id || conversation_id || contact_id FROM row_floors", "000" },
	{ "SELECT count(*) FROM erasures", "0" },
	{ "SELECT quick_check FROM pragma_quick_check", "ok" },
};

/* Receipts of before have no lists; their numbers go on. */
static enum rc see_receipt(void *arg, const struct receipt *r, struct err *e)
{
	int *seen = arg;

	(void)e;
	CHECK_I64("caught", r->caught, 3);
	CHECK_I64("open", r->open, r->id == 1 ? 2 : 0);
	CHECK_I64("dead", r->dead, r->id == 1 ? 1 : 0);
	CHECK_I64("unknown", r->unknown, 1);
	(*seen)++;
	return RC_OK;
}

/* What the released program's text of 0018 made more than today's: the triggers. 0x5bf60565c7fab78e is its checksum. */
static const char EARLIER_0018[] =
	"CREATE TRIGGER message_tries_gone AFTER DELETE ON whatsapp_messages "
	"BEGIN DELETE FROM message_tries WHERE message_id = old.id; END;"
	"CREATE TRIGGER message_notes_gone AFTER DELETE ON whatsapp_messages "
	"BEGIN DELETE FROM message_notes WHERE message_id = old.id; END;"
	"UPDATE schema_migrations SET checksum = 0x5bf60565c7fab78e WHERE name = '0018_tries';";

static void take_over(const char *before)
{
	struct migrate_report report;
	const struct migration *table;
	sqlite3 *raw = NULL;
	struct db *db = NULL;
	char path[512];
	size_t count;
	int seen = 0;

	snprintf(path, sizeof(path), "%s/t.db", t_dir());
	table = migrate_table(&count);
	MUST(db_open(path, DB_WRITER, &db, &t_err));
	MUST(migrate_run(db, table, RELEASED, 1, &report, &t_err));
	db_close(db);
	CHECK(sqlite3_open(path, &raw) == SQLITE_OK);
	if (sqlite3_exec(raw, LIFE, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(raw, before, NULL, NULL, NULL) != SQLITE_OK)
		CHECK_STR("the old rows", sqlite3_errmsg(raw), "");
	CHECK(sqlite3_close(raw) == SQLITE_OK);

	MUST(db_open(path, DB_WRITER, &db, &t_err));
	MUST(migrate_run(db, table, count, 2, &report, &t_err));
	MUST(receipt_each(db, 0, 10, see_receipt, &seen, &t_err));
	CHECK_I64("receipts", seen, 2);
	db_close(db);
	CHECK_I64("from", report.from, RELEASED);
	CHECK_I64("to", report.to, (int64_t)count);
	CHECK(report.copy[0] != '\0');
	CHECK(sqlite3_open(path, &raw) == SQLITE_OK);
	for (size_t i = 0; i < COUNT(AFTER); i++) {
		sqlite3_stmt *s = NULL;

		CHECK(sqlite3_prepare_v2(raw, AFTER[i].sql, -1, &s, NULL) == SQLITE_OK);
		CHECK(sqlite3_step(s) == SQLITE_ROW);
		CHECK_STR(AFTER[i].sql, (const char *)sqlite3_column_text(s, 0), AFTER[i].want);
		CHECK(sqlite3_finalize(s) == SQLITE_OK);
	}
	CHECK(sqlite3_close(raw) == SQLITE_OK);
}

TEST(a_filled_database_of_the_released_program_is_taken_over)
{
	take_over("");
}

TEST(a_database_that_ran_the_earlier_text_of_0018_is_taken_over)
{
	take_over(EARLIER_0018);
}

/* What no released program had written is refused: the schema is not the one that later migrations expect. */
TEST(a_database_with_an_unknown_text_of_a_migration_is_refused)
{
	struct migrate_report report;
	const struct migration *table;
	sqlite3 *raw = NULL;
	struct db *db = NULL;
	char path[512];
	size_t count;

	snprintf(path, sizeof(path), "%s/t.db", t_dir());
	table = migrate_table(&count);
	MUST(db_open(path, DB_WRITER, &db, &t_err));
	MUST(migrate_run(db, table, RELEASED, 1, &report, &t_err));
	db_close(db);
	CHECK(sqlite3_open(path, &raw) == SQLITE_OK);
	CHECK(sqlite3_exec(raw,
			   "UPDATE schema_migrations SET checksum = 1 WHERE name = '0018_tries'",
			   NULL, NULL, NULL) == SQLITE_OK);
	CHECK(sqlite3_close(raw) == SQLITE_OK);
	MUST(db_open(path, DB_WRITER, &db, &t_err));
	CHECK(migrate_run(db, table, count, 2, &report, &t_err) != RC_OK);
	db_close(db);
}
