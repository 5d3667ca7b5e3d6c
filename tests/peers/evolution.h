/* evolution.h - the Evolution API double: between evolution.c (requests, control) and evolution_hook.c (webhooks). */
#ifndef PEERS_EVOLUTION_H
#define PEERS_EVOLUTION_H

#include "double.h"

#define EVO_MESSAGES_MAX 20000

struct evo_message {                   /* as its database has it */
	char *key, *jid, *text, *body; /* body: the message object as JSON */
	bool from_me;
	long long at_s;
};

struct evo {
	struct dbl d;
	const struct peers_config *cfg;
	struct mini_client *totem;
	struct evo_message *messages;
	size_t message_n;
	char hook_path[300], hook_head[200],
		jwt_key[100]; /* what webhook/set said, else the flags */
	char state[20];
	/* options */
	int statuses, echo, as_upsert, v24, licence, pending, save, duplicate_percent, lid,
		by_events;
	int sent_ms, delivered_ms, read_ms, retry_max, retry_first_ms, retry_cap_ms,
		hook_timeout_ms;
	long long sent_n, hooks_posted, hooks_ok, hooks_lost, hooks_retried, repeats, read_n, acts,
		qr_n;
};

/* An event with its envelope; `data` is JSON. */
void evo_hook(struct evo *t, const char *event, const char *data);
/* The data object of one message (3.6). */
void evo_data(const struct evo *t, const struct evo_message *m, const char *name, struct buf *out);
void evo_raw_hook(struct evo *t, const char *body, size_t n, const char *event);

/* evolution.c: its database, newest last; NULL: no such key. */
const struct evo_message *evo_at(const struct evo *t, size_t i);
size_t evo_oldest(const struct evo *t);
const struct evo_message *evo_by_key(const struct evo *t, const char *key);
void evo_refuse(struct evo *t, const struct mini_req *req, int status, const char *message);

/* evolution_ask.c */
void evo_find(struct evo *t, const struct mini_req *req, const cJSON *in);
void evo_set_webhook(struct evo *t, const struct mini_req *req, const cJSON *in);
void evo_tell_state(struct evo *t, const struct mini_req *req, bool connect);
void evo_file_of(struct evo *t, const struct mini_req *req, const cJSON *in);
void evo_other(struct evo *t, const struct mini_req *req, const cJSON *in);
void evo_root(struct evo *t, const struct mini_req *req);

#endif
