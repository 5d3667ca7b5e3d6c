/* progress.h - long work tells how far it is: a bar on a terminal, a line a step otherwise; on stderr. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "base/base.h"

struct progress {
	bool quiet, terminal;
};

/* `quiet`: nothing at all (--json). */
void progress_begin(struct progress *p, bool quiet);
/* Step `at` of `of`; fits backup_say_fn. The last step ends the bar. */
void progress_step(void *p, const char *what, int at, int of);

#endif
