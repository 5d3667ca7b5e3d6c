/* follow.h - reading an endless answer line by line: `totem tail` on the event stream of its own machine.
 * Plain HTTP to an address of numbers only; blocking, one thread. Everything else goes through http.h. */
#ifndef IO_FOLLOW_H
#define IO_FOLLOW_H

#include "base/err.h"
#include "base/sbuf.h"

#define FOLLOW_LINE_MAX (1 * MIB)

/* One line without its end. False: enough. */
typedef bool follow_line(void *arg, struct str line);

struct follow {
	const char *address; /* "127.0.0.1:8080", "[::1]:8080" */
	const char *path;
	const char *headers; /* whole lines with CR LF */
	int64_t silence_ms;  /* no byte for so long: RC_RETRY */
};

/* RC_OK: `line` had enough. RC_RETRY: not connected, silent, or the connection ended. RC_REFUSED: another status than
 * 200. */
enum rc follow_run(const struct follow *f, follow_line *line, void *arg, struct err *e) MUST_CHECK;

#endif
