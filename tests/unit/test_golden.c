/* test_golden.c - payloads against expected text, byte for byte.
 *
 * tests/golden/<language>/NAME.json is read by the decoder of that language; what it understood is
 * printed, one field a line, and compared with NAME.expect. All payloads are written by us. With
 * GOLDEN_WRITE=1 in the environment the expectations are written instead: read the difference
 * before committing it. n8n: the first three characters of the name are the HTTP status. */
#include <dirent.h>

#include "base/arena.h"
#include "base/enc.h"
#include "base/sbuf.h"
#include "io/json.h"
#include "peer/chatwoot/chatwoot_event.h"
#include "peer/meta/meta_hook.h"
#include "peer/n8n/n8n.h"
#include "t.h"

#define FILE_MAX  (64 * KIB)
#define PRINT_MAX (256 * KIB)

typedef void printer(struct str body, int status, struct sbuf *to);

static void line_str(struct sbuf *to, const char *name, struct str v)
{
	if (v.p == NULL)
		return;
	sbuf_printf(to, "  %s \"", name);
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		if (c < ' ' || c == '\\')
			sbuf_printf(to, "\\x%02x", (unsigned)c);
		else
			sbuf_char(to, v.p[i]);
	}
	sbuf_text(to, "\"\n");
}

static void line_text(struct sbuf *to, const char *name, const char *v)
{
	line_str(to, name, str_of(v));
}

static void line_i64(struct sbuf *to, const char *name, int64_t v)
{
	if (v != 0)
		sbuf_printf(to, "  %s %lld\n", name, (long long)v);
}

static void print_fault(struct sbuf *to, const struct wa_fault *f)
{
	line_i64(to, "error.code", f->code);
	line_str(to, "error.title", f->title);
	line_str(to, "error.message", f->message);
	line_str(to, "error.details", f->details);
}

static void print_act(struct sbuf *to, const struct wa_message *m)
{
	static const char *const acts[] = { NULL, "edit", "revoke", "reaction" };
	line_text(to, "act", acts[m->act]);
	line_str(to, "target_id", m->target_id);
	line_str(to, "act_text", m->act_text);
	line_str(to, "act_content", m->act_content);
	line_i64(to, "from_me", m->from_me);
	line_str(to, "to", m->to);
	line_str(to, "to_user_id", m->to_user_id);
	line_i64(to, "history", m->history);
	line_i64(to, "placeholder", m->placeholder);
	if (m->rank != WA_RANK_NONE)
		line_text(to, "rank", wa_rank_name(m->rank));
	line_i64(to, "failed", m->failed);
	line_str(to, "new_from", m->new_from);
	line_str(to, "new_user_id", m->new_user_id);
}

static void print_media(struct sbuf *to, const struct wa_media *media)
{
	char hex[2 * sizeof media->sha256 + 1];
	if (media == NULL)
		return;
	line_str(to, "media.id", media->id);
	line_str(to, "media.mime", media->mime);
	line_str(to, "media.filename", media->filename);
	line_i64(to, "media.voice", media->voice);
	line_i64(to, "media.animated", media->animated);
	line_i64(to, "media.bytes", media->bytes);
	enc_hex(media->sha256, sizeof media->sha256, hex);
	line_text(to, "media.sha256", media->has_sha256 ? hex : NULL);
}

static void print_person(struct sbuf *to, const struct wa_person *p)
{
	static const char *const news[] = { "seen",     "moved",      "booked",
					    "unbooked", "preference", "alias" };
	line_text(to, "news", news[p->news]);
	line_str(to, "phone", p->phone);
	line_str(to, "user_id", p->user_id);
	line_str(to, "parent_user_id", p->parent_user_id);
	line_str(to, "previous_user_id", p->previous_user_id);
	line_str(to, "name", p->name);
	line_str(to, "word", p->word);
	line_i64(to, "timestamp_ms", p->timestamp_ms);
}

static void print_news(struct sbuf *to, const struct wa_event *ev)
{
	static const char *const abouts[] = { "account", "number", "template", "flow",
					      "group",   "call",   "security", "connection" };
	static const char *const gravities[] = { "note", "good", "warn", "alarm" };
	line_text(to, "about", abouts[ev->about]);
	line_text(to, "gravity", gravities[ev->gravity]);
	line_str(to, "word", ev->word);
	line_str(to, "subject", ev->subject);
	line_str(to, "detail", ev->detail);
	line_str(to, "from", ev->from);
	line_str(to, "from_user_id", ev->from_user_id);
	line_i64(to, "timestamp_ms", ev->timestamp_ms);
}

static void print_message(struct sbuf *to, const struct wa_message *m)
{
	line_str(to, "id", m->id);
	line_str(to, "from", m->from);
	line_str(to, "from_user_id", m->from_user_id);
	line_str(to, "from_parent_user_id", m->from_parent_user_id);
	line_str(to, "profile_name", m->profile_name);
	line_str(to, "username", m->username);
	line_str(to, "group_id", m->group_id);
	line_i64(to, "timestamp_ms", m->timestamp_ms);
	line_str(to, "type", m->type);
	line_str(to, "text", m->text);
	line_str(to, "content", m->content);
	line_i64(to, "unsupported", m->unsupported);
	line_str(to, "context_id", m->context_id);
	line_str(to, "context_from", m->context_from);
	line_i64(to, "forwarded", m->forwarded);
	line_i64(to, "frequently_forwarded", m->frequently_forwarded);
	line_str(to, "referral", m->referral);
	print_act(to, m);
	print_media(to, m->media);
	print_fault(to, &m->error);
}

static void print_status(struct sbuf *to, const struct wa_status *s)
{
	line_str(to, "id", s->id);
	line_str(to, "word", s->word);
	line_str(to, "type", s->type);
	line_text(to, "rank", wa_rank_name(s->rank));
	line_i64(to, "failed", s->failed);
	line_i64(to, "known", s->known);
	line_i64(to, "timestamp_ms", s->timestamp_ms);
	line_str(to, "recipient_id", s->recipient_id);
	line_str(to, "recipient_user_id", s->recipient_user_id);
	line_str(to, "recipient_parent_user_id", s->recipient_parent_user_id);
	line_str(to, "recipient_type", s->recipient_type);
	line_str(to, "recipient_participant_id", s->recipient_participant_id);
	line_str(to, "tag", s->tag);
	line_str(to, "pricing", s->pricing);
	line_str(to, "conversation", s->conversation);
	print_fault(to, &s->error);
}

static const char *const kinds[] = { "message",    "status", "error", "change",
				     "unreadable", "person", "event" };

static void print_meta(struct str body, int status, struct sbuf *to)
{
	struct arena a AUTO(arena_release) = ARENA(META_HOOK_ARENA_MAX);
	struct wa_batch hook;
	enum rc rc = meta_hook_decode(body, &a, &hook, NULL);
	(void)status; /* only answers have one */
	sbuf_printf(to, "%s\n", rc_name(rc));
	if (rc != RC_OK)
		return;
	sbuf_printf(to, "object \"%.*s\" items %zu unreadable %zu\n", STRF(hook.object), hook.count,
		    hook.unreadable);
	for (size_t i = 0; i < hook.count; i++) {
		const struct wa_item *item = &hook.items[i];
		sbuf_printf(to, "%s\n", kinds[item->kind]);
		line_str(to, "waba_id", item->waba_id);
		line_str(to, "field", item->field);
		line_str(to, "phone_number_id", item->phone_number_id);
		line_str(to, "display_number", item->display_number);
		line_i64(to, "entry_time_ms", item->entry_time_ms);
		line_text(to, "why", item->why);
		if (item->message != NULL)
			print_message(to, item->message);
		if (item->status != NULL)
			print_status(to, item->status);
		if (item->error != NULL)
			print_fault(to, item->error);
		if (item->person != NULL)
			print_person(to, item->person);
		if (item->event != NULL)
			print_news(to, item->event);
		line_str(to, "raw", item->raw);
	}
}

static void print_event(struct sbuf *to, const struct chatwoot_event *ev)
{
	static const char *const types[] = { NULL, "incoming", "outgoing", "activity", "template" };
	static const char *const senders[] = { NULL, "user", "bot", "contact" };
	line_str(to, "word", ev->word);
	line_i64(to, "message_id", ev->message_id);
	line_i64(to, "account_id", ev->account_id);
	line_i64(to, "inbox_id", ev->inbox_id);
	line_i64(to, "conversation_id", ev->conversation_id);
	line_text(to, "type", types[ev->type]);
	line_i64(to, "private", ev->is_private);
	line_i64(to, "deleted", ev->deleted);
	line_str(to, "content", ev->content);
	line_str(to, "content_type", ev->content_type);
	line_str(to, "source_id", ev->source_id);
	line_str(to, "contact_source_id", ev->contact_source_id);
	line_text(to, "sender", senders[ev->sender]);
	line_i64(to, "sender_id", ev->sender_id);
	line_str(to, "sender_name", ev->sender_name);
	line_str(to, "source", ev->source);
	line_i64(to, "marked", ev->marked);
	line_str(to, "mark_origin", ev->mark_origin);
	line_str(to, "mark_id", ev->mark_id);
	line_str(to, "external_error", ev->external_error);
	line_i64(to, "in_reply_to", ev->in_reply_to);
	line_i64(to, "attachment_count", ev->attachment_count);
	line_str(to, "attachments", ev->attachments);
	line_str(to, "status", ev->status);
	line_i64(to, "created_ms", ev->created_ms);
	line_i64(to, "assignee_id", ev->assignee_id);
}

static void print_chatwoot(struct str body, int status, struct sbuf *to)
{
	struct arena a AUTO(arena_release) = ARENA(MIB);
	struct chatwoot_event ev;
	enum chatwoot_reason reason;
	enum rc rc = chatwoot_event_decode(body, &a, &ev, NULL);
	(void)status; /* only answers have one */
	sbuf_printf(to, "%s\n", rc_name(rc));
	if (rc != RC_OK)
		return;
	sbuf_printf(to, "%s\n", chatwoot_event_kind_name(ev.kind));
	print_event(to, &ev);
	bool send = chatwoot_event_decide(&ev, &reason) == CHATWOOT_SEND;
	sbuf_printf(to, "%s: %s\n", send ? "send" : "ignore", chatwoot_event_reason_text(reason));
}

static void print_n8n(struct str body, int status, struct sbuf *to)
{
	struct arena a AUTO(arena_release) = ARENA(MIB);
	struct n8n_verdict v;
	const struct n8n_answer ans = {
		.rc = RC_OK,
		.status = status,
		.body = body,
		.retry_after_ms = -1,
		.tries = 1,
		.id = STR("0198c0de-0000-7000-8000-000000000001"),
		.idempotency_key = STR("key-1"),
	};
	MUST(n8n_judge(&ans, &a, &v, &t_err));
	sbuf_printf(to, "%s\n", n8n_class_name(v.cls));
	sbuf_printf(to, "  retry_ms %lld\n", (long long)v.retry_ms);
	line_text(to, "text", v.text);
	for (size_t i = 0; i < v.reply_count; i++)
		line_str(to, "reply", v.reply[i]);
	line_str(to, "actions", v.actions);
	if (v.wrong != NULL)
		line_text(to, "wrong", v.wrong);
}

static bool read_file(const char *path, struct sbuf *to)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return false;
	char *room = sbuf_room(to, FILE_MAX);
	ASSERT(room != NULL);
	sbuf_added(to, fread(room, 1, FILE_MAX, f));
	return fclose(f) == 0;
}

static void compare(const char *folder, const char *name, printer *print)
{
	char path[512];
	struct sbuf body AUTO(sbuf_release) = SBUF(PRINT_MAX);
	struct sbuf wanted AUTO(sbuf_release) = SBUF(PRINT_MAX);
	struct sbuf got AUTO(sbuf_release) = SBUF(PRINT_MAX);
	int64_t status = 0;
	(void)snprintf(path, sizeof path, "tests/golden/%s/%s", folder, name);
	CHECK(read_file(path, &body));
	if (!str_i64(str_sub(str_of(name), 0, 3), 100, 999, &status))
		status = 200;
	print(sbuf_view(&body), (int)status, &got);
	CHECK(sbuf_ok(&got));
	size_t stem = strlen(name) - strlen(".json");
	(void)snprintf(path, sizeof path, "tests/golden/%s/%.*s.expect", folder, (int)stem, name);
	if (getenv("GOLDEN_WRITE") != NULL) {
		FILE *f = fopen(path, "wb");
		ASSERT(f != NULL);
		CHECK(fwrite(got.p, 1, got.n, f) == got.n);
		CHECK(fclose(f) == 0);
		return;
	}
	CHECK(read_file(path, &wanted));
	CHECK_SPAN(path, sbuf_view(&got), sbuf_view(&wanted));
}

static void run_folder(const char *folder, int at_least, printer *print)
{
	char path[256];
	int count = 0;
	(void)snprintf(path, sizeof path, "tests/golden/%s", folder);
	DIR *d = opendir(path);
	CHECK(d != NULL);
	if (d == NULL)
		return;
	for (struct dirent *at = readdir(d); at != NULL; at = readdir(d)) {
		if (!str_ends(str_of(at->d_name), STR(".json")))
			continue;
		compare(folder, at->d_name, print);
		count++;
	}
	(void)closedir(d); /* read only */
	CHECK(count >= at_least);
}

TEST(meta_payloads_are_read_as_expected)
{
	run_folder("meta", 150, print_meta);
}

TEST(chatwoot_webhooks_are_read_as_expected)
{
	run_folder("chatwoot", 12, print_chatwoot);
}

TEST(n8n_answers_are_judged_as_expected)
{
	run_folder("n8n", 10, print_n8n);
}
