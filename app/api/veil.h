/* veil.h - phone numbers for eyes that need not see them (role.def: MASKED): one place for all answers and the event
 * stream, so that no list can forget it.
 *
 * What is masked: in each text of a JSON answer every number of VEIL_DIGITS_MIN digits or more (E.164 numbers have up to
 * 15), also with blanks, dots, dashes and brackets between: the first and the last two digits stay. Message ids of the
 * Cloud API (`wamid.`) hold the customer's number in base64: their end stays. What stays as it is: UUIDs, hashes,
 * dates, IP addresses, cursors, and the box's own numbers (VEIL keeps them by key). So an order number of eight digits in
 * the text of a message is masked too: better that than a number that somebody wrote down there. A JSON number of
 * VEIL_JSON_MIN digits or more (what a workflow or a shop's system wrote) gets zeros, unless its key says that it is a
 * time or a size. Contact cards are not handed out as files (veil_file_ok). Not masked: the bytes of other files, what a
 * customer sent as a picture: who may read messages may see those. Threads: any. */
#ifndef API_VEIL_H
#define API_VEIL_H

#include "api/route.h"

#define VEIL_DIGITS_MIN 8
#define VEIL_JSON_MIN   10 /* with its country a number is longer; counters of ours are shorter */
#define VEIL_SEARCH_MAX \
	2 /* digits that a masked caller may look for: more would find a number piece by piece */
#define REVEALS_PER_HOUR 30 /* of each person: looks up some, copies no list */

/* Masks one text, in place; lengths stay. */
void veil_text(char *p, size_t n);
/* Masks in place; lengths stay. The bytes are JSON, or lines with JSON in them (event streams). */
void veil_json(char *p, size_t n);
/* Whether the caller may look for this text; else 422 for the field `name` is answered. */
bool veil_search_ok(struct call *c, const char *name, struct str text);
/* Whether the caller may have a file of this type; else 403 is answered: a card or an address book is nothing but numbers. */
bool veil_file_ok(struct call *c, const char *mime);

#endif
