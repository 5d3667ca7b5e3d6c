/* fuzz_meta_hook.c - any bytes as Meta's webhook, with a small arena and a large one; and as an
 * answer to a send. What is decoded must be well-formed text within its bounds. */
#include "base/enc.h"
#include "base/limits.h"
#include "io/json.h"
#include "peer/meta/meta_hook.h"
#include "peer/meta/meta_send.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str s)
{
	ASSERT(enc_utf8_ok(s));
	ASSERT(s.p == NULL || s.p[s.n] == '\0');
}

/* What is stored as JSON must be an object again. */
static void check_json(struct str s)
{
	AUTO(json_freep) struct json *root = NULL;
	check_text(s);
	if (s.p == NULL)
		return;
	ASSERT(json_parse(s, &root, NULL) == RC_OK && json_kind(root) == JSON_OBJECT);
}

static void check_item(const struct wa_item *item)
{
	check_text(item->raw);
	check_text(item->field);
	ASSERT((item->kind == WA_MESSAGE) == (item->message != NULL));
	ASSERT((item->kind == WA_STATUS) == (item->status != NULL));
	ASSERT((item->kind == WA_ERROR) == (item->error != NULL));
	ASSERT((item->kind == WA_UNREADABLE) == (item->why != NULL));
	ASSERT((item->kind == WA_PERSON) == (item->person != NULL));
	ASSERT((item->kind == WA_EVENT) == (item->event != NULL));
	if (item->person != NULL)
		ASSERT(item->person->phone.n + item->person->user_id.n > 0);
	if (item->event != NULL)
		check_text(item->event->detail);
	if (item->message != NULL) {
		const struct wa_message *m = item->message;
		check_text(m->text);
		check_text(m->content);
		check_text(m->profile_name);
		ASSERT(m->id.n > 0 && m->id.n <= WA_ID_MAX);
		ASSERT(m->text.p != NULL && m->timestamp_ms >= 0 && m->type.n > 0);
		if (m->from_me)
			ASSERT(m->to.n + m->to_user_id.n + m->group_id.n > 0);
		else
			ASSERT(m->from.n + m->from_user_id.n > 0);
		ASSERT(m->act == WA_ACT_NONE ||
		       (m->target_id.n > 0 && m->target_id.n <= WA_ID_MAX));
		ASSERT(m->media == NULL || m->media->id.n > 0);
		check_text(m->act_text);
		check_json(m->content);
		check_json(m->act_content);
	}
	if (item->status != NULL)
		ASSERT(item->status->id.n > 0 && item->status->word.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str body = { (const char *)data, size };
	static const size_t sizes[] = { 4 * KIB, 4 * MIB };
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct arena a AUTO(arena_release) = ARENA(sizes[i]);
		struct wa_batch hook;
		if (meta_hook_decode(body, &a, &hook, NULL) != RC_OK)
			continue;
		for (size_t n = 0; n < hook.count; n++)
			check_item(&hook.items[n]);
	}
	struct wa_verdict v;
	const struct wa_answer answer = {
		.status = size % 2 == 0 ? 200 : 400, .body = body, .retry_after_ms = -1, .tries = 1
	};
	meta_send_judge(&answer, &v);
	ASSERT(v.cls != WA_SEND_ACCEPTED || (v.wamid[0] != '\0' && answer.status == 200));
	return 0;
}
