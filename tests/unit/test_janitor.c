/* test_janitor.c - disk watermarks, the long log, retention in chunks, pauses that end. */
#include "base/limits.h"
#include "base/log.h"
#include "flow/config.h"
#include "flow/janitor.h"
#include "flow/supervise.h"
#include "faultvfs.h"
#include "store/idem.h"
#include "store/retention/retention_day.h"
#include "store/incident.h"
#include "store/target.h"
#include "t.h"

static struct supervise *below;

static struct app *up(void)
{
	static char folder[600];
	static struct supervise_options o;

	(void)snprintf(folder, sizeof(folder), "%s/box", t_dir());
	o = (struct supervise_options){ .data_dir = folder };
	log_set_level(LOG_ERROR);
	MUST(supervise_libraries(&t_err));
	MUST(supervise_open(&o, &below, &t_err));
	log_set_level(LOG_ERROR);
	return supervise_app(below);
}

static enum rc count_incident(void *arg, const struct incident *i, struct err *e)
{
	int *n = arg;

	(void)i;
	(void)e;
	(*n)++;
	return RC_OK;
}

static int incidents(struct app *app, bool only_open)
{
	struct db *db = store_reader(app->store);
	int n = 0;

	MUST(incident_each(db, only_open, 100, count_incident, &n, &t_err));
	store_reader_done(app->store, db);
	return n;
}

static int open_incidents(struct app *app)
{
	return incidents(app, true);
}

static int all_incidents(struct app *app)
{
	return incidents(app, false);
}

TEST(a_full_disk_refuses_until_there_is_space_again)
{
	static const struct {
		const char *why;
		int64_t free_bytes;
		bool low;
	} ROWS[] = {
		{ "plenty", 1 << 30, false },
		{ "just enough", DISK_REFUSE_BYTES, false },
		{ "too little", DISK_REFUSE_BYTES - 1, true },
		{ "a little more is not enough to begin again", DISK_REFUSE_BYTES + 1, true },
		{ "enough to begin again", DISK_RESUME_BYTES, false },
	};
	struct app *app = up();

	EACH (r, ROWS) {
		janitor_disk(app, r->free_bytes);
		CHECK_I64(r->why, app->disk_low, r->low);
		CHECK_I64(r->why, open_incidents(app), r->low);
	}
	supervise_close(below);
}

TEST(a_disk_that_was_full_to_the_last_byte_is_told_when_there_is_room)
{
	struct app *app;

	faultvfs_start();
	app = up();
	faultvfs_set(&(struct fault){ .full_after = 1 });
	janitor_disk(app, 0);
	janitor_disk(app, 0);
	CHECK_I64("cannot be stored", open_incidents(app), 0);
	CHECK(app->disk_low);
	faultvfs_set(&(struct fault){ 0 });
	janitor_disk(app, 1 << 20);
	CHECK_I64("found room", open_incidents(app), 1);
	janitor_disk(app, 1 << 20);
	janitor_disk(app, 1 << 30);
	CHECK_I64("over", open_incidents(app), 0);
	/* From the last byte to plenty at once: it was, and is over. */
	faultvfs_set(&(struct fault){ .full_after = 1 });
	janitor_disk(app, 0);
	faultvfs_set(&(struct fault){ 0 });
	janitor_disk(app, 1 << 30);
	CHECK_I64("over", open_incidents(app), 0);
	CHECK_I64("told twice", all_incidents(app), 2);
	supervise_close(below);
}

TEST(a_long_log_is_told_once_and_closed)
{
	struct app *app = up();

	janitor_wal(app, WAL_ALARM_BYTES + 1);
	janitor_wal(app, WAL_ALARM_BYTES + 2);
	CHECK_I64("open", open_incidents(app), 1);
	janitor_wal(app, 0);
	CHECK_I64("closed", open_incidents(app), 0);
	supervise_close(below);
}

static enum rc fill_unit(struct tx *tx, void *arg, struct err *e)
{
	char key[32], hash[33] = "0123456789abcdef0123456789abcdef";

	(void)arg;
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(key, sizeof(key), "key%d", i);
		TRY(idem_add(tx,
			     &(struct idem){ .token_id = 1,
					     .key = str_of(key),
					     .body_hash = str_n(hash, 32),
					     .status = 202,
					     .answer = STR("{}") },
			     e));
	}
	return RC_OK;
}

struct seen {
	int64_t gone, bytes;
	int rows;
};

static enum rc see_day(void *arg, const struct retention_day *d, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	CHECK_STR("what", d->what, "answers");
	s->gone += d->gone;
	s->bytes += d->bytes;
	s->rows++;
	return RC_OK;
}

/* What went is counted by day. */
static void check_counts(struct app *app)
{
	struct seen s = { 0 };
	struct db *db = store_reader(app->store);

	MUST(retention_day_each(db, 0, see_day, &s, &t_err));
	store_reader_done(app->store, db);
	CHECK_I64("rows of a day", s.rows, 1);
	CHECK_I64("gone", s.gone, 3000);
	CHECK(s.bytes > 100 * 1000 && s.bytes < 3 * 1000 * 1000);
	/* Counts go too, after their time. */
	CHECK(janitor_trim(app, app->started_ms + (RETENTION_DAYS_KEPT + 2) * DAY_MS));
	s = (struct seen){ 0 };
	db = store_reader(app->store);
	MUST(retention_day_each(db, 0, see_day, &s, &t_err));
	store_reader_done(app->store, db);
	CHECK_I64("no counts", s.rows, 0);
}

TEST(retention_forgets_what_is_too_old)
{
	struct app *app = up();
	struct err e = { .rc = RC_OK };
	struct idem kept;
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct idem asked = { .token_id = 1,
			      .key = STR("key7"),
			      .body_hash = STR("0123456789abcdef0123456789abcdef") };
	struct db *db;

	MUST(store_write(app->store, STORE_NORMAL, fill_unit, NULL, &t_err));
	CHECK(janitor_trim(app, app->started_ms));
	db = store_reader(app->store);
	MUST(idem_find(db, &asked, &a, &kept, &t_err));
	store_reader_done(app->store, db);
	CHECK(janitor_trim(app, app->started_ms + IDEMPOTENCY_TTL_MS + MINUTE_MS));
	db = store_reader(app->store);
	CHECK_I64("forgotten", idem_find(db, &asked, &a, &kept, &e), RC_ABSENT);
	store_reader_done(app->store, db);
	check_counts(app);
	supervise_close(below);
}

static enum rc pause_unit(struct tx *tx, void *arg, struct err *e)
{
	int64_t *id = arg;

	TRY(target_resolve(tx, "n8n", STR("main"), id, e));
	return target_pause(tx, *id, tx->now_ms + MINUTE_MS, "test", e);
}

static enum rc state_row(void *arg, const struct target *t, struct err *e)
{
	char *state = arg;

	(void)e;
	memcpy(state, t->state, sizeof(t->state));
	return RC_OK;
}

static void state_of(struct app *app, char state[8])
{
	struct db *db = store_reader(app->store);

	MUST(target_each(db, state_row, state, &t_err));
	store_reader_done(app->store, db);
}

TEST(a_pause_ends_by_itself)
{
	struct app *app = up();
	char state[8];
	int64_t id = 0;

	MUST(store_write(app->store, STORE_NORMAL, pause_unit, &id, &t_err));
	MUST(janitor_lanes(app, app->started_ms, &t_err));
	CHECK(queue_gated_until(store_queues(app->store), id) > app->started_ms);
	janitor_one(app, app->started_ms + SECOND_MS);
	state_of(app, state);
	CHECK_STR("still", state, "paused");
	janitor_one(app, app->started_ms + 3 * MINUTE_MS);
	state_of(app, state);
	CHECK_STR("over", state, "up");
	supervise_close(below);
}
