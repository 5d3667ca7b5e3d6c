/* search.h - full-text search: words of messages (accents and case do not matter, the last word may be unfinished), and any
 * three characters of a contact's name or number.
 *
 * Two contentless FTS5 tables. They are filled behind the write path by one unit a second (flow/janitor.c), larger ones
 * while nothing else is to do, so that taking in a message costs nothing more. What was found but is gone or changed
 * meanwhile is left out by the caller's read of the row itself; triggers note what has to be indexed anew, also what was
 * erased. Numbers are indexed in the forms of store/search/number.h too; messages indexed before that are done anew, newest first,
 * when nothing else waits, and are found by their old words until then. */
#ifndef STORE_SEARCH_H
#define STORE_SEARCH_H

#include "base/sbuf.h"
#include "store/store.h"

#define SEARCH_BATCH     256
#define SEARCH_WORDS_MAX 8
#define SEARCH_TEXT_MAX  1024

/* One unit of filling. *ret_more: there is more to do. */
enum rc search_fill(struct tx *tx, bool *ret_more, struct err *e) MUST_CHECK;
/* A deleted row is only marked in the index; its words go when the segments are written anew. One step of that, `pages`
 * pages; *ret_more: ask again. Nothing should be filled in meanwhile. */
enum search_index { SEARCH_MESSAGES, SEARCH_CONTACTS };
enum rc search_merge(struct tx *tx, enum search_index index, int pages, bool *ret_more,
		     struct err *e) MUST_CHECK;
/* What a person typed as an FTS5 expression: all of the words, the last as a beginning when it has three characters; numbers
 * with or without their separators (store/search/number.h). False: there is no word in it. */
bool search_words(struct str text, struct sbuf *ret_match) MUST_CHECK;
/* The same for names and numbers: one phrase of at least three characters; a number without its blanks, dashes and plus.
 * Of a longer number only its last digits: compare what is found with search_number.
 * False: too short for this index. */
bool search_part(struct str text, struct sbuf *ret_match) MUST_CHECK;
/* All digits of what is a number and nothing else, without the zeros in front. False: it is none. */
bool search_digits(struct str text, struct sbuf *ret_digits) MUST_CHECK;
/* The same of a number of which search_part took only the end. False: it took the whole text. */
bool search_number(struct str text, struct sbuf *ret_digits) MUST_CHECK;

struct search {
	struct str match;                    /* of search_words */
	int64_t company_id, conversation_id; /* 0: all */
	int64_t before_id;                   /* 0: newest */
	int limit;
};
typedef enum rc search_each_fn(void *arg, int64_t message_id, struct err *e);
/* Newest first. */
enum rc search_each(struct db *db, const struct search *s, search_each_fn *fn, void *arg,
		    struct err *e) MUST_CHECK;
/* What is not indexed yet. */
enum rc search_waiting(struct db *db, int64_t *ret_messages, int64_t *ret_stale, struct err *e)
	MUST_CHECK;

#endif
