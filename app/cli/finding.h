/* finding.h - findings of totem check and totem doctor: a state, a sentence and a cure, in the reader's language. */
#ifndef CLI_FINDING_H
#define CLI_FINDING_H

#include "base/lang.h"
#include "cli/cli.h"
#include "io/jsonw.h"

enum finding_code {
#define FINDING(name, ...) FINDING_##name,
#include "cli/finding.def"
#undef FINDING
	FINDING_CODES
};

enum finding_state { FINDING_FINE, FINDING_WARNS, FINDING_BAD };

struct findings {
	enum lang lang;
	struct cli_table table;
	struct sbuf text;
	struct jsonw json;
	bool bad; /* one at least is FINDING_BAD */
	int64_t count;
};

/* Language: --lang, else LC_ALL, LC_MESSAGES, LANG, else English. False: --lang names none of ours; told. */
bool finding_lang(const struct cli *c, enum lang *ret) MUST_CHECK;
bool finding_begin(const struct cli *c, struct findings *ret) MUST_CHECK;
/* `first`, `second`: {1} and {2}; may be NULL. */
void finding_add(struct findings *f, enum finding_code code, enum finding_state state,
		 const char *first, const char *second);
/* Prints all; exit code: 1 when something is bad. */
int finding_end(const struct cli *c, struct findings *f);
/* One sentence of the table with its arguments. */
enum finding_part { FINDING_WHAT, FINDING_GOOD, FINDING_TROUBLE, FINDING_CURE, FINDING_PARTS };
void finding_text(enum finding_code code, enum finding_part part, enum lang l, const char *first,
		  const char *second, struct sbuf *to);

#endif
