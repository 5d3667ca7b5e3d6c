/* supervise_patience.h - tells the service manager that a start goes on, for as long as it does.
 *
 * A migration with its copy, or requests that a restore left to be taken over, may last longer than TimeoutStartSec=; a
 * start that is killed for that begins anew, for ever (sd_notify(3), EXTEND_TIMEOUT_USEC). */
#ifndef FLOW_SUPERVISE_PATIENCE_H
#define FLOW_SUPERVISE_PATIENCE_H

#include "base/err.h"

/* Runs `fn`; meanwhile asks for more time at once and again every 20 s. Without a thread for that (told in the log) the
 * start has the unit's time only. */
enum rc supervise_patience(enum rc (*fn)(void *arg, struct err *e), void *arg, struct err *e)
	MUST_CHECK;

#endif
