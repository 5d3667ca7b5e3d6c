/* unpacked.h - a backup that was given as an archive (what the page's download saved): unpacked beside the data folder's
 * files, and gone again afterwards. */
#ifndef CLI_UNPACKED_H
#define CLI_UNPACKED_H

#include "cli/place.h"

struct unpacked { /* zero: nothing is */
	char above[FOLDER_PATH_MAX], folder[FOLDER_PATH_MAX];
	char name[BACKUP_NAME_MAX];
	int lock; /* with `above` not empty */
};

/* Whether the word names an archive and no folder. */
bool unpacked_wanted(const char *word);
/* After it the backup is `folder`/`name`. What an earlier command left when it was killed is removed first. RC_CONFLICT:
 * another command unpacks just now. */
enum rc unpacked_begin(const struct place *p, const char *file, struct unpacked *ret, struct err *e)
	MUST_CHECK;
void unpacked_end(struct unpacked *u); /* for AUTO; fine on a zero one */

#endif
