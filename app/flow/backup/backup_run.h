/* backup_run.h - when backups are made: a thread of lowest priority that follows the settings backup_* and orders of the API.
 *
 * It wakes once a minute, and when asked. Everything long happens here and nowhere else in the server. After a clean
 * backup the folder is rotated; then, as a work of its own and slower (backup_check_pace), each backup that nobody checked
 * yet is restored to a scratch place (the newest first), and when a store is set, the newest is sent there unless it failed.
 * A backup that is asked for or due does not wait: a check gives way and begins again after it. What makes no backup is
 * an incident until the next success, and so is one that fails its check or has none within a day; damage of the database
 * is told to flow/damage. */
#ifndef FLOW_BACKUP_RUN_H
#define FLOW_BACKUP_RUN_H

#include "flow/app.h"
#include "flow/backup/backup.h"

struct backup_run;

struct backup_state {
	bool busy;     /* one is being made, or checked as asked for */
	bool checking; /* the newest unchecked one is being restored by itself */
	char what[80]; /* step of the running work; "" when idle */
	int at, of;
	int64_t newest_ms; /* newest backup in the folder that did not fail, at the last look; 0: none, or none of a time that was */
	int64_t verified_ms; /* when the newest verified one was made, at the last look; 0 likewise */
	int64_t last_ok_ms;       /* last success of this process; 0: none */
	int64_t last_fail_ms;     /* 0: none */
	int64_t next_ms;          /* when one is due; 0: never by itself */
	char error[ERR_TEXT_MAX]; /* of the last failure; "" after a success */
	bool troubled;            /* one failed its check, or was not verified within a day */
};

enum rc backup_run_start(struct app *app, struct backup_run **ret, struct err *e) MUST_CHECK;
void backup_run_stop(struct backup_run *b);
/* A backup now (`verify` NULL), or a look at that one. RC_CONFLICT: it is busy. */
enum rc backup_run_ask(struct backup_run *b, const char *verify, struct err *e) MUST_CHECK;
void backup_run_state(struct backup_run *b, struct backup_state *ret);

/* Folder of backups as set: backup_dir, else "backups" in the data folder. */
enum rc backup_run_folder(struct app *app, char ret_path[FOLDER_PATH_MAX], struct err *e)
	MUST_CHECK;
/* When the next one is due by the settings; 0: never. `newest_ms` 0 or later than `now_ms`: there is none that counts.
 * `up_ms`: since the start, by a clock that nobody sets. */
int64_t backup_run_due(int64_t every_hours, int64_t newest_ms, int64_t now_ms, int64_t up_ms);

#endif
