/* tar.h - writes a tar archive (POSIX ustar) of small files from memory. */
#ifndef IO_TAR_H
#define IO_TAR_H

#include "base/sbuf.h"

#define TAR_NAME_MAX 99

/* Appends a file with mode 0600. `name` has at most TAR_NAME_MAX bytes. */
void tar_add(struct sbuf *to, const char *name, struct str bytes, int64_t at_ms);
void tar_end(struct sbuf *to);

#endif
