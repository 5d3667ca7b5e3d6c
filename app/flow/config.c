/* config.c - see config.h. */
#include "flow/config.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "flow/handlers.h"
#include "flow/outside/outside.h"
#include "flow/upkeep.h"
#include "io/crypto.h"
#include "store/channel/channel_state.h"
#include "store/queue/queue.h"
#include "store/queue/topic.h"

#define CONFIG_ARENA_MAX (1 * MIB)

/* ---- the target rows ---- */

struct rows {
	const struct settings *settings;
	struct config *config;
};

static const char *const KINDS[] = { "channel", "chatwoot", "n8n", "lookup" };

static struct str slug_kept(struct config *c, struct str slug)
{
	return arena_str(&c->arena, slug);
}

static void split_secrets(struct config *c, struct str words, struct secrets *ret)
{
	struct str part;

	words = arena_str(&c->arena, words);
	while (ret->n < CONFIG_SECRETS_MAX && str_cut(&words, ' ', &part)) {
		if (part.n > 0)
			ret->s[ret->n++] = part;
	}
}

#define META_BASE      "https://graph.facebook.com" /* default of base_url in setting.def */
#define EVOLUTION_BASE "http://127.0.0.1:8080"      /* where Evolution listens by itself */

static void add_evolution(struct config *c, const char *slug, struct channel *ch)
{
	const struct settings *s = c->settings;

	ch->instance = setting_of(s, "channel", slug, "instance");
	ch->api_key = setting_of(s, "channel", slug, "api_key");
	ch->webhook_header_name = setting_of(s, "channel", slug, "webhook_header_name");
	ch->webhook_header_value = setting_of(s, "channel", slug, "webhook_header_value");
	ch->webhook_jwt_key = setting_of(s, "channel", slug, "webhook_jwt_key");
	ch->webhook_url = setting_of(s, "channel", slug, "webhook_url");
	ch->webhook_base64 = setting_of_i64(s, "channel", slug, "webhook_base64") == 1;
	ch->ack_ms = setting_of_i64(s, "channel", slug, "ack_seconds") * SECOND_MS;
	if (strcmp(ch->provider, "evolution") != 0)
		return;
	if (str_eqc(ch->base_url, META_BASE))
		ch->base_url = STR(EVOLUTION_BASE);
	ch->phone_number_id = str_of(arena_printf(&c->arena, "evolution:%s", slug));
}

static void add_channel(struct config *c, int64_t id, const char *slug)
{
	const struct settings *s = c->settings;
	struct channel *ch = &c->channels[c->channel_count++];

	*ch = (struct channel){
		.id = id,
		.company_id = 1,
		.slug = slug,
		.provider = setting_of(s, "channel", slug, "provider").p,
		.phone_number_id = setting_of(s, "channel", slug, "phone_number_id"),
		.waba_id = setting_of(s, "channel", slug, "waba_id"),
		.token = setting_of(s, "channel", slug, "token"),
		.verify_token = setting_of(s, "channel", slug, "verify_token"),
		.base_url = setting_of(s, "channel", slug, "base_url"),
		.version = setting_of(s, "channel", slug, "version"),
		.media_hosts = setting_of(s, "channel", slug, "media_hosts"),
		.media_timeout_ms = setting_of_i64(s, "channel", slug, "media_timeout_ms"),
		.rate_per_second = setting_of_i64(s, "channel", slug, "rate_per_second"),
		.rate_set = setting_of_i64(s, "channel", slug, "rate_per_second") > 0,
		.recipient_burst = setting_of_i64(s, "channel", slug, "recipient_burst"),
		.recipient_every_ms = setting_of_i64(s, "channel", slug, "recipient_every_ms"),
		.silent_ms = setting_of_i64(s, "channel", slug, "silent_hours") * HOUR_MS,
		.catch_up_ms = setting_of_i64(s, "channel", slug, "catch_up_days") * DAY_MS,
		.check_every_ms = setting_of_i64(s, "channel", slug, "check_minutes") * MINUTE_MS,
		.template_every_ms =
			setting_of_i64(s, "channel", slug, "template_minutes") * MINUTE_MS,
		.read_receipts = setting_of_i64(s, "channel", slug, "read_receipts") != 0,
		.window_ms = setting_of_i64(s, "channel", slug, "window_hours") * HOUR_MS,
		.twin_ms = setting_of_i64(s, "channel", slug, "duplicate_window_ms"),
		.twins_collapse = setting_of_i64(s, "channel", slug, "duplicate_collapse") != 0,
		.timeout_ms = setting_of_i64(s, "channel", slug, "timeout_ms"),
	};
	split_secrets(c, setting_of(s, "channel", slug, "app_secret"), &ch->app_secrets);
	add_evolution(c, slug, ch);
}

static void add_chatwoot(struct config *c, int64_t id, const char *slug)
{
	const struct settings *s = c->settings;
	struct chatwoot_target *t = &c->chatwoots[c->chatwoot_count++];

	*t = (struct chatwoot_target){ .id = id, .company_id = 1, .slug = slug };
	chatwoot_target_read(s, t);
	split_secrets(c, setting_of(s, "chatwoot", slug, "secret"), &t->secrets);
}

static void add_n8n(struct config *c, int64_t id, const char *slug)
{
	struct n8n_target *t = &c->n8ns[c->n8n_count++];

	*t = (struct n8n_target){ .id = id, .company_id = 1 };
	n8n_target_read(c->settings, slug, t);
}

static void add_lookup(struct config *c, int64_t id, const char *slug)
{
	struct lookup_target *t = &c->lookups[c->lookup_count++];

	*t = (struct lookup_target){ .id = id, .company_id = 1 };
	lookup_target_read(c->settings, slug, t);
}

static enum rc take_row(void *arg, const struct target *t, struct err *e)
{
	struct config *c = arg;
	const char *slug = slug_kept(c, str_of(t->slug)).p;

	(void)e;
	if (slug == NULL)
		return RC_OK;
	if (strcmp(t->kind, "channel") == 0 && c->channel_count < CONFIG_TARGETS_MAX)
		add_channel(c, t->id, slug);
	else if (strcmp(t->kind, "chatwoot") == 0 && c->chatwoot_count < CONFIG_TARGETS_MAX)
		add_chatwoot(c, t->id, slug);
	else if (strcmp(t->kind, "n8n") == 0 && c->n8n_count < CONFIG_TARGETS_MAX)
		add_n8n(c, t->id, slug);
	else if (strcmp(t->kind, "lookup") == 0 && c->lookup_count < CONFIG_TARGETS_MAX)
		add_lookup(c, t->id, slug);
	return RC_OK;
}

/* Slugs that only the file or the environment name have no row yet. */
static enum rc ensure_rows(struct tx *tx, void *arg, struct err *e)
{
	const struct settings *s = arg;
	struct str slug;
	int64_t id;

	for (size_t k = 0; k < COUNT(KINDS); k++) {
		for (size_t i = 0; setting_slug(s, KINDS[k], i, &slug); i++)
			TRY(target_resolve(tx, KINDS[k], slug, &id, e));
	}
	return RC_OK;
}

/* ---- what the snapshot sets elsewhere ---- */

static void configure_queues(struct app *app, const struct settings *s)
{
	struct queues *qs = store_queues(app->store);

	for (int q = 0; q < QUEUE_COUNT; q++) {
		const char *name = queue_name((enum queue_id)q);
		struct queue_config c = queue_get_config(qs, (enum queue_id)q);
		int64_t v;

		if ((v = setting_of_i64(s, "queue", name, "concurrency")) > 0)
			c.concurrency = (int)v;
		if ((v = setting_of_i64(s, "queue", name, "attempts")) > 0)
			c.attempts = (int)v;
		if ((v = setting_of_i64(s, "queue", name, "backoff_ms")) > 0)
			c.backoff_ms = v;
		if ((v = setting_of_i64(s, "queue", name, "batch")) > 1 &&
		    c.batch > 1) /* one job or many: the handler's nature */
			c.batch = (int)v;
		queue_configure(qs, (enum queue_id)q, &c);
	}
	queue_on_discard(qs, QUEUE_MESSAGES, dispatch_discard);
}

/* Who mends an address or a token does not want to wait for the end of a pause. */
static void resume_mended(struct app *app, const struct config *old, const struct config *new)
{
	for (size_t i = 0; old != NULL && i < new->channel_count; i++) {
		const struct channel *c = &new->channels[i], *was = config_channel(old, c->id);

		if (was != NULL &&
		    !(str_eq(was->token, c->token) && str_eq(was->base_url, c->base_url) &&
		      str_eq(was->api_key, c->api_key) && str_eq(was->instance, c->instance) &&
		      str_eq(was->phone_number_id, c->phone_number_id)))
			outside_resume(app, c->id);
	}
	for (size_t i = 0; old != NULL && i < new->chatwoot_count; i++) {
		const struct chatwoot_target *c = &new->chatwoots[i],
					     *was = config_chatwoot(old, c->id);

		if (was != NULL && !(str_eq(was->token, c->token) && str_eq(was->url, c->url)))
			outside_resume(app, c->id);
	}
	for (size_t i = 0; old != NULL && i < new->n8n_count; i++) {
		const struct n8n_target *c = &new->n8ns[i], *was = config_n8n(old, c->id);

		if (was != NULL &&
		    !(str_eq(was->header_value, c->header_value) && str_eq(was->url, c->url) &&
		      str_eq(was->password, c->password) && was->auth == c->auth &&
		      str_eq(was->jwt_secret, c->jwt_secret)))
			outside_resume(app, c->id);
	}
	for (size_t i = 0; old != NULL && i < new->lookup_count; i++) {
		const struct lookup_target *c = &new->lookups[i],
					   *was = config_lookup_slug(old, str_of(c->slug));

		if (was != NULL && was->login_mark != c->login_mark)
			outside_resume(app, c->id);
	}
}

/* A group is on while a target of its kind has an address. One Chatwoot serves all channels (company); every n8n gets
 * every message and its filters choose. */
static void point_groups(struct app *app, const struct config *c)
{
	static const enum queue_id CHATWOOT[] = { QUEUE_SUPPORT_INBOUND,  QUEUE_SUPPORT_MIRROR,
						  QUEUE_SUPPORT_OUTBOUND, QUEUE_SUPPORT_STATUS,
						  QUEUE_SUPPORT_STATE,    QUEUE_SUPPORT_FILE,
						  QUEUE_SUPPORT_AGENT };
	struct queues *qs = store_queues(app->store);
	int64_t chatwoot = 0, n8n[QUEUE_TARGETS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->chatwoot_count && chatwoot == 0; i++) {
		if (c->chatwoots[i].url.n > 0 && c->chatwoots[i].inbox_id > 0)
			chatwoot = c->chatwoots[i].id;
	}
	for (size_t i = 0; i < c->n8n_count && n < COUNT(n8n); i++) {
		if (c->n8ns[i].url.n > 0)
			n8n[n++] = c->n8ns[i].id;
	}
	for (size_t i = 0; i < COUNT(CHATWOOT); i++)
		topic_group_target(qs, CHATWOOT[i], chatwoot);
	topic_group_targets(qs, QUEUE_ORCHESTRATOR_INBOUND, n8n, n);
}

static void set_log_level(const struct settings *s)
{
	enum log_level level;

	if (log_level_parse(setting_str(s, "log_level"), &level))
		log_set_level(level);
}

/* ---- snapshots ---- */

static void config_free(struct config *c)
{
	settings_free(c->settings);
	arena_release(&c->arena);
	mem_free(c);
}

/* Messages per second of a number that nobody set by hand (meta-cloud-api.md 4.3): Meta allows 80, or 1000 after its
 * own upgrade, or 20 while the phone app is used too; somewhat less, because what it counts includes inbound. */
static enum rc rate_of(struct db *db, struct channel *ch, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(CHANNEL_VALUE_MAX);
	struct str level = STR_NONE;
	int64_t coexists;
	enum rc rc = channel_fact_get(db, ch->id, FACT_THROUGHPUT, &a, &level, e);

	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	err_clear(e);
	TRY(channel_fact_get_i64(db, ch->id, FACT_ON_BIZ_APP, 0, &coexists, e));
	if (coexists == 1)
		ch->rate_per_second = CONFIG_RATE_COEXISTENCE;
	else
		ch->rate_per_second = str_eqc(level, "HIGH") ? CONFIG_RATE_HIGH : CONFIG_RATE;
	return RC_OK;
}

/* What the settings do not say. */
static enum rc complete(struct app *app, struct config *c, struct err *e)
{
	struct db *db = store_reader(app->store);
	enum rc rc = RC_OK;

	for (size_t i = 0; i < c->channel_count && rc == RC_OK; i++) {
		c->channels[i].app = app;
		if (!c->channels[i].rate_set)
			rc = rate_of(db, &c->channels[i], e);
	}
	store_reader_done(app->store, db);
	return rc;
}

static enum rc build(struct app *app, struct config *c, struct err *e)
{
	const struct setting_sources src = { .file = app->config_file,
					     .args = app->args,
					     .arg_count = app->arg_count,
					     .seal_key = app->seal_key };
	struct db *db = store_reader(app->store);
	enum rc rc = settings_load(&src, db, &c->settings, e);

	store_reader_done(app->store, db);
	TRY(rc);
	TRY(store_write(app->store, STORE_NORMAL, ensure_rows, c->settings, e));
	db = store_reader(app->store);
	rc = target_each(db, take_row, c, e);
	store_reader_done(app->store, db);
	TRY(rc);
	TRY(complete(app, c, e));
	c->automatic = (struct automatic_limits){
		{ [AUTOMATIC_MINUTE] = setting_i64(c->settings, "automatic_per_minute"),
		  [AUTOMATIC_HOUR] = setting_i64(c->settings, "automatic_per_hour"),
		  [AUTOMATIC_DAY] = setting_i64(c->settings, "automatic_per_day") }
	};
	c->turns = (struct automatic_limits){
		{ [AUTOMATIC_HOUR] = setting_i64(c->settings, "turns_per_hour"),
		  [AUTOMATIC_DAY] = setting_i64(c->settings, "turns_per_day") }
	};
	c->repeated_turns = setting_i64(c->settings, "repeated_turns");
	c->automation_off_ms = setting_i64(c->settings, "automation_off_minutes") * MINUTE_MS;
	c->takeover_ms = setting_i64(c->settings, "takeover_minutes") * MINUTE_MS;
	c->handover_ms = setting_i64(c->settings, "handover_minutes") * MINUTE_MS;
	c->retention_deliveries_ms = setting_i64(c->settings, "retention_deliveries_days") * DAY_MS;
	c->retention_events_ms = setting_i64(c->settings, "retention_events_days") * DAY_MS;
	c->retention_media_ms = setting_i64(c->settings, "retention_media_days") * DAY_MS;
	c->media_bytes_max = setting_i64(c->settings, "media_max_bytes");
	c->media_file_max = setting_i64(c->settings, "media_file_max_bytes");
	return RC_OK;
}

/* What the snapshot sets elsewhere changes with it, under the lock. False: a reload that began later was faster; it has
 * read all that this one has. */
static bool swap(struct app *app, struct config *c, struct config **ret_old)
{
	bool newest;

	mtx_lock(&app->config_lock);
	*ret_old = app->config;
	newest = app->config == NULL || app->config->number < c->number;
	if (newest) {
		configure_queues(app, c->settings);
		point_groups(app, c);
		set_log_level(c->settings);
		app->config = c;
	}
	mtx_unlock(&app->config_lock);
	return newest;
}

enum rc config_reload(struct app *app, struct err *e)
{
	struct config *c = mem_new(1, sizeof(*c)), *old;
	enum rc rc;

	c->arena = (struct arena)ARENA(CONFIG_ARENA_MAX);
	c->refs = 1;
	c->number = __atomic_add_fetch(&app->config_reloads, 1, __ATOMIC_SEQ_CST);
	rc = build(app, c, e);
	if (rc != RC_OK || !swap(app, c, &old)) {
		config_free(c);
		return rc;
	}
	resume_mended(app, old, c);
	upkeep_ensure(app, clock_now_ms());
	config_put(old);
	return RC_OK;
}

const struct config *config_get(struct app *app)
{
	struct config *c;

	mtx_lock(&app->config_lock);
	c = app->config;
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	mtx_unlock(&app->config_lock);
	return c;
}

void config_put(const struct config *held)
{
	struct config *c;

	if (held == NULL)
		return;
	memcpy(&c, &held, sizeof(c)); /* the count is the one part that readers change */
	if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0)
		config_free(c);
}

void config_putp(const struct config **c)
{
	config_put(*c);
	*c = NULL;
}

void config_release(struct app *app)
{
	config_put(app->config);
	app->config = NULL;
}

/* ---- look-ups ---- */

const struct channel *config_channel(const struct config *c, int64_t id)
{
	for (size_t i = 0; i < c->channel_count; i++) {
		if (c->channels[i].id == id)
			return &c->channels[i];
	}
	return NULL;
}

const struct channel *config_channel_slug(const struct config *c, struct str slug)
{
	for (size_t i = 0; i < c->channel_count; i++) {
		if (str_eqc(slug, c->channels[i].slug))
			return &c->channels[i];
	}
	return NULL;
}

const struct channel *config_channel_phone(const struct config *c, struct str phone_number_id)
{
	for (size_t i = 0; i < c->channel_count && phone_number_id.n > 0; i++) {
		if (str_eq(phone_number_id, c->channels[i].phone_number_id))
			return &c->channels[i];
	}
	return NULL;
}

int64_t config_window_ms(const struct channel *ch)
{
	return ch != NULL && ch->window_ms > 0 ? ch->window_ms : DAY_MS;
}

const struct channel *config_channel_default(const struct config *c)
{
	struct str name = setting_str(c->settings, "default_channel");

	if (name.n > 0)
		return config_channel_slug(c, name);
	return c->channel_count == 1 ? &c->channels[0] : NULL;
}

const struct chatwoot_target *config_chatwoot(const struct config *c, int64_t id)
{
	for (size_t i = 0; i < c->chatwoot_count; i++) {
		if (c->chatwoots[i].id == id)
			return &c->chatwoots[i];
	}
	return NULL;
}

const struct chatwoot_target *config_chatwoot_slug(const struct config *c, struct str slug)
{
	for (size_t i = 0; i < c->chatwoot_count; i++) {
		if (str_eqc(slug, c->chatwoots[i].slug))
			return &c->chatwoots[i];
	}
	return NULL;
}

const struct n8n_target *config_n8n(const struct config *c, int64_t id)
{
	for (size_t i = 0; i < c->n8n_count; i++) {
		if (c->n8ns[i].id == id)
			return &c->n8ns[i];
	}
	return NULL;
}

const struct lookup_target *config_lookup_slug(const struct config *c, struct str slug)
{
	for (size_t i = 0; i < c->lookup_count; i++) {
		if (str_eqc(slug, c->lookups[i].slug))
			return &c->lookups[i];
	}
	return NULL;
}
