/* test_supervise.c - bringing one Totem up and down: folder, lock, key, recovery, pauses. */
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/backup/backup.h"
#include "flow/config.h"
#include "flow/damage/damage.h"
#include "flow/supervise.h"
#include "flow/supervise_key.h"
#include "io/file.h"
#include "io/sys.h"
#include "store/message/message.h"
#include "store/queue/queue.h"
#include "store/setting/setting.h"
#include "store/target.h"
#include "t.h"

static char folder[600];

static struct supervise_options options(bool serve)
{
	(void)snprintf(folder, sizeof(folder), "%s/box", t_dir());
	return (struct supervise_options){ .data_dir = folder, .serve = serve };
}

static void libraries(void)
{
	static bool done;

	if (!done)
		MUST(supervise_libraries(&t_err));
	done = true;
}

static struct supervise *up(const struct supervise_options *o)
{
	struct supervise *s = NULL;

	libraries();
	MUST(supervise_open(o, &s, &t_err));
	return s;
}

static unsigned mode_of(const char *name)
{
	char path[700];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return stat(path, &st) == 0 ? st.st_mode & 0777u : 0;
}

TEST(the_first_start_makes_a_private_folder_with_key_and_database)
{
	const struct supervise_options o = options(false);
	struct supervise *s = up(&o);

	CHECK_I64("folder", mode_of("."), 0700);
	CHECK_I64("key", mode_of("totem.key"), 0600);
	CHECK_I64("database", mode_of("totem.db"), 0600);
	CHECK(!supervise_was_unclean(s));
	supervise_close(s);
}

TEST(a_folder_is_served_once)
{
	const struct supervise_options o = options(false);
	struct supervise *s = up(&o), *second = NULL;
	struct err e = { .rc = RC_OK };

	CHECK_I64("second", supervise_open(&o, &second, &e), RC_CONFLICT);
	CHECK(str_find(str_of(e.text), STR("another Totem serves this folder")) >= 0);
	supervise_close(s);
	s = up(&o);
	supervise_close(s);
}

TEST(the_key_stays_and_a_damaged_one_is_not_replaced)
{
	uint8_t one[32], two[32];
	char path[700];
	const struct supervise_options o = options(false);

	libraries();
	MUST(file_mkdir(folder, 0700, &t_err));
	MUST(supervise_key(o.data_dir, false, one, &t_err));
	MUST(supervise_key(o.data_dir, true, two, &t_err));
	CHECK(memcmp(one, two, 32) == 0);
	(void)snprintf(path, sizeof(path), "%s/totem.key", folder);
	MUST(file_write(path, STR("nonsense\n"), 0600, &t_err));
	CHECK_I64("damaged", supervise_key(o.data_dir, true, two, &t_err), RC_INVALID);
	err_clear(&t_err);
}

/* ---- a database that is gone ---- */

static bool there(const char *name)
{
	char path[700];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_exists(path);
}

static void put(const char *name, struct str text)
{
	char path[700];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	MUST(file_write(path, text, 0600, &t_err));
}

static const char A_KEY[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

static const struct gone_row {
	const char *title, *why;
	bool key, empty_database, log, backups;
} GONE[] = {
	{ "only the key", "totem.db is missing, but its key file is here", .key = true },
	{ "an empty database", "totem.db is empty, but its key file is here", .key = true,
	  .empty_database = true },
	{ "only backups", "totem.db is missing, but its backups are here", .backups = true },
	{ "only the log", "totem.db is missing, but its write-ahead log is here", .log = true },
	{ "an empty database with its log", "totem.db is empty, but its write-ahead log is here",
	  .empty_database = true, .log = true },
};

static void gone_make(const struct gone_row *row)
{
	MUST(folder_remove(folder, &t_err));
	MUST(file_mkdir(folder, 0700, &t_err));
	if (row->key)
		put("totem.key", str_of(A_KEY));
	if (row->empty_database)
		put("totem.db", STR(""));
	if (row->log)
		put("totem.db-wal", STR("somebody's messages"));
	if (row->backups) {
		char path[700];

		(void)snprintf(path, sizeof(path), "%s/backups/totem-20260105T030000Z", folder);
		MUST(file_mkdir(path, 0700, &t_err));
	}
}

static void gone_untouched(const struct gone_row *row)
{
	CHECK(there("totem.db") == row->empty_database);
	CHECK(there("totem.db-wal") == row->log);
	CHECK(there("totem.key") == row->key);
	CHECK(!there("damaged")); /* whole again once the file is back */
}

static void gone_is_refused(const struct gone_row *row)
{
	const struct supervise_options command = options(false);
	struct backup_plan plan = { .data_dir = folder, .folder = t_dir() };
	struct supervise *s = NULL;
	struct settings *settings = NULL;
	struct backup_info info;
	struct err e = { .rc = RC_OK };
	bool damaged = false;

	CHECK_I64(row->title, supervise_open(&command, &s, &e), RC_IO);
	CHECK(str_find(str_of(e.text), str_of(row->why)) >= 0);
	err_clear(&e);
	CHECK_I64(row->title, backup_make(&plan, 1770000000000, &info, &damaged, &e), RC_IO);
	CHECK(damaged && str_find(str_of(e.text), str_of(row->why)) >= 0);
	MUST(supervise_settings(&command, folder, &settings, &t_err));
	settings_free(settings);
}

TEST(a_database_that_is_gone_is_no_new_box)
{
	const struct supervise_options server = options(true);
	struct supervise *s;

	libraries();
	EACH (row, GONE) {
		gone_make(row);
		gone_is_refused(row);
		gone_untouched(row);
		s = up(&server);
		CHECK(supervise_app(s)->damaged);
		CHECK(there("spool.db"));
		gone_untouched(row);
		supervise_close(s);
	}
}

static void die_after_open(void *arg)
{
	struct supervise *s = NULL;

	if (supervise_libraries(NULL) == RC_OK && supervise_open(arg, &s, NULL) == RC_OK)
		abort(); /* as kill -9 would: nothing is closed */
}

TEST(a_log_that_is_gone_after_a_crash_is_noticed)
{
	const struct supervise_options server = options(true), command = options(false);
	struct supervise *s = NULL;
	struct err e = { .rc = RC_OK };
	char path[700];

	CHECK(t_aborts(die_after_open, (void *)(uintptr_t)&server));
	CHECK(there("totem.db-wal") && there("totem.db-shm"));
	(void)snprintf(path, sizeof(path), "%s/totem.db-wal", folder);
	MUST(file_remove(path, &t_err));
	libraries();
	CHECK_I64("command", supervise_open(&command, &s, &e), RC_IO);
	CHECK(str_find(str_of(e.text), STR("totem.db-wal is missing")) >= 0);
	for (int i = 0; i < 2; i++) { /* and once more: reading the settings makes a new log */
		s = up(&server);
		CHECK(supervise_app(s)->damaged);
		supervise_close(s);
	}
}

/* A byte in the middle of the log, as a disk does it: commits follow that the log's sums do not reach any more. */
static void rot_the_log(void)
{
	char path[700];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/totem.db-wal", folder);
	CHECK(stat(path, &st) == 0);
	t_spoil(path, 32 + (st.st_size - 32) / (24 + 4096) / 2 * (24 + 4096) + 200);
}

TEST(a_log_that_rotted_is_damage_for_whoever_asks)
{
	const struct supervise_options server = options(true);
	struct backup_plan plan = { .data_dir = folder, .folder = t_dir() };
	char why[ERR_TEXT_MAX] = "";
	struct backup_info info;
	bool damaged = false;
	int fd = -1;
	char lock[700];

	CHECK(t_aborts(die_after_open, (void *)(uintptr_t)&server));
	libraries();
	MUST(damage_here(folder, &damaged, why, &t_err));
	CHECK(!damaged);
	rot_the_log();
	MUST(damage_here(folder, &damaged, why, &t_err));
	CHECK(damaged && str_find(str_of(why), STR("write-ahead log is damaged")) >= 0);
	CHECK(!there("damaged")); /* asking changes nothing */
	damaged = false;
	CHECK_I64("backup", backup_make(&plan, 1770000000000, &info, &damaged, &t_err), RC_IO);
	CHECK(damaged && str_find(str_of(t_err.text), STR("write-ahead log is damaged")) >= 0);
	err_clear(&t_err);
	/* What a server writes just now is judged by the server: it looked at its start. */
	(void)snprintf(lock, sizeof(lock), "%s/totem.lock", folder);
	MUST(file_lock(lock, &fd, &t_err));
	MUST(damage_here(folder, &damaged, why, &t_err));
	CHECK(!damaged);
	put("damaged", STR("it said so\n"));
	MUST(damage_here(folder, &damaged, why, &t_err));
	CHECK(damaged);
	CHECK_STR("its reason", why, "it said so");
	CHECK_I64("backup", backup_make(&plan, 1770000000000, &info, &damaged, &t_err), RC_IO);
	err_clear(&t_err);
	file_unlock(fd);
}

TEST(a_server_sees_the_mark_that_a_command_left)
{
	const struct supervise_options server = options(true);
	struct supervise *s = up(&server);

	damage_watch(supervise_app(s));
	CHECK(!supervise_app(s)->damaged);
	put("damaged", STR("totem.db is damaged\n"));
	damage_watch(supervise_app(s));
	CHECK(supervise_app(s)->damaged);
	supervise_close(s);
}

TEST(a_crash_alone_is_no_damage)
{
	const struct supervise_options server = options(true);
	struct supervise *s;

	CHECK(t_aborts(die_after_open, (void *)(uintptr_t)&server));
	s = up(&server);
	CHECK(!supervise_app(s)->damaged);
	supervise_close(s);
	CHECK(!there("totem.db-shm"));
}

TEST(a_first_start_that_was_cut_short_is_a_new_box)
{
	const struct supervise_options o = options(true);
	struct supervise *s;

	MUST(file_mkdir(folder, 0700, &t_err));
	put("totem.db", STR("")); /* made, and nothing written: the key comes later */
	s = up(&o);
	CHECK(!supervise_app(s)->damaged);
	CHECK(there("totem.key"));
	supervise_close(s);
}

TEST(a_database_that_is_put_back_is_served_again)
{
	const struct supervise_options o = options(true);
	char from[700], to[700];
	struct supervise *s = up(&o);

	supervise_close(s);
	(void)snprintf(from, sizeof(from), "%s/totem.db", folder);
	(void)snprintf(to, sizeof(to), "%s/aside.db", folder);
	MUST(folder_move(from, to, &t_err));
	s = up(&o);
	CHECK(supervise_app(s)->damaged);
	supervise_close(s);
	MUST(folder_move(to, from, &t_err));
	s = up(&o);
	CHECK(!supervise_app(s)->damaged);
	CHECK(!there("spool.db"));
	supervise_close(s);
}

static enum rc name_unit(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return setting_put(tx, NULL, STR("company_name"), STR("Padaria"), e);
}

/* What kill -9 leaves at the first damaged start: tables, and nothing in them. */
TEST(a_spool_without_settings_is_given_them_at_the_next_start)
{
	const struct supervise_options o = options(true);
	struct supervise *s = up(&o);
	const struct config *c;
	struct store *spool;
	char path[700];

	MUST(store_write(supervise_app(s)->store, STORE_NORMAL, name_unit, NULL, &t_err));
	supervise_close(s);
	(void)snprintf(path, sizeof(path), "%s/spool.db", folder);
	MUST(store_open(&(struct store_options){ .path = path, .migrate = true, .now_ms = 1 },
			&spool, &t_err));
	store_close(spool);
	(void)snprintf(path, sizeof(path), "%s/damaged", folder);
	MUST(file_write(path, STR("a test\n"), 0600, &t_err));
	s = up(&o);
	CHECK(supervise_app(s)->damaged);
	c = config_get(supervise_app(s));
	CHECK_STR("seeded", setting_str(c->settings, "company_name").p, "Padaria");
	config_put(c);
	supervise_close(s);
}

TEST(the_argument_wins_over_the_setting_of_the_folder)
{
	static const char *const ARGS[] = { "data_dir=/srv/other" };
	struct supervise_options o = { .args = ARGS, .arg_count = 1 };
	char path[SUPERVISE_PATH_MAX];

	MUST(supervise_folder(&o, path, &t_err));
	CHECK_STR("setting", path, "/srv/other");
	o.data_dir = "here";
	MUST(supervise_folder(&o, path, &t_err));
	CHECK_STR("argument", path, "here");
}

TEST(a_server_starts_and_stops_within_its_time)
{
	const struct supervise_options o = options(true);
	int64_t began_us;
	struct supervise *s;

	sys_signals_block();
	libraries();
	s = up(&o);
	MUST(supervise_run(s, &t_err));
	(void)raise(SIGHUP);
	(void)raise(SIGTERM);
	supervise_wait(s);
	began_us = clock_mono_us();
	CHECK(supervise_stop(s));
	supervise_close(s);
	CHECK(clock_mono_us() - began_us < SUPERVISE_STOP_MS * 1000);
}

TEST(an_unclean_stop_is_noticed_also_behind_a_command)
{
	struct supervise_options o = options(false);
	struct supervise *s;

	CHECK(t_aborts(die_after_open, &o));
	s = up(&o); /* a command */
	CHECK(supervise_was_unclean(s));
	supervise_close(s);
	o.serve = true;
	s = up(&o);
	CHECK(supervise_was_unclean(s));
	MUST(supervise_run(s, &t_err));
	CHECK(supervise_stop(s));
	supervise_close(s);
}

/* Fills the middle of the file: pages that no start reads. */
static void rot_the_middle(void)
{
	char path[700];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/totem.db", folder);
	CHECK(stat(path, &st) == 0);
	for (int64_t page = st.st_size / 4096 / 2; page < st.st_size / 4096 - 2; page++)
		t_spoil(path, page * 4096);
}

TEST(pages_that_rotted_between_a_clean_stop_and_the_next_start_are_found_by_it)
{
	const struct supervise_options o = options(true);
	struct supervise *s = up(&o);

	supervise_close(s);
	CHECK(!there("totem.db-wal"));
	rot_the_middle();
	s = up(&o);
	CHECK(!supervise_was_unclean(s));
	MUST(supervise_run(s, &t_err));
	for (int i = 0; i < 3000 && !__atomic_load_n(&supervise_app(s)->damaged, __ATOMIC_RELAXED);
	     i++)
		usleep(5000);
	CHECK(supervise_app(s)->damaged);
	CHECK(there("damaged"));
	CHECK(supervise_stop(s));
	supervise_close(s);
}

static enum rc pause_unit(struct tx *tx, void *arg, struct err *e)
{
	int64_t *id = arg;

	TRY(target_resolve(tx, "channel", STR("main"), id, e));
	return target_pause(tx, *id, 0, "test", e);
}

TEST(a_target_that_was_paused_is_still_paused_after_a_restart)
{
	const struct supervise_options o = options(false);
	struct supervise *s = up(&o);
	struct app *app = supervise_app(s);
	int64_t id = 0;

	MUST(store_write(app->store, STORE_NORMAL, pause_unit, &id, &t_err));
	supervise_close(s);
	s = up(&o);
	CHECK_I64("gate", queue_gated_until(store_queues(supervise_app(s)->store), id), INT64_MAX);
	supervise_close(s);
}
