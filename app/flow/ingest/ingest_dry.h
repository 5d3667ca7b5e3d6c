/* ingest_dry.h - what processing a stored request again would change: counted, and item by item. */
#ifndef FLOW_INGEST_DRY_H
#define FLOW_INGEST_DRY_H

#include "flow/app.h"
#include "store/delivery.h"

#define DRY_ITEMS_MAX   100 /* told one by one; of more only the counts */
#define DRY_CHANGES_MAX 12  /* fields of one item, over all messages that it is about */
#define DRY_TEXT_MAX    200 /* characters of a value */

struct dry_change {
	const char *
		field; /* "status", "content", ... as the API names them; "contact": the customer's name */
	int64_t message_ms, message_id; /* which message; 0: the customer of it */
	struct str from, to;            /* none: not set */
};

struct dry_item {
	const char *
		kind; /* message, status, person, event, error, other, unreadable, agent (Chatwoot) */
	/* new: rows that are not here yet; changed: fields of what is here; known: it is here already; noted: kept beside
	 * (a journal, a late status), nothing that is shown changes; none; put_aside: it cannot be applied */
	const char *effect;
	struct str peer_id;             /* the peer's id of the message it is about */
	struct str word;                /* type of a message, word of a status, field of a change */
	struct str why;                 /* put_aside */
	int64_t message_ms, message_id; /* our message, as far as it is here before; 0: none */
	struct delivery_marks more;     /* rows that would be new */
	struct dry_change changes[DRY_CHANGES_MAX];
	int change_count;
};

struct ingest_dry {
	struct delivery_marks more; /* rows that would be new; `written`: rows touched at all */
	int statuses, known;        /* items about states; items that are here already */
	struct str note; /* why it, or a part of it, would be put aside; none: it would not */
	struct dry_item *items;
	int item_count, items_left_off;
};

/* Processes `d` in a unit that is then undone: nothing remains, in the tables or in memory, and nobody is called. Strings and
 * items live in `a`. RC_LIMIT, RC_IO: the store. Any thread. */
enum rc ingest_dry(struct app *app, const struct delivery *d, struct arena *a,
		   struct ingest_dry *ret, struct err *e) MUST_CHECK;

#endif
