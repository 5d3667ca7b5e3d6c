/* tables.c - the first call makes the tables in place, and keeps the bytes for the others. */
#include "tables.h"

#include "base/sbuf.h"
#include "io/db.h"
#include "io/file.h"
#include "io/migrate.h"

#define TABLES_MAX (4 * MIB)

static enum rc make(const char *path, int64_t now_ms, struct err *e)
{
	struct migrate_report report;
	const struct migration *table;
	struct db *db = NULL;
	size_t count;
	enum rc rc;

	table = migrate_table(&count);
	TRY(db_open(path, DB_WRITER, &db, e));
	rc = migrate_run(db, table, count, now_ms, &report, e);
	db_close(db); /* the last connection: the log goes into the file */
	return rc;
}

enum rc tables_put(const char *path, int64_t now_ms, struct err *e)
{
	static struct sbuf made = SBUF(TABLES_MAX);

	if (file_exists(path))
		return RC_OK;
	if (sbuf_view(&made).n > 0)
		return file_write(path, sbuf_view(&made), 0600, e);
	TRY(make(path, now_ms, e));
	return file_read(path, &made, e);
}
