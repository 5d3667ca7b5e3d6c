/* chatwoot_setup.h - how far the set-up of a Chatwoot is, and what it found (flow/chatwoot/chatwoot_setup.h). */
#ifndef STORE_CHATWOOT_SETUP_H
#define STORE_CHATWOOT_SETUP_H

#include "store/store.h"

struct chatwoot_setup_row {
	int64_t target_id, wanted_ms, updated_ms;
	struct str state;   /* wanted, waiting, done, failed */
	struct str detail;  /* one sentence, when it did not go well */
	struct str version; /* of Chatwoot; none: not known (yet) */
	struct str found;   /* JSON object */
};

/* RC_ABSENT: never asked for. */
enum rc chatwoot_setup_get(struct db *db, int64_t target_id, struct arena *a,
			   struct chatwoot_setup_row *ret, struct err *e) MUST_CHECK;
/* `version` none and `found` none: what was known stays. */
enum rc chatwoot_setup_put(struct tx *tx, const struct chatwoot_setup_row *r, struct err *e)
	MUST_CHECK;

#endif
