/* mask.h - text for the eyes of helpers: no phone numbers, no tokens, no addresses with secrets in them. */
#ifndef CLI_MASK_H
#define CLI_MASK_H

#include "base/sbuf.h"

/* Copies: of 7 digits or more in a row (also with blanks, dots, dashes between) only the first and the last two stay;
 * of URLs scheme and host; of mail addresses the domain; words that begin as our tokens and links do are left out. */
void mask_text(struct str from, struct sbuf *to);

#endif
