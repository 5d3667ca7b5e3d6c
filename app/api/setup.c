/* setup.c - GET /api/v1/setup: how far the first run is; POST /api/v1/setup/test/{step}: try a step now.
 *
 * A step is ok, failed, waiting (for somebody outside), testing, or todo; `text` is one sentence with what to do. */
#include "store/setup.h"

#include "api/handlers.h"
#include "flow/channel_check.h"
#include "flow/setup_test.h"
#include "store/channel_state.h"
#include "store/chore.h"

struct setup_page {
	struct call *c;
	struct db *db;
	struct jsonw w;
	enum lang lang;
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

/* A phone that was waited for is connected by now: the step turns green by itself. */
static enum rc follow_link(struct setup_page *p, struct setup_line *l, struct err *e)
{
	const struct channel *ch = setup_test_channel(p->c->config);
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

static enum rc tested(struct setup_page *p, enum setup_step step, struct err *e)
{
	struct setup_line l = { .step = setup_step_name(step), .state = "todo" };
	struct setup_result r;

	TRY(setup_load(p->db, step, &r, e));
	l.code = r.at_ms != 0 ? r.code : SETUP_CODES;
	l.arg = str_of(r.arg);
	l.at_ms = r.at_ms;
	TRY(follow_link(p, &l, e));
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
	TRY(tested(p, SETUP_STEP_WHATSAPP, e));
	TRY(tested(p, SETUP_STEP_URL, e));
	TRY(handshake(p, e));
	TRY(tested(p, SETUP_STEP_CHATWOOT, e));
	TRY(tested(p, SETUP_STEP_N8N, e));
	TRY(first_message(p, e));
	jsonw_end(&p->w);
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

	if (!language(c, &p.lang))
		return;
	p.db = store_reader(c->app->store);
	rc = page_write(&p, &e);
	store_reader_done(c->app->store, p.db);
	if (rc != RC_OK)
		problem_err(c, &e);
}

static enum rc ask_unit(struct tx *tx, void *arg, struct err *e)
{
	const enum setup_step *step = arg;
	const struct chore chore = { .kind = SETUP_TEST_KIND, .ref = *step };

	TRY(setup_asked(tx, *step, e));
	return chore_want(tx, &chore, 0, NULL, e);
}

void setup_test_post(struct call *c)
{
	struct err e = { .rc = RC_OK };
	enum setup_step step;
	struct jsonw w;

	if (!setup_step_parse(c->q->param[0], &step)) {
		problem(c, 404, "not-found", "Steps with a test: whatsapp, url, chatwoot, n8n.");
		return;
	}
	if (store_write(c->app->store, STORE_NORMAL, ask_unit, &step, &e) != RC_OK) {
		problem_err(c, &e);
		return;
	}
	answer_begin(c, &w);
	jsonw_object(&w);
	jsonw_ktext(&w, "step", setup_step_name(step));
	jsonw_ktext(&w, "state", "testing");
	jsonw_end(&w);
	answer_json(c, 202, &w);
}
