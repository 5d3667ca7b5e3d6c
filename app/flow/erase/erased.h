/* erased.h - who was erased, kept outside of the database: a restored backup may be older than the erasure, and would bring the
 * person back.
 *
 *   DATA/erased.list      one line for each contact: "asked_ms company contact created_ms"; no names, no numbers
 *   BACKUPS/erased.list   the same, for a box that is built from the backups alone
 *
 * A contact is the same when its number and the time it was made are. What stands in the list and is in the database again is
 * erased again: after a restore, and whenever a copy of the database was put there by hand. */
#ifndef FLOW_ERASED_H
#define FLOW_ERASED_H

#include "flow/app.h"

/* Inside the unit that begins the erasure, before its commit: on the disk when it returns. */
enum rc erased_note(const char *data_dir, struct db *db, int64_t contact_id, int64_t now_ms,
		    struct err *e) MUST_CHECK;
/* What stands in FROM's list gets into TO's. Nothing is done where FROM has none. */
enum rc erased_merge(const char *from_dir, const char *to_dir, struct err *e) MUST_CHECK;
/* How many were asked for behind `since_ms`. RC_ABSENT: there is no list; `e` is not filled. */
enum rc erased_count(const char *dir, int64_t since_ms, int64_t *ret, struct err *e) MUST_CHECK;
/* Begins it: before the first job runs, and by the janitor while somebody is left. Jobs about these people are cancelled: what
 * they should have done was done or given up before the erasure. */
void erased_again(struct app *app);

#endif
