/* evolution_send.c - requests of Evolution API. Promises: evolution_send.h. No state; any thread. */
#include "peer/evolution/evolution_send.h"

#include "base/enc.h"
#include "base/url.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "peer/evolution/evolution_id.h"

#define BUTTONS_MAX 3 /* 3.2: more are not shown */

static enum rc number(struct jsonw *w, struct str address, struct err *e)
{
	char jid[WA_ADDRESS_MAX + 1];
	if (!evolution_number(address, jid))
		return FAIL(e, RC_INVALID, "the recipient is not an address that Evolution knows");
	jsonw_ktext(w, "number", jid);
	return RC_OK;
}

static enum rc key_members(struct jsonw *w, const struct evolution_target *t, struct err *e)
{
	char jid[WA_ADDRESS_MAX + 1];
	struct str key = evolution_id_key(t->id);
	if (key.n == 0 || !evolution_number(t->address, jid))
		return FAIL(e, RC_INVALID, "the message has no id or address at the provider");
	jsonw_kstr(w, "id", key);
	jsonw_ktext(w, "remoteJid", jid);
	jsonw_kbool(w, "fromMe", t->from_me);
	if (evolution_number(t->author, jid) && str_ends(t->address, STR("@g.us")))
		jsonw_ktext(w, "participant", jid);
	return RC_OK;
}

static enum rc key_object(struct jsonw *w, const struct evolution_target *t, struct err *e)
{
	jsonw_kobject(w, "key");
	TRY(key_members(w, t, e));
	jsonw_end(w);
	return RC_OK;
}

static enum rc finish(struct jsonw *w, struct err *e)
{
	jsonw_end(w);
	if (!sbuf_ok(w->to))
		return FAIL(e, RC_LIMIT, "the request is too long");
	return RC_OK;
}

/* ---- one function per kind of message ---- */

typedef enum rc write_fn(const struct evolution_message *m, struct jsonw *w, struct err *e);

static enum rc write_text(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	(void)e;
	jsonw_kstr(w, "text", json_get_str(m->content, "body"));
	jsonw_kbool(w, "linkPreview", json_get_bool(m->content, "preview_url", true));
	return RC_OK;
}

static enum rc file_member(const struct evolution_message *m, const char *key, struct jsonw *w,
			   struct err *e)
{
	const struct evolution_file *f = m->file;
	if (f == NULL || (f->base64.n == 0 && f->url.n == 0))
		return FAIL(e, RC_INVALID, "the file is not there");
	jsonw_kstr(w, key, f->base64.n > 0 ? f->base64 : f->url);
	return RC_OK;
}

static enum rc write_media(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	struct str caption = json_get_str(m->content, "caption");
	struct str filename = json_get_str(m->content, "filename");
	jsonw_kstr(w, "mediatype", m->type);
	TRY(file_member(m, "media", w, e));
	if (m->file->mime.n > 0)
		jsonw_kstr(w, "mimetype", m->file->mime);
	if (filename.n == 0)
		filename = m->file->filename;
	if (filename.n > 0)
		jsonw_kstr(w, "fileName", filename);
	if (caption.n > 0)
		jsonw_kstr(w, "caption", caption);
	return RC_OK;
}

static enum rc write_voice(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	return file_member(m, "audio", w, e);
}

static enum rc write_sticker(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	return file_member(m, "sticker", w, e);
}

/* A number as it was written: -23.55 stays -23.55. */
static void raw_number(struct jsonw *w, const char *key, const struct json *n)
{
	struct sbuf text AUTO(sbuf_release) = SBUF(64);
	json_print(n, &text);
	jsonw_kraw(w, key, sbuf_view(&text));
}

static enum rc write_location(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	struct str name = json_get_str(m->content, "name");
	struct str address = json_get_str(m->content, "address");
	(void)e;
	/* its schema wants both, and not empty */
	if (name.n == 0)
		name = address.n > 0 ? address : STR("-");
	if (address.n == 0)
		address = name;
	raw_number(w, "latitude", json_get(m->content, "latitude"));
	raw_number(w, "longitude", json_get(m->content, "longitude"));
	jsonw_kstr(w, "name", name);
	jsonw_kstr(w, "address", address);
	return RC_OK;
}

static void write_if(struct jsonw *w, const char *key, struct str v)
{
	if (v.n > 0)
		jsonw_kstr(w, key, v);
}

static enum rc write_contacts(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	const struct json *list =
		json_kind(m->content) == JSON_ARRAY ? m->content : json_get(m->content, "contacts");
	jsonw_karray(w, "contact");
	for (const struct json *c = json_first(list); c != NULL; c = json_next(c)) {
		struct str phone = json_str(json_path(c, "phones.0.phone"));
		struct str id = json_str(json_path(c, "phones.0.wa_id"));
		if (phone.n == 0 && id.n == 0)
			return FAIL(e, RC_INVALID, "Evolution sends only contacts with a phone.");
		jsonw_object(w);
		jsonw_kstr(w, "fullName", json_str(json_path(c, "name.formatted_name")));
		jsonw_kstr(w, "phoneNumber", phone.n > 0 ? phone : id);
		write_if(w, "wuid", id);
		write_if(w, "organization", json_str(json_path(c, "org.company")));
		write_if(w, "email", json_str(json_path(c, "emails.0.email")));
		write_if(w, "url", json_str(json_path(c, "urls.0.url")));
		jsonw_end(w);
	}
	jsonw_end(w);
	return RC_OK;
}

static enum rc write_poll(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	int64_t count = json_get_i64_or(m->content, "selectable_count", 1);
	(void)e;
	jsonw_kstr(w, "name", json_get_str(m->content, "name"));
	jsonw_ki64(w, "selectableCount", count);
	jsonw_karray(w, "values");
	for (const struct json *c = json_first(json_get(m->content, "options")); c != NULL;
	     c = json_next(c))
		jsonw_str(w, json_get_str(c, "title"));
	jsonw_end(w);
	return RC_OK;
}

static enum rc write_reaction(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	if (m->quoted == NULL)
		return FAIL(e, RC_INVALID, "the message that is reacted to is not known here");
	TRY(key_object(w, m->quoted, e));
	jsonw_kstr(w, "reaction",
		   json_get_str(m->content, "emoji").p != NULL ? json_get_str(m->content, "emoji")
							       : STR(""));
	return RC_OK;
}

static struct str header_text(const struct json *content)
{
	return json_str(json_path(content, "header.text"));
}

static enum rc write_buttons(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	const struct json *list = json_path(m->content, "action.buttons");
	struct str title = header_text(m->content);
	struct str body = json_str(json_path(m->content, "body.text"));
	int n = 0;
	(void)e;
	jsonw_kstr(w, "title", title.n > 0 ? title : body);
	if (title.n > 0)
		jsonw_kstr(w, "description", body);
	write_if(w, "footer", json_str(json_path(m->content, "footer.text")));
	jsonw_karray(w, "buttons");
	for (const struct json *c = json_first(list); c != NULL && n < BUTTONS_MAX;
	     c = json_next(c), n++) {
		jsonw_object(w);
		jsonw_ktext(w, "type", "reply");
		jsonw_kstr(w, "displayText", json_str(json_path(c, "reply.title")));
		jsonw_kstr(w, "id", json_str(json_path(c, "reply.id")));
		jsonw_end(w);
	}
	jsonw_end(w);
	return RC_OK;
}

static enum rc write_url(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	struct str title = header_text(m->content);
	struct str body = json_str(json_path(m->content, "body.text"));
	(void)e;
	jsonw_kstr(w, "title", title.n > 0 ? title : body);
	if (title.n > 0)
		jsonw_kstr(w, "description", body);
	write_if(w, "footer", json_str(json_path(m->content, "footer.text")));
	jsonw_karray(w, "buttons");
	jsonw_object(w);
	jsonw_ktext(w, "type", "url");
	jsonw_kstr(w, "displayText",
		   json_str(json_path(m->content, "action.parameters.display_text")));
	jsonw_kstr(w, "url", json_str(json_path(m->content, "action.parameters.url")));
	jsonw_end(w);
	jsonw_end(w);
	return RC_OK;
}

static enum rc write_list(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	struct str title = header_text(m->content);
	struct str body = json_str(json_path(m->content, "body.text"));
	struct str footer = json_str(json_path(m->content, "footer.text"));
	(void)e;
	jsonw_kstr(w, "title", title.n > 0 ? title : body);
	jsonw_kstr(w, "description", body);
	jsonw_kstr(w, "footerText", footer.n > 0 ? footer : STR("")); /* its schema wants it */
	jsonw_kstr(w, "buttonText", json_str(json_path(m->content, "action.button")));
	jsonw_karray(w, "sections");
	for (const struct json *s = json_first(json_path(m->content, "action.sections")); s != NULL;
	     s = json_next(s)) {
		jsonw_object(w);
		jsonw_kstr(w, "title",
			   json_get_str(s, "title").n > 0 ? json_get_str(s, "title")
			   : title.n > 0                  ? title
							  : body);
		jsonw_karray(w, "rows");
		for (const struct json *r = json_first(json_get(s, "rows")); r != NULL;
		     r = json_next(r)) {
			struct str words = json_get_str(r, "description");
			jsonw_object(w);
			jsonw_kstr(w, "title", json_get_str(r, "title"));
			jsonw_kstr(w, "description", words.n > 0 ? words : STR(""));
			jsonw_kstr(w, "rowId", json_get_str(r, "id"));
			jsonw_end(w);
		}
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
	return RC_OK;
}

/* ---- the table ---- */

static const struct kind {
	const char *type;
	const char *sub; /* interactive: its type; audio: "voice" */
	const char *path;
	write_fn *write;
} kinds[] = {
	{ "text", NULL, "message/sendText", write_text },
	{ "image", NULL, "message/sendMedia", write_media },
	{ "video", NULL, "message/sendMedia", write_media },
	{ "document", NULL, "message/sendMedia", write_media },
	{ "audio", "voice", "message/sendWhatsAppAudio", write_voice },
	{ "audio", NULL, "message/sendMedia", write_media },
	{ "sticker", NULL, "message/sendSticker", write_sticker },
	{ "location", NULL, "message/sendLocation", write_location },
	{ "contacts", NULL, "message/sendContact", write_contacts },
	{ "reaction", NULL, "message/sendReaction", write_reaction },
	{ "poll", NULL, "message/sendPoll", write_poll },
	{ "interactive", "button", "message/sendButtons", write_buttons },
	{ "interactive", "cta_url", "message/sendButtons", write_url },
	{ "interactive", "list", "message/sendList", write_list },
};

static const struct kind *find_kind(struct str type, const struct json *content)
{
	struct str sub = str_eqc(type, "interactive") ? json_get_str(content, "type") : STR_NONE;
	if (str_eqc(type, "audio") && json_get_bool(content, "voice", false))
		sub = STR("voice");
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (str_eqc(type, kinds[i].type) &&
		    (kinds[i].sub == NULL || str_eqc(sub, kinds[i].sub)))
			return &kinds[i];
	return NULL;
}

const char *evolution_send_cannot(struct str type, const struct json *content)
{
	if (str_eqc(type, "template"))
		return "This number is not on the Cloud API: it has no templates and needs none.";
	if (find_kind(type, content) == NULL)
		return "Evolution API cannot send this kind of message.";
	if (json_get_str(json_get(content, "header"), "type").n > 0 &&
	    !str_eqc(json_get_str(json_get(content, "header"), "type"), "text"))
		return "Evolution API cannot put a file into the header of an interactive message.";
	if (json_get_str(content, "link").n > 0 || json_get_str(content, "id").n > 0)
		return "Files for Evolution API are named by media_id.";
	return NULL;
}

static enum rc write_quoted(const struct evolution_message *m, struct jsonw *w, struct err *e)
{
	jsonw_kobject(w, "quoted");
	TRY(key_object(w, m->quoted, e));
	if (m->quoted->text.n > 0) { /* shown when Evolution does not know the message */
		jsonw_kobject(w, "message");
		jsonw_kstr(w, "conversation", m->quoted->text);
		jsonw_end(w);
	}
	jsonw_end(w);
	return RC_OK;
}

enum rc evolution_send_message(const struct evolution_message *m, struct evolution_call *ret_call,
			       struct sbuf *body, struct err *e)
{
	const struct kind *k = find_kind(m->type, m->content);
	bool reaction = str_eqc(m->type, "reaction");
	struct jsonw w;
	if (k == NULL)
		return FAIL(e, RC_INVALID, "Evolution API cannot send this kind of message.");
	sbuf_reset(body);
	jsonw_init(&w, body);
	jsonw_object(&w);
	if (!reaction) /* its key names the chat */
		TRY(number(&w, m->to, e));
	TRY(k->write(m, &w, e));
	if (m->quoted != NULL && !reaction)
		TRY(write_quoted(m, &w, e));
	if (m->own_key.n > 0)
		jsonw_kstr(&w, "messageId", m->own_key);
	TRY(finish(&w, e));
	*ret_call = (struct evolution_call){ "POST", k->path };
	return RC_OK;
}

/* ---- beside messages ---- */

enum rc evolution_send_read(const struct evolution_target *t, struct evolution_call *ret_call,
			    struct sbuf *body, struct err *e)
{
	struct jsonw w;
	sbuf_reset(body);
	jsonw_init(&w, body);
	jsonw_object(&w);
	jsonw_karray(&w, "readMessages");
	jsonw_object(&w);
	TRY(key_members(&w, t, e));
	jsonw_end(&w);
	jsonw_end(&w);
	TRY(finish(&w, e));
	*ret_call = (struct evolution_call){ "POST", "chat/markMessageAsRead" };
	return RC_OK;
}

enum rc evolution_send_typing(struct str address, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e)
{
	struct jsonw w;
	sbuf_reset(body);
	jsonw_init(&w, body);
	jsonw_object(&w);
	TRY(number(&w, address, e));
	jsonw_ktext(&w, "presence", "composing");
	jsonw_ki64(&w, "delay", EVOLUTION_TYPING_MS);
	TRY(finish(&w, e));
	*ret_call = (struct evolution_call){ "POST", "chat/sendPresence" };
	return RC_OK;
}

enum rc evolution_send_edit(const struct evolution_target *t, struct str text,
			    struct evolution_call *ret_call, struct sbuf *body, struct err *e)
{
	struct jsonw w;
	sbuf_reset(body);
	jsonw_init(&w, body);
	jsonw_object(&w);
	TRY(number(&w, t->address, e));
	jsonw_kstr(&w, "text", text);
	TRY(key_object(&w, t, e));
	TRY(finish(&w, e));
	*ret_call = (struct evolution_call){ "POST", "chat/updateMessage" };
	return RC_OK;
}

enum rc evolution_send_revoke(const struct evolution_target *t, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e)
{
	struct jsonw w;
	sbuf_reset(body);
	jsonw_init(&w, body);
	jsonw_object(&w);
	TRY(key_members(&w, t, e));
	TRY(finish(&w, e));
	*ret_call = (struct evolution_call){ "DELETE", "chat/deleteMessageForEveryone" };
	return RC_OK;
}

enum rc evolution_send_url(struct str base, const char *path, struct str instance, struct sbuf *to,
			   struct err *e)
{
	struct str clean;
	if (!url_base_ok(base, &clean))
		return FAIL(e, RC_INVALID, "base_url is not a plain http(s) address");
	sbuf_reset(to);
	sbuf_str(to, clean);
	sbuf_char(to, '/');
	sbuf_text(to, path);
	if (instance.n > 0) {
		sbuf_char(to, '/');
		enc_percent(to, instance);
	}
	if (!sbuf_ok(to))
		return FAIL(e, RC_LIMIT, "the address is too long");
	return RC_OK;
}
