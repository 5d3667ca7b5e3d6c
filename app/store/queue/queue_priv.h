/* queue_priv.h - inside of the queues: shared by queue*.c, and hooks for store.c and the tables beside it. */
#ifndef STORE_QUEUE_PRIV_H
#define STORE_QUEUE_PRIV_H

#include "base/limits.h"
#include "store/queue/queue.h"

enum slot_state { SLOT_FREE, SLOT_READY, SLOT_DELAYED, SLOT_BLOCKED, SLOT_RUNNING };

struct key;

/* A job in memory. In exactly one of: a lane's ready list, the heap, its key's chain behind the head, the
 * running list, the free list. The head of a key's chain is also in one of the first three. A job that was made for
 * later stands in the heap without its key until it is due; then it goes to the end of the chain. */
struct slot {
	struct slot *prev, *next; /* ready list, running list or free list */
	struct slot *behind;      /* next of the same key */
	struct key *key;          /* NULL: no order */
	int64_t id, okey, lane, ref, created_ms, due_ms;
	int64_t lease_until_us; /* monotonic */
	uint64_t token;         /* of the running lease; 0: none */
	uint64_t claimed_in;    /* the transaction that settles it; 0: none */
	size_t heap_at;
	int attempts, snoozes, refusals, crashes;
	enum job_prio prio;
	enum slot_state state;
	bool recovered;
	bool doubt; /* queue_doubt */
	bool held;  /* delayed by queue_hold: no retry, no time of its own */
};

struct key {
	int64_t okey;
	struct slot *head, *tail;
	struct key *next; /* bucket or free list */
};

struct slot_list {
	struct slot *head, *tail;
};

struct lane {
	int64_t id;
	int running;
	struct slot_list ready[PRIO_COUNT];
};

#define QUEUE_LANES_MAX    64
#define QUEUE_RATE_SECONDS 60
#define QUEUE_HOLD_MAX_MS  (10 * SECOND_MS)
#define QUEUE_NEST         2 /* a unit, and a trial inside of it (store_try) */

struct queue_numbers {
	int64_t accepted, done, failed, dead, discarded;
	int64_t sequence;
	bool touched;
};

struct queue {
	enum queue_id id;
	struct queue_config config;
	queue_discard_fn *on_discard;
	struct cnd changed;
	int waiters;

	struct lane lanes[QUEUE_LANES_MAX];
	int lane_count;
	int lane_turn;  /* round robin */
	bool taking;    /* inside queue_take: the batch under construction does not block itself */
	unsigned takes; /* each eighth prefers the low end */
	struct slot **heap; /* delayed, by due_ms */
	size_t heap_n, heap_cap;
	struct slot_list running;
	struct key **buckets;
	size_t bucket_count, key_count;

	int64_t rows; /* unfinished jobs, on disk */
	int64_t in_memory;
	int64_t running_n;
	int64_t loaded_to;    /* highest id that is or was in memory */
	int64_t newest;       /* highest committed id */
	int64_t recovered_to; /* jobs up to this id were there when a process died */
	bool spilled;         /* rows above loaded_to wait on disk */
	bool refilling;
	int64_t read_after_us; /* after a failed read: not before (monotonic) */
	int clearing;          /* > 0: nothing is taken and nothing read from disk */
	int64_t hold_until_ms; /* batch queues: a batch was given back until then */

	bool paused;
	int64_t paused_until_ms; /* 0: until resumed */
	int64_t drain_to;        /* 0: not draining; else take ids up to this one */

	struct queue_numbers base;  /* as committed */
	struct queue_numbers delta; /* of the running transaction; writer only */
	struct queue_numbers
		saved[QUEUE_NEST]; /* delta at the start of the running units; writer only */
	uint32_t rate[QUEUE_RATE_SECONDS];
	int64_t rate_second;
};

struct gate {
	int64_t lane, until_ms;
};

struct queues {
	struct mtx
		lock; /* LOCK_QUEUE: everything but delta and saved; base is written by the writer only */
	struct store *store;
	bool stopping;
	int64_t memory_max; /* jobs of one queue in memory: QUEUE_MEMORY_MAX, less in tests */
	uint64_t tokens;
	uint64_t transaction; /* number of the writer's running or last one */
	struct slot *free_slots;
	struct key *free_keys;
	void **slabs;
	size_t slab_count;
	struct gate gates[QUEUE_LANES_MAX];
	int gate_count;
	int64_t group_targets[QUEUE_COUNT][QUEUE_TARGETS_MAX]; /* 0 ends the list */
	struct queue q[QUEUE_COUNT];
};

#define QUEUE_ID_BITS 40 /* index jobs_delayed (0031) has it too */
/* The conversation of a key of jobs: the target, if any, stands above (topic.c). */
#define QUEUE_KEY_BITS 44
#define QUEUE_KEY_MASK (((int64_t)1 << QUEUE_KEY_BITS) - 1)
int64_t queue_first_id(enum queue_id q); /* ids of the queue are in [first, first + 2^40) */
int64_t queue_last_id(enum queue_id q);
bool queue_of_id(int64_t id, enum queue_id *ret) MUST_CHECK;

/* queue_sched.c: all with the lock held */
struct slot *sched_slot_new(struct queues *qs) REQUIRES(qs->lock);
void sched_insert(struct queues *qs, struct queue *q, struct slot *s, int64_t now_ms)
	REQUIRES(qs->lock);
struct slot *sched_pick(struct queues *qs, struct queue *q, int64_t now_ms, bool take)
	REQUIRES(qs->lock);
/* From running back to ready or delayed; keeps its place. */
void sched_return(struct queues *qs, struct queue *q, struct slot *s, int64_t due_ms,
		  int64_t now_ms) REQUIRES(qs->lock);
/* The job is finished or gone: next of its key becomes ready. Any state. */
void sched_remove(struct queues *qs, struct queue *q, struct slot *s, int64_t now_ms)
	REQUIRES(qs->lock);
void sched_due(struct queues *qs, struct queue *q, int64_t now_ms)
	REQUIRES(qs->lock); /* moves due jobs to ready */
/* A running job leaves its key's chain; the next of the key becomes ready. */
void sched_part(struct queues *qs, struct queue *q, struct slot *s, int64_t now_ms)
	REQUIRES(qs->lock);
void sched_undelay(struct queues *qs, struct queue *q, struct slot *s) REQUIRES(qs->lock);
int64_t sched_next_due(struct queues *qs, struct queue *q, int64_t now_ms) REQUIRES(qs->lock);
int64_t sched_gate(const struct queues *qs, int64_t lane) REQUIRES(qs->lock);
/* Takes a ready or delayed job out of its list; its state stays. */
void sched_unqueue(struct queue *q, struct slot *s);
/* NULL: no job of this key, and none is to be made. */
struct key *sched_key(struct queues *qs, struct queue *q, int64_t okey, bool make)
	REQUIRES(qs->lock);
void sched_key_drop(struct queues *qs, struct queue *q, struct key *k) REQUIRES(qs->lock);
const struct slot *sched_key_head(const struct queue *q, int64_t okey);
void sched_signal(struct queue *q);
void sched_free(struct queues *qs);

int64_t queue_order_key(const struct queue *q, int64_t okey);
/* queue_control.c: jobs in memory that were given back (queue_hold) or tried, and wait for a time after this one, are due now. */
void queue_wake_beyond(struct queues *qs, int64_t beyond_ms);
/* queue_load.c: rows wait on disk and there is room. */
bool queue_wants_refill(const struct queues *qs, const struct queue *q) REQUIRES(qs->lock);
/* Reads the next jobs that wait on disk. The lock is not held while reading. */
void queue_refill(struct queues *qs, struct queue *q, int64_t now_ms);
/* Lock held. Whether the job is still leased to who took it. */
bool queue_is_leased(const struct job *j);
enum rc queue_remove_row(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;

/* store.c calls these around units and transactions (writer thread). */
void queues_transaction(struct queues *qs); /* a new one begins */
void queues_unit_begin(struct queues *qs, int depth);
void queues_unit_undo(struct queues *qs, int depth);
enum rc queues_before_commit(struct queues *qs, struct db *db, struct err *e) MUST_CHECK;
void queues_after_commit(struct queues *qs, int64_t now_ms);
void queues_rollback(struct queues *qs);

/* For topic.c and deadletter.c */
int64_t *queues_group_targets(struct queues *qs,
			      enum queue_id group); /* QUEUE_TARGETS_MAX of them */
/* Adds a job that was a dead letter: `accepted` does not grow, `dead` falls. */
enum rc queue_readd(struct tx *tx, const struct job_new *n, int64_t *ret_id, struct err *e)
	MUST_CHECK;
enum rc queue_dead_discarded(struct tx *tx, enum queue_id q, struct err *e) MUST_CHECK;

#endif
