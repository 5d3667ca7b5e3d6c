/* faultvfs.h - a disk that fails as told: a SQLite VFS over the default one.
 *
 * It fails the n-th write, sync or truncate, fills up, writes half, or loses power: then everything fails,
 * and faultvfs_cut takes the files back to what a sync had confirmed (or to a random mixture, sector by sector).
 * Counting starts at faultvfs_set. Same seed, same damage.
 *
 *	faultvfs_start();                                    all later db_open go through it
 *	faultvfs_set(&(struct fault){ .power_at_sync = 7 });
 *	... work until errors come, db_close ...
 *	faultvfs_cut(FAULTVFS_MIX, seed);                    as after a power loss; faults are off again
 *	... db_open, look ...
 *
 * Not modelled: a lost directory entry (a created or removed file stays so), reordering inside a sector.
 * Threads: any. Files must be closed when power is cut. */
#ifndef FAULTVFS_H
#define FAULTVFS_H

#include "base/err.h"

/* Each n counts from 1; 0: never. */
struct fault {
	int64_t fail_write;  /* this write gives IOERR and changes nothing */
	int64_t short_write; /* this write stores half and gives IOERR */
	int64_t fail_sync;
	int64_t fail_truncate;
	bool lasting;       /* ... and every later call of its kind too */
	int64_t full_after; /* bytes by which files may grow; then disk full. 0: no limit */
	int64_t power_at_write;
	int64_t power_at_sync; /* this sync confirms nothing, and nothing works any more */
};

struct fault_counts {
	int64_t writes;
	int64_t syncs;
	int64_t truncates;
	int64_t grown_bytes;
	int64_t failed; /* calls that were made to fail */
};

enum faultvfs_cut {
	FAULTVFS_DROP, /* nothing unsynced survives */
	FAULTVFS_MIX,  /* each unsynced sector survives or not */
	FAULTVFS_KEEP, /* everything survives: the process died, the machine did not */
};

void faultvfs_start(void);
void faultvfs_set(const struct fault *f);
struct fault_counts faultvfs_counts(void);
bool faultvfs_power_is_off(void);
void faultvfs_cut(enum faultvfs_cut how, uint64_t seed);

#endif
