/* send.c - see send.h. */
#include "flow/send/send.h"

#include "base/enc.h"
#include "base/limits.h"
#include "flow/loop.h"
#include "flow/send/provider.h"
#include "flow/send/send_files.h"
#include "peer/evolution/evolution_id.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/conversation/conversation_state.h"
#include "store/message/message_plan.h"
#include "store/queue/topic.h"
#include "store/conversation/twin.h"

#define PHONE_DIGITS_MIN 5 /* as the sender's encoder (meta_send.h) */
#define PHONE_DIGITS_MAX SEND_DIGITS_MAX

static bool is_phone(struct str to)
{
	size_t digits = 0;

	for (size_t i = 0; i < to.n; i++) {
		char c = to.p[i];

		if (c >= '0' && c <= '9')
			digits++;
		else if (!(c == '+' && i == 0) && c != ' ' && c != '-' && c != '(' && c != ')')
			return false;
	}
	return digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX;
}

/* "BR." and up to 128 letters and digits: a business-scoped user id (Graph API, 2026) */
static bool is_user_id(struct str to)
{
	if (to.n < 4 || to.n > WA_ADDRESS_MAX || to.p[2] != '.')
		return false;
	for (size_t i = 0; i < to.n; i++) {
		char c = to.p[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (i < 2 ? !(c >= 'A' && c <= 'Z')
			  : !letter && !(c >= '0' && c <= '9') && c != '.')
			return false;
	}
	return true;
}

static bool by_evolution(const struct send_new *n)
{
	return n->channel != NULL && strcmp(n->channel->provider, "evolution") == 0;
}

/* Opaque at Meta: visible ASCII (meta-cloud-api.md 3.1). */
static bool is_group_id(struct str to)
{
	for (size_t i = 0; i < to.n; i++)
		if (to.p[i] <= ' ' || to.p[i] > '~' || to.p[i] == '"' || to.p[i] == '\\')
			return false;
	return to.n > 0 && to.n <= WA_ADDRESS_MAX;
}

/* "digits@lid" or "id@g.us": customers who are known without a phone, and groups; only Evolution has them. A user id is
 * Meta's. */
bool send_address_ok(const struct send_new *n)
{
	enum jid_kind kind = evolution_jid(n->to).kind;

	if (n->to_group && !by_evolution(n))
		return is_group_id(n->to);
	if (is_phone(n->to))
		return true;
	return by_evolution(n) ? kind == JID_LID || kind == JID_GROUP : is_user_id(n->to);
}

static enum rc wrong(struct wa_content_bad *ret, const char *field, struct err *e, const char *why)
{
	(void)snprintf(ret->field, sizeof(ret->field), "%s", field);
	return FAIL(e, RC_INVALID, "%s", why);
}

static enum rc check_text(struct str text, struct wa_content_bad *ret, struct err *e)
{
	(void)snprintf(ret->field, sizeof(ret->field), "text.body");
	if (str_trim(text).n == 0)
		return FAIL(e, RC_INVALID, "the text is empty");
	if (!enc_utf8_ok(text))
		return FAIL(e, RC_INVALID, "the text is not UTF-8");
	if (enc_utf8_count(text) > WA_TEXT_MAX)
		return FAIL(e, RC_INVALID, "the text is longer than %u characters", WA_TEXT_MAX);
	return RC_OK;
}

static enum rc check_content(const struct send_new *n, struct wa_content_bad *ret, struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;
	const struct provider *p = provider_of(n->channel);
	struct str type = str_of(n->type);
	const char *cannot;

	if (wa_content_type(type) == NULL)
		return wrong(ret, "type", e, "There is no type of message with this name.");
	if (str_eqc(type, "text"))
		return check_text(n->text, ret, e);
	if (json_parse(n->content_json, &content, e) != RC_OK)
		return wrong(ret, n->type, e, "This is missing: the content of the type.");
	TRY(wa_content_check(type, content, ret, e));
	cannot = p != NULL ? p->cannot(type, content) : NULL;
	return cannot == NULL ? RC_OK : wrong(ret, "type", e, cannot);
}

enum rc send_check(const struct send_new *n, struct wa_content_bad *ret_field, struct err *e)
{
	TRY(check_content(n, ret_field, e));
	if (n->conversation_id == 0 && !send_address_ok(n))
		return wrong(ret_field, "to", e,
			     by_evolution(n) ? "neither a phone number with country code, nor "
					       "digits@lid, nor a group"
					     : "neither a phone number with country code nor a "
					       "WhatsApp user id");
	if (n->reply_to.n > WA_ID_MAX)
		return wrong(ret_field, "reply_to", e, "the message id is longer than 256 bytes");
	if (n->reply_to.n > 0 && strcmp(n->type, "reaction") == 0)
		return wrong(ret_field, "reply_to", e,
			     "A reaction names its message in reaction.message_id.");
	return RC_OK;
}

/* Digits only: what a person typed with blanks and dashes. */
static struct str digits_of(struct str to, char *space, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < to.n && n < max; i++) {
		if (to.p[i] >= '0' && to.p[i] <= '9')
			space[n++] = to.p[i];
	}
	return str_n(space, n);
}

static struct str other_address(const struct send_new *n, struct contact_who *who)
{
	struct jid j = evolution_jid(n->to);

	if (j.kind == JID_LID)
		who->lid = j.user;
	else if (j.kind == JID_GROUP || n->to_group)
		who->group_id = n->to;
	else
		who->user_id = n->to;
	return n->to;
}

struct str send_who(const struct send_new *n, char *space, struct contact_who *ret)
{
	*ret = (struct contact_who){ .phone = STR_NONE };
	if (n->to_group || !is_phone(n->to))
		return other_address(n, ret);
	ret->phone = digits_of(n->to, space, PHONE_DIGITS_MAX);
	return ret->phone;
}

static enum rc find_place(struct tx *tx, const struct send_new *n, char *space,
			  int64_t *ret_conversation, struct err *e)
{
	struct contact_who who;
	struct str address;
	int64_t contact;
	enum rc rc;

	if (n->conversation_id != 0) {
		*ret_conversation = n->conversation_id;
		return RC_OK;
	}
	address = send_who(n, space, &who);
	TRY(contact_resolve(tx, n->channel->company_id, &who, &contact, e));
	/* A known thread keeps the provider's spelling; what a person typed only opens a new one. */
	rc = conversation_resolve(tx, n->channel->company_id, n->channel->id, contact, STR_NONE,
				  ret_conversation, e);
	if (rc != RC_ABSENT)
		return rc;
	err_clear(e);
	return conversation_resolve(tx, n->channel->company_id, n->channel->id, contact, address,
				    ret_conversation, e);
}

static enum rc publish(struct tx *tx, const struct send_new *n, const struct message *m,
		       struct err *e)
{
	struct topic_event ev = { .topic = TOPIC_OUTBOUND_JOBS,
				  .company_id = m->company_id,
				  .okey = m->conversation_id,
				  .ref = m->id,
				  .hop = n->hop,
				  .prio = n->prio,
				  .lane = n->channel->id,
				  .due_ms = n->send_at_ms,
				  .correlation = n->correlation };

	TRY(topic_publish(tx, &ev, e));
	if (strcmp(n->source, "ai_response") != 0)
		return RC_OK;
	ev = (struct topic_event){ .topic = TOPIC_SUPPORT_OUTBOUND,
				   .company_id = m->company_id,
				   .okey = m->conversation_id,
				   .ref = m->id,
				   .hop = n->hop,
				   .prio = PRIO_NORMAL,
				   .correlation = n->correlation };
	return topic_publish(tx, &ev, e);
}

/* What lists and bridges show of a message that is more than its text. */
static enum rc line_of(const struct send_new *n, struct sbuf *to, struct err *e)
{
	AUTO(json_freep) struct json *content = NULL;

	if (n->text.n > 0)
		return RC_OK;
	TRY(json_parse(n->content_json, &content, e));
	wa_content_line(str_of(n->type), content, to);
	return RC_OK;
}

/* Level 2 of the duplicate checks. What is for later was meant so; a reaction says what stands now, so a second one is never
 * idle: on, off, on. */
static enum rc find_twin(struct tx *tx, struct app *app, const struct send_new *n,
			 const struct message *m, int64_t *ret, struct err *e)
{
	bool compared = n->send_at_ms == 0 && !n->no_twin && strcmp(n->type, "reaction") != 0;

	TRY(twin_find(tx->db, m, compared ? n->channel->twin_ms : 0, ret, e));
	if (*ret == 0)
		return RC_OK;
	(void)__atomic_add_fetch(&app->duplicate_contents, 1, __ATOMIC_RELAXED);
	if (!n->channel->twins_collapse)
		return RC_OK;
	return message_plan_note(tx, *ret, STR("totem"),
				 "The same was to be sent again within seconds: not done.", e);
}

/* *ret_stop: the conversation whose automation has to be stopped, or 0. */
static enum rc admit(struct tx *tx, const struct config *c, struct send_new *n, int64_t *ret_stop,
		     struct err *e)
{
	bool loop;
	enum rc rc = loop_admit(tx, c, n, &loop, e);

	*ret_stop = rc == RC_REFUSED && loop ? n->conversation_id : 0;
	return rc;
}

enum rc send_add(struct tx *tx, struct app *app, const struct config *c,
		 const struct send_new *asked, int64_t *ret_message_id,
		 int64_t *ret_conversation_id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	AUTO(sbuf_release) struct sbuf line = SBUF(64 * KIB);
	struct send_new own = *asked;
	const struct send_new *n = &own;
	struct conversation conv;
	struct message m;
	char space[SEND_DIGITS_MAX];
	int64_t id, twin;

	TRY(find_place(tx, n, space, &id, e));
	TRY(conversation_load(tx->db, id, &a, &conv, e));
	id = conv.id; /* a merged conversation leads to the one that took it */
	if (conv.company_id != n->channel->company_id || conv.channel_id != n->channel->id)
		return FAIL(e, RC_ABSENT, "no such conversation on channel %s", n->channel->slug);
	own.conversation_id = id;
	TRY(line_of(n, &line, e));
	m = (struct message){
		.company_id = conv.company_id,
		.conversation_id = id,
		.channel_id = n->channel->id,
		.timestamp = tx->now_ms,
		.created_at = tx->now_ms,
		.outbound = true,
		.chatwoot_conversation_id = n->chatwoot_conversation_id,
		.chatwoot_message_id = n->chatwoot_message_id,
		.status = MESSAGE_PENDING,
		.type = n->type,
		.sending = "queued",
		.sender_type = n->sender_type,
		.source = n->source,
		.wa_id = conv.wa_id,
		.sender_name = n->sender_name,
		.sender_user_id = n->sender_user_id,
		.sender_source_id = n->sender_source_id,
		.reply_to = n->reply_to,
		.correlation = n->correlation,
		.content = n->text.n > 0 ? n->text : sbuf_view(&line),
		.content_json = n->content_json,
	};
	TRY(find_twin(tx, app, n, &m, &twin, e));
	if (twin != 0 && n->channel->twins_collapse) {
		*ret_message_id = twin;
		*ret_conversation_id = id;
		return RC_OK; /* nothing leaves: it is no message of a loop either */
	}
	TRY(admit(tx, c, &own, ret_conversation_id, e));
	m.hop = own.hop;
	TRY(message_add(tx, &m, e));
	if (twin != 0 || n->send_at_ms != 0)
		TRY(twin_mark(tx, m.id, twin != 0 ? twin : TWIN_NEVER, e));
	TRY(send_files_use(tx, n, m.id, e));
	TRY(message_plan_set(tx, m.id,
			     &(struct message_plan){ .expires_ms = n->expires_ms,
						     .prio = n->prio,
						     .fallback = n->fallback },
			     e));
	TRY(conversation_touch(
		tx,
		&(struct conversation_touch){ .id = id, .at_ms = tx->now_ms, .message_id = m.id },
		e));
	if (c->takeover_ms > 0 && loop_is_person(n))
		TRY(conversation_state_silence(tx, id, tx->now_ms + c->takeover_ms, "human", e));
	TRY(publish(tx, n, &m, e));
	*ret_message_id = m.id;
	*ret_conversation_id = id;
	return RC_OK;
}

struct stop_work {
	const struct config *config;
	int64_t conversation_id;
};

static enum rc stop_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct stop_work *w = arg;

	return loop_stop(tx, w->config, w->conversation_id, e);
}

enum rc send_stop_automation(struct app *app, const struct config *c, int64_t conversation_id,
			     struct err *e)
{
	struct stop_work w = { c, conversation_id };

	return store_write(app->store, STORE_NORMAL, stop_unit, &w, e);
}
