/* guard.h - what stands before a password check: waiting that grows with failures, and a bound on how many checks run
 * at once (each costs a core for about 0.2 s on purpose).
 *
 * Failures are counted under three keys: this account from this address (5 are free), this address (20), this account
 * from anywhere (50). Beyond the free ones each failure doubles the wait, up to 15 minutes (30 s for the last key, so that
 * nobody can lock another person out). An hour without a failure forgets. Kept in memory, bounded: when room is needed
 * the key with the fewest failures goes. A name that nobody has is treated like any other: no enumeration.
 * Threads: any. */
#ifndef API_GUARD_H
#define API_GUARD_H

#include "base/mtx.h"
#include "base/str.h"

#define GUARD_WAYS      4
#define GUARD_ENTRIES   4096u
#define GUARD_CHECKS    1 /* at once: the other core stays with the messages */
#define GUARD_QUEUE_MAX 8
#define GUARD_WAIT_US   INT64_C(10000000)

struct guard_entry {
	uint64_t key; /* 0: empty */
	int64_t failures, last_ms;
};

struct guard {
	struct mtx lock; /* LOCK_FLOW */
	struct cnd free;
	/* under `lock` */
	int running, waiting;
	uint8_t secret[32]; /* of the keys: nobody can choose a place in the table */
	struct guard_entry entry[GUARD_ENTRIES];
};

void guard_init(struct guard *g);
void guard_destroy(struct guard *g);

/* Before a check. 0: go on; it is counted as failed until guard_passed or guard_undo. Else milliseconds to wait: nothing
 * was counted, nothing may be checked. */
int64_t guard_begin(struct guard *g, struct str account, struct str client, int64_t now_ms);
/* The password was right: the account starts afresh, the address gets one failure back. */
void guard_passed(struct guard *g, struct str account, struct str client);
/* It was neither right nor wrong (no code was given yet, the box was busy). */
void guard_undo(struct guard *g, struct str account, struct str client);
/* Room for one slow check; false: too many wait already. Then guard_leave. */
bool guard_enter(struct guard *g) MUST_CHECK;
void guard_leave(struct guard *g);

#endif
