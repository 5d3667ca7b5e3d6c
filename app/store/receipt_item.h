/* receipt_item.h - what a receipt's numbers count, one by one: its jobs, the messages that were found by asking, those of which it is
 * not known whether they left. */
#ifndef STORE_RECEIPT_ITEM_H
#define STORE_RECEIPT_ITEM_H

#include "store/queue/queue.h"
#include "store/receipt.h"

enum receipt_item_state {
	RECEIPT_ITEM_ALL, /* of a filter only */
	RECEIPT_ITEM_OPEN,
	RECEIPT_ITEM_DEAD,
	RECEIPT_ITEM_DONE,
	/* messages without a job: */
	RECEIPT_ITEM_CAUGHT,
	RECEIPT_ITEM_UNKNOWN,
};

struct receipt_item {
	enum receipt_item_state state;
	enum queue_id queue;                  /* of a job */
	int64_t id;                           /* place in its list; of a job its id */
	int64_t message_id;                   /* 0: none, or not a message yet */
	int64_t delivery_id, delivery_ms;     /* delivery_ms 0: none, or not kept any more */
	int64_t deadletter_id, deadletter_ms; /* 0: it is none */
};

struct receipt_item_page {
	int64_t receipt_id, after_id;  /* after_id 0: from the first */
	enum receipt_item_state state; /* ALL: of jobs */
	int limit;
};
typedef enum rc receipt_item_fn(void *arg, const struct receipt_item *i, struct err *e);
/* In order of their ids: jobs, or the messages that were caught, or those in doubt. */
enum rc receipt_item_each(struct db *db, const struct receipt_item_page *p, receipt_item_fn *fn,
			  void *arg, struct err *e) MUST_CHECK;
/* The messages of a target (a channel, a Chatwoot) that were found by asking, newest first, as long as they are kept, those before
 * after_id. */
enum rc receipt_caught_each(struct db *db, int64_t target_id, const struct receipt_item_page *p,
			    receipt_item_fn *fn, void *arg, struct err *e) MUST_CHECK;
enum rc receipt_caught_count(struct db *db, int64_t target_id, int64_t *ret, struct err *e)
	MUST_CHECK;

#endif
