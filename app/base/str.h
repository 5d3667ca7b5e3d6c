/* str.h - borrowed text: pointer and length, never owned, may hold NULs, need not end with one. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE     ((struct str){ NULL, 0 })
/* For printf: "%.*s", STRF(s) */
#define STRF(s) (int)size_min((s).n, 4096), ((s).p != NULL ? (s).p : "")

struct str str_of(const char *c_text); /* NULL gives STR_NONE */
struct str str_n(const char *p, size_t n);
bool str_eq(struct str a, struct str b);
bool str_eqc(struct str a, const char *b);
bool str_ieq(struct str a, struct str b); /* ASCII case */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Index of the first occurrence or -1. */
ptrdiff_t str_find(struct str s, struct str what);
ptrdiff_t str_chr(struct str s, char c);
struct str str_trim(struct str s);                       /* blanks, tabs, CR, LF */
struct str str_sub(struct str s, size_t from, size_t n); /* clipped to s */
/* Cuts the text before `sep` off `*rest` and returns it; false when `*rest` is finished. */
bool str_cut(struct str *rest, char sep, struct str *ret_part);

/* Numbers: the whole text must be digits (an optional '-' for i64) and inside [low, high]. */
bool str_i64(struct str s, int64_t low, int64_t high, int64_t *ret) MUST_CHECK;
bool str_u64_hex(struct str s, uint64_t *ret) MUST_CHECK;

/* Copies with a NUL; false (and an empty string) when it does not fit or holds a NUL. */
bool str_copy(struct str s, char *to, size_t to_bytes) MUST_CHECK;

/* 64-bit FNV-1a; an adversary can make texts that collide. */
uint64_t str_hash(struct str s);

#endif
