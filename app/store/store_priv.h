/* store_priv.h - inside of the store: shared by store.c (the writer), store_pool.c (readers) and store_open.c. */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include "base/ids.h"
#include "base/thr.h"
#include "store/queue/queue_priv.h"
#include "store/store.h"

#define READERS_POOL 24 /* open read connections at most */

/* A unit that waits or runs; it lives on the stack of its caller. */
struct unit {
	store_unit *run;
	void *arg;
	struct err *e;
	enum rc rc;
	enum store_class cls;
	struct unit *next;
	struct wake wake;
};

struct unit_list {
	struct unit *head, *tail;
	int64_t n;
};

struct after {
	tx_after_fn *fn;
	_Alignas(16) unsigned char arg[TX_AFTER_MAX];
};

struct store {
	char path[512];
	struct db *writer;
	int64_t (*clock)(void);
	struct queues *queues;
	int64_t boot;
	char boot_id[ID_TEXT_MAX];
	bool unclean, read_only;
	bool halted, damaged; /* atomic */

	struct mtx lock; /* LOCK_STORE */
	void (*on_event)(void *arg);
	void *on_event_arg;
	struct cnd work;
	struct unit_list waiting[2]; /* by enum store_class */
	bool stopping;
	bool gathering; /* the writer wakes by itself: no signal wanted */
	bool threaded;
	struct thr thread;
	struct store_stats stats;

	/* The writer's own */
	struct after *after;
	size_t after_n, after_cap;
	bool event_published;

	struct mtx pool_lock; /* LOCK_POOL */
	struct cnd pool_free;
	struct db *pool[READERS_POOL];
	int pool_n, pool_open;
};

/* store.c: the body of the writer thread. */
void store_writer(void *arg);

#endif
