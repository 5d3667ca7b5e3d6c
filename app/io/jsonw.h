/* jsonw.h - writing JSON onto an sbuf. Commas and escaping are the writer's business; malformed
 * UTF-8 in values becomes U+FFFD. Misuse (a value without a key in an object, unbalanced ends) is a
 * bug: ASSERT. No allocation of its own; the sbuf's ceiling and sticky error apply. */
#ifndef IO_JSONW_H
#define IO_JSONW_H

#include "base/sbuf.h"

#define JSONW_DEPTH_MAX 32

struct jsonw {
	struct sbuf *to;
	int depth;
	bool comma[JSONW_DEPTH_MAX + 1];
	char kind[JSONW_DEPTH_MAX + 1]; /* 'o', 'a', or 0 at the top */
	bool keyed;
};

void jsonw_init(struct jsonw *w, struct sbuf *to);
void jsonw_object(struct jsonw *w); /* as an element or after jsonw_key */
void jsonw_array(struct jsonw *w);
void jsonw_end(struct jsonw *w); /* of the innermost object or array */
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_str(struct jsonw *w, struct str v);   /* STR_NONE gives null */
void jsonw_text(struct jsonw *w, const char *v); /* NULL gives null */
void jsonw_i64(struct jsonw *w, int64_t v);
void jsonw_double(struct jsonw *w, double v);
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);
void jsonw_raw(struct jsonw *w, struct str json); /* JSON made elsewhere; empty gives null */
/* key and value in one call */
void jsonw_kstr(struct jsonw *w, const char *key, struct str v);
void jsonw_ktext(struct jsonw *w, const char *key, const char *v);
void jsonw_ki64(struct jsonw *w, const char *key, int64_t v);
void jsonw_kbool(struct jsonw *w, const char *key, bool v);
void jsonw_ktime(struct jsonw *w, const char *key, int64_t at_ms); /* RFC 3339; 0 or less: null */
void jsonw_kraw(struct jsonw *w, const char *key, struct str json);
void jsonw_kobject(struct jsonw *w, const char *key);
void jsonw_karray(struct jsonw *w, const char *key);

#endif
