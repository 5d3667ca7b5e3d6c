/* fuzz_chatwoot.c - any bytes as Chatwoot's webhook, as its answer to every call, and as text to
 * convert. */
#include "base/enc.h"
#include "peer/chatwoot/chatwoot_answer.h"
#include "peer/chatwoot/chatwoot_say.h"
#include "peer/chatwoot/chatwoot_thread.h"
#include "peer/wa/markup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever an agent's message holds, what comes of it is JSON and UTF-8, and the event that a job keeps says the same. */
static void try_say(const struct chatwoot_event *ev)
{
	struct arena a AUTO(arena_release) = ARENA(8 * MIB);
	struct sbuf b AUTO(sbuf_release) = SBUF(4 * MIB);
	static struct chatwoot_attachments attached;
	static struct chatwoot_parts parts;
	struct chatwoot_file files[CHATWOOT_FILES_MAX];
	const struct chatwoot_saying s = { ev, &attached, files, STR("Ana") };

	if (chatwoot_say_attachments(ev, &a, &attached, NULL) != RC_OK)
		return;
	for (size_t i = 0; i < COUNT(files); i++)
		files[i] = (struct chatwoot_file){ i % 2 == 0 ? "image/png" : "audio/ogg",
						   i % 3 == 0 ? MEDIA_OPUS | MEDIA_MONO : 0, 100,
						   STR("m"), STR("n") };
	for (size_t i = 0; i < attached.count; i++)
		(void)chatwoot_say_rehost(attached.items[i].url, STR("http://x:1"), &b, NULL);
	sbuf_reset(&b);
	if (chatwoot_say(&s, &a, &parts, NULL) == RC_OK) {
		for (size_t i = 0; i < parts.count; i++) {
			struct json *root AUTO(json_freep) = NULL;

			ASSERT(enc_utf8_ok(parts.items[i].text));
			if (parts.items[i].content_json.n > 0)
				ASSERT(json_parse(parts.items[i].content_json, &root, NULL) ==
				       RC_OK);
		}
	}
	chatwoot_event_write(ev, &b);
	if (sbuf_ok(&b)) {
		struct json *root AUTO(json_freep) = NULL;
		struct chatwoot_event again;

		ASSERT(json_parse(sbuf_view(&b), &root, NULL) == RC_OK);
		ASSERT(chatwoot_event_message(root, &a, &again, NULL) != RC_OK ||
		       (again.message_id == ev->message_id && str_eq(again.content, ev->content)));
	}
}

static void try_thread(struct str body)
{
	struct json *act AUTO(json_freep) = NULL;
	struct sbuf b AUTO(sbuf_release) = SBUF(4 * MIB);
	bool same;

	if (json_parse(body, &act, NULL) != RC_OK)
		return;
	(void)chatwoot_thread_labels(body, act, &b, &same, NULL);
	sbuf_reset(&b);
	(void)chatwoot_thread_attribute(body, act, &b, &same, NULL);
}

static void try_event(struct str body)
{
	struct arena a AUTO(arena_release) = ARENA(MIB);
	struct chatwoot_event ev;
	enum chatwoot_reason reason;
	if (chatwoot_event_decode(body, &a, &ev, NULL) != RC_OK)
		return;
	ASSERT(enc_utf8_ok(ev.content) && enc_utf8_ok(ev.attachments));
	if (chatwoot_event_decide(&ev, &reason) == CHATWOOT_SEND) {
		ASSERT(!ev.is_private && !ev.marked && !ev.deleted && ev.message_id > 0);
		try_say(&ev);
	}
	ASSERT(chatwoot_event_reason_text(reason) != NULL);
}

static void try_answers(struct str body)
{
	static const int statuses[] = { 200, 404, 422, 500 };
	struct arena a AUTO(arena_release) = ARENA(MIB);
	struct chatwoot_contact contact;
	struct chatwoot_contacts contacts;
	struct chatwoot_conversations talks;
	struct chatwoot_messages messages;
	struct str source;
	int64_t id;
	for (int call = 0; call < CHATWOOT_CALLS; call++) {
		struct chatwoot_verdict v;
		const struct chatwoot_answer answer = {
			(enum chatwoot_call)call, RC_OK, statuses[call % 4], body, -1, 1
		};
		chatwoot_answer_judge(&answer, &v);
		ASSERT(v.cls < CHATWOOT_CLASSES);
	}
	/* Verdicts of foreign bytes are not of interest, only that there is one. */
	(void)chatwoot_answer_contact(body, &a, &contact, NULL);
	(void)chatwoot_answer_contacts(body, 12, &a, &contacts, NULL);
	(void)chatwoot_answer_contact_inbox(body, &a, &source, NULL);
	(void)chatwoot_answer_conversations(body, &a, &talks, NULL);
	(void)chatwoot_answer_id(body, &id, NULL);
	if (chatwoot_answer_messages(body, &a, &messages, NULL) == RC_OK)
		(void)chatwoot_answer_find(&messages, STR("totem:meta:A"));
}

static void try_markup(struct str text)
{
	struct sbuf b AUTO(sbuf_release) = SBUF(16 * MIB);
	struct sbuf c AUTO(sbuf_release) = SBUF(16 * MIB);
	bool valid = enc_utf8_ok(text);
	markup_to_markdown(text, &b);
	markup_to_whatsapp(text, &c);
	ASSERT(!valid || (enc_utf8_ok(sbuf_view(&b)) && enc_utf8_ok(sbuf_view(&c))));
	ASSERT(b.n <= 2 * text.n && c.n <= 2 * text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str body = { (const char *)data, size };
	try_event(body);
	try_thread(body);
	try_answers(body);
	try_markup(body);
	return 0;
}
