/* test_schema.c - db/schema.sql is what the migrations make. `make schema` writes it:
 * then TOTEM_SCHEMA_WRITE names the file. */
#include <sqlite3.h>

#include "base/sbuf.h"
#include "io/db.h"
#include "io/file.h"
#include "io/migrate.h"
#include "t.h"

static const char HEAD[] = "-- Written by `make schema` from db/migrations: for reading, never "
			   "run. A test keeps it true.\n";

/* Tables first, then their indexes and triggers, each in order of name; internal tables are left out. */
static const char SCHEMA[] = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT "
			     "LIKE 'sqlite\\_%' ESCAPE '\\'"
			     " AND (SELECT count(*) FROM pragma_table_list AS l WHERE l.name = "
			     "tbl_name AND l.type = 'shadow') = 0"
			     " ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 WHEN 'view' THEN 1 "
			     "WHEN 'index' THEN 2 ELSE 3 END, name";

static void schema_of(const char *path, struct sbuf *to)
{
	sqlite3 *raw = NULL;
	sqlite3_stmt *s = NULL;

	CHECK(sqlite3_open(path, &raw) == SQLITE_OK);
	CHECK(sqlite3_prepare_v2(raw, SCHEMA, -1, &s, NULL) == SQLITE_OK);
	sbuf_text(to, HEAD);
	while (sqlite3_step(s) == SQLITE_ROW)
		sbuf_printf(to, "\n%s;\n", (const char *)sqlite3_column_text(s, 0));
	CHECK(sqlite3_finalize(s) == SQLITE_OK);
	CHECK(sqlite3_close(raw) == SQLITE_OK);
}

TEST(the_schema_file_is_what_the_migrations_make)
{
	const char *write_to = getenv("TOTEM_SCHEMA_WRITE");
	AUTO(sbuf_release) struct sbuf made = SBUF(4 * MIB);
	AUTO(sbuf_release) struct sbuf kept = SBUF(4 * MIB);
	struct migrate_report report;
	const struct migration *table;
	struct db *db = NULL;
	char path[512];
	size_t count;

	snprintf(path, sizeof(path), "%s/t.db", t_dir());
	MUST(db_open(path, DB_WRITER, &db, &t_err));
	table = migrate_table(&count);
	MUST(migrate_run(db, table, count, 1, &report, &t_err));
	db_close(db);
	schema_of(path, &made);
	CHECK(sbuf_ok(&made));
	if (write_to != NULL) {
		MUST(file_write(write_to, sbuf_view(&made), 0644, &t_err));
		return;
	}
	MUST(file_read("db/schema.sql", &kept, &t_err));
	CHECK_SPAN("db/schema.sql is old: make schema", sbuf_view(&kept), sbuf_view(&made));
}

static int64_t count_of(sqlite3 *raw, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t n = -1;

	CHECK(sqlite3_prepare_v2(raw, sql, -1, &s, NULL) == SQLITE_OK);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	CHECK(sqlite3_finalize(s) == SQLITE_OK);
	return n;
}

TEST(every_table_is_strict)
{
	struct migrate_report report;
	const struct migration *table;
	struct db *db = NULL;
	sqlite3 *raw = NULL;
	char path[512];
	size_t count;

	snprintf(path, sizeof(path), "%s/t.db", t_dir());
	MUST(db_open(path, DB_WRITER, &db, &t_err));
	table = migrate_table(&count);
	MUST(migrate_run(db, table, count, 1, &report, &t_err));
	db_close(db);
	CHECK(sqlite3_open(path, &raw) == SQLITE_OK);
	CHECK(count_of(raw, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type "
			    "= 'table'") > 3);
	CHECK_I64("tables that are not STRICT",
		  count_of(raw, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND "
				"type = 'table'"
				" AND strict = 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"),
		  0);
	CHECK(sqlite3_close(raw) == SQLITE_OK);
}

/* ---- what is handed over of a person (flow/person.def) ---- */

/* Whether the word stands in the text, and not as a part of another. */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)) != NULL; p += n) {
		static const char MORE[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

		if ((p == text || strchr(MORE, p[-1]) == NULL) && strspn(p + n, MORE) == 0)
			return true;
	}
	return false;
}

static bool left_out(const char *what)
{
	static const char *const ALL[] = {
#define PART(file, query, of)
#define LEFT_OUT(what, why) what,
#include "flow/person.def"
#undef PART
#undef LEFT_OUT
	};
	for (size_t i = 0; i < COUNT(ALL); i++) {
		if (strcmp(ALL[i], what) == 0)
			return true;
	}
	return false;
}

static const char *query_with(const char *table)
{
	static const enum query ALL[] = {
#define PART(file, query, of) query,
#define LEFT_OUT(what, why)
#include "flow/person.def"
#undef PART
#undef LEFT_OUT
	};
	for (size_t i = 0; i < COUNT(ALL); i++) {
		if (has_word(query_info(ALL[i])->sql, table))
			return query_info(ALL[i])->sql;
	}
	return NULL;
}

/* Tables whose rows may be somebody's, by the names of their columns; and those that only name people somewhere inside. */
static const char WHOSE[] =
	"SELECT l.name, c.name, max(c.name IN ('contact_id', 'conversation_id', 'message_id', "
	"'meta_message_id', 'wa_id', 'okey', 'alias', 'recipient', 'kept_id', 'gone_id', "
	"'merge_id', 'media_id') OR l.name IN ('contacts', 'media', 'audit_log', 'incidents', "
	"'channel_events', 'idempotency', 'webhook_deliveries')) OVER (PARTITION BY l.name) AS "
	"whose"
	"  FROM pragma_table_list AS l JOIN pragma_table_info(l.name) AS c"
	" WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
	" ORDER BY l.name";

TEST(what_is_held_of_a_person_is_handed_over)
{
	struct migrate_report report;
	const struct migration *table;
	sqlite3_stmt *s = NULL;
	sqlite3 *raw = NULL;
	struct db *db = NULL;
	char path[512], column[200];
	size_t count;
	int seen = 0;

	snprintf(path, sizeof(path), "%s/t.db", t_dir());
	MUST(db_open(path, DB_WRITER, &db, &t_err));
	table = migrate_table(&count);
	MUST(migrate_run(db, table, count, 1, &report, &t_err));
	db_close(db);
	CHECK(sqlite3_open(path, &raw) == SQLITE_OK);
	CHECK(sqlite3_prepare_v2(raw, WHOSE, -1, &s, NULL) == SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(s, 0), *sql;

		if (sqlite3_column_int(s, 2) == 0 || left_out(name))
			continue;
		sql = query_with(name);
		/* A new table or column: hand it over (db/queries/person.sql), or say in person.def why not. */
		CHECK_STR(name, sql != NULL ? "" : "is in no query of flow/person.def", "");
		snprintf(column, sizeof(column), "%s.%s", name,
			 (const char *)sqlite3_column_text(s, 1));
		if (sql == NULL || left_out(column))
			continue;
		CHECK_STR(column,
			  has_word(sql, (const char *)sqlite3_column_text(s, 1))
				  ? ""
				  : "is not handed over by the query of its table",
			  "");
		seen++;
	}
	CHECK(seen > 200); /* the test itself looks at what it should */
	CHECK(sqlite3_finalize(s) == SQLITE_OK);
	CHECK(sqlite3_close(raw) == SQLITE_OK);
}
