/* wipe.h - overwrites what deleted rows left behind in the pages of a database.
 *
 * A row that is deleted is zeroed, and pages that become free too (secure_delete=ON), but copies stay: in the unused part of
 * pages whose cells moved to a neighbour, and of all that was deleted before that was so. This walks the pages, a few in a transaction, and
 * zeroes all that no cell, header or list covers; pages that are clean already are not written. The structure is not
 * touched. A page that is not understood is left alone (quick_check finds what is wrong with it).
 *
 * The old bytes are in the write-ahead log then, until it is truncated (db_checkpoint_all), and in the blocks that the file
 * system freed: those are the disk's. */
#ifndef IO_WIPE_H
#define IO_WIPE_H

#include "io/db.h"

struct wipe {
	int64_t from;  /* page, from 1; set to the next one; 0: the end was reached */
	int64_t wiped; /* pages that were written, added up */
};

/* Inside a transaction of the writer: `count` pages. RC_LIMIT: the database is too large for it (16 million pages). */
enum rc wipe_pages(struct db *db, struct wipe *w, int64_t count, struct err *e) MUST_CHECK;

#endif
