/* evolution_priv.h - shared by evolution_hook.c (envelope and events) and evolution_message.c (one message)
 * only. */
#ifndef PEER_EVOLUTION_PRIV_H
#define PEER_EVOLUTION_PRIV_H

#include "io/json.h"
#include "io/jsonw.h"
#include "peer/evolution/evolution_id.h"
#include "peer/wa/wa.h"

struct evo {
	struct arena *a;
	struct sbuf scratch; /* content and lines under construction */
	struct sbuf part;    /* one printed node */
	struct wa_item *items;
	size_t count;
	size_t cap;
	size_t unreadable;
	bool full; /* the arena is: everything ends with RC_LIMIT */
	bool twin;
	struct str field; /* canonical name of the event */
};

/* Copies into the arena; sets d->full. STR_NONE stays. */
struct str evolution_keep(struct evo *d, struct str s);
/* Text of a member; none when it is empty. */
struct str evolution_word(struct evo *d, const struct json *o, const char *key);
void *evolution_room(struct evo *d, size_t bytes);
/* As compact JSON; NULL gives STR_NONE. */
struct str evolution_raw(struct evo *d, const struct json *n);
struct str evolution_keep_address(struct evo *d, struct jid j); /* STR_NONE when it has none */

/* What a message object (3.6) turned out to be. */
enum evo_read {
	EVO_MESSAGE, /* *m is filled */
	EVO_KEPT,    /* nothing to show: sync, stub, story */
	EVO_BAD      /* *ret_why */
};
enum evo_read evolution_message_read(struct evo *d, const struct json *data, struct wa_message *m,
				     const char **ret_why);
/* Who and where: fills from, to, lid, group_id, from_me out of a key and what stands beside it (3.7); reads m->api_send. */
enum evo_read evolution_people_read(struct evo *d, const struct json *key,
				    const struct json *beside, struct wa_message *m,
				    const char **ret_why);
/* An edit or revoke: `protocol` is a protocolMessage. EVO_KEPT: one of the others. */
enum evo_read evolution_protocol_read(struct evo *d, const struct json *protocol,
				      struct wa_message *m, const char **ret_why);
/* Whole messages: a revoke of `target`; a reaction to it ("" takes it back). */
void evolution_revoke(struct evo *d, struct wa_message *m, struct str target);
void evolution_reaction(struct evo *d, struct wa_message *m, struct str target, struct str emoji);
/* Type, content and text of a message body (`message` of 3.6). */
enum evo_read evolution_body_read(struct evo *d, const struct json *body, struct wa_message *m,
				  const char **ret_why);
/* Inside wrappers; NULL when nothing is there. */
const struct json *evolution_unwrap(const struct json *body);

/* ---- the table of types (evolution_type.c) ---- */

enum evo_form { F_TEXT, F_NUMBER, F_BOOL };

struct evo_field {
	const char *from;
	const char *to;
	enum evo_form form;
};

#define EVO_FIELDS_MAX 9

struct evo_row {
	const char *key;  /* of data.message */
	const char *type; /* of the neutral model */
	bool media;
	struct evo_field fields[EVO_FIELDS_MAX];
	/* for what a table cannot say: members of the content beside the fields, or the whole of it */
	void (*extra)(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w);
};

/* In the order in which they are looked for; NULL: the end. */
const struct evo_row *evolution_row_at(size_t i);
/* Stands beside a message in its body and is none. */
bool evolution_is_beside(struct str key);
void evolution_set_reaction(struct evo *d, struct wa_message *m, struct str target,
			    struct str emoji, struct jsonw *w);

/* ---- aliases (evolution_alias.c) ---- */

/* One entry of contacts.* or lid-mapping.update: a phone and a LID in it are news of a person; else it is kept. */
void evolution_read_aliases(struct evo *d, const struct json *data);

/* ---- items (evolution_hook.c) ---- */

void evolution_add_status(struct evo *d, const struct json *raw, const struct wa_status *s);
void evolution_add_kept(struct evo *d, const struct json *raw);
void evolution_add_unreadable(struct evo *d, const struct json *raw, const char *why);
void evolution_add_person(struct evo *d, const struct json *raw, const struct wa_person *person);
void evolution_add_link(struct evo *d, const struct wa_event *event, const struct wa_link *link);

/* ---- events (evolution_state.c) ---- */

void evolution_rank(const struct json *status, struct wa_message *m);
void evolution_read_update(struct evo *d, const struct json *data);
/* What findMessages tells beside an own message: "MessageUpdate":[{"status":"READ"}]. */
void evolution_read_updates(struct evo *d, const struct json *data);
void evolution_read_receipt(struct evo *d, const struct json *data);
void evolution_read_connection(struct evo *d, const struct json *data);
void evolution_read_qr(struct evo *d, const struct json *data);
void evolution_read_closed(struct evo *d, const struct json *data);

#endif
