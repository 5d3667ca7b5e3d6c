/* meta_hook.c - Meta's webhook POST, taken apart. Promises: meta_hook.h. No state; any thread.
 *
 * From the outside in: body, entry, change, value, then one function per kind of item. A function
 * that cannot read its part adds an unreadable item and goes on. A full arena sets `full`, and the
 * whole decoding ends with RC_LIMIT: half a batch is never returned. */
#include "peer/meta_hook.h"

#include "base/enc.h"
#include "base/limits.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "peer/meta_contacts.h"

#define TIME_S_MAX \
	253402300799 /* the end of year 9999; more is nonsense, for example microseconds */

struct decode {
	struct arena *a;
	struct sbuf scratch;
	struct sbuf part;
	struct wa_item *items;
	size_t count;
	size_t cap;
	size_t unreadable;
	bool full;
	struct wa_item here; /* what all items of this place have in common */
	struct meta_contacts contacts;
	bool alone; /* one contact and one message: they belong together */
};

static void *take_room(struct decode *d, size_t bytes)
{
	void *p = arena_alloc(d->a, bytes);
	if (p == NULL)
		d->full = true;
	return p;
}

static struct str keep(struct decode *d, struct str s)
{
	if (s.p == NULL)
		return STR_NONE;
	struct str copy = arena_str(d->a, s);
	if (copy.p == NULL)
		d->full = true;
	return copy;
}

static struct str keep_key(struct decode *d, const struct json *o, const char *key)
{
	return keep(d, json_get_str(o, key));
}

static struct str keep_raw(struct decode *d, const struct json *n)
{
	if (n == NULL)
		return STR_NONE;
	sbuf_reset(&d->scratch);
	json_print(n, &d->scratch);
	if (!sbuf_ok(&d->scratch)) {
		d->full = true;
		return STR_NONE;
	}
	return keep(d, sbuf_view(&d->scratch));
}

/* Ids are text, but a number is understood too. */
static struct str keep_id(struct decode *d, const struct json *o, const char *key)
{
	const struct json *n = json_get(o, key);
	return json_kind(n) == JSON_NUMBER ? keep_raw(d, n) : keep(d, json_str(n));
}

static int64_t time_ms(const struct json *o, const char *key)
{
	int64_t s = 0;
	if (!json_get_i64(o, key, &s) || s <= 0 || s > TIME_S_MAX)
		return 0;
	return s * SECOND_MS;
}

/* NULL: no room. The item has the common part and its raw text. */
static struct wa_item *add_item(struct decode *d, enum wa_kind kind, const struct json *raw)
{
	if (d->count == d->cap) {
		size_t cap = d->cap > 0 ? d->cap * 2 : 4;
		struct wa_item *more = take_room(d, cap * sizeof *more);
		if (more == NULL)
			return NULL;
		if (d->count > 0)
			memcpy(more, d->items, d->count * sizeof *more);
		d->items = more;
		d->cap = cap;
	}
	struct wa_item *item = &d->items[d->count];
	*item = d->here;
	item->kind = kind;
	item->raw = keep_raw(d, raw);
	if (d->full)
		return NULL;
	d->count++;
	return item;
}

static void add_unreadable(struct decode *d, const struct json *raw, const char *why)
{
	struct wa_item *item = add_item(d, WA_UNREADABLE, raw);
	if (item == NULL)
		return;
	item->why = why;
	d->unreadable++;
}

static void read_fault(struct decode *d, const struct json *n, struct wa_fault *ret)
{
	const struct json *data = json_get(n, "error_data");
	ret->code = json_get_i64_or(n, "code", 0);
	ret->title = keep_key(d, n, "title");
	ret->message = keep_key(d, n, "message");
	ret->details = json_kind(data) == JSON_TEXT ? keep(d, json_str(data))
						    : keep_key(d, data, "details");
}

/* Where a one-line text of a type stands inside its body object; the first that is text wins. */
static const struct caption {
	const char *type;
	const char *path;
} captions[] = {
	{ "image", "caption" },
	{ "video", "caption" },
	{ "document", "caption" },
	{ "document", "filename" },
	{ "location", "name" },
	{ "location", "address" },
	{ "contacts", "0.name.formatted_name" },
	{ "interactive", "button_reply.title" },
	{ "interactive", "list_reply.title" },
	{ "interactive", "nfm_reply.name" },
	{ "button", "text" },
	{ "reaction", "emoji" },
	{ "order", "text" },
	{ "system", "body" },
	{ "edit", "message.text.body" },
	{ "unsupported", "type" },
};

static struct str find_caption(struct str type, const struct json *content)
{
	for (size_t i = 0; i < COUNT(captions); i++) {
		if (!str_eqc(type, captions[i].type))
			continue;
		struct str s = json_str(json_path(content, captions[i].path));
		if (s.n > 0)
			return s;
	}
	return STR_NONE;
}

/* "[image] caption" on one line. */
static struct str fallback_line(struct decode *d, struct str type, const struct json *content)
{
	struct str caption = find_caption(type, content);
	sbuf_reset(&d->scratch);
	sbuf_char(&d->scratch, '[');
	sbuf_str(&d->scratch, enc_utf8_cut(type, WA_LINE_MAX / 2));
	sbuf_char(&d->scratch, ']');
	if (caption.n > 0) {
		sbuf_char(&d->scratch, ' ');
		sbuf_str(&d->scratch, caption);
	}
	if (!sbuf_ok(&d->scratch)) {
		d->full = true;
		return STR_NONE;
	}
	for (size_t i = 0; i < d->scratch.n; i++)
		if ((unsigned char)d->scratch.p[i] < ' ' || d->scratch.p[i] == 0x7f)
			d->scratch.p[i] = ' ';
	return keep(d, enc_utf8_cut(sbuf_view(&d->scratch), WA_LINE_MAX));
}

/* Sender and what contacts[] knows about it. */
static void read_sender(struct decode *d, const struct json *n, struct wa_message *m)
{
	struct str from = json_get_str(n, "from");
	struct str user = json_get_str(n, "from_user_id");
	const struct meta_contact *c = meta_contacts_find(&d->contacts, from);
	if (c == NULL)
		c = meta_contacts_find(&d->contacts, user);
	bool same = c != NULL || (from.n == 0 && user.n == 0);
	if (c == NULL && d->alone)
		c = &d->contacts.rows[0];
	if (c != NULL && same) { /* surely this person: fill in what the message leaves out */
		from = from.n > 0 ? from : c->wa_id;
		user = user.n > 0 ? user : c->user_id;
	}
	m->from = from.n > 0 ? keep(d, from) : STR_NONE;
	m->from_user_id = user.n > 0 ? keep(d, user) : STR_NONE;
	m->from_parent_user_id = keep_key(d, n, "from_parent_user_id");
	if (c == NULL)
		return;
	const struct json *profile = json_get(c->node, "profile");
	m->profile_name = keep_key(d, profile, "name");
	m->username = keep_key(d, profile, "username");
	if (m->from_parent_user_id.p == NULL && same)
		m->from_parent_user_id = keep_key(d, c->node, "parent_user_id");
	m->contact = keep_raw(d, c->node);
}

static void read_body(struct decode *d, const struct json *n, struct wa_message *m)
{
	const struct json *context = json_get(n, "context");
	const struct json *referral = json_get(n, "referral");
	m->type = keep_key(d, n, "type");
	if (m->type.n == 0)
		m->type = STR("unknown");
	const struct json *content = json_get(n, m->type.p);
	m->content = keep_raw(d, content);
	if (str_eqc(m->type, "text"))
		m->text = keep_key(d, content, "body");
	if (m->text.p == NULL) {
		m->unsupported = true;
		m->text = fallback_line(d, m->type, content);
	}
	m->group_id = keep_key(d, n, "group_id");
	m->context_id = keep_key(d, context, "id");
	m->context_from = keep_key(d, context, "from");
	m->frequently_forwarded = json_get_bool(context, "frequently_forwarded", false);
	m->forwarded = m->frequently_forwarded || json_get_bool(context, "forwarded", false);
	m->has_referral = json_kind(referral) == JSON_OBJECT;
	m->referral = m->has_referral ? keep_raw(d, referral) : STR_NONE;
	read_fault(d, json_first(json_get(n, "errors")), &m->error);
}

static void decode_message(struct decode *d, const struct json *n)
{
	struct str id = json_get_str(n, "id");
	if (json_kind(n) != JSON_OBJECT) {
		add_unreadable(d, n, "a message that is not an object");
		return;
	}
	if (id.n == 0 || id.n > WA_ID_MAX) {
		add_unreadable(d, n, "a message without a usable id");
		return;
	}
	struct wa_message *m = take_room(d, sizeof *m);
	if (m == NULL)
		return;
	read_sender(d, n, m);
	if (m->from.n > WA_ADDRESS_MAX || m->from_user_id.n > WA_ADDRESS_MAX ||
	    (m->from.n == 0 && m->from_user_id.n == 0)) {
		add_unreadable(d, n, "a message without a usable sender");
		return;
	}
	m->id = keep(d, id);
	m->timestamp_ms = time_ms(n, "timestamp");
	if (!d->full)
		read_body(d, n, m);
	struct wa_item *item = add_item(d, WA_MESSAGE, n);
	if (item != NULL)
		item->message = m;
}

static void read_status(struct decode *d, const struct json *n, struct wa_status *s)
{
	s->type = keep_key(d, n, "type");
	if (s->type.p == NULL || str_eqc(s->type, "message")) {
		s->rank = wa_rank_parse(s->word);
		s->failed = str_eqc(s->word, "failed");
		s->known = s->failed || s->rank != WA_RANK_NONE;
	}
	s->timestamp_ms = time_ms(n, "timestamp");
	s->recipient_id = keep_key(d, n, "recipient_id");
	s->recipient_user_id = keep_key(d, n, "recipient_user_id");
	s->recipient_parent_user_id = keep_key(d, n, "recipient_parent_user_id");
	if (s->recipient_parent_user_id.p == NULL)
		s->recipient_parent_user_id = keep_key(d, n, "parent_recipient_user_id");
	s->recipient_type = keep_key(d, n, "recipient_type");
	s->recipient_participant_id = keep_key(d, n, "recipient_participant_id");
	s->tag = keep_key(d, n, "biz_opaque_callback_data");
	read_fault(d, json_first(json_get(n, "errors")), &s->error);
	s->pricing = keep_raw(d, json_get(n, "pricing"));
	s->conversation = keep_raw(d, json_get(n, "conversation"));
}

static void decode_status(struct decode *d, const struct json *n)
{
	struct str id = json_get_str(n, "id");
	struct str word = json_get_str(n, "status");
	if (json_kind(n) != JSON_OBJECT) {
		add_unreadable(d, n, "a status that is not an object");
		return;
	}
	if (id.n == 0 || id.n > WA_ID_MAX || word.n == 0) {
		add_unreadable(d, n, "a status without a usable id or word");
		return;
	}
	struct wa_status *s = take_room(d, sizeof *s);
	if (s == NULL)
		return;
	s->id = keep(d, id);
	s->word = keep(d, word);
	read_status(d, n, s);
	struct wa_item *item = add_item(d, WA_STATUS, n);
	if (item != NULL)
		item->status = s;
}

static void decode_error(struct decode *d, const struct json *n)
{
	if (json_kind(n) != JSON_OBJECT) {
		add_unreadable(d, n, "an error that is not an object");
		return;
	}
	struct wa_fault *f = take_room(d, sizeof *f);
	if (f == NULL)
		return;
	read_fault(d, n, f);
	struct wa_item *item = add_item(d, WA_ERROR, n);
	if (item != NULL)
		item->error = f;
}

/* The lists of a `messages` value, in the order of their items. */
static const struct list {
	const char *key;
	void (*decode)(struct decode *d, const struct json *n);
} lists[] = {
	{ "messages", decode_message },
	{ "statuses", decode_status },
	{ "errors", decode_error },
};

static void decode_list(struct decode *d, const struct list *list, const struct json *n)
{
	if (json_kind(n) != JSON_ARRAY) {
		if (n != NULL && json_kind(n) != JSON_NULL)
			add_unreadable(d, n, "a list that is not an array");
		return;
	}
	for (const struct json *c = json_first(n); c != NULL && !d->full; c = json_next(c))
		list->decode(d, c);
}

static bool known_key(struct str key)
{
	static const char *const known[] = { "messaging_product", "metadata", "contacts",
					     "messages",          "statuses", "errors" };
	for (size_t i = 0; i < COUNT(known); i++)
		if (str_eqc(key, known[i]))
			return true;
	return false;
}

/* Keys that stand beside the lists and that we do not know: one more item, so that they are kept.
 */
static void keep_strangers(struct decode *d, const struct json *value)
{
	struct jsonw w;
	bool any = false;
	sbuf_reset(&d->scratch);
	jsonw_init(&w, &d->scratch);
	jsonw_object(&w);
	jsonw_kstr(&w, "field", d->here.field.p != NULL ? d->here.field : STR(""));
	jsonw_kobject(&w, "value");
	for (const struct json *c = json_first(value); c != NULL; c = json_next(c)) {
		if (known_key(json_key(c)))
			continue;
		any = true;
		sbuf_reset(&d->part);
		json_print(c, &d->part);
		d->full |= !sbuf_ok(&d->part);
		jsonw_kraw(&w, json_key(c).p, sbuf_view(&d->part));
	}
	jsonw_end(&w);
	jsonw_end(&w);
	if (!any || d->full || !sbuf_ok(&d->scratch)) {
		d->full |= !sbuf_ok(&d->scratch);
		return;
	}
	struct str raw = keep(d, sbuf_view(&d->scratch));
	struct wa_item *item = add_item(d, WA_CHANGE, NULL);
	if (item != NULL)
		item->raw = raw;
}

static void decode_messages(struct decode *d, const struct json *change, const struct json *value)
{
	size_t before = d->count;
	if (!meta_contacts_read(&d->contacts, json_get(value, "contacts"), d->a))
		d->full = true;
	d->alone = d->contacts.count == 1 && json_count(json_get(value, "messages")) == 1;
	for (size_t i = 0; i < COUNT(lists) && !d->full; i++)
		decode_list(d, &lists[i], json_get(value, lists[i].key));
	if (!d->full)
		keep_strangers(d, value);
	if (!d->full && d->count == before)
		(void)add_item(d, WA_CHANGE,
			       change); /* nothing inside; a full arena is in d->full */
	memset(&d->contacts, 0, sizeof d->contacts);
}

static void decode_change(struct decode *d, const struct json *change)
{
	const struct json *value = json_get(change, "value");
	const struct json *metadata = json_get(value, "metadata");
	if (json_kind(change) != JSON_OBJECT) {
		add_unreadable(d, change, "a change that is not an object");
		return;
	}
	d->here.field = keep_key(d, change, "field");
	d->here.phone_number_id = keep_id(d, metadata, "phone_number_id");
	d->here.display_number = keep_id(d, metadata, "display_phone_number");
	bool bare = d->here.field.n == 0 &&
		    (json_get(value, "messages") != NULL || json_get(value, "statuses") != NULL);
	if (json_kind(value) == JSON_OBJECT && (bare || str_eqc(d->here.field, "messages")))
		decode_messages(d, change, value);
	else
		(void)add_item(d, WA_CHANGE, change); /* a full arena is in d->full */
	d->here.field = STR_NONE;
	d->here.phone_number_id = STR_NONE;
	d->here.display_number = STR_NONE;
}

static void decode_entry(struct decode *d, const struct json *entry)
{
	const struct json *changes = json_get(entry, "changes");
	d->here.waba_id = keep_id(d, entry, "id");
	d->here.entry_time_ms = time_ms(entry, "time");
	if (json_kind(changes) != JSON_ARRAY)
		add_unreadable(d, entry, "an entry without an array of changes");
	for (const struct json *c = json_first(json_kind(changes) == JSON_ARRAY ? changes : NULL);
	     c != NULL && !d->full; c = json_next(c))
		decode_change(d, c);
	memset(&d->here, 0, sizeof d->here);
}

static void decode_body(struct decode *d, const struct json *root)
{
	const struct json *entries = json_get(root, "entry");
	if (json_kind(entries) != JSON_ARRAY) {
		add_unreadable(d, root, "a body without an array of entries");
		return;
	}
	for (const struct json *c = json_first(entries); c != NULL && !d->full; c = json_next(c))
		decode_entry(d, c);
}

enum rc meta_hook_decode(struct str body, struct arena *a, struct wa_batch *ret_hook, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct decode d = { .a = a, .scratch = SBUF(a->max), .part = SBUF(a->max) };
	TRY(json_parse(body, &root, e));
	if (json_kind(root) != JSON_OBJECT)
		return FAIL(e, RC_INVALID, "the webhook is not a JSON object");
	struct str object = keep_key(&d, root, "object");
	if (!d.full)
		decode_body(&d, root);
	sbuf_release(&d.scratch);
	sbuf_release(&d.part);
	if (d.full)
		return FAIL(e, RC_LIMIT, "the webhook needs more memory than allowed");
	ret_hook->object = object;
	ret_hook->items = d.items;
	ret_hook->count = d.count;
	ret_hook->unreadable = d.unreadable;
	return RC_OK;
}
