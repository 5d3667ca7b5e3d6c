/* cmd_check.c - totem check: would this box run well? Each finding with its cure. Changes nothing but the folder's lock
 * file; exit code 0: nothing is wrong, 1: something is. */
#include <stdarg.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/serve_web.h"
#include "io/file.h"
#include "io/http.h"
#include "io/jsonw.h"
#include "io/migrate.h"
#include "io/sys.h"
#include "store/setting.h"

#define CLOCK_LEAST_MS 1767225600000 /* 2026-01-01: this program is younger */
#define FREE_WARN      (1024 * (int64_t)MIB)
#define SYNC_ROUNDS    20
#define SYNC_WARN_US   20000
#define CURE_DISK      "free space, or move data_dir to a larger disk"

enum finding { FINE, WARN, WRONG };
static const char *const FINDINGS[] = { "ok", "warning", "WRONG" };

struct checks {
	const struct cli *cli;
	struct supervise_options options;
	char folder[SUPERVISE_PATH_MAX];
	struct settings *settings; /* NULL: not readable */
	bool served;               /* a Totem runs here */
	struct cli_table table;
	struct jsonw json;
	bool wrong;
};

/* `cure` may be NULL for FINE. */
static void found(struct checks *k, const char *what, enum finding f, const char *cure,
		  const char *fmt, ...) PRINTF(5, 6);
static void found(struct checks *k, const char *what, enum finding f, const char *cure,
		  const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args); /* cut is fine */
	va_end(args);
	cli_table_text(&k->table, what);
	cli_table_text(&k->table, FINDINGS[f]);
	cli_table_text(&k->table, text);
	cli_table_text(&k->table, f != FINE ? cure : "");
	jsonw_object(&k->json);
	jsonw_ktext(&k->json, "what", what);
	jsonw_ktext(&k->json, "state", FINDINGS[f]);
	jsonw_ktext(&k->json, "detail", text);
	jsonw_ktext(&k->json, "cure", f != FINE ? cure : NULL);
	jsonw_end(&k->json);
	k->wrong = k->wrong || f == WRONG;
}

static void check_program(struct checks *k)
{
	struct err e = { .rc = RC_OK };
	enum rc rc = supervise_libraries(&e);

	found(k, "libraries", rc == RC_OK ? FINE : WRONG,
	      "install a build of this program that is whole", "%s",
	      rc == RC_OK ? "all as built" : e.text);
	found(k, "sqlite", FINE, NULL, "%s", db_version());
}

static void check_clock(struct checks *k)
{
	char now[CLOCK_TEXT_MAX];

	clock_text(clock_now_ms(), now);
	found(k, "clock", clock_now_ms() >= CLOCK_LEAST_MS ? FINE : WRONG,
	      "set the clock (timedatectl set-ntp true): signatures with a time are refused", "%s",
	      now);
}

static void check_folder(struct checks *k)
{
	struct err e = { .rc = RC_OK };
	char lock[SUPERVISE_PATH_MAX];
	int64_t us;
	int fd = -1;

	if (supervise_folder(&k->options, k->folder, &e) != RC_OK) {
		found(k, "data folder", WRONG, "correct the settings, see below", "%s", e.text);
		return;
	}
	if (!file_exists(k->folder)) {
		found(k, "data folder", WARN,
		      "totem serve makes it; for /var/lib/totem: make it and give it to the user",
		      "%s is not there", k->folder);
		return;
	}
	if (sys_probe_fsync(k->folder, SYNC_ROUNDS, &us, &e) != RC_OK) {
		found(k, "data folder", WRONG, "chown it to the user that runs totem", "%s",
		      e.text);
		return;
	}
	found(k, "data folder", FINE, NULL, "%s", k->folder);
	found(k, "sync", us <= SYNC_WARN_US ? FINE : WARN,
	      "a faster disk (SSD): each webhook waits for one of these",
	      "%lld us for 4 KiB to the disk", (long long)us);
	if (supervise_file(k->folder, "totem.lock", lock, &e) == RC_OK)
		k->served = file_lock(lock, &fd, &e) == RC_CONFLICT;
	file_unlock(fd);
}

static void check_space(struct checks *k)
{
	struct err e = { .rc = RC_OK };
	int64_t bytes;

	if (k->folder[0] == '\0' || !file_exists(k->folder))
		return;
	if (file_free_space(k->folder, &bytes, &e) != RC_OK)
		found(k, "free space", WRONG, CURE_DISK, "%s", e.text);
	else
		found(k, "free space",
		      bytes < DISK_RESUME_BYTES ? WRONG
		      : bytes < FREE_WARN       ? WARN
						: FINE,
		      CURE_DISK, "%lld MiB", (long long)(bytes / (int64_t)MIB));
}

/* Database: schema and key file. *ret_db for the settings; NULL: none. */
static struct db *check_database(struct checks *k)
{
	struct err e = { .rc = RC_OK };
	char path[SUPERVISE_PATH_MAX], key[SUPERVISE_PATH_MAX];
	struct db *db = NULL;
	int64_t at = 0;
	size_t count;

	(void)migrate_table(&count);
	if (k->folder[0] == '\0' || supervise_file(k->folder, "totem.db", path, &e) != RC_OK ||
	    !file_exists(path) || supervise_file(k->folder, "totem.key", key, &e) != RC_OK)
		return NULL;
	if (db_open(path, DB_READER, &db, &e) != RC_OK ||
	    db_pragma_i64(db, "user_version", &at, &e) != RC_OK) {
		found(k, "database", WRONG, "restore a backup", "%s", e.text);
		db_close(db);
		return NULL;
	}
	found(k, "database", (size_t)at > count ? WRONG : FINE,
	      "install the newer program that made it", "schema %lld, this program has %zu",
	      (long long)at, count);
	found(k, "key file", file_exists(key) ? FINE : WRONG,
	      "put totem.key back from a backup, or enter secrets again", "%s", key);
	return db;
}

static void check_settings(struct checks *k, struct db *db)
{
	const struct setting_sources src = { .file = k->cli->config_file,
					     .args = k->cli->sets,
					     .arg_count = k->cli->set_count };
	struct err e = { .rc = RC_OK };
	enum rc rc = settings_load(&src, db, &k->settings, &e);

	found(k, "settings", rc == RC_OK ? FINE : WRONG,
	      "correct the place that is named (totem config list explains all)", "%s",
	      rc != RC_OK                   ? e.text
	      : k->cli->config_file != NULL ? k->cli->config_file
					    : "no file, defaults");
}

static void check_ca(struct checks *k)
{
	struct str file = setting_str(k->settings, "ca_file");
	struct err e = { .rc = RC_OK };
	enum rc rc = http_set_ca_file(file.n > 0 ? file.p : NULL, &e);

	found(k, "certificates", rc == RC_OK ? FINE : WRONG,
	      "apt-get install ca-certificates, or set ca_file: without them no peer can be called "
	      "over https",
	      "%s",
	      rc != RC_OK  ? e.text
	      : file.n > 0 ? file.p
			   : "the system's");
}

static void never_called(void *arg, struct req *q, struct res *r)
{
	(void)arg;
	(void)q;
	r->status = 503;
}

/* Opens the port for a moment. */
static void check_port(struct checks *k, const char *key)
{
	struct str address = setting_str(k->settings, key);
	struct web_config c = { .listener = WEB_MAIN,
				.address = address.p,
				.threads = 1,
				.keep_alive_ms = 500,
				.request_timeout_ms = 500,
				.body_timeout_ms = 500,
				.handler = never_called };
	struct err e = { .rc = RC_OK };
	struct web *w = NULL;

	if (address.n == 0)
		return;
	if (k->served) {
		found(k, key, FINE, NULL, "%s: Totem is running", address.p);
		return;
	}
	if (web_start(&c, &w, &e) == RC_OK) {
		web_stop(w);
		found(k, key, FINE, NULL, "%s is free", address.p);
	} else {
		found(k, key, WRONG,
		      "stop the program that has this port (ss -ltnp), or choose another", "%s",
		      e.text);
	}
}

int cmd_check(struct cli *c)
{
	static const char *const TITLES[] = { "what", "state", "detail", "cure" };
	AUTO(sbuf_release) struct sbuf text = SBUF(64 * KIB);
	struct checks k = { .cli = c,
			    .options = { .data_dir = c->data_dir,
					 .config_file = c->config_file,
					 .args = c->sets,
					 .arg_count = c->set_count } };
	struct db *db;

	log_set_level(LOG_ERROR);
	if (c->word_count > 0)
		return cli_usage(c, "check takes options only");
	cli_table_begin(&k.table, TITLES, COUNT(TITLES));
	jsonw_init(&k.json, &text);
	jsonw_object(&k.json);
	jsonw_karray(&k.json, "data");
	check_program(&k);
	check_clock(&k);
	check_folder(&k);
	check_space(&k);
	db = check_database(&k);
	check_settings(&k, db);
	db_close(db);
	if (k.settings != NULL) {
		check_ca(&k);
		check_port(&k, "listen");
		check_port(&k, "hooks_listen");
		settings_free(k.settings);
	}
	jsonw_end(&k.json);
	jsonw_kbool(&k.json, "ok", !k.wrong);
	jsonw_end(&k.json);
	if (c->json)
		(void)printf("%s\n", sbuf_c(&text));
	else
		cli_table_print(&k.table);
	sbuf_release(&k.table.cells);
	return k.wrong ? 1 : 0;
}
