/* meta.h - inside of the Meta double: meta.c answers the Graph API, meta_error.c refuses,
 * meta_hook.c writes the webhooks, meta_media.c keeps files, customers.c lets people write. */
#ifndef PEERS_META_H
#define PEERS_META_H

#include "double.h"

#define META_BATCH_MAX 1000 /* updates per POST, as Meta promises */

/* One change on its way to the receiver: a customer's message or a status. */
struct update {
	bool is_status;
	char *item, *contact; /* JSON; contact may be NULL */
};

#define META_SHAPES_MAX 16

/* What a GET answers instead of its usual body. */
struct shape {
	char *path; /* end of the path; NULL: free */
	char *body;
	int status;
};

struct meta {
	struct dbl d;
	const struct peers_config *cfg;
	struct mini_client *totem; /* NULL: nobody listens to webhooks */
	struct update batch[META_BATCH_MAX];
	size_t batch_n;
	bool flush_due;
	uint64_t layout;
	struct map pairs; /* per recipient: second and count, for the pair limit */
	int64_t mps_second;
	int mps_now;
	/* options, see meta.c */
	int statuses, early, duplicate_percent, shuffle, batch_max, batch_ms, sent_ms, delivered_ms;
	int read_ms, skip_delivered_percent, retry_max, retry_first_ms, retry_cap_ms,
		hook_timeout_ms;
	int mps, pair_per_minute, drop_ninth, bsuid, customers, every_ms;
	int window, template_check, template_page;
	struct map heard; /* when each customer wrote last, ms */
	cJSON *templates;
	bool customers_run;
	struct shape shapes[META_SHAPES_MAX];
	int port, url_ms; /* own; how long an address of a file lives */
	struct meta_files *files;
	long long marked_read, typing, statuses_made, messages_made, hooks_posted, hooks_ok,
		hooks_refused, hooks_retried, hooks_given_up, handshakes_ok, untagged;
};

/* A customer writes; answers the new message's id in ret_id (or uses `id` when given). */
void meta_say(struct meta *t, const char *from, const char *name, const char *text, const char *id,
	      const char *raw_message, struct buf *ret_id);
void meta_status(struct meta *t, const char *wamid, const char *to, const char *status,
		 const char *opaque, int error_code);
void meta_flush(struct meta *t);
/* Signs and posts bytes as they are. `secret` NULL = the configured one. */
void meta_hook(struct meta *t, const char *body, size_t n, const char *secret);
/* Answers a request with an error body; `details` may be NULL. */
void meta_refuse(struct meta *t, const struct mini_req *req, int status, int code,
		 const char *details);
const char *meta_error_title(int code);
/* The body of a refusal that a rule asks for (dbl_ops). */
void meta_error_body(void *self, const struct rule *r, int status, struct buf *out,
		     const char **ret_type);
/* meta_get.c: the GETs that a self-check makes, and what they answer on request. */
void meta_get(struct meta *t, const struct mini_req *req, const char *rest);
bool meta_app_token(const struct meta *t, const char *token); /* "app id|app secret" */
void meta_shape(struct meta *t, const struct mini_req *req, const cJSON *in);
void meta_shapes_forget(struct meta *t);
/* meta_check.c: NULL: Meta would take it; else the details of error 100. */
const char *meta_check(const cJSON *in);
void meta_window_open(struct meta *t, const char *from);
/* Only with option `window`. */
bool meta_window_closed(const struct meta *t, const cJSON *in, const char *to);
void meta_templates_start(struct meta *t);
bool meta_template_set(struct meta *t, const cJSON *in);
void meta_templates_page(const struct meta *t, const char *query, struct buf *out);
int meta_template_fault(const struct meta *t, const cJSON *in);
void customers_start(struct meta *t);

/* meta_media.c: files. False: not a call about a file that is known. `rest` is the path behind the version. */
bool meta_media_request(struct meta *t, const struct mini_req *req, const char *rest);
void meta_media_upload(struct meta *t, const struct mini_req *req);
bool meta_media_control(struct meta *t, const struct mini_req *req, const char *verb);
void meta_media_state(struct meta *t, struct buf *out);
void meta_media_reset(struct meta *t);

#endif
