/* evolution.c - the double of Evolution API in the simulator: takes sends, knows versions, states and messages. Webhooks
 * from it: `hook evolution EVENT {data}`. */
#include "base/clock.h"
#include "sim/sim.h"

#define MANY 400

static struct own {
	char key[WA_ID_MAX + 1], number[200], text[500];
} sends[MANY];
static size_t send_n;

/* What it has of customers: so many, one every so often. */
static struct {
	int64_t n, every_ms, since_ms, bytes;
} world;

void evolution_reset(void)
{
	send_n = 0;
	world.n = 0;
}

/* `evolution has N every T since TIME [bytes=B]` */
void step_evolution_has(const struct words *w)
{
	if (w->n < 7 || !str_i64(w->w[2], 0, 1000000, &world.n) ||
	    !clock_parse(w->w[6], &world.since_ms))
		fail("evolution has N every T since TIME [bytes=B]");
	world.every_ms = time_of(w->w[4]);
	world.bytes = 10;
	if (w->n > 7 && !str_i64(str_sub(w->w[7], 6, SIZE_MAX), 1, 1000000, &world.bytes))
		fail("bytes=B");
}

/* The i-th, counted from the newest that lies between the two times. */
static void tell_one(int64_t i, struct sbuf *body)
{
	char *room;

	sbuf_printf(body,
		    "{\"key\":{\"remoteJid\":\"55119%08lld@s.whatsapp.net\",\"fromMe\":false,"
		    "\"id\":\"W%lld\"},"
		    "\"messageType\":\"conversation\",\"message\":{\"conversation\":\"",
		    (long long)(i % 7), (long long)i);
	room = sbuf_room(body, (size_t)world.bytes);
	if (room != NULL) {
		memset(room, 'w', (size_t)world.bytes);
		sbuf_added(body, (size_t)world.bytes);
	}
	sbuf_printf(body, "\"},\"messageTimestamp\":%lld}",
		    (long long)((world.since_ms + i * world.every_ms) / 1000));
}

static void tell_world(const struct call_out *c, struct sbuf *body)
{
	int64_t from_ms, until_ms, page, size, first, last, pages;

	if (!clock_parse(json_str(json_path(c->json, "where.messageTimestamp.gte")), &from_ms) ||
	    !clock_parse(json_str(json_path(c->json, "where.messageTimestamp.lte")), &until_ms) ||
	    !json_get_i64(c->json, "page", &page) || !json_get_i64(c->json, "offset", &size) ||
	    page < 1 || size < 1)
		fail("findMessages without its times");
	first = from_ms <= world.since_ms
			? 0
			: (from_ms - world.since_ms + world.every_ms - 1) / world.every_ms;
	last = until_ms < world.since_ms
		       ? -1
		       : i64_min(world.n - 1, (until_ms - world.since_ms) / world.every_ms);
	pages = last < first ? 0 : (last - first + size) / size;
	sbuf_printf(body, "{\"messages\":{\"total\":%lld,\"pages\":%lld,\"records\":[",
		    (long long)(last - first + 1), (long long)pages);
	last -= (page - 1) * size;
	for (int64_t i = last; i >= first && i > last - size; i--) {
		sbuf_text(body, i < last ? "," : "");
		tell_one(i, body);
	}
	sbuf_text(body, "]}}");
}

static void put(char *to, size_t max, struct str s)
{
	if (!str_copy(str_sub(s, 0, max - 1), to, max))
		to[0] = '\0';
}

static void take_send(const struct call_out *c, struct sbuf *body)
{
	struct own *s = &sends[send_n];
	struct str key = json_get_str(c->json, "messageId");
	struct str text = json_get_str(c->json, "text");
	char made[40];

	if (send_n++ == MANY)
		fail("too many sends");
	(void)snprintf(made, sizeof(made), "EVO%zu", send_n);
	put(s->key, sizeof(s->key), key.n > 0 ? key : str_of(made));
	put(s->number, sizeof(s->number), json_get_str(c->json, "number"));
	put(s->text, sizeof(s->text), text);
	sbuf_printf(body,
		    "{\"key\":{\"remoteJid\":\"%s\",\"fromMe\":true,\"id\":\"%s\"},\"status\":"
		    "\"PENDING\",\"messageTimestamp\":%lld}",
		    s->number, s->key, (long long)(sim.now_ms / 1000));
}

static void tell_messages(const struct call_out *c, struct sbuf *body)
{
	struct str key = json_str(json_path(c->json, "where.key.id"));
	struct str chat = json_str(json_path(c->json, "where.key.remoteJid"));
	bool first = true;

	sbuf_text(body, "{\"messages\":{\"total\":1,\"pages\":1,\"currentPage\":1,\"records\":[");
	for (size_t i = send_n; i > 0; i--) {
		const struct own *s = &sends[i - 1];

		if ((key.n > 0 && !str_eqc(key, s->key)) ||
		    (chat.n > 0 && !str_eqc(chat, s->number)))
			continue;
		sbuf_printf(
			body,
			"%s{\"key\":{\"remoteJid\":\"%s\",\"fromMe\":true,\"id\":\"%s\"},"
			"\"messageType\":\"conversation\",\"message\":{\"conversation\":\"%s\"},"
			"\"messageTimestamp\":%lld}",
			first ? "" : ",", s->number, s->key, s->text,
			(long long)(sim.now_ms / 1000));
		first = false;
	}
	sbuf_text(body, "]}}");
}

bool evolution_answer(const struct call_out *c, int *ret_status, struct sbuf *body)
{
	*ret_status = 200;
	if (str_find(c->path, STR("/message/send")) >= 0) {
		*ret_status = 201;
		take_send(c, body);
	} else if (str_find(c->path, STR("/chat/findMessages")) >= 0) {
		if (world.n > 0 && json_path(c->json, "where.messageTimestamp") != NULL)
			tell_world(c, body);
		else
			tell_messages(c, body);
	} else if (str_find(c->path, STR("/instance/connectionState")) >= 0) {
		sbuf_text(body, "{\"instance\":{\"instanceName\":\"loja\",\"state\":\"open\"}}");
	} else if (str_find(c->path, STR("/instance/connect")) >= 0) {
		sbuf_text(body, "{\"pairingCode\":\"WZYE\",\"code\":\"2@abc\",\"base64\":"
				"\"data:image/png;base64,aGk=\"}");
	} else if (str_find(c->path, STR("/webhook/set")) >= 0 ||
		   str_find(c->path, STR("/chat/")) >= 0) {
		*ret_status = 201;
		sbuf_text(body, "{}");
	} else {
		sbuf_text(body, "{\"status\":200,\"version\":\"2.3.7\"}");
	}
	return true;
}

/* Sends to one number whose text ends with a smaller number than an earlier one's. */
static int64_t disorder(void)
{
	int64_t n = 0;

	for (size_t i = 0; i < send_n; i++) {
		for (size_t k = 0; k < i; k++)
			n += strcmp(sends[i].number, sends[k].number) == 0 &&
					     peers_serial(sends[i].text) <
						     peers_serial(sends[k].text)
				     ? 1
				     : 0;
	}
	return n;
}

int64_t evolution_count(struct str what)
{
	int64_t n = 0;

	if (str_eqc(what, "sends"))
		return (int64_t)send_n;
	if (str_eqc(what, "disorder"))
		return disorder();
	if (!str_eqc(what, "twice"))
		fail("nothing is counted as evolution.%.*s", STRF(what));
	for (size_t i = 0; i < send_n; i++) {
		for (size_t k = 0; k < i; k++)
			n += strcmp(sends[i].text, sends[k].text) == 0 && sends[i].text[0] != '\0';
	}
	return n;
}
