/* cmd_migrate.c - totem migrate: brings the database to the schema of this program. `totem serve` does the same at its
 * start; this is for whoever wants to see it happen alone. A copy is made first, beside the database. */
#include "base/clock.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "flow/damage/damage.h"
#include "flow/supervise.h"
#include "io/file.h"
#include "io/migrate.h"
#include "io/jsonw.h"

static enum rc migrate_file(const char *path, bool quiet, struct migrate_report *ret, struct err *e)
{
	size_t count;
	const struct migration *table = migrate_table(&count);
	struct db *db;
	int64_t before_ms = clock_mono_us() / 1000, at = 0;
	enum rc rc;

	TRY(db_open(path, DB_WRITER, &db, e));
	rc = db_pragma_i64(db, "user_version", &at, e);
	if (rc != RC_OK) {
		db_close(db);
		return rc;
	}
	quiet = quiet || (size_t)at >= count;
	if (!quiet) {
		(void)fprintf(stderr, "%s: copying and migrating to schema %zu ...", path, count);
		(void)fflush(stderr);
	}
	rc = migrate_run(db, table, count, clock_now_ms(), ret, e);
	if (!quiet)
		(void)fprintf(stderr, " %s, %lld ms\n", rc == RC_OK ? "done" : "failed",
			      (long long)(clock_mono_us() / 1000 - before_ms));
	db_close(db);
	return rc;
}

static enum rc run(const struct cli *c, struct migrate_report *ret, char *ret_path, struct err *e)
{
	const struct supervise_options o = { .data_dir = c->data_dir,
					     .config_file = c->config_file,
					     .args = c->sets,
					     .arg_count = c->set_count };
	struct err held = { .rc = RC_OK };
	char folder[SUPERVISE_PATH_MAX], lock[SUPERVISE_PATH_MAX], why[ERR_TEXT_MAX];
	bool damaged = false;
	int fd = -1;
	enum rc rc;

	TRY(supervise_libraries(e));
	TRY(supervise_folder(&o, folder, e));
	TRY(supervise_file(folder, "totem.db", ret_path, e));
	TRY(supervise_file(folder, "totem.lock", lock, e));
	TRY(damage_here(folder, &damaged, why, e));
	if (damaged)
		return FAIL(e, RC_IO, "%.200s: totem check says what to do", why);
	if (!file_exists(ret_path))
		return FAIL(e, RC_ABSENT,
			    "%s is not there: nothing to migrate (totem serve makes it)", ret_path);
	rc = file_lock(lock, &fd, &held);
	if (rc != RC_OK)
		return FAIL(e, rc, "%s",
			    rc == RC_CONFLICT
				    ? "a running Totem has this database open; it is up to date"
				    : held.text);
	rc = damage_look(folder, &damaged, why, e);
	if (rc == RC_OK && damaged) /* opening it would throw its log away */
		rc = FAIL(e, RC_IO, "%.200s: totem check says what to do", why);
	if (rc == RC_OK)
		rc = migrate_file(ret_path, c->json, ret, e);
	file_unlock(fd);
	return rc;
}

int cmd_migrate(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	struct migrate_report r = { 0 };
	struct err e = { .rc = RC_OK };
	char path[SUPERVISE_PATH_MAX];
	struct jsonw w;

	log_set_level(LOG_ERROR);
	if (c->word_count > 0)
		return cli_usage(c, "migrate takes options only");
	if (run(c, &r, path, &e) != RC_OK)
		return cli_fail(&e);
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ki64(&w, "from", r.from);
	jsonw_ki64(&w, "to", r.to);
	jsonw_ktext(&w, "copy", r.copy[0] != '\0' ? r.copy : NULL);
	jsonw_end(&w);
	if (c->json)
		(void)printf("%s\n", sbuf_c(&b));
	else if (r.from == r.to)
		(void)printf("%s is at schema %d: nothing to do\n", path, r.to);
	else
		(void)printf("%s: schema %d -> %d%s%s\n", path, r.from, r.to,
			     r.copy[0] != '\0' ? ", copy: " : "", r.copy);
	return 0;
}
