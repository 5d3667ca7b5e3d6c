/* cmd_export.c - totem export: one person's data as an archive, or a list as CSV or JSON lines. Beside a server and without
 * one, through the same routes as the page. */
#include "base/enc.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/progress.h"
#include "io/file.h"
#include "io/file_stream.h"
#include "io/folder.h"
#include "io/jsonw.h"

#define ASK_MAX 2048

static const struct list {
	const char *name;
	bool ranges; /* knows from and to */
} LISTS[] = {
	{ "messages", true },   { "conversations", false }, { "contacts", false },
	{ "deliveries", true }, { "dead-letters", false },  { "audit", true },
	{ "templates", false }, { "receipts", false },      { "incidents", false },
};

struct saving {
	struct file_out out; /* not open: standard output */
	char folder[FOLDER_PATH_MAX];
	const char *name;        /* in the folder; NULL: standard output */
	int64_t bytes, expected; /* expected: 0 when it is not known */
	bool skip_line;          /* the head of a CSV file stands there already */
	struct progress say;
};

static enum rc save_piece(void *arg, const char *p, size_t n, struct err *e)
{
	struct saving *s = arg;
	const char *end;

	if (s->skip_line) {
		end = memchr(p, '\n', n);
		if (end == NULL)
			return RC_OK;
		n -= (size_t)(end + 1 - p);
		p = end + 1;
		s->skip_line = false;
	}
	s->bytes += (int64_t)n;
	if (s->say.terminal && s->expected > 0)
		progress_step(&s->say, "exporting", (int)i64_min(99, 100 * s->bytes / s->expected),
			      100);
	if (s->out.open)
		return file_out_add(&s->out, p, n, e);
	return fwrite(p, 1, n, stdout) == n ? RC_OK
					    : FAIL(e, RC_IO, "standard output cannot be written");
}

/* NULL or "-": standard output. A file that is there is not touched. */
static enum rc save_begin(struct saving *s, const char *path, struct err *e)
{
	const char *slash;

	if (path == NULL || strcmp(path, "-") == 0)
		return RC_OK;
	if (file_exists(path))
		return FAIL(e, RC_CONFLICT, "%.200s is there already", path);
	slash = strrchr(path, '/');
	s->name = slash != NULL ? slash + 1 : path;
	if (!str_copy(slash == NULL ? STR(".")
				    : str_n(path, slash > path ? (size_t)(slash - path) : 1),
		      s->folder, sizeof(s->folder)) ||
	    s->name[0] == '\0')
		return FAIL(e, RC_INVALID, "%.200s is no name of a file", path);
	return file_out_begin(s->folder, &s->out, e);
}

static enum rc save_end(struct saving *s, const struct cli *c, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * KIB);
	struct jsonw w;

	if (s->say.terminal && s->expected > 0)
		progress_step(&s->say, "exported", 100, 100);
	if (s->name == NULL)
		return fflush(stdout) == 0 ? RC_OK : FAIL(e, RC_IO, "standard output: %m");
	TRY(file_out_sync(&s->out, e));
	TRY(file_out_place(&s->out, s->folder, s->name, e));
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ktext(&w, "file", s->name);
	jsonw_ki64(&w, "bytes", s->bytes);
	jsonw_end(&w);
	if (c->json)
		(void)printf("%s\n", sbuf_c(&b));
	else
		(void)printf("%s: %lld bytes\n", s->name, (long long)s->bytes);
	return RC_OK;
}

/* ---- a list ---- */

static void query_add(struct sbuf *path, const char *name, struct str value)
{
	sbuf_printf(path, "&%s=", name);
	enc_percent(path, value);
}

/* NAME=VALUE words are the list's own filters. */
static bool filters(const struct cli *c, struct sbuf *path)
{
	char name[64];

	for (size_t i = 1; i < c->word_count; i++) {
		struct str value = str_of(cli_word(c, i)), before;

		if (!str_cut(&value, '=', &before) || before.n == 0 ||
		    !str_copy(before, name, sizeof(name)))
			return false;
		query_add(path, name, value);
	}
	if (cli_option(c, "from") != NULL)
		query_add(path, "from", str_of(cli_option(c, "from")));
	if (cli_option(c, "to") != NULL)
		query_add(path, "to", str_of(cli_option(c, "to")));
	return sbuf_ok(path);
}

static enum rc list_pages(struct caller *by, const char *path, bool csv, struct saving *s,
			  struct err *e)
{
	char next[CALL_TEXT_MAX] = "";

	do {
		AUTO(sbuf_release) struct sbuf page = SBUF(ASK_MAX);

		sbuf_text(&page, path);
		if (next[0] != '\0')
			query_add(&page, "after", str_of(next));
		s->skip_line = csv && next[0] != '\0';
		TRY(call_save(by, sbuf_c(&page), save_piece, s, next, e));
	} while (next[0] != '\0');
	return RC_OK;
}

static int export_list(struct cli *c, const struct list *l)
{
	AUTO(sbuf_release) struct sbuf path = SBUF(ASK_MAX);
	const char *format = cli_option(c, "format"), *out = cli_option(c, "out");
	struct err e = { .rc = RC_OK };
	struct saving s = { .out = { .open = false } };
	struct caller by;
	bool csv;
	enum rc rc;

	if (format == NULL)
		format = "jsonl";
	csv = strcmp(format, "csv") == 0;
	if (!csv && strcmp(format, "jsonl") != 0)
		return cli_usage(c, "--format is csv or jsonl");
	if ((cli_option(c, "from") != NULL || cli_option(c, "to") != NULL) && !l->ranges)
		return cli_usage(c, "this list has no range of time");
	if (c->json && out == NULL)
		return cli_usage(c, "--json tells of a file: give --out FILE");
	sbuf_printf(&path, "/api/v1/%s?format=%s", l->name, format);
	if (!filters(c, &path))
		return cli_usage(c, "filters are NAME=VALUE");
	if (call_begin(c, &by, &e) != RC_OK)
		return cli_fail(&e);
	progress_begin(&s.say, c->json || out == NULL);
	rc = save_begin(&s, out, &e);
	if (rc == RC_OK)
		rc = list_pages(&by, sbuf_c(&path), csv, &s, &e);
	if (rc == RC_OK)
		rc = save_end(&s, c, &e);
	file_out_drop(&s.out);
	call_end(&by);
	return rc == RC_OK ? 0 : cli_fail(&e);
}

/* ---- a person ---- */

static bool is_spelling(const struct json *contact, struct str number)
{
	for (const struct json *a = json_first(json_get(contact, "aliases")); a != NULL;
	     a = json_next(a)) {
		struct str alias = json_get_str(a, "alias");

		if (str_starts(alias, STR("+")))
			alias = str_sub(alias, 1, alias.n);
		if (str_eq(alias, number))
			return true;
	}
	return false;
}

/* The only one that is found, or the only one with exactly this number. */
static enum rc choose(const struct json *found, struct str who, char ret_id[CALL_TEXT_MAX],
		      struct err *e)
{
	const struct json *only = NULL, *exact = NULL;
	int n = 0, exacts = 0;

	for (const struct json *k = json_first(found); k != NULL; k = json_next(k)) {
		only = k;
		n++;
		if (is_spelling(k, who)) {
			exact = k;
			exacts++;
		}
	}
	if (exacts == 1)
		only = exact;
	if (n == 0)
		return FAIL(e, RC_ABSENT, "nobody is found by this name or number");
	if (n > 1 && exacts != 1)
		return FAIL(
			e, RC_CONFLICT,
			"several people are found: give the number in full, or the contact's id");
	return str_copy(json_get_str(only, "id"), ret_id, CALL_TEXT_MAX)
		       ? RC_OK
		       : FAIL(e, RC_IO, "the answer has no id");
}

/* A number as people write it, to its digits; a name stays. */
static void digits_of(const char *who, struct sbuf *to)
{
	if (who[strspn(who, "+0123456789 .-()")] != '\0') {
		sbuf_text(to, who);
		return;
	}
	for (const char *p = who; *p != '\0'; p++) {
		if (*p >= '0' && *p <= '9')
			sbuf_char(to, *p);
	}
}

static enum rc find_person(struct caller *by, const char *who, char ret_id[CALL_TEXT_MAX],
			   struct err *e)
{
	AUTO(sbuf_release) struct sbuf path = SBUF(ASK_MAX);
	AUTO(sbuf_release) struct sbuf plain = SBUF(ASK_MAX);
	struct call_answer a = CALL_ANSWER;
	enum rc rc;

	if (strlen(who) == 36 && strspn(who, "0123456789abcdef-") == 36)
		return str_copy(str_of(who), ret_id, CALL_TEXT_MAX) ? RC_OK : RC_INVALID;
	sbuf_text(&path, "/api/v1/contacts?limit=20");
	digits_of(who, &plain);
	query_add(&path, "search", sbuf_view(&plain));
	rc = call_do(by, &(struct call_request){ "GET", sbuf_c(&path), STR_NONE }, &a, e);
	if (rc == RC_OK)
		rc = choose(json_get(a.root, "data"), sbuf_view(&plain), ret_id, e);
	call_answer_release(&a);
	return rc;
}

/* For the bar: files, and what a message takes about. */
static enum rc expected_bytes(struct caller *by, const char *id, int64_t *ret, struct err *e)
{
	char path[CALL_TEXT_MAX + 64];
	struct call_answer a = CALL_ANSWER;
	enum rc rc;

	(void)snprintf(path, sizeof(path), "/api/v1/contacts/%s/holdings", id);
	rc = call_do(by, &(struct call_request){ "GET", path, STR_NONE }, &a, e);
	if (rc == RC_OK)
		*ret = 16 * (int64_t)KIB + json_get_i64_or(a.root, "file_bytes", 0) +
		       2 * (int64_t)KIB * json_get_i64_or(a.root, "messages", 0);
	call_answer_release(&a);
	return rc;
}

static enum rc person(const struct cli *c, struct caller *by, struct saving *s, struct err *e)
{
	const char *out = cli_option(c, "out");
	char id[CALL_TEXT_MAX], path[CALL_TEXT_MAX + 64], usual[CALL_TEXT_MAX + 32];

	TRY(find_person(by, cli_word(c, 1), id, e));
	TRY(expected_bytes(by, id, &s->expected, e));
	(void)snprintf(usual, sizeof(usual), "totem-person-%s.tar", id);
	(void)snprintf(path, sizeof(path), "/api/v1/contacts/%s/export", id);
	TRY(save_begin(s, out != NULL ? out : usual, e));
	TRY(call_save(by, path, save_piece, s, NULL, e));
	return save_end(s, c, e);
}

static int export_person(struct cli *c)
{
	struct saving s = { .out = { .open = false } };
	struct err e = { .rc = RC_OK };
	struct caller by;
	enum rc rc;

	if (c->word_count != 2 || cli_option(c, "format") != NULL ||
	    cli_option(c, "from") != NULL || cli_option(c, "to") != NULL)
		return cli_usage(c, "the number, the name or the id of one person");
	if (call_begin(c, &by, &e) != RC_OK)
		return cli_fail(&e);
	progress_begin(&s.say, c->json);
	rc = person(c, &by, &s, &e);
	file_out_drop(&s.out);
	call_end(&by);
	return rc == RC_OK ? 0 : cli_fail(&e);
}

int cmd_export(struct cli *c)
{
	const char *what = cli_word(c, 0);

	if (what == NULL)
		return cli_usage(c, "person, or which list?");
	if (strcmp(what, "person") == 0)
		return export_person(c);
	for (size_t i = 0; i < COUNT(LISTS); i++) {
		if (strcmp(LISTS[i].name, what) == 0)
			return export_list(c, &LISTS[i]);
	}
	return cli_usage(c, "there is no such list");
}
