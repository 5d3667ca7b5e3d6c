/* provider.h - the providers of WhatsApp side by side: what each can do, and its language. flow/send/dispatch.c and
 * flow/send/act.c know nothing else of them. A new provider is a file flow/provider_<name>.c and a row in provider.c.
 *
 * The functions do no network, and no database but where a parameter gives one; whoever calls them does the HTTP. Any
 * thread. */
#ifndef FLOW_PROVIDER_H
#define FLOW_PROVIDER_H

#include "base/arena.h"
#include "flow/config.h"
#include "flow/media/media_inline.h"
#include "io/http.h"
#include "io/json.h"
#include "peer/wa/wa_content.h"
#include "peer/wa/wa_send.h"
#include "store/message/message.h"

/* One message on its way out. */
struct outgoing {
	const struct channel *channel;
	const struct message *m; /* wa_id (address), reply_to (provider id), created_at, id */
	struct str type;
	const struct json *content; /* of that type, as wa_content.h has it; also for text */
	struct wa_content_file
		files[WA_CONTENT_FILES_MAX]; /* provider_id is filled (media_ready.h) */
	size_t file_count;
	struct str tag; /* our own id of the message, to be echoed by the provider where it can */
	int64_t leaves; /* which try it is, from 1: what comes back about an earlier one is told apart by it */
	struct arena *arena; /* for what the request borrows */
	/* Filled by the provider's look(): */
	const char *not_now; /* the number cannot send now: static text, why; NULL: it can */
	struct str own_key;  /* a message id of our own choice; none: the provider takes none */
	struct {             /* the message that is answered or reacted to */
		bool found, from_me;
		struct str id, text, author;
	} quoted;
	struct media_inline file; /* of a provider with inline_files */
	struct db *db;            /* in judge_find: to tell ids that other messages bear */
};

#define PROVIDER_HEADERS_MAX 6
struct provider_request {
	const char *method;
	struct sbuf url, body;
	struct http_header headers[PROVIDER_HEADERS_MAX]; /* values in the arena or static */
	size_t header_count;
};
void provider_request_init(struct provider_request *r);
void provider_request_release(struct provider_request *r); /* for AUTO */
/* Adds a header; the value has to live as long as the request. */
void provider_request_header(struct provider_request *r, const char *name, const char *value);

/* What is done to a message or conversation beside sending. */
enum act_kind { ACT_READ, ACT_TYPING, ACT_REVOKE, ACT_EDIT, ACT_KINDS };
struct act {
	enum act_kind kind;
	const struct channel *channel;
	const struct message *m; /* the message that is read, answered, revoked or edited */
	struct str text;         /* ACT_EDIT: the new text */
	struct str user_id;      /* account of the CRM whose wish it is; none: no person's */
	struct arena *arena;
};

struct provider {
	const char *name; /* as in channel.<slug>.provider */
	/* Free-form messages only within 24 hours of the customer's last one; templates exist. */
	bool window;
	bool inline_files; /* takes a file inside of the request instead of an id */
	/* Whether the channel's settings suffice; else *ret_why is static text. */
	bool (*ready)(const struct channel *c, const char **ret_why);
	/* NULL: it can send this (checked before by wa_content_check). Else static text for the caller: why not. */
	const char *(*cannot)(struct str type, const struct json *content);
	/* What it has to know from the tables before it builds or finds; NULL: nothing. */
	enum rc (*look)(struct db *db, struct outgoing *o, struct err *e);
	/* RC_INVALID, RC_LIMIT: this message cannot be written; it fails with this text. */
	enum rc (*build)(const struct outgoing *o, struct provider_request *r, struct err *e);
	void (*judge)(const struct wa_answer *a, struct wa_verdict *ret);
	/* The id of an accepted message as it is stored, in place; false: it cannot be. NULL: as it is. */
	bool (*stored_id)(const struct channel *c, char id[WA_ID_MAX + 1]);
	/* In the unit that stores an accepted send, or one that goes back to wait; NULL: nothing to do. */
	enum rc (*settled)(struct tx *tx, const struct channel *c, const struct message *m,
			   const struct wa_verdict *v, struct err *e);
	/* Reconciliation after an unknown outcome: asks whether the message is there. NULL: the provider cannot tell;
	 * the message stays `unknown` until a status settles it. judge_find: ACCEPTED (it is there, wamid is set),
	 * RETRY (it is provably not there and may be sent again; no provider proves that today), else UNKNOWN (asked
	 * again later). */
	enum rc (*build_find)(const struct outgoing *o, struct provider_request *r, struct err *e);
	void (*judge_find)(const struct wa_answer *a, const struct outgoing *o,
			   struct wa_verdict *ret);
	/* Static text: why it cannot do this; NULL: it can. */
	const char *(*cannot_act)(enum act_kind kind);
	enum rc (*build_act)(const struct act *a, struct provider_request *r, struct err *e);
	/* ACCEPTED: done; RETRY: later; else: it will not be done. */
	void (*judge_act)(const struct wa_answer *a, struct wa_verdict *ret);
	/* In the unit that ends an act that was done; NULL: its webhooks tell all that changed. */
	enum rc (*acted)(struct tx *tx, const struct act *a, struct err *e);
};

extern const struct provider provider_meta, provider_evolution;

/* Of a channel; NULL: its setting names none that we know. */
const struct provider *provider_of(const struct channel *c);

#endif
