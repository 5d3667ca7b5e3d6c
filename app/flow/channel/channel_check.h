/* channel_check.h - one look at how a number is: what Meta answered; for channel_*.c. */
#ifndef FLOW_CHANNEL_CHECK_H
#define FLOW_CHANNEL_CHECK_H

#include "flow/upkeep.h"
#include "peer/meta/meta_health.h"

struct check {
	struct upkeep_run *u;
	const struct channel *ch;
	char version_seen[32];
	char usage[512]; /* as the header said; empty: not */
	struct meta_token token;
	struct meta_number number;
	struct meta_subscribed subscribed;
	struct meta_subscription subscription;
	enum rc token_rc, number_rc, subscribed_rc, subscription_rc;
	bool rate_changed;             /* what the number may send per second */
	bool secret_refused;           /* Meta does not take the app secret */
	struct meta_refusal no;        /* the first refusal */
	char error[ERR_TEXT_MAX + 80]; /* what it was; empty: all was answered */
};

/* Days before a token's end at which a person is told. */
#define TOKEN_DAYS_FIRST 14
#define TOKEN_DAYS_SOON  7
#define TOKEN_DAYS_NOW   1

/* Asks everything; fills k but for `u` and `ch`, which the caller set. No transaction is open meanwhile. */
void channel_check_ask(struct check *k);
/* Asks only what shows whether Meta takes the app secret: fills secret_refused. */
void channel_check_secret(struct check *k);
/* Where Meta says that it sends webhooks, in the order in which it resolves it (1.8); STR_NONE: not said. */
struct str channel_check_callback(const struct check *k);
bool channel_check_is_ours(struct str callback, struct str hook_url);
/* Incidents of what was found: opens, updates and closes. A question without an answer changes nothing. */
enum rc channel_check_judge(struct tx *tx, const struct check *k, struct err *e) MUST_CHECK;
/* Where Meta's webhooks should go: the setting public_url and our path; empty: not set. In the arena. */
struct str channel_check_hook_url(const struct config *c, struct arena *a);

#endif
