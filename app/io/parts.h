/* parts.h - the libraries in this program, with their versions and licences. */
#ifndef IO_PARTS_H
#define IO_PARTS_H

#include "base/base.h"

struct library {
	const char *name, *version, *licence; /* SPDX; vendor/README.md */
};

/* NULL: no more. */
const struct library *parts_at(size_t i);

#endif
