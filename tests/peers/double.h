/* double.h - what the three doubles share: the control API under /_double/, the rules that make
 * a double misbehave, and the books in which a message that came twice is seen.
 *
 *      request -> dbl_request() -> /_double/...: behave, options, state, reset, say, own ones
 *                              \-> double's handler -> dbl_rule() -> dbl_refused()?  not processed
 *                                                   -> work, dbl_count()
 *                                                   -> dbl_reply()   processed, then perhaps cut
 *
 * Threads: everything of a double belongs to its loop. */
#ifndef PEERS_DOUBLE_H
#define PEERS_DOUBLE_H

#if __has_include(<cJSON.h>)
#include <cJSON.h>
#else
#include <cjson/cJSON.h>
#endif

#include "mini.h"

#define DBL_RULES_MAX 64

struct rule {
	char word[32];   /* what to do; "" = nothing */
	char match[160]; /* part of "METHOD /path recipient-or-key"; "" matches everything */
	int times;       /* how often still; < 0 = until reset */
	int percent;     /* of the matching requests */
	int code, status, ms, retry_after, bytes;
	bool after; /* process the request first, then misbehave */
};

struct dbl;
struct dbl_ops {
	void (*request)(void *self, const struct mini_req *req);
	/* Own control calls; false = unknown. `in` is NULL when the body is no JSON. */
	bool (*control)(void *self, const struct mini_req *req, const char *verb, const cJSON *in);
	void (*state)(void *self, struct buf *out); /* ,"key":value ... */
	void (*reset)(void *self);
	void (*error_body)(void *self, const struct rule *r, int status, struct buf *out,
			   const char **ret_type);
};

/* Settings of a double that the control API may change while it runs. */
struct dbl_option {
	const char *name;
	int *value;
};

struct dbl {
	struct mini *m;
	const char *name;
	void *self;
	const struct dbl_ops *ops;
	const struct dbl_option *options; /* ends with a NULL name */
	struct rule rules[DBL_RULES_MAX];
	struct map keys;
	struct ring recent, doubled_keys;
	uint64_t rnd;
	long long requests, accepted, distinct, doubled, unkeyed, refused, misbehaved;
};

void dbl_init(struct dbl *d, const char *name, void *self, const struct dbl_ops *ops,
	      const struct dbl_option *options, int port, int *ret_port);

/* The next rule for this request (and uses it up), or an empty one. */
struct rule dbl_rule(struct dbl *d, const struct mini_req *req, const char *key);
/* True when the rule answers in place of the work; the request must then have no effect. */
bool dbl_refused(struct dbl *d, const struct mini_req *req, const struct rule *r);
/* Answers after the work, with what the rule does to the answer. */
void dbl_reply(struct dbl *d, uint64_t conn, int status, const char *type, const char *extra,
	       const char *body, size_t n, const struct rule *r);
void dbl_json(struct dbl *d, uint64_t conn, int status, const struct buf *body);
void dbl_text(struct dbl *d, uint64_t conn, int status, const char *type, const char *text);
/* Books an accepted message; answers how often its key has been seen, now included. */
int64_t dbl_count(struct dbl *d, const char *key);
bool dbl_word(const struct rule *r, const char *word);

/* cJSON access that tolerates absence. */
const char *js(const cJSON *o, const char *name); /* text, or NULL */
const char *js_or(const cJSON *o, const char *name, const char *absent);
int ji(const cJSON *o, const char *name, int absent); /* number, true = 1, false = 0 */
/* A text or a number as text. */
const char *js_any(const cJSON *o, const char *name, char room[32]);

/* What main.c knows and hands to each double. */
struct peers_config {
	const char *totem, *app_secret, *waba, *phone_id, *display_phone, *token, *verify_token;
	const char *meta_hook, *chatwoot_hook, *chatwoot_token, *chatwoot_secret, *api_token;
	const char *n8n_mode;
	const char *evolution_key, *evolution_instance, *evolution_hook, *evolution_badge;
	int customers, every_ms, agent_percent;
	bool statuses;
};
struct mini *meta_start(const struct peers_config *cfg, int port, int *ret_port);
struct mini *chatwoot_start(const struct peers_config *cfg, int port, int *ret_port);
struct mini *n8n_start(const struct peers_config *cfg, int port, int *ret_port);
struct mini *evolution_start(const struct peers_config *cfg, int port, int *ret_port);
struct mini *calidda_start(const struct peers_config *cfg, int port, int *ret_port);

#endif
