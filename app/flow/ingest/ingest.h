/* ingest.h - a parsed delivery on its way into the tables: shared by ingest.c, the appliers of single kinds of items
 * (ingest_*.c) and the readers of single peers. Everything here runs inside one unit per delivery or batch. */
#ifndef FLOW_INGEST_H
#define FLOW_INGEST_H

#include "base/ids.h"
#include "flow/config.h"
#include "flow/work.h"
#include "io/jsonw.h"
#include "peer/chatwoot/chatwoot_event.h"
#include "peer/meta/meta_hook.h"
#include "store/delivery.h"
#include "store/message/message.h"

/* request_id of deliveries that were made of what a catch-up found: no webhook told of it */
#define INGEST_CAUGHT_UP "catch-up"

#define INGEST_TROUBLE_MAX 320 /* which items could not be applied, and why the first of them */

struct parsed;
/* Looks at each item of a careful run (ingest_dry.c), in its unit: before it is applied, and after that; `why`: it could not
 * be, NULL: it was. `at`: which item of the hook. */
struct ingest_watch {
	enum rc (*before)(struct tx *tx, const struct parsed *p, size_t at, struct err *e);
	enum rc (*after)(struct tx *tx, const struct parsed *p, size_t at, const char *why,
			 struct err *e);
	void *arg;
};

struct parsed {
	struct app *app;
	const struct config *config;
	const struct job *job;
	struct delivery delivery;
	const char *fault;  /* unreadable as a whole: becomes a dead letter */
	const char *unread; /* no reader for it: noted */
	const char *note;   /* kept, but not acted on: why */
	struct wa_batch hook;
	struct chatwoot_event chatwoot;
	bool has_chatwoot;
	bool erased; /* it tells of a message that was erased here */
	/* DELIVERY_RESTORED: its effects outside happened in another life of the box */
	bool restored;
	struct str untold_support, untold_assistant; /* ids that are yet to be told */
	struct str stranger; /* last number that is not ours: noted once in a row */
	int64_t defer_ms;    /* > 0: look again later */
	int messages, statuses, duplicates;
	bool careful;                     /* each item under a savepoint of its own */
	const struct ingest_watch *watch; /* of a careful run; NULL: nobody looks */
	int bad_items;                    /* of a careful run */
	char trouble[INGEST_TROUBLE_MAX];
};

/* Applies one item. What cannot be understood sets p->note and is fine; an error is the item's own (it
 * is put aside, the others are applied) or the store's: RC_LIMIT, RC_IO, RC_RETRY fail the whole delivery, for later. */
typedef enum rc ingest_fn(struct tx *tx, struct parsed *p, const struct wa_item *item,
			  struct err *e);
ingest_fn ingest_message; /* ingest_message.c: what people and the business wrote */
ingest_fn ingest_status;  /* ingest_status.c */
ingest_fn ingest_person;  /* ingest_person.c: identities, names, wishes */
ingest_fn ingest_event;   /* ingest_event.c: account, number, templates, calls, groups */
ingest_fn ingest_error;   /* ingest_event.c: errors of the number or account */
ingest_fn ingest_change;  /* ingest_event.c: fields that nobody knows */

/* Reads the body of p->delivery. RC_LIMIT: the arena is full. Else RC_OK: a body that cannot be read has a fault. */
enum rc ingest_parse(struct worker *w, struct parsed *p, struct err *why) MUST_CHECK;
/* All that was read, into the tables; the job is left alone. */
enum rc ingest_apply(struct tx *tx, struct parsed *p, struct err *e) MUST_CHECK;
/* The channel of an item; NULL: not ours. */
const struct channel *ingest_channel(const struct parsed *p, const struct wa_item *item);
/* ingest_event.c: an item of a number that is not ours: noted on the delivery, and one incident, updated in place. */
enum rc ingest_stranger(struct tx *tx, struct parsed *p, const struct wa_item *item, struct err *e)
	MUST_CHECK;
/* ingest_restored.c: reads DELIVERY_RESTORED out of the headers; strings into the arena (RC_LIMIT). */
enum rc ingest_restored_read(struct worker *w, struct parsed *p, struct err *e) MUST_CHECK;
/* A message of such a request: told to those only who had not heard of it. */
enum rc ingest_restored_tell(struct tx *tx, const struct parsed *p, const struct message *m,
			     struct err *e) MUST_CHECK;
/* ingest_act.c: the row `m` is an edit, a revoke or a reaction: what it does to its target. */
enum rc ingest_act(struct tx *tx, const struct wa_message *in, const struct message *m,
		   struct err *e) MUST_CHECK;
/* ingest_person.c: the sender of `m` has another address from now on (a system message says so). */
enum rc ingest_moved(struct tx *tx, const struct channel *ch, const struct wa_message *in,
		     struct err *e) MUST_CHECK;
/* ingest_status.c: {"code","title","details"} of a fault. */
void ingest_fault_json(const struct wa_fault *f, struct sbuf *to);
/* ingest_heard.c: notes which channels these deliveries named (all of one config). */
enum rc ingest_heard(struct tx *tx, const struct parsed *items, int n, struct err *e) MUST_CHECK;
/* chatwoot_hook.c: an event of Chatwoot; may set p->note and p->defer_ms. */
enum rc chatwoot_hook_apply(struct tx *tx, struct parsed *p, struct err *e) MUST_CHECK;
/* ingest_evolution.c: decodes into p->hook, ids and channel set; may set p->unread. */
enum rc ingest_evolution(struct worker *w, struct parsed *p, struct err *e) MUST_CHECK;
/* An item with a link: the channel's facts, journal and incident. */
enum rc ingest_evolution_link(struct tx *tx, struct parsed *p, const struct wa_item *item,
			      struct err *e) MUST_CHECK;
/* p->hook.twin_bridge: an incident. */
enum rc ingest_evolution_twin(struct tx *tx, const struct parsed *p, struct err *e) MUST_CHECK;
/* A job for support-bridge-status when Chatwoot has this message and is switched on. */
enum rc chatwoot_status_wanted(struct tx *tx, const struct message *m, struct err *e) MUST_CHECK;

#endif
