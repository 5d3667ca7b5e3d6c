/* ids.h - identifiers that leave the box: UUIDv7 (RFC 9562 section 5.7), computed and not stored.
 *
 * An id is made of the row's creation time (48 bit ms), and in the random part 34 bits of salt of
 * this box, 40 bits of the row number, both mixed by a fixed permutation. So a row needs no uuid
 * column and no index: the number inside finds the row, and the time inside must match its
 * created_ms. */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include "base/str.h"

#define ID_TEXT_MAX 37 /* 36 characters and a NUL */

/* Salt of this box: set once at start from the settings, 34 bits used. */
void ids_set_salt(uint64_t salt);
void id_text(int64_t created_ms, int64_t rowid, char ret_text[ID_TEXT_MAX]);
/* False when the text is no UUIDv7 or bears another box's salt. */
bool id_parse(struct str text, int64_t *ret_created_ms, int64_t *ret_rowid) MUST_CHECK;
/* The same of an id with the number of a try behind it ("<id>-2"); without one *ret_try is 0. */
bool id_parse_try(struct str text, int64_t *ret_created_ms, int64_t *ret_rowid, int64_t *ret_try)
	MUST_CHECK;
/* A random UUIDv7 without a row (request ids, boot ids). `rnd` are 80 random bits. */
void id_random_text(int64_t now_ms, const uint8_t rnd[10], char ret_text[ID_TEXT_MAX]);

#endif
