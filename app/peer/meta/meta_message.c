/* meta_message.c - one message of Meta: a customer's, an echo of the phone app, or a piece of its history
 * (meta-cloud-api.md 1.7, 2.1 to 2.3). Promises: meta_hook_priv.h, wa.h; content: README.md of this folder. */
#include "base/enc.h"
#include "base/limits.h"
#include "base/reason.h"
#include "io/jsonw.h"
#include "peer/meta/meta_hook_priv.h"
#include "peer/wa/wa_line.h"

/* ---- who ---- */

/* What contacts[] knows about an address; NULL: nothing. `sure`: it was found by the address itself. */
static const struct meta_contact *contact_of(const struct meta_decode *d, struct str phone,
					     struct str user, bool *ret_sure)
{
	const struct meta_contact *c = meta_contacts_find(&d->contacts, phone);
	if (c == NULL)
		c = meta_contacts_find(&d->contacts, user);
	*ret_sure = c != NULL || (phone.n == 0 && user.n == 0);
	if (c == NULL && d->alone)
		c = &d->contacts.rows[0];
	return c;
}

/* The person of a message: its sender, or of an echo the customer it went to. */
struct who {
	struct str phone, user_id, parent_user_id;
};

/* "BR.13491208655302741918" (2.2) */
static bool is_user_id(struct str s)
{
	return s.n > 3 && s.p[2] == '.' && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' &&
	       s.p[1] <= 'Z';
}

static void read_person(struct meta_decode *d, const struct who *told, struct wa_message *m,
			struct who *ret)
{
	bool sure;
	const struct meta_contact *c = contact_of(d, told->phone, told->user_id, &sure);
	*ret = *told;
	if (is_user_id(ret->phone)) { /* against the documents, but seen */
		ret->user_id = ret->user_id.n > 0 ? ret->user_id : ret->phone;
		ret->phone = STR_NONE;
	}
	if (c != NULL && sure) { /* surely this person: fill in what the message leaves out */
		ret->phone = ret->phone.n > 0 || is_user_id(c->wa_id) ? ret->phone : c->wa_id;
		ret->user_id = ret->user_id.n > 0 ? ret->user_id : c->user_id;
	}
	if (c != NULL && sure && ret->parent_user_id.n == 0)
		ret->parent_user_id = json_get_str(c->node, "parent_user_id");
	ret->phone = ret->phone.n > 0 ? meta_keep(d, ret->phone) : STR_NONE;
	ret->user_id = ret->user_id.n > 0 ? meta_keep(d, ret->user_id) : STR_NONE;
	ret->parent_user_id =
		ret->parent_user_id.n > 0 ? meta_keep(d, ret->parent_user_id) : STR_NONE;
	if (c == NULL)
		return;
	const struct json *profile = json_get(c->node, "profile");
	m->profile_name = meta_keep_key(d, profile, "name");
	m->username = meta_keep_key(d, profile, "username");
}

static bool same_number(struct str a, struct str b)
{
	size_t i = 0, k = 0;
	for (;;) { /* digits only: production sends digits, tests "+1 631-555-8151" */
		while (i < a.n && (a.p[i] < '0' || a.p[i] > '9'))
			i++;
		while (k < b.n && (b.p[k] < '0' || b.p[k] > '9'))
			k++;
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n && a.n > 0;
		if (a.p[i++] != b.p[k++])
			return false;
	}
}

/* Whether the business wrote it. */
static bool is_ours(const struct meta_decode *d, const struct json *n)
{
	struct str from = json_get_str(n, "from");
	if (d->way == META_WAY_IN)
		return false;
	if (d->way == META_WAY_ECHO || json_get_str(n, "to").n > 0 ||
	    json_get_str(n, "to_user_id").n > 0)
		return true;
	if (from.n > 0 && str_eq(from, json_get_str(d->thread, "id")))
		return false;
	return same_number(from, d->here.display_number);
}

/* Of a history, the thread names the customer when the message does not. */
static struct str from_thread(const struct meta_decode *d, const char *key)
{
	const struct json *context = json_get(d->thread, "context");
	struct str s = json_get_str(context, key);
	return s.n == 0 && strcmp(key, "wa_id") == 0 ? json_get_str(d->thread, "id") : s;
}

static void read_sender(struct meta_decode *d, const struct json *n, struct wa_message *m)
{
	bool ours = is_ours(d, n);
	struct who told = { json_get_str(n, ours ? "to" : "from"),
			    json_get_str(n, ours ? "to_user_id" : "from_user_id"),
			    json_get_str(n, ours ? "to_parent_user_id" : "from_parent_user_id") };
	struct who who;
	m->group_id = meta_keep_key(d, n, "group_id");
	if (d->thread != NULL && (ours || told.phone.n == 0) && m->group_id.n == 0) {
		told.phone = told.phone.n > 0 ? told.phone : from_thread(d, "wa_id");
		told.user_id = told.user_id.n > 0 ? told.user_id : from_thread(d, "user_id");
	}
	read_person(d, &told, m, &who);
	if (m->username.p == NULL && d->thread != NULL)
		m->username = meta_keep(d, from_thread(d, "username"));
	m->from_me = ours;
	m->from_parent_user_id = who.parent_user_id;
	if (ours) {
		m->from = meta_keep_key(d, n, "from");
		m->to = who.phone;
		m->to_user_id = who.user_id;
	} else {
		m->from = who.phone;
		m->from_user_id = who.user_id;
	}
}

static bool usable_address(struct str phone, struct str user)
{
	return phone.n <= WA_ADDRESS_MAX && user.n <= WA_ADDRESS_MAX && phone.n + user.n > 0;
}

static bool usable_sender(const struct wa_message *m)
{
	if (m->group_id.n > WA_ADDRESS_MAX || m->from_parent_user_id.n > WA_ADDRESS_MAX)
		return false;
	if (m->from_me)
		return m->group_id.n > 0 || usable_address(m->to, m->to_user_id);
	return usable_address(m->from, m->from_user_id);
}

/* ---- what ---- */

/* Members that stand beside the body in content_json; a body member of such a name would be taken for them. */
static const char *const beside[] = { "context", "referral", "identity", "errors", "form" };

static bool is_beside(struct str key)
{
	for (size_t i = 0; i < COUNT(beside); i++)
		if (str_eqc(key, beside[i]))
			return true;
	return false;
}

static void put_raw(struct meta_decode *d, struct jsonw *w, const char *key, const struct json *n)
{
	sbuf_reset(&d->part);
	json_print(n, &d->part);
	d->full |= !sbuf_ok(&d->part);
	jsonw_kraw(w, key, sbuf_view(&d->part));
}

/* The members of the body object; a body of another kind under the type's name. */
static bool put_body(struct meta_decode *d, struct jsonw *w, struct str type,
		     const struct json *body)
{
	bool any = false;
	if (json_kind(body) == JSON_NONE || json_kind(body) == JSON_NULL)
		return false;
	if (json_kind(body) != JSON_OBJECT) {
		put_raw(d, w, type.p, body);
		return true;
	}
	for (const struct json *c = json_first(body); c != NULL; c = json_next(c)) {
		if (is_beside(json_key(c)) ||
		    (str_eqc(type, "text") && str_eqc(json_key(c), "body")))
			continue; /* the body of a text is in `text` */
		put_raw(d, w, json_key(c).p, c);
		any = true;
	}
	return any;
}

/* What a form was filled in with: response_json is text that should be an object, and often is not (2.3). Read inside
 * of two arrays, so that what is deeper than content_json may be is left out. */
static bool put_form(struct meta_decode *d, struct jsonw *w, const struct json *body)
{
	AUTO(json_freep) struct json *root = NULL;
	struct str text = json_str(json_path(body, "nfm_reply.response_json"));
	sbuf_reset(&d->part);
	sbuf_printf(&d->part, "[[%.*s]]", STRF(text));
	if (text.n == 0 || json_parse(sbuf_view(&d->part), &root, NULL) != RC_OK)
		return false;
	const struct json *form = json_path(root, "0.0");
	if (json_count(root) != 1 || json_count(json_first(root)) != 1 ||
	    json_kind(form) != JSON_OBJECT)
		return false;
	put_raw(d, w, "form", form);
	return true;
}

/* content_json of a message or of the message inside an edit; none when `text` says it all. */
static struct str content_of(struct meta_decode *d, const struct json *n, struct str type,
			     const struct json *body)
{
	struct jsonw w;
	sbuf_reset(&d->scratch);
	jsonw_init(&w, &d->scratch);
	jsonw_object(&w);
	bool any = put_body(d, &w, type, body);
	for (size_t i = 0; i < COUNT(beside); i++) {
		const struct json *extra = json_get(n, beside[i]);
		if (strcmp(beside[i], "form") == 0 || json_count(extra) == 0)
			continue;
		put_raw(d, &w, beside[i], extra);
		any = true;
	}
	if (str_eqc(type, "interactive"))
		any = put_form(d, &w, body) || any;
	jsonw_end(&w);
	return any ? meta_keep_scratch(d) : STR_NONE;
}

/* Base64 in webhooks, hex in a history sample and in answers (2.3). */
static bool read_sha256(struct meta_decode *d, struct str text, uint8_t ret[32])
{
	if (text.n == 64 && enc_unhex(text, ret, 32, false))
		return true;
	sbuf_reset(&d->part);
	if (!enc_unbase64(&d->part, text) || d->part.n != 32)
		return false;
	memcpy(ret, d->part.p, 32);
	return true;
}

static const struct wa_media *read_media(struct meta_decode *d, struct str type,
					 const struct json *body)
{
	static const char *const types[] = { "image", "video",    "audio",
					     "voice", "document", "sticker" };
	size_t i = 0;
	while (i < COUNT(types) && !str_eqc(type, types[i]))
		i++;
	if (i == COUNT(types) || json_get(body, "id") == NULL)
		return NULL;
	struct wa_media *media = meta_take(d, sizeof *media);
	if (media == NULL)
		return NULL;
	media->id = meta_keep_id(d, body, "id");
	media->mime = meta_keep_key(d, body, "mime_type");
	media->filename = meta_keep_key(d, body, "filename");
	media->voice = str_eqc(type, "voice") || json_get_bool(body, "voice", false);
	media->animated = json_get_bool(body, "animated", false);
	media->bytes = i64_max(json_get_i64_or(body, "file_size", 0), 0);
	media->has_sha256 = read_sha256(d, json_get_str(body, "sha256"), media->sha256);
	return media->id.n > 0 ? media : NULL;
}

static struct str line_of(struct meta_decode *d, struct str type, const struct json *body)
{
	if (str_eqc(type, "text") && json_kind(json_get(body, "body")) == JSON_TEXT)
		return meta_keep_key(d, body, "body");
	sbuf_reset(&d->scratch);
	wa_line(&d->scratch, type, body);
	return meta_keep_scratch(d);
}

static void read_edit(struct meta_decode *d, const struct json *body, struct wa_message *m)
{
	const struct json *inner = json_get(body, "message");
	struct str type = meta_keep_key(d, inner, "type");
	if (type.n == 0)
		return;
	const struct json *inner_body = json_get(inner, type.p);
	m->target_id = meta_keep_key(d, body, "original_message_id");
	m->act_text = line_of(d, type, inner_body);
	m->act_content = content_of(d, inner, type, inner_body);
	m->act = WA_ACT_EDIT;
}

/* An act without a usable target stays a message that says what it is. */
static void read_act(struct meta_decode *d, const struct json *body, struct wa_message *m)
{
	if (str_eqc(m->type, "reaction")) {
		m->target_id = meta_keep_key(d, body, "message_id");
		m->act_text = meta_keep_key(d, body, "emoji"); /* removal: empty or absent */
		m->act = WA_ACT_REACTION;
	} else if (str_eqc(m->type, "revoke")) {
		m->target_id = meta_keep_key(d, body, "original_message_id");
		m->act = WA_ACT_REVOKE;
	} else if (str_eqc(m->type, "edit")) {
		read_edit(d, body, m);
	}
	if (m->act == WA_ACT_REACTION && m->act_text.p == NULL)
		m->act_text = STR("");
	if (m->target_id.n == 0 || m->target_id.n > WA_ID_MAX)
		m->act = WA_ACT_NONE;
}

static void read_system(struct meta_decode *d, const struct json *body, struct wa_message *m)
{
	struct str kind = json_get_str(body, "type");
	struct str phone = json_get_str(body, "wa_id");
	if (!str_eqc(kind, "user_changed_number") && !str_eqc(kind, "user_changed_user_id"))
		return; /* an identity change: the same address, another key */
	if (phone.n == 0)
		phone = json_get_str(body, "new_wa_id"); /* before 2023 */
	if (phone.n > 0 && phone.n <= WA_ADDRESS_MAX)
		m->new_from = meta_keep(d, phone);
	if (json_get_str(body, "user_id").n <= WA_ADDRESS_MAX)
		m->new_user_id = meta_keep_key(d, body, "user_id");
}

static void read_context(struct meta_decode *d, const struct json *n, struct wa_message *m)
{
	const struct json *context = json_get(n, "context");
	const struct json *referral = json_get(n, "referral");
	m->context_id = meta_keep_key(d, context, "id");
	if (m->context_id.n > WA_ID_MAX)
		m->context_id = STR_NONE;
	m->context_from = meta_keep_key(d, context, "from");
	m->frequently_forwarded = json_get_bool(context, "frequently_forwarded", false);
	m->forwarded = m->frequently_forwarded || json_get_bool(context, "forwarded", false);
	m->has_referral = json_kind(referral) == JSON_OBJECT;
	m->referral = m->has_referral ? meta_keep_raw(d, referral) : STR_NONE;
	meta_fault(d, json_first(json_get(n, "errors")), &m->error);
}

/* "READ", "DELIVERED" and so on; of messages of the customer it says nothing that counts here. */
static void read_past(struct meta_decode *d, const struct json *n, struct wa_message *m)
{
	struct str word = json_str(json_path(n, "history_context.status"));
	m->history = d->way == META_WAY_HISTORY;
	m->placeholder = m->history && str_eqc(m->type, "media_placeholder");
	if (!m->from_me || word.n == 0)
		return;
	for (enum wa_rank r = WA_RANK_PENDING; r <= WA_RANK_PLAYED; r++)
		if (str_ieq(word, str_of(wa_rank_name(r))))
			m->rank = r;
	m->failed = str_ieq(word, STR("error")) || str_ieq(word, STR("failed"));
}

/* Types that nobody here reads; what they bring is in content_json all the same. */
static bool is_understood(struct str type)
{
	static const char *const types[] = { "text",
					     "image",
					     "video",
					     "audio",
					     "voice",
					     "document",
					     "sticker",
					     "location",
					     "contacts",
					     "interactive",
					     "button",
					     "reaction",
					     "order",
					     "system",
					     "edit",
					     "revoke",
					     "media_placeholder",
					     "template" };
	for (size_t i = 0; i < COUNT(types); i++)
		if (str_eqc(type, types[i]))
			return true;
	return false;
}

static void read_body(struct meta_decode *d, const struct json *n, struct wa_message *m)
{
	m->type = meta_keep_key(d, n, "type");
	if (m->type.n == 0 || m->type.n > WA_TYPE_MAX)
		m->type = STR("unknown");
	const struct json *body = json_get(n, m->type.p);
	read_context(d, n, m);
	m->text = line_of(d, m->type, body);
	m->content = content_of(d, n, m->type, body);
	m->unsupported = !is_understood(m->type);
	m->media = read_media(d, m->type, body);
	read_act(d, body, m);
	if (str_eqc(m->type, "system"))
		read_system(d, body, m);
	read_past(d, n, m);
}

void meta_message(struct meta_decode *d, const struct json *n)
{
	struct str id = json_get_str(n, "id");
	if (json_kind(n) != JSON_OBJECT) {
		meta_add_unreadable(d, n, reason_en(REASON_NOTE_MESSAGE));
		return;
	}
	if (id.n == 0 || id.n > WA_ID_MAX) {
		meta_add_unreadable(d, n, reason_en(REASON_NOTE_MESSAGE_ID));
		return;
	}
	struct wa_message *m = meta_take(d, sizeof *m);
	if (m == NULL)
		return;
	read_sender(d, n, m);
	if (!d->full && !usable_sender(m)) {
		meta_add_unreadable(d, n,
				    m->from_me ? "an echo without a usable recipient"
					       : "a message without a usable sender");
		return;
	}
	m->id = meta_keep(d, id);
	m->timestamp_ms = meta_time_ms(n, "timestamp");
	if (!d->full)
		read_body(d, n, m);
	struct wa_item *item = meta_add(d, WA_MESSAGE, NULL);
	if (item != NULL)
		item->message = m;
}
