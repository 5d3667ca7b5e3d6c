/* role.h - roles of people: each is a set of scopes, so that one check serves people and tokens. */
#ifndef STORE_ROLE_H
#define STORE_ROLE_H

#include "store/access/token.h"

enum role {
#define ROLE(name, text, numbers, scopes) ROLE_##name,
#include "store/access/role.def"
#undef ROLE
	ROLE_COUNT
};

const char *role_text(enum role r);
bool role_parse(struct str text, enum role *ret) MUST_CHECK;
/* Bits of what the role may do. */
uint32_t role_scopes(enum role r);
/* Of a word in the database; 0 (nothing) for one that this program does not know. */
uint32_t role_scopes_of(struct str text);
/* Whether customers' phone numbers are masked for that role; true for a word that this program does not know. */
bool role_masks(struct str text);

#endif
