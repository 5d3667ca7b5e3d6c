/* sbuf.h - growing text with a ceiling and a sticky error.
 *
 * Zero value plus a ceiling is ready to use: `struct sbuf b = SBUF(64 * KIB);`. Appending beyond
 * the ceiling sets `failed` and drops the append; check once at the end with sbuf_ok(). */
#ifndef BASE_SBUF_H
#define BASE_SBUF_H

#include "base/str.h"

struct sbuf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool failed;
};

#define SBUF(limit)                                                          \
	{                                                                    \
		.p = NULL, .n = 0, .cap = 0, .max = (limit), .failed = false \
	}

void sbuf_release(struct sbuf *b);
void sbuf_reset(struct sbuf *b); /* empty, keeps the memory */
bool sbuf_ok(const struct sbuf *b);
void sbuf_add(struct sbuf *b, const void *p, size_t n);
void sbuf_str(struct sbuf *b, struct str s);
void sbuf_text(struct sbuf *b, const char *c_text);
void sbuf_char(struct sbuf *b, char c);
void sbuf_i64(struct sbuf *b, int64_t v);
void sbuf_printf(struct sbuf *b, const char *fmt, ...) PRINTF(2, 3);
/* Room for n more bytes; write there, then sbuf_added. NULL when over the ceiling. */
char *sbuf_room(struct sbuf *b, size_t n);
void sbuf_added(struct sbuf *b, size_t n);
struct str sbuf_view(const struct sbuf *b); /* borrowed until the next change */
const char *sbuf_c(struct sbuf *b);         /* NUL-terminated, borrowed until the next change */

#endif
