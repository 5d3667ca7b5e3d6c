/* chatwoot_post.h - one message on its way into Chatwoot: its words, its file, whose name it bears. Inside of chatwoot_post*.c. */
#ifndef FLOW_CHATWOOT_POST_H
#define FLOW_CHATWOOT_POST_H

#include "flow/chatwoot/chatwoot_talk.h"
#include "flow/media/media_store.h"
#include "peer/chatwoot/chatwoot_text.h"
#include "store/chatwoot/chatwoot_mark.h"

struct way {
	bool incoming;
	const char *origin; /* mark o */
	const char *source; /* content_attributes.source or NULL */
};

struct post {
	struct talk *t;
	const struct way *way;
	struct str source; /* source_id */
	struct str content;
	int64_t in_reply_to; /* Chatwoot's id; 0: none */
	/* Its file; state NULL: it has none. */
	struct message_media told;
	struct media media;
	struct file_in in;
	enum chatwoot_file_state file;
	struct str template; /* components of a message of type template; none: not known */
	bool shown;          /* Chatwoot shows it in another way already */
	int64_t renewed_us;
};

/* What Totem's own words say of how far the file is. */
enum chatwoot_mark_file chatwoot_post_mark(enum chatwoot_file_state file);
/* Looks where the file is and opens it. `file` is set; RC_RETRY: it may come any moment, wait for it. */
enum rc chatwoot_post_file(struct post *p, struct err *e) MUST_CHECK;
/* Looks up the template of a message that is one. */
enum rc chatwoot_post_template(struct post *p, struct err *e) MUST_CHECK;
/* One POST with what is there; verdict and answer are the talk's. RC_INVALID: it cannot be written down. */
enum rc chatwoot_post_send(struct post *p, struct err *e) MUST_CHECK;
/* Did an earlier try arrive? *ret_id 0: no. RC_RETRY: the list could not be read. *ret_files: attachments it has. */
enum rc chatwoot_post_find(struct talk *t, struct str source, int64_t after, int64_t *ret_id,
			   int *ret_files, struct err *e) MUST_CHECK;
/* "totem:<provider>:<wa id>", the same at every try. */
enum rc chatwoot_post_source(struct talk *t, struct sbuf *to, struct err *e) MUST_CHECK;
void chatwoot_post_text(const struct post *p, struct chatwoot_text *ret);
void chatwoot_post_end(struct post *p); /* closes the file */

#endif
