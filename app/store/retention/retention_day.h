/* retention_day.h - what retention took away, by day and kind: for whoever asks whether things go when they should. */
#ifndef STORE_RETENTION_DAY_H
#define STORE_RETENTION_DAY_H

#include "store/store.h"

#define RETENTION_DAYS_KEPT 400

struct retention_day {
	int64_t day; /* since 1970, UTC */
	const char *what;
	int64_t gone;  /* rows, or files */
	int64_t bytes; /* that came free on the disk, or in the database file for what comes next */
	int64_t last_ms;
};

/* In the unit that took them away; nothing when `gone` is 0. */
enum rc retention_day_add(struct tx *tx, const char *what, int64_t gone, int64_t bytes,
			  struct err *e) MUST_CHECK;
typedef enum rc retention_day_fn(void *arg, const struct retention_day *d, struct err *e);
/* Newest first, from a day on. */
enum rc retention_day_each(struct db *db, int64_t from_day, retention_day_fn *fn, void *arg,
			   struct err *e) MUST_CHECK;
enum rc retention_day_trim(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			   struct err *e) MUST_CHECK;

#endif
