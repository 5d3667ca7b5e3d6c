/* contact.h - people and groups, and the book of their aliases.
 *
 * A contact is known by phone or wa_id, by BSUID ("user"), by LID (Evolution) or, a group, by its id; each may be
 * missing. Aliases that are shown together are one person: two contacts that turn out to be one are merged
 * (store/conversation/merge.h), unless a person has undone just that merge. */
#ifndef STORE_CONTACT_H
#define STORE_CONTACT_H

#include "store/store.h"

/* Somebody as a peer names them; any field may be empty but not all of the addresses. */
struct contact_who {
	struct str phone;          /* wa_id or phone, digits (a leading + is dropped) */
	struct str user_id;        /* BSUID */
	struct str name;           /* profile name; kept when we have none or it changed */
	struct str parent_user_id; /* the same person's BSUID over several portfolios */
	struct str lid;            /* user part of an @lid address */
	struct str group_id;       /* a group: nothing else counts then */
	struct str username;
};

/* The spelling under which variants meet: Brazil 55 DD 9XXXXXXXX = 55 DD XXXXXXXX (mobiles only), Mexico 521 = 52,
 * Argentina 549 = 54. Never used for sending. Writes at most out_bytes with a NUL. */
void contact_match(struct str phone, char *ret_text, size_t out_bytes);

/* The other spelling of such a number (with the digit, or without it), as it may stand in somebody's address book; empty
 * when there is none. Writes at most out_bytes with a NUL. */
void contact_other_spelling(struct str phone, char *ret_text, size_t out_bytes);

/* Finds by any alias or makes one; adds aliases that are new; merges contacts that are shown to be one. */
enum rc contact_resolve(struct tx *tx, int64_t company_id, const struct contact_who *who,
			int64_t *ret_id, struct err *e) MUST_CHECK;
/* The same for a person who has the address `who` from now on and had `before` until now (both may name several). */
enum rc contact_move(struct tx *tx, int64_t company_id, const struct contact_who *before,
		     const struct contact_who *who, int64_t *ret_id, struct err *e) MUST_CHECK;
enum rc contact_find(struct db *db, int64_t company_id, const struct contact_who *who,
		     int64_t *ret_id, struct err *e) MUST_CHECK; /* RC_ABSENT */

struct contact {
	int64_t id, company_id, created_ms, updated_ms;
	struct str name;    /* given by a person, else in the address book, else of the profile */
	struct str aliases; /* JSON array of {kind, alias} */
	bool group;
	struct str profile_name, book_name, given_name, username;
	struct str marketing; /* stop, resume, signup or none: the last wish about advertising */
	int64_t marketing_ms;
	int64_t merged_into; /* contact that took this one; 0: none */
};
enum rc contact_load(struct db *db, int64_t id, struct arena *a, struct contact *ret, struct err *e)
	MUST_CHECK;

/* Names beside the profile's; none forgets it. */
enum rc contact_set_book_name(struct tx *tx, int64_t id, struct str name, struct err *e) MUST_CHECK;
enum rc contact_set_given_name(struct tx *tx, int64_t id, struct str name, struct err *e)
	MUST_CHECK;
/* A wish about advertising: "stop", "resume" or "signup"; an older one changes nothing. */
enum rc contact_set_marketing(struct tx *tx, int64_t id, const char *word, int64_t at_ms,
			      struct err *e) MUST_CHECK;
enum rc contact_of_conversation(struct db *db, int64_t conversation_id, int64_t *ret_id,
				struct err *e) MUST_CHECK;

struct contact_filter {
	int64_t company_id;
	int64_t before_id;    /* keyset; 0: newest */
	struct str search;    /* part of a name, user name or address; none: all */
	struct str kind;      /* person, group; none: both */
	struct str marketing; /* stop: the stop list; none: all */
	int limit;
};
typedef enum rc contact_each_fn(void *arg, const struct contact *c, struct err *e);
enum rc contact_each(struct db *db, const struct contact_filter *f, contact_each_fn *fn, void *arg,
		     struct err *e) MUST_CHECK;

#endif
