/* dispatch_rules.c - right before a message leaves: is it still in time, still allowed; and right after: whom it reached. */
#include "flow/send/dispatch_priv.h"

#include "base/log.h"
#include "flow/send/attempt.h"
#include "flow/rules.h"
#include "store/conversation/contact.h"

static enum rc replaced_unit(struct tx *tx, void *arg, struct err *e)
{
	struct sending *s = arg;
	struct attempt a = {
		.template = s->plan.fallback,
		.actor = STR("totem"),
		.note = "The 24-hour window closed while the message waited: the template is "
			"sent instead."
	};
	bool gone;
	int64_t id;

	TRY(dispatch_overtaken(tx, s, &gone, e));
	if (gone)
		return RC_OK;
	TRY(attempt_add(tx, &s->m, &a, &id, e));
	return dispatch_failed_quietly(tx, s, e);
}

static enum rc expired_unit(struct tx *tx, void *arg, struct err *e)
{
	bool gone;

	TRY(dispatch_overtaken(tx, arg, &gone, e));
	return gone ? RC_OK : dispatch_failed_quietly(tx, arg, e);
}

enum rc dispatch_expire(struct sending *s, struct err *e)
{
	dispatch_refuse(s, "expired: its time to be sent was over before it could leave");
	return dispatch_write(s, expired_unit, e);
}

static enum rc arrived_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;

	TRY(message_plan_note(tx, s->m.id, STR("totem"),
			      "Not sent: the earlier message has reached the customer after all.",
			      e));
	TRY(dispatch_cancelled(tx, s, e));
	return queue_done(tx, s->job, e);
}

enum rc dispatch_needless(struct sending *s, struct err *e)
{
	return dispatch_write(s, arrived_unit, e);
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
	db = store_reader(s->w->app->store);
	rc = message_plan_arrived(db, s->m.id, &s->arrived, e);
	store_reader_done(s->w->app->store, db);
	TRY(rc);
	if (s->arrived)
		return dispatch_needless(s, e);
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
	if (a.verdict == RULES_WINDOW)
		s->verdict.cls = WA_SEND_TEMPLATE;
	if (a.verdict == RULES_WINDOW && s->plan.fallback.n > 0 && s->plan.replaced_by == 0)
		return dispatch_write(s, replaced_unit, e);
	return dispatch_settle(s, e);
}

/* ---- afterwards ---- */

#define MATCH_MAX 64

static bool is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* The provider names the person that it wrote to: maybe under another spelling of the phone (Brazil, Mexico, Argentina), maybe
 * with a user id. A phone that is nobody's spelling of ours is not believed to be the same person. */
static bool person_named(const struct sending *s, struct contact_who *ret)
{
	struct str told = str_of(s->verdict.wa_id), ours = s->m.wa_id;
	char a[MATCH_MAX], b[MATCH_MAX];

	*ret = (struct contact_who){ .user_id = str_of(s->verdict.user_id) };
	if (!is_digits(ours)) { /* written to by user id */
		ret->phone = ret->user_id.n > 0 && str_eq(ret->user_id, ours) && is_digits(told)
				     ? told
				     : STR_NONE;
		return ret->phone.n > 0;
	}
	ret->phone = ours;
	if (!is_digits(told) || str_eq(told, ours))
		return ret->user_id.n > 0;
	contact_match(ours, a, sizeof(a));
	contact_match(told, b, sizeof(b));
	if (strcmp(a, b) != 0)
		return false;
	ret->phone = told;
	return true;
}

static enum rc learn_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct sending *s = arg;
	struct contact_who who;
	int64_t id;

	(void)person_named(s, &who);
	return contact_resolve(tx, s->m.company_id, &who, &id, e);
}

void dispatch_learn(struct sending *s)
{
	const struct contact_who phone = { .phone = str_of(s->verdict.wa_id) },
				 user = { .user_id = str_of(s->verdict.user_id) };
	struct err e = { 0 };
	struct contact_who who;
	int64_t a = 0, b = 0;
	struct db *db;
	bool known;

	if (s->verdict.cls != WA_SEND_ACCEPTED || !person_named(s, &who))
		return;
	db = store_reader(s->w->app->store);
	known = (phone.phone.n == 0 ||
		 contact_find(db, s->m.company_id, &phone, &a, &e) == RC_OK) &&
		(user.user_id.n == 0 || contact_find(db, s->m.company_id, &user, &b, &e) == RC_OK);
	store_reader_done(s->w->app->store, db);
	if (known && (a == 0 || b == 0 || a == b))
		return;
	err_clear(&e);
	/* A unit of its own: whatever is wrong with an address, the outcome of the send is stored already. */
	if (dispatch_write(s, learn_unit, &e) != RC_OK)
		log_err(LOG_WARN, "message.address", &e);
}
