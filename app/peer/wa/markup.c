/* markup.c - WhatsApp's text marks to Markdown and back. Promises: markup.h. No state; any thread.
 *
 * One walk over a line: at a mark look for its partner on the same line; when there is one, write
 * the other language's marks and walk the inside. A failed search is remembered per mark (for the
 * rest of the range no partner can be found either), so the walk stays linear. */
#include "peer/wa/markup.h"

/* One pair of marks: what stands in the source, what is written instead. */
struct mark {
	const char *from;
	const char *open;
	const char *close;
};

static const struct mark whatsapp_marks[] = {
	{ "*", "**", "**" },
	{ "_", "_", "_" },
	{ "~", "~~", "~~" },
};

/* Longest first. */
static const struct mark markdown_marks[] = {
	{ "***", "*_", "_*" }, { "___", "*_", "_*" }, { "**", "*", "*" }, { "__", "*", "*" },
	{ "~~", "~", "~" },    { "*", "_", "_" },     { "_", "_", "_" },
};

#define MARKS_MAX 8u

struct walk {
	const struct mark *marks;
	size_t count;
	bool markdown; /* source language: escapes, links and headings exist only there */
	struct sbuf *to;
};

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (unsigned char)c >= 0x80;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool at_text(struct str s, size_t at, const char *what)
{
	return str_starts(str_sub(s, at, s.n), str_of(what));
}

/* How many times the byte at `at` is repeated. */
static size_t run_length(struct str s, size_t at)
{
	size_t n = 1;
	while (at + n < s.n && s.p[at + n] == s.p[at])
		n++;
	return n;
}

/* A word's edge before the mark, text behind it. */
static bool may_open(struct str s, size_t at, size_t n)
{
	if (at > 0 && (is_word(s.p[at - 1]) || s.p[at - 1] == '\\'))
		return false;
	return at + n < s.n && !is_blank(s.p[at + n]);
}

/* Start of the run of exactly this mark that closes; 0: none. `from` is behind the opening. */
static size_t find_close(struct str s, size_t from, struct str mark, bool escapes)
{
	size_t at = from;
	while (at < s.n) {
		if (escapes && s.p[at] == '\\') {
			at += 2;
			continue;
		}
		if (s.p[at] != mark.p[0]) {
			at++;
			continue;
		}
		size_t n = run_length(s, at);
		bool edge = at + n >= s.n || !is_word(s.p[at + n]);
		if (n == mark.n && at > from && !is_blank(s.p[at - 1]) && edge)
			return at;
		at += n;
	}
	return 0;
}

static void walk_range(const struct walk *w, struct str s, int depth);

/* `code` and ```code```: copied with their marks. Returns the bytes used, 0: not code. */
static size_t copy_code(const struct walk *w, struct str s, size_t at)
{
	size_t n = run_length(s, at);
	for (size_t i = at + n; i < s.n; i++) {
		if (s.p[i] != '`')
			continue;
		size_t m = run_length(s, i);
		if (m == n) {
			sbuf_str(w->to, str_sub(s, at, i + m - at));
			return i + m - at;
		}
		i += m - 1;
	}
	sbuf_str(w->to, str_sub(s, at, n)); /* no partner: as it is, the whole run */
	return n;
}

/* Returns the bytes used, 0: not this construct. */
static size_t try_mark(const struct walk *w, struct str s, size_t at, bool *dead, int depth)
{
	size_t run = run_length(s, at);
	for (size_t i = 0; i < w->count; i++) {
		struct str mark = str_of(w->marks[i].from);
		if (dead[i] || mark.p[0] != s.p[at] || mark.n != run || !may_open(s, at, run))
			continue;
		size_t close = find_close(s, at + run, mark, w->markdown);
		if (close == 0) {
			dead[i] = true;
			continue;
		}
		sbuf_text(w->to, w->marks[i].open);
		walk_range(w, str_sub(s, at + run, close - at - run), depth + 1);
		sbuf_text(w->to, w->marks[i].close);
		return close + run - at;
	}
	sbuf_str(w->to, str_sub(s, at, run));
	return run;
}

/* Bytes before the first of `stops`, which must be `wanted`; 0: it is another one, or none. */
static size_t span_to(struct str s, const char *stops, char wanted)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\0' && strchr(stops, s.p[i]) != NULL)
			return s.p[i] == wanted ? i : 0;
	return 0;
}

/* <https://x>. Returns the bytes used, 0: none. */
static size_t try_angle(const struct walk *w, struct str s, size_t at)
{
	struct str rest = str_sub(s, at + 1, s.n);
	if (!str_starts(rest, STR("http://")) && !str_starts(rest, STR("https://")))
		return 0;
	size_t n = span_to(rest, " <>", '>');
	sbuf_str(w->to, str_sub(rest, 0, n));
	return n > 0 ? n + 2 : 0;
}

/* [label](url). Returns the bytes used, 0: none. No search goes past the next bracket or blank, so
 * that a text full of brackets stays linear. */
static size_t try_link(const struct walk *w, struct str s, size_t at)
{
	struct str rest = str_sub(s, at + 1, s.n);
	size_t label_n = span_to(rest, "[]", ']');
	if (label_n + 1 >= rest.n || rest.p[label_n] != ']' || rest.p[label_n + 1] != '(')
		return 0;
	struct str label = str_sub(rest, 0, label_n);
	struct str tail = str_sub(rest, label_n + 2, rest.n);
	size_t url_n = span_to(tail, " ()[]", ')');
	struct str url = str_sub(tail, 0, url_n);
	if (url_n == 0)
		return 0;
	if (label.n > 0 && !str_eq(label, url)) {
		sbuf_str(w->to, label);
		sbuf_text(w->to, " (");
		sbuf_str(w->to, url);
		sbuf_char(w->to, ')');
	} else {
		sbuf_str(w->to, url);
	}
	return 1 + label_n + 2 + url_n + 1;
}

static bool is_escaped_mark(struct str s, size_t at)
{
	return s.p[at] == '\\' && at + 1 < s.n &&
	       strchr("\\`*_{}[]()#+-.!~>|<", s.p[at + 1]) != NULL && s.p[at + 1] != '\0';
}

/* Inside of one line. */
static void walk_range(const struct walk *w, struct str s, int depth)
{
	bool dead[MARKS_MAX] = { false };
	size_t at = 0;
	if (depth >= MARKUP_DEPTH_MAX) {
		sbuf_str(w->to, s);
		return;
	}
	while (at < s.n) {
		char c = s.p[at];
		size_t used = 0;
		if (c == '`') {
			used = copy_code(w, s, at);
		} else if (w->markdown && is_escaped_mark(s, at)) {
			sbuf_char(w->to, s.p[at + 1]);
			used = 2;
		} else if (w->markdown && c == '[') {
			used = try_link(w, s, at);
		} else if (w->markdown && c == '<') {
			used = try_angle(w, s, at);
		} else if (c == '*' || c == '_' || c == '~') {
			used = try_mark(w, s, at, dead, depth);
		}
		if (used == 0) {
			sbuf_char(w->to, c);
			used = 1;
		}
		at += used;
	}
}

/* Marks at the start of a line that are not pairs: lists and headings. Returns the bytes used. */
static size_t line_start(const struct walk *w, struct str line, bool *ret_heading)
{
	size_t at = 0;
	*ret_heading = false;
	while (at < line.n && is_blank(line.p[at]))
		at++;
	sbuf_str(w->to, str_sub(line, 0, at));
	if (at_text(line, at, "* ")) { /* a list item in both languages */
		sbuf_text(w->to, "- ");
		return at + 2;
	}
	size_t level = at < line.n && line.p[at] == '#' ? run_length(line, at) : 0;
	if (w->markdown && level > 0 && level <= 6 && at + level < line.n &&
	    line.p[at + level] == ' ' && str_trim(str_sub(line, at + level, line.n)).n > 0) {
		*ret_heading = true;
		return at + level + 1;
	}
	return at;
}

static void walk_line(const struct walk *w, struct str line, bool last)
{
	bool heading;
	if (w->markdown && line.n > 0 && line.p[line.n - 1] == '\r')
		line = str_sub(line, 0, line.n - 1);
	size_t blanks = 0;
	while (blanks < line.n && line.p[line.n - 1 - blanks] == ' ')
		blanks++;
	if (w->markdown && !last && blanks >= 2)
		line = str_sub(line, 0, line.n - blanks); /* hard break */
	else if (w->markdown && !last && line.n > 0 && line.p[line.n - 1] == '\\')
		line = str_sub(line, 0, line.n - 1); /* hard break */
	struct str rest = str_sub(line, line_start(w, line, &heading), line.n);
	if (heading) {
		rest = str_trim(rest);
		sbuf_char(w->to, '*');
	}
	walk_range(w, rest, 0);
	if (heading)
		sbuf_char(w->to, '*');
	if (!last)
		sbuf_char(w->to, '\n');
}

/* Start of the first three backticks or -1; looks at nothing behind them. */
static ptrdiff_t find_fence(struct str s)
{
	for (size_t at = 0; at < s.n;) {
		ptrdiff_t tick = str_chr(str_sub(s, at, s.n), '`');
		if (tick < 0)
			break;
		at += (size_t)tick;
		if (at_text(s, at, "```"))
			return (ptrdiff_t)at;
		at += run_length(s, at);
	}
	return -1;
}

/* Lines, but ``` blocks as a whole; `s` may hold anything. The end of a line is searched once, not again
 * behind each of its blocks: else a line of blocks is quadratic. */
static void walk_text(const struct walk *w, struct str s)
{
	bool no_fence = false;
	ptrdiff_t end = str_chr(s, '\n'); /* of the line that s begins with; -1: the last one */

	while (s.n > 0) {
		struct str line = end < 0 ? s : str_sub(s, 0, (size_t)end);
		ptrdiff_t fence = no_fence ? -1 : find_fence(line);
		struct str behind = fence < 0 ? STR_NONE : str_sub(s, (size_t)fence + 3, s.n);
		ptrdiff_t close = fence < 0 ? -1 : find_fence(behind);
		if (fence >= 0 && close < 0)
			no_fence = true;
		if (close >= 0) {
			walk_line(w, str_sub(s, 0, (size_t)fence), true);
			size_t n = (size_t)fence + 3 + (size_t)close + 3;
			sbuf_str(w->to, str_sub(s, (size_t)fence, n - (size_t)fence));
			s = str_sub(s, n, s.n);
			if (end >= (ptrdiff_t)n)
				end -= (ptrdiff_t)n;
			else if (end >= 0)
				end = str_chr(s, '\n');
			continue;
		}
		walk_line(w, line, end < 0);
		s = end < 0 ? STR_NONE : str_sub(s, (size_t)end + 1, s.n);
		end = str_chr(s, '\n');
	}
}

void markup_to_markdown(struct str whatsapp, struct sbuf *to)
{
	const struct walk w = { whatsapp_marks, COUNT(whatsapp_marks), false, to };
	_Static_assert(COUNT(whatsapp_marks) <= MARKS_MAX, "room in dead[]");
	walk_text(&w, whatsapp);
}

void markup_to_whatsapp(struct str markdown, struct sbuf *to)
{
	const struct walk w = { markdown_marks, COUNT(markdown_marks), true, to };
	_Static_assert(COUNT(markdown_marks) <= MARKS_MAX, "room in dead[]");
	walk_text(&w, markdown);
}
