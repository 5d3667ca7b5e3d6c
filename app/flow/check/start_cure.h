/* start_cure.h - a start that failed: the cure behind the reason, where the folder shows it. */
#ifndef FLOW_START_CURE_H
#define FLOW_START_CURE_H

#include "base/err.h"

/* A disk without room, or files that belong to somebody else; any other failure stays as it is. */
void start_cure(const char *folder, struct err *e);

#endif
