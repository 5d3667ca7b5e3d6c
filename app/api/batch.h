/* batch.h - rows chosen by a filter, worked on oldest first in chunks of one unit each, so that acknowledgements go on
 * meanwhile. */
#ifndef API_BATCH_H
#define API_BATCH_H

#include "api/route.h"

#define BATCH_MAX   10000 /* rows of one call; the caller repeats it */
#define BATCH_CHUNK 100   /* rows of one unit */

/* One row inside a unit. RC_ABSENT and RC_REFUSED: skipped and counted; other errors end the chunk. */
typedef enum rc batch_fn(struct tx *tx, int64_t id, struct err *e);

struct batch {
	batch_fn *run;
	int64_t *ids; /* newest first, in the request's arena */
	int n;
	bool more; /* the filter has more than BATCH_MAX */
	int64_t done, skipped;
	int from, to; /* chunk */
	int64_t chunk_done, chunk_skipped;
};

/* RC_LIMIT: no memory in the arena. */
enum rc batch_init(struct batch *b, batch_fn *run, struct arena *a, struct err *e) MUST_CHECK;
/* False: full. */
bool batch_add(struct batch *b, int64_t id);
enum rc batch_run(struct batch *b, struct store *st, struct err *e) MUST_CHECK;

#endif
