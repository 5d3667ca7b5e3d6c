/* cursor.h - paging: "?limit=&after=" in, {"data":[...],"next":cursor or null} out. The cursor is the place of the last
 * row as two numbers; clients take it as it is. */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include "api/route.h"

struct cursor {
	int64_t a, b; /* where the page begins; 0, 0: at the start */
	int64_t limit;
	int64_t n; /* rows given */
	bool more; /* the list goes on behind the last place though the page is not full */
	int64_t first_a, first_b, last_a, last_b;
};

/* False: the problem is answered. */
bool cursor_read(struct call *c, struct cursor *ret);
/* A cursor in another query field: ret_a and ret_b 0 when it is absent. False: answered. */
bool cursor_query(struct call *c, const char *name, int64_t *ret_a, int64_t *ret_b);
/* After each row. */
void cursor_row(struct cursor *p, int64_t a, int64_t b);
/* No further row was found up to this place, and no further look was taken: the page ends, the list does not. */
void cursor_looked(struct cursor *p, int64_t a, int64_t b);
/* Writes the member "next" into the open object. */
void cursor_next(const struct cursor *p, struct jsonw *w);
/* The same for "prev": the place of the first row, for what stands before this page; null without rows. */
void cursor_prev(const struct cursor *p, struct jsonw *w);

/* Ends a page that answer_rows_begin began and that has no further members; rc and `e` say how its rows went. */
void cursor_rows_end(struct call *c, const struct cursor *p, struct jsonw *w, enum rc rc,
		     const struct err *e);

#endif
