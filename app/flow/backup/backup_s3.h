/* backup_s3.h - backups at an S3-compatible store. Files go up in pieces of a few MiB (no upload protocol, bounded
 * memory): "<name>/<file>.00001"; media once, by checksum; the manifest last, so that a backup that has one is whole.
 * The store checks each body against the checksum that is signed with it. */
#ifndef FLOW_BACKUP_S3_H
#define FLOW_BACKUP_S3_H

#include "flow/backup/backup.h"
#include "peer/s3.h"
#include "store/setting/setting.h"

/* From the settings backup_s3_*. RC_ABSENT: none is set. What it points to is the settings'. */
enum rc backup_s3_target(const struct settings *s, struct s3_target *ret, struct err *e) MUST_CHECK;
/* Sends FOLDER/NAME. What is there already is not sent again. FOLDER remembers the one that was sent last, and where to.
 * RC_CONFLICT: another one is being sent. */
enum rc backup_s3_send(const struct backup_plan *plan, const struct s3_target *t, const char *name,
		       struct err *e) MUST_CHECK;
/* Whether NAME is what was sent last to this store. What cannot be read counts as no. */
bool backup_s3_has(const char *folder, const struct s3_target *t, const char *name);
/* Removes backups (not media) beyond the newest `keep`; those of a time that has not come are counted by themselves. */
enum rc backup_s3_rotate(const struct s3_target *t, int64_t keep, int *ret_removed, struct err *e)
	MUST_CHECK;
/* Removes media that none of the backups there lists: one list of what is there, and of each backup that is not here too the
 * manifest, and the list where it is another one. So at most once in 20 hours, else nothing is done. One list that cannot be
 * read: nothing is removed. Not while another one is sent. */
enum rc backup_s3_sweep(const struct backup_plan *plan, const struct s3_target *t, int64_t now_ms,
			struct err *e) MUST_CHECK;
/* Fetches one into plan->folder, with its media. `name` "": the newest; *ret_name which. Holds the folder
 * (backup_lock). */
enum rc backup_s3_fetch(const struct backup_plan *plan, const struct s3_target *t, const char *name,
			char ret_name[BACKUP_NAME_MAX], struct err *e) MUST_CHECK;

#endif
