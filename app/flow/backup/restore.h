/* restore.h - a backup takes the place of what is in a data folder: check, stage, swap, keep the old one.
 *
 * Everything is copied into the folder `.restore` and checked there; until the swap nothing of the box is touched. The
 * swap is a list of renames behind a journal: whatever dies in between, the next start of any command finishes it. What
 * was there before goes to `before-restore-<time>` in the data folder and stays.
 *
 * A backup is older than the present: sends that waited in it may have left since, and what agents wrote in Chatwoot since
 * is found there again. If there are any, or if the database here does not say which of Chatwoot's messages went
 * (take_over_links.h), the queues that send are paused in the restored database, with an incident, until a person has
 * looked (never sent twice); `resume`
 * leaves them running, for a box whose old one was stopped before its last backup.
 *
 * Whatever cannot be moved aside (a mount, a folder of somebody else) leaves the box as it was: what was moved goes back.
 * A backup of a newer program is refused, and so is one whose secrets the folder's own key does not open.
 *
 * Who was erased behind the backup is in it: the next start erases them again (flow/erase/erased.h).
 * What was received after the backup comes back at the next start of a server (take_over.h).
 *
 * The caller holds the folder's lock. */
#ifndef FLOW_RESTORE_H
#define FLOW_RESTORE_H

#include "flow/app.h"
#include "flow/backup/backup.h"

struct restore_plan {
	const char *data_dir;
	const char *folder, *name; /* the backup is FOLDER/NAME */
	struct str passphrase;
	bool without_key; /* go on although the key file cannot be restored: secrets are entered again */
	bool resume;
	backup_say_fn *say;
	void *say_arg;
};

struct restore_report {
	struct backup_info info;
	bool key_restored; /* false: the folder's own was kept, or there is none */
	bool has_key;
	bool key_fits;    /* has_key, and it opens the secrets of the backup (or there are none) */
	bool paused;      /* the queues that send */
	int64_t waiting;  /* sends that waited in the backup */
	bool chatwoot;    /* what agents wrote there since may have left, and nothing here tells */
	bool sends_known; /* the kept database could be asked for the next two */
	int64_t sent_since, waited_since; /* messages of ours that are in the kept database only */
	bool erased_known;          /* there is a list of who was erased (flow/erase/erased.h) */
	int64_t erased;             /* asked for behind the backup: done again by the next start */
	char kept[FOLDER_PATH_MAX]; /* where the old files are; "": there were none */
	char config[FOLDER_PATH_MAX]; /* the settings file of the old box, put beside; "": none */
};

enum rc restore_run(const struct restore_plan *plan, int64_t now_ms, struct restore_report *ret,
		    struct err *e) MUST_CHECK;
/* Finishes or forgets a restore that was interrupted. Cheap when there is none; before the database is opened. */
enum rc restore_settle(const char *data_dir, struct err *e) MUST_CHECK;
/* At the first start after it: the incident about sends that wait for a person. */
enum rc restore_tell(struct app *app, struct err *e) MUST_CHECK;

#endif
