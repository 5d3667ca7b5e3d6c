/* upgrade_copies.h - copies of the database that migrations made beside it (io/migrate.h: NAME.before-NNNN). Each is as large as
 * the database was and holds what was erased since. The newest UPGRADE_COPIES_KEPT stay, none longer than
 * UPGRADE_COPY_DAYS; backups are what is kept longer. */
#ifndef FLOW_UPGRADE_COPIES_H
#define FLOW_UPGRADE_COPIES_H

#include "base/err.h"

#define UPGRADE_COPIES_KEPT \
	2 /* the way back from this upgrade, and from one that followed at once */
#define UPGRADE_COPY_DAYS 30 /* who did not miss anything until then takes a backup */

/* Removes one at most; *ret_removed: whether. The caller sees to it that the clock is not in doubt. */
enum rc upgrade_copies_trim(const char *data_dir, int64_t now_ms, bool *ret_removed, struct err *e)
	MUST_CHECK;

#endif
