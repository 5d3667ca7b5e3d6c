/* ingest.h - a parsed delivery on its way into the tables: shared by ingest.c and the readers of single peers. */
#ifndef FLOW_INGEST_H
#define FLOW_INGEST_H

#include "base/ids.h"
#include "flow/config.h"
#include "flow/work.h"
#include "io/jsonw.h"
#include "peer/chatwoot_event.h"
#include "peer/meta_hook.h"
#include "store/delivery.h"
#include "store/message.h"

struct parsed {
	struct app *app;
	const struct config *config;
	const struct job *job;
	struct delivery delivery;
	const char *fault;  /* unreadable as a whole: becomes a dead letter */
	const char *unread; /* no reader for it: noted */
	const char *note;   /* kept, but not acted on: why */
	struct wa_batch hook;
	struct chatwoot_event chatwoot;
	bool has_chatwoot;
	int64_t defer_ms; /* > 0: look again later */
	int messages, statuses, duplicates;
};

/* ingest_heard.c: notes which channels these deliveries named (all of one config). */
enum rc ingest_heard(struct tx *tx, const struct parsed *items, int n, struct err *e) MUST_CHECK;
/* chatwoot_hook.c: an event of Chatwoot; may set p->note and p->defer_ms. */
enum rc chatwoot_hook_apply(struct tx *tx, struct parsed *p, struct err *e) MUST_CHECK;
/* A job for support-bridge-status when Chatwoot has this message and is switched on. */
enum rc chatwoot_status_wanted(struct tx *tx, const struct message *m, struct err *e) MUST_CHECK;

#endif
