/* number.h - numbers in a text as people write them: "1.500", "0981 234 999", "A-0001234567". Who looks for one types it without
 * its separators, or without the zeros in front: the search index holds both (store/search/search.h). */
#ifndef STORE_NUMBER_H
#define STORE_NUMBER_H

#include "base/sbuf.h"

#define NUMBER_DIGITS_MAX 64 /* of one number; a boleto has 47, an NF-e key 44 */
#define NUMBER_FORMS_MAX  (16 * 1024)

/* The words to be indexed beside those of the text, each with a blank behind it: neighbouring groups of digits as one, and
 * groups without zeros in front or letters beside them. As many as go into NUMBER_FORMS_MAX; none: nothing is added. */
void number_forms(struct str text, struct sbuf *ret_words);
/* Length of the number at the beginning of `text`: one or more groups of digits that are no part of another word;
 * 0: there is none. *ret_groups: how many. The number's digits are added to ret_digits, without separators. */
size_t number_at(struct str text, int *ret_groups, struct sbuf *ret_digits) MUST_CHECK;
/* Without its zeros in front. */
struct str number_significant(struct str digits);

#endif
