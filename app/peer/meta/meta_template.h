/* meta_template.h - Meta's list of message templates (meta-cloud-api.md 3.5), and whether a message fits its template.
 * Pure; any thread. */
#ifndef PEER_META_TEMPLATE_H
#define PEER_META_TEMPLATE_H

#include "base/arena.h"
#include "base/sbuf.h"
#include "io/json.h"
#include "peer/wa/wa_content.h"

#define META_TEMPLATE_PAGE 50 /* templates asked for at once: a page stays below HTTP_ANSWER_MAX */

struct meta_template {
	struct str id, name, language, status, category, quality, reason;
	struct str components; /* compact JSON array */
};
struct meta_template_page {
	const struct meta_template *rows; /* in the arena */
	size_t count;
	struct str after; /* cursor of the next page; none: this was the last */
};

/* "{base}/{version}/{waba}/message_templates?fields=...&limit=50[&after=...]". RC_INVALID names the part. */
enum rc meta_template_url(struct str base, struct str version, struct str waba_id, struct str after,
			  struct sbuf *to, struct err *e) MUST_CHECK;
/* One page. RC_INVALID: the body is no list, or `status` is not a success (`e` has Meta's code). A template without
 * name or language is left out. RC_LIMIT: the arena is full. */
enum rc meta_template_decode(int status, struct str body, struct arena *a,
			     struct meta_template_page *ret, struct err *e) MUST_CHECK;

/* Whether `content` (of type template, checked by wa_content_check) gives what the template's components ask for:
 * header of the right kind, all variables of body and buttons by number or name, cards. RC_INVALID: ret_bad->field,
 * `e` is a sentence for the caller. `components`: Meta's array; NULL: not known, everything fits. */
enum rc meta_template_fits(const struct json *components, const struct json *content,
			   struct wa_content_bad *ret_bad, struct err *e) MUST_CHECK;
/* The body as the customer reads it, variables filled in; nothing when the body is not known. */
void meta_template_text(const struct json *components, const struct json *content, struct sbuf *to);
/* Of any text of a template: its variables by number or name from a list of parameters, empty where there is none. */
void meta_template_fill(struct str text, const struct json *parameters, struct sbuf *to);
/* The first component of a type ("header"; Meta's list says "HEADER"), or NULL. */
const struct json *meta_template_component(const struct json *list, const char *type);
/* What a message gives for the button at an index, or NULL. */
const struct json *meta_template_button(const struct json *list, int64_t index);

#endif
