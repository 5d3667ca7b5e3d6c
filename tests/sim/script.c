/* script.c - reading a scenario: lines become steps in the order of their times. */
#include "sim/sim.h"

#include "base/clock.h"

#define FILE_MAX (1 * MIB)

void words_of(const char *text, struct words *ret)
{
	const char *p = text;

	ret->n = 0;
	while (*p != '\0') {
		const char *from;
		int depth = 0;
		bool quoted = false;

		while (*p == ' ' || *p == '\t')
			p++;
		for (from = p; *p != '\0' && (quoted || depth > 0 || (*p != ' ' && *p != '\t'));
		     p++) {
			if (*p == '\\' && quoted && p[1] != '\0')
				p++;
			else if (*p == '"')
				quoted = !quoted;
			else if (!quoted)
				depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
		}
		if (p > from && ret->n == SIM_WORDS_MAX)
			fail("too many words");
		if (p > from)
			ret->w[ret->n++] = str_n(from, (size_t)(p - from));
	}
}

struct str word_value(const struct words *w, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < w->n; i++) {
		if (w->w[i].n > n && w->w[i].p[n] == '=' && strncmp(w->w[i].p, key, n) == 0)
			return expand(str_sub(w->w[i], n + 1, SIZE_MAX), NULL);
	}
	return STR_NONE;
}

bool word_there(const struct words *w, const char *word)
{
	for (size_t i = 0; i < w->n; i++) {
		if (str_eqc(w->w[i], word))
			return true;
	}
	return false;
}

static ptrdiff_t arrow_at(const char *text)
{
	const char *p = strstr(text, " -> ");

	return p != NULL ? p - text : -1;
}

struct str arrow_left(const char *text)
{
	ptrdiff_t at = arrow_at(text);

	return at < 0 ? str_of(text) : str_n(text, (size_t)at);
}

struct str arrow_right(const char *text)
{
	ptrdiff_t at = arrow_at(text);

	return at < 0 ? STR_NONE : str_of(text + at + 4);
}

int64_t time_of(struct str text)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} UNITS[] = { { "ms", 1 },
		      { "s", SECOND_MS },
		      { "m", MINUTE_MS },
		      { "h", HOUR_MS },
		      { "d", DAY_MS } };
	int64_t v;
	size_t n = 0;

	while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
		n++;
	for (size_t i = 0; i < COUNT(UNITS); i++) {
		if (str_eqc(str_sub(text, n, SIZE_MAX), UNITS[i].unit) &&
		    str_i64(str_sub(text, 0, n), 0, INT32_MAX, &v))
			return v * UNITS[i].ms;
	}
	fail("not a time: %.*s", STRF(text));
}

/* ---- variables ---- */

void var_set(struct str name, struct str value)
{
	struct var *v = NULL;

	for (size_t i = 0; i < sim.var_count && v == NULL; i++) {
		if (str_eqc(name, sim.vars[i].name))
			v = &sim.vars[i];
	}
	if (v == NULL && sim.var_count < SIM_VARS_MAX)
		v = &sim.vars[sim.var_count++];
	if (v == NULL || !str_copy(name, v->name, sizeof(v->name)) ||
	    !str_copy(value, v->value, sizeof(v->value)))
		fail("variable %.*s: too many or too long", STRF(name));
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

static void value_of(struct str name, const struct json *json, struct sbuf *to)
{
	static int counter;
	char path[128];
	const struct json *n;

	for (size_t i = 0; i < sim.var_count; i++) {
		if (str_eqc(name, sim.vars[i].name)) {
			sbuf_text(to, sim.vars[i].value);
			return;
		}
	}
	if (str_eqc(name, "n")) {
		sbuf_i64(to, ++counter);
		return;
	}
	n = str_copy(name, path, sizeof(path)) ? json_path(json, path) : NULL;
	if (n == NULL)
		fail("nothing is called $%.*s", STRF(name));
	if (json_kind(n) == JSON_TEXT)
		sbuf_str(to, json_str(n));
	else
		json_print(n, to);
}

struct str expand(struct str text, const struct json *json)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(4 * MIB);
	bool quoted = text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"';

	if (quoted)
		text = str_sub(text, 1, text.n - 2);
	for (size_t i = 0; i < text.n; i++) {
		size_t n = 0;

		if (quoted && text.p[i] == '\\' && i + 1 < text.n) {
			i++;
			sbuf_char(&b, text.p[i] == 'n' ? '\n' : text.p[i]);
			continue;
		}
		while (text.p[i] == '$' && i + 1 + n < text.n && name_char(text.p[i + 1 + n]) &&
		       text.p[i + 1] != '.')
			n++;
		if (n > 0)
			value_of(str_n(text.p + i + 1, n), json, &b);
		else
			sbuf_char(&b, text.p[i]);
		i += n;
	}
	return arena_str(&sim.arena, sbuf_view(&b));
}

/* ---- lines ---- */

static struct str blank_cut(struct str *rest)
{
	struct str part = STR_NONE;

	*rest = str_trim(*rest);
	if (!str_cut(rest, ' ', &part))
		return STR_NONE;
	*rest = str_trim(*rest);
	return part;
}

static void add_step(const struct step *s)
{
	struct step *copy = arena_alloc(&sim.arena, sizeof(*copy));
	struct step **tail;

	if (copy == NULL || sim.step_count == SIM_STEPS_MAX)
		fail("too many steps");
	*copy = *s;
	if (str_starts(str_of(s->text), STR("during "))) {
		if (sim.step_count == 0)
			fail("`during` follows an expected call");
		copy->text += 7;
		for (tail = &sim.steps[sim.step_count - 1]->during; *tail != NULL;
		     tail = &(*tail)->during)
			;
		*tail = copy;
		return;
	}
	sim.steps[sim.step_count++] = copy;
}

/* "$i" is the number of the repetition, "$i%3" its rest (1 to 3). */
static char *numbered(struct str text, int64_t i)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(64 * KIB);

	for (size_t at = 0; at < text.n; at++) {
		if (text.p[at] != '$' || at + 1 >= text.n || text.p[at + 1] != 'i' ||
		    (at + 2 < text.n && name_char(text.p[at + 2]) && text.p[at + 2] != '.')) {
			sbuf_char(&b, text.p[at]);
			continue;
		}
		at++;
		if (at + 2 < text.n && text.p[at + 1] == '%') {
			sbuf_i64(&b, (i - 1) % (text.p[at + 2] - '0') + 1);
			at += 2;
		} else {
			sbuf_i64(&b, i);
		}
	}
	return arena_dup(&sim.arena, sbuf_view(&b));
}

/* "repeat N [every T] VERB..." */
static void add_repeated(struct step s, struct str rest)
{
	int64_t n, every_ms = 0;

	if (!str_i64(blank_cut(&rest), 1, 5000, &n))
		fail("repeat how often?");
	if (str_starts(rest, STR("every "))) {
		(void)blank_cut(&rest);
		every_ms = time_of(blank_cut(&rest));
	}
	for (int64_t i = 1; i <= n; i++) {
		s.text = numbered(rest, i);
		add_step(&s);
		s.from_ms += every_ms;
		s.to_ms += every_ms;
	}
}

static void take_line(struct str line, int number, int64_t *at_ms)
{
	struct step s = { .line = number };
	struct str rest = str_trim(line);
	ptrdiff_t dots;

	sim.line = number;
	if (rest.n == 0 || rest.p[0] == '#')
		return;
	if (str_starts(rest, STR("clock "))) {
		if (!clock_parse(str_trim(str_sub(rest, 6, SIZE_MAX)), &sim.start_ms))
			fail("not a time");
		*at_ms = sim.start_ms;
		return;
	}
	s.from_ms = s.to_ms = *at_ms;
	if (str_starts(rest, STR("at "))) {
		struct str when;

		(void)blank_cut(&rest);
		when = blank_cut(&rest);
		dots = str_find(when, STR(".."));
		s.timed = true;
		s.from_ms =
			sim.start_ms + time_of(dots < 0 ? when : str_sub(when, 0, (size_t)dots));
		s.to_ms = dots < 0 ? s.from_ms
				   : sim.start_ms +
					     time_of(str_sub(when, (size_t)dots + 2, SIZE_MAX));
		*at_ms = s.from_ms;
	}
	if (str_starts(rest, STR("repeat "))) {
		(void)blank_cut(&rest);
		add_repeated(s, rest);
		return;
	}
	s.text = arena_dup(&sim.arena, rest);
	add_step(&s);
}

/* Stable: steps of one instant stay in the order of the file. */
static void sort_steps(void)
{
	for (size_t i = 1; i < sim.step_count; i++) {
		struct step *s = sim.steps[i];
		size_t k = i;

		for (; k > 0 && sim.steps[k - 1]->from_ms > s->from_ms; k--)
			sim.steps[k] = sim.steps[k - 1];
		sim.steps[k] = s;
	}
}

void script_read(const char *path)
{
	AUTO(sbuf_release) struct sbuf text = SBUF(FILE_MAX);
	AUTO(sbuf_release) struct sbuf whole = SBUF(FILE_MAX);
	struct str rest, line;
	char part[4096];
	int number = 0;
	int64_t at_ms = sim.start_ms;
	size_t n;
	FILE *f = fopen(path, "rbe");

	if (f == NULL)
		fail("cannot be read");
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_add(&text, part, n);
	(void)fclose(f);
	rest = sbuf_view(&text);
	while (str_cut(&rest, '\n', &line)) {
		number++;
		line = str_trim(line);
		if (line.n > 0 && line.p[line.n - 1] == '\\') { /* goes on in the next line */
			sbuf_str(&whole, str_sub(line, 0, line.n - 1));
			continue;
		}
		sbuf_str(&whole, line);
		take_line(sbuf_view(&whole), number, &at_ms);
		sbuf_reset(&whole);
	}
	sort_steps();
}
