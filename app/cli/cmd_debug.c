/* cmd_debug.c - totem debug: everything that the box knows about one thing, to be shown to whoever helps: a message with its
 * whole story, a raw request, a job of a queue, a dead letter. Beside a server and without one. Numbers, addresses and tokens
 * are masked (mask.h), as in a support bundle; words of customers are left out unless they are asked for. */
#include "api/veil.h"
#include "cli/call.h"
#include "cli/cmd.h"
#include "cli/mask.h"
#include "io/jsonw.h"

#define TEXT_MAX     (8 * MIB)
#define DEPTH        12
#define NUMBER_LEAST INT64_C(1000000000)

/* What is asked for each kind; %1 is the first word behind it, %2 the second. The first question decides whether it is there. */
static const struct kind {
	const char *name;
	size_t words;
	struct {
		const char *title, *path;
	} ask[3];
} KINDS[] = {
	{ "message",
	  1,
	  { { "message", "/api/v1/messages/%s" },
	    { "timeline", "/api/v1/messages/%s/timeline" } } },
	{ "delivery", 1, { { "delivery", "/api/v1/deliveries/%s" } } },
	{ "job", 2, { { "job", "/api/v1/queues/%s/jobs/%s" } } },
	{ "letter", 1, { { "letter", "/api/v1/dead-letters/%s" } } },
	{ "conversation",
	  1,
	  { { "conversation", "/api/v1/conversations/%s" },
	    { "state", "/api/v1/conversations/%s/state" } } },
};

/* Members that hold what people wrote, whatever language of a peer they come in. */
static bool is_words(struct str key)
{
	static const char *const KEYS[] = { "content",      "body",        "text",
					    "caption",      "name",        "before",
					    "profile_name", "sender_name", "given_name",
					    "book_name",    "filename",    "description",
					    "title",        "pushName",    "conversation_name",
					    "attributes",   "note" };

	for (size_t i = 0; i < COUNT(KEYS); i++) {
		if (str_eqc(key, KEYS[i]))
			return true;
	}
	return false;
}

struct print {
	struct sbuf text; /* for people, or JSON */
	struct jsonw w;   /* of the JSON */
	bool json, words; /* words: of people too */
};

/* Whether a JSON number could be somebody's: longer than our counters, and no time or size. */
static bool is_number(struct str key, const struct json *v)
{
	int64_t n;

	return json_i64(v, &n) && (n >= NUMBER_LEAST || n <= -NUMBER_LEAST) &&
	       !str_ends(key, STR("_ms")) && !str_ends(key, STR("bytes"));
}

/* The box's own ids look like numbers in places; peers' answers are JSON in a text. */
static bool is_id(struct str s)
{
	size_t i = 0;

	while (i < s.n && memchr("0123456789abcdef-", s.p[i], 17) != NULL)
		i++;
	return s.n == 36 && i == s.n && s.p[8] == '-' && s.p[23] == '-';
}

static bool is_json(struct str s)
{
	return s.n > 0 && (s.p[0] == '{' || s.p[0] == '[');
}

static void masked(struct str s, struct sbuf *to)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(TEXT_MAX);

	mask_text(s, &b);
	veil_text(b.p, b.n); /* ids of messages hold numbers too */
	sbuf_str(to, sbuf_view(&b));
}

static bool has_members(const struct json *v)
{
	return json_kind(v) == JSON_OBJECT || json_kind(v) == JSON_ARRAY;
}

/* What is shown of a value whose members are not, as text. */
static void shown(const struct print *p, struct str key, const struct json *v, struct sbuf *to)
{
	struct str text = json_kind(v) == JSON_TEXT ? json_str(v) : STR_NONE;

	if (is_id(text))
		sbuf_str(to, text);
	else if (!p->words && text.n > 0 && (is_words(key) || is_json(text)))
		sbuf_printf(to, "(%zu bytes)", text.n);
	else if ((!p->words && is_words(key)) || has_members(v))
		sbuf_text(to, "(left out)");
	else if (json_kind(v) == JSON_TEXT)
		masked(text, to);
	else if (is_number(key, v))
		sbuf_text(to, "(a long number)");
	else
		json_print(v, to);
}

static bool goes_deeper(const struct print *p, struct str key, const struct json *v, int depth)
{
	return has_members(v) && depth < DEPTH && (p->words || !is_words(key));
}

static void json_write(struct print *p, struct str key, const struct json *v, int depth)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(TEXT_MAX);
	bool object = json_kind(v) == JSON_OBJECT;
	char name[128];

	if (!goes_deeper(p, key, v, depth)) {
		shown(p, key, v, &text);
		if (json_kind(v) == JSON_TEXT || str_starts(sbuf_view(&text), STR("(")))
			jsonw_str(&p->w, text.n > 0 ? sbuf_view(&text) : STR(""));
		else
			jsonw_raw(&p->w, sbuf_view(&text));
		return;
	}
	if (object)
		jsonw_object(&p->w);
	else
		jsonw_array(&p->w);
	for (const struct json *m = json_first(v); m != NULL; m = json_next(m)) {
		if (object && !str_copy(json_key(m), name, sizeof(name)))
			continue; /* none of ours */
		if (object)
			jsonw_key(&p->w, name);
		json_write(p, object ? json_key(m) : STR_NONE, m, depth + 1);
	}
	jsonw_end(&p->w);
}

/* A line each; what is empty says nothing. */
static void text_write(struct print *p, struct str key, const struct json *v, int depth)
{
	bool object = json_kind(v) == JSON_OBJECT;

	if (json_kind(v) == JSON_NULL || (has_members(v) && json_first(v) == NULL))
		return;
	for (int i = 0; i < depth; i++)
		sbuf_text(&p->text, "  ");
	sbuf_printf(&p->text, "%.*s", STRF(key.n > 0 ? key : STR("-")));
	if (!goes_deeper(p, key, v, depth)) {
		sbuf_char(&p->text, ' ');
		shown(p, key, v, &p->text);
		sbuf_char(&p->text, '\n');
		return;
	}
	sbuf_char(&p->text, '\n');
	for (const struct json *m = json_first(v); m != NULL; m = json_next(m))
		text_write(p, object ? json_key(m) : STR_NONE, m, depth + 1);
}

static enum rc show_one(struct caller *by, const char *title, const char *path, struct print *p,
			struct err *e)
{
	struct call_answer a = CALL_ANSWER;
	enum rc rc = call_do(by, &(struct call_request){ "GET", path, STR_NONE }, &a, e);

	if (rc == RC_OK && a.root != NULL && p->json) {
		jsonw_key(&p->w, title);
		json_write(p, STR_NONE, a.root, 0);
	} else if (rc == RC_OK && a.root != NULL) {
		text_write(p, str_of(title), a.root, 0);
	}
	call_answer_release(&a);
	return rc;
}

static enum rc show(const struct cli *c, struct caller *by, const struct kind *k, struct print *p,
		    struct err *e)
{
	char path[2 * CALL_TEXT_MAX];

	for (size_t i = 0; i < COUNT(k->ask) && k->ask[i].title != NULL; i++) {
		AUTO(sbuf_release) struct sbuf b = SBUF(sizeof(path));
		struct str rest = str_of(k->ask[i].path), part;
		size_t word = 1;

		while (str_cut(&rest, '%', &part)) {
			sbuf_str(&b, part);
			if (rest.n == 0)
				break;
			sbuf_text(&b, cli_word(c, word++));
			rest = str_sub(rest, 1, rest.n); /* the 's' */
		}
		if (!str_copy(sbuf_view(&b), path, sizeof(path)))
			return FAIL(e, RC_INVALID, "this is no id");
		TRY(show_one(by, k->ask[i].title, path, p, e));
	}
	return RC_OK;
}

static int run(const struct cli *c, const struct kind *k)
{
	struct print p = { .text = SBUF(TEXT_MAX),
			   .json = c->json,
			   .words = cli_option(c, "words") != NULL };
	struct err e = { .rc = RC_OK };
	struct caller by;
	enum rc rc = call_begin(c, &by, &e);

	jsonw_init(&p.w, &p.text);
	if (p.json)
		jsonw_object(&p.w);
	if (rc == RC_OK) {
		rc = show(c, &by, k, &p, &e);
		call_end(&by);
	}
	if (rc == RC_OK && p.json)
		jsonw_end(&p.w);
	if (rc == RC_OK && sbuf_ok(&p.text))
		(void)printf("%s%s", sbuf_c(&p.text), p.json ? "\n" : "");
	else if (rc == RC_OK)
		rc = FAIL(&e, RC_LIMIT, "this is too long to show");
	sbuf_release(&p.text);
	return rc == RC_OK ? 0 : cli_fail(&e);
}

int cmd_debug(struct cli *c)
{
	const char *name = cli_word(c, 0);

	for (size_t i = 0; name != NULL && i < COUNT(KINDS); i++) {
		if (strcmp(name, KINDS[i].name) != 0)
			continue;
		for (size_t n = 1; n < c->word_count; n++) {
			if (strpbrk(cli_word(c, n), "/?#% ") != NULL)
				return cli_usage(c, "this is no id");
		}
		if (c->word_count != 1 + KINDS[i].words)
			return cli_usage(c,
					 KINDS[i].words == 2 ? "a queue and a job's id" : "one id");
		return run(c, &KINDS[i]);
	}
	return cli_usage(c, "message, delivery, job, letter or conversation, and its id");
}
