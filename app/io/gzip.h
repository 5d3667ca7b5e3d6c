/* gzip.h - reading gzip (RFC 1952). The only door to zlib. Pure; any thread. */
#ifndef IO_GZIP_H
#define IO_GZIP_H

#include "base/err.h"
#include "base/sbuf.h"

/* Appends the unpacked bytes. RC_LIMIT: more than the sbuf may hold (also what a bomb ends with). RC_INVALID: damaged or
 * cut off. On failure the sbuf holds what it held before. */
enum rc gzip_unpack(struct str packed, struct sbuf *to, struct err *e) MUST_CHECK;

#endif
