/* problem.h - the kinds of errors that leave through problem() (RFC 9457); documented in the OpenAPI document. */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "base/base.h"

struct problem_kind {
	const char *type;  /* last part of "urn:totem:problem:..."; never changes */
	const char *title; /* for people */
};

const struct problem_kind *problem_kind_at(size_t i); /* NULL: no more */
/* NULL: unknown. */
const struct problem_kind *problem_kind_find(const char *type);

#endif
