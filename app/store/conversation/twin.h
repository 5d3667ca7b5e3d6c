/* twin.h - level 2 of the duplicate checks (pipelines.md): the same content from or to the same person within seconds,
 * under another id. A suspicion, never a certainty: customers do say "ok" twice. The row says whose twin it is; what
 * follows from it is the caller's business (settings channel.*.duplicate_window_ms and duplicate_collapse). */
#ifndef STORE_TWIN_H
#define STORE_TWIN_H

#include "store/message/message.h"

/* The last message of the same conversation and direction up to window_ms before or after `m` (m->id 0: not stored yet), when it
 * says the same; of the business only one that went or goes now. Never another twin: who says "ok" each four seconds says it anew; and
 * never across other words: "yes", "no", "yes" are three. *ret_id 0: none; also when window_ms is 0. */
enum rc twin_find(struct db *db, const struct message *m, int64_t window_ms, int64_t *ret_id,
		  struct err *e) MUST_CHECK;
#define TWIN_NEVER (-1) /* for twin_mark: what is for later is nobody's twin now */
enum rc twin_mark(struct tx *tx, int64_t id, int64_t twin_of, struct err *e) MUST_CHECK;

#endif
