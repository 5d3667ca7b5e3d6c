/* test_audit.c - the log only grows, and shows each change made behind its back. */
#include <sqlite3.h>

#include "store/access/audit.h"

#include "t.h"

static struct store *st;
static char path[600];

static int64_t still(void)
{
	return INT64_C(1785240000000);
}

static void open_store(void)
{
	const struct store_options o = {
		.path = path, .migrate = true, .now_ms = still(), .clock = still
	};

	(void)snprintf(path, sizeof(path), "%s/totem.db", t_dir());
	MUST(crypto_start(&t_err));
	MUST(store_open(&o, &st, &t_err));
}

static enum rc add_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct audit *a = arg;

	return audit_add(tx, a, e);
}

static void add(const char *action, const char *subject)
{
	struct audit a = { .company_id = 1,
			   .kind = ACTOR_USER,
			   .actor_id = 7,
			   .actor = STR("Ana"),
			   .client = STR("192.0.2.1"),
			   .action = str_of(action),
			   .subject = str_of(subject),
			   .detail = STR("{\"keys\":[]}") };

	MUST(store_write(st, STORE_NORMAL, add_unit, &a, &t_err));
}

static struct audit_proof prove(void)
{
	struct audit_proof p = { 0 };
	struct db *db = store_reader(st);

	MUST(audit_prove(db, &p, &t_err));
	store_reader_done(st, db);
	return p;
}

/* As somebody with the file and the program of SQLite would. */
static bool by_hand(const char *sql)
{
	sqlite3 *raw = NULL;
	bool ok = sqlite3_open(path, &raw) == SQLITE_OK &&
		  sqlite3_exec(raw, sql, NULL, NULL, NULL) == SQLITE_OK;

	CHECK(sqlite3_close(raw) == SQLITE_OK);
	return ok;
}

TEST(audit_chain_is_whole_and_only_grows)
{
	open_store();
	CHECK_I64("empty", prove().rows, 0);
	for (int i = 0; i < 3; i++)
		add("settings.change", "x");
	CHECK_I64("rows", prove().rows, 3);
	CHECK_I64("whole", prove().broken_id, 0);
	CHECK(!by_hand("UPDATE audit_log SET actor = 'Beto' WHERE id = 2"));
	CHECK(!by_hand("DELETE FROM audit_log WHERE id = 3"));
	CHECK(!by_hand("DELETE FROM audit_log"));
	CHECK_I64("still whole", prove().broken_id, 0);
	store_close(st);
}

TEST(audit_shows_what_was_done_behind_its_back)
{
	static const struct {
		const char *why, *sql;
		int64_t broken_id;
	} CASES[] = {
		{ "changed", "UPDATE audit_log SET subject = 'y' WHERE id = 2", 2 },
		{ "a byte moved to the next column",
		  "UPDATE audit_log SET action = 'settings.chang', subject = 'ex' WHERE id = 4",
		  2 },
		{ "taken out", "DELETE FROM audit_log WHERE id = 3", 2 },
	};

	open_store();
	for (int i = 0; i < 5; i++)
		add("settings.change", "x");
	CHECK(by_hand("DROP TRIGGER audit_log_keeps_rows; DROP TRIGGER audit_log_keeps_words"));
	EACH (t, CASES) {
		CHECK(by_hand(t->sql));
		CHECK_I64(t->why, prove().broken_id, t->broken_id);
	}
	CHECK(by_hand("UPDATE audit_log SET subject = 'x', action = 'settings.change'"));
	CHECK_I64("a hole", prove().broken_id, 4);
	store_close(st);
}

TEST(audit_cuts_what_is_long_and_drops_what_is_no_text)
{
	char longest[3 * AUDIT_TEXT_MAX];
	struct audit a = { .kind = ACTOR_NOBODY, .action = STR("session.refused") };

	open_store();
	for (size_t i = 0; i < sizeof(longest); i += 3)
		memcpy(longest + i, "\xe2\x82\xac", 3);
	a.subject = str_n(longest, sizeof(longest));
	a.actor = STR("\xff\xfe");
	MUST(store_write(st, STORE_NORMAL, add_unit, &a, &t_err));
	CHECK_I64("whole", prove().broken_id, 0);
	CHECK(by_hand("SELECT 1"));
	store_close(st);
}

static enum rc fail_unit(struct tx *tx, void *arg, struct err *e)
{
	(void)tx;
	(void)arg;
	return FAIL(e, RC_CONFLICT, "no");
}

static enum rc ok_unit(struct tx *tx, void *arg, struct err *e)
{
	(void)tx;
	(void)arg;
	(void)e;
	return RC_OK;
}

TEST(audit_row_rides_with_the_first_unit_that_succeeds)
{
	struct audit a = { .kind = ACTOR_SYSTEM, .action = STR("x") };
	struct store_rider r = { .unit = add_unit, .arg = &a };
	struct store_rider bad = { .unit = fail_unit };
	struct audit other = { .kind = ACTOR_SYSTEM, .action = STR("y") };

	open_store();
	store_ride(&r);
	CHECK_I64("fails", store_write(st, STORE_NORMAL, fail_unit, NULL, NULL), RC_CONFLICT);
	CHECK_I64("no row", prove().rows, 0);
	MUST(store_write(st, STORE_NORMAL, ok_unit, NULL, &t_err));
	CHECK_I64("its row", prove().rows, 1);
	MUST(store_write(st, STORE_NORMAL, ok_unit, NULL, &t_err));
	CHECK_I64("once", prove().rows, 1);
	store_ride(&bad);
	CHECK_I64("both or neither", store_write(st, STORE_NORMAL, add_unit, &other, NULL),
		  RC_CONFLICT);
	CHECK_I64("neither", prove().rows, 1);
	store_ride(NULL);
	store_close(st);
}
