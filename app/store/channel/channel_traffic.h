/* channel_traffic.h - what traffic of customers is usual on a channel: one number for each hour of the week, learned
 * from what was counted (channel_heard), older weeks count less (three tenths for the newest). */
#ifndef STORE_CHANNEL_TRAFFIC_H
#define STORE_CHANNEL_TRAFFIC_H

#include "store/store.h"

/* Learns from the hours that are over. `up_since_ms`: the box ran all the time since then; hours that began before
 * teach nothing, because they were not counted whole. */
enum rc channel_traffic_learn(struct tx *tx, int64_t channel_id, int64_t up_since_ms, struct err *e)
	MUST_CHECK;
/* How many messages would usually have come between two times, in thousandths; hours that were never learned count
 * nothing. */
enum rc channel_traffic_expected(struct db *db, int64_t channel_id, int64_t from_ms, int64_t to_ms,
				 int64_t *ret_thousandths, struct err *e) MUST_CHECK;

#endif
