/* chatwoot_choice.h - Chatwoot's templates, input_select and cards as WhatsApp's templates, buttons and lists
 * (chatwoot-n8n-evolution.md 1.3). Part of chatwoot_say.h. Pure. */
#ifndef PEER_CHATWOOT_CHOICE_H
#define PEER_CHATWOOT_CHOICE_H

#include "peer/chatwoot/chatwoot_say.h"

/* The file of a template's header; file NULL: none. */
struct chatwoot_header {
	const struct chatwoot_file *file;
	const char *type; /* what the file can be sent as */
};
/* template_params: name, language, processed_params (a flat list of the body's, or body, header and buttons apart).
 * RC_INVALID: what WhatsApp's form has no place for. */
enum rc chatwoot_choice_template(struct str params, const struct chatwoot_header *header,
				 struct arena *a, struct chatwoot_parts *to, struct err *e)
	MUST_CHECK;
/* input_select: buttons (up to 3), a list (up to 10), else a numbered text. cards: one message each, with buttons, with one
 * link, or as text. article: lines with links. Nothing is added for another content type. */
enum rc chatwoot_choice(const struct chatwoot_event *ev, struct str text, struct arena *a,
			struct chatwoot_parts *to, struct err *e) MUST_CHECK;

/* chatwoot_say.c. Texts have to live as long as `to`. */
enum rc chatwoot_part_add(struct chatwoot_parts *to, const char *type, struct str text,
			  struct str content_json, struct err *e) MUST_CHECK;

#endif
