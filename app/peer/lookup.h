/* lookup.h - the language of lookup connectors: which inputs are right, what an answer of the upstream means, and
 * which parts of it are given on. Pure; any thread. The settings lookup.<slug>.* are written in it:
 *
 *   inputs      words "name=kind:low-high", a "?" at the end: may be missing. kind: digits, alnum, text (characters).
 *               "dni=digits:8-8": a DNI is 8 digits and stays text, with its leading zeros.
 *   conditions  words; one that holds is enough. Blanks and % inside a word are written %20 and %25.
 *                 status:401           the HTTP status; status:5xx a whole hundred
 *                 json:error.code=E7   the text, number, true or false at this path is that
 *                 json:data            something is there: not null, false, "", [] or {}
 *                 json:!data           nothing is there
 *                 text:expirada        the body has this piece of text
 *   output      words "name=path"; the path begins below output_path. None: all that is below output_path. */
#ifndef PEER_LOOKUP_H
#define PEER_LOOKUP_H

#include "base/arena.h"
#include "base/err.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "peer/wa/template.h"

#define LOOKUP_INPUTS_MAX 8u
#define LOOKUP_INPUT_MAX  200u /* characters of one input */
#define LOOKUP_NAME_MAX   40u  /* bytes, without the NUL */

/* What every caller sees. */
enum lookup_code {
	LOOKUP_FOUND,     /* 0 */
	LOOKUP_NOT_FOUND, /* 1 */
	LOOKUP_INVALID,   /* 2: an input breaks its rule */
	LOOKUP_REFUSED,   /* 3: the upstream refused the login */
	LOOKUP_DOWN, /* 4: the upstream is down, too slow, or answers what nobody understands */
	LOOKUP_BUSY, /* 5: too many requests */
	LOOKUP_CODES
};
const char *lookup_code_name(enum lookup_code c);

enum lookup_kind { LOOKUP_DIGITS, LOOKUP_ALNUM, LOOKUP_TEXT };
struct lookup_input {
	char name[LOOKUP_NAME_MAX + 1];
	enum lookup_kind kind;
	int64_t low, high;
	bool optional;
};
struct lookup_inputs {
	struct lookup_input in[LOOKUP_INPUTS_MAX];
	size_t n;
};
/* RC_INVALID: a word that is no rule. */
enum rc lookup_inputs_parse(struct str words, struct lookup_inputs *ret, struct err *e) MUST_CHECK;
/* Takes the values out of a caller's object into ret_values (names and values in the arena), in the order of the rules.
 * RC_INVALID: a value is missing or wrong; `e` names the input, never the value. RC_LIMIT: the arena is full. */
enum rc lookup_inputs_take(const struct lookup_inputs *rules, const struct json *object,
			   struct arena *a, struct template_value ret_values[LOOKUP_INPUTS_MAX],
			   struct err *e) MUST_CHECK;

struct lookup_answer {
	int status;
	struct str body;
	const struct json *root; /* NULL: no JSON */
};
/* RC_INVALID: a word is no condition. */
enum rc lookup_when(struct str conditions, const struct lookup_answer *a, bool *ret, struct err *e)
	MUST_CHECK;
/* Whether the words are conditions, without an answer. */
enum rc lookup_when_check(struct str conditions, struct err *e) MUST_CHECK;

/* The node at `path` ("": the root). */
const struct json *lookup_at(const struct json *root, struct str path);
/* Nothing there: absent, null, false, "", [] or {}. */
bool lookup_is_nothing(const struct json *n);
/* Writes the object for the caller. RC_INVALID: a word is no "name=path". `data` NULL: only checks the words. */
enum rc lookup_output(struct str words, const struct json *data, struct jsonw *w, struct err *e)
	MUST_CHECK;

/* Value for a log: the length and the last two characters, "******22"; short ones are stars only. */
void lookup_mask(struct str value, char ret_text[16]);

#endif
