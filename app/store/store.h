/* store.h - the one place through which everything is written: group commit.
 *
 *   caller thread:  store_write(st, unit, arg)  -> waits -------------------------+
 *                                                                                 |
 *   writer thread:  take all that waits -> BEGIN -> each unit in its savepoint -> COMMIT (fsync)
 *                   -> apply what units registered (schedule jobs, count) -> wake their callers
 *
 * Promises: when store_write returns RC_OK the unit's rows are on the disk; a unit that fails leaves no trace
 * and takes nobody with it; effects in memory (tx_after) happen after the commit and before the caller
 * goes on, or never. A unit is short, touches only its tx, never waits and never calls a peer.
 *
 * While one transaction is being synced the next units gather. Urgent units (acknowledgements) go first;
 * of the others as many as fit in STORE_BATCH_MS_MAX. After a batch of more than one the writer waits
 * STORE_GATHER_US for company.
 *
 * Reads use their own connections from a small pool; a reader is held for one short piece of work.
 * Without store_run (simulator, CLI, tests) store_write executes in the calling thread, one unit a commit. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/mtx.h"
#include "io/db.h"

struct store;
struct queues;

/* One unit inside a transaction. Valid only during the unit's function. */
struct tx {
	struct db *db;
	struct store *store;
	int64_t now_ms; /* wall time at the start of the transaction */
	void *priv;
};

typedef enum rc store_unit(struct tx *tx, void *arg, struct err *e);

enum store_class { STORE_URGENT, STORE_NORMAL };

struct store_options {
	const char *path; /* the database file */
	bool migrate;     /* bring the schema up to date */
	bool read_only;   /* CLI beside a running server: readers only */
	int64_t now_ms;
	int64_t (*clock)(void); /* wall clock for tx->now_ms; NULL: clock_now_ms */
};

/* Opens, migrates, begins a boot, loads the queues. RC_CONFLICT: another process serves this folder. */
enum rc store_open(const struct store_options *o, struct store **ret, struct err *e) MUST_CHECK;
/* Starts the writer thread. */
enum rc store_run(struct store *st, struct err *e) MUST_CHECK;
/* Finishes waiting units, marks a clean stop, checkpoints, closes. */
void store_close(struct store *st);
/* For the simulator and tests: as if the process had died here. Nothing is marked, finished or checkpointed; only
 * memory and handles are given back. Not after store_run. */
void store_abandon(struct store *st);

/* See above. RC_LIMIT: too many units wait or the disk is full. RC_IO: the disk failed. Nothing was stored then, and the
 * same unit may succeed later (only if the machine dies before the next commit, a unit whose sync failed can be found
 * on the disk, whole). Both speak of the store only: a unit that itself ends so is answered with RC_INVALID. */
enum rc store_write(struct store *st, enum store_class cls, store_unit *unit, void *arg,
		    struct err *e) MUST_CHECK;

/* Inside a unit: runs another one under a savepoint of its own. When it fails nothing of it remains, and the unit around
 * it may go on. RC_LIMIT, RC_IO and RC_RETRY speak of the store, as above: pass them on. The inner one settles no job of
 * a queue and tries nothing itself. Costs two statements: for what has failed before, not for the usual way. */
enum rc store_try(struct tx *tx, store_unit *unit, void *arg, struct err *e) MUST_CHECK;

/* What goes along with the next unit of this thread that succeeds: run behind it in the same savepoint (both stay, or
 * neither), once. The API sets one around each handler that changes something, so that no change comes without its row
 * in the audit log. NULL ends it; the rider has to live until then. */
struct store_rider {
	store_unit *unit;
	void *arg;
	bool done;
};
void store_ride(struct store_rider *r);
/* From now on every store_write is refused with RC_IO: the database is damaged (flow/damage). */
void store_halt(struct store *st);
/* Whether a statement of the writer or of a reader met damage in the file. */
bool store_is_damaged(const struct store *st);

/* A function to run after the commit, in the writer, in order of registration. `bytes` (at most
 * TX_AFTER_MAX) are copied. Not called when the unit or the transaction fails. */
#define TX_AFTER_MAX 96
typedef void tx_after_fn(struct store *st, const void *arg);
void tx_after(struct tx *tx, tx_after_fn *fn, const void *arg, size_t bytes);

/* Behind the commit, in the writer: the write-ahead log is copied into the file and emptied. *ret_all, before the caller goes
 * on: nothing of before stands in it any more; false: somebody was reading in it. */
void store_empty_log(struct tx *tx, bool *ret_all);

/* A reader from the pool; waits when all are busy. Give it back soon; no statement may stay open. */
struct db *store_reader(struct store *st);
void store_reader_done(struct store *st, struct db *db);

struct queues *store_queues(struct store *st);
int64_t store_boot(const struct store *st); /* row number of this boot */
const char *store_boot_id(const struct store *st);
bool store_was_unclean(const struct store *st);
/* A sign of life of this boot, as a row of its own: RC_OK says that the writer runs and that the disk takes a commit. */
enum rc store_beat(struct store *st, struct err *e) MUST_CHECK;

/* Called after each commit that published an event (the event stream's wake-up). */
void store_on_event(struct store *st, void (*fn)(void *arg), void *arg);
void store_event_published(struct tx *tx); /* used by store/queue/topic.c */

struct store_stats {
	int64_t commits, units, failed_units, batch_max;
	int64_t commit_us_sum;
	int64_t commit_us_bucket[16]; /* le 128us, 256us, ... doubling; the last is the rest */
	int64_t waiting;              /* units now */
	int64_t last_commit_ms;       /* wall; 0: none yet */
	bool failing;                 /* the last commit failed: disk full or broken */
	struct db_stats file;
};
void store_get_stats(struct store *st, struct store_stats *ret);
/* Of struct store_stats, alive as long as the store: to see whether anybody writes. Read with __atomic_load_n. */
const int64_t *store_commit_count(const struct store *st);

#endif
