/* evolution_message.c - one message object of Evolution (3.6): who, where, when, about what. The body is
 * evolution_body.c's. No state; any thread. */
#include "base/limits.h"
#include "peer/evolution/evolution_priv.h"
#include "peer/evolution/evolution_value.h"
#include "peer/wa/wa_line.h"

#define FORWARDED_OFTEN 5 /* forwardingScore from which WhatsApp shows "forwarded many times" */
#define PROTOCOL_REVOKE 0
#define PROTOCOL_EDIT   14

/* ---- who and where (3.7) ---- */

struct people {
	struct jid phone, lid, group;
	bool other; /* a story, a newsletter, a bot */
};

static void meet(struct people *p, struct str text)
{
	struct jid j = evolution_jid(text);
	switch (j.kind) {
	case JID_PHONE:
		if (p->phone.kind == JID_NONE)
			p->phone = j;
		return;
	case JID_LID:
		if (p->lid.kind == JID_NONE)
			p->lid = j;
		return;
	case JID_GROUP:
		if (p->group.kind == JID_NONE)
			p->group = j;
		return;
	case JID_OTHER:
		p->other = true;
		return;
	case JID_NONE:
		return;
	}
	BUG("not a kind of JID");
}

/* The same names stand in the key or beside it, by version. */
static void meet_all(struct people *p, const struct json *key, const struct json *data,
		     const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		meet(p, json_get_str(key, names[i]));
		meet(p, json_get_str(data, names[i]));
	}
}

enum evo_read evolution_people_read(struct evo *d, const struct json *key, const struct json *data,
				    struct wa_message *m, const char **ret_why)
{
	static const char *const chat[] = { "remoteJid", "remoteJidAlt", "previousRemoteJid" };
	/* Who wrote. For an own message that is the own number, and must not become the customer's alias. */
	static const char *const author[] = { "participant",    "participantAlt", "participantPn",
					      "participantLid", "senderPn",       "senderLid" };
	struct people where = { 0 }, who = { 0 };
	/* What the API sent is ours, whatever the key says: decided before anyone is named, or the customer
	 * would stand as sender of our own message. */
	m->from_me =
		m->api_send || json_get_bool(key, "fromMe", json_get_bool(data, "fromMe", false));
	meet_all(&where, key, data, chat, COUNT(chat));
	if (where.other)
		return EVO_KEPT; /* a story or a newsletter is nobody's conversation */
	if (where.group.kind == JID_GROUP)
		m->group_id = evolution_keep_address(d, where.group);
	else
		who = where;
	if (!m->from_me)
		meet_all(&who, key, data, author, COUNT(author));
	if (m->group_id.p == NULL && who.phone.kind == JID_NONE && who.lid.kind == JID_NONE) {
		*ret_why = "a message without a usable chat";
		return EVO_BAD;
	}
	if (m->group_id.p != NULL && m->from_me)
		return EVO_MESSAGE;
	if (m->from_me)
		m->to = evolution_keep(d, who.phone.user);
	else
		m->from = evolution_keep(d, who.phone.user);
	if (m->from_me)
		m->to_lid = evolution_keep(d, who.lid.user);
	else
		m->lid = evolution_keep(d, who.lid.user);
	if (m->from.p == NULL && m->to.p == NULL && m->lid.p == NULL && m->to_lid.p == NULL) {
		*ret_why = "a message without a usable sender";
		return EVO_BAD;
	}
	return EVO_MESSAGE;
}

/* ---- what it refers to ---- */

/* 2.4 fills data.contextInfo with something else that has no stanzaId, so each place is asked for what it
 * has (3.6). */
static const struct json *context_with(const struct json *data, const struct json *body,
				       const char *name)
{
	const struct json *n = json_get(data, "contextInfo");
	if (json_get(n, name) != NULL)
		return n;
	for (const struct json *c = json_first(body); c != NULL; c = json_next(c)) {
		n = json_get(c, "contextInfo");
		if (json_get(n, name) != NULL)
			return n;
	}
	n = json_get(body, "contextInfo");
	return json_get(n, name) != NULL ? n : NULL;
}

/* An ad: Evolution's names in, Meta's names out. */
static void read_referral(struct evo *d, const struct json *ad, struct wa_message *m)
{
	static const struct {
		const char *from, *to;
	} names[] = {
		{ "sourceUrl", "source_url" },
		{ "sourceId", "source_id" },
		{ "sourceType", "source_type" },
		{ "title", "headline" },
		{ "body", "body" },
		{ "ctwaClid", "ctwa_clid" },
		{ "thumbnailUrl", "thumbnail_url" },
	};
	struct jsonw w;
	sbuf_reset(&d->scratch);
	jsonw_init(&w, &d->scratch);
	jsonw_object(&w);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct str v = json_get_str(ad, names[i].from);
		if (v.n > 0)
			jsonw_kstr(&w, names[i].to, v);
	}
	jsonw_end(&w);
	d->full |= !sbuf_ok(&d->scratch);
	m->has_referral = true;
	m->referral = evolution_keep(d, sbuf_view(&d->scratch));
}

static void read_context(struct evo *d, const struct json *data, const struct json *body,
			 struct wa_message *m)
{
	const struct json *quote = context_with(data, body, "stanzaId");
	const struct json *score = context_with(data, body, "forwardingScore");
	const struct json *ad = context_with(data, body, "externalAdReply");
	struct str id = json_get_str(quote, "stanzaId");
	if (id.n > 0 && id.n <= EVOLUTION_KEY_MAX && m->context_id.p == NULL) {
		m->context_id = evolution_keep(d, id);
		m->context_from = evolution_keep_address(
			d, evolution_jid(json_get_str(quote, "participant")));
	}
	m->frequently_forwarded =
		evolution_long_or(json_get(score, "forwardingScore"), 0) >= FORWARDED_OFTEN;
	m->forwarded = m->frequently_forwarded ||
		       json_get_bool(context_with(data, body, "isForwarded"), "isForwarded", false);
	if (json_kind(json_get(ad, "externalAdReply")) == JSON_OBJECT)
		read_referral(d, json_get(ad, "externalAdReply"), m);
}

/* content_json has the context and the ad beside the body's own members (README.md of this folder). */
static void write_beside(struct evo *d, struct wa_message *m)
{
	struct json *content AUTO(json_freep) = NULL;
	struct jsonw w;
	if (m->context_id.p == NULL && !m->forwarded && !m->has_referral)
		return;
	if (m->content.p != NULL && json_parse(m->content, &content, NULL) != RC_OK)
		return; /* ours: only without memory */
	sbuf_reset(&d->scratch);
	jsonw_init(&w, &d->scratch);
	jsonw_object(&w);
	for (const struct json *c = json_first(content); c != NULL; c = json_next(c)) {
		sbuf_reset(&d->part);
		json_print(c, &d->part);
		d->full |= !sbuf_ok(&d->part);
		jsonw_kraw(&w, json_key(c).p, sbuf_view(&d->part));
	}
	if (m->context_id.p != NULL || m->forwarded) {
		jsonw_kobject(&w, "context");
		if (m->context_id.p != NULL)
			jsonw_kstr(&w, "id", m->context_id);
		if (m->context_from.p != NULL)
			jsonw_kstr(&w, "from", m->context_from);
		if (m->forwarded)
			jsonw_kbool(&w,
				    m->frequently_forwarded ? "frequently_forwarded" : "forwarded",
				    true);
		jsonw_end(&w);
	}
	if (m->has_referral)
		jsonw_kraw(&w, "referral", m->referral);
	jsonw_end(&w);
	d->full |= !sbuf_ok(&d->scratch);
	m->content = evolution_keep(d, sbuf_view(&d->scratch));
}

/* ---- edits and revokes ---- */

/* "<target>:revoke" or "<target>:edit:<ms>": an act has no id of its own in some events, and the same act
 * comes by two events. */
static void set_act(struct evo *d, struct wa_message *m, enum wa_act act, struct str target)
{
	char id[WA_ID_MAX + 1];
	m->act = act;
	m->target_id = evolution_keep(d, target);
	if (act == WA_ACT_EDIT)
		(void)snprintf(id, sizeof id, "%.*s:edit:%lld", STRF(target),
			       (long long)m->timestamp_ms);
	else
		(void)snprintf(id, sizeof id, "%.*s:revoke", STRF(target));
	m->id = evolution_keep(d, str_of(id));
}

static bool protocol_is(const struct json *type, int64_t number, const char *name)
{
	int64_t v;
	if (json_kind(type) == JSON_TEXT && str_eqc(json_str(type), name))
		return true;
	return evolution_long(type, &v) && v == number;
}

static void content_of_act(struct evo *d, struct wa_message *m, const struct wa_message *inner)
{
	struct jsonw w;
	sbuf_reset(&d->scratch);
	jsonw_init(&w, &d->scratch);
	jsonw_object(&w);
	jsonw_kstr(&w, "original_message_id", m->target_id);
	if (inner != NULL) {
		jsonw_kobject(&w, "message");
		jsonw_kstr(&w, "type", inner->type);
		if (str_eqc(inner->type, "text")) {
			jsonw_kobject(&w, "text");
			jsonw_kstr(&w, "body", inner->text);
			jsonw_end(&w);
		} else {
			jsonw_kraw(&w, inner->type.p, inner->content);
		}
		jsonw_end(&w);
	}
	jsonw_end(&w);
	d->full |= !sbuf_ok(&d->scratch);
	m->content = evolution_keep(d, sbuf_view(&d->scratch));
}

/* "[edit] new words", as wa_line.h has it. */
static void line_of_edit(struct evo *d, struct wa_message *m)
{
	struct json *content AUTO(json_freep) = NULL;
	if (d->full || json_parse(m->content, &content, NULL) != RC_OK)
		return; /* ours: only without memory */
	sbuf_reset(&d->scratch);
	wa_line(&d->scratch, m->type, content);
	d->full |= !sbuf_ok(&d->scratch);
	m->text = evolution_keep(d, sbuf_view(&d->scratch));
}

void evolution_revoke(struct evo *d, struct wa_message *m, struct str target)
{
	set_act(d, m, WA_ACT_REVOKE, target);
	m->type = STR("revoke");
	m->text = STR("[deleted]");
	content_of_act(d, m, NULL);
}

/* The new text of the edited message; of media it is the caption. */
static enum evo_read read_edit(struct evo *d, const struct json *protocol, struct wa_message *m,
			       struct str target)
{
	struct wa_message inner = { 0 };
	const struct json *body = evolution_unwrap(json_get(protocol, "editedMessage"));
	const struct json *deeper = json_path(body, "message");
	const char *why;
	int64_t at = evolution_time_ms(json_get(protocol, "timestampMs"));
	if (json_kind(deeper) == JSON_OBJECT)
		body = evolution_unwrap(deeper);
	if (json_kind(json_get(body, "protocolMessage")) == JSON_OBJECT ||
	    evolution_body_read(d, body, &inner, &why) != EVO_MESSAGE)
		return EVO_KEPT;
	if (at > 0)
		m->timestamp_ms = at;
	set_act(d, m, WA_ACT_EDIT, target);
	m->type = STR("edit");
	m->text = STR("[edit]");
	m->act_text = inner.text;
	m->act_content = inner.content;
	content_of_act(d, m, &inner);
	line_of_edit(d, m);
	return EVO_MESSAGE;
}

enum evo_read evolution_protocol_read(struct evo *d, const struct json *protocol,
				      struct wa_message *m, const char **ret_why)
{
	const struct json *type = json_get(protocol, "type");
	struct str target = json_str(json_path(protocol, "key.id"));
	bool edited = json_kind(json_get(protocol, "editedMessage")) == JSON_OBJECT;
	/* proto3 leaves a zero out: no type at all is a revoke, but only with a target and nothing else */
	bool bare = type == NULL && !edited && json_count(protocol) <= 2;
	bool revoke = protocol_is(type, PROTOCOL_REVOKE, "REVOKE") || bare;
	bool edit = protocol_is(type, PROTOCOL_EDIT, "MESSAGE_EDIT") && edited;
	if (!edit && !revoke)
		return EVO_KEPT; /* ephemeral settings, key shares, history sync */
	if (target.n == 0 || target.n > EVOLUTION_KEY_MAX) {
		*ret_why = "an edit or revoke without a usable target";
		return EVO_BAD;
	}
	if (edit)
		return read_edit(d, protocol, m, target);
	evolution_revoke(d, m, target);
	return EVO_MESSAGE;
}

/* ---- all of it ---- */

enum evo_read evolution_message_read(struct evo *d, const struct json *data, struct wa_message *m,
				     const char **ret_why)
{
	const struct json *key = json_get(data, "key");
	const struct json *body = json_get(data, "message");
	struct str id = json_get_str(key, "id");
	enum evo_read read;
	*ret_why = NULL;
	if (json_kind(data) != JSON_OBJECT || id.n == 0 || id.n > EVOLUTION_KEY_MAX) {
		*ret_why = "a message without a usable id";
		return EVO_BAD;
	}
	read = evolution_people_read(d, key, data, m, ret_why);
	if (read != EVO_MESSAGE)
		return read;
	/* A stub ("Message absent from node", "Bad MAC"): the real one may come later with this id. */
	if (json_kind(body) != JSON_OBJECT || json_count(body) == 0)
		return EVO_KEPT;
	m->id = evolution_keep(d, id);
	m->timestamp_ms = evolution_time_ms(json_get(data, "messageTimestamp"));
	if (!m->from_me) /* own messages say "Você" */
		m->profile_name = evolution_word(d, data, "pushName");
	read = evolution_body_read(d, body, m, ret_why);
	if (read != EVO_MESSAGE)
		return read;
	read_context(d, data, evolution_unwrap(body), m);
	if (m->act != WA_ACT_EDIT && m->act != WA_ACT_REVOKE)
		write_beside(d, m);
	if (m->from_me)
		evolution_rank(json_get(data, "status"), m);
	return read;
}
