/* chatwoot.h - inside of the Chatwoot double: chatwoot.c, chatwoot_contacts.c and
 * chatwoot_messages.c are the API, chatwoot_data.c the objects,
 * their JSON in the shapes of 4.16 and the webhooks. */
#ifndef PEERS_CHATWOOT_H
#define PEERS_CHATWOOT_H

#include "double.h"

#define CW_CONTACTS_MAX 200000
#define CW_MESSAGES_MAX 2000000
#define CW_UPLOADS_MAX  512
#define CW_HOOKS_MAX    8

enum cw_type { CW_INCOMING, CW_OUTGOING, CW_ACTIVITY, CW_TEMPLATE };
enum cw_sender { CW_CONTACT, CW_USER, CW_BOT };

struct cw_message {
	int id, conversation;
	enum cw_type type;
	enum cw_sender sender;
	bool is_private, deleted;
	int attachments;
	const char *status; /* a literal */
	char *content, *source_id, *attributes, *error, *content_type;
	char *files; /* names of an agent's files, parted by blanks */
	int64_t at_ms;
};
struct cw_contact {
	int id, conversation; /* the last conversation, 0 = none */
	char *name, *phone, *identifier, *email, *custom;
	int merged; /* into this one; 0: it stands for itself */
};
struct cw_conversation {
	int id, contact, inbox, link;
	const char *status;
	int *messages;
	int messages_n, messages_cap;
	int64_t at_ms, minute;
	int in_minute, unread, assignee;
	char *labels, *custom; /* JSON; NULL: none */
};
struct cw_hook { /* a webhook of the account, beside those of the inboxes */
	int id;
	char *url, *events; /* events: JSON array */
	char secret[40];
};
struct cw_link { /* Chatwoot's contact_inbox */
	int id, contact, inbox;
	char *source_id;
};
struct cw_inbox {
	int id;
	bool lock;
	char *name, *identifier, *webhook; /* webhook NULL: the one of the command line */
	int reply_hours;
};
struct cw_upload { /* a file that came with a message */
	int message;
	char *name, *type, *p;
	size_t n;
};

struct chatwoot {
	struct dbl d;
	const struct peers_config *cfg;
	struct mini_client *totem;
	struct cw_message *messages; /* the id of an object is its place + 1 */
	struct cw_contact *contacts;
	struct cw_conversation *conversations;
	struct cw_link *links;
	struct cw_inbox inboxes[32];
	int messages_n, contacts_n, conversations_n, links_n, inboxes_n;
	int messages_cap, contacts_cap, conversations_cap, links_cap;
	struct map by_unique; /* "p:+55…", "i:…", "e:…", "l:inbox:source" -> id */
	/* options */
	int events, webhook_first, duplicate_percent, wipe_attributes, null_source_id,
		foreign_first;
	int per_minute, hook_timeout_ms, agent_percent, agent_ms;
	int version, allow_private;
	struct cw_upload uploads[CW_UPLOADS_MAX];
	int uploads_n;
	struct cw_hook hooks[CW_HOOKS_MAX]; /* id 0: free */
	int hooks_made, late_ms, requests_per_minute;
	int64_t minute;
	int in_minute;
	int wrong_host, expired; /* of files: FRONTEND_URL is wrong; every address has expired */
	int port;
	const char *next_files; /* of the message that cw_agent makes */
	long long incoming, outgoing_api, agent_messages, patched, hooks_posted, hooks_ok,
		hooks_failed, contacts_taken, files_read, merged, throttled, account_hooks_posted;
};

/* chatwoot_admin.c */
void cw_upload_new(struct chatwoot *t, const char *head, const char *p, size_t n);
void cw_uploads_take(struct chatwoot *t, int message);
bool cw_uploads_json(struct chatwoot *t, struct buf *b, const struct cw_message *m);
const struct cw_upload *cw_upload_at(struct chatwoot *t, const char *path);
void cw_version(const struct chatwoot *t, char out[24]);
void cw_inbox_one(struct chatwoot *t, const struct mini_req *req, const cJSON *in, int id,
		  const struct rule *rule);
void cw_inbox_fill(struct cw_inbox *i, const cJSON *in);
bool cw_admin(struct chatwoot *t, const struct mini_req *req, const char *rest, const cJSON *in,
	      const struct rule *rule);
bool cw_outside(struct chatwoot *t, const struct mini_req *req, const struct rule *rule);
bool cw_token_ok(const struct chatwoot *t, const char *token);
/* chatwoot_hook.c: `message` 0: the event is of none. */
void cw_event_post(struct chatwoot *t, const char *event, const struct buf *body, int message);
/* chatwoot_account.c */
bool cw_account(struct chatwoot *t, const struct mini_req *req, const char *rest, const cJSON *in,
		const struct rule *rule);
void cw_labels(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
	       struct cw_conversation *c, const struct rule *rule);
void cw_custom(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
	       struct cw_conversation *c, const struct rule *rule);
void cw_assign(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
	       struct cw_conversation *c, const struct rule *rule);
bool cw_bot_may(const struct mini_req *req, const char *rest);
bool cw_throttled(struct chatwoot *t, const struct mini_req *req);
/* Whether the account's webhook `h` wants this event. */
bool cw_hook_wants(const struct cw_hook *h, const char *event);
void cw_quote(struct chatwoot *t, const struct cw_conversation *c, cJSON *attributes);
/* chatwoot_files.c */
void cw_files_json(struct chatwoot *t, struct buf *b, const struct cw_message *m);
bool cw_files_get(struct chatwoot *t, const struct mini_req *req, const struct rule *rule);
void cw_message_delete(struct chatwoot *t, struct cw_message *m);
void cw_control_act(struct chatwoot *t, const struct mini_req *req, const cJSON *in);

/* What a rule or an option does to one event. */
struct cw_mischief {
	bool first, twice, wipe, no_source, foreign;
};
struct cw_mischief cw_mischief(struct chatwoot *t, const struct rule *r);

struct cw_message *cw_message_new(struct chatwoot *t, int conversation); /* NULL when full */
struct cw_contact *cw_contact_new(struct chatwoot *t);
struct cw_conversation *cw_conversation_for(struct chatwoot *t, struct cw_link *l, bool *ret_made);
struct cw_link *cw_link_get(struct chatwoot *t, int inbox, const char *source_id);
struct cw_link *cw_link_new(struct chatwoot *t, int contact, int inbox, const char *source_id);
int cw_unique_get(struct chatwoot *t, char kind, const char *text); /* 0 = absent */
void cw_unique_set(struct chatwoot *t, char kind, const char *text, int id);
struct cw_inbox *cw_inbox_new(struct chatwoot *t, const char *name, const char *identifier,
			      bool lock);

void cw_contact_json(struct chatwoot *t, struct buf *b, const struct cw_contact *c, bool links);
void cw_conversation_json(struct chatwoot *t, struct buf *b, const struct cw_conversation *c,
			  const struct cw_message *first);
void cw_message_json(struct chatwoot *t, struct buf *b, const struct cw_message *m);
void cw_inbox_json(struct chatwoot *t, struct buf *b, const struct cw_inbox *i);

void cw_event_message(struct chatwoot *t, const char *event, const struct cw_message *m,
		      struct cw_mischief mischief);
void cw_event_contact(struct chatwoot *t, const char *event, const struct cw_contact *c);
void cw_event_conversation(struct chatwoot *t, const char *event, const struct cw_conversation *c);
/* API calls of chatwoot_contacts.c; each answers the request. */
void cw_contact_post(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		     const struct rule *rule);
void cw_contact_search(struct chatwoot *t, const struct mini_req *req, const struct rule *rule);
void cw_contact_filter(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		       const struct rule *rule);
void cw_contact_one(struct chatwoot *t, const struct mini_req *req, const cJSON *in, int id,
		    const char *rest, const struct rule *rule);
/* `one`: its number behind "inboxes/"; NULL: all, or a new one. */
void cw_inboxes(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		const struct rule *rule);
void cw_public_contact(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		       const struct rule *rule);
/* And of chatwoot_messages.c. */
void cw_message_post(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		     struct cw_conversation *c, struct rule *rule);
void cw_message_list(struct chatwoot *t, const struct mini_req *req,
		     const struct cw_conversation *c, const struct rule *rule);
void cw_message_patch(struct chatwoot *t, const struct mini_req *req, const cJSON *in,
		      struct cw_conversation *c, int id, const struct rule *rule);
/* The entry of `names` (ended by NULL) that is equal, or NULL. */
const char *cw_one_of(const char *value, const char *const *names);
void cw_fail(struct chatwoot *t, const struct mini_req *req, int status, const char *text);
/* An agent writes; also used by the trickle. */
struct cw_message *cw_agent(struct chatwoot *t, int conversation, const char *content,
			    bool is_private, bool template, struct cw_mischief mischief);

#endif
