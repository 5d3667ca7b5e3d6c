/* evolution_ack.c - kind "evolution.ack" of upkeep: a send that Evolution took (201, PENDING) and WhatsApp has not
 * acknowledged after ack_ms. Such sends may never leave (chatwoot-n8n-evolution.md 3.2).
 *
 * Evolution is asked once whether it knows more than its webhooks told; when it does not, the message is in doubt: never
 * shown as delivered, settled by a later status or by a person. */
#include "flow/evolution/evolution.h"
#include "flow/evolution/evolution_call.h"
#include "flow/handlers.h"
#include "flow/upkeep_kinds.h"
#include "io/jsonw.h"
#include "peer/evolution/evolution_ask.h"
#include "peer/evolution/evolution_id.h"
#include "store/delivery.h"
#include "store/incident.h"
#include "store/message/message_doubt.h"
#include "store/queue/topic.h"

#define ASKED_PAUSE_MS (10 * SECOND_MS) /* the reader of webhooks takes in what Evolution knew */
#define WHY_DOUBT      "Evolution took it, WhatsApp has not acknowledged it"

enum rc evolution_ack_want(struct tx *tx, const struct channel *ch, int64_t message_id,
			   struct err *e)
{
	int64_t id;

	return queue_add(tx,
			 &(struct job_new){ .queue = QUEUE_UPKEEP,
					    .prio = PRIO_LOW,
					    .due_ms = tx->now_ms + ch->ack_ms,
					    .ref = message_id,
					    .payload = STR("{\"kind\":\"evolution.ack\"}") },
			 &id, e);
}

struct ack {
	struct upkeep_run *u;
	const struct channel *ch;
	struct message m;
	struct delivery delivery;
};

static bool open_still(const struct message *m)
{
	return m->sending != NULL && strcmp(m->sending, "done") == 0 &&
	       (m->status == MESSAGE_PENDING || m->status == MESSAGE_ACCEPTED);
}

static enum rc load(struct ack *a, struct err *e)
{
	struct db *db = store_reader(a->u->w->app->store);
	enum rc rc = message_load(db, a->u->ref, &a->u->w->arena, &a->m, e);

	store_reader_done(a->u->w->app->store, db);
	return rc;
}

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	struct ack *a = arg;
	int64_t id;

	TRY(delivery_add(tx, &a->delivery, e));
	return queue_add(tx,
			 &(struct job_new){ .queue = QUEUE_UPKEEP,
					    .prio = PRIO_LOW,
					    .due_ms = tx->now_ms + ASKED_PAUSE_MS,
					    .ref = a->m.id,
					    .payload = STR("{\"kind\":\"evolution.ack\",\"args\":{"
							   "\"asked\":true}}") },
			 &id, e);
}

/* *ret_asked: what Evolution has is stored, the next look comes by itself. */
static enum rc ask(struct ack *a, bool *ret_asked, struct err *e)
{
	AUTO(sbuf_release) struct sbuf body = SBUF(4 * KIB), hook = SBUF(2 * HTTP_ANSWER_MAX);
	AUTO(json_freep) struct json *root = NULL;
	struct http_answer ans = HTTP_ANSWER;
	struct evolution_asked q = { .channel = a->ch };
	struct evolution_call call;
	enum rc rc;

	*ret_asked = false;
	TRY(evolution_ask_message(a->m.wa_id, evolution_id_key(a->m.meta_message_id), &call, &body,
				  e));
	q.method = call.method;
	q.path = call.path;
	q.body = sbuf_view(&body);
	rc = evolution_call(a->u->w, &q, &ans, e);
	if (rc == RC_OK && ans.status >= 200 && ans.status <= 299)
		rc = json_parse(sbuf_view(&ans.body), &root, e);
	http_answer_release(&ans);
	if (rc != RC_OK || json_first(evolution_ask_records(root)) == NULL) {
		err_clear(e); /* it cannot tell: in doubt now */
		return RC_OK;
	}
	evolution_ask_as_webhook(evolution_ask_records(root), a->ch->instance, &hook);
	if (!sbuf_ok(&hook))
		return RC_OK;
	a->delivery = (struct delivery){ .received_ms = a->u->now_ms,
					 .company_id = a->ch->company_id,
					 .target_id = a->ch->id,
					 .source = "evolution",
					 .signature = "none",
					 .request_id = STR("ack"),
					 .headers = STR("{}"),
					 .body = sbuf_view(&hook) };
	TRY(store_write(a->u->w->app->store, STORE_NORMAL, keep_unit, a, e));
	*ret_asked = true;
	return RC_OK;
}

static enum rc publish(struct tx *tx, const struct message *m, struct err *e)
{
	AUTO(sbuf_release) struct sbuf payload = SBUF(KIB);
	struct topic_event ev = message_event(m, TOPIC_STATUS);
	struct jsonw j;

	jsonw_init(&j, &payload);
	jsonw_object(&j);
	jsonw_ktext(&j, "status", "unknown");
	jsonw_ktime(&j, "timestamp", tx->now_ms);
	jsonw_end(&j);
	ev.hop = m->hop;
	ev.payload = sbuf_view(&payload);
	return topic_publish(tx, &ev, e);
}

static enum rc doubt_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct ack *a = arg;
	char subject[80];
	enum rc rc = message_doubt(tx, a->m.id, WHY_DOUBT, e);

	if (rc == RC_CONFLICT) { /* acknowledged meanwhile */
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	TRY(publish(tx, &a->m, e));
	(void)snprintf(subject, sizeof(subject), "channel.%s", a->ch->slug);
	return incident_raise(tx, INCIDENT_ACK_MISSING, subject, NULL, e);
}

/* WhatsApp acknowledges again. */
static enum rc fine_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct ack *a = arg;
	char subject[80];

	if (a->m.status == MESSAGE_PENDING || a->m.status == MESSAGE_ACCEPTED ||
	    a->m.status == MESSAGE_FAILED)
		return RC_OK;
	(void)snprintf(subject, sizeof(subject), "channel.%s", a->ch->slug);
	return incident_close(tx, incident_kind(INCIDENT_ACK_MISSING), subject, e);
}

enum rc evolution_ack_run(struct upkeep_run *u, int64_t *ret_next_ms, struct err *e)
{
	struct ack a = { .u = u };
	bool asked = json_get_bool(u->args, "asked", false);
	enum rc rc = load(&a, e);

	(void)ret_next_ms;
	if (rc == RC_ABSENT) {
		err_clear(e);
		return RC_OK;
	}
	TRY(rc);
	a.ch = config_channel(u->config, a.m.channel_id);
	if (a.ch == NULL)
		return RC_OK;
	if (!open_still(&a.m))
		return store_write(u->w->app->store, STORE_NORMAL, fine_unit, &a, e);
	if (!asked)
		TRY(ask(&a, &asked, e));
	else
		asked = false;
	return asked ? RC_OK : store_write(u->w->app->store, STORE_NORMAL, doubt_unit, &a, e);
}
