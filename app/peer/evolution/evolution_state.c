/* evolution_state.c - what Evolution tells of states: of own messages, of the pairing. No state of its own;
 * any thread. */
#include "base/limits.h"
#include "base/reason.h"
#include "peer/evolution/evolution_priv.h"
#include "peer/evolution/evolution_value.h"

/* ---- statuses ---- */

static const struct status_word {
	const char *name;
	int64_t number;
	const char *word;
} status_words[] = {
	{ "ERROR", 0, "failed" },    { "PENDING", 1, "pending" },
	{ "SERVER_ACK", 2, "sent" }, { "DELIVERY_ACK", 3, "delivered" },
	{ "READ", 4, "read" },       { "PLAYED", 5, "played" },
};

static struct str status_word(struct evo *d, const struct json *n)
{
	int64_t number;
	if (json_kind(n) == JSON_TEXT) {
		for (size_t i = 0; i < COUNT(status_words); i++)
			if (str_eqc(json_str(n), status_words[i].name))
				return str_of(status_words[i].word);
	}
	if (evolution_long(n, &number)) {
		for (size_t i = 0; i < COUNT(status_words); i++)
			if (number == status_words[i].number)
				return str_of(status_words[i].word);
	}
	return json_kind(n) == JSON_TEXT ? evolution_keep(d, json_str(n)) : evolution_raw(d, n);
}

static void fill_status(struct evo *d, const struct json *chat, const struct json *n,
			struct wa_status *s)
{
	struct jid to = evolution_jid(json_str(chat));
	s->word = status_word(d, n);
	s->rank = wa_rank_parse(s->word);
	s->failed = str_eqc(s->word, "failed");
	s->known = s->failed || s->rank != WA_RANK_NONE;
	if (to.kind == JID_GROUP)
		s->recipient_type = STR("group");
	else
		s->recipient_id = evolution_keep_address(d, to);
	if (s->failed)
		s->error.title = STR("ERROR");
}

/* keyId is WhatsApp's id; messageId is a row number of Evolution's database and means nothing here. */
void evolution_read_update(struct evo *d, const struct json *data)
{
	struct wa_status s = { .timestamp_ms = 0 };
	const struct json *key = json_get(data, "key");
	const struct json *status = json_get(data, "status");
	const struct json *chat = json_get(data, "remoteJid");
	struct str id = json_get_str(data, "keyId");
	if (status == NULL)
		status = json_path(data, "update.status");
	if (chat == NULL)
		chat = json_get(key, "remoteJid");
	if (id.n == 0)
		id = json_get_str(key, "id");
	if (status == NULL || json_kind(status) == JSON_NULL ||
	    (json_kind(status) == JSON_TEXT && json_str(status).n == 0) ||
	    !json_get_bool(data, "fromMe", json_get_bool(key, "fromMe", true))) {
		evolution_add_kept(d, data); /* poll votes; that we read a customer's message */
		return;
	}
	if (id.n == 0 || id.n > EVOLUTION_KEY_MAX) {
		evolution_add_unreadable(d, data, reason_en(REASON_NOTE_KEY));
		return;
	}
	s.id = evolution_keep(d, id);
	fill_status(d, chat, status, &s);
	if (!d->full)
		evolution_add_status(d, data, &s);
}

void evolution_read_updates(struct evo *d, const struct json *data)
{
	const struct json *list = json_get(data, "MessageUpdate");
	const struct json *key = json_get(data, "key");
	for (const struct json *c = json_kind(list) == JSON_ARRAY ? json_first(list) : NULL;
	     c != NULL && !d->full; c = json_next(c)) {
		struct wa_status s = { .id = evolution_keep(d, json_get_str(key, "id")) };
		fill_status(d, json_get(key, "remoteJid"), json_get(c, "status"), &s);
		if (s.known && !d->full)
			evolution_add_status(d, c, &s);
	}
}

/* Baileys, groups: who of the members has got or read it. */
void evolution_read_receipt(struct evo *d, const struct json *data)
{
	static const struct {
		const char *key, *word;
	} steps[] = {
		{ "receiptTimestamp", "delivered" },
		{ "readTimestamp", "read" },
		{ "playedTimestamp", "played" },
	};
	const struct json *key = json_get(data, "key"), *receipt = json_get(data, "receipt");
	struct str id = json_get_str(key, "id");
	if (id.n == 0 || id.n > EVOLUTION_KEY_MAX || !json_get_bool(key, "fromMe", true)) {
		evolution_add_kept(d, data);
		return;
	}
	for (size_t i = 0; i < COUNT(steps) && !d->full; i++) {
		struct wa_status s = { .known = true };
		s.timestamp_ms = evolution_time_ms(json_get(receipt, steps[i].key));
		if (s.timestamp_ms == 0)
			continue;
		s.id = evolution_keep(d, id);
		s.word = str_of(steps[i].word);
		s.rank = wa_rank_parse(s.word);
		s.recipient_type = STR("group");
		s.recipient_participant_id =
			evolution_keep_address(d, evolution_jid(json_get_str(receipt, "userJid")));
		evolution_add_status(d, data, &s);
	}
}

/* Of an own message that Totem did not send, or an old one: how far it had come. */
void evolution_rank(const struct json *status, struct wa_message *m)
{
	for (size_t i = 0; i < COUNT(status_words); i++) {
		int64_t number;
		bool same = str_eqc(json_str(status), status_words[i].name) ||
			    (evolution_long(status, &number) && number == status_words[i].number);
		if (!same)
			continue;
		m->rank = wa_rank_parse(str_of(status_words[i].word));
		m->failed = m->rank == WA_RANK_NONE;
	}
}

/* ---- the pairing ---- */

#define REASON_LOGGED_OUT 401 /* WhatsApp took the device off the list: only a new QR code helps */

static void add_state(struct evo *d, struct str word, struct wa_link *l)
{
	struct wa_event ev = { .about = WA_ABOUT_CONNECTION, .word = word };
	if (str_eqc(word, "open"))
		ev.gravity = WA_GRAVITY_GOOD;
	else if (str_eqc(word, "connecting"))
		ev.gravity = WA_GRAVITY_NOTE;
	else
		ev.gravity = WA_GRAVITY_ALARM;
	if (ev.gravity == WA_GRAVITY_ALARM)
		ev.detail = l->reason == REASON_LOGGED_OUT
				    ? STR("The phone unlinked this device: connect again with a QR "
					  "code.")
				    : STR("The number is not connected to WhatsApp.");
	if (l->qr.p != NULL)
		ev.detail = STR("A QR code waits to be scanned.");
	ev.subject = l->number;
	evolution_add_link(d, &ev, l);
}

void evolution_read_connection(struct evo *d, const struct json *data)
{
	struct wa_link l = { .reason = evolution_long_or(json_get(data, "statusReason"), 0) };
	struct str state = evolution_word(d, data, "state");
	if (state.p == NULL)
		state = evolution_word(d, data, "connection"); /* Baileys' own name */
	l.number = evolution_keep_address(d, evolution_jid(json_get_str(data, "wuid")));
	if (state.p == NULL)
		evolution_add_kept(d, data);
	else
		add_state(d, state, &l);
}

void evolution_read_qr(struct evo *d, const struct json *data)
{
	const struct json *qr = json_get(data, "qrcode");
	struct wa_link l = { .qr = evolution_word(d, qr, "code") };
	l.picture = evolution_word(d, qr, "base64");
	l.pairing = evolution_word(d, qr, "pairingCode");
	l.reason = evolution_long_or(json_get(data, "statusCode"), 0);
	/* without a code: "QR code limit reached, please login again" */
	add_state(d, l.qr.p != NULL ? STR("connecting") : STR("close"), &l);
}

void evolution_read_closed(struct evo *d, const struct json *data)
{
	struct wa_link l = { .reason = evolution_long_or(json_get(data, "disconnectionReasonCode"),
							 0) };
	add_state(d, STR("close"), &l);
}
