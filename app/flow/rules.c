/* rules.c - see rules.h. */
#include "flow/rules.h"

#include "base/clock.h"
#include "flow/send/provider.h"
#include "flow/send/template_use.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/message/message_plan.h"

#define CONVERSATION_ARENA (256 * KIB)

/* Time of the customer's last message. The aggregate is kept by a queue of its own and may lag a moment: a message
 * that is stored already counts too. */
static enum rc last_heard(struct db *db, const struct rules_facts *f, int64_t *ret_ms,
			  struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(CONVERSATION_ARENA);
	struct conversation conv;
	struct message at = { 0 };
	int64_t since = f->now_ms - f->channel->window_ms, heard;

	*ret_ms = 0;
	if (f->conversation_id == 0)
		return RC_OK;
	TRY(conversation_load(db, f->conversation_id, &a, &conv, e));
	*ret_ms = conv.last_inbound_ms;
	if (*ret_ms > since)
		return RC_OK;
	at.company_id = conv.company_id;
	at.conversation_id = conv.id;
	TRY(message_plan_heard(db, &at, since, &heard, e));
	*ret_ms = i64_max(*ret_ms, heard);
	return RC_OK;
}

static enum rc check_window(struct db *db, const struct rules_facts *f, struct rules_answer *ret,
			    struct err *e)
{
	char at[CLOCK_TEXT_MAX];
	int64_t heard;

	TRY(last_heard(db, f, &heard, e));
	if (heard > f->now_ms - f->channel->window_ms)
		return RC_OK;
	ret->verdict = RULES_WINDOW;
	ret->window_closed_ms = heard > 0 ? heard + f->channel->window_ms : 0;
	clock_text(ret->window_closed_ms, at);
	(void)snprintf(ret->why, sizeof(ret->why),
		       "%s%s%s. Send a template (type template), or give one as fallback.template.",
		       heard > 0 ? "The 24-hour window of this customer closed at "
				 : "This customer has not written to this number",
		       heard > 0 ? at : "", heard > 0 ? "" : ", so the 24-hour window is not open");
	return RC_OK;
}

/* Who said "stop" to advertising gets none, also not from another of our numbers (131050 would follow). */
static enum rc check_marketing(struct db *db, const struct rules_facts *f, struct rules_answer *ret,
			       struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(CONVERSATION_ARENA);
	struct contact contact;
	int64_t id = f->contact_id;

	if (id == 0 && f->conversation_id != 0)
		TRY(contact_of_conversation(db, f->conversation_id, &id, e));
	if (id == 0)
		return RC_OK;
	TRY(contact_load(db, id, &a, &contact, e));
	if (!str_eqc(contact.marketing, "stop"))
		return RC_OK;
	ret->verdict = RULES_MARKETING;
	(void)snprintf(
		ret->why, sizeof(ret->why),
		"This customer wants no advertising (category MARKETING) from this business.");
	return RC_OK;
}

static enum rc check_template(struct db *db, const struct rules_facts *f, struct rules_answer *ret,
			      struct err *e)
{
	static const enum rules_verdict VERDICTS[] = {
		[TEMPLATE_FITS] = RULES_GO,
		[TEMPLATE_UNKNOWN] = RULES_TEMPLATE_UNKNOWN,
		[TEMPLATE_UNUSABLE] = RULES_TEMPLATE_STATE,
		[TEMPLATE_WRONG] = RULES_TEMPLATE_WRONG,
	};
	struct template_use use;
	enum rc rc = template_use_check(db, f->channel, f->content, &use, e);

	ret->text = use.text;
	TRY(rc);
	ret->verdict = VERDICTS[use.verdict];
	(void)snprintf(ret->why, sizeof(ret->why), "%s", use.why);
	(void)snprintf(ret->field, sizeof(ret->field), "%s", use.bad.field);
	if (use.verdict == TEMPLATE_FITS && use.marketing)
		return check_marketing(db, f, ret, e);
	return RC_OK;
}

enum rc rules_check(struct db *db, const struct rules_facts *f, struct rules_answer *ret,
		    struct err *e)
{
	const struct provider *p = provider_of(f->channel);

	*ret = (struct rules_answer){ .verdict = RULES_GO, .text = SBUF(64 * KIB) };
	if (p == NULL || !p->window)
		return RC_OK;
	if (str_eqc(f->type, "template"))
		return check_template(db, f, ret, e);
	return f->channel->window_ms > 0 ? check_window(db, f, ret, e) : RC_OK;
}
