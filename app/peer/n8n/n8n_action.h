/* n8n_action.h - the list of actions in a workflow's answer, as a table of kinds. Pure.
 *
 *   {"type":"text","text":"Hola"}                            every type of POST /api/v1/messages, with its content under
 *   {"type":"image","image":{"media_id":"..."}}              the key named like the type: image, video, audio, document,
 *   {"type":"template","template":{...}}                     sticker, location, contacts, reaction, interactive, template
 *   {"type":"buttons","text":"¿Sigue?","buttons":["Sí",{"id":"no","title":"No"}]}       short form of an interactive
 *   {"type":"handover","reason":"...","assignee":"7","team":"ventas","minutes":60}      a person goes on; all may be missing
 *   {"type":"close"}                                         the conversation is resolved
 *   {"type":"status","status":"pending"}
 *   {"type":"assign","assignee":"7","team":"ventas"}
 *   {"type":"label","add":["vip"],"remove":["nuevo"]}        or "label":"vip"
 *   {"type":"attribute","name":"dni","value":"08408122"}     value null or "": removes it
 *
 * One action may stand alone instead of a list. They are done in their order, after the texts of the answer. */
#ifndef PEER_N8N_ACTION_H
#define PEER_N8N_ACTION_H

#include "base/arena.h"
#include "base/err.h"
#include "io/json.h"

#define N8N_ACTIONS_MAX 20u
#define N8N_LABELS_MAX  20u

enum n8n_action_kind { N8N_SEND, N8N_HANDOVER, N8N_STATUS, N8N_ASSIGN, N8N_LABEL, N8N_ATTRIBUTE };

/* Texts are in the arena or static. */
struct n8n_action {
	enum n8n_action_kind kind;
	/* SEND */
	const char *type;        /* of wa_content.def */
	struct str text;         /* of a text */
	struct str content_json; /* of the others; of a text: {"preview_url":..} or none */
	/* HANDOVER, ASSIGN, STATUS */
	struct str reason, assignee, team, status;
	int64_t minutes; /* HANDOVER: -1: as configured */
	/* LABEL */
	struct str add[N8N_LABELS_MAX], remove[N8N_LABELS_MAX];
	size_t add_count, remove_count;
	/* ATTRIBUTE */
	struct str name, value;
};

struct n8n_actions {
	struct n8n_action *items; /* in the arena */
	size_t count;
};

/* `list` is an array of actions or one of them. RC_INVALID: "actions.2: there is no type "x""; *ret has those before it.
 * RC_LIMIT: the arena is full. Contents are checked by flow/send/send.h, not here. */
enum rc n8n_actions_read(const struct json *list, struct arena *a, struct n8n_actions *ret,
			 struct err *e) MUST_CHECK;

#endif
