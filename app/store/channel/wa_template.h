/* wa_template.h - message templates of WhatsApp business accounts: what Meta's list and its webhooks said last. */
#ifndef STORE_WA_TEMPLATE_H
#define STORE_WA_TEMPLATE_H

#include "store/store.h"

struct wa_template {
	int64_t id, company_id, created_ms, updated_ms;
	struct str waba_id, name, language, meta_id;
	struct str status;     /* Meta's word: "APPROVED" */
	struct str category;   /* MARKETING, UTILITY, AUTHENTICATION; may be none */
	struct str quality;    /* GREEN, YELLOW, RED, UNKNOWN; may be none */
	struct str reason;     /* why it is not usable; may be none */
	struct str components; /* JSON array of Meta's; none: not known */
};

/* A sync: everything of one template, replacing what was known. */
enum rc wa_template_put(struct tx *tx, const struct wa_template *t, struct err *e) MUST_CHECK;
/* The list of an account is complete: what was not put or named since begun_ms is gone there and forgotten here. */
enum rc wa_template_listed(struct tx *tx, struct str waba_id, int64_t begun_ms, struct err *e)
	MUST_CHECK;
/* A webhook: status, category, quality and reason that are none stay as they are; a template that is not known yet
 * is noted. `stale`: its components changed and are not known until the next sync. */
enum rc wa_template_news(struct tx *tx, const struct wa_template *t, bool stale, struct err *e)
	MUST_CHECK;
/* 0: never. */
enum rc wa_template_synced_ms(struct db *db, struct str waba_id, int64_t *ret, struct err *e)
	MUST_CHECK;
struct wa_template_key {
	struct str waba_id, name, language;
};
enum rc wa_template_find(struct db *db, const struct wa_template_key *k, struct arena *a,
			 struct wa_template *ret, struct err *e) MUST_CHECK; /* RC_ABSENT */

struct wa_template_filter {
	int64_t company_id, after_id;
	struct str waba_id, status, search; /* none: all */
	int limit;
};
typedef enum rc wa_template_each_fn(void *arg, const struct wa_template *t, struct err *e);
enum rc wa_template_each(struct db *db, const struct wa_template_filter *f, wa_template_each_fn *fn,
			 void *arg, struct err *e) MUST_CHECK;

#endif
