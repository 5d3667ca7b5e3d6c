/* dispatch_rules.c - right before a message leaves: is it still in time, still allowed. */
#include "flow/dispatch_priv.h"

#include "flow/attempt.h"
#include "flow/rules.h"

static enum rc replaced_unit(struct tx *tx, void *arg, struct err *e)
{
	struct sending *s = arg;
	struct attempt a = {
		.template = s->plan.fallback,
		.actor = STR("totem"),
		.note = "The 24-hour window closed while the message waited: the template is "
			"sent instead."
	};
	int64_t id;

	TRY(attempt_add(tx, &s->m, &a, &id, e));
	return dispatch_failed_quietly(tx, s, e);
}

static enum rc expired_unit(struct tx *tx, void *arg, struct err *e)
{
	return dispatch_failed_quietly(tx, arg, e);
}

enum rc dispatch_expire(struct sending *s, struct err *e)
{
	dispatch_refuse(s, "expired: its time to be sent was over before it could leave");
	return dispatch_write(s, expired_unit, e);
}

enum rc dispatch_rules(struct sending *s, bool *ret_go, struct err *e)
{
	const struct rules_facts f = { .channel = s->channel,
				       .conversation_id = s->m.conversation_id,
				       .type = str_of(s->m.type),
				       .content = s->content,
				       .now_ms = s->now_ms };
	struct rules_answer a;
	struct db *db;
	enum rc rc;

	*ret_go = false;
	if (s->plan.expires_ms > 0 && s->now_ms >= s->plan.expires_ms)
		return dispatch_expire(s, e);
	db = store_reader(s->w->app->store);
	rc = rules_check(db, &f, &a, e);
	store_reader_done(s->w->app->store, db);
	sbuf_release(&a.text);
	TRY(rc);
	/* What the account's list does not name may be newer than the list: Meta knows better. */
	*ret_go = a.verdict == RULES_GO || a.verdict == RULES_TEMPLATE_UNKNOWN;
	if (*ret_go)
		return RC_OK;
	dispatch_refuse(s, a.why);
	if (a.verdict == RULES_WINDOW && s->plan.fallback.n > 0 && s->plan.replaced_by == 0)
		return dispatch_write(s, replaced_unit, e);
	if (a.verdict == RULES_WINDOW)
		s->verdict.cls = WA_SEND_TEMPLATE;
	return dispatch_settle(s, e);
}
