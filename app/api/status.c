/* status.c - /api/v1/status: what the start page shows, each part with its state, since when and why.
 * /api/v1/incidents: what a person should know. */
#include "api/handlers.h"
#include "api/readiness.h"
#include "api/view.h"
#include "base/reason.h"
#include "base/version.h"
#include "flow/outside/outside.h"
#include "store/channel/channel_state.h"
#include "store/conversation/conversation.h"
#include "store/incident.h"
#include "store/queue/queue.h"
#include "store/receipt_item.h"
#include "store/target.h"

#define INCIDENTS_MAX 100

struct open_incident {
	int64_t opened_ms;
	const char *subject, *text;
};

struct status {
	struct call *c;
	struct db *db;
	struct jsonw w;
	struct open_incident *open;
	int open_n;
	bool all_well;
	enum lang lang;
};

/* Where people find the conversation that an incident is about ("conversation 17"): its subject knows the number of the row. */
static void conversation_write(struct jsonw *w, const struct incident *i, const struct call *c,
			       struct db *db)
{
	const struct str kind = STR("conversation ");
	struct str number = str_sub(i->subject, kind.n, i->subject.n);
	struct conversation conv;
	int64_t id;

	if (str_starts(i->subject, kind) && str_i64(number, 1, INT64_MAX, &id) &&
	    conversation_load(db, id, c->q->arena, &conv, NULL) == RC_OK &&
	    conv.company_id == c->who.company_id)
		view_id(w, "conversation_id", conv.created_ms, conv.id);
	else
		jsonw_ktext(w, "conversation_id", NULL);
}

static void incident_write(struct jsonw *w, const struct incident *i, enum lang l,
			   const struct call *c, struct db *db)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(8 * KIB);
	AUTO(sbuf_release) struct sbuf cure = SBUF(8 * KIB);

	incident_text(i, l, &text);
	incident_cure(i, l, &cure);
	jsonw_object(w);
	view_id(w, "id", i->opened_ms, i->id);
	jsonw_kstr(w, "kind", i->kind);
	jsonw_kstr(w, "subject", i->subject);
	conversation_write(w, i, c, db);
	jsonw_kstr(w, "code", incident_code_text(i->code));
	jsonw_kstr(w, "text", sbuf_view(&text));
	jsonw_kstr(w, "cure", sbuf_view(&cure));
	jsonw_ki64(w, "count", i->count);
	jsonw_ktime(w, "opened_at", i->opened_ms);
	jsonw_ktime(w, "updated_at", i->updated_ms);
	jsonw_ktime(w, "closed_at", i->closed_ms);
	jsonw_end(w);
}

static enum rc open_row(void *arg, const struct incident *i, struct err *e)
{
	struct status *s = arg;

	AUTO(sbuf_release) struct sbuf text = SBUF(8 * KIB);

	incident_write(&s->w, i, s->lang, s->c, s->db);
	if (s->open_n == INCIDENTS_MAX)
		return RC_OK;
	struct open_incident *o = &s->open[s->open_n];
	o->opened_ms = i->opened_ms;
	o->subject = arena_dup(s->c->q->arena, i->subject);
	incident_text(i, s->lang, &text);
	o->text = arena_dup(s->c->q->arena, sbuf_view(&text));
	if (o->subject == NULL || o->text == NULL)
		return FAIL(e, RC_LIMIT, "too many incidents are open");
	s->open_n++;
	return RC_OK;
}

static void part_write(struct status *s, const char *part, const char *state, const char *why,
		       int64_t since_ms)
{
	struct jsonw *w = &s->w;

	for (int i = 0; i < s->open_n; i++) {
		if (strcmp(s->open[i].subject, part) != 0)
			continue;
		since_ms = s->open[i].opened_ms;
		if (why == NULL || why[0] == '\0')
			why = s->open[i].text;
	}
	s->all_well = s->all_well && (strcmp(state, "up") == 0 || strcmp(state, "running") == 0);
	jsonw_ktext(w, "part", part);
	jsonw_ktext(w, "state", state);
	jsonw_ktext(w, "why", why != NULL && why[0] != '\0' ? why : NULL);
	jsonw_ktime(w, "since", since_ms);
}

/* Until when what agents wrote is known, and how much had to be asked for, as far as GET /api/v1/recovered lists it
 * (flow/chatwoot/chatwoot_catch.h, flow/evolution/evolution_catch_up.c). */
static enum rc caught_up(struct status *s, const struct target *t, struct err *e)
{
	bool chatwoot = strcmp(t->kind, "chatwoot") == 0;
	int64_t until_ms, recovered;

	if (chatwoot) {
		TRY(channel_fact_get_i64(s->db, t->id, FACT_CAUGHT_UP, 0, &until_ms, e));
		jsonw_ktime(&s->w, "caught_up_at", until_ms);
	}
	if (chatwoot || strcmp(t->kind, "channel") == 0) {
		TRY(receipt_caught_count(s->db, t->id, &recovered, e));
		jsonw_ki64(&s->w, "recovered_messages", recovered);
	}
	return RC_OK;
}

static enum rc target_row(void *arg, const struct target *t, struct err *e)
{
	struct status *s = arg;
	AUTO(sbuf_release) struct sbuf why = SBUF(4 * KIB);
	struct outside_view v = { .state = BREAKER_CLOSED };
	bool called = s->c->app->outside != NULL && outside_view_get(s->c->app, t->id, &v);
	const char *state = called && v.state != BREAKER_CLOSED && strcmp(t->state, "up") == 0
				    ? "failing"
				    : t->state;
	char part[sizeof(t->kind) + sizeof(t->slug) + 1];
	int64_t heard_ms, well_ms = 0;

	if (t->company_id != s->c->who.company_id)
		return RC_OK;
	(void)snprintf(part, sizeof(part), "%s.%s", t->kind, t->slug);
	TRY(channel_fact_get_i64(s->db, t->id, FACT_LAST_WEBHOOK, 0, &heard_ms, e));
	if (strcmp(state, "up") == 0)
		TRY(incident_last_closed(s->db, part, &well_ms, e));
	jsonw_object(&s->w);
	reason_told(s->lang, str_of(t->reason), &why);
	part_write(s, part, state, sbuf_c(&why),
		   strcmp(state, "up") == 0 ? i64_max(well_ms, s->c->app->started_ms) : 0);
	jsonw_ktext(&s->w, "breaker", breaker_state_text(v.state));
	jsonw_ki64(&s->w, "calls", v.calls);
	jsonw_ki64(&s->w, "failures", v.failures);
	jsonw_ktime(&s->w, "last_ok_at", v.last_ok_ms);
	jsonw_ktime(&s->w, "last_in_at", heard_ms);
	jsonw_ktime(&s->w, "paused_until", t->paused_until_ms);
	TRY(caught_up(s, t, e));
	jsonw_end(&s->w);
	return RC_OK;
}

static void store_part(struct status *s)
{
	struct readiness r;
	const char *word = NULL, *text = NULL;

	readiness_get(s->c->app, s->c->q->now_ms, &r);
	(void)readiness_reason(&r, 0, &word, &text);
	jsonw_object(&s->w);
	part_write(s, "store", readiness_ok(&r) ? "up" : "failing", text,
		   readiness_ok(&r) ? s->c->app->started_ms : 0);
	jsonw_ktime(&s->w, "last_commit_at", r.store.last_commit_ms);
	jsonw_ki64(&s->w, "database_bytes", r.store.file.file_bytes);
	jsonw_ki64(&s->w, "disk_free_bytes", r.disk_free);
	jsonw_end(&s->w);
}

static void queue_parts(struct status *s)
{
	char part[QUEUE_NAME_MAX + 8];

	for (int q = 0; q < QUEUE_COUNT; q++) {
		struct queue_counts n;

		queue_get_counts(store_queues(s->c->app->store), (enum queue_id)q, s->c->q->now_ms,
				 &n);
		(void)snprintf(part, sizeof(part), "queue.%s", queue_name((enum queue_id)q));
		jsonw_object(&s->w);
		part_write(s, part, n.state, NULL, 0);
		jsonw_ki64(&s->w, "waiting", n.waiting + n.delayed);
		jsonw_ki64(&s->w, "dead", n.dead);
		jsonw_ktime(&s->w, "oldest_at", n.oldest_ms);
		jsonw_end(&s->w);
	}
}

static enum rc status_write(struct status *s, struct err *e)
{
	struct call *c = s->c;
	struct jsonw *w = &s->w;

	s->open = arena_alloc(c->q->arena, INCIDENTS_MAX * sizeof(*s->open));
	if (s->open == NULL)
		return FAIL(e, RC_LIMIT, "no memory for this request");
	answer_begin(c, w);
	jsonw_object(w);
	jsonw_ktext(w, "version", TOTEM_VERSION);
	jsonw_kstr(w, "company", setting_str(c->config->settings, "company_name"));
	jsonw_ktime(w, "started_at", c->app->started_ms);
	jsonw_ktext(w, "boot_id", store_boot_id(c->app->store));
	jsonw_kbool(w, "after_crash", store_was_unclean(c->app->store));
	jsonw_karray(w, "incidents");
	TRY(incident_each(s->db, true, INCIDENTS_MAX, open_row, s, e));
	jsonw_end(w);
	jsonw_karray(w, "parts");
	store_part(s);
	TRY(target_each(s->db, target_row, s, e));
	queue_parts(s);
	jsonw_end(w);
	jsonw_kbool(w, "all_well", s->all_well && s->open_n == 0);
	jsonw_end(w);
	answer_json(c, 200, w);
	return RC_OK;
}

void status_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct status s = { .c = c, .all_well = true };

	if (!query_lang(c, &s.lang))
		return;
	s.db = store_reader(c->app->store);
	enum rc rc = status_write(&s, &e);
	store_reader_done(c->app->store, s.db);
	if (rc != RC_OK)
		problem_err(c, &e);
}

struct incident_list {
	struct jsonw w;
	enum lang lang;
	const struct call *c;
	struct db *db;
};

static enum rc incident_row(void *arg, const struct incident *i, struct err *e)
{
	struct incident_list *l = arg;

	(void)e;
	incident_write(&l->w, i, l->lang, l->c, l->db);
	return RC_OK;
}

void status_incidents_get(struct call *c)
{
	struct err e = { .rc = RC_OK };
	struct incident_list l = { .c = c };
	struct str open;
	int64_t limit;

	if (!query_i64(c, "limit", LIST_LIMIT_DEFAULT, 1, LIST_LIMIT_MAX, &limit) ||
	    !query_str(c, "open", &open) || !query_lang(c, &l.lang))
		return;
	answer_rows_begin(c, &l.w);
	l.db = store_reader(c->app->store);
	enum rc rc = incident_each(l.db, str_eqc(open, "true") || str_eqc(open, "1"), (int)limit,
				   incident_row, &l, &e);
	store_reader_done(c->app->store, l.db);
	answer_rows_end(c, &l.w, rc, &e);
}
