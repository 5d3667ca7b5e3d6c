/* audit.h - who changed what: rows that are only added, each bound to the one before it.
 *
 *   hash of a row = SHA-256( hash of the row before (32 zero bytes for the first)
 *                            || for each of id, at_ms, company_id, actor_kind, actor_id, actor, client, request_id, action,
 *                               subject, detail:  decimal length, ':', bytes )
 *
 * A row that was changed, taken out or put between breaks the chain at its place. Rows cut off at the end show only
 * against a head that was noted elsewhere: `totem prove` prints it. Triggers refuse UPDATE and DELETE.
 * No secrets and nothing of a conversation in a row: ids only. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "io/crypto.h"
#include "store/store.h"

#define AUDIT_DETAIL_MAX (8 * KIB)
#define AUDIT_TEXT_MAX   200 /* bytes of actor, client, request id, action, subject: longer is cut */

enum actor_kind { ACTOR_USER, ACTOR_TOKEN, ACTOR_COMMAND, ACTOR_SYSTEM, ACTOR_NOBODY, ACTOR_COUNT };
const char *audit_actor_text(enum actor_kind k);

struct audit {
	int64_t id, at_ms, company_id; /* company 0: seen by all */
	enum actor_kind kind;
	int64_t actor_id; /* row of the user or token */
	struct str actor; /* name */
	struct str client, request_id, action, subject, detail;
	uint8_t hash[SHA256_BYTES];
};

/* Inside the unit of the change. id, at_ms and hash are set here. */
enum rc audit_add(struct tx *tx, const struct audit *a, struct err *e) MUST_CHECK;

struct audit_filter {
	int64_t company_id, before_id, from_ms, to_ms, actor_id;
	const char *actor_kind, *action; /* NULL: all; action: a prefix */
	int limit;
};
typedef enum rc audit_each_fn(void *arg, const struct audit *a, struct err *e);
/* Newest first. */
enum rc audit_each(struct db *db, const struct audit_filter *f, audit_each_fn *fn, void *arg,
		   struct err *e) MUST_CHECK;

/* How often one actor did one thing after from_ms and before to_ms, and when first (0: never). By an index: the log grows for
 * years. */
struct audit_tally {
	enum actor_kind kind;
	int64_t actor_id;
	const char *action;
	int64_t from_ms, to_ms;
};
enum rc audit_count(struct db *db, const struct audit_tally *t, int64_t *ret_count,
		    int64_t *ret_first_ms, struct err *e) MUST_CHECK;

struct audit_proof {
	int64_t rows;
	int64_t broken_id; /* first row that does not fit; 0: all fit */
	uint8_t head[SHA256_BYTES];
};
/* Reads the whole log. RC_OK also when it is broken. */
enum rc audit_prove(struct db *db, struct audit_proof *ret, struct err *e) MUST_CHECK;

#endif
