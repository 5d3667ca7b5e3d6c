/* search.c - see search.h. */
#include "store/search.h"

#include "base/enc.h"
#include "store/row.h"

#define STALE_BATCH   64
#define TAIL_DIGITS   6
#define PREFIX_POINTS 3 /* a shorter beginning fits half of all words */
#define KIND_MAX      16

static enum rc run_id(struct tx *tx, enum query q, int64_t id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, q == Q_SEARCH_PLACE_SET ? "message_id" : "id", id);
	return stmt_run(&s, e);
}

static enum rc place(struct db *db, int64_t *ret_at, int64_t *ret_newest, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_SEARCH_PLACE, &s, e));
	TRY(stmt_next(&s, e));
	*ret_at = stmt_i64(&s, "at");
	*ret_newest = stmt_i64(&s, "newest");
	return RC_OK;
}

static enum rc add_messages(struct tx *tx, int64_t after_id, int64_t up_to_id, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SEARCH_MESSAGES_ADD, &s, e));
	stmt_bind_i64(&s, "after_id", after_id);
	stmt_bind_i64(&s, "up_to_id", up_to_id);
	return stmt_run(&s, e);
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
		TRY(add_messages(tx, t->id - 1, t->id, e));
	}
	TRY(stmt_begin(tx->db, Q_SEARCH_STALE_DONE, &s, e));
	stmt_bind_text(&s, "kind", t->kind);
	stmt_bind_i64(&s, "id", t->id);
	return stmt_run(&s, e);
}

enum rc search_fill(struct tx *tx, bool *ret_more, struct err *e)
{
	struct stale stale[STALE_BATCH];
	int64_t at, newest, up_to;
	int n = 0;

	TRY(place(tx->db, &at, &newest, e));
	TRY(read_stale(tx->db, stale, &n, e));
	for (int i = 0; i < n; i++)
		TRY(refresh(tx, &stale[i], at, e));
	up_to = i64_min(newest, at + SEARCH_BATCH);
	if (up_to > at) {
		TRY(add_messages(tx, at, up_to, e));
		TRY(run_id(tx, Q_SEARCH_PLACE_SET, up_to, e));
	}
	*ret_more = up_to < newest || n == STALE_BATCH;
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

/* As unicode61 sees it, nearly: letters and digits; all that is not ASCII is left to it. */
static bool in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (unsigned char)c >= 0x80;
}

bool search_words(struct str text, struct sbuf *ret_match)
{
	struct str word = STR_NONE;
	size_t at = 0;
	int n = 0;

	while (n < SEARCH_WORDS_MAX) {
		size_t from;

		while (at < text.n && !in_word(text.p[at]))
			at++;
		from = at;
		while (at < text.n && in_word(text.p[at]))
			at++;
		if (at == from)
			break;
		word = str_sub(text, from, at - from);
		if (n++ > 0)
			sbuf_char(ret_match, ' ');
		sbuf_char(ret_match, '"');
		sbuf_str(ret_match, word);
		sbuf_char(ret_match, '"');
	}
	if (n > 0 && at == text.n && enc_utf8_ok(word) && enc_utf8_count(word) >= PREFIX_POINTS)
		sbuf_char(ret_match, '*');
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

/* The last digits of a longer number: all numbers of a country begin alike, and what is in every row costs most. */
static size_t tail_from(struct str number)
{
	size_t digits = 0, i = number.n;

	while (i > 0 && digits < TAIL_DIGITS) {
		i--;
		digits += number.p[i] >= '0' && number.p[i] <= '9';
	}
	return i;
}

bool search_number(struct str text, struct sbuf *ret_digits)
{
	if (!is_number(text))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] >= '0' && text.p[i] <= '9')
			sbuf_char(ret_digits, text.p[i]);
	}
	return sbuf_ok(ret_digits) && ret_digits->n > TAIL_DIGITS;
}

bool search_part(struct str text, struct sbuf *ret_match)
{
	bool number = is_number(text);
	size_t before = ret_match->n;

	text = str_trim(text);
	if (number)
		text = str_sub(text, tail_from(text), text.n);
	sbuf_char(ret_match, '"');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"' || (number && (c < '0' || c > '9')))
			continue;
		sbuf_char(ret_match, c);
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

	TRY(stmt_begin(db, Q_SEARCH_MESSAGES, &s, e));
	stmt_bind_str(&s, "match", q->match);
	stmt_bind_i64(&s, "before_id", q->before_id > 0 ? q->before_id : INT64_MAX);
	stmt_bind_i64(&s, "company_id", q->company_id);
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
