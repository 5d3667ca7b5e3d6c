/* evolution_alias.c - pairs of phone and LID beside messages (3.7; Baileys' events in 4): the address book and the mapping.
 *
 *   {"lid": "...@lid", "pn": "...@s.whatsapp.net"}    {"id": "...@lid", "phoneNumber": "..."}    {"id": "...", "lid": "..."} */
#include "peer/evolution/evolution_id.h"
#include "peer/evolution/evolution_priv.h"

/* What of it is whose does not matter: a JID says itself what it is. */
static const char *const KEYS[] = { "lid", "pn", "id", "phoneNumber", "remoteJid", "remoteJidAlt" };

void evolution_read_aliases(struct evo *d, const struct json *n)
{
	struct jid phone = { JID_NONE, STR_NONE }, lid = { JID_NONE, STR_NONE };
	struct wa_person p = { .news = WA_NEWS_ALIAS };

	for (size_t i = 0; i < COUNT(KEYS); i++) {
		struct jid j = evolution_jid(json_get_str(n, KEYS[i]));

		if (j.kind == JID_PHONE && phone.kind == JID_NONE)
			phone = j;
		else if (j.kind == JID_LID && lid.kind == JID_NONE)
			lid = j;
	}
	if (phone.kind == JID_NONE || lid.kind == JID_NONE) {
		evolution_add_kept(d, n);
		return;
	}
	p.phone = evolution_keep_address(d, phone);
	p.lid = evolution_keep(d, lid.user);
	evolution_add_person(d, n, &p);
}
