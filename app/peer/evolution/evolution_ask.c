/* evolution_ask.c - questions to Evolution and their answers. Promises: evolution_ask.h. No state; any thread. */
#include "peer/evolution/evolution_ask.h"

#include "base/clock.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "peer/evolution/evolution_hook.h"
#include "peer/evolution/evolution_id.h"
#include "peer/evolution/evolution_value.h"

/* ---- version and state ---- */

enum rc evolution_ask_version(int status, struct str body, char ret[EVOLUTION_VERSION_MAX],
			      struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct str version;
	if (status != 200 || json_parse(body, &root, NULL) != RC_OK)
		return FAIL(e, RC_INVALID, "there is no Evolution API at this address (%d)",
			    status);
	version = json_get_str(root, "version");
	if (version.n == 0 || !str_copy(version, ret, EVOLUTION_VERSION_MAX))
		return FAIL(e, RC_INVALID, "the server does not say a version of Evolution");
	return RC_OK;
}

static int64_t next_number(struct str *rest)
{
	size_t n = 0;
	int64_t v = -1;
	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	if (!str_i64(str_sub(*rest, 0, n), 0, 100000, &v))
		v = -1;
	*rest = str_sub(*rest, n, rest->n);
	return v;
}

bool evolution_ask_takes_key(struct str version)
{
	int64_t major = next_number(&version), minor;
	if (major < 0 || version.n == 0 || version.p[0] != '.')
		return false;
	version = str_sub(version, 1, version.n);
	minor = next_number(&version);
	return major > 2 || (major == 2 && minor >= 4);
}

/* What a status says before the body is read. */
static enum rc usable(int status, struct str body, struct err *e)
{
	if (status == 401 || status == 403)
		return FAIL(e, RC_REFUSED, "Evolution refuses the api_key of this channel");
	if (status == 404)
		return FAIL(e, RC_ABSENT, "Evolution does not know the instance of this channel");
	if (evolution_judge_licence(status, body))
		return FAIL(e, RC_CONFLICT, "Evolution wants its licence to be activated");
	if (status < 200 || status > 299)
		return FAIL(e, RC_RETRY, "Evolution answered %d", status);
	return RC_OK;
}

static struct str kept(struct arena *a, struct str s)
{
	return s.n > 0 ? arena_str(a, s) : STR_NONE;
}

enum rc evolution_ask_state(int status, struct str body, struct arena *a, struct str *ret_state,
			    struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct str state;
	TRY(usable(status, body, e));
	TRY(json_parse(body, &root, e));
	state = json_str(json_path(root, "instance.state"));
	if (state.n == 0)
		state = json_get_str(root, "state");
	if (state.n == 0) /* seen for an unknown instance */
		return FAIL(e, RC_ABSENT, "Evolution does not know the instance of this channel");
	*ret_state = kept(a, state);
	return RC_OK;
}

enum rc evolution_ask_qr(int status, struct str body, struct arena *a, struct wa_link *ret,
			 struct str *ret_state, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	const struct json *qr;
	TRY(usable(status, body, e));
	TRY(json_parse(body, &root, e));
	qr = json_get(root, "qrcode") != NULL ? json_get(root, "qrcode") : root;
	*ret = (struct wa_link){ .qr = kept(a, json_get_str(qr, "code")),
				 .picture = kept(a, json_get_str(qr, "base64")),
				 .pairing = kept(a, json_get_str(qr, "pairingCode")) };
	*ret_state = kept(a, json_str(json_path(root, "instance.state")));
	if (ret_state->p == NULL)
		*ret_state = ret->qr.p != NULL ? STR("connecting") : STR_NONE;
	if (ret_state->p == NULL)
		return FAIL(e, RC_RETRY, "Evolution gave neither a QR code nor a state");
	return RC_OK;
}

/* ---- webhook ---- */

enum rc evolution_ask_webhook(const struct evolution_webhook *h, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e)
{
	/* few on purpose: presence, chats and contacts are noise (3.8) */
	static const char *const events[] = {
		"MESSAGES_UPSERT", "MESSAGES_UPDATE", "MESSAGES_EDITED",
		"MESSAGES_DELETE", "SEND_MESSAGE",    "CONNECTION_UPDATE",
		"QRCODE_UPDATED",  "STATUS_INSTANCE", "LOGOUT_INSTANCE",
	};
	struct jsonw w;
	sbuf_reset(body);
	jsonw_init(&w, body);
	jsonw_object(&w);
	jsonw_kobject(&w, "webhook");
	jsonw_kbool(&w, "enabled", true);
	jsonw_kstr(&w, "url", h->url);
	jsonw_kbool(&w, "byEvents", false);
	jsonw_kbool(&w, "base64", h->base64);
	jsonw_kobject(&w, "headers");
	if (h->header_name.n > 0) {
		char *name = NULL;
		struct arena a AUTO(arena_release) = ARENA(4 * KIB);
		name = arena_dup(&a, h->header_name);
		if (name == NULL)
			return FAIL(e, RC_LIMIT, "the name of the webhook header is too long");
		jsonw_kstr(&w, name, h->header_value);
	}
	if (h->jwt_key.n > 0)
		jsonw_kstr(&w, "jwt_key", h->jwt_key);
	jsonw_end(&w);
	jsonw_karray(&w, "events");
	for (size_t i = 0; i < COUNT(events); i++)
		jsonw_text(&w, events[i]);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_end(&w);
	if (!sbuf_ok(body))
		return FAIL(e, RC_LIMIT, "the request is too long");
	*ret_call = (struct evolution_call){ "POST", "webhook/set" };
	return RC_OK;
}

/* ---- messages ---- */

enum rc evolution_ask_message(struct str address, struct str key, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e)
{
	char jid[WA_ADDRESS_MAX + 1];
	struct jsonw w;
	if (!evolution_number(address, jid))
		return FAIL(e, RC_INVALID, "the recipient is not an address that Evolution knows");
	sbuf_reset(body);
	jsonw_init(&w, body);
	jsonw_object(&w);
	jsonw_kobject(&w, "where");
	jsonw_kobject(&w, "key");
	if (key.n > 0)
		jsonw_kstr(&w, "id", key);
	else /* the chat may be kept under its LID: only who asks by key leaves the chat open */
		jsonw_ktext(&w, "remoteJid", jid);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_ki64(&w, "page", 1);
	jsonw_ki64(&w, "offset", EVOLUTION_PAGE);
	jsonw_end(&w);
	if (!sbuf_ok(body))
		return FAIL(e, RC_LIMIT, "the request is too long");
	*ret_call = (struct evolution_call){ "POST", "chat/findMessages" };
	return RC_OK;
}

enum rc evolution_ask_between(const struct evolution_between *b, struct evolution_call *ret_call,
			      struct sbuf *body, struct err *e)
{
	struct jsonw w;
	sbuf_reset(body);
	jsonw_init(&w, body);
	jsonw_object(&w);
	jsonw_kobject(&w, "where");
	jsonw_kobject(&w, "messageTimestamp");
	jsonw_ktime(&w, "gte", b->from_ms);
	jsonw_ktime(&w, "lte", b->to_ms);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_ki64(&w, "page", b->page);
	jsonw_ki64(&w, "offset", b->size);
	jsonw_end(&w);
	if (!sbuf_ok(body))
		return FAIL(e, RC_LIMIT, "the request is too long");
	*ret_call = (struct evolution_call){ "POST", "chat/findMessages" };
	return RC_OK;
}

const struct json *evolution_ask_records(const struct json *root)
{
	const struct json *list = json_path(root, "messages.records");
	if (json_kind(list) != JSON_ARRAY)
		list = json_get(root, "messages");
	if (json_kind(list) != JSON_ARRAY)
		list = root;
	return json_kind(list) == JSON_ARRAY ? list : NULL;
}

int64_t evolution_ask_pages(const struct json *root)
{
	return i64_max(1, json_get_i64_or(json_get(root, "messages"), "pages", 1));
}

/* The type and line that the decoder makes of a record are those of what was sent. */
static bool looks_like(const struct json *record, const struct evolution_wanted *w)
{
	struct arena a AUTO(arena_release) = ARENA(4 * MIB);
	struct sbuf body AUTO(sbuf_release) = SBUF(4 * MIB);
	struct sbuf one AUTO(sbuf_release) = SBUF(4 * MIB);
	struct wa_batch b;
	sbuf_text(&body, "{\"event\":\"messages.upsert\",\"data\":");
	json_print(record, &one);
	sbuf_str(&body, sbuf_view(&one));
	sbuf_char(&body, '}');
	if (!sbuf_ok(&body) || !sbuf_ok(&one) ||
	    evolution_hook_decode(sbuf_view(&body), STR_NONE, &a, &b, NULL) != RC_OK)
		return false;
	if (b.count != 1 || b.items[0].kind != WA_MESSAGE)
		return false;
	return str_eq(b.items[0].message->type, w->type) &&
	       str_eq(b.items[0].message->text, w->text);
}

bool evolution_ask_find(const struct json *records, const struct evolution_wanted *w,
			char ret_key[WA_ID_MAX + 1])
{
	bool found = false;
	/* newest first: the oldest that fits is the one that waited longest */
	for (const struct json *c = json_first(records); c != NULL; c = json_next(c)) {
		struct str key = json_str(json_path(c, "key.id"));
		int64_t at = evolution_time_ms(json_get(c, "messageTimestamp"));
		if (key.n == 0 || key.n > EVOLUTION_KEY_MAX ||
		    !json_get_bool(json_get(c, "key"), "fromMe", false))
			continue;
		if (w->key.n > 0 ? !str_eq(key, w->key)
				 : at < w->from_ms || !looks_like(c, w) || w->taken(w->arg, key))
			continue;
		found = str_copy(key, ret_key, WA_ID_MAX + 1) || found;
	}
	return found;
}

void evolution_ask_as_webhook(const struct json *records, struct str instance, struct sbuf *to)
{
	struct sbuf data AUTO(sbuf_release) = SBUF(to->max);
	struct jsonw w;
	json_print(records, &data);
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ktext(&w, "event", "messages.upsert");
	jsonw_kstr(&w, "instance", instance);
	jsonw_kbool(&w, "caught_up", true);
	jsonw_kraw(&w, "data", sbuf_view(&data));
	jsonw_end(&w);
	to->failed |= !sbuf_ok(&data);
}

enum rc evolution_ask_act_webhook(const struct evolution_target *t, struct str text, int64_t at_ms,
				  struct str instance, struct sbuf *to, struct err *e)
{
	char jid[WA_ADDRESS_MAX + 1];
	struct jsonw w;
	if (!evolution_number(t->address, jid))
		return FAIL(e, RC_INVALID, "the message has no address at the provider");
	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_ktext(&w, "event", "messages.edited");
	jsonw_kstr(&w, "instance", instance);
	jsonw_kobject(&w, "data");
	jsonw_kobject(&w, "key");
	jsonw_kstr(&w, "id", evolution_id_key(t->id));
	jsonw_ktext(&w, "remoteJid", jid);
	jsonw_kbool(&w, "fromMe", t->from_me);
	jsonw_end(&w);
	jsonw_kstr(&w, EVOLUTION_ACTED, t->user.n > 0 ? t->user : STR(""));
	jsonw_ktext(&w, "type", text.p != NULL ? "MESSAGE_EDIT" : "REVOKE");
	if (text.p != NULL) {
		jsonw_kobject(&w, "editedMessage");
		jsonw_kstr(&w, "conversation", text);
		jsonw_end(&w);
		jsonw_ki64(&w, "timestampMs", at_ms);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	if (!sbuf_ok(to))
		return FAIL(e, RC_LIMIT, "the text is too long");
	return RC_OK;
}

/* ---- files ---- */

enum rc evolution_ask_file(struct str stored_id, struct evolution_call *ret_call, struct sbuf *body,
			   struct err *e)
{
	struct str key = evolution_id_key(stored_id);
	struct jsonw w;
	if (key.n == 0)
		return FAIL(e, RC_INVALID, "the message has no id at Evolution");
	sbuf_reset(body);
	jsonw_init(&w, body);
	jsonw_object(&w);
	jsonw_kobject(&w, "message");
	jsonw_kobject(&w, "key");
	jsonw_kstr(&w, "id", key);
	jsonw_end(&w);
	jsonw_end(&w);
	jsonw_kbool(&w, "convertToMp4", false);
	jsonw_end(&w);
	if (!sbuf_ok(body))
		return FAIL(e, RC_LIMIT, "the request is too long");
	*ret_call = (struct evolution_call){ "POST", "chat/getBase64FromMediaMessage" };
	return RC_OK;
}

enum rc evolution_ask_file_read(int status, struct str body, struct arena *a,
				struct evolution_file_answer *ret, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct str base64;
	if (status == 400 || status == 404 || status == 422)
		return FAIL(e, RC_ABSENT, "Evolution does not have this file (any more)");
	TRY(usable(status, body, e));
	TRY(json_parse(body, &root, e));
	base64 = json_get_str(root, "base64");
	if (base64.n == 0)
		return FAIL(e, RC_ABSENT, "the answer of Evolution has no file");
	ret->base64 = arena_str(a, base64);
	ret->mime = kept(a, json_get_str(root, "mimetype"));
	ret->filename = kept(a, json_get_str(root, "fileName"));
	if (ret->base64.p == NULL)
		return FAIL(e, RC_LIMIT, "the file is larger than allowed");
	return RC_OK;
}
