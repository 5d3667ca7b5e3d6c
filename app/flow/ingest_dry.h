/* ingest_dry.h - what processing a stored request again would change. */
#ifndef FLOW_INGEST_DRY_H
#define FLOW_INGEST_DRY_H

#include "flow/app.h"
#include "store/delivery.h"

struct ingest_dry {
	struct delivery_marks more; /* rows that would be new; `written`: rows touched at all */
	int statuses, known;        /* items about states; items that are here already */
	struct str note; /* why it, or a part of it, would be put aside; none: it would not */
};

/* Processes `d` in a unit that is then undone: nothing remains, in the tables or in memory, and nobody is called. Strings
 * live in `a`. RC_LIMIT, RC_IO: the store. Any thread. */
enum rc ingest_dry(struct app *app, const struct delivery *d, struct arena *a,
		   struct ingest_dry *ret, struct err *e) MUST_CHECK;

#endif
