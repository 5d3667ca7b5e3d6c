/* web_form.h - multipart/form-data (RFC 7578) read piece by piece, in bounded memory. Pure; one owner at a time.
 *
 * Tolerant where browsers and libraries differ (preamble, blanks behind a boundary, header order), strict where a
 * reader could be fooled: a part without its header's end, a missing last boundary and headers above WEB_FORM_HEAD_MAX
 * are RC_INVALID. */
#ifndef IO_WEB_FORM_H
#define IO_WEB_FORM_H

#include "base/err.h"
#include "base/sbuf.h"

#define WEB_FORM_HEAD_MAX     (4 * KIB)
#define WEB_FORM_BOUNDARY_MAX 70u /* RFC 2046 section 5.1.1 */
#define WEB_FORM_NAME_MAX     600u
#define WEB_FORM_PARTS_MAX    64

struct web_form_part {                   /* borrowed during the call */
	struct str name, filename, type; /* STR_NONE: not said */
};

struct web_form_to {
	/* A part begins. *ret_want: its bytes are wanted. */
	enum rc (*part)(void *arg, const struct web_form_part *p, bool *ret_want, struct err *e);
	/* Bytes of a wanted part. */
	enum rc (*data)(void *arg, const char *p, size_t n, struct err *e);
	void *arg;
};

struct web_form {
	struct web_form_to to;
	char mark[WEB_FORM_BOUNDARY_MAX + 5]; /* CR LF -- boundary */
	size_t mark_n;
	struct sbuf work; /* what is not decided yet */
	int state;
	int parts;
	bool want;
};

/* Parameter of a header value ("form-data; name=x; filename=y"), unquoted; the form name*=UTF-8''... wins. Empty and
 * false: not there or malformed. `name` in lower case. */
bool web_form_param(struct str value, const char *name, struct sbuf *to);

/* RC_INVALID: not multipart/form-data, or without a usable boundary. */
enum rc web_form_begin(struct web_form *f, struct str content_type, const struct web_form_to *to,
		       struct err *e) MUST_CHECK;
/* arg is a struct web_form; fits web_sink. The callbacks' verdicts are given back. */
enum rc web_form_add(void *arg, const char *p, size_t n, struct err *e) MUST_CHECK;
/* RC_INVALID: the last boundary did not come. */
enum rc web_form_end(struct web_form *f, struct err *e) MUST_CHECK;
void web_form_release(struct web_form *f); /* for AUTO on a begun or zeroed one */

#endif
