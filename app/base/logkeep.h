/* logkeep.h - the newest lines of the log, in memory: for people who have no terminal at the machine. Only info and above,
 * which hold no bodies, secrets or numbers (log.h). Thread-safe. */
#ifndef BASE_LOGKEEP_H
#define BASE_LOGKEEP_H

#include "base/log.h"

#define LOGKEEP_LINES 300 /* about 150 KB */
#define LOGKEEP_LINE  500 /* bytes; of a longer line the beginning is kept */

struct log_kept {
	int64_t id; /* from 1, by one more each */
	enum log_level level;
	char line[LOGKEEP_LINE]; /* JSON without the line feed, unless it was cut */
};

void logkeep_add(enum log_level level, struct str line); /* by log.c */
/* The newest lines of `least` and above with an id below `before` (0: all), newest first, at most `max`. Returns how many. */
size_t logkeep_read(enum log_level least, int64_t before, struct log_kept *ret, size_t max);

#endif
