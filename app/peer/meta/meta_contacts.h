/* meta_contacts.h - contacts[] of one webhook value, found by wa_id or user_id in constant time.
 * Pure.
 *
 * A batch may bring a thousand messages with a thousand contacts, in any order. */
#ifndef PEER_META_CONTACTS_H
#define PEER_META_CONTACTS_H

#include "base/arena.h"
#include "base/str.h"
#include "io/json.h"

struct meta_contact {
	struct str wa_id; /* borrowed from the document, as user_id */
	struct str user_id;
	const struct json *node;
};

/* Open addressing over both ids; a slot is 0 for empty, else place + 1. The zero value is empty. */
struct meta_contacts {
	struct meta_contact *rows;
	size_t count;
	uint32_t *slots;
	size_t mask;
};

/* `list` may be NULL or of another kind (empty then); elements that are not objects are left out.
 * False: the arena is full. */
bool meta_contacts_read(struct meta_contacts *c, const struct json *list, struct arena *a)
	MUST_CHECK;
/* The first contact with this wa_id or user_id, or NULL. */
const struct meta_contact *meta_contacts_find(const struct meta_contacts *c, struct str key);

#endif
