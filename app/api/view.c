/* view.c - see view.h. */
#include "api/view.h"

#include "base/ids.h"
#include "flow/send/provider.h"

#define VIEW_ARENA (256 * KIB)

void view_id(struct jsonw *w, const char *key, int64_t created_ms, int64_t rowid)
{
	char text[ID_TEXT_MAX];

	if (rowid <= 0) {
		jsonw_ktext(w, key, NULL);
		return;
	}
	id_text(created_ms, rowid, text);
	jsonw_ktext(w, key, text);
}

static void number_or_null(struct jsonw *w, const char *key, int64_t v)
{
	jsonw_key(w, key);
	if (v != 0)
		jsonw_i64(w, v);
	else
		jsonw_null(w);
}

static enum rc conversation_text(struct view *v, int64_t id, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(VIEW_ARENA);
	struct conversation conv;

	_Static_assert(sizeof(v->conversation_text) == ID_TEXT_MAX, "room for an id");
	if (v->conversation_id == id)
		return RC_OK;
	TRY(conversation_load(v->db, id, &a, &conv, e));
	id_text(conv.created_ms, conv.id, v->conversation_text);
	v->conversation_id = id;
	return RC_OK;
}

static void channel_name(struct view *v, int64_t channel_id)
{
	const struct channel *ch = v->config != NULL ? config_channel(v->config, channel_id) : NULL;

	jsonw_ktext(v->w, "channel", ch != NULL ? ch->slug : NULL);
}

enum rc view_message_event(struct view *v, const struct message *m, struct err *e)
{
	struct jsonw *w = v->w;

	TRY(conversation_text(v, m->conversation_id, e));
	view_id(w, "id", m->created_at, m->id);
	jsonw_ktext(w, "conversation_id", v->conversation_text);
	channel_name(v, m->channel_id);
	jsonw_kstr(w, "meta_message_id", m->meta_message_id);
	jsonw_ktext(w, "direction", m->outbound ? "outbound" : "inbound");
	jsonw_ktext(w, "type", m->type);
	jsonw_kstr(w, "content", m->content);
	jsonw_ktext(w, "status", message_status_text(m->status));
	jsonw_ktext(w, "sending", m->sending);
	jsonw_kstr(w, "wa_id", m->wa_id);
	jsonw_ktext(w, "sender_type", m->sender_type);
	jsonw_kstr(w, "sender_name", m->sender_name);
	jsonw_kstr(w, "sender_user_id", m->sender_user_id);
	jsonw_ktext(w, "source", m->source);
	TRY(view_media(v, m, e));
	jsonw_kbool(w, "failed", m->failed_ms > 0 || m->status == MESSAGE_FAILED);
	jsonw_kraw(w, "error", m->error);
	jsonw_kstr(w, "reply_to", m->reply_to);
	jsonw_ktime(w, "timestamp", m->timestamp);
	jsonw_ktime(w, "created_at", m->created_at);
	return RC_OK;
}

enum rc view_message(struct view *v, const struct message *m, struct err *e)
{
	struct jsonw *w = v->w;

	TRY(view_message_event(v, m, e));
	jsonw_kraw(w, "content_json", m->content_json);
	jsonw_kstr(w, "sender_source_id", m->sender_source_id);
	jsonw_ktext(w, "reached",
		    m->status == MESSAGE_FAILED ? m->reached : message_status_text(m->status));
	jsonw_ktime(w, "failed_at", m->failed_ms);
	jsonw_kbool(w, "resent", m->resent);
	jsonw_ktime(w, "edited_at", m->edited_ms);
	jsonw_ktime(w, "revoked_at", m->revoked_ms);
	jsonw_kraw(w, "pricing", m->pricing);
	jsonw_kraw(w, "conversation", m->conversation_info);
	jsonw_ki64(w, "hop", m->hop);
	number_or_null(w, "chatwoot_conversation_id", m->chatwoot_conversation_id);
	number_or_null(w, "chatwoot_message_id", m->chatwoot_message_id);
	jsonw_kstr(w, "correlation_id", m->correlation);
	return RC_OK;
}

/* Only a provider with a window has an end of it. */
static int64_t window_end(const struct view *v, const struct conversation *c)
{
	const struct channel *ch =
		v->config != NULL ? config_channel(v->config, c->channel_id) : NULL;
	const struct provider *p = ch != NULL ? provider_of(ch) : NULL;

	if (c->last_inbound_ms <= 0 || (p != NULL && !p->window))
		return 0;
	return c->last_inbound_ms + config_window_ms(ch);
}

enum rc view_conversation(struct view *v, const struct conversation *c, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(VIEW_ARENA);
	struct contact contact;
	struct jsonw *w = v->w;

	TRY(contact_load(v->db, c->contact_id, &a, &contact, e));
	view_id(w, "id", c->created_ms, c->id);
	view_id(w, "contact_id", contact.created_ms, contact.id);
	channel_name(v, c->channel_id);
	jsonw_kstr(w, "contact_name", c->contact_name);
	jsonw_kstr(w, "wa_id", c->wa_id);
	jsonw_kstr(w, "status", c->status);
	jsonw_ki64(w, "unread_count", c->unread_count);
	jsonw_key(w, "assigned");
	if (c->assigned_user_id != 0) {
		jsonw_object(w);
		view_id(w, "id", c->assigned_created_ms, c->assigned_user_id);
		jsonw_kstr(w, "name", c->assigned_name);
		jsonw_end(w);
	} else {
		jsonw_null(w);
	}
	jsonw_kraw(w, "labels", c->labels.n > 0 ? c->labels : STR("[]"));
	jsonw_kstr(w, "last_content", c->last_content);
	jsonw_ktime(w, "last_message_at", c->last_message_at);
	jsonw_ktime(w, "last_inbound_at", c->last_inbound_ms);
	jsonw_ktime(w, "window_open_until", window_end(v, c));
	number_or_null(w, "chatwoot_conversation_id", c->chatwoot_conversation_id);
	jsonw_ktime(w, "automation_off_until", c->automation_off_until_ms);
	jsonw_ktime(w, "snoozed_until", c->snoozed_until_ms);
	jsonw_ktime(w, "created_at", c->created_ms);
	return RC_OK;
}

void view_contact(struct view *v, const struct contact *c)
{
	view_id(v->w, "id", c->created_ms, c->id);
	jsonw_ktext(v->w, "kind", c->group ? "group" : "person");
	jsonw_kstr(v->w, "name", c->name);
	jsonw_kstr(v->w, "profile_name", c->profile_name);
	jsonw_kstr(v->w, "book_name", c->book_name);
	jsonw_kstr(v->w, "given_name", c->given_name);
	jsonw_kstr(v->w, "username", c->username);
	jsonw_kraw(v->w, "aliases", c->aliases);
	jsonw_kstr(v->w, "marketing", c->marketing);
	jsonw_ktime(v->w, "marketing_at", c->marketing_ms);
	jsonw_ktime(v->w, "created_at", c->created_ms);
	jsonw_ktime(v->w, "updated_at", c->updated_ms);
}
