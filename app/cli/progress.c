/* progress.c - see progress.h. */
#include "cli/progress.h"

#include <unistd.h>

#define WIDTH 24

void progress_begin(struct progress *p, bool quiet)
{
	*p = (struct progress){ .quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1 };
}

void progress_step(void *arg, const char *what, int at, int of)
{
	static const char full[] = "########################";
	const struct progress *p = arg;
	int done = of > 0 ? WIDTH * at / of : 0;

	_Static_assert(sizeof(full) == WIDTH + 1, "one sign for each part");
	if (p->quiet)
		return;
	if (!p->terminal)
		(void)fprintf(stderr, "%s\n", what);
	else
		(void)fprintf(stderr, "\r\033[K[%-*.*s] %s%s", WIDTH, done, full, what,
			      at >= of ? "\n" : "");
}
