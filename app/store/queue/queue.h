/* queue.h - durable work: jobs on disk, scheduled in memory.
 *
 *             queue_add                 queue_take                 queue_done
 *   (nothing) ---------> WAITING/DELAYED ---------> RUNNING ------------------> (row deleted, done + 1)
 *                            ^   ^                   |  |  \------------------> DEAD (dead letter)
 *                            |   +-- queue_retry ----+  |       queue_dead          |
 *                            |       (attempt counted)  |                           | deadletter_retry
 *                            +------ queue_snooze ------+ (not counted)             |
 *                            +------ queue_hold (memory only, nothing counted)      |
 *                            +------------------------------------------------------+
 *
 * Only outcomes are written: taking a job is an act in memory; after a crash every unfinished job is ready
 * again. A lease is (boot, token, until): a worker that lost its lease gets RC_CONFLICT when it settles.
 * Jobs of one key (okey != 0) run one at a time in order of their ids; a key that waits for its retry holds back
 * only itself. A job made for later (due_ms) takes its place when it is due: those made meanwhile go first. A lane (target) has a gate: closed by a pause, a breaker or a rate limit, it holds its jobs
 * without burning attempts. Each queue keeps at most QUEUE_MEMORY_MAX jobs in memory, the rest on disk.
 *
 * Invariant (queue_prove): accepted = done + discarded + dead + waiting + running. */
#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "store/store.h"

enum queue_id {
#define QUEUE(name, text, concurrency, attempts, backoff_ms, batch) QUEUE_##name,
#include "store/queue/queue.def"
#undef QUEUE
	QUEUE_COUNT
};

enum job_prio { PRIO_HIGH, PRIO_NORMAL, PRIO_LOW, PRIO_COUNT };

struct job_new {
	enum queue_id queue;
	enum job_prio prio;
	int64_t okey;   /* 0: no order */
	int64_t lane;   /* target id or 0 */
	int64_t due_ms; /* 0: now */
	int64_t ref;
	struct str correlation;
	struct str payload;
	struct str
		history; /* not none: of an earlier life; the job counts as tried (`recovered`) */
};

/* A leased job. */
struct job {
	int64_t id;
	enum queue_id queue;
	enum job_prio prio;
	int64_t okey, lane, ref;
	int64_t created_ms;
	int attempts; /* failed runs so far: 0 on the first run */
	int snoozes;
	int refusals; /* answers of the peer about this job itself (queue_refused) */
	bool recovered; /* an earlier run may have left something outside: the process died, a handler failed half-way,
			    * the lease ended, or it was a dead letter */
	uint64_t token;
	void *slot; /* of queue.c */
};

struct queue_config { /* settings queue.<name>.* */
	int concurrency;
	int attempts;
	int64_t backoff_ms;
	int batch;
	int64_t lease_ms;
};

#define QUEUE_TARGETS_MAX 8 /* targets that one consumer group serves side by side */

const char *queue_name(enum queue_id q);
bool queue_parse(struct str name, enum queue_id *ret) MUST_CHECK;
void queue_configure(struct queues *qs, enum queue_id q, const struct queue_config *c);
struct queue_config queue_get_config(struct queues *qs, enum queue_id q);

/* Inside a unit: */
enum rc queue_add(struct tx *tx, const struct job_new *n, int64_t *ret_id, struct err *e)
	MUST_CHECK;
/* RC_CONFLICT: the lease was lost, the job is not ours any more; the unit should fail. */
enum rc queue_done(struct tx *tx, const struct job *j, struct err *e) MUST_CHECK;
/* The run failed: try again at due_ms; becomes a dead letter by itself after the queue's last attempt. */
enum rc queue_retry(struct tx *tx, const struct job *j, int64_t due_ms, const char *reason,
		    const char *error, struct err *e) MUST_CHECK;
/* The peer said "not before": counted apart, no attempt burned. */
enum rc queue_snooze(struct tx *tx, const struct job *j, int64_t due_ms, const char *error,
		     struct err *e) MUST_CHECK;
/* The same for a long time (hours): the job leaves its key, so that younger jobs of the key do not wait for it. */
enum rc queue_snooze_apart(struct tx *tx, const struct job *j, int64_t due_ms, const char *error,
			   struct err *e) MUST_CHECK;
/* Beside queue_retry or queue_snooze, in front of it: the peer was reached and the job's own content or recipient was the
 * reason. Counted apart from attempts (which our own faults use up too) and snoozes (waiting for something else). */
enum rc queue_refused(struct tx *tx, const struct job *j, struct err *e) MUST_CHECK;
/* class: "ours" or "theirs" */
enum rc queue_dead(struct tx *tx, const struct job *j, const char *class, const char *reason,
		   const char *error, struct err *e) MUST_CHECK;
/* Durable mark before a run of a `recovered` job, so that a job that kills the process cannot do so for ever: the
 * next start counts a crash for each marked job and makes it a dead letter after JOB_CRASH_MAX of them. */
enum rc queue_mark_start(struct tx *tx, const struct job *j, struct err *e) MUST_CHECK;
/* Unfinished jobs (and dead letters) of conversation `from` have the key of conversation `to` from now on, at every target: what waits of both is
 * one order. Reads the whole table: for merges. */
enum rc queue_rekey(struct tx *tx, int64_t from, int64_t to, struct err *e) MUST_CHECK;
/* Reads payload, correlation and history of a job. */
struct job_text {
	struct str payload, correlation, history;
};
enum rc queue_text(struct db *db, int64_t job_id, struct arena *a, struct job_text *ret,
		   struct err *e) MUST_CHECK;

/* In memory: */
/* Leases up to `max` due jobs. 0: nothing is due (or paused, or at its concurrency). Never waits. */
int queue_take(struct queues *qs, enum queue_id q, int64_t now_ms, struct job *ret_jobs, int max);
/* Gives a leased job back until due_ms: nothing is written, nothing counted. A batch queue takes nothing before due_ms
 * (at most seconds away). */
void queue_hold(struct queues *qs, const struct job *j, int64_t due_ms);
/* The same after a run that ended half-way: the next run is told (`recovered`). False: the job was not leased any more. */
bool queue_hold_tried(struct queues *qs, const struct job *j, int64_t due_ms);
/* The lease begins anew: before each of several slow calls. False: it is lost, the job belongs to another. */
bool queue_renew(struct queues *qs, const struct job *j) MUST_CHECK;
/* Waits until queue_take may give something, at most until the monotonic deadline; false: stopping. */
bool queue_wait(struct queues *qs, enum queue_id q, int64_t now_ms, int64_t until_mono_us);
void queue_stop(struct queues *qs); /* wakes all waiters; queue_wait is false from now on */
/* Earliest time at which something becomes due in any queue; INT64_MAX: nothing waits (simulator). */
int64_t queue_next_due(struct queues *qs, int64_t now_ms);
/* Creation time of the oldest unfinished job of a key in memory; 0: none. Lets one queue wait for another's. */
int64_t queue_key_since(struct queues *qs, enum queue_id q, int64_t okey);
/* What the run asked for may have been carried out: queue_key_doubted says so until the job ends. A lost lease: nothing. */
void queue_doubt(struct queues *qs, const struct job *j);
/* Whether the oldest job of a key in memory may have been carried out at its peer: it is running, a run of it is in doubt
 * (queue_doubt), or a process died that had it. Also true for all keys while jobs of before a crash were not read yet.
 * Thread-safe. */
bool queue_key_doubted(struct queues *qs, enum queue_id q, int64_t okey);
/* Returns jobs whose lease ended to the ready list; loads jobs that wait on disk. Called by the janitor each second. */
void queue_tick(struct queues *qs, int64_t now_ms);

/* Gates of a lane. until_ms INT64_MAX: until opened. 0: open. */
void queue_gate(struct queues *qs, int64_t lane, int64_t until_ms);
int64_t queue_gated_until(struct queues *qs, int64_t lane);
/* Jobs of the lane that were given back (queue_hold) until a later time are due now; what waits for its retry or its
 * own time goes on waiting. */
void queue_wake(struct queues *qs, int64_t lane);

/* The clock was set back: jobs whose due time the program chose itself (retries, waits, periodic work) and that is after
 * beyond_ms are due now. What a person planned (a send for later, the end of a snooze) keeps its time. Reads the whole table,
 * in units of a few hundred jobs. *ret_count: how many on disk. */
enum rc queue_clock_back(struct store *st, int64_t beyond_ms, int64_t *ret_count, struct err *e)
	MUST_CHECK;

/* Control, durable (each is one unit of its own inside): */
enum rc queue_pause(struct store *st, enum queue_id q, int64_t until_ms, struct err *e)
	MUST_CHECK; /* 0: until resumed */
enum rc queue_resume(struct store *st, enum queue_id q, struct err *e) MUST_CHECK;
enum rc queue_drain(struct store *st, enum queue_id q, struct err *e)
	MUST_CHECK; /* run what is there; then paused */
/* What to do with the row a discarded job refers to (a message becomes `cancelled`); set once at start. */
typedef enum rc queue_discard_fn(struct tx *tx, int64_t ref, struct err *e);
void queue_on_discard(struct queues *qs, enum queue_id q, queue_discard_fn *fn);
/* Discards all jobs that wait (not the running ones), in chunks: acknowledgements go on meanwhile. */
enum rc queue_clear(struct store *st, enum queue_id q, int64_t *ret_count, struct err *e)
	MUST_CHECK;
enum rc queue_cancel(struct store *st, int64_t job_id, struct err *e)
	MUST_CHECK; /* RC_CONFLICT: running */
enum rc queue_run_now(struct store *st, int64_t job_id, struct err *e) MUST_CHECK;
/* The same inside a unit. */
enum rc queue_hasten(struct tx *tx, int64_t job_id, struct err *e) MUST_CHECK;

struct queue_counts {
	int64_t accepted, done, failed, dead, discarded;
	int64_t waiting, delayed, running; /* now; waiting + delayed + running = rows in jobs */
	int64_t oldest_ms; /* creation of the oldest unfinished job in memory; 0: none */
	const char *state; /* running, paused, draining */
	int64_t paused_until_ms;
	double rate; /* done per second over the last minute */
};
void queue_get_counts(struct queues *qs, enum queue_id q, int64_t now_ms, struct queue_counts *ret);
/* RC_CONFLICT with the numbers when the invariant does not hold. Reads the tables. */
enum rc queue_prove(struct db *db, enum queue_id q, struct queue_counts *ret, struct err *e)
	MUST_CHECK;

/* A page of unfinished jobs, oldest first. */
struct queue_row {
	enum queue_id queue;
	enum job_prio prio;
	int64_t id, okey, lane, ref, due_ms, attempts, snoozes, created_ms;
	struct str correlation, history;
};
struct queue_page {
	int64_t after_id;  /* 0: from the oldest */
	int64_t due_to_ms; /* only those due before; 0: all. Then also: */
	int64_t to_id;     /* not behind this one; 0: to the end */
	int limit;
};
typedef enum rc queue_each_fn(void *arg, const struct queue_row *r, struct err *e);
enum rc queue_each(struct db *db, enum queue_id q, const struct queue_page *page, queue_each_fn *fn,
		   void *arg, struct err *e) MUST_CHECK;
/* Where a look over `n` jobs behind after_id ends; 0: at the end of the queue. */
enum rc queue_nth(struct db *db, enum queue_id q, int64_t after_id, int n, int64_t *ret_id,
		  struct err *e) MUST_CHECK;
/* Those that are due later than after_due_ms, or then and with an id behind after_id: by when they are due. */
struct queue_delayed {
	int64_t after_due_ms, after_id;
	int limit;
};
enum rc queue_each_delayed(struct db *db, enum queue_id q, const struct queue_delayed *page,
			   queue_each_fn *fn, void *arg, struct err *e) MUST_CHECK;

/* The ids of those that run now, in no order, at most `max` into ret_ids. Returns how many. */
int queue_running(struct queues *qs, enum queue_id q, int64_t *ret_ids, int max);

/* Used by store.c only. */
enum rc queues_load(struct store *st, struct db *writer, int64_t now_ms, struct queues **ret,
		    struct err *e) MUST_CHECK;
void queues_free(struct queues *qs);

/* Bits of an order key (job.okey) that are the conversation; the rest says which of its works. */
int64_t queue_key_mask(void);

#endif
