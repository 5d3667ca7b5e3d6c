/* ingest_restored.c - a request that was processed before, in the database that a restore put aside (take_over.h).
 *
 * Its rows come back; Chatwoot, the assistant and a second try of a failed send have had it. Those that had not are told
 * here, by jobs that count as tried: whoever can look whether it is there already does so first (R7). */
#include "flow/ingest/ingest.h"
#include "io/json.h"
#include "store/queue/topic.h"

static bool has_id(struct str list, struct str id)
{
	struct str word;

	while (str_cut(&list, ' ', &word)) {
		if (str_eq(word, id))
			return true;
	}
	return false;
}

enum rc ingest_restored_read(struct worker *w, struct parsed *p, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct json *told;

	if (str_find(p->delivery.headers, STR("\"" DELIVERY_RESTORED "\"")) < 0 ||
	    json_parse(p->delivery.headers, &root, NULL) != RC_OK)
		return RC_OK;
	told = json_get(root, DELIVERY_RESTORED);
	if (told == NULL)
		return RC_OK;
	p->restored = true;
	p->untold_support = arena_str(&w->arena, json_get_str(told, RESTORED_SUPPORT));
	p->untold_assistant = arena_str(&w->arena, json_get_str(told, RESTORED_ASSISTANT));
	return p->untold_support.p != NULL && p->untold_assistant.p != NULL
		       ? RC_OK
		       : FAIL(e, RC_LIMIT, "no room for the ids of a restored request");
}

enum rc ingest_restored_tell(struct tx *tx, const struct parsed *p, const struct message *m,
			     struct err *e)
{
	struct topic_event ev = message_event(m, TOPIC_INBOUND);

	ev.tried = true;
	if (has_id(p->untold_support, m->meta_message_id))
		TRY(topic_publish(tx, &ev, e));
	if (!has_id(p->untold_assistant, m->meta_message_id))
		return RC_OK;
	ev.topic = TOPIC_SUPPORT_INBOUND;
	return topic_publish_if_read(tx, &ev, e);
}
