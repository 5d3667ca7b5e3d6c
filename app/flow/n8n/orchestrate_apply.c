/* orchestrate_apply.c - see orchestrate.h: texts, then actions in their order, in one transaction with the key. */
#include "base/enc.h"
#include "flow/n8n/orchestrate.h"
#include "flow/send/send.h"
#include "io/crypto.h"
#include "store/conversation/conversation.h"
#include "store/conversation/conversation_state.h"
#include "store/idem.h"

#define MESSAGES_OF_A_TEXT 10 /* 40960 characters: longer ones are a fault of the workflow */

struct applying {
	struct tx *tx;
	struct app *app;
	const struct config *config;
	const struct channel *channel;
	const struct orchestrate_answer *ans;
	int64_t channel_id;
	struct conversation_act act; /* of the conversation that lives */
	bool silent;                 /* a person has the conversation */
	struct orchestrate_done done;
};

static struct send_new send_of(const struct channel *ch, const struct orchestrate_answer *ans)
{
	return (struct send_new){ .channel = ch,
				  .conversation_id = ans->conversation_id,
				  .type = "text",
				  .prio = PRIO_NORMAL,
				  .sender_type = "ai",
				  .source = "ai_response",
				  .sender_name = STR("n8n"),
				  .hop = ans->hop,
				  .looked = true, /* words behind a handover go too: look() */
				  .correlation = ans->correlation };
}

static struct send_new send_of_action(const struct channel *ch,
				      const struct orchestrate_answer *ans,
				      const struct n8n_action *a)
{
	struct send_new n = send_of(ch, ans);

	n.type = a->type;
	n.text = a->text;
	n.content_json = a->content_json;
	return n;
}

/* ---- checking ---- */

/* The next message of a send: a long text (models like to talk) is several. False: that was all. */
static bool next_message(const struct send_new *whole, struct str *rest, struct send_new *ret)
{
	bool more;

	if (!enc_utf8_ok(*rest)) /* send_check says so */
		return false;
	more = wa_content_cut(rest, &ret->text);
	ret->no_twin = ret->text.n < whole->text.n; /* equal pieces are meant */
	return more;
}

static enum rc check_one(const struct send_new *n, const char *what, size_t i, struct err *e)
{
	struct wa_content_bad field = { .field = "" };
	struct err why = { .rc = RC_OK };
	enum rc rc = send_check(n, &field, &why);

	return rc == RC_OK ? RC_OK
			   : FAIL(e, rc, "%s.%zu: %.60s: %.120s", what, i, field.field, why.text);
}

static enum rc check_send(const struct send_new *n, const char *what, size_t i, struct err *e)
{
	struct str rest = n->text;
	struct send_new one = *n;
	int count = 0;

	while (next_message(n, &rest, &one)) {
		if (++count > MESSAGES_OF_A_TEXT)
			return FAIL(e, RC_INVALID, "%s.%zu: more than %d messages at WhatsApp",
				    what, i, MESSAGES_OF_A_TEXT);
		TRY(check_one(&one, what, i, e));
	}
	return count > 0 ? RC_OK : check_one(n, what, i, e);
}

static enum rc check_action(const struct channel *ch, const struct orchestrate_answer *ans,
			    size_t i, struct err *e)
{
	const struct n8n_action *a = &ans->actions.items[i];

	if (a->kind == N8N_SEND) {
		struct send_new n = send_of_action(ch, ans, a);

		return check_send(&n, "actions", i, e);
	}
	if (a->kind == N8N_STATUS && !conversation_state_status_ok(a->status))
		return FAIL(e, RC_INVALID,
			    "actions.%zu: status is open, pending, resolved or snoozed", i);
	return RC_OK;
}

/* Before anything is written: a list that is wrong at its end does nothing at all. */
static enum rc check(struct applying *p, struct err *e)
{
	const struct orchestrate_answer *ans = p->ans;

	if (ans->key.n == 0 || ans->key.n > IDEMPOTENCY_KEY_MAX)
		return FAIL(e, RC_INVALID, "idempotency_key: 1 to %u bytes", IDEMPOTENCY_KEY_MAX);
	for (size_t i = 0; i < ans->reply_count; i++, p->done.good++) {
		struct send_new n = send_of(p->channel, ans);

		n.text = ans->replies[i];
		TRY(check_send(&n, "reply", i, e));
	}
	for (size_t i = 0; i < ans->actions.count; i++, p->done.good++)
		TRY(check_action(p->channel, ans, i, e));
	return RC_OK;
}

/* ---- doing ---- */

static enum rc send_one(struct applying *p, const struct send_new *n, struct err *e)
{
	int64_t message, conversation;

	TRY(send_add(p->tx, p->app, p->config, n, &message, &conversation, e));
	p->done.sent++;
	return RC_OK;
}

static enum rc send(struct applying *p, const struct send_new *n, struct err *e)
{
	struct str rest = n->text;
	struct send_new one = *n;

	if (p->silent) {
		p->done.silenced = true;
		return RC_OK;
	}
	if (rest.n == 0)
		return send_one(p, n, e);
	while (next_message(n, &rest, &one))
		TRY(send_one(p, &one, e));
	return RC_OK;
}

static enum rc hand_over(struct applying *p, const struct n8n_action *a, struct err *e)
{
	int64_t ms = a->minutes >= 0 ? a->minutes * MINUTE_MS : p->config->handover_ms;
	struct conversation_handover h = { .reason = a->reason,
					   .assignee = a->assignee,
					   .team = a->team };

	if (p->silent) /* it stays with the person who has it */
		h.assignee = h.team = STR_NONE;
	h.until_ms = p->tx->now_ms + (ms > 0 ? ms : CONVERSATION_FOREVER_MS);
	return conversation_state_handover(p->tx, &p->act, &h, e);
}

/* Whose conversation it is, and whether it is over, is the person's word: a late "close" would end their silence too. */
static bool is_persons(const struct n8n_action *a)
{
	return a->kind == N8N_STATUS || a->kind == N8N_ASSIGN;
}

static enum rc act(struct applying *p, const struct n8n_action *a, struct err *e)
{
	if (p->silent && is_persons(a)) {
		p->done.silenced = true;
		return RC_OK;
	}
	switch (a->kind) {
	case N8N_SEND: {
		struct send_new n = send_of_action(p->channel, p->ans, a);

		return send(p, &n, e);
	}
	case N8N_HANDOVER:
		return hand_over(p, a, e);
	case N8N_STATUS:
		return conversation_state_status(p->tx, &p->act, a->status, e);
	case N8N_ASSIGN:
		return conversation_state_assign(p->tx, &p->act, a->assignee, a->team, e);
	case N8N_LABEL:
		return conversation_state_labels(
			p->tx, &p->act,
			&(struct conversation_relabel){ .add = a->add,
							.add_count = a->add_count,
							.remove = a->remove,
							.remove_count = a->remove_count },
			e);
	case N8N_ATTRIBUTE:
		return conversation_state_attribute(p->tx, &p->act, a->name, a->value, e);
	}
	BUG("no such action");
}

/* RC_ABSENT: a new key. RC_OK: done before. */
static enum rc seen(struct tx *tx, const struct idem *asked, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct idem kept, older = *asked;
	enum rc rc = idem_find(tx->db, asked, &a, &kept, e);

	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	/* An earlier version kept one space for all: what was answered before the upgrade may come once more. */
	older.token_id = IDEM_CONVERSATIONS;
	return idem_find(tx->db, &older, &a, &kept, e);
}

/* Whether a person has it: then the assistant's words come too late. The breaker's silence is an error instead. */
static enum rc look(struct applying *p, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct conversation_state s;

	TRY(conversation_state_load(p->tx->db, p->act.id, &a, &s, e));
	p->channel = config_channel(p->config, p->channel_id);
	if (p->channel == NULL)
		return FAIL(e, RC_ABSENT, "the channel is not configured any more");
	p->silent = s.automation_off_until_ms > p->tx->now_ms &&
		    (str_eqc(s.automation_off_why, "human") ||
		     str_eqc(s.automation_off_why, "handover"));
	return RC_OK;
}

static enum rc apply_all(struct applying *p, struct err *e)
{
	p->done.good = 0;
	for (size_t i = 0; i < p->ans->reply_count; i++, p->done.good++) {
		struct send_new n = send_of(p->channel, p->ans);

		n.text = p->ans->replies[i];
		TRY(send(p, &n, e));
	}
	for (size_t i = 0; i < p->ans->actions.count; i++, p->done.good++)
		TRY(act(p, &p->ans->actions.items[i], e));
	return RC_OK;
}

static enum rc check_and_apply(struct applying *p, struct err *e)
{
	TRY(look(p, e));
	TRY(check(p, e));
	return apply_all(p, e);
}

/* The answer may name one that was merged into another since its workflow was asked. */
static enum rc find_living(struct applying *p, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct conversation conv;

	TRY(conversation_load(p->tx->db, p->ans->conversation_id, &a, &conv, e));
	p->act.id = conv.id;
	p->channel_id = conv.channel_id;
	return RC_OK;
}

enum rc orchestrate_apply(struct tx *tx, struct app *app, const struct config *c,
			  const struct orchestrate_answer *ans, struct orchestrate_done *ret,
			  struct err *e)
{
	struct applying p = { .tx = tx,
			      .app = app,
			      .config = c,
			      .ans = ans,
			      .act = { .origin = "n8n",
				       .correlation = ans->correlation,
				       .message_id = ans->message_id } };
	struct idem key = { .key = ans->key,
			    .body_hash = str_n((const char *)ans->hash, sizeof(ans->hash)),
			    .status = 202 };
	enum rc rc;

	*ret = (struct orchestrate_done){ .sent = 0 };
	if (ans->reply_count == 0 && ans->actions.count == 0)
		return RC_OK; /* nothing was said: the key stays free for a later answer */
	TRY(find_living(&p, e));
	key.token_id = IDEM_CONVERSATIONS + p.act.id;
	rc = seen(tx, &key, e);
	if (rc == RC_OK) {
		ret->duplicate = true;
		return RC_OK;
	}
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	rc = check_and_apply(&p, e);
	*ret = p.done;
	return rc == RC_OK ? idem_add(tx, &key, e) : rc;
}
