/* token.h - API tokens: made once, shown once, kept as a SHA-256. A look-up is one indexed read. */
#ifndef STORE_TOKEN_H
#define STORE_TOKEN_H

#include "store/store.h"

/* Scopes: bits and words. */
enum token_scope {
#define SCOPE(name, text, help) SCOPE_##name,
#include "store/access/scope.def"
#undef SCOPE
	SCOPE_COUNT
};
#define SCOPE_BIT(s) (1u << (s))
const char *token_scope_text(enum token_scope s);
bool token_scopes_parse(struct str words, uint32_t *ret)
	MUST_CHECK; /* "messages:send queues:read" or "all" */

#define TOKEN_TEXT_MAX 64 /* "totem_" + 43 characters and a NUL */
struct token {
	int64_t id, company_id, created_ms, last_used_ms, revoked_ms;
	int64_t user_id; /* who made it; 0: the box itself */
	uint32_t scopes; /* what it may do now: never more than its maker */
	bool masked;     /* customers' phone numbers are masked for it: as for its maker */
	struct str name;
};

enum rc token_create(struct tx *tx, int64_t company_id, struct str name, uint32_t scopes,
		     char ret_text[TOKEN_TEXT_MAX], int64_t *ret_id, struct err *e) MUST_CHECK;
/* The same for a person: the token may never do more than they may at that time, and nothing once they are disabled. */
enum rc token_create_for(struct tx *tx, const struct token *t, char ret_text[TOKEN_TEXT_MAX],
			 int64_t *ret_id, struct err *e) MUST_CHECK;
/* A secret of 256 random bits with a prefix ("totem_"): for cookies and links too. Its SHA-256 is what is kept. */
void token_secret(const char *prefix, char ret_text[TOKEN_TEXT_MAX]);
/* RC_REFUSED: unknown or revoked, or its maker is disabled. */
enum rc token_check(struct db *db, struct str text, struct token *ret, struct err *e)
	MUST_CHECK; /* ret->name is not set */
enum rc token_revoke(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* For tokens that the box makes for itself, in the unit that makes the next one: nothing of it stays. RC_ABSENT: it is gone. */
enum rc token_forget(struct tx *tx, int64_t id, struct err *e) MUST_CHECK;
/* RC_ABSENT: revoked, or who made it is disabled. */
enum rc token_alive(struct db *db, int64_t id, struct err *e) MUST_CHECK;
enum rc token_used(struct tx *tx, int64_t id, struct err *e)
	MUST_CHECK; /* writes last_used_ms at most once a minute */
typedef enum rc token_each_fn(void *arg, const struct token *t, struct err *e);
enum rc token_each(struct db *db, token_each_fn *fn, void *arg, struct err *e) MUST_CHECK;

#endif
