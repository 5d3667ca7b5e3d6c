/* clock.h - the only place that reads a clock. The simulator links its own clock.c.
 *
 * Wall time (integer milliseconds since 1970, UTC) is for storing and for due times; monotonic time
 * is for waiting and measuring. Units in flow/ get `now_ms` as a parameter and never call this. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/str.h"

int64_t clock_now_ms(void);  /* wall */
int64_t clock_mono_us(void); /* monotonic */

/* RFC 3339 with milliseconds and Z: "2026-01-05T10:00:00.123Z" (24 characters and a NUL). */
#define CLOCK_TEXT_MAX 32
void clock_text(int64_t at_ms, char ret_text[CLOCK_TEXT_MAX]);
/* Accepts RFC 3339 with any offset and optional fraction. */
bool clock_parse(struct str text, int64_t *ret_ms) MUST_CHECK;

#endif
