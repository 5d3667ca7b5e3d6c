/* retention.h - what goes by age, beside what has its own module (delivery, topic, media): each deletes at most `limit` rows
 * from before a time in the caller's unit and says how many. */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include "store/store.h"

/* Messages whose way is at its end, with all that hangs on them; a file that no other message uses leaves. */
enum rc retention_messages(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			   struct err *e) MUST_CHECK;
enum rc retention_letters(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			  struct err *e) MUST_CHECK;
enum rc retention_incidents(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			    struct err *e) MUST_CHECK;
enum rc retention_boots(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			struct err *e) MUST_CHECK;
enum rc retention_invitations(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			      struct err *e) MUST_CHECK;
enum rc retention_sessions(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			   struct err *e) MUST_CHECK;
enum rc retention_uploads(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			  struct err *e) MUST_CHECK;
/* Edits and reactions that wait for a message that never came. */
enum rc retention_changes(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			  struct err *e) MUST_CHECK;
/* The table of Chatwoot's messages. Not younger than the messages themselves are kept: who is in it is never sent again. */
enum rc retention_links(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
			struct err *e) MUST_CHECK;
/* Contacts behind *after with their threads, of whom no message is kept and nothing is newer than before_ms; looks at
 * `limit` numbers. *after: where to go on; 0: from the beginning. Whoever asked for no advertising stays. */
enum rc retention_people(struct tx *tx, int64_t before_ms, int limit, int64_t *after,
			 int64_t *ret_count, struct err *e) MUST_CHECK;
/* The same for rows of files that left before then and that no message shows. */
enum rc retention_files(struct tx *tx, int64_t before_ms, int limit, int64_t *after,
			int64_t *ret_count, struct err *e) MUST_CHECK;
/* Bytes of the database that hold something: the file without its free pages. */
enum rc retention_used_bytes(struct db *db, int64_t *ret, struct err *e) MUST_CHECK;

#endif
