/* test_backup_run.c - the server's own thread of backups: what it finds by itself. */
#include "flow/backup/backup_run.h"

#include "backup_rig.h"
#include "base/clock.h"
#include "store/incident.h"

struct seen {
	const char *kind;
	int open, closed;
	enum incident_code code;
};

static enum rc see(void *arg, const struct incident *i, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	if (!str_eqc(i->kind, s->kind))
		return RC_OK;
	*(i->closed_ms == 0 ? &s->open : &s->closed) += 1;
	s->code = i->code;
	return RC_OK;
}

static struct seen seen_of(struct rig *r, const char *kind)
{
	struct db *db = store_reader(r->b.app.store);
	struct seen s = { .kind = kind, .code = INCIDENT_CODES };

	MUST(incident_each(db, false, 100, see, &s, &t_err));
	store_reader_done(r->b.app.store, db);
	return s;
}

/* The thread looks at once, then restores, looks again and rests; within 15 s in any case. */
static bool is_verified_and_seen(struct rig *r)
{
	for (int i = 0; i < 3000; i++) {
		struct backup_state s;

		backup_run_state(r->b.app.backups, &s);
		if (s.verified_ms > 0 && !s.checking && !s.troubled &&
		    seen_of(r, "backup-check").open == 0)
			return true;
		usleep(5000);
	}
	return false;
}

/* How often a backup of this age was told as unverified by a box that is up for so long, until it verified it. */
static int told(int64_t age_ms, int64_t up_ms)
{
	static const char *const QUIET[] = { "backup_every_hours=0", "backup_check_pace=100" };
	struct backup_info made;
	struct seen s;
	struct rig r;

	up(&r);
	box_close(&r.b);
	box_open(&r.b, QUIET, COUNT(QUIET));
	make_at(&r, clock_now_ms() - age_ms, &made);
	r.b.app.started_ms = clock_now_ms() - up_ms;
	MUST(backup_run_start(&r.b.app, &r.b.app.backups, &t_err));
	CHECK(is_verified_and_seen(&r));
	backup_run_stop(TAKE(r.b.app.backups));
	s = seen_of(&r, "backup-check");
	CHECK_I64("open at the end", s.open, 0);
	CHECK(s.closed == 0 || s.code == INCIDENT_BACKUP_UNVERIFIED);
	box_close(&r.b);
	return s.closed;
}

TEST(a_backup_that_nobody_verified_within_a_day_is_told_until_it_is)
{
	CHECK_I64("told once", told(DAY + HOUR_MS, 2 * HOUR_MS), 1);
}

TEST(within_the_day_an_unverified_backup_is_not_told)
{
	CHECK_I64("not told", told(DAY - HOUR_MS, 2 * HOUR_MS), 0);
}

TEST(after_a_start_an_old_backup_has_an_hour_to_be_verified)
{
	CHECK_I64("not told", told(DAY + HOUR_MS, HOUR_MS - MINUTE_MS), 0);
}

/* Backups that are left of one of forty days ago, one of yesterday and one that is asked for now, of which one is kept. */
static size_t left_when(bool sure)
{
	static const char *const ONE[] = { "backup_every_hours=0", "backup_keep=1",
					   "backup_keep_weeks=0", "backup_check_pace=100" };
	struct backup_info made, listed[8];
	struct backup_state s = { .last_ok_ms = 0 };
	struct rig r;
	size_t n = 0;

	up(&r);
	box_close(&r.b);
	box_open(&r.b, ONE, COUNT(ONE));
	make_at(&r, clock_now_ms() - 40 * DAY, &made);
	make_at(&r, clock_now_ms() - DAY, &made);
	r.b.app.clock_sure = sure;
	MUST(backup_run_start(&r.b.app, &r.b.app.backups, &t_err));
	MUST(backup_run_ask(r.b.app.backups, NULL, &t_err));
	for (int i = 0; i < 3000 && s.last_ok_ms == 0; i++) {
		usleep(5000);
		backup_run_state(r.b.app.backups, &s);
	}
	backup_run_stop(TAKE(r.b.app.backups));
	MUST(backup_list(r.folder, listed, COUNT(listed), &n, &t_err));
	box_close(&r.b);
	return n;
}

TEST(no_backup_is_old_by_a_clock_in_doubt)
{
	CHECK_I64("doubted", left_when(false), 3);
}

TEST(by_a_clock_that_is_believed_the_old_ones_go)
{
	CHECK_I64("believed", left_when(true), 1);
}

TEST(a_folder_that_nothing_can_be_written_to_is_told_with_its_own_cure)
{
	char set[FOLDER_PATH_MAX + 20], file[FOLDER_PATH_MAX];
	const char *const sets[] = { "backup_every_hours=0", set };
	struct seen s = { .open = 0 };
	struct rig r;

	up(&r);
	box_close(&r.b);
	MUST(folder_join(t_dir(), "file", file, &t_err));
	MUST(file_write(file, STR("x"), 0600, &t_err));
	(void)snprintf(set, sizeof(set), "backup_dir=%s/below", file);
	box_open(&r.b, sets, COUNT(sets));
	MUST(backup_run_start(&r.b.app, &r.b.app.backups, &t_err));
	MUST(backup_run_ask(r.b.app.backups, NULL, &t_err));
	for (int i = 0; i < 3000 && s.open == 0; i++) {
		usleep(5000);
		s = seen_of(&r, "backup");
	}
	CHECK_I64("told", s.open, 1);
	CHECK(s.code == INCIDENT_BACKUP_FOLDER);
	backup_run_stop(TAKE(r.b.app.backups));
	box_close(&r.b);
}
