/* seen.h - bodies that are safely stored already: level 3 of the duplicate checks (pipelines.md).
 *
 * A set of 128-bit MACs of bounded size in fixed memory. A MAC goes in after the commit of its delivery and is
 * believed for SEEN_FOR_MS; when a place is needed, the oldest of four goes. So "seen" is never said of something that
 * was not stored, and forgetting only costs a second row that later levels find.
 * Threads: no lock. Each entry carries its own check (the parts are mixed with the time): a reader that meets a half
 * written entry takes it for another one. Zero value is ready. */
#ifndef API_SEEN_H
#define API_SEEN_H

#include "base/base.h"

#define SEEN_FOR_MS  HOUR_MS
#define SEEN_WAYS    4
#define SEEN_ENTRIES 131072u /* 3 MiB; five seconds of retries at 25,000/s */

struct seen_mac {
	uint64_t a, b; /* of a keyed MAC: nobody can choose them */
};

struct seen_entry {
	_Atomic uint64_t a, b; /* mixed with `at` */
	_Atomic int64_t at_ms; /* 0: empty */
};

struct seen {
	struct seen_entry entry[SEEN_ENTRIES];
	_Atomic int64_t hits;
};

bool seen_has(struct seen *s, struct seen_mac m, int64_t now_ms);
void seen_add(struct seen *s, struct seen_mac m, int64_t now_ms);
/* How many are believed now. Reads the whole set: for people, not for requests. */
int64_t seen_count(struct seen *s, int64_t now_ms);

#endif
