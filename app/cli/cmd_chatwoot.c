/* cmd_chatwoot.c - totem chatwoot: sets a Chatwoot up from its address and an administrator's token, by the same route as the
 * page (POST /api/v1/chatwoot/{slug}/setup), and shows how far it is. The token never stands on the command line. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/finding.h"
#include "io/crypto.h"
#include "io/jsonw.h"

#define BODY_MAX  (16 * KIB)
#define NAME_MAX_ 60
#define TOKEN_ENV "TOTEM_CHATWOOT_TOKEN"
#define WAIT_MS   (60 * SECOND_MS) /* a Chatwoot that is there answers all questions in seconds */
#define LOOK_MS   250

static const char *const LANGS[LANG_COUNT] = {
	[LANG_EN] = "en", [LANG_ES] = "es", [LANG_PT] = "pt"
};

enum word { W_TODO, W_BY_HAND, W_WANTED, W_WAITING, W_DONE, W_FAILED, W_KEPT, WORDS_COUNT };

static const struct {
	const char *state;
	const char *text[LANG_COUNT];
} WORDS[WORDS_COUNT] = {
	[W_TODO] = { "todo",
		     { [LANG_EN] = "not set up yet",
		       [LANG_ES] = "sin configurar",
		       [LANG_PT] = "ainda não configurado" } },
	[W_BY_HAND] = { "by_hand",
			{ [LANG_EN] = "set up by hand",
			  [LANG_ES] = "configurado a mano",
			  [LANG_PT] = "configurado à mão" } },
	[W_WANTED] = { "wanted",
		       { [LANG_EN] = "the set-up is running",
			 [LANG_ES] = "la configuración está en marcha",
			 [LANG_PT] = "a configuração está em andamento" } },
	[W_WAITING] = { "waiting",
			{ [LANG_EN] = "not reached; the box tries again",
			  [LANG_ES] = "no responde; la caja lo intenta de nuevo",
			  [LANG_PT] = "não responde; a caixa tenta de novo" } },
	[W_DONE] = { "done",
		     { [LANG_EN] = "set up",
		       [LANG_ES] = "configurado",
		       [LANG_PT] = "configurado" } },
	[W_FAILED] = { "failed",
		       { [LANG_EN] = "refused", [LANG_ES] = "rechazado", [LANG_PT] = "recusado" } },
	[W_KEPT] = { NULL,
		     { [LANG_EN] = "Kept. Nobody serves this folder: the set-up runs when the box "
				   "is started (totem serve).",
		       [LANG_ES] =
			       "Guardado. Nadie sirve esta carpeta: la configuración se hace al "
			       "iniciar la caja (totem serve).",
		       [LANG_PT] = "Guardado. Ninguém serve esta pasta: a configuração é feita ao "
				   "iniciar a caixa (totem serve)." } },
};

struct setting {
	struct cli *c;
	struct caller by;
	enum lang lang;
	char path[128];
};

/* ---- showing ---- */

static const char *state_text(struct str state, enum lang lang)
{
	for (int i = 0; i < W_KEPT; i++)
		if (str_eqc(state, WORDS[i].state))
			return WORDS[i].text[lang];
	return "";
}

static void print(const struct json *root, enum lang lang)
{
	struct str detail = json_get_str(root, "detail"), version = json_get_str(root, "version");

	(void)printf("%.*s: %s", STRF(json_get_str(root, "name")),
		     state_text(json_get_str(root, "state"), lang));
	if (detail.n > 0)
		(void)printf(": %.*s", STRF(detail));
	(void)printf("\nChatwoot %.*s  %.*s  account %lld  inbox %lld %.*s\n", STRF(version),
		     STRF(json_get_str(root, "url")),
		     (long long)json_get_i64_or(root, "account_id", 0),
		     (long long)json_get_i64_or(root, "inbox_id", 0),
		     STRF(json_str(json_path(root, "inbox.name"))));
	for (const struct json *n = json_first(json_get(root, "warnings")); n != NULL;
	     n = json_next(n))
		(void)printf("! %.*s\n", STRF(json_get_str(n, "text")));
}

static enum rc ask(struct setting *s, struct call_answer *ret, struct err *e)
{
	char path[sizeof(s->path) + 16];

	(void)snprintf(path, sizeof(path), "%s?lang=%s", s->path, LANGS[s->lang]);
	return call_do(&s->by, &(struct call_request){ "GET", path, STR_NONE }, ret, e);
}

/* 0: it works as far as it went; 1: Chatwoot refuses, or does not answer. */
static int tell(const struct setting *s, const struct call_answer *a)
{
	struct str state = json_get_str(a->root, "state");

	if (s->c->json)
		call_print_json(a);
	else
		print(a->root, s->lang);
	return str_eqc(state, "failed") || str_eqc(state, "waiting") ? 1 : 0;
}

static int show(struct setting *s)
{
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	int code = ask(s, &a, &e) == RC_OK ? tell(s, &a) : cli_fail(&e);

	call_answer_release(&a);
	return code;
}

/* ---- setting up ---- */

/* --token -: one line of stdin; else the environment. False: wrong use. */
static bool read_token(const struct cli *c, struct sbuf *to)
{
	const char *given = cli_option(c, "token"), *env = getenv(TOKEN_ENV);
	char block[256];
	ssize_t n;

	if (given == NULL) {
		sbuf_text(to, env != NULL ? env : "");
		return sbuf_ok(to);
	}
	if (strcmp(given, "-") != 0)
		return false;
	while ((n = read(STDIN_FILENO, block, sizeof(block))) > 0)
		sbuf_add(to, block, (size_t)n);
	crypto_zero(block, sizeof(block));
	return str_trim(sbuf_view(to)).n > 0 && sbuf_ok(to);
}

static bool write_body(const struct cli *c, struct str token, struct sbuf *to)
{
	static const struct {
		const char *option, *member;
	} texts[] = { { "url", "url" },
		      { "inbox", "inbox_name" },
		      { "webhook-base", "webhook_base" },
		      { "language", "language" } };
	const char *account = cli_option(c, "account");
	int64_t id;
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	for (size_t i = 0; i < COUNT(texts); i++)
		if (cli_option(c, texts[i].option) != NULL)
			jsonw_ktext(&w, texts[i].member, cli_option(c, texts[i].option));
	if (token.n > 0)
		jsonw_kstr(&w, "token", token);
	if (account != NULL) {
		if (!str_i64(str_of(account), 1, INT64_MAX, &id))
			return false;
		jsonw_ki64(&w, "account_id", id);
	}
	jsonw_end(&w);
	return sbuf_ok(to);
}

/* Until the server's job has ended, well or not. */
static int wait(struct setting *s)
{
	int64_t until_us = clock_mono_us() + WAIT_MS * 1000;

	for (;;) {
		struct call_answer a = CALL_ANSWER;
		struct err e = { .rc = RC_OK };
		enum rc rc = ask(s, &a, &e);
		bool on = rc == RC_OK && str_eqc(json_get_str(a.root, "state"), "wanted") &&
			  clock_mono_us() < until_us;
		int code = 0;

		if (!on)
			code = rc == RC_OK ? tell(s, &a) : cli_fail(&e);
		call_answer_release(&a);
		if (!on)
			return code;
		call_pause_ms(LOOK_MS);
	}
}

static int set_up(struct setting *s, struct str body)
{
	struct call_answer a = CALL_ANSWER;
	struct err e = { .rc = RC_OK };
	char path[sizeof(s->path) + 8];
	enum rc rc;
	int code = 0;

	(void)snprintf(path, sizeof(path), "%s/setup", s->path);
	rc = call_do(&s->by, &(struct call_request){ "POST", path, body }, &a, &e);
	if (rc != RC_OK)
		code = cli_fail(&e);
	else if (s->by.inside != NULL && s->c->json)
		call_print_json(&a);
	else if (s->by.inside != NULL)
		(void)printf("%s\n", WORDS[W_KEPT].text[s->lang]);
	call_answer_release(&a);
	return rc == RC_OK && s->by.inside == NULL ? wait(s) : code;
}

static int run(struct setting *s, bool setup)
{
	AUTO(sbuf_release) struct sbuf token = SBUF(4 * KIB), body = SBUF(BODY_MAX);
	struct err e = { .rc = RC_OK };
	int code;

	if (setup && !read_token(s->c, &token))
		return cli_usage(s->c, "the token comes from stdin (--token -) or from " TOKEN_ENV);
	if (setup && !write_body(s->c, str_trim(sbuf_view(&token)), &body))
		return cli_usage(s->c, "--account is the number of an account");
	if (call_begin(s->c, &s->by, &e) == RC_OK) {
		code = setup ? set_up(s, sbuf_view(&body)) : show(s);
		call_end(&s->by);
	} else {
		code = cli_fail(&e);
	}
	if (token.p != NULL)
		crypto_zero(token.p, token.cap);
	if (body.p != NULL)
		crypto_zero(body.p, body.cap);
	return code;
}

int cmd_chatwoot(struct cli *c)
{
	const char *verb = cli_word(c, 0), *name = cli_word(c, 1);
	struct setting s = { .c = c };
	bool setup = verb != NULL && strcmp(verb, "setup") == 0;

	if (!setup && (verb == NULL || strcmp(verb, "show") != 0))
		return cli_usage(c, "setup or show?");
	name = name != NULL ? name : "main";
	if (c->word_count > 2 || strlen(name) > NAME_MAX_ || strpbrk(name, "/?#% ") != NULL)
		return cli_usage(c, "one name of a Chatwoot: main, when there is only one");
	if (!finding_lang(c, &s.lang))
		return CLI_EXIT_USAGE;
	(void)snprintf(s.path, sizeof(s.path), "/api/v1/chatwoot/%s", name);
	return run(&s, setup);
}
