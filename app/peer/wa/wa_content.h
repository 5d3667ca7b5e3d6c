/* wa_content.h - the content of an outgoing message, the same for every provider: checked and written by one table.
 *
 * The neutral form is Meta's own (key names of meta-cloud-api.md 3.2): the value of the key named like the type, as
 * it comes in POST /api/v1/messages and as it is stored in content_json; only files are named by our own media id:
 *
 *   type "image":  {"media_id":"<our id>","caption":"..."}      (or "id": a media id of the provider)
 *   type "text":   {"body":"...","preview_url":true}
 *   type "contacts": [...]
 *
 * Every object, field, limit and rule is a row of wa_content.def. A field that is not there is refused: a misspelt one
 * would be silently without effect. Pure; any thread. */
#ifndef PEER_WA_CONTENT_H
#define PEER_WA_CONTENT_H

#include "base/err.h"
#include "base/sbuf.h"
#include "io/json.h"
#include "io/jsonw.h"

/* 257 contacts of 12 fields (3.2) in JSON; the API's body limit is below it */
#define WA_CONTENT_MAX (256 * KIB)
/* files in one message: a carousel of ten cards, and its header */
#define WA_CONTENT_FILES_MAX    16
#define WA_CONTENT_FIELD_MAX    160
#define WA_CONTENT_CONTACTS_MAX 257u /* 3.2 */

/* What is wrong: where and why. */
struct wa_content_bad {
	char field[WA_CONTENT_FIELD_MAX]; /* "interactive.action.buttons.0.reply.title" */
};

/* Number of types, and the name of one ("text", "image", ...); any of them may be in `type`. */
size_t wa_content_type_count(void);
const char *wa_content_type_at(size_t i);
/* NULL: not a type that can be sent; else static text with the same letters. */
const char *wa_content_type(struct str type);

/* Whether `content` is what `type` may carry. RC_INVALID: `e` is a sentence for the caller, ret_bad->field says where.
 * What is checked holds for every provider; what only one of them cannot do is told by flow/send/provider.h. */
enum rc wa_content_check(struct str type, const struct json *content,
			 struct wa_content_bad *ret_bad, struct err *e) MUST_CHECK;

/* Texts that are too long for one message go as several. Cuts the next one off *rest: behind a line, else behind a word, else
 * anywhere, blanks trimmed there; a text that fits stays as it is. False: nothing is left. The text is UTF-8. */
bool wa_content_cut(struct str *rest, struct str *ret_piece) MUST_CHECK;

/* A file of the message. `kind`: image, video, audio, document or sticker. */
struct wa_content_file {
	struct str media_id;    /* ours, borrowed from the content */
	const char *kind;       /* static */
	bool voice;             /* audio that is to be a voice note */
	struct str provider_id; /* filled by who uploads; encoders write it as "id" */
};
/* The files that are named by our media ids, in the order of the content. More than max: RC_LIMIT. */
enum rc wa_content_files(struct str type, const struct json *content,
			 struct wa_content_file ret[WA_CONTENT_FILES_MAX], size_t *ret_count,
			 struct err *e) MUST_CHECK;

/* Writes the value in the order of the table: only known fields, fixed words filled in, our media ids replaced by
 * provider_id of `files` (in the order of wa_content_files). RC_INVALID: it is not of the right form, or a file
 * has no provider id. `w` stands where a value is due; after a failure what was written is not balanced. */
enum rc wa_content_write(struct str type, const struct json *content,
			 const struct wa_content_file *files, size_t file_count, struct jsonw *w,
			 struct err *e) MUST_CHECK;

/* One line for lists, search and bridges, at most WA_LINE_MAX code points: "[image] caption", as inbound messages. */
void wa_content_line(struct str type, const struct json *content, struct sbuf *to);

#endif
