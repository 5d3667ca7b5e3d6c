/* change.h - what happens to a message after it was written: edits, the revoke, reactions.
 *
 * Each is a message of its own (type edit, revoke, reaction) and a row here that refers to both. What comes before its
 * target waits and is joined when the target gets its row or its provider id (store/message/message.c does that). The target
 * shows the newest text and `edited_ms`, or REVOKED_TEXT and `revoked_ms`; what it was before is kept here. */
#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include "store/store.h"

#define REVOKED_TEXT "[deleted]"

struct change_new {
	const char *kind;        /* "edit", "revoke", "reaction" */
	struct str target;       /* provider id of the message that is changed */
	int64_t by_message;      /* the message that brings it */
	int64_t conversation_id; /* of that message */
	bool outbound;           /* the business did it */
	struct str actor;        /* address of who did it; none: this business */
	struct str author;       /* groups: sender_source_id of who did it; else none */
	int64_t at_ms;           /* the provider's time */
	struct str text;         /* new text, or the emoji (empty takes a reaction back) */
	struct str content_json; /* edit: new structure; none: plain text */
};
/* An edit or revoke changes its target only when it comes from the target's author, in the same conversation, and is
 * not older than what stands there; else it is only written down. *ret_target 0: the target is not here yet. */
enum rc change_add(struct tx *tx, const struct change_new *c, int64_t *ret_target, struct err *e)
	MUST_CHECK;
/* A message has this provider id from now on: joins what waited for it. */
enum rc change_join(struct tx *tx, struct str meta_message_id, struct err *e) MUST_CHECK;

struct change {
	const char *kind;
	struct str actor, text, before;
	int64_t at_ms, by_message, by_created_ms;
};
typedef enum rc change_each_fn(void *arg, const struct change *c, struct err *e);
/* Oldest first. */
enum rc change_each(struct db *db, int64_t message_id, change_each_fn *fn, void *arg, struct err *e)
	MUST_CHECK;
/* The reactions that stand now: actor, text (the emoji), at_ms. */
enum rc change_each_reaction(struct db *db, int64_t message_id, change_each_fn *fn, void *arg,
			     struct err *e) MUST_CHECK;

#endif
