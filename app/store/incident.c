/* incident.c - open troubles, one row each. */
#include "store/incident.h"

#include "base/reason.h"
#include "store/row.h"
#include "store/queue/topic.h"

#define EVERYBODY 0 /* company of events that each company sees */
#define TEXT_MAX  (4 * KIB)

struct sentence {
	const char *text, *cure;
};

static const struct {
	const char *name, *kind;
	struct sentence in[LANG_COUNT];
} TEXTS[INCIDENT_CODES] = {
#define INCIDENT(name, kind, en, en_cure, es, es_cure, pt, pt_cure) \
	[INCIDENT_##name] = { #name,                                \
			      kind,                                 \
			      { [LANG_EN] = { en, en_cure },        \
				[LANG_ES] = { es, es_cure },        \
				[LANG_PT] = { pt, pt_cure } } },
#include "store/incident_text.def"
#undef INCIDENT
};

const char *incident_kind(enum incident_code code)
{
	ASSERT(code < INCIDENT_CODES);
	return TEXTS[code].kind;
}

struct str incident_code_text(enum incident_code code)
{
	return code < INCIDENT_CODES ? str_of(TEXTS[code].name) : STR_NONE;
}

bool incident_code_parse(struct str name, enum incident_code *ret)
{
	for (unsigned i = 0; i < INCIDENT_CODES; i++) {
		if (str_ieq(name, str_of(TEXTS[i].name))) {
			*ret = (enum incident_code)i;
			return true;
		}
	}
	return false;
}

/* ---- sentences ---- */

/* Arguments are stored as lines. */
static struct str line_of(struct str args, int n)
{
	struct str line = STR_NONE;

	for (int i = 0; i < n; i++) {
		if (!str_cut(&args, '\n', &line))
			return STR_NONE;
	}
	return line;
}

/* "main" of "channel.main". */
static struct str own_name(struct str subject)
{
	ptrdiff_t dot = str_chr(subject, '.');

	return dot < 0 ? subject : str_sub(subject, (size_t)dot + 1, subject.n);
}

/* An argument may be one of our own reasons (base/reason.def): it is told in the language too. */
static void fill(const char *pattern, const struct incident *i, enum lang l, struct sbuf *to)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		if (p[0] != '{' || p[1] < '0' || p[1] > '0' + INCIDENT_ARGS || p[2] != '}') {
			sbuf_char(to, *p);
			continue;
		}
		if (p[1] == '0')
			sbuf_str(to, own_name(i->subject));
		else
			reason_told(l, line_of(i->args, p[1] - '0'), to);
		p += 2;
	}
}

void incident_text(const struct incident *i, enum lang l, struct sbuf *to)
{
	if (i->code == INCIDENT_CODES)
		sbuf_str(to, i->text);
	else
		fill(TEXTS[i->code].in[l].text, i, l, to);
}

void incident_cure(const struct incident *i, enum lang l, struct sbuf *to)
{
	if (i->code != INCIDENT_CODES)
		fill(TEXTS[i->code].in[l].cure, i, l, to);
}

/* ---- rows ---- */

static void add_args(const struct incident_args *args, struct sbuf *to)
{
	for (int k = 0; args != NULL && k < INCIDENT_ARGS; k++) {
		const char *v = args->v[k] != NULL ? args->v[k] : "";

		for (size_t n = 0; n < INCIDENT_ARG_MAX && v[n] != '\0'; n++)
			sbuf_char(to, (unsigned char)v[n] < ' ' ? ' ' : v[n]);
		sbuf_char(to, '\n');
	}
}

/* *ret_open: an open row was there; *ret_same: with this code. */
static enum rc look(struct tx *tx, const struct incident *i, const char *name, bool *ret_open,
		    bool *ret_same, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(tx->db, Q_INCIDENT_FIND, &s, e));
	stmt_bind_str(&s, "kind", i->kind);
	stmt_bind_str(&s, "subject", i->subject);
	rc = stmt_next(&s, e);
	*ret_open = rc == RC_OK;
	*ret_same = rc == RC_OK && str_eqc(stmt_str(&s, "code"), name);
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc write_row(struct tx *tx, enum query q, const struct incident *i, const char *name,
			 struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_str(&s, "kind", i->kind);
	stmt_bind_str(&s, "subject", i->subject);
	stmt_bind_str(&s, "text", i->text);
	stmt_bind_text(&s, "code", name);
	stmt_bind_str(&s, "args", i->args);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

static enum rc publish(struct tx *tx, const struct incident *i, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct topic_event ev = { .topic = TOPIC_ALERT,
				  .company_id = EVERYBODY,
				  .prio = PRIO_NORMAL };

	TRY(stmt_begin(tx->db, Q_INCIDENT_ALERT, &s, e));
	stmt_bind_str(&s, "kind", i->kind);
	stmt_bind_str(&s, "subject", i->subject);
	TRY(stmt_next(&s, e));
	ev.payload = stmt_str(&s, "payload");
	return topic_publish(tx, &ev, e);
}

enum rc incident_raise(struct tx *tx, enum incident_code code, const char *subject,
		       const struct incident_args *args, struct err *e)
{
	AUTO(sbuf_release) struct sbuf lines = SBUF(TEXT_MAX);
	AUTO(sbuf_release) struct sbuf text = SBUF(TEXT_MAX);
	struct incident i = { .kind = str_of(incident_kind(code)),
			      .subject = str_of(subject),
			      .code = code };
	bool open, same;
	const char *name = TEXTS[code].name;

	add_args(args, &lines);
	i.args = sbuf_view(&lines);
	incident_text(&i, LANG_EN, &text);
	i.text = sbuf_view(&text);
	TRY(look(tx, &i, name, &open, &same, e));
	TRY(write_row(tx, open ? Q_INCIDENT_UPDATE : Q_INCIDENT_OPEN, &i, name, e));
	return same ? RC_OK : publish(tx, &i, e);
}

static enum rc state_over(struct tx *tx, enum query q, int64_t *add_count, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, q, &s, e));
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	*add_count += db_changes(tx->db);
	return RC_OK;
}

enum rc incident_rest(struct tx *tx, int64_t before_ms, int limit, int64_t *ret_count,
		      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	(void)limit; /* few */
	TRY(stmt_begin(tx->db, Q_INCIDENT_REST, &s, e));
	stmt_bind_i64(&s, "before_ms", before_ms);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	TRY(stmt_run(&s, e));
	*ret_count = db_changes(tx->db);
	TRY(state_over(tx, Q_INCIDENT_LOOPS_OVER, ret_count, e));
	return state_over(tx, Q_INCIDENT_RESTORED_OVER, ret_count, e);
}

enum rc incident_close(struct tx *tx, const char *kind, const char *subject, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_INCIDENT_CLOSE, &s, e));
	stmt_bind_text(&s, "kind", kind);
	stmt_bind_text(&s, "subject", subject);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc incident_each(struct db *db, bool open_only, int limit, incident_each_fn *fn, void *arg,
		      struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct incident i;
	enum rc rc;

	TRY(stmt_begin(db, open_only ? Q_INCIDENT_LIST_OPEN : Q_INCIDENT_LIST, &s, e));
	stmt_bind_i64(&s, "limit", row_limit(limit));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		struct str code;

		i.id = stmt_i64(&s, "id");
		i.kind = stmt_str(&s, "kind");
		i.subject = stmt_str(&s, "subject");
		i.text = stmt_str(&s, "text");
		i.count = stmt_i64(&s, "count");
		i.opened_ms = stmt_i64(&s, "opened_ms");
		i.updated_ms = stmt_i64(&s, "updated_ms");
		i.closed_ms = stmt_i64(&s, "closed_ms");
		code = stmt_str(&s, "code");
		i.args = stmt_str(&s, "args");
		if (!incident_code_parse(code, &i.code))
			i.code = INCIDENT_CODES;
		TRY(fn(arg, &i, e));
	}
	return rc == RC_ABSENT ? RC_OK : rc;
}

enum rc incident_last_closed(struct db *db, const char *subject, int64_t *ret_ms, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc;

	TRY(stmt_begin(db, Q_INCIDENT_LAST_CLOSED, &s, e));
	stmt_bind_text(&s, "subject", subject);
	rc = stmt_next(&s, e);
	*ret_ms = rc == RC_OK ? stmt_i64(&s, "closed_ms") : 0;
	return rc;
}
