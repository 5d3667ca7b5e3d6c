/* chatwoot_say.c - see chatwoot_say.h: text, files, places, people. Templates and choices: chatwoot_choice.c. */
#include "peer/chatwoot/chatwoot_say.h"

#include "base/enc.h"
#include "base/limits.h"
#include "base/url.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "peer/chatwoot/chatwoot_choice.h"
#include "peer/wa/markup.h"
#include "peer/wa/wa_content.h"

#define CAPTION_MAX 1024u /* wa_content.def */
#define NAME_MAX_   240u
#define TEXT_BYTES  (1 * MIB)

/* ---- attachments ---- */

static enum chatwoot_attached kind_of(const struct json *n)
{
	struct str type = json_get_str(n, "file_type");

	if (str_eqc(type, "location"))
		return CHATWOOT_ATTACHED_PLACE;
	if (str_eqc(type, "contact"))
		return CHATWOOT_ATTACHED_PERSON;
	return json_get_str(n, "data_url").n > 0 ? CHATWOOT_ATTACHED_FILE
						 : CHATWOOT_ATTACHED_NOTHING;
}

/* The last part of the address: "https://x/rails/.../a%20b.png?x=1" is "a b.png". */
static struct str name_of(struct str url, struct arena *a)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	ptrdiff_t end = str_chr(url, '?'), slash;
	struct str path = end >= 0 ? str_sub(url, 0, (size_t)end) : url;

	while ((slash = str_chr(path, '/')) >= 0)
		path = str_sub(path, (size_t)slash + 1, SIZE_MAX);
	if (!enc_unpercent(&b, path, false) || !enc_utf8_ok(sbuf_view(&b)))
		return STR_NONE;
	return arena_str(a, enc_utf8_cut(sbuf_view(&b), NAME_MAX_));
}

static bool recorded(const struct json *n)
{
	const struct json *meta = json_get(n, "meta");

	return json_get_bool(n, "is_recorded_audio", false) ||
	       json_get_bool(n, "is_voice_message", false) ||
	       json_get_bool(meta, "is_recorded_audio", false) ||
	       json_get_bool(meta, "is_voice_message", false);
}

static void read_one(const struct json *n, struct arena *a, struct chatwoot_attachment *to)
{
	const struct json *meta = json_get(n, "meta");

	*to = (struct chatwoot_attachment){ .what = kind_of(n) };
	to->title = arena_str(a, json_get_str(n, "fallback_title"));
	to->url = arena_str(a, json_get_str(n, "data_url"));
	to->mime = arena_str(a, json_get_str(n, "content_type"));
	to->bytes = i64_max(json_get_i64_or(n, "file_size", 0), 0);
	to->name = name_of(to->url, a);
	to->recorded = recorded(n);
	to->first = arena_str(a, json_get_str(meta, "firstName"));
	to->last = arena_str(a, json_get_str(meta, "lastName"));
	if (!json_double(json_get(n, "coordinates_lat"), &to->latitude) ||
	    !json_double(json_get(n, "coordinates_long"), &to->longitude))
		to->latitude = to->longitude = 1e9; /* refused by the content's check */
}

static enum rc read_list(struct str attachments, struct arena *a, struct chatwoot_attachments *ret,
			 struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;

	if (attachments.n == 0)
		return RC_OK;
	TRY(json_parse(attachments, &root, e));
	if (json_count(root) > CHATWOOT_FILES_MAX)
		return FAIL(e, RC_INVALID, "more than %d attachments in one message",
			    CHATWOOT_FILES_MAX);
	for (const struct json *n = json_first(root); n != NULL; n = json_next(n)) {
		struct chatwoot_attachment *to = &ret->items[ret->count++];

		read_one(n, a, to);
		if (to->url.p == NULL || to->mime.p == NULL || to->title.p == NULL)
			return FAIL(e, RC_LIMIT, "no room for attachments");
		ret->files += to->what == CHATWOOT_ATTACHED_FILE;
	}
	return RC_OK;
}

/* A template's header is fetched like a file that was attached: WhatsApp does not reach what only this network sees. */
static enum rc read_header(struct str template_params, struct arena *a,
			   struct chatwoot_attachments *ret, struct err *e)
{
	AUTO(json_freep) struct json *root = NULL;
	const struct json *header;
	struct str url, name;

	if (template_params.n == 0)
		return RC_OK;
	TRY(json_parse(template_params, &root, e));
	header = json_path(root, "processed_params.header");
	url = str_trim(json_get_str(header, "media_url"));
	name = json_get_str(header, "media_name");
	if (url.n > 0) {
		struct chatwoot_attachment to = { .what = CHATWOOT_ATTACHED_FILE,
						  .url = arena_str(a, url),
						  .typed = true };

		if (ret->count == COUNT(ret->items))
			return FAIL(e, RC_INVALID, "more than %d attachments in one message",
				    CHATWOOT_FILES_MAX);
		to.name = name.n > 0 ? arena_str(a, enc_utf8_cut(name, NAME_MAX_))
				     : name_of(to.url, a);
		if (to.url.p == NULL)
			return FAIL(e, RC_LIMIT, "no room for attachments");
		ret->items[ret->count++] = to;
		ret->files++;
	}
	return ret->files > 1 ? FAIL(e, RC_INVALID, "a template has at most one file") : RC_OK;
}

enum rc chatwoot_say_attachments(const struct chatwoot_event *ev, struct arena *a,
				 struct chatwoot_attachments *ret, struct err *e)
{
	ret->count = ret->files = 0;
	TRY(read_list(ev->attachments, a, ret, e));
	return read_header(ev->template_params, a, ret, e);
}

/* ---- addresses ---- */

static struct str after_scheme(struct str url)
{
	if (str_starts(url, STR("https://")))
		return str_sub(url, 8, SIZE_MAX);
	return str_starts(url, STR("http://")) ? str_sub(url, 7, SIZE_MAX) : STR_NONE;
}

struct str chatwoot_say_host(struct str url)
{
	struct str rest = after_scheme(url);
	size_t n = 0;

	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#')
		n++;
	rest = str_sub(rest, 0, n);
	if (str_chr(rest, '@') >= 0)
		return STR_NONE;
	if (rest.n > 0 && rest.p[0] == '[')
		return str_sub(rest, 0, (size_t)(str_chr(rest, ']') + 1));
	if (str_chr(rest, ':') >= 0)
		rest = str_sub(rest, 0, (size_t)str_chr(rest, ':'));
	return str_ieq(rest, STR("http")) || str_ieq(rest, STR("https")) ? STR_NONE : rest;
}

static int64_t port_of(struct str url, struct str host)
{
	size_t at = (size_t)(host.p - url.p) + host.n, end = at + 1;
	int64_t port = str_starts(url, STR("https://")) ? 443 : 80;

	if (at >= url.n || url.p[at] != ':')
		return port;
	while (end < url.n && url.p[end] >= '0' && url.p[end] <= '9')
		end++;
	return str_i64(str_sub(url, at + 1, end - at - 1), 1, 65535, &port) ? port : -1;
}

bool chatwoot_say_same_door(struct str url, struct str other)
{
	struct str a = chatwoot_say_host(url), b = chatwoot_say_host(other);

	return a.n > 0 && str_ieq(a, b) && port_of(url, a) > 0 &&
	       port_of(url, a) == port_of(other, b) &&
	       str_starts(url, STR("https://")) == str_starts(other, STR("https://"));
}

enum rc chatwoot_say_rehost(struct str url, struct str base, struct sbuf *to, struct err *e)
{
	struct str rest = after_scheme(url), clean;
	ptrdiff_t at = str_find(rest, STR("/rails/"));

	if (at < 0)
		at = str_chr(rest, '/');
	if (at < 0 || !url_base_ok(base, &clean))
		return FAIL(e, RC_INVALID, "the address of the file has no path");
	sbuf_str(to, clean);
	sbuf_str(to, str_sub(rest, (size_t)at, SIZE_MAX));
	return sbuf_ok(to) ? RC_OK : FAIL(e, RC_INVALID, "the address of the file is too long");
}

/* ---- parts ---- */

struct making {
	const struct chatwoot_saying *s;
	struct arena *a;
	struct chatwoot_parts *to;
	struct sbuf text; /* the whole text, in WhatsApp's marks */
};

enum rc chatwoot_part_add(struct chatwoot_parts *to, const char *type, struct str text,
			  struct str content_json, struct err *e)
{
	if (to->count == COUNT(to->items))
		return FAIL(e, RC_INVALID, "this would be more than %d messages at WhatsApp",
			    CHATWOOT_PARTS_MAX);
	to->items[to->count++] = (struct chatwoot_part){ type, text, content_json };
	return RC_OK;
}

static enum rc add_text(struct making *m, struct err *e)
{
	struct str rest = str_trim(sbuf_view(&m->text)), piece;

	while (wa_content_cut(&rest, &piece)) {
		struct str part = arena_str(m->a, piece);

		if (part.p == NULL)
			return FAIL(e, RC_LIMIT, "no room for a text");
		TRY(chatwoot_part_add(m->to, "text", part, STR_NONE, e));
	}
	return RC_OK;
}

static enum rc add_json(struct making *m, const char *type, struct sbuf *b, struct err *e)
{
	struct str json = arena_str(m->a, sbuf_view(b));

	if (!sbuf_ok(b) || json.p == NULL)
		return FAIL(e, RC_LIMIT, "no room for a message");
	return chatwoot_part_add(m->to, type, STR_NONE, json, e);
}

/* What was recorded becomes a voice note when it is what WhatsApp plays as one (Ogg with Opus). */
static const char *type_of(const struct chatwoot_file *f, bool *ret_voice)
{
	const struct media_facts facts = { f->mime, f->traits, f->bytes };
	struct err why = { 0 };

	*ret_voice = media_kind_check(STR("voice"), &facts, &why) == RC_OK;
	return media_kind_for(&facts);
}

static bool has_caption(const char *type)
{
	return strcmp(type, "image") == 0 || strcmp(type, "video") == 0 ||
	       strcmp(type, "document") == 0;
}

static enum rc add_file(struct making *m, const struct chatwoot_file *f, bool was_recorded,
			struct str caption, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(16 * KIB);
	bool voice;
	const char *type = type_of(f, &voice);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_kstr(&w, "media_id", f->media_id);
	if (strcmp(type, "audio") == 0 && voice && was_recorded)
		jsonw_kbool(&w, "voice", true);
	if (caption.n > 0)
		jsonw_kstr(&w, "caption", caption);
	if (strcmp(type, "document") == 0 && f->name.n > 0)
		jsonw_kstr(&w, "filename", f->name);
	jsonw_end(&w);
	return add_json(m, type, &b, e);
}

static enum rc add_place(struct making *m, const struct chatwoot_attachment *p, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(16 * KIB);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "latitude");
	jsonw_double(&w, p->latitude);
	jsonw_key(&w, "longitude");
	jsonw_double(&w, p->longitude);
	if (p->title.n > 0)
		jsonw_kstr(&w, "name", enc_utf8_cut(p->title, 1000));
	jsonw_end(&w);
	return add_json(m, "location", &b, e);
}

/* fallback_title is the phone (1.7). */
static enum rc add_person(struct making *m, const struct chatwoot_attachment *p, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(16 * KIB);
	AUTO(sbuf_release) struct sbuf name = SBUF(4 * KIB);
	struct jsonw w;

	sbuf_str(&name, enc_utf8_cut(p->first, 120));
	sbuf_text(&name, p->first.n > 0 && p->last.n > 0 ? " " : "");
	sbuf_str(&name, enc_utf8_cut(p->last, 120));
	jsonw_init(&w, &b);
	jsonw_array(&w);
	jsonw_object(&w);
	jsonw_kobject(&w, "name");
	jsonw_kstr(&w, "formatted_name", name.n > 0 ? sbuf_view(&name) : p->title);
	if (p->first.n > 0)
		jsonw_kstr(&w, "first_name", enc_utf8_cut(p->first, 120));
	if (p->last.n > 0)
		jsonw_kstr(&w, "last_name", enc_utf8_cut(p->last, 120));
	jsonw_end(&w);
	if (p->title.n > 0) {
		jsonw_karray(&w, "phones");
		jsonw_object(&w);
		jsonw_kstr(&w, "phone", enc_utf8_cut(p->title, 60));
		jsonw_end(&w);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	return add_json(m, "contacts", &b, e);
}

/* The text is a caption when what comes first is a file that can bear it. */
static bool is_caption(const struct making *m)
{
	const struct chatwoot_saying *s = m->s;
	bool voice;

	return s->attached->count > 0 && s->attached->items[0].what == CHATWOOT_ATTACHED_FILE &&
	       has_caption(type_of(&s->files[0], &voice)) &&
	       enc_utf8_count(sbuf_view(&m->text)) <= CAPTION_MAX;
}

static enum rc add_attached(struct making *m, struct str caption, struct err *e)
{
	const struct chatwoot_saying *s = m->s;
	size_t file = 0;

	for (size_t i = 0; i < s->attached->count; i++) {
		const struct chatwoot_attachment *p = &s->attached->items[i];

		switch (p->what) {
		case CHATWOOT_ATTACHED_FILE:
			TRY(add_file(m, &s->files[file++], p->recorded, i == 0 ? caption : STR_NONE,
				     e));
			break;
		case CHATWOOT_ATTACHED_PLACE:
			TRY(add_place(m, p, e));
			break;
		case CHATWOOT_ATTACHED_PERSON:
			TRY(add_person(m, p, e));
			break;
		case CHATWOOT_ATTACHED_NOTHING:
			if (p->title.n > 0)
				TRY(chatwoot_part_add(m->to, "text",
						      enc_utf8_cut(p->title, WA_TEXT_MAX), STR_NONE,
						      e));
			break;
		}
	}
	return RC_OK;
}

/* "*Ana:*" above what Ana wrote; a name that holds marks would look odd, but does no harm. */
static void write_text(struct making *m)
{
	struct str body = str_trim(m->s->ev->content);

	if (m->s->signature.n > 0 && (body.n > 0 || m->s->attached->count == 0)) {
		sbuf_char(&m->text, '*');
		sbuf_str(&m->text, str_trim(enc_utf8_cut(m->s->signature, 60)));
		sbuf_text(&m->text, ":*\n");
	}
	markup_to_whatsapp(body, &m->text);
}

static enum rc add_template(struct making *m, struct err *e)
{
	const struct chatwoot_saying *s = m->s;
	struct chatwoot_header h = { .file = NULL };
	bool voice;

	if (s->attached->files > 0)
		h = (struct chatwoot_header){ &s->files[0], type_of(&s->files[0], &voice) };
	return chatwoot_choice_template(s->ev->template_params, &h, m->a, m->to, e);
}

static enum rc say(struct making *m, struct err *e)
{
	const struct chatwoot_event *ev = m->s->ev;
	bool caption;

	if (ev->template_params.n > 0)
		return add_template(m, e);
	write_text(m);
	if (!sbuf_ok(&m->text))
		return FAIL(e, RC_INVALID, "the text is too long for WhatsApp");
	if (ev->items.n > 0 && m->s->attached->count == 0) {
		TRY(chatwoot_choice(ev, str_trim(sbuf_view(&m->text)), m->a, m->to, e));
		if (m->to->count > 0)
			return RC_OK;
	}
	caption = is_caption(m);
	if (!caption)
		TRY(add_text(m, e));
	return add_attached(m, caption ? str_trim(sbuf_view(&m->text)) : STR_NONE, e);
}

enum rc chatwoot_say(const struct chatwoot_saying *s, struct arena *a, struct chatwoot_parts *ret,
		     struct err *e)
{
	struct making m = { .s = s, .a = a, .to = ret, .text = SBUF(TEXT_BYTES) };
	enum rc rc;

	ret->count = 0;
	rc = say(&m, e);
	sbuf_release(&m.text);
	if (rc == RC_OK && ret->count == 0)
		return FAIL(e, RC_INVALID, "there is nothing in it that WhatsApp could show");
	return rc;
}
