/* migrate.c - numbered migrations, forward only.
 *
 * user_version is the number of the last one, application_id says that the file is ours. Both and the row in
 * schema_migrations change in the transaction of the migration, so a crash leaves all or nothing. */
#include "io/migrate.h"

#define APPLICATION_ID 0x546f744dL /* "TotM" */

static const char create_sql[] = "CREATE TABLE schema_migrations ("
				 "number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
				 "checksum INTEGER NOT NULL, applied_ms INTEGER NOT NULL) STRICT";

static int64_t checksum(const char *sql)
{
	uint64_t hash = str_hash(str_of(sql));
	int64_t v;

	memcpy(&v, &hash, sizeof(v));
	return v;
}

static const struct {
	const char *name;
	uint64_t sum;
} WAS[] = {
#define WAS(name, sum) { name, UINT64_C(sum) },
#include "io/migrate_was.def"
#undef WAS
};

/* Whether what was run under this name is this migration, in its present text or an earlier one. */
static bool is_same(const struct migration *m, struct str name, int64_t sum)
{
	if (!str_eqc(name, m->name))
		return false;
	for (size_t i = 0; i < COUNT(WAS); i++)
		if (str_eqc(name, WAS[i].name) && (uint64_t)sum == WAS[i].sum)
			return true;
	return sum == checksum(m->sql);
}

/* The rows of schema_migrations against the table of this program. */
static enum rc compare(struct db *db, const struct migration *table, int64_t done, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t i = 0;
	enum rc rc;

	TRY(stmt_begin(db, Q_MIGRATE_LIST, &s, e));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		int64_t number = stmt_i64(&s, "number");
		struct str name = stmt_str(&s, "name");
		int64_t sum = stmt_i64(&s, "checksum");

		if (i >= done || number != table[i].number)
			return FAIL(e, RC_REFUSED,
				    "%s: migration %lld is recorded but user_version is %lld",
				    db_path(db), (long long)number, (long long)done);
		if (!is_same(&table[i], name, sum))
			return FAIL(e, RC_REFUSED,
				    "%s: migration %s differs from %.*s, which was run on this "
				    "database",
				    db_path(db), table[i].name, STRF(name));
		i++;
	}
	if (rc != RC_ABSENT)
		return rc;
	if (i != done)
		return FAIL(e, RC_REFUSED,
			    "%s: user_version is %lld but %lld migrations are recorded",
			    db_path(db), (long long)done, (long long)i);
	return RC_OK;
}

/* Which migration the database is at; refuses what this program must not touch. */
static enum rc examine(struct db *db, const struct migration *table, size_t count,
		       int64_t *ret_done, struct err *e)
{
	int64_t done = 0;
	int64_t id = 0;
	int64_t pages = 0;

	TRY(db_pragma_i64(db, "user_version", &done, e));
	TRY(db_pragma_i64(db, "application_id", &id, e));
	TRY(db_pragma_i64(db, "schema_version", &pages, e));
	if (done == 0 && id == 0 &&
	    pages == 0) { /* empty: schema_version counts changes of the schema */
		*ret_done = 0;
		return RC_OK;
	}
	if (id != APPLICATION_ID)
		return FAIL(e, RC_REFUSED, "%s is not a database of this program", db_path(db));
	if (done < 0 || (uint64_t)done > count)
		return FAIL(e, RC_REFUSED,
			    "%s is at migration %lld, this program knows %zu: it is older",
			    db_path(db), (long long)done, count);
	TRY(compare(db, table, done, e));
	*ret_done = done;
	return RC_OK;
}

static enum rc record(struct db *db, const struct migration *m, int64_t now_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_MIGRATE_INSERT, &s, e));
	stmt_bind_i64(&s, "number", m->number);
	stmt_bind_text(&s, "name", m->name);
	stmt_bind_i64(&s, "checksum", checksum(m->sql));
	stmt_bind_i64(&s, "applied_ms", now_ms);
	return stmt_run(&s, e);
}

/* Inside the transaction. */
static enum rc apply(struct db *db, const struct migration *m, int64_t now_ms, struct err *e)
{
	char mark[96];
	int64_t ignored;
	enum rc rc;

	if (m->number == 1)
		TRY(db_exec(db, create_sql, e));
	TRY(db_exec(db, m->sql, e));
	rc = db_pragma_i64(db, "foreign_key_check", &ignored, e); /* a row per broken reference */
	if (rc != RC_ABSENT)
		return rc != RC_OK ? rc
				   : FAIL(e, RC_INVALID, "it leaves rows that refer to nothing");
	TRY(record(db, m, now_ms, e));
	snprintf(mark, sizeof(mark), "PRAGMA application_id=%ld; PRAGMA user_version=%d",
		 APPLICATION_ID, m->number);
	return db_exec(db, mark, e);
}

static enum rc run_one(struct db *db, const struct migration *m, int64_t now_ms, struct err *e)
{
	struct err why = { 0 };
	enum rc rc;

	TRY(db_begin(db, e));
	rc = apply(db, m, now_ms, &why);
	if (rc == RC_OK)
		rc = db_commit(db, &why);
	if (rc != RC_OK) {
		db_rollback(db);
		return FAIL(e, rc, "migration %s: %s", m->name, why.text);
	}
	return RC_OK;
}

static enum rc run_all(struct db *db, const struct migration *table, size_t count, int64_t now_ms,
		       struct migrate_report *r, struct err *e)
{
	enum rc rc;

	/* A table can only be rebuilt while references are not enforced; apply() checks them at the end. */
	TRY(db_exec(db, "PRAGMA foreign_keys=OFF", e));
	rc = RC_OK;
	for (size_t i = (size_t)r->from; rc == RC_OK && i < count; i++) {
		rc = run_one(db, &table[i], now_ms, e);
		if (rc == RC_OK)
			r->to = table[i].number;
	}
	if (db_exec(db, "PRAGMA foreign_keys=ON", rc == RC_OK ? e : NULL) != RC_OK && rc == RC_OK)
		rc = RC_IO;
	return rc;
}

enum rc migrate_run(struct db *writer, const struct migration *table, size_t count, int64_t now_ms,
		    struct migrate_report *ret, struct err *e)
{
	struct migrate_report r = { 0 };
	int64_t done = 0;
	enum rc rc;

	for (size_t i = 0; i < count; i++)
		ASSERT(table[i].number == (int)i + 1);
	TRY(examine(writer, table, count, &done, e));
	r.from = (int)done;
	r.to = r.from;
	if ((size_t)done < count) {
		if (done > 0) {
			int n = snprintf(r.copy, sizeof(r.copy), "%s.before-%04d", db_path(writer),
					 table[done].number);

			if (n < 0 || (size_t)n >= sizeof(r.copy))
				return FAIL(
					e, RC_LIMIT,
					"path of the database is too long for a copy beside it");
			TRY(db_copy_to(writer, r.copy, e));
		}
		rc = run_all(writer, table, count, now_ms, &r, e);
		if (rc != RC_OK)
			return rc;
	}
	*ret = r;
	return RC_OK;
}
