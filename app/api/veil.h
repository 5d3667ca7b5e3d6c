/* veil.h - phone numbers for eyes that need not see them (role.def: MASKED): one place for all answers and the event
 * stream, so that no list can forget it.
 *
 * What is masked: in each text of a JSON answer every number of VEIL_DIGITS_MIN digits or more (E.164 numbers have up to
 * 15), also with blanks, dots, dashes and brackets between: the first and the last two digits stay. Message ids of the
 * Cloud API (`wamid.`) hold the customer's number in base64: their end stays. What stays as it is: UUIDs, hashes,
 * dates, IP addresses, cursors, the box's own numbers (VEIL keeps them by key), and JSON numbers. So an order number of
 * eight digits in the text of a message is masked too: better that than a number that somebody wrote down there.
 * Not masked: files (media, what a customer sent as a picture). Threads: any. */
#ifndef API_VEIL_H
#define API_VEIL_H

#include "api/route.h"

#define VEIL_DIGITS_MIN 8
#define VEIL_SEARCH_MAX \
	2 /* digits that a masked caller may look for: more would find a number piece by piece */
#define REVEALS_PER_HOUR 30 /* of each person: looks up some, copies no list */

/* Masks one text, in place; lengths stay. */
void veil_text(char *p, size_t n);
/* Masks in place; lengths stay. The bytes are JSON, or lines with JSON in them (event streams). */
void veil_json(char *p, size_t n);
/* Whether the caller may look for this text; else 422 for the field `name` is answered. */
bool veil_search_ok(struct call *c, const char *name, struct str text);

#endif
