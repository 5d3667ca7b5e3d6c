/* incident.h - what a person should know: one open row per kind and subject, updated in place, closed on recovery. */
#ifndef STORE_INCIDENT_H
#define STORE_INCIDENT_H

#include "store/store.h"

struct incident {
	int64_t id, count, opened_ms, updated_ms, closed_ms;
	struct str kind, subject, text;
};
/* Opens or updates; publishes an alert event only when it is opened. */
enum rc incident_raise(struct tx *tx, const char *kind, const char *subject, const char *text,
		       struct err *e) MUST_CHECK;
enum rc incident_close(struct tx *tx, const char *kind, const char *subject, struct err *e)
	MUST_CHECK; /* none open: fine */
typedef enum rc incident_each_fn(void *arg, const struct incident *i, struct err *e);
enum rc incident_each(struct db *db, bool open_only, int limit, incident_each_fn *fn, void *arg,
		      struct err *e) MUST_CHECK;

#endif
