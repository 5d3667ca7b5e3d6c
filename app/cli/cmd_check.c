/* cmd_check.c - totem check: would this box run well? totem doctor: does it? Each finding with its cure (finding.def), in
 * the reader's language. Nothing is changed but the folder's lock file; exit code 0: nothing is wrong, 1: something is. */
#include "cli/check.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/serve_web.h"
#include "flow/backup/backup.h"
#include "flow/damage/damage.h"
#include "io/crypto.h"
#include "io/file.h"
#include "io/http.h"
#include "io/migrate.h"
#include "io/owner.h"
#include "io/probe.h"
#include "io/sys.h"

#define CLOCK_LEAST_MS 1767225600000 /* 2026-01-01: this program is younger */
#define CLOCK_BACK_MS  HOUR_MS
#define FREE_WARN      (1024 * (int64_t)MIB)
#define SYNC_ROUNDS    20
#define SYNC_WARN_US   20000
#define WEAR_WARN      70
#define WEAR_BAD       90
#define BACKUP_OLD_MS  (3 * DAY_MS)
#define CERT_WARN_DAYS 21
#define PEM_MAX        MIB

static void add(struct check *k, enum finding_code code, enum finding_state state, const char *text)
{
	finding_add(&k->findings, code, state, text, NULL);
}

static void check_program(struct check *k)
{
	struct err e = { .rc = RC_OK };
	enum rc rc = supervise_libraries(&e);

	add(k, FINDING_PROGRAM, rc == RC_OK ? FINDING_FINE : FINDING_BAD,
	    rc == RC_OK ? "ok" : e.text);
	/* db_open refuses an older one; the library is part of the program. */
	add(k, FINDING_SQLITE, FINDING_FINE, db_version());
}

/* The newest start that the database knows: a clock behind it went back. */
static int64_t newest_start(struct db *db)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct err e = { .rc = RC_OK };

	if (db == NULL || stmt_begin(db, Q_CHECK_NEWEST_START, &s, &e) != RC_OK ||
	    stmt_next(&s, &e) != RC_OK)
		return 0;
	return stmt_i64(&s, "started_ms");
}

static void check_clock(struct check *k)
{
	int64_t now_ms = clock_now_ms(), newest_ms = newest_start(k->db);
	int64_t least_ms = i64_max(newest_ms - CLOCK_BACK_MS, CLOCK_LEAST_MS);
	char now[CLOCK_TEXT_MAX], then[CLOCK_TEXT_MAX];
	bool kept;

	clock_text(now_ms, now);
	clock_text(i64_max(newest_ms, CLOCK_LEAST_MS), then);
	finding_add(&k->findings, FINDING_CLOCK, now_ms >= least_ms ? FINDING_FINE : FINDING_BAD,
		    now, then);
	if (probe_clock_kept(&kept))
		add(k, FINDING_CLOCK_SYNC, kept ? FINDING_FINE : FINDING_WARNS, "ok");
}

static void check_rights(struct check *k)
{
	static const char *const FILES[] = { "", "totem.db", "totem.key" };

	for (size_t i = 0; i < COUNT(FILES); i++) {
		struct err e = { .rc = RC_OK };
		char path[SUPERVISE_PATH_MAX];

		if (supervise_file(k->folder, FILES[i], path, &e) == RC_OK &&
		    probe_foreign_bits(path) > 0)
			add(k, FINDING_RIGHTS, FINDING_WARNS, path);
	}
}

static void check_owner(struct check *k)
{
	char path[SUPERVISE_PATH_MAX];

	if (owner_other(k->folder, path, sizeof(path)))
		finding_add(&k->findings, FINDING_OWNER, FINDING_BAD, path, k->folder);
}

static void check_disk(struct check *k)
{
	char text[80], disk[PROBE_TEXT_MAX], percent[16];
	struct err e = { .rc = RC_OK };
	int64_t us, bytes;
	int used;

	if (probe_read_only(k->folder)) {
		add(k, FINDING_READ_ONLY, FINDING_BAD, k->folder);
		return;
	}
	if (file_free_space(k->folder, &bytes, &e) == RC_OK) {
		k->is_full = bytes < DISK_REFUSE_BYTES;
		(void)snprintf(text, sizeof(text), "%lld", (long long)(bytes / (int64_t)MIB));
		add(k, FINDING_SPACE,
		    bytes < DISK_RESUME_BYTES ? FINDING_BAD
		    : bytes < FREE_WARN       ? FINDING_WARNS
					      : FINDING_FINE,
		    text);
	}
	if (sys_probe_fsync(k->folder, SYNC_ROUNDS, &us, &e) == RC_OK) {
		(void)snprintf(text, sizeof(text), "%lld", (long long)us);
		add(k, FINDING_SYNC, us <= SYNC_WARN_US ? FINDING_FINE : FINDING_WARNS, text);
	} else if (!k->is_full) { /* else the disk is full, which was said */
		add(k, FINDING_FOLDER, FINDING_BAD, e.text);
		return;
	}
	if (probe_wear(k->folder, disk, &used)) {
		(void)snprintf(percent, sizeof(percent), "%d %%", used);
		finding_add(&k->findings, FINDING_WEAR,
			    used >= WEAR_BAD    ? FINDING_BAD
			    : used >= WEAR_WARN ? FINDING_WARNS
						: FINDING_FINE,
			    disk, percent);
	}
}

/* A wrong setting is told as one (check_settings): the folder is not known then, which says nothing of it. */
static bool settings_are_wrong(const struct check *k)
{
	const struct setting_sources src = { .file = k->options.config_file,
					     .args = k->options.args,
					     .arg_count = k->options.arg_count };
	struct err e = { .rc = RC_OK };
	struct settings *s = NULL;

	if (settings_load(&src, NULL, &s, &e) != RC_OK)
		return true;
	settings_free(s);
	return false;
}

static void check_folder(struct check *k)
{
	struct err e = { .rc = RC_OK };
	char lock[SUPERVISE_PATH_MAX];
	int fd = -1;

	if (supervise_folder(&k->options, k->folder, &e) != RC_OK) {
		if (!settings_are_wrong(k))
			add(k, FINDING_FOLDER, FINDING_BAD, e.text);
		return;
	}
	if (!file_exists(k->folder)) {
		add(k, FINDING_FOLDER, FINDING_WARNS, k->folder);
		return;
	}
	k->has_folder = true;
	add(k, FINDING_FOLDER, FINDING_FINE, k->folder);
	check_disk(k);
	check_rights(k);
	check_owner(k);
	if (supervise_file(k->folder, "totem.lock", lock, &e) == RC_OK)
		k->served = file_lock(lock, &fd, &e) == RC_CONFLICT;
	file_unlock(fd);
}

static void check_openers(struct check *k, const char *path)
{
	char names[PROBE_TEXT_MAX];

	if (probe_openers(path, names) > 0)
		add(k, FINDING_OTHERS, FINDING_WARNS, names);
	else
		add(k, FINDING_OTHERS, FINDING_FINE, "ok");
}

/* True: it is told, and not to be opened. */
static bool is_damaged(struct check *k)
{
	char why[ERR_TEXT_MAX];
	struct err e = { .rc = RC_OK };
	bool damaged = false;

	if (!k->has_folder || damage_here(k->folder, &damaged, why, &e) != RC_OK || !damaged)
		return false;
	add(k, damage_gone(k->folder, why) ? FINDING_DATABASE_GONE : FINDING_DATABASE, FINDING_BAD,
	    why);
	return true;
}

static void check_database(struct check *k)
{
	char path[SUPERVISE_PATH_MAX], key[SUPERVISE_PATH_MAX], text[24], known[24];
	struct err e = { .rc = RC_OK };
	int64_t at = 0;
	size_t count;

	(void)migrate_table(&count);
	if (is_damaged(k) || !k->has_folder ||
	    supervise_file(k->folder, "totem.db", path, &e) != RC_OK || !file_exists(path) ||
	    supervise_file(k->folder, "totem.key", key, &e) != RC_OK)
		return;
	if (db_open(path, DB_READER, &k->db, &e) != RC_OK ||
	    db_pragma_i64(k->db, "user_version", &at, &e) != RC_OK) {
		/* Without room it cannot be opened either: that was said, and a restore would be the wrong cure. */
		if (!k->is_full)
			add(k, FINDING_DATABASE, FINDING_BAD, e.text);
		return;
	}
	(void)snprintf(text, sizeof(text), "%lld", (long long)at);
	(void)snprintf(known, sizeof(known), "%zu", count);
	if ((size_t)at > count)
		finding_add(&k->findings, FINDING_DATABASE_NEWER, FINDING_BAD, text, known);
	else
		add(k, FINDING_DATABASE, FINDING_FINE, text);
	add(k, FINDING_KEY, file_exists(key) ? FINDING_FINE : FINDING_BAD, key);
	check_openers(k, path);
}

static void check_settings(struct check *k)
{
	struct err e = { .rc = RC_OK };
	char text[60];
	int64_t unreadable;

	if (supervise_settings(&k->options, k->folder, &k->settings, &e) != RC_OK) {
		add(k, FINDING_SETTINGS, FINDING_BAD, e.text);
		return;
	}
	if (settings_doubt(k->settings) != NULL)
		add(k, FINDING_SETTINGS, FINDING_WARNS, settings_doubt(k->settings));
	else
		add(k, FINDING_SETTINGS, FINDING_FINE,
		    k->cli->config_file != NULL ? k->cli->config_file : "ok");
	unreadable = settings_unreadable(k->settings);
	if (unreadable > 0) {
		(void)snprintf(text, sizeof(text), "%lld", (long long)unreadable);
		add(k, FINDING_SECRETS, FINDING_BAD, text);
	}
}

/* What was found is told in the order: damaged, not restored in time, there. */
static void add_proof(struct check *k, const struct backup_look *l)
{
	const char *name = l->bad[0] != '\0' ? l->bad : l->late;
	const char *why = l->bad[0] != '\0' ? l->bad_why : l->late_why;
	char text[BACKUP_NAME_MAX + ERR_TEXT_MAX + 4], at[CLOCK_TEXT_MAX];

	if (name[0] != '\0') {
		(void)snprintf(text, sizeof(text), why[0] != '\0' ? "%s: %s" : "%s", name, why);
		add(k, l->bad[0] != '\0' ? FINDING_BACKUP_BAD : FINDING_BACKUP_PROOF,
		    l->bad[0] != '\0' ? FINDING_BAD : FINDING_WARNS, text);
	} else if (l->verified_ms > 0) {
		clock_text(l->verified_ms, at);
		add(k, FINDING_BACKUP_PROOF, FINDING_FINE, at);
	}
}

/* What was put back is told by the server's incident and is well here. */
static void add_media(struct check *k, const struct backup_look *l)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)l->media_bad);
	finding_add(&k->findings, FINDING_MEDIA_FILES,
		    l->media_bad == 0 ? FINDING_FINE : FINDING_WARNS, text, l->media_first);
}

static void check_backup(struct check *k)
{
	struct str set = setting_str(k->settings, "backup_dir");
	char folder[FOLDER_PATH_MAX], at[CLOCK_TEXT_MAX];
	struct err e = { .rc = RC_OK };
	int64_t now_ms = clock_now_ms();
	struct backup_look look;

	if (k->db == NULL || (set.n > 0 ? !str_copy(set, folder, sizeof(folder))
					: folder_join(k->folder, "backups", folder, &e) != RC_OK))
		return;
	if (set.n > 0 && file_exists(folder) && !file_writable(folder))
		add(k, FINDING_BACKUP_FOLDER, FINDING_BAD, folder);
	if (backup_look(folder, now_ms, &look, &e) != RC_OK || look.newest[0] == '\0') {
		add(k, FINDING_BACKUP, FINDING_WARNS, folder);
	} else {
		clock_text(look.newest_ms, at);
		add(k, FINDING_BACKUP,
		    now_ms - look.newest_ms > BACKUP_OLD_MS || look.newest_ms > now_ms
			    ? FINDING_WARNS
			    : FINDING_FINE,
		    at);
	}
	if (e.rc == RC_OK)
		add_proof(k, &look);
	if (e.rc == RC_OK && look.newest[0] != '\0')
		add_media(k, &look);
}

static void check_own_certificate(struct check *k, const char *path)
{
	AUTO(sbuf_release) struct sbuf pem = SBUF(PEM_MAX);
	struct err e = { .rc = RC_OK };
	char text[CLOCK_TEXT_MAX];
	int64_t until_ms = 0, left_days;

	if (serve_web_pem(path, "PRIVATE KEY-----", "private key", &e) != RC_OK ||
	    file_read(path, &pem, &e) != RC_OK ||
	    crypto_cert_until(sbuf_view(&pem), &until_ms, &e) != RC_OK) {
		finding_add(&k->findings, FINDING_TLS_FILES, FINDING_BAD, e.text, "tls_cert");
	} else {
		left_days = (until_ms - clock_now_ms()) / DAY_MS;
		clock_text(until_ms, text);
		add(k, FINDING_CERTIFICATE,
		    until_ms < clock_now_ms()    ? FINDING_BAD
		    : left_days < CERT_WARN_DAYS ? FINDING_WARNS
						 : FINDING_FINE,
		    text);
	}
	if (pem.p != NULL)
		crypto_zero(pem.p, pem.cap); /* the key stands in it too */
}

static void check_certificates(struct check *k)
{
	struct str roots = setting_str(k->settings, "ca_file"),
		   own = setting_str(k->settings, "tls_cert"),
		   clients = setting_str(k->settings, "tls_client_ca");
	struct err e = { .rc = RC_OK };
	enum rc rc = http_set_ca_file(roots.n > 0 ? roots.p : NULL, &e);

	add(k, FINDING_ROOTS, rc == RC_OK ? FINDING_FINE : FINDING_BAD,
	    rc == RC_OK ? "ok" : e.text);
	if (own.n > 0)
		check_own_certificate(k, own.p);
	e = (struct err){ .rc = RC_OK };
	if (clients.n > 0 &&
	    serve_web_pem(clients.p, "CERTIFICATE-----", "certificate", &e) != RC_OK)
		finding_add(&k->findings, FINDING_TLS_FILES, FINDING_BAD, e.text, "tls_client_ca");
}

/* What stands in the way of listening; the cure depends on it. */
static enum finding_code port_trouble(enum probe_listen p)
{
	switch (p) {
	case PROBE_LISTEN_NO_ADDRESS:
		return FINDING_PORT_ADDRESS;
	case PROBE_LISTEN_NO_RIGHT:
		return FINDING_PORT_RIGHTS;
	case PROBE_LISTEN_FREE:
	case PROBE_LISTEN_TAKEN:
		break;
	}
	return FINDING_PORT;
}

/* Opens the port for a moment. */
static void check_port(struct check *k, const char *key, struct str other)
{
	struct str address = setting_str(k->settings, key);
	enum probe_listen p = PROBE_LISTEN_FREE;

	if (address.n == 0)
		return;
	if (str_eq(address, other) && !str_ends(address, STR(":0"))) {
		finding_add(&k->findings, FINDING_PORT_TWICE, FINDING_BAD, address.p, key);
		return;
	}
	if (!k->served)
		p = probe_listen(address);
	finding_add(&k->findings, port_trouble(p),
		    p == PROBE_LISTEN_FREE ? FINDING_FINE : FINDING_BAD, address.p, key);
}

bool cmd_check_begin(struct check *k, const struct cli *c)
{
	*k = (struct check){ .cli = c,
			     .options = { .data_dir = c->data_dir,
					  .config_file = c->config_file,
					  .args = c->sets,
					  .arg_count = c->set_count } };
	log_set_level(LOG_ERROR);
	if (!finding_begin(c, &k->findings))
		return false;
	check_program(k);
	check_folder(k);
	check_database(k);
	check_clock(k);
	check_settings(k);
	if (k->settings == NULL)
		return true;
	check_backup(k);
	check_certificates(k);
	check_port(k, "listen", STR_NONE);
	check_port(k, "hooks_listen", setting_str(k->settings, "listen"));
	return true;
}

int cmd_check_end(struct check *k)
{
	if (k->settings != NULL)
		settings_free(TAKE(k->settings));
	db_close(TAKE(k->db));
	return finding_end(k->cli, &k->findings);
}

int cmd_check(struct cli *c)
{
	struct check k;

	if (c->word_count > 0)
		return cli_usage(c, "check takes options only");
	return cmd_check_begin(&k, c) ? cmd_check_end(&k) : CLI_EXIT_USAGE;
}
