/* restore_fits.h - whether a backup can live here: asked before anything of the box is touched.
 *
 * Nothing is changed. Any thread. */
#ifndef FLOW_RESTORE_FITS_H
#define FLOW_RESTORE_FITS_H

#include "flow/backup/backup.h"

/* RC_REFUSED: a newer program made it; this one could not open what it restored. */
enum rc restore_fits_program(const struct backup_info *info, struct err *e) MUST_CHECK;
/* Whether totem.key of `data_dir` opens the secrets in the database of `stage`. True too when there is no secret: then
 * every key does. One that opens at least one is the right one: others may have been lost before the backup. */
enum rc restore_fits_key(const char *data_dir, const char *stage, bool *ret, struct err *e)
	MUST_CHECK;

#endif
