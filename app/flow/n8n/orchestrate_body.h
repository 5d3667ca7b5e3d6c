/* orchestrate_body.h - what an assistant is told of one message: everything is read here, outside any transaction. */
#ifndef FLOW_ORCHESTRATE_BODY_H
#define FLOW_ORCHESTRATE_BODY_H

#include "base/ids.h"
#include "flow/config.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/message/message.h"
#include "store/message/message_media.h"
#include "store/queue/topic.h"

#define ORCHESTRATE_MEDIA_WAIT_MS \
	(20 * SECOND_MS) /* a file that is on its way is waited for so long, then it goes without */
#define ORCHESTRATE_MEDIA_LOOK_MS 500

struct orchestrate_subject {
	struct topic_event event;
	struct message m;
	struct conversation conv;
	struct contact contact;
	struct message_media media;             /* state NULL: no file */
	struct str labels, attributes, history; /* JSON; none: not asked for or empty */
	char id[ID_TEXT_MAX];                   /* of the message */
	char key[ID_TEXT_MAX + TARGET_SLUG_MAX + 8];
};

/* RC_ABSENT: event, message or conversation is gone. */
enum rc orchestrate_body_load(struct app *app, const struct n8n_target *t, int64_t event_id,
			      struct arena *a, struct orchestrate_subject *ret, struct err *e)
	MUST_CHECK;
/* Whether its file is just being fetched: better asked in a moment. */
bool orchestrate_body_waits(const struct orchestrate_subject *s, int64_t now_ms);
struct orchestrate_place {
	struct app *app;
	const struct config *config;
	const struct n8n_target *target;
	int64_t now_ms;
};
/* Appends the request's body. As n8n_encode. */
enum rc orchestrate_body_write(const struct orchestrate_place *p, struct orchestrate_subject *s,
			       struct arena *a, struct sbuf *to, struct err *e) MUST_CHECK;

#endif
