/* wa_content_priv.h - the table of wa_content.def as data; for wa_content*.c only. */
#ifndef PEER_WA_CONTENT_PRIV_H
#define PEER_WA_CONTENT_PRIV_H

#include "peer/wa/wa_content.h"

enum content_kind {
	KIND_TEXT,       /* sub: enum content_text, low..high code points */
	KIND_WORD,       /* one of `words`, parted by '|' */
	KIND_FIXED,      /* `words`; may be left out, is written always */
	KIND_FLAG,       /* true or false */
	KIND_WHOLE,      /* whole number, or text that is one; low..high */
	KIND_DEGREES,    /* decimal number, or text that is one; -high..high */
	KIND_RAW_OBJECT, /* whatever the peer defines, up to high bytes */
	KIND_RAW_ARRAY,
	KIND_MEDIA,    /* our media id */
	KIND_OBJECT,   /* sub: shape */
	KIND_PICK,     /* sub: choice */
	KIND_LIST,     /* low..high objects; sub: shape */
	KIND_LISTPICK, /* low..high objects; sub: choice */
};

enum content_text {
	TEXT_ANY,
	TEXT_FULL,  /* not only blanks */
	TEXT_PLAIN, /* as FULL, without emoji */
	TEXT_URL,
	TEXT_ID,   /* visible ASCII without quotes and backslashes */
	TEXT_NAME, /* a-z 0-9 _ */
	TEXT_LANGUAGE,
	TEXT_COUNTRY,
	TEXT_CURRENCY,
	TEXT_DATE, /* 2026-01-05 */
	TEXT_EMOJI,
	TEXT_FILENAME,
};

enum content_rule {
	RULE_NONE,
	RULE_ONE_FILE,
	RULE_ONE_FLOW,
	RULE_BUTTONS,
	RULE_ROWS,
	RULE_PRODUCTS,
	RULE_CARDS,
	RULE_COMPONENTS,
	RULE_NAMED,
	RULE_BUTTON_PARAMETER,
};

/* The .def file opens with macros of these names; each reader defines those that it wants. */
enum content_shape {
#define SHAPE(name, rule) SHAPE_##name,
#include "peer/wa/wa_content_rows.h"
	SHAPE_COUNT
};

enum content_choice {
#define CHOICE_KEY(choice, key) PICK_##choice,
#include "peer/wa/wa_content_rows.h"
	PICK_COUNT
};

struct content_type {
	const char *name;
	enum content_kind kind;
	int sub;
};

struct content_field {
	enum content_shape shape;
	enum content_kind kind;
	const char *key;
	bool need;
	int64_t low, high;
	int sub;
	const char *words;
};

/* NULL: no more (fields: of this shape; start with NULL) / not there. */
const struct content_type *wa_content_type_row(struct str type);
const struct content_field *wa_content_field_next(enum content_shape shape,
						  const struct content_field *last);
const char *wa_content_choice_key(enum content_choice c);
bool wa_content_choose(enum content_choice c, struct str text, enum content_shape *ret);
/* The member of an object; NULL also when it is null. */
const struct json *wa_content_get(const struct json *o, const char *key);

/* Where the checker stands. */
struct content_walk {
	char *field; /* WA_CONTENT_FIELD_MAX bytes */
	size_t n;
	struct err *e;
};
/* Steps into a member or element; gives what wa_content_walk_out needs. */
size_t wa_content_walk_in(struct content_walk *w, struct str key);
size_t wa_content_walk_at(struct content_walk *w, int index);
void wa_content_walk_out(struct content_walk *w, size_t before);

/* wa_content_rule.c: RC_INVALID with a sentence in w->e; the field is where `w` stands then. */
enum rc wa_content_rule_text(struct content_walk *w, const struct content_field *f, struct str s)
	MUST_CHECK;
enum rc wa_content_rule_shape(struct content_walk *w, enum content_rule rule, const struct json *o)
	MUST_CHECK;

#endif
