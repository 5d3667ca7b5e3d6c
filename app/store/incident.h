/* incident.h - what a person should know: one open row per kind and subject, updated in place, closed on recovery.
 *
 * A row keeps a code and its arguments; the sentences stand in incident_text.def in three languages, what happened and
 * the cure. */
#ifndef STORE_INCIDENT_H
#define STORE_INCIDENT_H

#include "base/lang.h"
#include "base/sbuf.h"
#include "store/store.h"

enum incident_code {
#define INCIDENT(name, ...) INCIDENT_##name,
#include "store/incident_text.def"
#undef INCIDENT
	INCIDENT_CODES
};

#define INCIDENT_ARGS    3
#define INCIDENT_ARG_MAX 300 /* bytes of one argument; more is cut */

struct incident_args {
	const char *v[INCIDENT_ARGS]; /* {1} to {3}; NULL: empty */
};

struct incident {
	int64_t id, count, opened_ms, updated_ms, closed_ms;
	struct str kind, subject;
	struct str text;         /* English, as it was raised */
	enum incident_code code; /* INCIDENT_CODES: of another version; only `text` is known */
	struct str args;         /* as stored */
};

/* Opens or updates; publishes an alert event when it is opened or gets another code. `args` NULL: none. Subject: the
 * part it is about ("channel.main", "box"). */
enum rc incident_raise(struct tx *tx, enum incident_code code, const char *subject,
		       const struct incident_args *args, struct err *e) MUST_CHECK;
enum rc incident_close(struct tx *tx, const char *kind, const char *subject, struct err *e)
	MUST_CHECK; /* none open: fine */
/* Closes news that have no end of their own (a number that is not ours, an error told once) and were not told again since
 * `before_ms`, loops ("conversation <number>") whose conversation is not silent any more, and a restore whose queues go on.
 * `limit` is not looked at: there are few. */
enum rc incident_rest(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
		      struct err *e) MUST_CHECK;
/* When the last incident of a part was over; 0: there was none. */
enum rc incident_last_closed(struct db *db, const char *subject, int64_t *ret_ms, struct err *e)
	MUST_CHECK;
typedef enum rc incident_each_fn(void *arg, const struct incident *i, struct err *e);
enum rc incident_each(struct db *db, bool open_only, int limit, incident_each_fn *fn, void *arg,
		      struct err *e) MUST_CHECK;

const char *incident_kind(enum incident_code code);
struct str incident_code_text(enum incident_code code); /* "SEND_TOKEN"; of another version: none */
bool incident_code_parse(struct str name, enum incident_code *ret) MUST_CHECK;
/* The sentence and the cure in a language. */
void incident_text(const struct incident *i, enum lang l, struct sbuf *to);
void incident_cure(const struct incident *i, enum lang l, struct sbuf *to);

#endif
