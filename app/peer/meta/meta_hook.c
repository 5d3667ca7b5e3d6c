/* meta_hook.c - Meta's webhook POST, taken apart. Promises: meta_hook.h. No state; any thread.
 *
 * From the outside in: body, entry, change, value, then one function per kind of item (meta_message.c,
 * meta_status.c, meta_change.c). A function that cannot read its part adds an unreadable item and goes on. A
 * full arena sets `full`, and the whole decoding ends with RC_LIMIT: half a batch is never returned. */
#include "peer/meta/meta_hook.h"

#include "base/reason.h"
#include "io/jsonw.h"
#include "peer/meta/meta_hook_priv.h"

#define TIME_S_MAX \
	253402300799 /* the end of year 9999; more is nonsense, for example microseconds */

void *meta_take(struct meta_decode *d, size_t bytes)
{
	void *p = arena_alloc(d->a, bytes);
	if (p == NULL)
		d->full = true;
	return p;
}

struct str meta_keep(struct meta_decode *d, struct str s)
{
	if (s.p == NULL)
		return STR_NONE;
	struct str copy = arena_str(d->a, s);
	if (copy.p == NULL)
		d->full = true;
	return copy;
}

struct str meta_keep_key(struct meta_decode *d, const struct json *o, const char *key)
{
	return meta_keep(d, json_get_str(o, key));
}

struct str meta_keep_scratch(struct meta_decode *d)
{
	if (!sbuf_ok(&d->scratch)) {
		d->full = true;
		return STR_NONE;
	}
	return meta_keep(d, sbuf_view(&d->scratch));
}

struct str meta_keep_raw(struct meta_decode *d, const struct json *n)
{
	if (n == NULL)
		return STR_NONE;
	sbuf_reset(&d->scratch);
	json_print(n, &d->scratch);
	return meta_keep_scratch(d);
}

struct str meta_keep_id(struct meta_decode *d, const struct json *o, const char *key)
{
	const struct json *n = json_get(o, key);
	return json_kind(n) == JSON_NUMBER ? meta_keep_raw(d, n) : meta_keep(d, json_str(n));
}

int64_t meta_time_ms(const struct json *o, const char *key)
{
	int64_t s = 0;
	if (!json_get_i64(o, key, &s) || s <= 0 || s > TIME_S_MAX)
		return 0;
	return s * SECOND_MS;
}

struct wa_item *meta_add(struct meta_decode *d, enum wa_kind kind, const struct json *raw)
{
	if (d->count == d->cap) {
		size_t cap = d->cap > 0 ? d->cap * 2 : 4;
		struct wa_item *more = meta_take(d, cap * sizeof *more);
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
	item->raw = meta_keep_raw(d, raw);
	if (d->full)
		return NULL;
	d->count++;
	return item;
}

void meta_add_unreadable(struct meta_decode *d, const struct json *raw, const char *why)
{
	struct wa_item *item = meta_add(d, WA_UNREADABLE, raw);
	if (item == NULL)
		return;
	item->why = why;
	d->unreadable++;
}

void meta_fault(struct meta_decode *d, const struct json *n, struct wa_fault *ret)
{
	const struct json *data = json_get(n, "error_data");
	ret->code = json_get_i64_or(n, "code", 0);
	ret->title = meta_keep_key(d, n, "title");
	ret->message = meta_keep_key(d, n, "message");
	ret->details = json_kind(data) == JSON_TEXT ? meta_keep(d, json_str(data))
						    : meta_keep_key(d, data, "details");
}

void meta_error(struct meta_decode *d, const struct json *n)
{
	if (json_kind(n) != JSON_OBJECT) {
		meta_add_unreadable(d, n, reason_en(REASON_NOTE_ERROR));
		return;
	}
	struct wa_fault *f = meta_take(d, sizeof *f);
	if (f == NULL)
		return;
	meta_fault(d, n, f);
	struct wa_item *item = meta_add(d, WA_ERROR, n);
	if (item != NULL)
		item->error = f;
}

void meta_each(struct meta_decode *d, const struct json *list, meta_decode_fn *decode)
{
	if (json_kind(list) != JSON_ARRAY) {
		if (list != NULL && json_kind(list) != JSON_NULL)
			meta_add_unreadable(d, list, reason_en(REASON_NOTE_LIST));
		return;
	}
	for (const struct json *c = json_first(list); c != NULL && !d->full; c = json_next(c))
		decode(d, c);
}

/* The lists of a `messages` value, in the order of their items. */
static const struct list {
	const char *key;
	meta_decode_fn *decode;
} lists[] = {
	{ "messages", meta_message },
	{ "statuses", meta_status },
	{ "errors", meta_error },
};

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
static void keep_strangers(struct meta_decode *d, const struct json *value)
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
	struct str raw = meta_keep(d, sbuf_view(&d->scratch));
	struct wa_item *item = meta_add(d, WA_CHANGE, NULL);
	if (item != NULL)
		item->raw = raw;
}

/* Empty arrays are legal and say nothing. */
static bool has_lists(const struct json *value)
{
	for (size_t i = 0; i < COUNT(lists); i++)
		if (json_kind(json_get(value, lists[i].key)) == JSON_ARRAY)
			return true;
	return false;
}

static void decode_messages(struct meta_decode *d, const struct json *change,
			    const struct json *value)
{
	size_t before = d->count;
	d->alone = d->contacts.count == 1 && json_count(json_get(value, "messages")) == 1;
	for (size_t i = 0; i < COUNT(lists) && !d->full; i++)
		meta_each(d, json_get(value, lists[i].key), lists[i].decode);
	if (!d->full)
		keep_strangers(d, value);
	if (!d->full && d->count == before && !has_lists(value))
		(void)meta_add(d, WA_CHANGE,
			       change); /* nothing inside; a full arena is in d->full */
	d->alone = false;
}

/* What we do not know is kept whole. */
static void decode_value(struct meta_decode *d, const struct json *change, const struct json *value)
{
	bool bare = d->here.field.n == 0 &&
		    (json_get(value, "messages") != NULL || json_get(value, "statuses") != NULL);
	if (!meta_contacts_read(&d->contacts, json_get(value, "contacts"), d->a))
		d->full = true;
	else if (json_kind(value) != JSON_OBJECT)
		(void)meta_add(d, WA_CHANGE, change); /* a full arena is in d->full */
	else if (bare || str_eqc(d->here.field, "messages"))
		decode_messages(d, change, value);
	else if (!meta_change(d, change, value))
		(void)meta_add(d, WA_CHANGE, change); /* as above */
	memset(&d->contacts, 0, sizeof d->contacts);
}

static void decode_change(struct meta_decode *d, const struct json *change)
{
	const struct json *value = json_get(change, "value");
	const struct json *metadata = json_get(value, "metadata");
	if (json_kind(change) != JSON_OBJECT) {
		meta_add_unreadable(d, change, reason_en(REASON_NOTE_CHANGE));
		return;
	}
	d->here.field = meta_keep_key(d, change, "field");
	d->here.phone_number_id = meta_keep_id(d, metadata, "phone_number_id");
	d->here.display_number =
		meta_keep_id(d, metadata != NULL ? metadata : value, "display_phone_number");
	decode_value(d, change, value);
	d->here.field = STR_NONE;
	d->here.phone_number_id = STR_NONE;
	d->here.display_number = STR_NONE;
}

static void decode_entry(struct meta_decode *d, const struct json *entry)
{
	const struct json *changes = json_get(entry, "changes");
	d->here.waba_id = meta_keep_id(d, entry, "id");
	d->here.entry_time_ms = meta_time_ms(entry, "time");
	if (json_kind(changes) != JSON_ARRAY)
		meta_add_unreadable(d, entry, reason_en(REASON_NOTE_ENTRY));
	else
		meta_each(d, changes, decode_change);
	memset(&d->here, 0, sizeof d->here);
}

static void decode_body(struct meta_decode *d, const struct json *root)
{
	const struct json *entries = json_get(root, "entry");
	if (json_kind(entries) != JSON_ARRAY)
		meta_add_unreadable(d, root, reason_en(REASON_NOTE_BODY));
	else
		meta_each(d, entries, decode_entry);
}

enum rc meta_hook_decode(struct str body, struct arena *a, struct wa_batch *ret_hook, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct meta_decode d = { .a = a, .scratch = SBUF(a->max), .part = SBUF(a->max) };
	TRY(json_parse(body, &root, e));
	if (json_kind(root) != JSON_OBJECT)
		return FAIL(e, RC_INVALID, "the webhook is not a JSON object");
	struct str object = meta_keep_key(&d, root, "object");
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
