/* migrate.h - brings a database to the schema of this program: numbered migrations, forward only.
 *
 * Each runs in one transaction together with its row in schema_migrations (number, name, checksum, when).
 * Before the first change to a database that holds data, a copy is made beside it (NAME.before-NNNN).
 * A checksum that differs from the recorded one, or a database newer than the program, is refused. */
#ifndef IO_MIGRATE_H
#define IO_MIGRATE_H

#include "io/db.h"

struct migration {
	int number;
	const char *name;
	const char *sql;
};

struct migrate_report {
	int from;
	int to;
	char copy[512]; /* path of the copy, or "" */
};

const struct migration *migrate_table(size_t *ret_count); /* generated from db/migrations */
/* RC_REFUSED: newer database or changed checksum; nothing was touched. */
enum rc migrate_run(struct db *writer, const struct migration *table, size_t count, int64_t now_ms,
		    struct migrate_report *ret, struct err *e) MUST_CHECK;

#endif
