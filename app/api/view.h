/* view.h - messages, conversations and contacts as JSON: the same for lists, single answers and the event stream.
 * Field names: design/data.md. */
#ifndef API_VIEW_H
#define API_VIEW_H

#include "flow/config.h"
#include "io/jsonw.h"
#include "store/conversation/contact.h"
#include "store/conversation/conversation.h"
#include "store/message/message.h"

struct view {
	struct jsonw *w;
	struct db *db;               /* looks up what the ids need */
	const struct config *config; /* names of channels; may be NULL */
	int64_t conversation_id;     /* whose text is kept */
	char conversation_text[37];
};

/* Each writes members into an open object. */
enum rc view_message(struct view *v, const struct message *m, struct err *e) MUST_CHECK;
enum rc view_conversation(struct view *v, const struct conversation *c, struct err *e) MUST_CHECK;
void view_contact(struct view *v, const struct contact *c);
/* Its member "media": null, or state, id, type, size, name, address and why it is not here. */
enum rc view_media(struct view *v, const struct message *m, struct err *e) MUST_CHECK;
/* Short form of a message for the event stream. */
enum rc view_message_event(struct view *v, const struct message *m, struct err *e) MUST_CHECK;
/* key and UUID; null for row 0. */
void view_id(struct jsonw *w, const char *key, int64_t created_ms, int64_t rowid);

#endif
