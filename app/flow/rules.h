/* rules.h - what the box knows against sending a message now: the 24-hour window, the template's state, the customer's
 * wish about advertising. Asked before a message is queued (the caller is told) and again right before it
 * leaves (the world may have changed while it waited). */
#ifndef FLOW_RULES_H
#define FLOW_RULES_H

#include "flow/config.h"
#include "io/json.h"
#include "peer/wa/wa_content.h"

struct rules_facts {
	const struct channel *channel;
	int64_t conversation_id; /* 0: there is none yet */
	int64_t contact_id;      /* 0: that of the conversation, or nobody we know */
	struct str type;
	const struct json *content;
	int64_t now_ms;
};
enum rules_verdict {
	RULES_GO,
	RULES_WINDOW,         /* free-form, and the window is closed */
	RULES_TEMPLATE_STATE, /* the template is paused, rejected, ... */
	RULES_TEMPLATE_UNKNOWN, /* its account's list does not name it; the list should be fetched again */
	RULES_TEMPLATE_WRONG, /* it asks for something else: field */
	RULES_MARKETING       /* the customer wants no advertising */
};
struct rules_answer {
	enum rules_verdict verdict;
	int64_t window_closed_ms; /* RULES_WINDOW: since when; 0: it was never open, as far as we know */
	char field[WA_CONTENT_FIELD_MAX];
	char why[ERR_TEXT_MAX]; /* a sentence for people */
	struct sbuf
		text; /* a template as the customer reads it; empty: not known. Released by the caller */
};
/* The window: 24 hours from the customer's last message (or call) to this number (meta-cloud-api.md 3.6). What was
 * imported as history does not open it, nor does silence: a conversation without a message of the customer is closed.
 * Only providers that have a window, and only where channel.*.window_hours is not 0. */
enum rc rules_check(struct db *db, const struct rules_facts *f, struct rules_answer *ret,
		    struct err *e) MUST_CHECK;

#endif
