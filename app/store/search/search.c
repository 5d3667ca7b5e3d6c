/* search.c - see search.h. */
#include "store/search/search.h"

#include "base/enc.h"
#include "store/search/number.h"
#include "store/row.h"

#define STALE_BATCH   64
#define TAIL_DIGITS   6
#define PREFIX_POINTS 3 /* a shorter beginning fits half of all words */
#define KIND_MAX      16

static enum rc run_id(struct tx *tx, enum query q, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, "id", id);
	return stmt_run(&s, e);
}

struct place {
	int64_t at, newest;
	int64_t old_form; /* messages up to here may be indexed without the forms of their numbers */
};

static enum rc place(struct db *db, struct place *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_SEARCH_PLACE, &s, e));
	TRY(stmt_next(&s, e));
	ret->at = stmt_i64(&s, "at");
	ret->old_form = stmt_i64(&s, "old_form_id");
	ret->newest = stmt_i64(&s, "newest");
	return RC_OK;
}

static enum rc add_message(struct tx *tx, int64_t id, struct str content, struct str numbers,
			   struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SEARCH_MESSAGE_ADD, &s, e));
	stmt_bind_i64(&s, "id", id);
	stmt_bind_str(&s, "content", content);
	stmt_bind_str(&s, "numbers", numbers);
	return stmt_run(&s, e);
}

/* `again`: they are in the index; only those whose numbers have more forms are written anew. */
static enum rc add_messages(struct tx *tx, int64_t after_id, int64_t up_to_id, bool again,
			    struct err *e)
{
	AUTO(sbuf_release) struct sbuf numbers = SBUF(NUMBER_FORMS_MAX);
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_SEARCH_CONTENTS, &s, e));
	stmt_bind_i64(&s, "after_id", after_id);
	stmt_bind_i64(&s, "up_to_id", up_to_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		int64_t id = stmt_i64(&s, "id");
		struct str content = stmt_str(&s, "content");

		sbuf_reset(&numbers);
		number_forms(content, &numbers);
		if (again && numbers.n == 0)
			continue;
		if (again)
			TRY(run_id(tx, Q_SEARCH_MESSAGE_DROP, id, e));
		TRY(add_message(tx, id, content, sbuf_view(&numbers), e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

/* What was indexed before numbers had their forms, newest first, when nothing else waits. */
static enum rc renew(struct tx *tx, int64_t up_to_id, int64_t *ret_left, struct err *e)
{
	*ret_left = i64_max(0, up_to_id - SEARCH_BATCH);
	TRY(add_messages(tx, *ret_left, up_to_id, true, e));
	return run_id(tx, Q_SEARCH_OLD_FORM_SET, *ret_left, e);
}

struct stale {
	char kind[KIND_MAX];
	int64_t id;
};

static enum rc read_stale(struct db *db, struct stale *ret, int *ret_n, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int n = 0;
	enum rc rc;

	TRY(stmt_begin(db, Q_SEARCH_STALE, &s, e));
	stmt_bind_i64(&s, "limit", STALE_BATCH);
	while ((rc = stmt_next(&s, e)) == RC_OK && n < STALE_BATCH) {
		if (!str_copy(stmt_str(&s, "kind"), ret[n].kind, KIND_MAX))
			return FAIL(e, RC_INVALID, "an unknown kind waits for the index");
		ret[n++].id = stmt_i64(&s, "id");
	}
	*ret_n = n;
	return rc == RC_ABSENT || rc == RC_OK ? RC_OK : rc;
}

/* Messages behind `at` are not in the index yet: they come with their text of then. */
static enum rc refresh(struct tx *tx, const struct stale *t, int64_t at, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	if (strcmp(t->kind, "contact") == 0) {
		TRY(run_id(tx, Q_SEARCH_CONTACT_DROP, t->id, e));
		TRY(run_id(tx, Q_SEARCH_CONTACT_ADD, t->id, e));
	} else if (t->id <= at) {
		TRY(run_id(tx, Q_SEARCH_MESSAGE_DROP, t->id, e));
		TRY(add_messages(tx, t->id - 1, t->id, false, e));
	}
	TRY(stmt_begin(tx->db, Q_SEARCH_STALE_DONE, &s, e));
	stmt_bind_text(&s, "kind", t->kind);
	stmt_bind_i64(&s, "id", t->id);
	return stmt_run(&s, e);
}

enum rc search_fill(struct tx *tx, bool *ret_more, struct err *e)
{
	struct stale stale[STALE_BATCH];
	struct place p;
	int64_t up_to;
	int n = 0;

	TRY(place(tx->db, &p, e));
	TRY(read_stale(tx->db, stale, &n, e));
	for (int i = 0; i < n; i++)
		TRY(refresh(tx, &stale[i], p.at, e));
	up_to = i64_min(p.newest, p.at + SEARCH_BATCH);
	if (up_to > p.at) {
		TRY(add_messages(tx, p.at, up_to, false, e));
		TRY(run_id(tx, Q_SEARCH_PLACE_SET, up_to, e));
	} else if (n == 0 && p.old_form > 0) {
		TRY(renew(tx, p.old_form, &p.old_form, e));
	}
	*ret_more = up_to < p.newest || n == STALE_BATCH || p.old_form > 0;
	return RC_OK;
}

/* ---- forgetting ---- */

static enum rc written(struct db *db, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_WIPE_WRITTEN, &s, e));
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "written");
	return RC_OK;
}

/* FTS5, 6.8: a merge with a negative number makes one segment; it is through when fewer than two rows were written. */
enum rc search_merge(struct tx *tx, enum search_index index, int pages, bool *ret_more,
		     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	int64_t before, after;

	TRY(written(tx->db, &before, e));
	TRY(stmt_begin(tx->db, index == SEARCH_MESSAGES ? Q_WIPE_MESSAGES : Q_WIPE_CONTACTS, &s,
		       e));
	stmt_bind_i64(&s, "pages", -pages);
	TRY(stmt_run(&s, e));
	TRY(written(tx->db, &after, e));
	*ret_more = after - before >= 2;
	return RC_OK;
}

/* ---- what people type ---- */

/* As unicode61 sees it, nearly: letters and digits. Signs of U+0080 to U+00BF, U+2000 to U+2BFF and U+1F000 to U+1FFFF are
 * none: a word with one inside would be two to it, and this index knows no phrases. Bytes of a word's character; 0: none. */
static size_t word_step(struct str text, size_t at)
{
	struct str rest = str_sub(text, at, text.n);
	unsigned char c = rest.n > 0 ? (unsigned char)rest.p[0] : 0;
	bool ok;

	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
	if (c == 0xC2 && !str_starts(rest, STR("\xC2\xAA")) && !str_starts(rest, STR("\xC2\xBA")) &&
	    !str_starts(rest, STR("\xC2\xB5")))
		return 0;
	if ((c == 0xE2 && rest.n > 1 && (unsigned char)rest.p[1] < 0xB0) ||
	    str_starts(rest, STR("\xF0\x9F")))
		return 0;
	return enc_utf8_step(rest, &ok);
}

static void add_term(struct sbuf *match, struct str word, bool beginning)
{
	sbuf_char(match, '"');
	sbuf_str(match, word);
	sbuf_char(match, '"');
	if (beginning && enc_utf8_ok(word) && enc_utf8_count(word) >= PREFIX_POINTS)
		sbuf_char(match, '*');
}

/* A number as it was typed, group by group, or as one, or without its zeros in front. `last`: it may be unfinished. */
static void add_number(struct sbuf *match, struct str number, struct str digits, bool last)
{
	struct str significant = number_significant(digits);
	size_t at = 0;
	int n = 0;

	sbuf_text(match, "((");
	while (at < number.n && n < SEARCH_WORDS_MAX) {
		size_t from = at;

		while (at < number.n && word_step(number, at) > 0)
			at++;
		if (n++ > 0)
			sbuf_text(match, " AND ");
		add_term(match, str_sub(number, from, at - from), last && at == number.n);
		while (at < number.n && (number.p[at] < '0' || number.p[at] > '9'))
			at++;
	}
	sbuf_text(match, ") OR ");
	add_term(match, digits, last);
	if (significant.n < digits.n && significant.n >= TAIL_DIGITS) {
		sbuf_text(match, " OR ");
		add_term(match, significant, last);
	}
	sbuf_char(match, ')');
}

bool search_words(struct str text, struct sbuf *ret_match)
{
	AUTO(sbuf_release) struct sbuf digits = SBUF(SEARCH_TEXT_MAX);
	size_t at = 0;
	int n = 0;

	while (n < SEARCH_WORDS_MAX) {
		size_t from, step, number;
		int groups;

		while (at < text.n && word_step(text, at) == 0)
			at++;
		if (at >= text.n)
			break;
		if (n > 0)
			sbuf_text(ret_match, " AND ");
		from = at;
		sbuf_reset(&digits);
		number = number_at(str_sub(text, at, text.n), &groups, &digits);
		if (number > 0) {
			at += number;
			add_number(ret_match, str_sub(text, from, number), sbuf_view(&digits),
				   at == text.n);
			n += groups;
			continue;
		}
		while ((step = word_step(text, at)) > 0)
			at += step;
		add_term(ret_match, str_sub(text, from, at - from), at == text.n);
		n++;
	}
	return n > 0 && sbuf_ok(ret_match);
}

static bool is_number(struct str text)
{
	int digits = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] >= '0' && text.p[i] <= '9')
			digits++;
		else if (text.p[i] == '\0' || strchr(" +-().", text.p[i]) == NULL)
			return false;
	}
	return digits > 0;
}

/* The zero in front of a number is for calls inside the country: an address begins with the country instead. */
bool search_digits(struct str text, struct sbuf *ret_digits)
{
	AUTO(sbuf_release) struct sbuf all = SBUF(SEARCH_TEXT_MAX);

	if (!is_number(text))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] >= '0' && text.p[i] <= '9')
			sbuf_char(&all, text.p[i]);
	}
	sbuf_str(ret_digits, number_significant(sbuf_view(&all)).n >= PREFIX_POINTS
				     ? number_significant(sbuf_view(&all))
				     : sbuf_view(&all));
	return sbuf_ok(&all) && sbuf_ok(ret_digits);
}

bool search_number(struct str text, struct sbuf *ret_digits)
{
	return search_digits(text, ret_digits) && ret_digits->n > TAIL_DIGITS;
}

/* Of a longer number its last digits: all numbers of a country begin alike, and what is in every row costs most. */
bool search_part(struct str text, struct sbuf *ret_match)
{
	AUTO(sbuf_release) struct sbuf digits = SBUF(SEARCH_TEXT_MAX);
	size_t before = ret_match->n;

	text = str_trim(text);
	if (search_digits(text, &digits)) {
		text = sbuf_view(&digits);
		text = str_sub(text, text.n > TAIL_DIGITS ? text.n - TAIL_DIGITS : 0, text.n);
	}
	sbuf_char(ret_match, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '"')
			sbuf_char(ret_match, text.p[i]);
	}
	if (!sbuf_ok(ret_match) ||
	    enc_utf8_count(str_sub(sbuf_view(ret_match), before + 1, ret_match->n)) < PREFIX_POINTS)
		return false;
	sbuf_char(ret_match, '"');
	return sbuf_ok(ret_match);
}

/* ---- finding ---- */

enum rc search_each(struct db *db, const struct search *q, search_each_fn *fn, void *arg,
		    struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, q->conversation_id != 0 ? Q_SEARCH_MESSAGES_IN : Q_SEARCH_MESSAGES, &s,
		       e));
	stmt_bind_str(&s, "match", q->match);
	stmt_bind_i64(&s, "before_id", q->before_id > 0 ? q->before_id : INT64_MAX);
	stmt_bind_i64(&s, "company_id", q->company_id);
	if (q->conversation_id != 0)
		stmt_bind_i64(&s, "conversation_id", q->conversation_id);
	stmt_bind_i64(&s, "limit", row_limit(q->limit));
	while ((rc = stmt_next(&s, e)) == RC_OK)
		TRY(fn(arg, stmt_i64(&s, "id"), e));
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc search_waiting(struct db *db, int64_t *ret_messages, int64_t *ret_stale, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_SEARCH_WAITING, &s, e));
	TRY(stmt_next(&s, e));
	*ret_messages = i64_max(0, stmt_i64(&s, "messages"));
	*ret_stale = stmt_i64(&s, "stale");
	return RC_OK;
}
