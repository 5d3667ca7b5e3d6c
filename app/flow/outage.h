/* outage.h - receipts: made at a start, looked after until nothing of them waits any more. */
#ifndef FLOW_OUTAGE_H
#define FLOW_OUTAGE_H

#include "flow/app.h"

/* At a start, before anything runs. */
enum rc outage_begin(struct app *app, int64_t now_ms, struct err *e) MUST_CHECK;
/* Once a minute: how the open ones stand. */
void outage_look(struct app *app);

#endif
