/* evolution_id.c - addresses and message ids of Evolution. Promises: evolution_id.h. No state; any thread. */
#include "peer/evolution/evolution_id.h"

#include "io/crypto.h"

#define PHONE_DIGITS_MIN 5u
#define PHONE_DIGITS_MAX 15u
#define LID_DIGITS_MAX   32u
#define GROUP_MAX        64u

static const struct server {
	const char *name;
	enum jid_kind kind;
} servers[] = {
	{ "s.whatsapp.net", JID_PHONE }, { "c.us", JID_PHONE },
	{ "hosted", JID_PHONE },         { "lid", JID_LID },
	{ "hosted.lid", JID_LID },       { "g.us", JID_GROUP },
};

static bool only_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static bool group_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-')
			return false;
	return s.n > 0 && s.n <= GROUP_MAX;
}

static bool user_fits(enum jid_kind kind, struct str user)
{
	switch (kind) {
	case JID_PHONE:
		return only_digits(user) && user.n >= PHONE_DIGITS_MIN &&
		       user.n <= PHONE_DIGITS_MAX;
	case JID_LID:
		return only_digits(user) && user.n <= LID_DIGITS_MAX;
	case JID_GROUP:
		return group_name(user);
	case JID_OTHER:
		return true;
	case JID_NONE:
		return false;
	}
	BUG("not a kind of JID");
}

struct jid evolution_jid(struct str text)
{
	struct jid j = { JID_OTHER, STR_NONE };
	ptrdiff_t at = str_chr(text, '@');
	if (at <= 0)
		return (struct jid){ JID_NONE, STR_NONE };
	struct str server = str_sub(text, (size_t)at + 1, text.n);
	j.user = str_sub(text, 0, (size_t)at);
	for (size_t i = 0; i < COUNT(servers); i++)
		if (str_eqc(server, servers[i].name))
			j.kind = servers[i].kind;
	if (j.kind == JID_PHONE || j.kind == JID_LID) { /* user_agent:device */
		ptrdiff_t device = str_chr(j.user, ':');
		if (device >= 0)
			j.user = str_sub(j.user, 0, (size_t)device);
		ptrdiff_t agent = str_chr(j.user, '_');
		if (agent >= 0)
			j.user = str_sub(j.user, 0, (size_t)agent);
	}
	if (!user_fits(j.kind, j.user))
		return (struct jid){ JID_NONE, STR_NONE };
	return j;
}

void evolution_address(struct jid j, char ret_text[WA_ADDRESS_MAX + 1])
{
	const char *server = "";
	ret_text[0] = '\0';
	if (j.kind == JID_NONE || j.kind == JID_OTHER)
		return;
	if (j.kind == JID_LID)
		server = "@lid";
	if (j.kind == JID_GROUP)
		server = "@g.us";
	(void)snprintf(ret_text, WA_ADDRESS_MAX + 1, "%.*s%s", STRF(j.user), server);
}

bool evolution_number(struct str address, char ret_text[WA_ADDRESS_MAX + 1])
{
	if (str_chr(address, '@') > 0) {
		struct jid j = evolution_jid(address);
		return (j.kind == JID_LID || j.kind == JID_GROUP) &&
		       str_copy(address, ret_text, WA_ADDRESS_MAX + 1);
	}
	if (str_starts(address, STR("+")))
		address = str_sub(address, 1, address.n);
	if (!user_fits(JID_PHONE, address))
		return false;
	(void)snprintf(ret_text, WA_ADDRESS_MAX + 1, "%.*s@s.whatsapp.net", STRF(address));
	return true;
}

bool evolution_id_make(const char *slug, struct str key, char ret_text[WA_ID_MAX + 1])
{
	if (key.n == 0 || key.n > EVOLUTION_KEY_MAX || strlen(slug) + 1 + key.n > WA_ID_MAX)
		return false;
	(void)snprintf(ret_text, WA_ID_MAX + 1, "%s:%.*s", slug, STRF(key));
	return true;
}

struct str evolution_id_key(struct str id)
{
	ptrdiff_t colon = str_chr(id, ':');
	return colon < 0 ? id : str_sub(id, (size_t)colon + 1, id.n);
}

void evolution_own_key(struct str our_id, char ret_text[EVOLUTION_OWN_KEY_MAX])
{
	char hex[2 * SHA256_BYTES + 1];
	crypto_sha256_hex(our_id, hex);
	/* "3EB0" is what WhatsApp Web's own ids begin with */
	(void)snprintf(ret_text, EVOLUTION_OWN_KEY_MAX, "3EB0%.28s", hex);
	for (size_t i = 0; ret_text[i] != '\0'; i++)
		if (ret_text[i] >= 'a' && ret_text[i] <= 'f')
			ret_text[i] = (char)(ret_text[i] - 'a' + 'A');
}
