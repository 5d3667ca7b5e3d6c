/* chatwoot_say.h - what an agent wrote in Chatwoot, in the words of wa_content.h: one message there is one or more here.
 * Contract: chatwoot-n8n-evolution.md 1.3, 1.7. Pure; text lives in the caller's arena. */
#ifndef PEER_CHATWOOT_SAY_H
#define PEER_CHATWOOT_SAY_H

#include "base/arena.h"
#include "peer/chatwoot/chatwoot_event.h"
#include "peer/media_kind.h"

#define CHATWOOT_FILES_MAX 15 /* 1.3 */
#define CHATWOOT_PARTS_MAX 40 /* files, cards, and a text in pieces of 4096 characters */

enum chatwoot_attached {
	CHATWOOT_ATTACHED_FILE,
	CHATWOOT_ATTACHED_PLACE,
	CHATWOOT_ATTACHED_PERSON,
	CHATWOOT_ATTACHED_NOTHING /* a kind that says no more than its title */
};
struct chatwoot_attachment {
	enum chatwoot_attached what;
	/* FILE: where it is (data_url), as what Chatwoot knows it, its size (0: not told) */
	struct str url, mime, name;
	int64_t bytes;
	bool typed; /* an agent wrote the address (a template's header), it is not Chatwoot's own word */
	bool recorded;    /* spoken by the agent: a voice note where WhatsApp takes it */
	struct str title; /* PLACE, PERSON, NOTHING */
	struct str first, last;
	double latitude, longitude;
};
struct chatwoot_attachments {
	struct chatwoot_attachment items[CHATWOOT_FILES_MAX];
	size_t count, files;
};
/* What the event has attached, and the file that a template's header names by its address (processed_params of Chatwoot
 * 4.x). RC_INVALID: `e` is a sentence for the agent. */
enum rc chatwoot_say_attachments(const struct chatwoot_event *ev, struct arena *a,
				 struct chatwoot_attachments *ret, struct err *e) MUST_CHECK;

/* The address of a file on another host: `base` with the path of `url`. For a host that this box does not reach, and for
 * addresses whose host is none ("http://https/rails/...", FRONTEND_URL is wrong). RC_INVALID: there is no path in it. */
enum rc chatwoot_say_rehost(struct str url, struct str base, struct sbuf *to, struct err *e)
	MUST_CHECK;
/* Whether both addresses lead to the same door: scheme, host and port, the usual ports left out or not. */
bool chatwoot_say_same_door(struct str url, struct str other);
/* Host of an http(s) address without port, borrowed; none: not one, or what no host is ("http", "https"). */
struct str chatwoot_say_host(struct str url);

/* A file that is here now. */
struct chatwoot_file {
	const char *mime;
	unsigned traits;
	int64_t bytes;
	struct str media_id, name;
};
struct chatwoot_part {
	const char *type;        /* of wa_content.def */
	struct str text;         /* type text */
	struct str content_json; /* all others */
};
struct chatwoot_parts {
	struct chatwoot_part items[CHATWOOT_PARTS_MAX];
	size_t count;
};
struct chatwoot_saying {
	const struct chatwoot_event *ev;
	const struct chatwoot_attachments *attached;
	const struct chatwoot_file *files; /* as many as attached->files, in their order */
	struct str signature;              /* name above the text; none: without */
};
/* In the order in which they are sent: the text is the caption of the first file where it can be one, else it comes before
 * the files. A template is alone, with at most one file: its header's. RC_INVALID: `e` is a sentence for the agent; RC_LIMIT. */
enum rc chatwoot_say(const struct chatwoot_saying *s, struct arena *a, struct chatwoot_parts *ret,
		     struct err *e) MUST_CHECK;

#endif
