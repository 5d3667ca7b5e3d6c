/* test_queries.c - every named query against the schema as the migrations make it.
 * A typo in SQL, a renamed column or a wrong declaration fails here with the file and line of the query. */
#include "io/db.h"
#include "io/migrate.h"
#include "t.h"

static struct db *open_migrated(void)
{
	struct migrate_report report;
	const struct migration *table;
	struct db *db = NULL;
	char path[512];
	size_t count;

	snprintf(path, sizeof(path), "%s/t.db", t_dir());
	MUST(db_open(path, DB_WRITER, &db, &t_err));
	table = migrate_table(&count);
	MUST(migrate_run(db, table, count, 1, &report, &t_err));
	return db;
}

TEST(every_query_fits_the_schema)
{
	struct db *db = open_migrated();

	CHECK(Q_COUNT > 0);
	for (int q = 0; q < (int)Q_COUNT; q++) {
		struct err e = { 0 };
		enum rc rc = query_check(db, (enum query)q, &e);

		CHECK_STR(query_info((enum query)q)->name, rc == RC_OK ? "" : e.text, "");
	}
	db_close(db);
}

/* A reader must be able to prepare what it will be asked; writing queries are refused at their first step only. */
TEST(every_query_is_named_once_and_has_its_text)
{
	for (int q = 0; q < (int)Q_COUNT; q++) {
		const struct query_info *a = query_info((enum query)q);

		CHECK(a->sql[0] != '\0' && strchr(a->sql, '@') == NULL);
		for (int other = 0; other < q; other++)
			CHECK(strcmp(a->name, query_info((enum query)other)->name) != 0);
	}
}

/* Lists that people page through in a database with millions of messages: by this index, with nothing read whole or sorted. */
static const struct {
	enum query query;
	const char *by;
} PAGED[] = {
	{ Q_MESSAGE_LIST_TIME,
	  "whatsapp_messages_by_time (company_id=? AND timestamp>? AND timestamp<?)" },
	{ Q_MESSAGE_LIST, "whatsapp_messages_by_conversation (company_id=? AND conversation_id=? "
			  "AND timestamp<?)" },
	{ Q_MESSAGE_LIST_ALL, "INTEGER PRIMARY KEY (rowid<?)" },
	{ Q_MESSAGE_PLAN_UNSETTLED, "whatsapp_messages_unsettled" },
	{ Q_RECEIPT_ITEM_JOBS, "PRIMARY KEY (receipt_id=? AND job_id>?)" },
	{ Q_PEER_CALL_OF,
	  "message_attempts_by_target (target=? AND at_ms>? AND (at_ms,message_id,n)<(?,?,?))" },
	{ Q_PEER_CALL_FAILED,
	  "message_attempts_failed (target=? AND at_ms>? AND (at_ms,message_id,n)<(?,?,?))" },
	{ Q_RECEIPT_CAUGHT_OF, "recovered_messages_by_target (target_id=? AND rowid<?)" },
	{ Q_RECEIPT_ITEM_UNKNOWN, "whatsapp_messages_unsettled" },
	{ Q_RECEIPT_ITEM_CAUGHT, "recovered_messages" },
	{ Q_QUEUE_LIST, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
	{ Q_QUEUE_LIST_DELAYED, "jobs_delayed (<expr>=? AND due_ms>?)" },
	{ Q_QUEUE_NTH, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
};

TEST(paged_lists_go_by_an_index)
{
	struct db *db = open_migrated();

	for (size_t i = 0; i < COUNT(PAGED); i++) {
		AUTO(sbuf_release) struct sbuf plan = SBUF(64 * KIB);
		const char *name = query_info(PAGED[i].query)->name, *text;

		MUST(query_plan(db, PAGED[i].query, &plan, &t_err));
		text = sbuf_c(&plan);
		CHECK_STR(name, strstr(text, PAGED[i].by) != NULL ? PAGED[i].by : text,
			  PAGED[i].by);
		CHECK_STR(name, strstr(text, "SCAN") != NULL ? text : "", "");
		if (PAGED[i].query != Q_RECEIPT_ITEM_CAUGHT) /* few rows, put in order */
			CHECK_STR(name,
				  strstr(text, "TEMP B-TREE FOR ORDER BY") != NULL ? text : "", "");
	}
	db_close(db);
}

/* A word that is everywhere, in a conversation of few messages: no message elsewhere is read. */
TEST(a_search_in_a_conversation_reads_no_other_messages)
{
	AUTO(sbuf_release) struct sbuf plan = SBUF(64 * KIB);
	struct db *db = open_migrated();
	const char *text;

	MUST(query_plan(db, Q_SEARCH_MESSAGES_IN, &plan, &t_err));
	text = sbuf_c(&plan);
	CHECK_STR("found by number", strstr(text, "LIST SUBQUERY") != NULL ? "" : text, "");
	CHECK_STR("no row of a message", strstr(text, "PRIMARY KEY") != NULL ? text : "", "");
	CHECK_STR("in order", strstr(text, "TEMP B-TREE") != NULL ? text : "", "");
	db_close(db);
}

/* An index over all conversations is for one list only: where SQLite took it for another it would pass over millions of rows. */
TEST(only_the_list_of_a_time_goes_by_time)
{
	struct db *db = open_migrated();

	for (int q = 0; q < (int)Q_COUNT; q++) {
		AUTO(sbuf_release) struct sbuf plan = SBUF(64 * KIB);
		const char *text;

		if (q == Q_MESSAGE_LIST_TIME)
			continue;
		MUST(query_plan(db, (enum query)q, &plan, &t_err));
		text = sbuf_c(&plan);
		CHECK_STR(query_info((enum query)q)->name,
			  strstr(text, "whatsapp_messages_by_time") != NULL ? text : "", "");
	}
	db_close(db);
}
