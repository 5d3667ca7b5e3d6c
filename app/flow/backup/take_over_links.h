/* take_over_links.h - which messages of Chatwoot the database knows that a restore puts aside.
 *
 * Chatwoot is asked after a start for what agents wrote meanwhile, and what the restored database does not know would be
 * sent: also what the other life of the box has sent since the backup. */
#ifndef FLOW_TAKE_OVER_LINKS_H
#define FLOW_TAKE_OVER_LINKS_H

#include "flow/app.h"

/* Into the running store. *ret_unread: not all could be read. */
enum rc take_over_links(struct app *app, struct db *from, int64_t *ret_count, bool *ret_unread,
			struct err *e) MUST_CHECK;
/* Before the swap: whether the database in `data_dir` goes on from the staged one and all its links can be read, or none are
 * needed. False: agents' messages may be sent a second time, so a person has to look. */
bool take_over_links_known(struct db *staged, const char *data_dir);

#endif
