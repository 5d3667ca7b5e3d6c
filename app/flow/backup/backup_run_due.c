/* backup_run_due.c - where backups go and when the next one is due. See backup_run.h. */
#include "flow/backup/backup_run.h"
#include "flow/config.h"

#define FIRST_MS \
	(10 *    \
	 MINUTE_MS) /* after the start, so that a box that restarts often does not only make backups */

enum rc backup_run_folder(struct app *app, char ret_path[FOLDER_PATH_MAX], struct err *e)
{
	AUTO(config_putp) const struct config *c = config_get(app);
	struct str set = setting_str(c->settings, "backup_dir");

	if (set.n == 0)
		return folder_join(app->data_dir, "backups", ret_path, e);
	return str_copy(set, ret_path, FOLDER_PATH_MAX)
		       ? RC_OK
		       : FAIL(e, RC_INVALID, "backup_dir is too long");
}

int64_t backup_run_due(int64_t every_hours, int64_t newest_ms, int64_t now_ms, int64_t up_ms)
{
	/* A clock that was ahead leaves a newest backup in the future: that one is as good as none. */
	int64_t known_ms = newest_ms > now_ms ? 0 : newest_ms;

	if (every_hours == 0)
		return 0;
	return i64_max(known_ms + every_hours * HOUR_MS, now_ms - up_ms + FIRST_MS);
}
