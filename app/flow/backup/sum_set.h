/* sum_set.h - checksums of media files, as few bytes each as they need: a box may have hundreds of thousands. Each with a
 * number of the caller's (a piece, a length; 0). Filled, then settled, then asked; it may be filled and settled again. */
#ifndef FLOW_SUM_SET_H
#define FLOW_SUM_SET_H

#include "base/base.h"

#define SUM_SET_BYTES 32

struct sum_set_item {
	uint8_t sum[SUM_SET_BYTES];
	int64_t n;
};
struct sum_set {
	struct sum_set_item *item; /* settled: sorted by sum, then n */
	size_t count, room;
};

/* `hex`: 64 digits, lower case; anything else is passed over: false. */
bool sum_set_add(struct sum_set *s, const char *hex, int64_t n);
/* Sorts, and drops doubles. */
void sum_set_settle(struct sum_set *s);
bool sum_set_has(const struct sum_set *s, const uint8_t sum[SUM_SET_BYTES], int64_t n);
bool sum_set_has_hex(const struct sum_set *s, const char *hex, int64_t n);
void sum_set_free(struct sum_set *s);

#endif
