/* meta_hook_priv.h - what the files of the webhook decoder share: meta_hook.c walks, meta_message.c reads messages,
 * meta_status.c statuses, meta_change.c everything else. */
#ifndef PEER_META_HOOK_PRIV_H
#define PEER_META_HOOK_PRIV_H

#include "io/json.h"
#include "peer/meta/meta_contacts.h"
#include "peer/meta/meta_hook.h"

enum meta_way {
	META_WAY_IN,     /* a customer wrote it now */
	META_WAY_ECHO,   /* the business wrote it elsewhere (smb_message_echoes) */
	META_WAY_HISTORY /* either, before the number was connected */
};

/* One decoding. A full arena sets `full`; nothing is added after that. */
struct meta_decode {
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
	enum meta_way way;
	const struct json *thread; /* history: the thread that is read; NULL: none */
};

/* NULL: no room, `full` is set. */
void *meta_take(struct meta_decode *d, size_t bytes);
/* Copies into the arena; STR_NONE stays that. */
struct str meta_keep(struct meta_decode *d, struct str s);
struct str meta_keep_key(struct meta_decode *d, const struct json *o, const char *key);
struct str meta_keep_raw(struct meta_decode *d, const struct json *n); /* compact JSON */
/* Ids are text, but a number is understood too. */
struct str meta_keep_id(struct meta_decode *d, const struct json *o, const char *key);
/* An element of a list as a change of its own: {"field":...,"value":element}. */
struct str meta_keep_part(struct meta_decode *d, const struct json *element);
/* What was written onto scratch; the arena's copy. */
struct str meta_keep_scratch(struct meta_decode *d);
int64_t meta_time_ms(const struct json *o, const char *key); /* 0: none or nonsense */
void meta_fault(struct meta_decode *d, const struct json *n, struct wa_fault *ret);

/* NULL: no room. The item has what is common here and, with `raw`, its text. */
struct wa_item *meta_add(struct meta_decode *d, enum wa_kind kind, const struct json *raw);
void meta_add_unreadable(struct meta_decode *d, const struct json *raw, const char *why);

typedef void meta_decode_fn(struct meta_decode *d, const struct json *n);
/* Each element of an array; another kind of value is one unreadable item, a missing one nothing. */
void meta_each(struct meta_decode *d, const struct json *list, meta_decode_fn *decode);

meta_decode_fn meta_message; /* by d->way */
meta_decode_fn meta_status;  /* one element of statuses */
meta_decode_fn meta_error;   /* one element of errors */
/* A row of meta_change.c's table. */
struct meta_field {
	const char *name;
	enum wa_about about;
	const char *word_key; /* member that says what happened; NULL: none */
	/* NULL: meta_event */
	void (*decode)(struct meta_decode *d, const struct meta_field *f,
		       const struct json *change);
};
typedef void meta_field_fn(struct meta_decode *d, const struct meta_field *f,
			   const struct json *change);
meta_field_fn meta_event; /* one event with the word's gravity; the others in meta_event.c too */
meta_field_fn meta_event_account, meta_event_alert, meta_event_template, meta_event_flow,
	meta_event_groups, meta_event_calls;

/* A change of any field but `messages`; `value` is an object. False: not a field that is known. */
bool meta_change(struct meta_decode *d, const struct json *change, const struct json *value);

#endif
