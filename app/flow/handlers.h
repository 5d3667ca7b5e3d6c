/* handlers.h - the handler of every queue (table in work.c). Contracts: pipelines.md. */
#ifndef FLOW_HANDLERS_H
#define FLOW_HANDLERS_H

#include "flow/work.h"
#include "store/message/message.h"
#include "store/message/message_media.h"

work_fn ingest_batch; /* webhooks: stored requests -> messages, statuses, events */
work_fn crm_batch;    /* crm-api-whatsapp-inbound: conversation aggregates */
work_fn act_job;      /* message-acts: read receipts, typing, edit and revoke */
work_fn dispatch_job; /* messages: send */
queue_discard_fn
	dispatch_discard;    /* and what becomes of a message whose job is discarded: cancelled */
work_fn chatwoot_in_job;     /* support-bridge-inbound: customer's message -> Chatwoot */
work_fn chatwoot_mirror_job; /* support-bridge-crm-mirror: what the CRM sent -> Chatwoot */
work_fn chatwoot_answer_job; /* support-bridge-outbound: the assistant's answer -> Chatwoot */
work_fn chatwoot_status_job; /* support-bridge-status: delivery state -> Chatwoot */
work_fn chatwoot_file_job;   /* support-bridge-media: a file that came later -> Chatwoot */
work_fn upkeep_job;          /* upkeep: what comes again or is asked for, see upkeep.h */
work_fn chatwoot_state_job;  /* support-bridge-state: status and assignment -> Chatwoot */
work_fn chatwoot_agent_job;  /* support-bridge-agent: an agent's files -> send */
work_fn orchestrate_job;     /* orchestrator-inbound: message -> n8n, its answer -> send */
work_fn media_job;           /* media: fetches the file of a message */

/* Inside the unit that changes the state of a message's file: Chatwoot gets the file, or a sentence about it, when the
 * message was posted there without. `state`: stored, failed, expired. */
enum rc chatwoot_file_wanted(struct tx *tx, const struct message_media *f, const char *state,
			     struct err *e) MUST_CHECK;

/* Tells the mirror topic of a message that left, unless it came from Chatwoot or has another way there (loop rule 2). */
enum rc dispatch_mirror(struct tx *tx, const struct message *m, struct err *e) MUST_CHECK;

/* Inside the unit in which an outgoing message turns out to have left, once: the mirror hears of it, a reaction stands at its
 * message. */
enum rc dispatch_left(struct tx *tx, const struct message *m, struct err *e) MUST_CHECK;

/* Once a second: lanes paused in the database, leases, retention, expired idempotency keys, stuck things. */
void janitor_one(struct app *app, int64_t now_ms);

#endif
