/* clock_known.h - until when the clock of the box was believed, kept over restarts (flow/clockwatch). One row. */
#ifndef STORE_CLOCK_KNOWN_H
#define STORE_CLOCK_KNOWN_H

#include "store/store.h"

struct clock_known {
	int64_t seen_ms; /* the newest time that was believed; 0: none yet */
	int64_t ran_ms; /* how long the box has run since then with a clock that is not; 0: it is */
};

enum rc clock_known_get(struct db *db, struct clock_known *ret, struct err *e) MUST_CHECK;
/* Inside a unit. */
enum rc clock_known_set(struct tx *tx, const struct clock_known *k, struct err *e) MUST_CHECK;

#endif
