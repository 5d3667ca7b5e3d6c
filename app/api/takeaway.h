/* takeaway.h - long answers with all that customers said: a backup, one person's data. One door for both: who may, how many
 * at once, and the row in the audit log that stands before the first byte leaves. */
#ifndef API_TAKEAWAY_H
#define API_TAKEAWAY_H

#include "api/route.h"

#define TAKEAWAYS_MAX 3 /* at once: each holds a worker of the listener for minutes */

/* False: the problem is answered. Beside its route's scope the caller needs `messages:read`, and numbers must not be masked
 * to them. `action` is what the audit log says. Afterwards takeaway_end. */
bool takeaway_begin(struct call *c, const char *action);
void takeaway_end(struct app *app); /* any thread */
/* Writes the row; what is found out before is not told there. False: it could not be, the problem is answered. A damaged box
 * cannot, and its backups are needed then: that is in the log only. */
bool takeaway_note(struct call *c);

#endif
