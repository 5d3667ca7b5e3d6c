/* takeaway.h - long answers with all that customers said: a backup, one person's data. One door for both: who may, how many
 * at once, and the row in the audit log that stands before the first byte leaves. */
#ifndef API_TAKEAWAY_H
#define API_TAKEAWAY_H

#include "api/route.h"
#include "io/tempo.h"

#define TAKEAWAYS_MAX 3 /* at once: each holds a worker of the listener for minutes */

/* False: the problem is answered. Beside its route's scope the caller needs `messages:read`, and numbers must not be masked
 * to them. `action` is what the audit log says. Afterwards takeaway_answer, or takeaway_end. */
bool takeaway_begin(struct call *c, const char *action);
void takeaway_end(struct app *app); /* any thread */

/* Writes the archive `what` into the sink. */
typedef enum rc takeaway_write_fn(void *what, struct tempo *pace, web_sink_fn *sink, void *sink_arg,
				  struct err *e);
typedef void takeaway_close_fn(void *what);

struct takeaway {
	const char *name; /* of the file, without .tar; copied */
	int64_t bytes;    /* -1: nobody knows before */
	void *what;
	takeaway_write_fn *write;
	takeaway_close_fn *close;
};

/* Writes the row of the audit log and answers with the archive. Takes `what` and ends what takeaway_begin began, now or when the
 * answer has left. False: the row could not be written, the problem is answered. A damaged box writes none, and its backups are
 * needed then: that is in the log only. */
bool takeaway_answer(struct call *c, const struct takeaway *t);

#endif
