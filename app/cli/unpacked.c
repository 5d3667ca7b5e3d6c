/* unpacked.c - see unpacked.h. */
#include "cli/unpacked.h"

#include "base/log.h"
#include "flow/backup/backup_tar.h"
#include "io/file.h"

#define PLACE ".unpacked" /* in the data folder, beside the disk where it goes in the end */

bool unpacked_wanted(const char *word)
{
	return str_ends(str_of(word), STR(".tar"));
}

enum rc unpacked_begin(const struct place *p, const char *file, struct unpacked *ret, struct err *e)
{
	TRY(folder_join(p->data, PLACE, ret->above, e));
	ret->lock = -1;
	TRY(file_mkdir(ret->above, 0700, e));
	TRY(backup_lock(ret->above, &ret->lock, e));
	TRY(folder_join(ret->above, "backups", ret->folder, e));
	TRY(folder_remove(ret->folder, e));
	return backup_tar_unpack(file, ret->folder, ret->name, e);
}

void unpacked_end(struct unpacked *u)
{
	struct err e = { .rc = RC_OK };

	if (u->above[0] == '\0' || u->lock < 0)
		return; /* another command's */
	if (folder_remove(u->above, &e) != RC_OK)
		log_err(LOG_ERROR, "unpacked.not_removed", &e);
	file_unlock(u->lock);
}
