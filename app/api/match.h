/* match.h - which row of the route table serves a request. Pure. */
#ifndef API_MATCH_H
#define API_MATCH_H

#include "api/route.h"

#define MATCH_PARAMS    4
#define MATCH_ALLOW_MAX 64

struct match {
	const struct route *route;
	struct str param[MATCH_PARAMS]; /* borrowed from the path */
	size_t params;
	char allow[MATCH_ALLOW_MAX]; /* of RC_REFUSED: methods that the path has, "GET, POST" */
};

/* "{x}" takes one segment that is not empty, "{x*}" at the end takes the rest (not empty). False: no match. */
bool match_path(const char *pattern, struct str path, struct match *ret);
/* First row that fits listener, path and method; HEAD is GET. RC_ABSENT: no row has this path on this listener (404).
 * RC_REFUSED: only for other methods (405, ret->allow). */
enum rc match_find(const struct route *rows, size_t count, const struct req *q, struct match *ret)
	MUST_CHECK;

#endif
