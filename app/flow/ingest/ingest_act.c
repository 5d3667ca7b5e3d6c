/* ingest_act.c - edits, revokes and reactions: messages that are about an earlier one (store/change.h). */
#include "flow/ingest/ingest.h"
#include "store/change.h"

enum rc ingest_act(struct tx *tx, const struct wa_message *in, const struct message *m,
		   struct err *e)
{
	static const char *const KINDS[] = {
		[WA_ACT_EDIT] = "edit", [WA_ACT_REVOKE] = "revoke", [WA_ACT_REACTION] = "reaction"
	};
	const struct change_new c = {
		.kind = KINDS[in->act],
		.target = in->target_id,
		.by_message = m->id,
		.conversation_id = m->conversation_id,
		.outbound = m->outbound,
		.actor = m->outbound              ? STR_NONE
			 : in->from.n > 0         ? in->from
			 : in->from_user_id.n > 0 ? in->from_user_id
						  : in->lid,
		.author = m->sender_source_id,
		.at_ms = m->timestamp,
		.text = in->act_text,
		.content_json = in->act_content,
	};
	int64_t target;

	ASSERT(in->act != WA_ACT_NONE);
	return change_add(tx, &c, &target, e);
}
