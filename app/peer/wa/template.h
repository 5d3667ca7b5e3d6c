/* template.h - text with places "{{name}}" that are filled with foreign values. Pure; any thread.
 *
 * A value can never become more than a value: it is escaped for the place where it lands (injection-safe). What a
 * place cannot hold is refused, not cut. The text around the places is the owner's and is taken as it stands. */
#ifndef PEER_TEMPLATE_H
#define PEER_TEMPLATE_H

#include "base/err.h"
#include "base/sbuf.h"

enum template_place {
	PLACE_URL, /* percent-encoded; no place in scheme or host; a value of dots only is refused */
	PLACE_HEADER, /* as it is; control characters are refused */
	PLACE_JSON,   /* inside quotes: escaped; outside: a JSON text with its quotes */
	PLACE_FORM,   /* percent-encoded */
	PLACE_XML     /* entities; control characters are refused */
};

struct template_value {
	const char *name;
	struct str value; /* none: the place becomes empty */
};
struct template_values {
	const struct template_value *v;
	size_t n;
};

/* Appends the filled text. RC_INVALID: a place without a value, a place that is not closed, a value that the place
 * cannot hold (`e` names the place, never the value). RC_LIMIT: the sbuf is full. On failure `to` is as before. */
enum rc template_fill(struct str text, enum template_place place,
		      const struct template_values *values, struct sbuf *to, struct err *e)
	MUST_CHECK;

#endif
