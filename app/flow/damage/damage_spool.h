/* damage_spool.h - the database that takes webhooks in while the real one is damaged. See damage.h. */
#ifndef FLOW_DAMAGE_SPOOL_H
#define FLOW_DAMAGE_SPOOL_H

#include "flow/app.h"
#include "store/delivery.h"

/* Opens or makes spool.db in the data folder. `running`: with a writer thread of its own. A new one gets targets and
 * settings of totem.db as far as they can be read, else of the newest backup below the data folder. */
enum rc damage_spool_open(struct app *app, bool running, struct store **ret, struct err *e)
	MUST_CHECK;

/* A request of another database on its way into ours. Text is borrowed from the statement, but for what sbufs hold. */
struct damage_spool_row {
	struct delivery d; /* d.id: its number there */
	struct sbuf source, signature, kind;
	struct str slug;
};
#define DAMAGE_SPOOL_ROW                                                    \
	{                                                                   \
		.source = SBUF(64), .signature = SBUF(64), .kind = SBUF(64) \
	}
/* The columns of spool_next, in order. */
void damage_spool_row_read(struct stmt *q, struct damage_spool_row *ret);
/* As a new one, with a job; its target by kind and slug, because numbers may differ. */
enum rc damage_spool_row_put(struct tx *tx, struct damage_spool_row *s, struct err *e) MUST_CHECK;
void damage_spool_row_release(struct damage_spool_row *s);

#endif
