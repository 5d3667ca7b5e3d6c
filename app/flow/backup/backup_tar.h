/* backup_tar.h - a backup with its media as one tar archive: to be taken away, and to be put back from.
 *
 *   totem-20260105T030000Z/manifest.json, media.list, totem.db, totem.key.sealed, totem.conf.sealed
 *   media/ab/abcd...
 *
 * That is the layout of a folder of backups (backup.h): what any tar unpacks is one again. Messages are readable in it.
 * Nothing is whole in memory but the list of media. Threads: any, each with its own struct. */
#ifndef FLOW_BACKUP_TAR_H
#define FLOW_BACKUP_TAR_H

#include "flow/backup/backup.h"
#include "io/tar.h"

struct backup_tar;

/* Holds the backup until backup_tar_close: it is not rotated away meanwhile. Everything has to be there with its length.
 * RC_ABSENT: there is no such backup. RC_INVALID: a part of it is missing. RC_REFUSED: it failed its check. */
enum rc backup_tar_open(const char *folder, const char *name, struct backup_tar **ret,
			struct err *e) MUST_CHECK;
int64_t backup_tar_bytes(const struct backup_tar *b);
const struct backup_info *backup_tar_info(const struct backup_tar *b);
/* Exactly backup_tar_bytes into the sink. RC_IO: a part became another one meanwhile. */
enum rc backup_tar_write(const struct backup_tar *b, struct tempo *pace, tar_sink_fn *sink,
			 void *arg, struct err *e) MUST_CHECK;
void backup_tar_close(struct backup_tar *b); /* NULL: nothing */

/* An archive of anybody's: only names of the layout above are written, and only below `folder`, which is made. What it says
 * is checked by whoever verifies or restores it there. RC_INVALID: no such archive, damaged, torn off, or with other things
 * in it. RC_LIMIT: no room. The caller removes the folder. */
enum rc backup_tar_unpack(const char *file, const char *folder, char ret_name[BACKUP_NAME_MAX],
			  struct err *e) MUST_CHECK;

#endif
