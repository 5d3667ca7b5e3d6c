/* supervise_key.h - the key that seals secrets in the database: a file of 64 hex digits beside it, 0600. */
#ifndef FLOW_SUPERVISE_KEY_H
#define FLOW_SUPERVISE_KEY_H

#include "flow/app.h"
#include "io/crypto.h"

#define SUPERVISE_KEY_FILE "totem.key"

/* Reads the key or makes one at the first start. RC_INVALID: the file is damaged; it is not replaced. `has_database`:
 * a missing key is told in the log, because the secrets of that database cannot be read any more. */
enum rc supervise_key(const char *folder, bool has_database, uint8_t ret_key[CRYPTO_KEY_BYTES],
		      struct err *e) MUST_CHECK;
/* Beside a damaged database: reads the key; one that is lost too is not made anew, because a restore has to ask for it.
 * Nothing is sealed meanwhile; the random one given instead opens nothing. */
enum rc supervise_key_kept(const char *folder, uint8_t ret_key[CRYPTO_KEY_BYTES], struct err *e)
	MUST_CHECK;

/* A lost or replaced key file is noticed by the secrets that cannot be opened: an incident while there are any. */
enum rc supervise_key_look(struct app *app, struct err *e) MUST_CHECK;

#endif
