/* rate.h - how many calls a client may make: a token bucket for each (GCRA: one number a client), bounded, in memory.
 *
 * A client is a token or a person. A bucket holds RATE_BURST_S seconds' worth. When room is needed the client whose
 * bucket is fullest goes: forgetting it changes nothing. Threads: any. */
#ifndef API_RATE_H
#define API_RATE_H

#include "base/mtx.h"

#define RATE_WAYS    4
#define RATE_ENTRIES 1024u
#define RATE_BURST_S 5

struct rate_entry {
	int64_t client;  /* 0: empty */
	int64_t full_us; /* when the bucket is full again */
};

struct rate {
	struct mtx lock;                       /* LOCK_FLOW */
	struct rate_entry entry[RATE_ENTRIES]; /* under `lock` */
};

void rate_init(struct rate *r);
void rate_destroy(struct rate *r);
/* 0: go on. Else milliseconds until there is room again; nothing was counted. per_second 0: no limit. */
int64_t rate_take(struct rate *r, int64_t client, int64_t per_second, int64_t now_ms);
/* The same for what is rare: so many in an hour, all at once if they want. A table of its own. */
int64_t rate_take_hourly(struct rate *r, int64_t client, int64_t per_hour, int64_t now_ms);

#endif
