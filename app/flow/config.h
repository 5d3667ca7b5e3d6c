/* config.h - the live configuration: an immutable snapshot of the settings, grouped by target.
 *
 * config_get gives a counted reference; config_put gives it back. A change of settings makes a new snapshot
 * (config_reload); who still works with the old one finishes with it. */
#ifndef FLOW_CONFIG_H
#define FLOW_CONFIG_H

#include "base/lang.h"
#include "flow/app.h"
#include "flow/lookup/lookup_target.h"
#include "flow/n8n/n8n_target.h"
#include "store/conversation/conversation_automatic.h"
#include "store/setting/setting.h"
#include "store/target.h"

#define CONFIG_SECRETS_MAX 8
#define CONFIG_TARGETS_MAX 64

/* Messages per second and number when the setting is 0; see config.c. */
#define CONFIG_RATE             70
#define CONFIG_RATE_HIGH        900
#define CONFIG_RATE_COEXISTENCE 15

struct secrets { /* several may be valid while one replaces another */
	struct str s[CONFIG_SECRETS_MAX];
	size_t n;
};

struct channel {
	struct app *app;        /* whose it is: for what changes in memory after a commit */
	int64_t id, company_id; /* target row */
	const char *slug;
	const char *provider;
	/* phone_number_id: Meta's; of Evolution "evolution:<slug>", so that items of both find their channel alike */
	struct str phone_number_id, waba_id, token, verify_token, base_url, version;
	struct secrets app_secrets;
	struct str media_hosts;
	int64_t media_timeout_ms;
	bool rate_set; /* by hand; else rate_per_second follows what the provider says */
	/* Evolution */
	struct str instance, api_key, webhook_header_name, webhook_header_value, webhook_jwt_key;
	struct str webhook_url;
	bool webhook_base64;
	int64_t ack_ms;
	int64_t rate_per_second, recipient_burst, recipient_every_ms, timeout_ms;
	int64_t silent_ms; /* longest silence that is never an alarm by itself; 0: no such limit */
	int64_t catch_up_ms;       /* how far back missed messages are asked for (Evolution) */
	int64_t check_every_ms;    /* 0: the provider is not asked how the channel is */
	int64_t template_every_ms; /* 0: the list of templates is fetched only when asked for */
	bool read_receipts;        /* reading a conversation here marks it at WhatsApp too */
	int64_t window_ms;         /* 0: the box itself refuses nothing outside the window */
	int64_t twin_ms;           /* store/conversation/twin.h; 0: not looked for */
	bool twins_collapse;
};

struct chatwoot_target {
	int64_t id, company_id;
	const char *slug;
	struct str url, token, path_secret, bot_token, platform_token;
	struct str version, inbox_identifier, webhook_base; /* version none: the newest */
	int64_t bot_id;
	bool last_seen;
	struct secrets secrets;
	int64_t account_id, inbox_id, timeout_ms, catch_up_ms;
	/* What agents write: */
	struct str file_host, file_hosts; /* where attachments are fetched (chatwoot_fetch.h) */
	struct str window_template;       /* "name language"; none: it fails outside the window */
	bool agent_signature, typing, read_receipts;
	enum lang lang; /* of our own words there */
	int64_t media_wait_ms, file_max;
};

/* Everything but its secrets; id, company_id and slug are given. */
void chatwoot_target_read(const struct settings *s, struct chatwoot_target *t);

struct config {
	int refs;        /* atomic */
	uint64_t number; /* of the reload that began to read it */
	struct settings *settings;
	struct arena arena;
	struct channel channels[CONFIG_TARGETS_MAX];
	size_t channel_count;
	struct chatwoot_target chatwoots[CONFIG_TARGETS_MAX];
	size_t chatwoot_count;
	struct n8n_target n8ns[CONFIG_TARGETS_MAX];
	size_t n8n_count;
	struct lookup_target lookups[CONFIG_TARGETS_MAX];
	size_t lookup_count;
	struct automatic_limits automatic, turns; /* no turns in a minute */
	int64_t repeated_turns;                   /* 0: not looked at */
	int64_t automation_off_ms;
	int64_t takeover_ms, handover_ms; /* 0: not at all; until it is resolved */
	int64_t retention_deliveries_ms, retention_events_ms;
	int64_t retention_media_ms, media_bytes_max, media_file_max;
};

/* Reads all sources, makes missing target rows, sets log level, queue configuration and the groups' targets, swaps the snapshot. */
enum rc config_reload(struct app *app, struct err *e) MUST_CHECK;
const struct config *config_get(struct app *app);
void config_put(const struct config *c);
void config_putp(const struct config **c); /* for AUTO */
void config_release(struct app *app);      /* at the end */

/* NULL: none such. */
const struct channel *config_channel(const struct config *c, int64_t id);
const struct channel *config_channel_slug(const struct config *c, struct str slug);
const struct channel *config_channel_phone(const struct config *c, struct str phone_number_id);
/* The channel for a send that names none: setting default_channel, or the only one. */
const struct channel *config_channel_default(const struct config *c);
/* How long after the customer's last message free answers are allowed: also when the box itself refuses nothing (Meta's
 * 24 hours then), and for a channel that is not there any more (NULL). */
int64_t config_window_ms(const struct channel *ch);
const struct chatwoot_target *config_chatwoot(const struct config *c, int64_t id);
const struct chatwoot_target *config_chatwoot_slug(const struct config *c, struct str slug);
const struct n8n_target *config_n8n(const struct config *c, int64_t id);
const struct lookup_target *config_lookup_slug(const struct config *c, struct str slug);

#endif
