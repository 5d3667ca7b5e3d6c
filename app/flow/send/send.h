/* send.h - making an outbound message: the one door for API, page, Chatwoot's agents, n8n and CLI. */
#ifndef FLOW_SEND_H
#define FLOW_SEND_H

#include "flow/app.h"
#include "flow/config.h"
#include "peer/wa/wa_content.h"
#include "store/conversation/contact.h"
#include "store/message/message.h"
#include "store/queue/queue.h"

struct send_new {
	const struct channel *channel;
	int64_t conversation_id; /* 0: found or made from `to` */
	bool to_group;           /* `to` is the id of a group */
	struct str to;    /* phone (digits, + optional) or BSUID; used when conversation_id is 0 */
	const char *type; /* of wa_content.def: "text", "image", "template", ... */
	/* text: the body; else the line for people, made by send_add when it is none */
	struct str text;
	/* text: {"preview_url":true} or none; else the content as wa_content.h has it */
	struct str content_json;
	struct str reply_to; /* provider id or none */
	enum job_prio prio;
	int64_t send_at_ms; /* 0: now */
	int64_t expires_ms; /* never sent at or after this; 0: no end */
	/* content of type template, sent instead when the 24-hour window is closed; or none */
	struct str fallback;
	const char *sender_type; /* crm_agent, chatwoot_agent, ai, system */
	const char *source;      /* api, page, cli, support_bridge, ai_response */
	struct str sender_name, sender_user_id, sender_source_id;
	int64_t hop;
	bool looked; /* an assistant's: its maker looked whether a person has the conversation */
	int64_t chatwoot_conversation_id, chatwoot_message_id;
	struct str correlation;
	bool no_twin; /* not compared: its maker counts its rows (an agent's message has one for each part) */
};
/* Checks without the store: content within the limits of its type (peer/wa/wa_content.def), the channel's provider can
 * send it, address sane. RC_INVALID: ret_field names the field, `e` says why. */
enum rc send_check(const struct send_new *n, struct wa_content_bad *ret_field, struct err *e)
	MUST_CHECK;
#define SEND_DIGITS_MAX 15 /* E.164 */
/* Whether `to` is an address that the channel's provider can write to. */
bool send_address_ok(const struct send_new *n);
/* The person or group that `to` names, in any spelling that send_check takes; gives the address that opens a thread
 * with them. `space` (SEND_DIGITS_MAX bytes) has to live as long as both. */
struct str send_who(const struct send_new *n, char *space, struct contact_who *ret);
/* Inside a unit: message row (pending, queued) + event on whatsapp-outbound-jobs (+ impulse.support.messages.outbound for
 * ai_response). RC_REFUSED: not now (loop.h); with *ret_conversation_id != 0 two machines may be talking in that
 * conversation, and the caller goes on with send_stop_automation of it. The same once more within the channel's duplicate
 * window: the new row says whose twin it is, or (duplicate_collapse) there is none and *ret_message_id is the earlier one. */
enum rc send_add(struct tx *tx, struct app *app, const struct config *c,
		 const struct send_new *asked, int64_t *ret_message_id,
		 int64_t *ret_conversation_id, struct err *e) MUST_CHECK;

/* After RC_REFUSED: automation of the conversation is off for the configured time and an incident is raised. A unit of its own,
 * because the refused one left no trace. */
enum rc send_stop_automation(struct app *app, const struct config *c, int64_t conversation_id,
			     struct err *e) MUST_CHECK;

#endif
