/* cmd_bundle.c - totem support-bundle: one file for whoever helps. State, log, settings, versions; secrets are never in
 * what is asked for, and everything goes through the mask. */
#include "base/clock.h"
#include "base/log.h"
#include "base/logkeep.h"
#include "base/version.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/mask.h"
#include "flow/supervise.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "io/probe.h"
#include "io/tar.h"
#include "store/setting/setting.h"

#define BUNDLE_MAX (64 * MIB)
#define PART_MAX   (8 * MIB)
#define LOG_LINES  "5000"

static const struct {
	const char *file;
	const char *words[8];
} PROGRAMS[] = {
	{ "kernel.txt", { "uname", "-srm", NULL } },
	{ "disks.txt", { "df", "-h", NULL } },
	{ "memory.txt", { "cat", "/proc/meminfo", "/proc/loadavg", "/etc/os-release", NULL } },
};

static const char *const JOURNAL[] = { "journalctl", "-u", "totem", "-n",
				       LOG_LINES,    "-o", "cat",   NULL };

struct bundle {
	struct sbuf tar;
	struct tar_out out;
	struct sbuf log;
	struct err full; /* of the first part that did not fit */
};

static void add(struct bundle *b, const char *name, struct str text)
{
	AUTO(sbuf_release) struct sbuf masked = SBUF(2 * PART_MAX);
	char path[TAR_NAME_MAX + 1];

	mask_text(text, &masked);
	(void)snprintf(path, sizeof(path), "totem-support/%s", name); /* ours, short */
	if (b->full.rc == RC_OK && tar_add(&b->out, path, sbuf_view(&masked), &b->full) != RC_OK)
		return; /* told at the end */
}

/* The newest lines that the server itself keeps, oldest first: where no journal runs there is no other log. */
static void add_kept_log(struct bundle *b, struct caller *by)
{
	struct call_answer a = CALL_ANSWER;
	struct err why = { .rc = RC_OK };
	const struct json *lines[LOGKEEP_LINES];
	size_t n = 0;

	if (by->inside != NULL) {
		sbuf_text(&b->log,
			  "No server runs and there is no journal: nothing of its log is kept.\n");
		return;
	}
	if (call_do(by, &(struct call_request){ "GET", "/api/v1/logs", STR_NONE }, &a, &why) !=
	    RC_OK)
		sbuf_printf(&b->log, "The server's log could not be had: %s\n", why.text);
	for (const struct json *l = json_first(json_get(a.root, "data"));
	     l != NULL && n < COUNT(lines); l = json_next(l))
		lines[n++] = l;
	while (n-- > 0)
		sbuf_printf(&b->log, "%.*s\n", STRF(json_get_str(lines[n], "line")));
	call_answer_release(&a);
}

/* Of the service, as far as a journal has it. */
static void read_journal(struct bundle *b)
{
	probe_output(JOURNAL, &b->log);
	if (str_find(sbuf_view(&b->log), STR("{")) < 0)
		sbuf_reset(&b->log); /* "-- No entries --" */
}

/* Secrets are never told; headers and bodies of requests may hold some that nobody wrote into a secret's place. */
static void write_setting(struct jsonw *w, const struct json *v)
{
	const struct setting_def *d = setting_find(json_get_str(v, "key"));
	struct str value = json_get_str(v, "value");
	bool quiet = d == NULL || d->kind == SETTING_OBJECT || d->kind == SETTING_BODY;

	jsonw_object(w);
	jsonw_kstr(w, "key", json_get_str(v, "key"));
	jsonw_kstr(w, "value", quiet && value.n > 0 ? STR("set") : value);
	jsonw_kstr(w, "source", json_get_str(v, "source"));
	jsonw_end(w);
}

static void add_settings(struct bundle *b, const struct json *root)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(PART_MAX);
	struct jsonw w;

	jsonw_init(&w, &text);
	jsonw_array(&w);
	for (const struct json *d = json_first(json_get(root, "data")); d != NULL; d = json_next(d))
		for (const struct json *v = json_first(json_get(d, "values")); v != NULL;
		     v = json_next(v))
			write_setting(&w, v);
	jsonw_end(&w);
	add(b, "settings.json", sbuf_view(&text));
}

/* As it came, but for the settings. */
static void add_answer(struct bundle *b, const char *file, const struct call_answer *a)
{
	if (strcmp(file, "settings.json") == 0 && a->status == 200)
		add_settings(b, a->root);
	else
		add(b, file, sbuf_view(&a->body));
}

/* What the API says; without a server from the files, as every command. */
static void add_answers(struct bundle *b, const struct cli *c)
{
	static const struct {
		const char *file, *path;
	} ASKED[] = {
		{ "status.json", "/api/v1/status" },   { "ready.json", "/readyz" },
		{ "queues.json", "/api/v1/queues" },   { "incidents.json", "/api/v1/incidents" },
		{ "backups.json", "/api/v1/backups" }, { "settings.json", "/api/v1/settings" },
		{ "metrics.txt", "/metrics" },
	};
	struct err e = { .rc = RC_OK };
	struct caller by;

	if (call_begin(c, &by, &e) != RC_OK) {
		add(b, "api-error.txt", str_of(e.text));
		return;
	}
	for (size_t i = 0; i < COUNT(ASKED); i++) {
		struct call_answer a = CALL_ANSWER;
		struct err why = { .rc = RC_OK };

		if (call_do(&by, &(struct call_request){ "GET", ASKED[i].path, STR_NONE }, &a,
			    &why) == RC_OK ||
		    a.body.n > 0)
			add_answer(b, ASKED[i].file, &a);
		else
			add(b, ASKED[i].file, str_of(why.text));
		call_answer_release(&a);
	}
	if (b->log.n == 0)
		add_kept_log(b, &by);
	call_end(&by);
}

static void add_output(struct bundle *b, const char *name, const char *const *words)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(PART_MAX);

	probe_output(words, &text);
	add(b, name, sbuf_view(&text));
}

static void add_version(struct bundle *b)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(KIB);

	sbuf_printf(&text, "totem %s\n", TOTEM_VERSION);
	add(b, "version.txt", sbuf_view(&text));
}

static int print_json(const char *path, size_t bytes)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(8 * KIB);
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ktext(&w, "file", path);
	jsonw_ki64(&w, "bytes", (int64_t)bytes);
	jsonw_end(&w);
	(void)printf("%s\n", sbuf_c(&b));
	return 0;
}

int cmd_bundle(struct cli *c)
{
	struct bundle b = { .tar = SBUF(BUNDLE_MAX),
			    .log = SBUF(PART_MAX),
			    .full = { .rc = RC_OK } };
	int64_t now_ms = clock_now_ms();
	char at[CLOCK_TEXT_MAX], usual[64];
	const char *path = cli_word(c, 0);
	struct err e = { .rc = RC_OK };
	size_t bytes;
	enum rc rc;

	if (c->word_count > 1)
		return cli_usage(c, "one file");
	log_set_level(LOG_ERROR);
	b.out = (struct tar_out){ tar_to_sbuf, &b.tar, now_ms };
	clock_text(now_ms, at);
	(void)snprintf(usual, sizeof(usual), "totem-support-%.10s.tar", at);
	if (path == NULL)
		path = usual;
	add_version(&b);
	read_journal(&b);
	add_answers(&b, c);
	add(&b, "log.txt", sbuf_view(&b.log));
	sbuf_release(&b.log);
	for (size_t i = 0; i < COUNT(PROGRAMS); i++)
		add_output(&b, PROGRAMS[i].file, PROGRAMS[i].words);
	rc = b.full.rc == RC_OK ? tar_end(&b.out, &b.full) : b.full.rc;
	rc = rc == RC_OK ? file_write(path, sbuf_view(&b.tar), 0600, &e)
			 : FAIL(&e, rc, "the bundle: %s", b.full.text);
	bytes = b.tar.n;
	sbuf_release(&b.tar);
	if (rc != RC_OK)
		return cli_fail(&e);
	if (c->json)
		return print_json(path, bytes);
	(void)printf("%s\nLook through it before you give it away: secrets are out and numbers are "
		     "masked, but only you know\n"
		     "what else should stay here.\n",
		     path);
	return 0;
}
