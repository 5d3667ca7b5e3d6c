/* audit_row.h - the row in the audit log that goes along with a change made through the API.
 *
 * route.c sets a rider (store.h) around each handler whose row is a write and not `quiet`: the first unit that the
 * handler gets through carries an audit row with it, in the same savepoint. So no change is without its row, no handler
 * can forget it, and a change that failed has none. */
#ifndef API_AUDIT_ROW_H
#define API_AUDIT_ROW_H

#include "api/route.h"

/* The unit of the rider; arg is the struct call. */
store_unit audit_row_unit;
/* Whether the call's row wants one. */
bool audit_row_wanted(const struct route *r);
/* Who calls, as an actor: kind, id and name of `ret`. The arena is for the name of a token. */
struct db;
struct audit;
enum rc audit_row_actor(const struct call *c, struct db *db, struct arena *a, struct audit *ret,
			struct err *e) MUST_CHECK;

#endif
