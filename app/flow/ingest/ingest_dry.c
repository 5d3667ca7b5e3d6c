/* ingest_dry.c - see ingest_dry.h. What an item changes is found by looking at what it is about before and after it: the
 * messages it names, as the tables have them, and the newest ids of the tables. */
#include "flow/ingest/ingest_dry.h"

#include "base/clock.h"
#include "base/enc.h"
#include "flow/ingest/ingest.h"
#include "store/conversation/contact.h"

/* An item names at most itself and the message it acts on. */
#define NAMED_MAX 2

struct known {
	int64_t id; /* 0: not here */
	struct message m;
	struct str contact;
};

struct dry {
	struct parsed p;
	struct arena *arena;  /* of the caller: lives as long as the result */
	struct arena scratch; /* of one item */
	struct delivery_marks before, after;
	struct delivery_marks item_before;
	struct known named[NAMED_MAX];
	int duplicates_before;
	struct ingest_dry *ret;
	bool ran;
};

/* ---- what an item is about ---- */

static const char *const KINDS[] = {
	[WA_MESSAGE] = "message", [WA_STATUS] = "status",         [WA_ERROR] = "error",
	[WA_CHANGE] = "other",    [WA_UNREADABLE] = "unreadable", [WA_PERSON] = "person",
	[WA_EVENT] = "event",
};

/* Provider ids of the messages that it names. */
static void names_of(const struct wa_item *item, struct str ret[NAMED_MAX])
{
	ret[0] = ret[1] = STR_NONE;
	if (item->kind == WA_STATUS)
		ret[0] = item->status->id;
	if (item->kind == WA_MESSAGE) {
		ret[0] = item->message->id;
		if (item->message->act != WA_ACT_NONE)
			ret[1] = item->message->target_id;
	}
}

static struct str word_of(const struct wa_item *item)
{
	switch (item->kind) {
	case WA_MESSAGE:
		return item->message->type;
	case WA_STATUS:
		return item->status->word;
	case WA_UNREADABLE:
		return STR_NONE;
	case WA_ERROR:
	case WA_CHANGE:
	case WA_PERSON:
	case WA_EVENT:
		break;
	}
	return item->field;
}

/* As it is now, by ret->id (a status of a try whose id we do not know names ours) or by the provider's id. */
static enum rc look_up(struct db *db, struct str meta_id, struct arena *a, struct known *ret,
		       struct err *e)
{
	struct contact c;
	int64_t contact_id;
	enum rc rc = ret->id != 0 ? RC_OK : RC_ABSENT;

	if (ret->id == 0 && meta_id.n > 0)
		rc = message_by_meta(db, meta_id, &ret->id, e);
	if (rc == RC_OK)
		rc = message_load(db, ret->id, a, &ret->m, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		ret->id = 0;
		return RC_OK;
	}
	TRY(rc);
	TRY(contact_of_conversation(db, ret->m.conversation_id, &contact_id, e));
	TRY(contact_load(db, contact_id, a, &c, e));
	ret->contact = c.name;
	return RC_OK;
}

/* ---- differences ---- */

/* A copy that lives as long as the result; without room it is told as not set. */
static struct str kept(struct dry *d, struct str s)
{
	return s.p == NULL ? STR_NONE : arena_str(d->arena, enc_utf8_cut(s, DRY_TEXT_MAX));
}

static struct str time_text(struct dry *d, int64_t ms)
{
	char text[CLOCK_TEXT_MAX];

	if (ms == 0)
		return STR_NONE;
	clock_text(ms, text);
	return arena_str(&d->scratch, str_of(text));
}

/* Notes `c` when it is one. */
static void differs(struct dry *d, struct dry_item *it, struct dry_change c)
{
	if (str_eq(c.from, c.to) || it->change_count == DRY_CHANGES_MAX)
		return;
	c.from = kept(d, c.from);
	c.to = kept(d, c.to);
	it->changes[it->change_count++] = c;
}

static struct str text_or_none(const char *s)
{
	return s != NULL ? str_of(s) : STR_NONE;
}

static struct str fault_or_none(const struct message *m)
{
	return m->error.n > 0 ? m->error : STR_NONE;
}

/* The fields of a message that webhooks can change and the API shows, and its customer's name. */
static void compare(struct dry *d, struct dry_item *it, const struct known *was,
		    const struct known *is)
{
	const struct message *a = &was->m, *b = &is->m;
	const struct dry_change fields[] = {
		{ .field = "status",
		  .from = str_of(message_status_text(a->status)),
		  .to = str_of(message_status_text(b->status)) },
		{ .field = "sending",
		  .from = text_or_none(a->sending),
		  .to = text_or_none(b->sending) },
		{ .field = "type", .from = str_of(a->type), .to = str_of(b->type) },
		{ .field = "content", .from = a->content, .to = b->content },
		{ .field = "error", .from = fault_or_none(a), .to = fault_or_none(b) },
		{ .field = "failed_at",
		  .from = time_text(d, a->failed_ms),
		  .to = time_text(d, b->failed_ms) },
		{ .field = "edited_at",
		  .from = time_text(d, a->edited_ms),
		  .to = time_text(d, b->edited_ms) },
		{ .field = "revoked_at",
		  .from = time_text(d, a->revoked_ms),
		  .to = time_text(d, b->revoked_ms) },
		{ .field = "meta_message_id",
		  .from = a->meta_message_id,
		  .to = b->meta_message_id },
	};

	for (size_t i = 0; i < COUNT(fields); i++) {
		struct dry_change c = fields[i];

		c.message_ms = b->created_at;
		c.message_id = b->id;
		differs(d, it, c);
	}
	differs(d, it,
		(struct dry_change){ .field = "contact", .from = was->contact, .to = is->contact });
}

static void minus(const struct delivery_marks *b, const struct delivery_marks *a,
		  struct delivery_marks *ret)
{
	*ret = (struct delivery_marks){ .messages = b->messages - a->messages,
					.changes = b->changes - a->changes,
					.contacts = b->contacts - a->contacts,
					.conversations = b->conversations - a->conversations,
					.events = b->events - a->events,
					.written = b->written - a->written };
}

static const char *effect_of(const struct dry_item *it, bool known)
{
	if (it->why.n > 0)
		return "put_aside";
	if (it->change_count > 0)
		return "changed";
	if (it->more.messages + it->more.changes + it->more.contacts + it->more.conversations > 0)
		return "new";
	if (known)
		return "known";
	return it->more.written > 0 ? "noted" : "none";
}

/* ---- watching ---- */

static int64_t own_id_of(const struct wa_item *item)
{
	int64_t created_ms, id, nth;

	return item->kind == WA_STATUS && id_parse_try(item->status->tag, &created_ms, &id, &nth)
		       ? id
		       : 0;
}

static enum rc named(struct tx *tx, struct dry *d, const struct wa_item *item,
		     struct known ret[NAMED_MAX], struct err *e)
{
	struct str names[NAMED_MAX];

	names_of(item, names);
	for (int i = 0; i < NAMED_MAX; i++) {
		ret[i] = (struct known){ .id = 0 };
		TRY(look_up(tx->db, names[i], &d->scratch, &ret[i], e));
	}
	ret[0].id = ret[0].id != 0 ? ret[0].id : own_id_of(item);
	return ret[0].m.id == 0 ? look_up(tx->db, STR_NONE, &d->scratch, &ret[0], e) : RC_OK;
}

static enum rc before(struct tx *tx, const struct parsed *p, size_t at, struct err *e)
{
	struct dry *d = p->watch->arg;

	arena_reset(&d->scratch);
	d->duplicates_before = p->duplicates;
	if (d->ret->item_count < DRY_ITEMS_MAX)
		TRY(named(tx, d, &p->hook.items[at], d->named, e));
	return delivery_marks(tx->db, &d->item_before, e);
}

/* The next place for an item; NULL: there are more than are told. */
static struct dry_item *place(struct dry *d)
{
	struct ingest_dry *r = d->ret;

	if (r->items == NULL)
		r->items = arena_alloc(d->arena, DRY_ITEMS_MAX * sizeof(*r->items));
	if (r->items == NULL || r->item_count == DRY_ITEMS_MAX) {
		r->items_left_off++;
		return NULL;
	}
	r->items[r->item_count] = (struct dry_item){ .kind = "other" };
	return &r->items[r->item_count++];
}

static enum rc after(struct tx *tx, const struct parsed *p, size_t at, const char *why,
		     struct err *e)
{
	struct dry *d = p->watch->arg;
	const struct wa_item *item = &p->hook.items[at];
	struct dry_item *it = place(d);
	struct known now[NAMED_MAX];
	struct delivery_marks marks;
	struct str names[NAMED_MAX];

	if (it == NULL)
		return RC_OK;
	names_of(item, names);
	it->kind = KINDS[item->kind];
	it->word = arena_str(d->arena, word_of(item));
	it->peer_id = arena_str(d->arena, names[0]);
	why = why != NULL ? why : item->why;
	it->why = why != NULL ? arena_str(d->arena, str_of(why)) : STR_NONE;
	TRY(delivery_marks(tx->db, &marks, e));
	minus(&marks, &d->item_before, &it->more);
	TRY(named(tx, d, item, now, e));
	for (int i = 0; i < NAMED_MAX; i++) {
		if (d->named[i].id != 0 && now[i].id == d->named[i].id)
			compare(d, it, &d->named[i], &now[i]);
	}
	it->message_ms = d->named[0].m.created_at;
	it->message_id = d->named[0].id;
	it->effect = effect_of(it, p->duplicates > d->duplicates_before);
	return RC_OK;
}

/* ---- the run ---- */

/* What Chatwoot tells is one thing: its marks are those of the whole. */
static void tell_agent(struct dry *d)
{
	struct dry_item *it = place(d);

	if (it == NULL)
		return;
	it->kind = "agent";
	it->word = arena_str(d->arena, d->p.chatwoot.word);
	minus(&d->after, &d->before, &it->more);
	it->effect = effect_of(it, d->p.duplicates > 0);
}

static enum rc dry_unit(struct tx *tx, void *arg, struct err *e)
{
	struct dry *d = arg;

	d->ret->item_count = d->ret->items_left_off = 0; /* a unit may be begun again */
	TRY(delivery_marks(tx->db, &d->before, e));
	TRY(ingest_apply(tx, &d->p, e));
	TRY(delivery_marks(tx->db, &d->after, e));
	if (d->p.has_chatwoot)
		tell_agent(d);
	d->ran = true;
	return FAIL(e, RC_REFUSED, "only looked at"); /* so that nothing of it remains */
}

static enum rc look(struct dry *d, struct err *e)
{
	struct ingest_dry *ret = d->ret;
	const char *note;
	enum rc rc;

	if (d->p.fault == NULL) {
		rc = store_write(d->p.app->store, STORE_NORMAL, dry_unit, d, e);
		if (rc != RC_OK && !d->ran)
			return rc;
		err_clear(e);
		minus(&d->after, &d->before, &ret->more);
		ret->statuses = d->p.statuses;
		ret->known = d->p.duplicates;
	}
	note = d->p.fault != NULL ? d->p.fault : d->p.bad_items > 0 ? d->p.trouble : d->p.note;
	if (note != NULL)
		ret->note = str_of(arena_dup(d->arena, str_of(note)));
	return RC_OK;
}

enum rc ingest_dry(struct app *app, const struct delivery *d, struct arena *a,
		   struct ingest_dry *ret, struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(app);
	const struct job job = { .queue = QUEUE_WEBHOOKS, .ref = d->id };
	struct dry dry = { .arena = a, .scratch = ARENA(8 * MIB), .ret = ret };
	const struct ingest_watch watch = { before, after, &dry };
	struct worker w;
	enum rc rc;

	dry.p = (struct parsed){ .app = app,
				 .config = config,
				 .job = &job,
				 .delivery = *d,
				 .careful = true,
				 .watch = &watch };
	*ret = (struct ingest_dry){ .note = STR_NONE };
	worker_init(&w, app, QUEUE_WEBHOOKS);
	rc = ingest_parse(&w, &dry.p, e);
	if (rc == RC_OK)
		rc = look(&dry, e);
	worker_release(&w);
	arena_release(&dry.scratch);
	return rc;
}
