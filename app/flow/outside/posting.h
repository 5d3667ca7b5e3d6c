/* posting.h - conversations into which we are posting a message at Chatwoot right now. In memory, thread-safe.
 *
 * Chatwoot's webhook for a message that we make can overtake the answer to our own POST (R4a), and its marks can be wiped.
 * While a POST of ours is under way in a conversation, an unmarked outgoing message there is looked at again later,
 * when the table of our own ids is complete.
 *
 * While a conversation has no thread there yet, the one who makes it enters the negative number of our conversation:
 * two workers (the customer's message, our answer) would make two. */
#ifndef FLOW_POSTING_H
#define FLOW_POSTING_H

#include "base/base.h"

#define POSTING_DEFER_MS 500

struct posting;
struct posting *posting_new(void);
void posting_free(struct posting *p);
void posting_begin(struct posting *p, int64_t target_id, int64_t chatwoot_conversation_id);
void posting_end(struct posting *p, int64_t target_id, int64_t chatwoot_conversation_id);
/* Begins unless somebody else has; false: somebody has. */
bool posting_try(struct posting *p, int64_t target_id, int64_t chatwoot_conversation_id) MUST_CHECK;
bool posting_now(struct posting *p, int64_t target_id, int64_t chatwoot_conversation_id);

#endif
