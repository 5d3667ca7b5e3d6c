/* auth.h - who calls: Authorization: Bearer <token>, checked against the store through a small memory that is believed
 * for AUTH_CACHE_MS. A revocation through this API counts at once; one made by another process after that time. */
#ifndef API_AUTH_H
#define API_AUTH_H

#include "api/route.h"

#define AUTH_CACHE_MS (5 * SECOND_MS)

/* Sets c->who. False: the problem (401 or 403) is already answered. */
bool auth_scope(struct call *c, enum token_scope scope);
/* Whether the request comes from this machine itself: loopback peer, a loopback name in Host, and no header of a proxy
 * (behind one everybody would look local; with a foreign name it would be a page that was rebound to us). */
bool auth_is_local(const struct req *q);
/* After a token was made or revoked. */
void auth_forget(struct app *app);

#endif
