/* setup.h - results of the live tests of the first run: a code and an argument, told in the reader's language
 * (setup_text.def). */
#ifndef STORE_SETUP_H
#define STORE_SETUP_H

#include "base/lang.h"
#include "base/sbuf.h"
#include "store/store.h"

enum setup_code {
#define SETUP_TEXT(name, ok, en, es, pt) SETUP_##name,
#include "store/setup_text.def"
#undef SETUP_TEXT
	SETUP_CODES
};

/* Steps that have a test, in the order in which a person does them. */
enum setup_step {
	SETUP_STEP_WHATSAPP,
	SETUP_STEP_URL,
	SETUP_STEP_CHATWOOT,
	SETUP_STEP_N8N,
	SETUP_STEPS
};
const char *setup_step_name(enum setup_step s);
bool setup_step_parse(struct str name, enum setup_step *ret) MUST_CHECK;

#define SETUP_ARG_MAX 300
struct setup_result {
	enum setup_code code; /* SETUP_CODES: none (yet) */
	char arg[SETUP_ARG_MAX];
	int64_t asked_ms, at_ms; /* at_ms 0 while a test runs */
};
bool setup_code_ok(enum setup_code c);
const char *setup_code_name(enum setup_code c);
bool setup_code_parse(struct str name, enum setup_code *ret)
	MUST_CHECK; /* false: of another version */
void setup_text(enum setup_code c, struct str arg, enum lang l, struct sbuf *to);

/* `of`: a step ("n8n"), or one part that was tested by itself ("n8n.main"). */
enum rc setup_asked(struct tx *tx, const char *of, struct err *e) MUST_CHECK;
enum rc setup_found(struct tx *tx, const char *of, enum setup_code c, struct str arg, struct err *e)
	MUST_CHECK;
/* Never asked: code SETUP_CODES, times 0. */
enum rc setup_load(struct db *db, const char *of, struct setup_result *ret, struct err *e)
	MUST_CHECK;
/* Whether a message ever left, and whether one ever came. */
enum rc setup_sent(struct db *db, bool *ret_sent, bool *ret_came, struct err *e) MUST_CHECK;

/* Whether an agent's message ever came from this Chatwoot. */
enum rc setup_heard(struct db *db, int64_t target_id, bool *ret, struct err *e) MUST_CHECK;

#endif
