/* n8n_target.h - one n8n webhook as the settings n8n.<slug>.* describe it: address, proof of who we are, which messages
 * it gets. Part of the live configuration. */
#ifndef FLOW_N8N_TARGET_H
#define FLOW_N8N_TARGET_H

#include "store/setting/setting.h"

enum n8n_auth { N8N_AUTH_HEADER, N8N_AUTH_BASIC, N8N_AUTH_JWT, N8N_AUTH_NONE };

struct n8n_target {
	int64_t id, company_id;
	const char *slug;
	struct str url, reply_url;
	enum n8n_auth auth;
	struct str header_name, header_value, username, password, jwt_secret;
	bool chat; /* payload as n8n's Chat Trigger takes it */
	struct str channels, types, statuses,
		words; /* filters: words parted by blanks; none: all */
	bool groups;   /* also messages of groups */
	int64_t timeout_ms, history, reply_token_ms;
	struct str api_url, api_key; /* n8n's public API; api_url none: the origin of `url` */
};

void n8n_target_read(const struct settings *s, const char *slug, struct n8n_target *ret);

/* What the filters look at. */
struct n8n_subject {
	struct str channel, type, status, text;
	bool group;
};
/* Whether this target wants the message. Words of `words` are looked for in the text without regard to ASCII case. */
bool n8n_target_wants(const struct n8n_target *t, const struct n8n_subject *m);

/* "https://n8n.test:5678" of an address; none when it is no address. */
struct str n8n_target_origin(struct str url);

/* The header that proves who we are, for a request at now_ms. Texts are in the arena. RC_ABSENT: none is wanted. */
enum rc n8n_target_header(const struct n8n_target *t, int64_t now_ms, struct arena *a,
			  const char **ret_name, const char **ret_value, struct err *e) MUST_CHECK;

#endif
