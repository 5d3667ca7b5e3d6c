/* fuzz_n8n.c - any bytes as the answer of a workflow. A success must carry our id. */
#include "base/enc.h"
#include "peer/n8n/n8n.h"
#include "peer/n8n/n8n_action.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str body = { (const char *)data, size };
	static const int statuses[] = { 200, 202, 404, 422, 500 };
	for (size_t i = 0; i < COUNT(statuses); i++) {
		struct arena a AUTO(arena_release) = ARENA(MIB);
		struct n8n_verdict v;
		const struct n8n_answer ans = { RC_OK, statuses[i], body,         -1,
						1,     STR("id-1"), STR("key-1"), size % 2 == 1 };
		if (n8n_judge(&ans, &a, &v, NULL) != RC_OK)
			continue;
		struct json *actions AUTO(json_freep) = NULL;
		struct n8n_actions list;

		if (v.actions.n > 0 && json_parse(v.actions, &actions, NULL) == RC_OK &&
		    n8n_actions_read(actions, &a, &list, NULL) == RC_OK)
			ASSERT(list.count <= N8N_ACTIONS_MAX);
		ASSERT(v.cls < N8N_CLASSES && v.reply_count <= N8N_REPLIES_MAX);
		ASSERT(v.cls == N8N_DONE || (v.reply_count == 0 && v.actions.p == NULL));
		ASSERT((v.cls == N8N_RETRY) == (v.retry_ms >= 0));
		ASSERT(v.cls != N8N_DONE || statuses[i] < 300);
		for (size_t k = 0; k < v.reply_count; k++)
			ASSERT(enc_utf8_ok(v.reply[k]) && str_trim(v.reply[k]).n > 0);
	}
	return 0;
}
