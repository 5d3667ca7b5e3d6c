/* quick.h - quick answers: texts that people use again and again, found by a shortcut. */
#ifndef STORE_QUICK_H
#define STORE_QUICK_H

#include "store/store.h"

#define QUICK_SHORTCUT_MAX 40 /* bytes: small letters, digits, - and _ */
#define QUICK_TITLE_MAX    100
#define QUICK_TEXT_MAX     4096
#define QUICK_MAX          500 /* of a company */

struct quick {
	int64_t id, company_id, created_ms, updated_ms;
	struct str shortcut, title, text;
};

/* RC_CONFLICT: the shortcut is taken. RC_INVALID: a rule. */
enum rc quick_put(struct tx *tx, const struct quick *q, int64_t *ret_id, struct err *e)
	MUST_CHECK; /* id 0: a new one */
enum rc quick_drop(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
enum rc quick_load(struct db *db, int64_t company_id, int64_t id, struct arena *a,
		   struct quick *ret, struct err *e) MUST_CHECK;
typedef enum rc quick_each_fn(void *arg, const struct quick *q, struct err *e);
enum rc quick_each(struct db *db, int64_t company_id, quick_each_fn *fn, void *arg, struct err *e)
	MUST_CHECK;

#endif
