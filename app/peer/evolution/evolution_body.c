/* evolution_body.c - the body of a WhatsApp message (Baileys' proto as JSON) in the words of the neutral model.
 *
 * Contract: chatwoot-n8n-evolution.md 3.6. Content has the shape that Meta's webhook has for the same type,
 * so that everything behind reads one form. What this version does not know becomes "unsupported" with the
 * name of its type; the whole of it stays in the stored delivery. No state; any thread. */
#include "base/enc.h"
#include "base/limits.h"
#include "peer/evolution/evolution_priv.h"
#include "peer/evolution/evolution_value.h"
#include "peer/wa/wa_line.h"

#define WRAPPERS_MAX 8 /* wrapper in wrapper; honest messages have two */

/* ---- out of the wrappers ---- */

/* Keys whose value is {"message":{...}}. */
static const char *const wrappers[] = {
	"ephemeralMessage",           "viewOnceMessage",
	"viewOnceMessageV2",          "viewOnceMessageV2Extension",
	"documentWithCaptionMessage", "editedMessage",
	"deviceSentMessage",          "groupMentionedMessage",
	"lottieStickerMessage",       "associatedChildMessage",
	"botInvokeMessage",           "statusMentionMessage",
};

static const struct json *inside(const struct json *body)
{
	for (size_t i = 0; i < COUNT(wrappers); i++) {
		const struct json *n = json_get(json_get(body, wrappers[i]), "message");
		if (json_kind(n) == JSON_OBJECT)
			return n;
	}
	return NULL;
}

const struct json *evolution_unwrap(const struct json *body)
{
	for (int depth = 0; depth < WRAPPERS_MAX; depth++) {
		const struct json *n = inside(body);
		if (n == NULL)
			return body;
		body = n;
	}
	return body;
}

/* ---- writing ---- */

static void write_field(struct evo *d, const struct json *n, const struct evo_field *f,
			struct jsonw *w)
{
	const struct json *v = json_path(n, f->from);
	int64_t whole;
	switch (f->form) {
	case F_TEXT:
		if (json_str(v).n > 0)
			jsonw_kstr(w, f->to, json_str(v));
		return;
	case F_BOOL:
		if (json_kind(v) == JSON_BOOL && json_get_bool(n, f->from, false))
			jsonw_kbool(w, f->to, true);
		return;
	case F_NUMBER:
		if (evolution_long(v, &whole)) {
			jsonw_ki64(w, f->to, whole);
		} else if (json_kind(v) == JSON_NUMBER) {
			sbuf_reset(&d->part);
			json_print(v, &d->part);
			d->full |= !sbuf_ok(&d->part);
			jsonw_kraw(w, f->to, sbuf_view(&d->part));
		}
		return;
	}
	BUG("not a form of a field");
}

static struct str take_scratch(struct evo *d)
{
	if (!sbuf_ok(&d->scratch)) {
		d->full = true;
		return STR_NONE;
	}
	return evolution_keep(d, sbuf_view(&d->scratch));
}

static void read_media(struct evo *d, const struct json *n, const struct json *body,
		       struct wa_message *m)
{
	struct wa_media *media = evolution_room(d, sizeof *media);
	struct str base64 = json_get_str(body, "base64");
	if (media == NULL)
		return;
	media->mime = evolution_word(d, n, "mimetype");
	media->filename = evolution_word(d, n, "fileName");
	media->has_sha256 =
		evolution_bytes(json_get(n, "fileSha256"), media->sha256, sizeof media->sha256);
	media->voice = json_get_bool(n, "ptt", false);
	media->animated =
		json_get_bool(n, "isAnimated", false) || json_get_bool(n, "gifPlayback", false);
	media->bytes = i64_max(0, evolution_long_or(json_get(n, "fileLength"), 0));
	if (base64.n > 0)
		media->inline_base64 = evolution_keep(d, base64);
	m->media = media;
}

/* The one line for people out of the content that was just written; its JSON is small. */
static struct str line_of(struct evo *d, const struct wa_message *m)
{
	struct json *content AUTO(json_freep) = NULL;
	if (d->full || json_parse(m->content, &content, NULL) != RC_OK)
		return STR("[message]"); /* ours and small: only without memory */
	sbuf_reset(&d->scratch);
	wa_line(&d->scratch, m->type, content);
	return take_scratch(d);
}

static void read_row(struct evo *d, const struct evo_row *row, const struct json *n,
		     const struct json *outer, struct wa_message *m)
{
	struct jsonw w;
	sbuf_reset(&d->scratch);
	jsonw_init(&w, &d->scratch);
	jsonw_object(&w);
	for (size_t i = 0; i < EVO_FIELDS_MAX && row->fields[i].from != NULL; i++)
		write_field(d, n, &row->fields[i], &w);
	if (row->extra != NULL)
		row->extra(d, n, m, &w);
	if (row->media && json_get_str(outer, "speechToText").n > 0)
		jsonw_kstr(&w, "transcript", json_get_str(outer, "speechToText"));
	jsonw_end(&w);
	m->type = str_of(row->type);
	m->content = take_scratch(d);
	m->text = line_of(d, m);
}

void evolution_reaction(struct evo *d, struct wa_message *m, struct str target, struct str emoji)
{
	struct jsonw w;
	sbuf_reset(&d->scratch);
	jsonw_init(&w, &d->scratch);
	jsonw_object(&w);
	evolution_set_reaction(d, m, target, emoji, &w);
	jsonw_end(&w);
	m->type = STR("reaction");
	m->content = take_scratch(d);
	m->text = line_of(d, m);
}

static void read_text(struct evo *d, struct str text, struct wa_message *m)
{
	m->type = STR("text");
	m->text = evolution_keep(d, text);
}

static void read_stranger(struct evo *d, struct str key, struct wa_message *m)
{
	struct jsonw w;
	sbuf_reset(&d->scratch);
	jsonw_init(&w, &d->scratch);
	jsonw_object(&w);
	jsonw_kstr(&w, "type", enc_utf8_cut(key, 64));
	jsonw_end(&w);
	m->type = STR("unsupported");
	m->unsupported = true;
	m->content = take_scratch(d);
	m->text = line_of(d, m);
}

enum evo_read evolution_body_read(struct evo *d, const struct json *body, struct wa_message *m,
				  const char **ret_why)
{
	const struct json *in = evolution_unwrap(body);
	const struct json *text = json_get(in, "conversation");
	if (json_kind(text) != JSON_TEXT)
		text = json_path(in, "extendedTextMessage.text");
	if (json_kind(text) == JSON_TEXT) {
		read_text(d, json_str(text), m);
		return EVO_MESSAGE;
	}
	if (json_kind(json_get(in, "protocolMessage")) == JSON_OBJECT)
		return evolution_protocol_read(d, json_get(in, "protocolMessage"), m, ret_why);
	for (size_t i = 0; evolution_row_at(i) != NULL; i++) {
		const struct evo_row *row = evolution_row_at(i);
		const struct json *n = json_get(in, row->key);
		if (json_kind(n) != JSON_OBJECT)
			continue;
		read_row(d, row, n, body, m);
		if (row->media) /* the base64 stands in the outermost body */
			read_media(d, n, json_get(body, "base64") != NULL ? body : in, m);
		return EVO_MESSAGE;
	}
	for (const struct json *c = json_first(in); c != NULL; c = json_next(c)) {
		if (evolution_is_beside(json_key(c)) || json_kind(c) == JSON_NULL)
			continue;
		read_stranger(d, json_key(c), m);
		return EVO_MESSAGE;
	}
	*ret_why = "a message without content";
	return EVO_KEPT;
}
