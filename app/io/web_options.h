/* web_options.h - a listener's configuration as CivetWeb's list of texts; the unsafe defaults are
 * closed. */
#ifndef IO_WEB_OPTIONS_H
#define IO_WEB_OPTIONS_H

#include "io/web.h"

#define WEB_OPTIONS_MAX     48
#define WEB_OPTION_TEXT_MAX 128

struct web_options {
	const char *list[WEB_OPTIONS_MAX]; /* name, value, ..., NULL */
	size_t n;
	char port[WEB_OPTION_TEXT_MAX];
	char number[6][16];
};

/* The texts live in `o` and in `c`. RC_INVALID: the address is malformed. */
enum rc web_options_make(const struct web_config *c, struct web_options *o, struct err *e)
	MUST_CHECK;

#endif
