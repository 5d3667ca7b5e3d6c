/* target.h - everything outside that the box talks with: its row and its state. What the box knows about it are settings. */
#ifndef STORE_TARGET_H
#define STORE_TARGET_H

#include "store/store.h"

#define TARGET_SLUG_MAX 40
struct target {
	int64_t id, company_id, paused_until_ms;
	char kind[12], slug[TARGET_SLUG_MAX + 1], state[8];
	char reason[200];
};
/* "channel.main": how incidents and the API call it. RC_OK also when the row is gone: then it is "target 5". */
#define TARGET_NAME_MAX 64
enum rc target_name(struct db *db, int64_t id, char ret_name[TARGET_NAME_MAX], struct err *e)
	MUST_CHECK;
/* When its row was made. RC_ABSENT */
enum rc target_made(struct db *db, int64_t id, int64_t *ret_ms, struct err *e) MUST_CHECK;
bool target_slug_ok(struct str slug);
/* Finds or makes it. Slug: 1 to TARGET_SLUG_MAX of [a-z0-9_-] (RC_INVALID). */
enum rc target_resolve(struct tx *tx, const char *kind, struct str slug, int64_t *ret_id,
		       struct err *e) MUST_CHECK;
typedef enum rc target_each_fn(void *arg, const struct target *t, struct err *e);
enum rc target_each(struct db *db, target_each_fn *fn, void *arg, struct err *e) MUST_CHECK;
/* until_ms 0: until someone resumes. */
enum rc target_pause(struct tx *tx, int64_t id, int64_t until_ms, const char *reason, struct err *e)
	MUST_CHECK;
enum rc target_resume(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* Only a pause whose reason begins so. *ret: it was one. */
enum rc target_resume_if(struct tx *tx, int64_t id, const char *reason_prefix, bool *ret,
			 struct err *e) MUST_CHECK;

#endif
