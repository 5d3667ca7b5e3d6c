/* cmd_serve.c - totem serve: brings the box up, says where it is, waits for a signal, brings it down.
 *
 * Output on stdout: one stable line for programs ("listening main=... hooks=..."), then a few for people; the log is
 * JSON on stderr. */
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mtx.h"
#include "base/thr.h"
#include "base/version.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/serve_sandbox.h"
#include "cli/serve_web.h"
#include "flow/check/start_cure.h"
#include "io/crypto.h"
#include "io/file.h"
#include "io/sys.h"
#include "store/access/session.h"
#include "store/access/user.h"

#define TOKEN_CLI       "cli"
#define TOKENS_OLD      64 /* forgotten in one start */
#define EXIT_RESERVE_MS 300

struct server {
	struct supervise *below;
	struct serve_web web;
	char setup[TOKEN_TEXT_MAX]; /* token of the first owner's link; "": there is an owner */
};

/* ---- tokens of the box itself ---- */

struct own_tokens {
	int64_t cli[TOKENS_OLD];
	size_t n;
	bool damaged; /* the owner is in the database that cannot be read: nobody else becomes it */
	char cli_text[TOKEN_TEXT_MAX], setup_text[TOKEN_TEXT_MAX];
};

static enum rc own_row(void *arg, const struct token *t, struct err *e)
{
	struct own_tokens *o = arg;

	(void)e;
	if (str_eqc(t->name, TOKEN_CLI) && t->user_id == 0 && o->n < TOKENS_OLD)
		o->cli[o->n++] = t->id;
	return RC_OK;
}

static enum rc own_unit(struct tx *tx, void *arg, struct err *e)
{
	const uint32_t all = SCOPE_BIT(SCOPE_COUNT) - 1u;
	struct own_tokens *o = arg;
	bool owner;
	int64_t id;

	for (size_t i = 0; i < o->n; i++)
		TRY(token_forget(tx, o->cli[i], e)); /* a row for each start would never go */
	TRY(token_create(tx, 1, STR(TOKEN_CLI), all, o->cli_text, &id, e));
	TRY(user_owner_exists(tx->db, &owner, e));
	return owner || o->damaged ? RC_OK
				   : session_invite(tx, INVITATION_FIRST_USER, o->setup_text, e);
}

/* A fresh token for commands of this machine at each start; a fresh setup link while there is no owner. */
static enum rc make_tokens(struct server *s, struct err *e)
{
	struct app *app = supervise_app(s->below);
	struct own_tokens o = { .damaged = __atomic_load_n(&app->damaged, __ATOMIC_RELAXED) };
	char path[SUPERVISE_PATH_MAX];
	struct db *db = store_reader(app->store);
	enum rc rc = token_each(db, own_row, &o, e);

	store_reader_done(app->store, db);
	TRY(rc);
	TRY(store_write(app->store, STORE_NORMAL, own_unit, &o, e));
	TRY(supervise_file(app->data_dir, CALL_TOKEN_FILE, path, e));
	rc = file_write(path, str_of(o.cli_text), 0600, e);
	memcpy(s->setup, o.setup_text, sizeof(s->setup));
	crypto_zero(&o, sizeof(o));
	return rc;
}

/* ---- up and down ---- */

/* A file of an earlier life would send commands to a port that may be somebody else's. */
static enum rc forget_ports(struct server *s, struct err *e)
{
	char path[SUPERVISE_PATH_MAX];

	TRY(supervise_file(supervise_app(s->below)->data_dir, CALL_PORTS_FILE, path, e));
	return file_remove(path, e);
}

static enum rc bring_up(struct server *s, const struct supervise_options *o, struct err *e)
{
	TRY(supervise_libraries(e));
	TRY(serve_sandbox(o, e));
	TRY(supervise_open(o, &s->below, e));
	TRY(forget_ports(s, e));
	TRY(make_tokens(s, e));
	TRY(serve_web_stream(&s->web, s->below, e));
	TRY(supervise_run(s->below, e));
	TRY(serve_web_listen(&s->web, e));
	return serve_web_publish(&s->web, e);
}

static void announce(struct server *s, int64_t took_us)
{
	const struct serve_web *w = &s->web;
	const char *scheme = w->tls ? "https" : "http";
	char page[SERVE_ADDRESS_MAX];

	serve_web_reach(w->main_address, web_port(w->main), page);
	(void)printf("listening main=%s hooks=%s\n", w->main_address,
		     w->hooks_address[0] != '\0' ? w->hooks_address : w->main_address);
	(void)printf("Totem %s  data folder: %s\n", TOTEM_VERSION,
		     supervise_app(s->below)->data_dir);
	if (s->setup[0] != '\0')
		(void)printf("page: %s://%s/#setup=%s\n      (opens once, for the first owner; the "
			     "next start "
			     "prints another while there is none)\n",
			     scheme, page, s->setup);
	else
		(void)printf("page: %s://%s/\n", scheme, page);
	(void)fflush(stdout);
	crypto_zero(s->setup, sizeof(s->setup));
	log_event(LOG_INFO, "totem.started", "version", TOTEM_VERSION, "main", w->main_address,
		  "hooks", w->hooks_address, "took_ms", LOG_I64(took_us / 1000), NULL);
}

/* Whatever hangs (a client that sends a body for ever, a peer that never answers): the process ends in time. */
struct last_resort {
	struct mtx lock; /* LOCK_SUPERVISE */
	struct cnd changed;
	bool done;
	struct thr thread;
};

static void last_resort_run(void *arg)
{
	struct last_resort *l = arg;
	int64_t until_us = clock_mono_us() + (int64_t)(SUPERVISE_STOP_MS - EXIT_RESERVE_MS) * 1000;
	bool waiting = true;

	mtx_lock(&l->lock);
	while (!l->done && waiting)
		waiting = cnd_wait(&l->changed, &l->lock, until_us);
	mtx_unlock(&l->lock);
	if (!waiting) {
		log_event(LOG_WARN, "stop.forced", "why",
			  "something did not end in time; nothing acknowledged is lost", NULL);
		_exit(0); /* as after a power cut: see supervise.h */
	}
}

static void last_resort_begin(struct last_resort *l)
{
	struct err e = { .rc = RC_OK };

	mtx_init(&l->lock, LOCK_SUPERVISE);
	cnd_init(&l->changed);
	if (thr_start(&l->thread, "stop", last_resort_run, l, &e) != RC_OK)
		log_err(LOG_WARN, "stop.without_limit", &e);
}

static void last_resort_end(struct last_resort *l)
{
	mtx_lock(&l->lock);
	l->done = true;
	cnd_broadcast(&l->changed);
	mtx_unlock(&l->lock);
	thr_join(&l->thread);
	cnd_destroy(&l->changed);
	mtx_destroy(&l->lock);
}

static void take_down(struct server *s)
{
	struct err e = { .rc = RC_OK };
	int64_t began_us = clock_mono_us();

	if (s->below != NULL)
		supervise_halt(s->below);
	serve_web_stop(&s->web);
	if (s->below == NULL)
		return;
	if (forget_ports(s, &e) != RC_OK)
		log_err(LOG_WARN, "ports.not_removed", &e);
	if (!supervise_stop(s->below))
		_exit(0); /* see supervise.h */
	supervise_close(TAKE(s->below));
	serve_web_free(&s->web);
	log_event(LOG_INFO, "totem.stopped", "took_ms",
		  LOG_I64((clock_mono_us() - began_us) / 1000), NULL);
}

static void bring_down(struct server *s)
{
	struct last_resort l = { .done = false };

	last_resort_begin(&l);
	take_down(s);
	last_resort_end(&l);
}

/* ---- options ---- */

/* --listen and --hooks-listen are settings with a shorter name. */
static bool add_setting(struct cli *c, const char *option, const char *key, struct sbuf *text)
{
	const char *value = cli_option(c, option);

	if (value == NULL)
		return true;
	if (c->set_count == CLI_SETS_MAX)
		return false;
	sbuf_printf(text, "%s=%s", key, value);
	c->sets[c->set_count++] = sbuf_c(text);
	return true;
}

int cmd_serve(struct cli *c)
{
	AUTO(sbuf_release) struct sbuf main_set = SBUF(512), hooks_set = SBUF(512);
	struct supervise_options o = { .data_dir = c->data_dir,
				       .config_file = c->config_file,
				       .args = c->sets,
				       .serve = true };
	struct server s = { .below = NULL };
	int64_t began_us = clock_mono_us();
	struct err e = { .rc = RC_OK };

	if (c->word_count > 0 || !add_setting(c, "listen", "listen", &main_set) ||
	    !add_setting(c, "hooks-listen", "hooks_listen", &hooks_set))
		return cli_usage(c, "serve takes options only");
	o.arg_count = c->set_count;
	sys_signals_block();
	if (cli_option(c, "with-parent") != NULL)
		sys_die_with_parent();
	sys_raise_file_limit();
	if (bring_up(&s, &o, &e) == RC_OK) {
		announce(&s, clock_mono_us() - began_us);
		supervise_on_reload(s.below, serve_web_reload, &s.web);
		supervise_wait(s.below);
	}
	if (e.rc != RC_OK && s.below != NULL)
		start_cure(supervise_app(s.below)->data_dir, &e);
	bring_down(&s);
	return e.rc == RC_OK ? 0 : cli_fail(&e);
}
