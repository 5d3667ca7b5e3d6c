/* auth.h - who calls: a person by the cookie of their session, a program by Authorization: Bearer <token>. With both,
 * the token counts.
 *
 * Tokens are checked against the store through a small memory that is believed for AUTH_CACHE_MS: a revocation through
 * this API counts at once; one made by another process after that time. Sessions are read at each request.
 *
 * A person's writes need X-CSRF-Token: a MAC of the cookie, which only a page of our own origin can learn (GET
 * /api/v1/session). The cookie is HttpOnly and SameSite=Strict; a request that a browser calls cross-site is refused. */
#ifndef API_AUTH_H
#define API_AUTH_H

#include "api/route.h"

#define AUTH_CACHE_MS (5 * SECOND_MS)

#define AUTH_COOKIE   "totem_session"
#define AUTH_CSRF_MAX 65 /* hex and a NUL */

/* Sets c->who and, for a person, c->session. RC_ABSENT: no credentials came. RC_REFUSED: they are not good (any more). */
enum rc auth_identify(struct call *c, struct err *e) MUST_CHECK;
/* The token for X-CSRF-Token that belongs to a session's secret. */
void auth_csrf(struct str secret, char ret_text[AUTH_CSRF_MAX]);
/* The session cookie of the request; STR_NONE: none. */
struct str auth_cookie(const struct req *q);
/* Sets or (secret NULL) ends the cookie. */
void auth_set_cookie(struct call *c, const char *secret, int64_t seconds);
/* False: a browser says that another site made this request; 403 is answered. */
bool auth_same_site(struct call *c);
/* Sets c->who. False: the problem (401 or 403) is already answered. */
bool auth_scope(struct call *c, enum token_scope scope);
/* Whether the request comes from this machine itself: loopback peer, a loopback name in Host, and no header of a proxy
 * (behind one everybody would look local; with a foreign name it would be a page that was rebound to us). */
bool auth_is_local(const struct req *q);
/* After a token was made or revoked. */
void auth_forget(struct app *app);

#endif
