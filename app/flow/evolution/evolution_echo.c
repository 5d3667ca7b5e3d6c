/* evolution_echo.c - own messages that come back by webhook: ours, or written elsewhere? (R19)
 *
 * Evolution tells of each send through its API as send.message (some versions as messages.upsert), before or after the 201
 * that names its key. So an echo with an unknown key is
 *   of a send that is under way in this conversation: looked at again a moment later, when the answer has named the key;
 *   of a send in doubt (also when a person gave it up and the copy waits: that stops then), when it bears our own key
 *   (2.4) or says the same: settles it, as the last of its tries;
 *   else written on the phone, by another program or by Evolution's own bots: a message of its own. */
#include "base/ids.h"
#include "flow/evolution/evolution.h"
#include "peer/evolution/evolution_id.h"
#include "store/message/message_doubt.h"

#define ECHO_AGAIN_MS (2 * SECOND_MS)
#define ECHO_SKEW_MS  (2 * MINUTE_MS) /* WhatsApp's clock against ours */

struct echo {
	const struct wa_message *in;
	struct str key;
	bool under_way, by_key;
	int64_t id, created_at, leaves; /* of the send that it is; id 0: none */
};

static bool same_key(const struct message_open *m, struct str key)
{
	char id[ID_TEXT_MAX], own[EVOLUTION_OWN_KEY_MAX];

	id_text(m->created_at, m->id, id);
	evolution_own_key(str_of(id), own);
	return str_eqc(key, own);
}

/* Words are what a text is; of a file or a menu only the API's own echo tells enough. */
static bool same_words(const struct message_open *m, const struct wa_message *in)
{
	if (in->timestamp_ms > 0 && in->timestamp_ms < m->created_at - ECHO_SKEW_MS)
		return false;
	return str_eq(m->type, in->type) && str_eq(m->content, in->text) &&
	       (in->api_send || str_eqc(in->type, "text"));
}

static void is_it(struct echo *k, const struct message_open *m)
{
	k->id = m->id;
	k->created_at = m->created_at;
	k->leaves = m->leaves;
}

static enum rc look(void *arg, const struct message_open *m, struct err *e)
{
	struct echo *k = arg;

	(void)e;
	if (same_key(m, k->key)) {
		is_it(k, m);
		k->by_key = true;
		return RC_ABSENT; /* found: no more */
	}
	if (m->sending)
		k->under_way = true;
	else if (k->id == 0 && same_words(m, k->in))
		is_it(k, m);
	return RC_OK;
}

/* As a status that bears our own id: it settles the send and gives it its key. */
static enum rc settle(struct tx *tx, struct parsed *p, const struct wa_item *item,
		      const struct echo *k, struct err *e)
{
	char id[ID_TEXT_MAX], tag[ID_TEXT_MAX + 24];
	struct wa_status st = { .id = item->message->id,
				.word = STR("accepted"),
				.rank = WA_RANK_ACCEPTED,
				.known = true,
				.timestamp_ms = item->message->timestamp_ms };
	struct wa_item as_status = { .kind = WA_STATUS,
				     .field = item->field,
				     .phone_number_id = item->phone_number_id,
				     .status = &st };

	id_text(k->created_at, k->id, id);
	(void)snprintf(tag, sizeof(tag), "%s-%lld", id, (long long)k->leaves);
	st.tag = str_of(tag);
	TRY(ingest_status(tx, p, &as_status, e));
	return evolution_ack_want(tx, ingest_channel(p, item), k->id, e);
}

enum rc evolution_echo(struct tx *tx, struct parsed *p, const struct wa_item *item,
		       int64_t conversation_id, bool *ret_ours, struct err *e)
{
	const struct wa_message *in = item->message;
	struct echo k = { .in = in, .key = evolution_id_key(in->id) };
	int64_t known;
	enum rc rc = message_by_meta(tx->db, in->id, &known, e);

	*ret_ours = false;
	if (rc != RC_ABSENT)
		return rc; /* known: the ordinary way finds the duplicate */
	err_clear(e);
	if (in->history || in->act == WA_ACT_EDIT || in->act == WA_ACT_REVOKE)
		return RC_OK;
	TRY(message_open_each(tx->db, conversation_id, look, &k, e));
	if (k.id == 0 && !k.under_way)
		return RC_OK;
	*ret_ours = true;
	if (k.under_way && !k.by_key) { /* may be that one, whatever else says the same */
		p->defer_ms = ECHO_AGAIN_MS;
		return RC_OK;
	}
	return settle(tx, p, item, &k, e);
}
