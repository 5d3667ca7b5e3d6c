/* target_param.h - a part of the outside in the query: ?part=channel.main */
#ifndef API_TARGET_PARAM_H
#define API_TARGET_PARAM_H

#include "api/route.h"
#include "store/target.h"

/* The caller's own, of that name; else the problem is answered (422 without one, 404). */
bool target_param(struct call *c, struct target *ret);

#endif
