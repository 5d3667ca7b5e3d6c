/* lang.h - the languages that people read here. */
#ifndef BASE_LANG_H
#define BASE_LANG_H

#include "base/str.h"

enum lang { LANG_EN, LANG_ES, LANG_PT, LANG_COUNT };

/* "pt", "pt-BR", "ES_ar"; false for others. */
bool lang_parse(struct str s, enum lang *ret) MUST_CHECK;
/* Accept-Language (RFC 9110 section 12.5.4): the one of ours with the highest weight, the first of equals;
 * `otherwise` when none is. */
enum lang lang_accept(struct str header, enum lang otherwise);

#endif
