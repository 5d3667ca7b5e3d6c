/* setup.c - GET /api/v1/setup: how far the first run is; POST /api/v1/setup/test/{step}: try a step now.
 *
 * A step is ok, failed, waiting (for somebody outside), testing, or todo; `text` is one sentence with what to do. */
#include "store/setup.h"

#include "api/handlers.h"
#include "flow/channel/channel_check.h"
#include "flow/check/setup_test.h"
#include "store/channel/channel_state.h"
#include "store/chore.h"
#include "store/target.h"

#define NOTHING                                                                                  \
	"With a test: whatsapp, url, chatwoot, n8n, and parts that are set up: channel.<name>, " \
	"chatwoot.<name>, n8n.<name>."

struct tested;

struct setup_page {
	struct call *c;
	struct db *db;
	struct jsonw w;
	enum lang lang;
	const struct tested *part; /* told too; NULL: none was named */
};

struct setup_line {
	const char *step, *state;
	enum setup_code code; /* SETUP_CODES: nothing to say */
	struct str arg;
	int64_t at_ms;
};

static void line_write(struct setup_page *p, const struct setup_line *l)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(4 * KIB);

	jsonw_object(&p->w);
	jsonw_ktext(&p->w, "step", l->step);
	jsonw_ktext(&p->w, "state", l->state);
	if (l->code < SETUP_CODES) {
		setup_text(l->code, l->arg, p->lang, &text);
		jsonw_ktext(&p->w, "code", setup_code_name(l->code));
		jsonw_kstr(&p->w, "text", sbuf_view(&text));
	}
	jsonw_ktime(&p->w, "at", l->at_ms);
	jsonw_end(&p->w);
}

static bool is_evolution(const struct config *c)
{
	const struct channel *ch = setup_test_channel(c);

	return ch != NULL && strcmp(ch->provider, "evolution") == 0;
}

/* What can be tested: a step, or one part. */
struct tested {
	enum setup_step step;
	int64_t target_id;          /* 0: the step */
	char name[TARGET_NAME_MAX]; /* "n8n", "n8n.main" */
};

/* A phone that was waited for is connected by now: the step turns green by itself. */
static enum rc follow_link(struct setup_page *p, const struct tested *t, struct setup_line *l,
			   struct err *e)
{
	const struct channel *ch = t->target_id != 0 ? config_channel(p->c->config, t->target_id)
						     : setup_test_channel(p->c->config);
	struct str state;
	enum rc rc;

	if (l->code != SETUP_SCAN_CODE || ch == NULL)
		return RC_OK;
	rc = channel_fact_get(p->db, ch->id, FACT_CONNECTION, p->c->q->arena, &state, e);
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	if (str_eqc(state, "open")) {
		l->code = SETUP_FINE;
		l->arg = ch->instance;
	}
	return RC_OK;
}

static enum rc write_tested(struct setup_page *p, const struct tested *t, struct err *e)
{
	struct setup_line l = { .step = t->name, .state = "todo" };
	struct setup_result r;

	TRY(setup_load(p->db, t->name, &r, e));
	l.code = r.at_ms != 0 ? r.code : SETUP_CODES;
	l.arg = str_of(r.arg);
	l.at_ms = r.at_ms;
	TRY(follow_link(p, t, &l, e));
	if (r.asked_ms != 0 && r.at_ms == 0)
		l.state = "testing";
	else if (l.code < SETUP_CODES)
		l.state = setup_code_ok(l.code)       ? "ok"
			  : l.code == SETUP_NOT_SET   ? "todo"
			  : l.code == SETUP_SCAN_CODE ? "waiting"
						      : "failed";
	line_write(p, &l);
	return RC_OK;
}

static enum rc write_step(struct setup_page *p, enum setup_step step, struct err *e)
{
	struct tested t = { .step = step };

	(void)snprintf(t.name, sizeof(t.name), "%s", setup_step_name(step)); /* fits */
	return write_tested(p, &t, e);
}

/* "n8n", or "channel.main", "chatwoot.main", "n8n.main" of this company. */
static bool parse_tested(const struct call *c, struct str name, struct tested *ret)
{
	struct str kind, slug = name;
	const struct config *config = c->config;
	const struct channel *ch;
	const struct chatwoot_target *cw;

	*ret = (struct tested){ 0 };
	if (!str_copy(name, ret->name, sizeof(ret->name)))
		return false;
	if (setup_step_parse(name, &ret->step))
		return true;
	if (!str_cut(&slug, '.', &kind))
		return false;
	if (str_eqc(kind, "channel")) {
		ch = config_channel_slug(config, slug);
		ret->step = SETUP_STEP_WHATSAPP;
		ret->target_id = ch != NULL && ch->company_id == c->who.company_id ? ch->id : 0;
	} else if (str_eqc(kind, "chatwoot")) {
		cw = config_chatwoot_slug(config, slug);
		ret->step = SETUP_STEP_CHATWOOT;
		ret->target_id = cw != NULL && cw->company_id == c->who.company_id ? cw->id : 0;
	}
	for (size_t i = 0; i < config->n8n_count && str_eqc(kind, "n8n"); i++) {
		const struct n8n_target *t = &config->n8ns[i];

		ret->step = SETUP_STEP_N8N;
		if (str_eqc(slug, t->slug) && t->company_id == c->who.company_id)
			ret->target_id = t->id;
	}
	return ret->target_id != 0;
}

/* Meta's verification call, or a webhook, left its time behind: the step turns green by itself. */
static enum rc handshake(struct setup_page *p, struct err *e)
{
	struct setup_line l = { .step = "handshake", .state = "waiting", .code = SETUP_WAITING };
	int64_t refused_ms = 0;

	if (is_evolution(p->c->config))
		l.code = SETUP_WAITING_EVOLUTION;
	for (size_t i = 0; i < p->c->config->channel_count; i++) {
		int64_t at_ms, heard_ms;

		TRY(channel_fact_get_i64(p->db, p->c->config->channels[i].id, FACT_HANDSHAKE, 0,
					 &at_ms, e));
		TRY(channel_fact_get_i64(p->db, p->c->config->channels[i].id, FACT_LAST_WEBHOOK, 0,
					 &heard_ms, e));
		l.at_ms = i64_max(l.at_ms, i64_max(at_ms, heard_ms));
		TRY(channel_fact_get_i64(p->db, p->c->config->channels[i].id,
					 FACT_HANDSHAKE_REFUSED, 0, &at_ms, e));
		refused_ms = i64_max(refused_ms, at_ms);
	}
	if (l.at_ms != 0) {
		l.state = "ok";
		l.code = SETUP_FINE;
		l.arg = is_evolution(p->c->config) ? STR("Evolution") : STR("Meta");
	} else if (refused_ms !=
		   0) { /* never once it was green: anybody can call with a wrong one */
		l.state = "failed";
		l.code = SETUP_WRONG_VERIFY;
		l.at_ms = refused_ms;
	}
	line_write(p, &l);
	return RC_OK;
}

static enum rc first_message(struct setup_page *p, struct err *e)
{
	struct setup_line l = { .step = "message", .state = "todo", .code = SETUP_NOTHING_SENT };
	bool sent, came;

	TRY(setup_sent(p->db, &sent, &came, e));
	if (sent || came) {
		l.state = sent && came ? "ok" : "waiting";
		l.code = sent && came ? SETUP_FINE : SETUP_NOTHING_SENT;
		l.arg = STR("WhatsApp");
	}
	line_write(p, &l);
	return RC_OK;
}

static enum rc page_write(struct setup_page *p, struct err *e)
{
	struct str company = setting_str(p->c->config->settings, "company_name");
	struct str hook = channel_check_hook_url(p->c->config, p->c->q->arena);

	answer_begin(p->c, &p->w);
	jsonw_object(&p->w);
	jsonw_kstr(&p->w, "callback_url", hook.n > 0 ? hook : STR_NONE);
	jsonw_ktext(&p->w, "callback_path", "/webhooks/whatsapp");
	jsonw_karray(&p->w, "steps");
	line_write(p, &(struct setup_line){ .step = "company",
					    .state = str_eqc(company, "Totem") ? "todo" : "ok",
					    .code = SETUP_CODES });
	TRY(write_step(p, SETUP_STEP_WHATSAPP, e));
	TRY(write_step(p, SETUP_STEP_URL, e));
	TRY(handshake(p, e));
	TRY(write_step(p, SETUP_STEP_CHATWOOT, e));
	TRY(write_step(p, SETUP_STEP_N8N, e));
	TRY(first_message(p, e));
	jsonw_end(&p->w);
	if (p->part != NULL) {
		jsonw_key(&p->w, "part");
		TRY(write_tested(p, p->part, e));
	}
	jsonw_end(&p->w);
	answer_json(p->c, 200, &p->w);
	return RC_OK;
}

/* The language of the person, unless the request names one. */
static bool language(struct call *c, enum lang *ret)
{
	struct str asked;

	if (!query_lang(c, ret) || !query_str(c, "lang", &asked))
		return false;
	if (asked.n == 0 && c->session.id != 0 && !lang_parse(c->session.language, ret))
		*ret = LANG_EN;
	return true;
}

void setup_get(struct call *c)
{
	struct setup_page p = { .c = c };
	struct err e = { .rc = RC_OK };
	enum rc rc;

	struct tested part;
	struct str name;

	if (!language(c, &p.lang) || !query_str(c, "part", &name))
		return;
	if (name.n > 0) {
		if (!parse_tested(c, name, &part)) {
			problem(c, 404, "not-found", NOTHING);
			return;
		}
		p.part = &part;
	}
	p.db = store_reader(c->app->store);
	rc = page_write(&p, &e);
	store_reader_done(c->app->store, p.db);
	if (rc != RC_OK)
		problem_err(c, &e);
}

static enum rc ask_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct tested *t = arg;
	const struct chore chore = { .kind = SETUP_TEST_KIND,
				     .ref = setup_test_ref((int)t->step, t->target_id) };

	TRY(setup_asked(tx, t->name, e));
	return chore_want(tx, &chore, 0, NULL, e);
}

void setup_test_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct tested t;
	struct jsonw w;

	if (!parse_tested(c, c->q->param[0], &t)) {
		problem(c, 404, "not-found", NOTHING);
		return;
	}
	if (store_write(c->app->store, STORE_NORMAL, ask_unit, &t, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "step", t.name);
	jsonw_ktext(&w, "state", "testing");
	jsonw_end(&w);
	answer_json(c, 202, &w);
}
