/* contact.h - people and the book of their aliases; conversations: the thread of a contact on a channel. */
#ifndef STORE_CONTACT_H
#define STORE_CONTACT_H

#include "store/store.h"

/* A person as a peer names them; any field may be empty but not all of the first two. */
struct contact_who {
	struct str phone;   /* wa_id or phone, digits (a leading + is dropped) */
	struct str user_id; /* BSUID */
	struct str name;    /* profile name; kept when we have none or it changed */
};

/* The spelling under which variants meet: Brazil 55 DD 9XXXXXXXX = 55 DD XXXXXXXX (mobiles only), Mexico 521 = 52,
 * Argentina 549 = 54. Never used for sending. Writes at most out_bytes with a NUL. */
void contact_match(struct str phone, char *ret_text, size_t out_bytes);

/* Finds by any alias or makes one; adds aliases that are new. */
enum rc contact_resolve(struct tx *tx, int64_t company_id, const struct contact_who *who,
			int64_t *ret_id, struct err *e) MUST_CHECK;
enum rc contact_find(struct db *db, int64_t company_id, const struct contact_who *who,
		     int64_t *ret_id, struct err *e) MUST_CHECK; /* RC_ABSENT */

struct contact {
	int64_t id, company_id, created_ms;
	struct str name;
	struct str aliases; /* JSON array of {kind, alias} */
};
enum rc contact_load(struct db *db, int64_t id, struct arena *a, struct contact *ret, struct err *e)
	MUST_CHECK;

#endif
