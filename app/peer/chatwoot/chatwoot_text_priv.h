/* chatwoot_text_priv.h - inside of chatwoot_text*.c: one message on its way into text. */
#ifndef PEER_CHATWOOT_TEXT_PRIV_H
#define PEER_CHATWOOT_TEXT_PRIV_H

#include "io/json.h"
#include "peer/chatwoot/chatwoot_text.h"

enum chatwoot_word {
#define W(name, en, es, pt) WORD_##name,
#include "peer/chatwoot/chatwoot_text.def"
#undef W
	WORDS
};
const char *chatwoot_text_say(enum lang lang, enum chatwoot_word w);

struct telling {
	const struct chatwoot_text *t;
	const struct json *body; /* of content_json; NULL: none */
	struct sbuf *to;
};
/* Begins a new line unless one is begun. */
void chatwoot_text_line(struct sbuf *to);
/* Foreign words on one line: no line break of theirs, no mark that would change ours. */
void chatwoot_text_plain(struct sbuf *to, struct str s);
/* ": x" of the first of these members that is there. */
void chatwoot_text_detail(const struct telling *w, const struct json *o, const char *key,
			  const char *other);
/* A text, or a number as it is printed. False: neither. */
bool chatwoot_text_value(const struct telling *w, const struct json *n);
/* A line of the other's own words, with WhatsApp's marks. */
void chatwoot_text_words(const struct telling *w, struct str s);
/* A template as the customer reads it: header, body, footer and buttons with what was filled in (chatwoot_text_template.c). */
void chatwoot_text_template(const struct telling *w);
/* The message itself, by its type (chatwoot_text_type.c). */
void chatwoot_text_body(const struct telling *w);

#endif
