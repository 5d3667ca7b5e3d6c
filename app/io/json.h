/* json.h - reading JSON that came from outside. The only door to cJSON.
 *
 * A document is parsed once, read through borrowed nodes, freed once. Getters are tolerant: a
 * missing node, a wrong type or a NULL node gives NULL / STR_NONE / false, so that chains need no
 * checks.
 * `\u0000`, lone surrogates and malformed UTF-8 inside strings become U+FFFD; depth and number of
 * values are limited (JSON_DEPTH_MAX, JSON_VALUES_MAX); bytes behind the document are refused, and
 * so is all that RFC 8259 does not allow. Key look-up is case-sensitive, the first of equal keys
 * wins. Numbers are doubles: whole ones beyond 2^53 lose digits, so json_i64 refuses them and
 * json_print does not give them back. A document may be read by many threads at once. */
#ifndef IO_JSON_H
#define IO_JSON_H

#include "base/err.h"
#include "base/sbuf.h"

struct json; /* a node; the root owns the document */

enum json_kind { JSON_NONE, JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

/* Once before the first json_parse; a cJSON older than 1.7.18 is a bug of the build. */
void json_start(void);
const char *json_version(void); /* of cJSON: "1.7.19" */

/* RC_INVALID with the place. RC_LIMIT: more values than JSON_VALUES_MAX. The document does not
 * refer to `text` afterwards. */
enum rc json_parse(struct str text, struct json **ret_root, struct err *e) MUST_CHECK;
void json_free(struct json *root);
void json_freep(struct json **root); /* for AUTO */

enum json_kind json_kind(const struct json *n);
const struct json *json_get(const struct json *object, const char *key);
/* Path with dots, numbers index arrays: "entry.0.changes.1.value". */
const struct json *json_path(const struct json *n, const char *path);
/* Children of an array or object, in order: for (c = json_first(n); c != NULL; c = json_next(c)) */
const struct json *json_first(const struct json *n);
const struct json *json_next(const struct json *n);
int json_count(const struct json *n);
struct str json_key(const struct json *child); /* name of an object's member */

struct str json_str(const struct json *n); /* text nodes only; borrowed from the document */
struct str json_get_str(const struct json *o, const char *key);
/* Whole numbers of less than 2^53 either way, or text that is one ("1785240002"); else false. */
bool json_i64(const struct json *n, int64_t *ret) MUST_CHECK;
bool json_get_i64(const struct json *o, const char *key, int64_t *ret) MUST_CHECK;
int64_t json_get_i64_or(const struct json *o, const char *key, int64_t otherwise);
/* A number, or text that is a plain decimal one ("-46.6333"; at most 32 characters); else false. */
bool json_double(const struct json *n, double *ret) MUST_CHECK;
bool json_get_bool(const struct json *o, const char *key, bool otherwise);
/* The node as compact JSON text. */
void json_print(const struct json *n, struct sbuf *to);

#endif
