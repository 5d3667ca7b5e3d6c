/* provider_evolution.c - Evolution API as a provider: glue between the neutral model and peer/evolution_*.h. */
#include "base/ids.h"
#include "flow/evolution/evolution.h"
#include "flow/send/provider.h"
#include "peer/evolution/evolution_ask.h"
#include "peer/evolution/evolution_id.h"
#include "peer/evolution/evolution_send.h"
#include "store/channel/channel_state.h"
#include "store/delivery.h"
#include "store/incident.h"

#define FIND_SKEW_MS \
	(60 * SECOND_MS) /* between our clock and WhatsApp's: a message is not older than that */

static bool evolution_ready(const struct channel *c, const char **ret_why)
{
	*ret_why = "the channel has no instance or no api_key";
	return c->instance.n > 0 && c->api_key.n > 0;
}

/* ---- looking ---- */

/* Whether each try of this message named our key: it was made after the version became known. */
static enum rc look_version(struct db *db, struct outgoing *o, struct err *e)
{
	char key[EVOLUTION_OWN_KEY_MAX];
	struct str version;
	enum rc rc =
		channel_fact_get(db, o->channel->id, FACT_SERVER_VERSION, o->arena, &version, e);

	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	if (!evolution_ask_takes_key(version))
		return RC_OK;
	evolution_own_key(o->tag, key);
	o->own_key = arena_str(o->arena, str_of(key));
	return RC_OK;
}

static enum rc look_quoted(struct db *db, struct outgoing *o, struct err *e)
{
	struct message m;
	int64_t id;
	enum rc rc;

	o->quoted.id = str_eqc(o->type, "reaction") ? json_get_str(o->content, "message_id")
						    : o->m->reply_to;
	if (o->quoted.id.n == 0)
		return RC_OK;
	rc = message_by_meta(db, o->quoted.id, &id, e);
	if (rc == RC_OK)
		rc = message_load(db, id, o->arena, &m, e);
	if (rc == RC_ABSENT) { /* older than the tables: the customer's, most likely */
		err_clear(e);
		o->quoted.found = true;
		return RC_OK;
	}
	TRY(rc);
	o->quoted.found = true;
	o->quoted.from_me = m.outbound;
	o->quoted.text = m.content;
	o->quoted.author = m.sender_source_id; /* of groups */
	return RC_OK;
}

/* A number whose phone is unlinked would answer 500 to everything, and each send would be in doubt: they wait instead.
 * The state is told by webhook and asked for every other minute while it is not open (evolution_check.c). */
static enum rc look_connection(struct db *db, struct outgoing *o, struct err *e)
{
	struct str state;
	enum rc rc = channel_fact_get(db, o->channel->id, FACT_CONNECTION, o->arena, &state, e);

	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	if (str_eqc(state, "close") || str_eqc(state, "refused"))
		o->not_now = "the number is not connected to WhatsApp";
	return RC_OK;
}

static enum rc evolution_look(struct db *db, struct outgoing *o, struct err *e)
{
	TRY(look_connection(db, o, e));
	TRY(look_version(db, o, e));
	return look_quoted(db, o, e);
}

/* ---- sending ---- */

static enum rc address(const struct channel *c, struct arena *arena,
		       const struct evolution_call *call, struct provider_request *r, struct err *e)
{
	char *key = arena_dup(arena, c->api_key);

	if (key == NULL)
		return FAIL(e, RC_LIMIT, "no room for the api_key");
	r->method = call->method;
	provider_request_header(r, "apikey", key);
	provider_request_header(r, "Content-Type", "application/json");
	return evolution_send_url(c->base_url, call->path, c->instance, &r->url, e);
}

static enum rc evolution_build(const struct outgoing *o, struct provider_request *r, struct err *e)
{
	const struct evolution_target quoted = { .id = o->quoted.id,
						 .address = o->m->wa_id,
						 .author = o->quoted.author,
						 .from_me = o->quoted.from_me,
						 .text = o->quoted.text };
	const struct evolution_file file = { .base64 = o->file.base64,
					     .mime = o->file.mime,
					     .filename = o->file.filename };
	const struct evolution_message m = { .to = o->m->wa_id,
					     .type = o->type,
					     .content = o->content,
					     .file = o->file.base64.n > 0 ? &file : NULL,
					     .quoted = o->quoted.found ? &quoted : NULL,
					     .own_key = o->own_key };
	struct evolution_call call;

	TRY(evolution_send_message(&m, &call, &r->body, e));
	return address(o->channel, o->arena, &call, r, e);
}

static bool evolution_stored_id(const struct channel *c, char id[WA_ID_MAX + 1])
{
	char key[WA_ID_MAX + 1];

	memcpy(key, id, sizeof(key));
	return evolution_id_make(c->slug, str_of(key), id);
}

/* A refusal for want of a licence is a state of the channel; an accepted send ends it, and starts the clock within which
 * WhatsApp has to acknowledge it. */
static enum rc evolution_settled(struct tx *tx, const struct channel *c, const struct message *m,
				 const struct wa_verdict *v, struct err *e)
{
	bool refused = v->code == EVOLUTION_CODE_LICENCE;
	char subject[80];

	if (v->cls != WA_SEND_ACCEPTED && !refused)
		return RC_OK;
	(void)snprintf(subject, sizeof(subject), "channel.%s", c->slug);
	TRY(channel_fact_set(tx, c->id, FACT_LICENCE, refused ? STR("needs activation") : STR_NONE,
			     NULL, e));
	if (refused)
		return incident_raise(tx, INCIDENT_LICENCE_REFUSED, subject,
				      &(struct incident_args){ { v->text } }, e);
	TRY(incident_close(tx, incident_kind(INCIDENT_LICENCE_REFUSED), subject, e));
	return evolution_ack_want(tx, c, m->id, e);
}

/* ---- in doubt ---- */

static enum rc evolution_build_find(const struct outgoing *o, struct provider_request *r,
				    struct err *e)
{
	struct evolution_call call;

	TRY(evolution_ask_message(o->m->wa_id, o->own_key, &call, &r->body, e));
	return address(o->channel, o->arena, &call, r, e);
}

static bool taken(void *arg, struct str key)
{
	const struct outgoing *o = arg;
	char id[WA_ID_MAX + 1];
	int64_t message_id;

	return !evolution_id_make(o->channel->slug, key, id) ||
	       message_by_meta(o->db, str_of(id), &message_id, NULL) != RC_ABSENT;
}

static void evolution_judge_find(const struct wa_answer *a, const struct outgoing *o,
				 struct wa_verdict *ret)
{
	AUTO(json_freep) struct json *root = NULL;
	struct outgoing copy = *o;
	const struct evolution_wanted w = { .key = o->own_key,
					    .text = o->m->content,
					    .type = o->type,
					    .from_ms = o->m->created_at - FIND_SKEW_MS,
					    .taken = taken,
					    .arg = &copy };

	evolution_judge_act(a, ret);
	if (ret->cls != WA_SEND_ACCEPTED) {
		ret->cls = WA_SEND_UNKNOWN;
		return;
	}
	ret->cls = WA_SEND_UNKNOWN;
	ret->retry_ms = -1;
	if (json_parse(a->body, &root, NULL) != RC_OK || evolution_ask_records(root) == NULL) {
		(void)snprintf(ret->text, sizeof(ret->text),
			       "Evolution cannot tell whether it left");
		return;
	}
	if (evolution_ask_find(evolution_ask_records(root), &w, ret->wamid)) {
		ret->cls = WA_SEND_ACCEPTED;
		(void)snprintf(ret->text, sizeof(ret->text), "found at Evolution");
		return;
	}
	/* Without an own key nothing proves that it did not leave: Evolution stores a message after it sent it, if at
	 * all. */
	(void)snprintf(ret->text, sizeof(ret->text), "Evolution does not have it (yet)");
}

/* ---- beside sending ---- */

static const char *evolution_cannot_act(enum act_kind kind)
{
	(void)kind;
	return NULL;
}

static enum rc evolution_build_act(const struct act *a, struct provider_request *r, struct err *e)
{
	const struct evolution_target t = { .id = a->m->meta_message_id,
					    .address = a->m->wa_id,
					    .author = a->m->outbound ? STR_NONE
								     : a->m->sender_source_id,
					    .from_me = a->m->outbound };
	struct evolution_call call = { NULL, NULL };

	switch (a->kind) {
	case ACT_READ:
		TRY(evolution_send_read(&t, &call, &r->body, e));
		break;
	case ACT_TYPING:
		TRY(evolution_send_typing(a->m->wa_id, &call, &r->body, e));
		break;
	case ACT_REVOKE:
		TRY(evolution_send_revoke(&t, &call, &r->body, e));
		break;
	case ACT_EDIT:
		TRY(evolution_send_edit(&t, a->text, &call, &r->body, e));
		break;
	case ACT_KINDS:
		BUG("unknown act");
	}
	return address(a->channel, a->arena, &call, r, e);
}

/* Evolution does not tell of edits and revokes that its API made (emitOwnEvents is off): told as if it did, and a real
 * webhook about a revoke has the same id. */
static enum rc evolution_acted(struct tx *tx, const struct act *a, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(64 * KIB);
	struct delivery d = { .received_ms = tx->now_ms,
			      .company_id = a->channel->company_id,
			      .target_id = a->channel->id,
			      .source = "evolution",
			      .signature = "none",
			      .request_id = STR("act"),
			      .headers = STR("{}") };
	const struct evolution_target t = { .id = a->m->meta_message_id,
					    .address = a->m->wa_id,
					    .from_me = true,
					    .user = a->user_id };

	if (a->kind != ACT_EDIT && a->kind != ACT_REVOKE)
		return RC_OK;
	TRY(evolution_ask_act_webhook(&t, a->kind == ACT_EDIT ? a->text : STR_NONE, tx->now_ms,
				      a->channel->instance, &body, e));
	d.body = sbuf_view(&body);
	return delivery_add(tx, &d, e);
}

const struct provider provider_evolution = {
	.name = "evolution",
	.window = false,
	.inline_files = true,
	.ready = evolution_ready,
	.cannot = evolution_send_cannot,
	.look = evolution_look,
	.build = evolution_build,
	.judge = evolution_judge_send,
	.stored_id = evolution_stored_id,
	.settled = evolution_settled,
	.build_find = evolution_build_find,
	.judge_find = evolution_judge_find,
	.cannot_act = evolution_cannot_act,
	.build_act = evolution_build_act,
	.judge_act = evolution_judge_act,
	.acted = evolution_acted,
};
