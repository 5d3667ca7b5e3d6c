/* setup.c - see setup.h. */
#include "store/setup.h"

#include "base/enc.h"

static const struct {
	const char *name;
	bool ok;
	const char *in[LANG_COUNT];
} TEXTS[SETUP_CODES] = {
#define SETUP_TEXT(name, ok, en, es, pt) \
	[SETUP_##name] = { #name, ok, { [LANG_EN] = en, [LANG_ES] = es, [LANG_PT] = pt } },
#include "store/setup_text.def"
#undef SETUP_TEXT
};

static const char *const STEPS[SETUP_STEPS] = { "whatsapp", "url", "chatwoot", "n8n" };

const char *setup_step_name(enum setup_step s)
{
	ASSERT((unsigned)s < SETUP_STEPS);
	return STEPS[s];
}

bool setup_step_parse(struct str name, enum setup_step *ret)
{
	for (int i = 0; i < SETUP_STEPS; i++) {
		if (str_eqc(name, STEPS[i])) {
			*ret = (enum setup_step)i;
			return true;
		}
	}
	return false;
}

bool setup_code_ok(enum setup_code c)
{
	return c < SETUP_CODES && TEXTS[c].ok;
}

const char *setup_code_name(enum setup_code c)
{
	ASSERT(c < SETUP_CODES);
	return TEXTS[c].name;
}

bool setup_code_parse(struct str name, enum setup_code *ret)
{
	for (int i = 0; i < SETUP_CODES; i++) {
		if (str_eqc(name, TEXTS[i].name)) {
			*ret = (enum setup_code)i;
			return true;
		}
	}
	return false;
}

void setup_text(enum setup_code c, struct str arg, enum lang l, struct sbuf *to)
{
	ASSERT(c < SETUP_CODES && l < LANG_COUNT);
	for (const char *p = TEXTS[c].in[l]; *p != '\0'; p++) {
		if (strncmp(p, "{1}", 3) != 0) {
			sbuf_char(to, *p);
			continue;
		}
		sbuf_str(to, arg);
		p += 2;
	}
}

enum rc setup_asked(struct tx *tx, const char *of, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SETUP_ASKED, &s, e));
	stmt_bind_text(&s, "step", of);
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc setup_found(struct tx *tx, const char *of, enum setup_code c, struct str arg, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(tx->db, Q_SETUP_FOUND, &s, e));
	stmt_bind_text(&s, "step", of);
	stmt_bind_text(&s, "code", setup_code_name(c));
	stmt_bind_str(&s, "arg", arg.p != NULL && enc_utf8_ok(arg) ? arg : STR(""));
	stmt_bind_i64(&s, "now_ms", tx->now_ms);
	return stmt_run(&s, e);
}

enum rc setup_load(struct db *db, const char *of, struct setup_result *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct setup_result r = { .code = SETUP_CODES };
	enum rc rc;

	TRY(stmt_begin(db, Q_SETUP_LOAD, &s, e));
	stmt_bind_text(&s, "step", of);
	rc = stmt_next(&s, e);
	if (rc == RC_OK) {
		if (!setup_code_parse(stmt_str(&s, "code"), &r.code))
			r.code = SETUP_CODES;
		if (!str_copy(stmt_str(&s, "arg"), r.arg, sizeof(r.arg)))
			r.arg[0] = '\0';
		r.asked_ms = stmt_i64(&s, "asked_ms");
		r.at_ms = stmt_i64(&s, "at_ms");
	} else if (rc != RC_ABSENT) {
		return rc;
	}
	*ret = r;
	return RC_OK;
}

enum rc setup_sent(struct db *db, bool *ret_sent, bool *ret_came, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_SETUP_SENT, &s, e));
	TRY(stmt_next(&s, e));
	*ret_sent = stmt_i64(&s, "sent") != 0;
	*ret_came = stmt_i64(&s, "came") != 0;
	return RC_OK;
}

enum rc setup_heard(struct db *db, int64_t target_id, bool *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_SETUP_HEARD, &s, e));
	stmt_bind_i64(&s, "target_id", target_id);
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "heard") != 0;
	return RC_OK;
}
