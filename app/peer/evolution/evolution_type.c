/* evolution_type.c - the types of messages (3.6): what each is in the neutral model, member by member. No
 * state; any thread. */
#include "base/limits.h"
#include "peer/evolution/evolution_priv.h"
#include "peer/evolution/evolution_value.h"

#define LIST_MAX 100 /* contacts or options that are read of one message */

#define PICTURE                                                                   \
	{ "mimetype", "mime_type", F_TEXT }, { "caption", "caption", F_TEXT },    \
		{ "width", "width", F_NUMBER }, { "height", "height", F_NUMBER }, \
	{                                                                         \
		"viewOnce", "view_once", F_BOOL                                   \
	}
#define PLACE                                                                              \
	{ "degreesLatitude", "latitude", F_NUMBER },                                       \
		{ "degreesLongitude", "longitude", F_NUMBER }, { "name", "name", F_TEXT }, \
		{ "address", "address", F_TEXT },                                          \
	{                                                                                  \
		"url", "url", F_TEXT                                                       \
	}

static void write_contact(struct evo *d, const struct json *n, struct wa_message *m,
			  struct jsonw *w);
static void write_contacts(struct evo *d, const struct json *n, struct wa_message *m,
			   struct jsonw *w);
static void write_reaction(struct evo *d, const struct json *n, struct wa_message *m,
			   struct jsonw *w);
static void write_pressed(struct evo *d, const struct json *n, struct wa_message *m,
			  struct jsonw *w);
static void write_chosen(struct evo *d, const struct json *n, struct wa_message *m,
			 struct jsonw *w);
static void write_flow(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w);
static void write_options(struct evo *d, const struct json *n, struct wa_message *m,
			  struct jsonw *w);
static void write_vote(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w);
static void write_live(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w);
static void write_asked(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w);

/* A real message comes before what may stand beside it, so the order of the rows counts. */
static const struct evo_row rows[] = {
	{ "imageMessage", "image", true, { PICTURE }, NULL },
	{ "videoMessage",
	  "video",
	  true,
	  { PICTURE, { "seconds", "seconds", F_NUMBER }, { "gifPlayback", "gif", F_BOOL } },
	  NULL },
	{ "ptvMessage", "video", true, { PICTURE, { "seconds", "seconds", F_NUMBER } }, NULL },
	{ "audioMessage",
	  "audio",
	  true,
	  { { "mimetype", "mime_type", F_TEXT },
	    { "ptt", "voice", F_BOOL },
	    { "seconds", "seconds", F_NUMBER } },
	  NULL },
	{ "documentMessage",
	  "document",
	  true,
	  { { "mimetype", "mime_type", F_TEXT },
	    { "fileName", "filename", F_TEXT },
	    { "title", "title", F_TEXT },
	    { "caption", "caption", F_TEXT },
	    { "pageCount", "pages", F_NUMBER } },
	  NULL },
	{ "stickerMessage",
	  "sticker",
	  true,
	  { { "mimetype", "mime_type", F_TEXT }, { "isAnimated", "animated", F_BOOL } },
	  NULL },
	{ "locationMessage", "location", false, { PLACE }, NULL },
	{ "liveLocationMessage",
	  "location",
	  false,
	  { PLACE, { "caption", "caption", F_TEXT } },
	  write_live },
	{ "contactMessage", "contacts", false, { { 0 } }, write_contact },
	{ "contactsArrayMessage", "contacts", false, { { 0 } }, write_contacts },
	{ "reactionMessage", "reaction", false, { { 0 } }, write_reaction },
	{ "buttonsResponseMessage", "interactive", false, { { 0 } }, write_pressed },
	{ "templateButtonReplyMessage",
	  "button",
	  false,
	  { { "selectedId", "payload", F_TEXT }, { "selectedDisplayText", "text", F_TEXT } },
	  NULL },
	{ "listResponseMessage", "interactive", false, { { 0 } }, write_chosen },
	{ "interactiveResponseMessage", "interactive", false, { { 0 } }, write_flow },
	{ "pollCreationMessage", "poll", false, { { "name", "name", F_TEXT } }, write_options },
	{ "pollCreationMessageV2", "poll", false, { { "name", "name", F_TEXT } }, write_options },
	{ "pollCreationMessageV3", "poll", false, { { "name", "name", F_TEXT } }, write_options },
	{ "pollUpdateMessage", "poll_vote", false, { { 0 } }, write_vote },
	{ "orderMessage",
	  "order",
	  false,
	  { { "orderId", "order_id", F_TEXT },
	    { "message", "text", F_TEXT },
	    { "orderTitle", "title", F_TEXT },
	    { "itemCount", "item_count", F_NUMBER },
	    { "totalAmount1000", "total_1000", F_NUMBER },
	    { "totalCurrencyCode", "currency", F_TEXT } },
	  NULL },
	{ "productMessage",
	  "product",
	  false,
	  { { "product.productId", "product_retailer_id", F_TEXT },
	    { "product.title", "title", F_TEXT },
	    { "product.description", "description", F_TEXT },
	    { "product.currencyCode", "currency", F_TEXT },
	    { "product.priceAmount1000", "price_1000", F_NUMBER } },
	  NULL },
	{ "groupInviteMessage",
	  "group_invite",
	  false,
	  { { "groupJid", "group_id", F_TEXT },
	    { "groupName", "name", F_TEXT },
	    { "caption", "caption", F_TEXT } },
	  NULL },
	/* what a business asks (own sends, other businesses) */
	{ "buttonsMessage", "interactive", false, { { 0 } }, write_asked },
	{ "listMessage", "interactive", false, { { 0 } }, write_asked },
	{ "interactiveMessage", "interactive", false, { { 0 } }, write_asked },
	{ "templateMessage",
	  "template",
	  false,
	  { { "hydratedTemplate.hydratedContentText", "text", F_TEXT },
	    { "templateId", "template_id", F_TEXT } },
	  NULL },
	/* Evolution's own word in its Cloud-API instances */
	{ "buttonMessage",
	  "button",
	  false,
	  { { "payload", "payload", F_TEXT }, { "text", "text", F_TEXT } },
	  NULL },
};

/* Stand beside the message and are none. */
static const char *const beside[] = {
	"messageContextInfo",
	"contextInfo",
	"senderKeyDistributionMessage",
	"base64",
	"mediaUrl",
	"speechToText",
	"chatwootMessageId",
	"chatwootInboxId",
	"chatwootConversationId",
	"chatwootIsRead",
	"fastRatchetKeySenderKeyDistributionMessage",
};

bool evolution_is_beside(struct str key)
{
	for (size_t i = 0; i < COUNT(beside); i++)
		if (str_eqc(key, beside[i]))
			return true;
	return false;
}

/* ---- what a table cannot say ---- */

/* value of "waid=" and the number of a TEL line of a vCard: "item1.TEL;type=CELL;waid=55119:+55 11 9" */
static void write_phone(struct jsonw *w, struct str line)
{
	ptrdiff_t colon = str_chr(line, ':'), at = str_find(line, STR("waid="));
	if (colon < 0)
		return;
	jsonw_object(w);
	jsonw_kstr(w, "phone", str_trim(str_sub(line, (size_t)colon + 1, line.n)));
	if (at >= 0 && at < colon) {
		struct str id = str_sub(line, (size_t)at + 5, (size_t)(colon - at) - 5), part;
		if (str_cut(&id, ';', &part))
			jsonw_kstr(w, "wa_id", part);
	}
	jsonw_end(w);
}

static bool is_tel(struct str line)
{
	ptrdiff_t at = str_find(line, STR("TEL"));
	return at == 0 || (at > 0 && line.p[at - 1] == '.' && at < str_chr(line, ':'));
}

static void write_card(const struct json *n, struct jsonw *w)
{
	struct str vcard = json_get_str(n, "vcard"), line;
	int phones = 0;
	jsonw_object(w);
	jsonw_kobject(w, "name");
	jsonw_kstr(w, "formatted_name", json_get_str(n, "displayName"));
	jsonw_end(w);
	jsonw_karray(w, "phones");
	for (struct str rest = vcard; phones < LIST_MAX && str_cut(&rest, '\n', &line);) {
		if (!is_tel(line))
			continue;
		write_phone(w, line);
		phones++;
	}
	jsonw_end(w);
	jsonw_end(w);
}

static void write_contact(struct evo *d, const struct json *n, struct wa_message *m,
			  struct jsonw *w)
{
	(void)d; /* same signature for all */
	(void)m;
	jsonw_karray(w, "contacts");
	write_card(n, w);
	jsonw_end(w);
}

static void write_contacts(struct evo *d, const struct json *n, struct wa_message *m,
			   struct jsonw *w)
{
	const struct json *list = json_get(n, "contacts");
	int count = 0;
	(void)d;
	(void)m;
	jsonw_karray(w, "contacts");
	for (const struct json *c = json_kind(list) == JSON_ARRAY ? json_first(list) : NULL;
	     c != NULL && count < LIST_MAX; c = json_next(c), count++)
		write_card(c, w);
	jsonw_end(w);
}

void evolution_set_reaction(struct evo *d, struct wa_message *m, struct str target,
			    struct str emoji, struct jsonw *w)
{
	m->act = target.n > 0 ? WA_ACT_REACTION : WA_ACT_NONE;
	m->target_id = evolution_keep(d, target);
	m->act_text = emoji.n > 0 ? evolution_keep(d, emoji) : STR("");
	jsonw_kstr(w, "message_id", target);
	if (emoji.n > 0) /* Meta leaves it out when the reaction is taken back */
		jsonw_kstr(w, "emoji", emoji);
}

static void write_reaction(struct evo *d, const struct json *n, struct wa_message *m,
			   struct jsonw *w)
{
	struct str target = json_str(json_path(n, "key.id"));
	if (target.n > EVOLUTION_KEY_MAX)
		target = STR_NONE;
	evolution_set_reaction(d, m, target, json_get_str(n, "text"), w);
}

static void write_reply(struct jsonw *w, const char *kind, struct str id, struct str title)
{
	jsonw_ktext(w, "type", kind);
	jsonw_kobject(w, kind);
	jsonw_kstr(w, "id", id);
	jsonw_kstr(w, "title", title);
}

static void write_pressed(struct evo *d, const struct json *n, struct wa_message *m,
			  struct jsonw *w)
{
	(void)d;
	(void)m;
	write_reply(w, "button_reply", json_get_str(n, "selectedButtonId"),
		    json_get_str(n, "selectedDisplayText"));
	jsonw_end(w);
}

static void write_chosen(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w)
{
	struct str description = json_get_str(n, "description");
	(void)d;
	(void)m;
	write_reply(w, "list_reply", json_str(json_path(n, "singleSelectReply.selectedRowId")),
		    json_get_str(n, "title"));
	if (description.n > 0)
		jsonw_kstr(w, "description", description);
	jsonw_end(w);
}

/* A pressed quick reply says its id inside the parameters; a finished form is a flow's answer. */
static void write_flow(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w)
{
	struct json *params AUTO(json_freep) = NULL;
	struct str text = json_str(json_path(n, "nativeFlowResponseMessage.paramsJson"));
	struct str id = STR_NONE, title = json_str(json_path(n, "body.text"));
	(void)d;
	(void)m;
	if (text.n > 0 && json_parse(text, &params, NULL) == RC_OK)
		id = json_get_str(params, "id");
	if (id.n > 0) {
		struct str shown = json_get_str(params, "display_text");
		write_reply(w, "button_reply", id, shown.n > 0 ? shown : title);
		jsonw_end(w);
		return;
	}
	jsonw_ktext(w, "type", "nfm_reply");
	jsonw_kobject(w, "nfm_reply");
	jsonw_kstr(w, "name", json_str(json_path(n, "nativeFlowResponseMessage.name")));
	jsonw_kstr(w, "body", title);
	jsonw_kstr(w, "response_json", text);
	jsonw_end(w);
}

static void write_options(struct evo *d, const struct json *n, struct wa_message *m,
			  struct jsonw *w)
{
	const struct json *list = json_get(n, "options");
	int count = 0;
	(void)d;
	(void)m;
	jsonw_karray(w, "options");
	for (const struct json *c = json_kind(list) == JSON_ARRAY ? json_first(list) : NULL;
	     c != NULL && count < LIST_MAX; c = json_next(c), count++) {
		jsonw_object(w);
		jsonw_kstr(w, "title", json_get_str(c, "optionName"));
		jsonw_end(w);
	}
	jsonw_end(w);
	jsonw_ki64(w, "selectable_count",
		   evolution_long_or(json_get(n, "selectableOptionsCount"), 0));
}

/* An encrypted vote has no options that we could read; then the list is empty. */
static void write_vote(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w)
{
	const struct json *list = json_path(n, "vote.selectedOptions");
	struct str poll = json_str(json_path(n, "pollCreationMessageKey.id"));
	int count = 0;
	if (poll.n > 0 && poll.n <= EVOLUTION_KEY_MAX) {
		m->context_id = evolution_keep(d, poll);
		jsonw_kstr(w, "poll_id", poll);
	}
	jsonw_karray(w, "options");
	for (const struct json *c = json_kind(list) == JSON_ARRAY ? json_first(list) : NULL;
	     c != NULL && count < LIST_MAX; c = json_next(c), count++)
		if (json_kind(c) == JSON_TEXT)
			jsonw_str(w, json_str(c));
	jsonw_end(w);
	if (json_str(json_path(list, "0")).n > 0)
		jsonw_kstr(w, "text", json_str(json_path(list, "0")));
}

static void write_live(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w)
{
	(void)d;
	(void)n;
	(void)m;
	jsonw_kbool(w, "live", true);
}

static void write_asked(struct evo *d, const struct json *n, struct wa_message *m, struct jsonw *w)
{
	static const char *const texts[] = { "contentText", "description", "body.text" };
	struct str text = STR_NONE;
	(void)d;
	(void)m;
	for (size_t i = 0; i < COUNT(texts) && text.n == 0; i++)
		text = json_str(json_path(n, texts[i]));
	jsonw_ktext(w, "type", json_get(n, "sections") != NULL ? "list" : "button");
	jsonw_kobject(w, "body");
	jsonw_kstr(w, "text", text);
	jsonw_end(w);
}

const struct evo_row *evolution_row_at(size_t i)
{
	return i < COUNT(rows) ? &rows[i] : NULL;
}
