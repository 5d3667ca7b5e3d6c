/* chatwoot_admin.h - what an administrator does at Chatwoot: bodies of requests, and what their answers say
 * (chatwoot-n8n-evolution.md 1.2). For the set-up (flow/chatwoot/chatwoot_setup.c). Pure; text lives in the caller's arena. */
#ifndef PEER_CHATWOOT_ADMIN_H
#define PEER_CHATWOOT_ADMIN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sbuf.h"

#define CHATWOOT_REPLY_HOURS 24 /* WhatsApp's window: locks the reply box when it is over */

struct chatwoot_account {
	int64_t id;
	struct str name;
	bool administrator;
};
struct chatwoot_profile {
	const struct chatwoot_account *accounts;
	size_t count;
	struct str name;
};
/* GET /api/v1/profile. RC_INVALID: not what Chatwoot says. */
enum rc chatwoot_admin_profile(struct str body, struct arena *a, struct chatwoot_profile *ret,
			       struct err *e) MUST_CHECK;
/* GET /api. RC_INVALID: not Chatwoot. */
enum rc chatwoot_admin_version(struct str body, struct arena *a, struct str *ret, struct err *e)
	MUST_CHECK;

struct chatwoot_inbox {
	int64_t id;
	struct str name, channel, identifier, secret, webhook_url, phone;
	struct str phone_id; /* Meta's id of a WhatsApp inbox's number; administrators see it */
	bool lock;
	int64_t reply_hours; /* agent_reply_time_window; 0: none */
};
struct chatwoot_inboxes {
	const struct chatwoot_inbox *items;
	size_t count;
};
/* GET {A}/inboxes. */
enum rc chatwoot_admin_inboxes(struct str body, struct arena *a, struct chatwoot_inboxes *ret,
			       struct err *e) MUST_CHECK;
/* GET, POST, PATCH of one. */
enum rc chatwoot_admin_inbox(struct str body, struct arena *a, struct chatwoot_inbox *ret,
			     struct err *e) MUST_CHECK;
/* `name` none: an inbox that exists. */
void chatwoot_admin_inbox_body(struct str name, struct str webhook_url, struct sbuf *to);

/* POST {A}/agent_bots. */
void chatwoot_admin_bot_body(struct str name, struct sbuf *to);
struct chatwoot_bot {
	int64_t id;
	struct str token; /* none: this version does not tell it */
};
enum rc chatwoot_admin_bot(struct str body, struct arena *a, struct chatwoot_bot *ret,
			   struct err *e) MUST_CHECK;

/* GET {A}/agents: the id of who has this e-mail; 0: nobody. */
enum rc chatwoot_admin_agent(struct str body, struct str email, int64_t *ret_id, struct err *e)
	MUST_CHECK;
/* Platform API: a user, a member of an account, a user's token. */
void chatwoot_admin_user_body(struct str name, struct str email, struct str password,
			      struct sbuf *to);
void chatwoot_admin_member_body(int64_t user_id, struct sbuf *to);
enum rc chatwoot_admin_token(struct str body, struct arena *a, struct str *ret, struct err *e)
	MUST_CHECK;

/* GET /app/login: what Chatwoot believes its address to be (FRONTEND_URL); none: it does not say. Borrowed. */
struct str chatwoot_admin_frontend(struct str html);
/* "host" of "http(s)://host[:port]/..."; none: not an address. Borrowed. */
struct str chatwoot_admin_host(struct str url);

#endif
