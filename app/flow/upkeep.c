/* upkeep.c - see upkeep.h: the table of kinds, one run, and making sure of the periodic ones. */
#include "flow/chatwoot/chatwoot_setup.h"
#include "flow/upkeep.h"

#include "base/log.h"
#include "flow/handlers.h"
#include "flow/check/setup_test.h"
#include "flow/send/template_sync.h"
#include "flow/upkeep_kinds.h"
#include "io/crypto.h"

static const struct upkeep_kind KINDS[] = {
	{ .name = "channel.check",
	  .run = channel_check_run,
	  .every_ms = channel_check_every,
	  .about_channel = true,
	  .provider = "meta",
	  .check = true },
	{ .name = "evolution.check",
	  .run = evolution_check_run,
	  .every_ms = evolution_check_every,
	  .about_channel = true,
	  .provider = "evolution",
	  .check = true },
	{ .name = "evolution.catch_up",
	  .run = evolution_catch_up_run,
	  .every_ms = evolution_catch_up_every,
	  .about_channel = true,
	  .provider = "evolution" },
	{ .name = "evolution.connect",
	  .run = evolution_connect_run,
	  .about_channel = true,
	  .provider = "evolution" },
	{ .name = "evolution.ack", .run = evolution_ack_run }, /* ref: a message */
	{ .name = "channel.listen",
	  .run = channel_listen_run,
	  .every_ms = channel_listen_every,
	  .about_channel = true },
	{ .name = TEMPLATE_SYNC_KIND,
	  .run = template_sync_run,
	  .every_ms = template_sync_every,
	  .about_channel = true,
	  .provider = "meta" },
	{ .name = SETUP_TEST_KIND, .run = setup_test_run }, /* ref: a step */
	{ .name = "n8n.echo", .run = n8n_import_run },
	{ .name = "n8n.dni", .run = n8n_import_run },
	{ .name = CHATWOOT_SETUP_KIND, .run = chatwoot_setup_run },
	{ .name = CHATWOOT_PEOPLE_KIND, .run = chatwoot_people_run },
	{ .name = "conversation.wake", .run = conversation_wake_run },
	{ .name = "chatwoot.look", .run = chatwoot_look_run }, /* ref: a conversation */
	{ .name = "chatwoot.catch_up",
	  .run = chatwoot_catch_run,
	  .every_chatwoot_ms = chatwoot_catch_every },
};

static const struct upkeep_kind *kind_of(struct str name)
{
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		if (str_eqc(name, KINDS[i].name))
			return &KINDS[i];
	}
	return NULL;
}

/* ---- one run ---- */

/* 90 to 110 percent: boxes and channels do not ask in step. */
static int64_t jittered(struct worker *w, int64_t every_ms)
{
	return every_ms * 9 / 10 + (int64_t)(work_random(w) % 1024) * every_ms / 5 / 1024;
}

static enum rc ended_unit(struct tx *tx, void *arg, struct err *e)
{
	return chore_ended(tx, arg, e);
}

static enum rc settle(struct upkeep_run *u, const struct upkeep_kind *k, struct chore_end *end,
		      const struct err *why, struct err *e)
{
	if (why->rc != RC_OK) {
		log_err(LOG_WARN, k->name, why);
		if (end->next_ms == 0)
			return work_retry(u->w, end->job, u->now_ms, -1, "upkeep", why->text, e);
		end->error = why->text;
		if (end->next_ms > 0)
			end->next_ms =
				i64_min(end->next_ms, u->now_ms + jittered(u->w, UPKEEP_FAILED_MS));
	}
	return store_write(u->w->app->store, STORE_NORMAL, ended_unit, end, e);
}

/* Milliseconds between two runs for what it is about; 0: once. */
static int64_t period(const struct upkeep_run *u, const struct upkeep_kind *k)
{
	const struct chatwoot_target *t;

	if (k->every_ms != NULL)
		return k->every_ms(u->config, u->channel);
	t = k->every_chatwoot_ms != NULL ? config_chatwoot(u->config, u->ref) : NULL;
	return t != NULL ? k->every_chatwoot_ms(t) : 0;
}

static enum rc run(struct upkeep_run *u, const struct upkeep_kind *k, const struct job *j,
		   struct err *e)
{
	struct chore_end end = { .job = j, .chore = { .kind = k->name, .ref = u->ref } };
	struct err why = { 0 };
	int64_t every_ms;

	if (k->about_channel) {
		u->channel = config_channel(u->config, u->ref);
		if (u->channel == NULL)
			return work_done(u->w, j, e);
	}
	every_ms = period(u, k);
	end.next_ms = every_ms > 0 ? u->now_ms + jittered(u->w, every_ms) : 0;
	if (k->run(u, &end.next_ms, &why) == RC_OK)
		why.rc = RC_OK;
	if (why.rc == RC_LIMIT || why.rc == RC_IO) {
		*e = why;
		return why.rc;
	}
	return settle(u, k, &end, &why, e);
}

enum rc upkeep_job(struct worker *w, const struct job *jobs, int n, int64_t now_ms, struct err *e)
{
	AUTO(config_putp) const struct config *config = config_get(w->app);
	AUTO(json_freep) struct json *root = NULL;
	struct upkeep_run u = {
		.w = w, .config = config, .job = &jobs[0], .ref = jobs[0].ref, .now_ms = now_ms
	};
	const struct upkeep_kind *k;
	struct job_text text;
	struct db *db = store_reader(w->app->store);
	enum rc rc = queue_text(db, jobs[0].id, &w->arena, &text, e);

	ASSERT(n == 1);
	store_reader_done(w->app->store, db);
	TRY(rc);
	if (json_parse(text.payload, &root, NULL) != RC_OK)
		return work_dead(w, &jobs[0], "ours", "unreadable", "the payload is no JSON", e);
	k = kind_of(json_get_str(root, "kind"));
	if (k == NULL)
		return work_dead(w, &jobs[0], "ours", "unknown kind",
				 "this version does not know this kind of upkeep", e);
	u.args = json_get(root, "args");
	return run(&u, k, &jobs[0], e);
}

/* ---- making sure ---- */

static bool fits(const struct upkeep_kind *k, const struct channel *ch)
{
	return k->about_channel && (k->provider == NULL || strcmp(k->provider, ch->provider) == 0);
}

static bool periodic(const struct upkeep_kind *k, const struct config *c, const struct channel *ch)
{
	return fits(k, ch) && k->every_ms != NULL && k->every_ms(c, ch) > 0;
}

const char *upkeep_check_kind(const struct channel *ch)
{
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		if (KINDS[i].check && fits(&KINDS[i], ch))
			return KINDS[i].name;
	}
	return NULL;
}

enum rc upkeep_check(struct tx *tx, const struct channel *ch, int *ret_count, struct err *e)
{
	*ret_count = 0;
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		struct chore chore = { .kind = KINDS[i].name, .ref = ch->id };

		if (!KINDS[i].check || !fits(&KINDS[i], ch))
			continue;
		TRY(chore_want(tx, &chore, 0, NULL, e));
		(*ret_count)++;
	}
	return RC_OK;
}

struct ensure {
	const struct config *config;
	int64_t now_ms;
	uint32_t random;
};

/* Soon: after a start this is what finds out what was missed. */
static enum rc ensure_chatwoots(struct tx *tx, const struct ensure *n, struct err *e)
{
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		for (size_t c = 0; c < n->config->chatwoot_count && KINDS[i].every_chatwoot_ms;
		     c++) {
			const struct chatwoot_target *t = &n->config->chatwoots[c];
			struct chore chore = { .kind = KINDS[i].name, .ref = t->id };

			if (KINDS[i].every_chatwoot_ms(t) > 0)
				TRY(chore_want(tx, &chore, n->now_ms + UPKEEP_FIRST_MS, NULL, e));
		}
	}
	return RC_OK;
}

static enum rc ensure_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct ensure *n = arg;

	for (size_t i = 0; i < COUNT(KINDS); i++) {
		for (size_t c = 0; c < n->config->channel_count; c++) {
			const struct channel *ch = &n->config->channels[c];
			struct chore chore = { .kind = KINDS[i].name, .ref = ch->id };
			int64_t spread = (n->random >> (c % 16)) % UPKEEP_FIRST_MS;

			if (periodic(&KINDS[i], n->config, ch))
				TRY(chore_want(tx, &chore, n->now_ms + UPKEEP_FIRST_MS + spread,
					       NULL, e));
		}
	}
	return ensure_chatwoots(tx, n, e);
}

static bool any_wanted(const struct config *config)
{
	if (config->chatwoot_count > 0)
		return true;
	for (size_t i = 0; i < COUNT(KINDS); i++) {
		for (size_t c = 0; c < config->channel_count; c++) {
			if (periodic(&KINDS[i], config, &config->channels[c]))
				return true;
		}
	}
	return false;
}

void upkeep_ensure(struct app *app, int64_t now_ms)
{
	AUTO(config_putp) const struct config *config = config_get(app);
	struct ensure n = { .config = config, .now_ms = now_ms };
	struct err e = { 0 };

	crypto_random((uint8_t *)&n.random, sizeof(n.random));
	if (any_wanted(config) &&
	    store_write(app->store, STORE_NORMAL, ensure_unit, &n, &e) != RC_OK)
		log_err(LOG_WARN, "upkeep.not_ensured", &e);
}
