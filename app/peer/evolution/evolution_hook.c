/* evolution_hook.c - envelope and events of Evolution. Promises: evolution_hook.h. No state; any thread. */
#include "peer/evolution/evolution_hook.h"

#include "base/limits.h"
#include "peer/evolution/evolution_ask.h"
#include "peer/evolution/evolution_priv.h"
#include "peer/evolution/evolution_value.h"

#define EVENT_NAME_MAX 64u

/* ---- memory and items ---- */

void *evolution_room(struct evo *d, size_t bytes)
{
	void *p = arena_alloc(d->a, bytes);
	if (p == NULL)
		d->full = true;
	return p;
}

struct str evolution_keep(struct evo *d, struct str s)
{
	if (s.p == NULL)
		return STR_NONE;
	struct str copy = arena_str(d->a, s);
	if (copy.p == NULL)
		d->full = true;
	return copy;
}

struct str evolution_word(struct evo *d, const struct json *o, const char *key)
{
	struct str s = json_get_str(o, key);
	return s.n > 0 ? evolution_keep(d, s) : STR_NONE;
}

struct str evolution_raw(struct evo *d, const struct json *n)
{
	if (n == NULL)
		return STR_NONE;
	sbuf_reset(&d->part);
	json_print(n, &d->part);
	if (!sbuf_ok(&d->part)) {
		d->full = true;
		return STR_NONE;
	}
	return evolution_keep(d, sbuf_view(&d->part));
}

struct str evolution_keep_address(struct evo *d, struct jid j)
{
	char text[WA_ADDRESS_MAX + 1];
	evolution_address(j, text);
	return text[0] != '\0' ? evolution_keep(d, str_of(text)) : STR_NONE;
}

/* NULL: no room. */
static struct wa_item *add_item(struct evo *d, enum wa_kind kind, const struct json *raw)
{
	if (d->count == d->cap) {
		size_t cap = d->cap > 0 ? d->cap * 2 : 4;
		struct wa_item *more = evolution_room(d, cap * sizeof *more);
		if (more == NULL)
			return NULL;
		if (d->count > 0)
			memcpy(more, d->items, d->count * sizeof *more);
		d->items = more;
		d->cap = cap;
	}
	struct wa_item *item = &d->items[d->count];
	*item = (struct wa_item){ .kind = kind, .field = d->field, .raw = evolution_raw(d, raw) };
	if (d->full)
		return NULL;
	d->count++;
	return item;
}

void evolution_add_kept(struct evo *d, const struct json *raw)
{
	struct wa_item *item = add_item(d, WA_CHANGE, raw);
	if (item != NULL)
		item->kept = true;
}

void evolution_add_unreadable(struct evo *d, const struct json *raw, const char *why)
{
	struct wa_item *item = add_item(d, WA_UNREADABLE, raw);
	if (item == NULL)
		return;
	item->why = why;
	d->unreadable++;
}

static void add_message(struct evo *d, const struct wa_message *m)
{
	struct wa_message *copy = evolution_room(d, sizeof *copy);
	struct wa_item *item = copy != NULL ? add_item(d, WA_MESSAGE, NULL) : NULL;
	if (item == NULL)
		return;
	*copy = *m;
	item->message = copy;
}

void evolution_add_status(struct evo *d, const struct json *raw, const struct wa_status *s)
{
	struct wa_status *copy = evolution_room(d, sizeof *copy);
	struct wa_item *item = copy != NULL ? add_item(d, WA_STATUS, s->known ? NULL : raw) : NULL;
	if (item == NULL)
		return;
	*copy = *s;
	item->status = copy;
}

void evolution_add_person(struct evo *d, const struct json *raw, const struct wa_person *person)
{
	struct wa_person *p = evolution_room(d, sizeof *p);
	struct wa_item *item = p != NULL ? add_item(d, WA_PERSON, raw) : NULL;
	if (item == NULL)
		return;
	*p = *person;
	item->person = p;
}

/* A QR code is a key to the number: it is not kept twice, so without raw. */
void evolution_add_link(struct evo *d, const struct wa_event *event, const struct wa_link *link)
{
	struct wa_link *l = evolution_room(d, sizeof *l);
	struct wa_event *e = evolution_room(d, sizeof *e);
	struct wa_item *item = l != NULL && e != NULL ? add_item(d, WA_EVENT, NULL) : NULL;
	if (item == NULL)
		return;
	*l = *link;
	*e = *event;
	item->event = e;
	item->link = l;
}

static void add_read(struct evo *d, const struct json *raw, enum evo_read read,
		     const struct wa_message *m, const char *why)
{
	if (d->full)
		return;
	switch (read) {
	case EVO_MESSAGE:
		add_message(d, m);
		return;
	case EVO_KEPT:
		evolution_add_kept(d, raw);
		return;
	case EVO_BAD:
		evolution_add_unreadable(d, raw, why);
		return;
	}
	BUG("not a reading");
}

/* ---- messages ---- */

/* Keys that Evolution's own Chatwoot bridge leaves in a message that it made (1.11). */
static bool has_twin(const struct json *data)
{
	static const char *const keys[] = { "chatwootMessageId", "chatwootInboxId",
					    "chatwootConversationId" };
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct json *n = json_get(data, keys[i]);
		if (n != NULL && json_kind(n) != JSON_NULL)
			return true;
	}
	return false;
}

static void one_message(struct evo *d, const struct json *data, bool api_send, bool history)
{
	struct wa_message m = { .type = STR_NONE, .api_send = api_send };
	const char *why = NULL;
	enum evo_read read = evolution_message_read(d, data, &m, &why);
	d->twin |= has_twin(data);
	m.history = history;
	add_read(d, data, read, &m, why);
	if (read == EVO_MESSAGE && m.from_me && !d->full)
		evolution_read_updates(d, data);
}

static void read_upsert(struct evo *d, const struct json *data)
{
	const struct json *list = json_get(data, "messages");
	bool append = str_eqc(json_get_str(data, "type"), "append");
	if (json_kind(list) != JSON_ARRAY) {
		one_message(d, data, false, false);
		return;
	}
	for (const struct json *c = json_first(list); c != NULL && !d->full; c = json_next(c))
		one_message(d, c, false, append);
}

static void read_sent(struct evo *d, const struct json *data)
{
	one_message(d, data, true, false);
}

static void read_set(struct evo *d, const struct json *data)
{
	const struct json *list = json_get(data, "messages");
	if (json_kind(list) != JSON_ARRAY) {
		if (json_get(data, "key") != NULL)
			one_message(d, data, false, true);
		else
			evolution_add_kept(d, data); /* 2.4 sends counts only */
		return;
	}
	for (const struct json *c = json_first(list); c != NULL && !d->full; c = json_next(c))
		one_message(d, c, false, true);
}

/* `data` is a protocolMessage, of any kind (3.5): only an edit and a revoke are for us. */
static void read_edited(struct evo *d, const struct json *data)
{
	struct wa_message m = { .type = STR_NONE };
	const struct json *protocol = json_get(data, "protocolMessage");
	const struct json *key = json_get(data, "key");
	const char *why = NULL;
	enum evo_read read;
	if (json_kind(protocol) != JSON_OBJECT)
		protocol = json_path(data, "message.protocolMessage");
	if (json_kind(protocol) != JSON_OBJECT)
		protocol = json_path(data, "message.editedMessage.message.protocolMessage");
	if (json_kind(protocol) != JSON_OBJECT)
		protocol = data;
	if (key == NULL)
		key = json_get(protocol, "key");
	read = evolution_protocol_read(d, protocol, &m, &why);
	if (read == EVO_MESSAGE)
		read = evolution_people_read(d, key, data, &m, &why);
	m.acted = json_get(data, EVOLUTION_ACTED) != NULL; /* evolution_ask_act_webhook */
	m.acted_by = evolution_keep(d, json_get_str(data, EVOLUTION_ACTED));
	add_read(d, data, read, &m, why);
}

static void one_delete(struct evo *d, const struct json *key, const struct json *beside)
{
	struct wa_message m = { .type = STR("revoke"), .text = STR("[deleted]") };
	struct str target = json_get_str(key, "id");
	const char *why = NULL;
	enum evo_read read = evolution_people_read(d, key, beside, &m, &why);
	if (read == EVO_MESSAGE && (target.n == 0 || target.n > EVOLUTION_KEY_MAX)) {
		read = EVO_BAD;
		why = "a deletion without a usable target";
	}
	if (read == EVO_MESSAGE)
		evolution_revoke(d, &m, target);
	add_read(d, beside, read, &m, why);
}

/* The key itself; or Baileys' {"keys":[...]}; or {"jid":..,"all":true}: a chat that was emptied here. */
static void read_delete(struct evo *d, const struct json *data)
{
	const struct json *list = json_get(data, "keys");
	const struct json *key = json_get(data, "key");
	if (json_kind(list) == JSON_ARRAY) {
		for (const struct json *c = json_first(list); c != NULL && !d->full;
		     c = json_next(c))
			one_delete(d, c, c);
		return;
	}
	if (json_get_bool(data, "all", false)) {
		evolution_add_kept(d, data);
		return;
	}
	one_delete(d, json_kind(key) == JSON_OBJECT ? key : data, data);
}

/* Baileys: {"key": of the target, "reaction": {"key": of who reacts, "text"}}. */
static void read_reaction(struct evo *d, const struct json *data)
{
	struct wa_message m = { .type = STR_NONE };
	const struct json *by = json_get(json_get(data, "reaction"), "key");
	struct str target = json_str(json_path(data, "key.id"));
	struct str id = json_get_str(by, "id");
	const char *why = "a reaction without usable keys";
	enum evo_read read = EVO_BAD;
	if (id.n > 0 && id.n <= EVOLUTION_KEY_MAX && target.n > 0 && target.n <= EVOLUTION_KEY_MAX)
		read = evolution_people_read(d, by, data, &m, &why);
	if (read == EVO_MESSAGE) {
		m.id = evolution_keep(d, id);
		m.timestamp_ms = evolution_time_ms(
			json_get(json_get(data, "reaction"), "senderTimestampMs"));
		evolution_reaction(d, &m, target, json_get_str(json_get(data, "reaction"), "text"));
	}
	add_read(d, data, read, &m, why);
}

/* ---- events ---- */

static void read_kept(struct evo *d, const struct json *data)
{
	evolution_add_kept(d, data);
}

/* Session secrets (R22): nothing of it is taken over. */
static void read_secret(struct evo *d, const struct json *data)
{
	(void)data;
	evolution_add_kept(d, NULL);
}

static const struct event {
	const char *name;
	void (*read)(struct evo *d, const struct json *data);
} events[] = {
	{ "messages.upsert", read_upsert },
	{ "send.message", read_sent },
	{ "messages.update", evolution_read_update },
	{ "messages.edited", read_edited },
	{ "messages.delete", read_delete },
	{ "send.message.update", read_edited },
	{ "messages.set", read_set },
	{ "messaging-history.set", read_set },
	{ "messages.reaction", read_reaction },
	{ "message-receipt.update", evolution_read_receipt },
	{ "connection.update", evolution_read_connection },
	{ "qrcode.updated", evolution_read_qr },
	{ "status.instance", evolution_read_closed },
	{ "logout.instance", evolution_read_closed },
	{ "remove.instance", evolution_read_closed },
	{ "instance.delete", evolution_read_closed },
	{ "creds.update", read_secret },
	{ "contacts.set", evolution_read_aliases },
	{ "contacts.upsert", evolution_read_aliases },
	{ "contacts.update", evolution_read_aliases },
	{ "chats.set", read_kept },
	{ "chats.upsert", read_kept },
	{ "chats.update", read_kept },
	{ "chats.delete", read_kept },
	{ "chats.lock", read_kept },
	{ "presence.update", read_kept },
	{ "groups.upsert", read_kept },
	{ "groups.update", read_kept },
	{ "group.update", read_kept },
	{ "group-participants.update", read_kept },
	{ "group.join-request", read_kept },
	{ "group.member-tag.update", read_kept },
	{ "labels.edit", read_kept },
	{ "labels.association", read_kept },
	{ "call", read_kept },
	{ "lid-mapping.update", evolution_read_aliases },
	{ "messages.media-update", read_kept },
	{ "messaging-history.status", read_kept },
	{ "blocklist.set", read_kept },
	{ "blocklist.update", read_kept },
	{ "settings.update", read_kept },
	{ "instance.create", read_kept },
	{ "application.startup", read_kept },
	{ "typebot.start", read_kept },
	{ "typebot.change-status", read_kept },
	{ "typebot.change.status", read_kept },
};

/* "MESSAGES_UPSERT" and "messages-upsert" are "messages.upsert". */
static bool same_event(struct str spelled, const char *name)
{
	if (spelled.n != strlen(name))
		return false;
	for (size_t i = 0; i < spelled.n; i++) {
		char c = spelled.p[i], want = name[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == '_' || c == '-')
			c = '.';
		if (want == '-')
			want = '.';
		if (c != want)
			return false;
	}
	return true;
}

static const struct event *find_event(struct str spelled)
{
	for (size_t i = 0; i < COUNT(events); i++)
		if (same_event(spelled, events[i].name))
			return &events[i];
	return NULL;
}

struct str evolution_event_name(struct str spelled)
{
	const struct event *ev = find_event(spelled);
	return ev != NULL ? str_of(ev->name) : spelled;
}

static void read_event(struct evo *d, const struct event *ev, const struct json *data)
{
	if (json_kind(data) == JSON_ARRAY) {
		for (const struct json *c = json_first(data); c != NULL && !d->full;
		     c = json_next(c))
			ev->read(d, c);
		return;
	}
	ev->read(d, data);
}

static void read_envelope(struct evo *d, const struct json *root, struct str path_event,
			  struct wa_batch *ret)
{
	struct str spelled = json_get_str(root, "event");
	const struct event *ev;
	struct wa_item *item;
	if (spelled.n == 0)
		spelled = path_event;
	ret->object = evolution_keep(d, STR("evolution"));
	ret->instance = evolution_word(d, root, "instance");
	if (ret->instance.p == NULL)
		ret->instance = evolution_word(d, json_get(root, "instance"), "instanceName");
	if (spelled.n > EVENT_NAME_MAX)
		spelled = str_sub(spelled, 0, 0);
	ev = find_event(spelled);
	d->field = ev != NULL ? str_of(ev->name) : evolution_keep(d, spelled);
	if (ev != NULL) {
		read_event(d, ev, json_get(root, "data"));
		return;
	}
	/* a new word: kept whole, and a person is told */
	item = add_item(d, WA_CHANGE, json_get(root, "data"));
	if (item != NULL && item->raw.p == NULL)
		item->raw = STR("null");
}

enum rc evolution_hook_decode(struct str body, struct str path_event, struct arena *a,
			      struct wa_batch *ret_batch, struct err *e)
{
	struct json *root AUTO(json_freep) = NULL;
	struct evo d = { .a = a, .scratch = SBUF(a->max), .part = SBUF(a->max) };
	struct wa_batch batch = { .object = STR_NONE };
	TRY(json_parse(body, &root, e));
	if (json_kind(root) != JSON_OBJECT)
		return FAIL(e, RC_INVALID, "the webhook is not a JSON object");
	read_envelope(&d, root, path_event, &batch);
	sbuf_release(&d.scratch);
	sbuf_release(&d.part);
	if (d.full)
		return FAIL(e, RC_LIMIT, "the webhook needs more memory than allowed");
	batch.items = d.items;
	batch.count = d.count;
	batch.unreadable = d.unreadable;
	batch.twin_bridge = d.twin;
	*ret_batch = batch;
	return RC_OK;
}
