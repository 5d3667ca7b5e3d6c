/* damage_spool.h - the database that takes webhooks in while the real one is damaged. See damage.h. */
#ifndef FLOW_DAMAGE_SPOOL_H
#define FLOW_DAMAGE_SPOOL_H

#include "flow/app.h"

/* Opens or makes spool.db in the data folder. `running`: with a writer thread of its own. A new one gets targets and
 * settings of totem.db as far as they can be read, else of the newest backup below the data folder. */
enum rc damage_spool_open(struct app *app, bool running, struct store **ret, struct err *e)
	MUST_CHECK;

#endif
