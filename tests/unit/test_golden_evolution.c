/* test_golden_evolution.c - webhooks of Evolution against expected text, byte for byte.
 *
 * As test_golden.c: tests/golden/evolution/NAME.json is decoded (with "messages-upsert" as the word of the
 * path), printed one field a line, and compared with NAME.expect. GOLDEN_WRITE=1 writes the expectations. */
#include <dirent.h>

#include "base/enc.h"
#include "base/sbuf.h"
#include "peer/evolution/evolution_hook.h"
#include "t.h"

#define FILE_MAX  (64 * KIB)
#define PRINT_MAX (256 * KIB)

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

static void line_i64(struct sbuf *to, const char *name, int64_t v)
{
	if (v != 0)
		sbuf_printf(to, "  %s %lld\n", name, (long long)v);
}

static void print_media(struct sbuf *to, const struct wa_media *f)
{
	char hex[65];
	line_str(to, "media.mime", f->mime);
	line_str(to, "media.filename", f->filename);
	enc_hex(f->sha256, sizeof f->sha256, hex);
	if (f->has_sha256)
		line_str(to, "media.sha256", str_of(hex));
	line_i64(to, "media.voice", f->voice);
	line_i64(to, "media.animated", f->animated);
	line_i64(to, "media.bytes", f->bytes);
	line_str(to, "media.inline", f->inline_base64);
}

static void print_message(struct sbuf *to, const struct wa_message *m)
{
	static const char *const acts[] = { NULL, "edit", "revoke", "reaction" };
	line_str(to, "id", m->id);
	line_str(to, "from", m->from);
	line_i64(to, "from_me", m->from_me);
	line_str(to, "to", m->to);
	line_str(to, "lid", m->lid);
	line_str(to, "to_lid", m->to_lid);
	line_str(to, "profile_name", m->profile_name);
	line_str(to, "group_id", m->group_id);
	line_i64(to, "timestamp_ms", m->timestamp_ms);
	line_str(to, "type", m->type);
	line_str(to, "text", m->text);
	line_str(to, "content", m->content);
	line_i64(to, "unsupported", m->unsupported);
	line_i64(to, "api_send", m->api_send);
	line_i64(to, "history", m->history);
	line_str(to, "context_id", m->context_id);
	line_str(to, "context_from", m->context_from);
	line_i64(to, "forwarded", m->forwarded);
	line_i64(to, "frequently_forwarded", m->frequently_forwarded);
	line_str(to, "referral", m->referral);
	line_str(to, "act", str_of(acts[m->act]));
	line_str(to, "target_id", m->target_id);
	line_str(to, "act_text", m->act_text);
	line_str(to, "act_content", m->act_content);
	if (m->rank != WA_RANK_NONE)
		line_str(to, "rank", str_of(wa_rank_name(m->rank)));
	if (m->media != NULL)
		print_media(to, m->media);
}

static void print_status(struct sbuf *to, const struct wa_status *s)
{
	line_str(to, "id", s->id);
	line_str(to, "word", s->word);
	line_str(to, "rank", str_of(wa_rank_name(s->rank)));
	line_i64(to, "failed", s->failed);
	line_i64(to, "known", s->known);
	line_i64(to, "timestamp_ms", s->timestamp_ms);
	line_str(to, "recipient_id", s->recipient_id);
	line_str(to, "recipient_type", s->recipient_type);
	line_str(to, "recipient_participant_id", s->recipient_participant_id);
	line_str(to, "error.title", s->error.title);
}

static void print_event(struct sbuf *to, const struct wa_event *ev, const struct wa_link *l)
{
	static const char *const gravities[] = { "note", "good", "warn", "alarm" };
	line_str(to, "event.word", ev->word);
	line_str(to, "event.gravity", str_of(gravities[ev->gravity]));
	line_str(to, "event.subject", ev->subject);
	line_str(to, "event.detail", ev->detail);
	if (l == NULL)
		return;
	line_i64(to, "link.reason", l->reason);
	line_str(to, "link.qr", l->qr);
	line_str(to, "link.picture", l->picture);
	line_str(to, "link.pairing", l->pairing);
	line_str(to, "link.number", l->number);
}

static void print(struct str body, struct sbuf *to)
{
	static const char *const kinds[] = { "message",    "status", "error", "change",
					     "unreadable", "person", "event" };
	struct arena a AUTO(arena_release) = ARENA(MIB);
	struct wa_batch b;
	enum rc rc = evolution_hook_decode(body, STR("messages-upsert"), &a, &b, NULL);
	sbuf_printf(to, "%s\n", rc_name(rc));
	if (rc != RC_OK)
		return;
	sbuf_printf(to, "instance \"%.*s\" items %zu unreadable %zu%s\n", STRF(b.instance), b.count,
		    b.unreadable, b.twin_bridge ? " twin" : "");
	for (size_t i = 0; i < b.count; i++) {
		const struct wa_item *item = &b.items[i];
		sbuf_printf(to, "%s\n", kinds[item->kind]);
		line_str(to, "field", item->field);
		line_str(to, "why", str_of(item->why));
		line_i64(to, "kept", item->kept);
		if (item->message != NULL)
			print_message(to, item->message);
		if (item->status != NULL)
			print_status(to, item->status);
		if (item->event != NULL)
			print_event(to, item->event, item->link);
		if (item->person != NULL) {
			line_str(to, "phone", item->person->phone);
			line_str(to, "lid", item->person->lid);
		}
		line_str(to, "raw", item->raw);
	}
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

static void compare(const char *name)
{
	char path[512];
	struct sbuf body AUTO(sbuf_release) = SBUF(PRINT_MAX);
	struct sbuf wanted AUTO(sbuf_release) = SBUF(PRINT_MAX);
	struct sbuf got AUTO(sbuf_release) = SBUF(PRINT_MAX);
	size_t stem = strlen(name) - strlen(".json");
	(void)snprintf(path, sizeof path, "tests/golden/evolution/%s", name);
	CHECK(read_file(path, &body));
	print(sbuf_view(&body), &got);
	CHECK(sbuf_ok(&got));
	(void)snprintf(path, sizeof path, "tests/golden/evolution/%.*s.expect", (int)stem, name);
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

TEST(webhooks_of_evolution_are_read_as_expected)
{
	int count = 0;
	DIR *d = opendir("tests/golden/evolution");
	CHECK(d != NULL);
	if (d == NULL)
		return;
	for (struct dirent *at = readdir(d); at != NULL; at = readdir(d)) {
		if (!str_ends(str_of(at->d_name), STR(".json")))
			continue;
		compare(at->d_name);
		count++;
	}
	(void)closedir(d); /* read only */
	CHECK(count >= 45);
}
