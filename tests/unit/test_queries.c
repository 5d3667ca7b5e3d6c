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
