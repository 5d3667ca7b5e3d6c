/* backup_media.h - media files of the box that rotted or went, found while a backup is made.
 *
 * The name of a file is the checksum of its bytes, and each row that is `stored` has one. Bytes that do not fit the name,
 * or a file that is not there, are the disk's doing (or somebody's): where the folder of backups still has the bytes they
 * are put back, and the backup lists them; where it has not, what is there is taken along as it is. Either is counted in
 * the manifest of the backup; the newest one's counts are an incident and a finding of `totem check`.
 *
 * A file that did not change since the last backup is read anew in every BACKUP_MEDIA_ROUNDS-th day only: rot changes no
 * time, and reading gigabytes each night wears nobody's patience but the disk's.
 *
 * Files whose name is no checksum, or that no stored row speaks of, are none of ours: taken along, not judged. */
#ifndef FLOW_BACKUP_MEDIA_H
#define FLOW_BACKUP_MEDIA_H

#include "flow/app.h"
#include "flow/backup/backup.h"

#define BACKUP_MEDIA_ROUNDS 16 /* one hex digit of the name */

struct backup_media_name {
	int64_t company_id;
	uint8_t sha256[32];
	const char *text; /* inside of the path */
};
/* "1/ab/abcd..." (company, first two digits, 64 digits). False: none of ours. */
bool backup_media_name(const char *path, struct backup_media_name *ret);
/* Its turn to be read although nothing seems to have changed. */
bool backup_media_turn(const struct backup_media_name *name, int64_t now_ms);

struct backup_media_watch {
	const struct backup_plan *plan;
	struct backup_info *info; /* counts what is found */
	const char *root;         /* media folder of the box */
	struct db *db;            /* of the box; NULL: nothing is judged */
};
/* Opens the database. One that is older than these rows is not judged; the log says so. */
void backup_media_watch(struct backup_media_watch *w);
void backup_media_watch_end(struct backup_media_watch *w);

/* The file `path` is not what its name says, or is not there. *ret_good: these bytes of the pool belong into the list. */
enum rc backup_media_mend(const struct backup_media_watch *w, const char *path, bool *ret_good,
			  struct file_sum *ret, struct err *e) MUST_CHECK;

/* Each stored row whose file is not there. */
typedef enum rc backup_media_missing_fn(void *arg, const char *path, struct err *e);
enum rc backup_media_missing(const struct backup_media_watch *w, backup_media_missing_fn *fn,
			     void *arg, struct err *e) MUST_CHECK;

/* Raises or closes the incident, when that changed: `told` keeps what stands ("?": not known). */
void backup_media_tell(struct app *app, const struct backup_look *l, char told[ERR_TEXT_MAX]);

#endif
