/* fuzz_evolution.c - any bytes as a webhook of Evolution, with a small arena and a large one, and as the
 * spellings of single values; and as its answers. What is decoded must be well-formed text within its bounds, and a LID must
 * never come out as a phone. */
#include "base/enc.h"
#include "io/json.h"
#include "peer/evolution/evolution_ask.h"
#include "peer/evolution/evolution_hook.h"
#include "peer/evolution/evolution_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str s)
{
	ASSERT(enc_utf8_ok(s));
	ASSERT(s.p == NULL || s.p[s.n] == '\0');
}

static void check_phone(struct str s)
{
	ASSERT(s.n <= 15);
	for (size_t i = 0; i < s.n; i++)
		ASSERT(s.p[i] >= '0' && s.p[i] <= '9');
}

static void check_message(const struct wa_message *m)
{
	check_text(m->text);
	check_text(m->content);
	check_text(m->profile_name);
	check_text(m->context_id);
	check_phone(m->from);
	check_phone(m->to);
	ASSERT(m->id.n > 0 && m->id.n <= WA_ID_MAX && m->text.p != NULL && m->timestamp_ms >= 0);
	ASSERT(m->from.n + m->to.n + m->lid.n + m->to_lid.n + m->group_id.n > 0);
	ASSERT(m->type.n > 0 && (m->act == WA_ACT_NONE || m->type.p != NULL));
	ASSERT(!m->from_me || m->from.n == 0);
}

static void check_item(const struct wa_item *item)
{
	check_text(item->raw);
	check_text(item->field);
	ASSERT((item->kind == WA_MESSAGE) == (item->message != NULL));
	ASSERT((item->kind == WA_STATUS) == (item->status != NULL));
	ASSERT((item->kind == WA_UNREADABLE) == (item->why != NULL));
	if (item->message != NULL)
		check_message(item->message);
	if (item->status != NULL)
		ASSERT(item->status->id.n > 0 && item->status->word.n > 0);
}

static void check_names(struct str text)
{
	char address[WA_ADDRESS_MAX + 1], number[WA_ADDRESS_MAX + 1], id[WA_ID_MAX + 1];
	struct jid j = evolution_jid(text);
	evolution_address(j, address);
	ASSERT(j.kind != JID_LID || str_ends(str_of(address), STR("@lid")));
	ASSERT(address[0] == '\0' || evolution_number(str_of(address), number));
	if (evolution_id_make("loja", text, id))
		ASSERT(memchr(text.p, '\0', text.n) != NULL ||
		       str_eq(evolution_id_key(str_of(id)), text));
}

static bool no_other(void *arg, struct str key)
{
	(void)arg;
	return key.n % 2 == 0;
}

static void check_answers(struct str body, int status)
{
	struct arena a AUTO(arena_release) = ARENA(4 * MIB);
	struct json *root AUTO(json_freep) = NULL;
	const struct wa_answer answer = {
		.status = status, .body = body, .retry_after_ms = -1, .tries = 1
	};
	const struct evolution_wanted w = { .text = STR("oi"),
					    .type = STR("text"),
					    .taken = no_other };
	struct evolution_file_answer file;
	char key[WA_ID_MAX + 1], version[EVOLUTION_VERSION_MAX];
	struct wa_verdict v;
	struct wa_link link;
	struct str state;
	evolution_judge_send(&answer, &v);
	ASSERT((v.cls == WA_SEND_ACCEPTED) == (v.wamid[0] != '\0'));
	if (evolution_ask_version(status, body, version, NULL) == RC_OK)
		(void)evolution_ask_takes_key(str_of(version));
	if (evolution_ask_state(status, body, &a, &state, NULL) == RC_OK)
		ASSERT(state.n > 0);
	if (evolution_ask_qr(status, body, &a, &link, &state, NULL) == RC_OK)
		ASSERT(state.n > 0);
	if (evolution_ask_file_read(status, body, &a, &file, NULL) == RC_OK)
		ASSERT(file.base64.n > 0);
	if (json_parse(body, &root, NULL) == RC_OK &&
	    evolution_ask_find(evolution_ask_records(root), &w, key))
		ASSERT(key[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str body = { (const char *)data, size };
	static const size_t sizes[] = { 2 * KIB, 4 * MIB };
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct arena a AUTO(arena_release) = ARENA(sizes[i]);
		struct wa_batch b;
		if (evolution_hook_decode(body, STR("messages-upsert"), &a, &b, NULL) != RC_OK)
			continue;
		for (size_t n = 0; n < b.count; n++)
			check_item(&b.items[n]);
	}
	check_names(body);
	check_answers(body, size % 2 == 0 ? 200 : 503);
	return 0;
}
