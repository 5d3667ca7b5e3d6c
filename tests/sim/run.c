/* run.c - the loop: steps in the order of time, work between them, jumps of the clock to what is due next. */
#include <stdarg.h>
#include <unistd.h>

#include "base/clock.h"
#include "sim/sim.h"

#define ROUNDS_MAX 200000 /* of work at one instant: more is a circle */

static const char *const STANDARD[][3] = {
	{ "meta", "channel.main.check_minutes", "0" }, /* scenarios ask for it where it matters */
	{ "meta", "channel.main.template_minutes", "0" },
	{ "meta", "channel.main.window_hours", "0" },
	{ "meta", "channel.main.phone_number_id", "1001" },
	{ "meta", "channel.main.waba_id", "900" },
	{ "meta", "channel.main.token", "T" },
	{ "meta", "channel.main.app_secret", "app-secret" },
	{ "chatwoot", "chatwoot.main.inbox_id", "7" },
	{ "chatwoot", "chatwoot.main.catch_up_minutes", "0" }, /* asked for where it matters */
	{ "chatwoot", "chatwoot.main.token", "T" },
	{ "chatwoot", "chatwoot.main.secret", "cw-secret" },
	{ "chatwoot", "chatwoot.main.url", "https://chatwoot.test" },
	{ "n8n", "n8n.main.url", "https://n8n.test/webhook/totem" },
	{ "evolution", "channel.evo.check_minutes", "0" },
	{ "evolution", "channel.evo.provider", "evolution" },
	{ "evolution", "channel.evo.base_url", "https://evolution.test" },
	{ "evolution", "channel.evo.instance", "loja" },
	{ "evolution", "channel.evo.api_key", "evo-key" },
	{ "evolution", "channel.evo.webhook_header_name", "X-Totem-Key" },
	{ "evolution", "channel.evo.webhook_header_value", "evo-badge" },
	{ "lookup", "lookup.calidda.url", "https://upstream.test/q?dni={{dni}}" },
	{ "lookup", "lookup.calidda.headers", "{\"Authorization\":\"Bearer {{token}}\"}" },
	{ "lookup", "lookup.calidda.login_url", "https://upstream.test/login" },
	{ "lookup", "lookup.calidda.username", "user" },
	{ "lookup", "lookup.calidda.password", "password" },
	{ "lookup", "lookup.calidda.output_path", "cliente" },
	{ "lookup", "lookup.calidda.cache_seconds", "0" },
};

void note(const char *fmt, ...)
{
	char *to = sim.log[sim.log_n++ % SIM_LOG_MAX];
	int n = snprintf(to, sizeof(sim.log[0]), "%9.3f s  ",
			 (double)(sim.now_ms - sim.start_ms) / 1000);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(to + n, sizeof(sim.log[0]) - (size_t)n, fmt, ap);
	va_end(ap);
}

void fail(const char *fmt, ...)
{
	va_list ap;

	printf("%s:%d: at %.3f s: ", sim.file, sim.line,
	       (double)(sim.now_ms - sim.start_ms) / 1000);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	for (size_t i = sim.log_n > SIM_LOG_MAX ? sim.log_n - SIM_LOG_MAX : 0; i < sim.log_n; i++)
		printf("    %s\n", sim.log[i % SIM_LOG_MAX]);
	(void)fflush(stdout);
	_exit(1);
}

/* ---- time ---- */

void work_until_idle(int depth)
{
	for (int i = 0; !sim.crashed && box_work_once(depth); i++) {
		if (i == ROUNDS_MAX)
			fail("work without an end at one instant");
	}
}

static void work(void)
{
	do {
		box_revive();
		work_until_idle(0);
	} while (sim.crashed);
}

static void jump(int64_t to_ms)
{
	ASSERT(to_ms >= sim.now_ms);
	sim.now_ms = to_ms;
	net_overdue();
	box_janitor();
}

void advance_to(int64_t at_ms)
{
	while (sim.now_ms < at_ms) {
		int64_t due;

		work();
		due = i64_max(box_next_due(), sim.now_ms + 1);
		jump(i64_min(due, at_ms));
	}
}

void settle(int64_t until_ms)
{
	char why[160];

	for (work(); sim.now_ms < until_ms && !box_idle(why, sizeof(why)); work())
		jump(i64_min(i64_max(box_next_due(), sim.now_ms + 1), until_ms));
}

/* ---- verbs ---- */

static void step_use(const struct words *w)
{
	for (size_t i = 1; i < w->n; i++) {
		bool any = false;

		for (size_t k = 0; k < COUNT(STANDARD); k++) {
			if (str_eqc(w->w[i], STANDARD[k][0])) {
				box_set(str_of(STANDARD[k][1]), str_of(STANDARD[k][2]));
				any = true;
			}
		}
		if (!any)
			fail("use meta|chatwoot|n8n|evolution|lookup");
	}
}

static void step_crash(void)
{
	box_kill();
}

static void step_fact(const struct words *w)
{
	int64_t ms;

	if (w->n != 3 || !clock_parse(w->w[2], &ms))
		fail("fact NAME TIME");
	box_fact(arena_dup(&sim.arena, w->w[1]), ms);
}

static void step_end(void)
{
	char why[160];

	work();
	if (!box_idle(why, sizeof(why)))
		fail("something is pending: %s", why);
	prove();
}

static void step_torture(const struct words *w)
{
	int64_t rounds, seed;

	if (w->n != 3 || !str_i64(w->w[1], 1, 100000, &rounds) ||
	    !str_i64(w->w[2], 1, INT32_MAX, &seed))
		fail("torture ROUNDS SEED");
	torture(rounds, seed);
}

static bool step_check(const struct words *w, const char *text, int depth)
{
	enum peer p;

	if (str_eqc(w->w[0], "db") || str_eqc(w->w[0], "count") || str_eqc(w->w[0], "prove") ||
	    str_eqc(w->w[0], "run") || (w->n == 3 && str_eqc(w->w[2], "nothing"))) {
		if (depth == 0)
			work();
		else
			work_until_idle(depth);
	}
	if (str_eqc(w->w[0], "db"))
		step_db(text);
	else if (str_eqc(w->w[0], "count"))
		step_count(w);
	else if (str_eqc(w->w[0], "prove"))
		prove();
	else if (w->n == 3 && str_eqc(w->w[2], "nothing") && peer_of(w->w[0], &p))
		net_nothing(p);
	else if (!str_eqc(w->w[0], "run"))
		return false;
	return true;
}

void step_exec(const struct step *s, int depth)
{
	struct words w;
	enum peer p;

	sim.line = s->line;
	words_of(s->text, &w);
	if (w.n == 0 || step_check(&w, s->text, depth))
		return;
	if (str_eqc(w.w[0], "use"))
		step_use(&w);
	else if (str_eqc(w.w[0], "set") && w.n == 3)
		box_set(w.w[1], str_eqc(w.w[2], "none") ? STR("") : expand(w.w[2], NULL));
	else if (str_eqc(w.w[0], "hook") && w.n > 2)
		step_hook(&w, s->text);
	else if (str_eqc(w.w[0], "app"))
		step_app(&w, s->text);
	else if (str_eqc(w.w[0], "default"))
		net_default(&w, s->text);
	else if (str_eqc(w.w[0], "crash"))
		step_crash();
	else if (str_eqc(w.w[0], "fact"))
		step_fact(&w);
	else if (str_eqc(w.w[0], "end"))
		step_end();
	else if (w.n > 2 && str_eqc(w.w[0], "evolution") && str_eqc(w.w[1], "has"))
		step_evolution_has(&w);
	else if (str_eqc(w.w[0], "errors"))
		errors_walk();
	else if (str_eqc(w.w[0], "torture"))
		step_torture(&w);
	else if (!(w.n > 2 && str_eqc(w.w[1], "wants") && peer_of(w.w[0], &p)))
		fail("not understood: %s", s->text);
}

void run_all(void)
{
	int64_t end_ms = 0;

	for (size_t i = 0; i < sim.step_count; i++) {
		const struct step *s = sim.steps[i];

		if (str_starts(str_of(s->text), STR("end ")) && !s->timed)
			continue;
		sim.last_step_ms = sim.now_ms;
		advance_to(s->from_ms);
		end_ms = i64_max(end_ms, s->to_ms);
		box_revive();
		step_exec(s, 0);
	}
	advance_to(end_ms);
	work();
	for (size_t i = 0; i < sim.step_count; i++) {
		if (str_starts(str_of(sim.steps[i]->text), STR("end ")) && !sim.steps[i]->timed)
			step_exec(sim.steps[i], 0);
	}
	sim.now_ms++; /* what was expected at the last instant */
	net_overdue();
	prove();
}
