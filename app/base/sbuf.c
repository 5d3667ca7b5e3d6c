/* sbuf.c - growing text with a ceiling. One owner, no locks. There is always room for a NUL. */
#include "base/sbuf.h"

#include <stdarg.h>

#define SBUF_FIRST_BYTES 128u

void sbuf_release(struct sbuf *b)
{
	mem_free(b->p);
	b->p = NULL;
	b->n = 0;
	b->cap = 0;
	b->failed = false;
}

void sbuf_reset(struct sbuf *b)
{
	b->n = 0;
	b->failed = false;
}

bool sbuf_ok(const struct sbuf *b)
{
	return !b->failed;
}

char *sbuf_room(struct sbuf *b, size_t n)
{
	size_t need;

	if (b->failed)
		return NULL;
	if (add_overflows(b->n, n, &need) || need > b->max || need == SIZE_MAX) {
		b->failed = true;
		return NULL;
	}
	need++; /* the NUL */
	if (need > b->cap) {
		size_t cap = b->cap > 0 ? b->cap : SBUF_FIRST_BYTES;

		while (cap < need)
			cap = cap > SIZE_MAX / 2 ? need : cap * 2;
		if (b->max < cap)
			cap = b->max + 1;
		b->p = mem_grow(b->p, cap);
		b->cap = cap;
	}
	return b->p + b->n;
}

void sbuf_added(struct sbuf *b, size_t n)
{
	ASSERT(b->cap > b->n && n < b->cap - b->n);
	b->n += n;
}

void sbuf_add(struct sbuf *b, const void *p, size_t n)
{
	char *to;

	if (n == 0)
		return;
	ASSERT(p != NULL);
	/* A part of itself would move away under its own copy. */
	ASSERT(b->p == NULL || (uintptr_t)p + n <= (uintptr_t)b->p ||
	       (uintptr_t)p >= (uintptr_t)b->p + b->cap);
	to = sbuf_room(b, n);
	if (to == NULL)
		return;
	memcpy(to, p, n);
	b->n += n;
}

void sbuf_str(struct sbuf *b, struct str s)
{
	sbuf_add(b, s.p, s.n);
}

void sbuf_text(struct sbuf *b, const char *c_text)
{
	sbuf_str(b, str_of(c_text));
}

void sbuf_char(struct sbuf *b, char c)
{
	char *to = sbuf_room(b, 1);

	if (to == NULL)
		return;
	*to = c;
	b->n++;
}

void sbuf_i64(struct sbuf *b, int64_t v)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do {
		digits[--at] = (char)('0' + (int)(left % 10));
		left /= 10;
	} while (left > 0);
	if (v < 0)
		digits[--at] = '-';
	sbuf_add(b, digits + at, sizeof(digits) - at);
}

void sbuf_printf(struct sbuf *b, const char *fmt, ...)
{
	va_list args;
	char small[256];
	int n;
	char *to;

	va_start(args, fmt);
	n = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if ((size_t)n < sizeof(small)) {
		sbuf_add(b, small, (size_t)n);
		return;
	}
	to = sbuf_room(b, (size_t)n);
	if (to == NULL)
		return;
	va_start(args, fmt);
	n = vsnprintf(to, (size_t)n + 1, fmt, args);
	va_end(args);
	ASSERT(n >= 0);
	sbuf_added(b, (size_t)n);
}

struct str sbuf_view(const struct sbuf *b)
{
	return (struct str){ b->p != NULL ? b->p : "", b->n };
}

const char *sbuf_c(struct sbuf *b)
{
	if (b->p == NULL)
		return "";
	b->p[b->n] = '\0';
	return b->p;
}
