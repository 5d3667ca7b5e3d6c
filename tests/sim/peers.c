/* peers.c - what Meta and Chatwoot have stored: simple doubles of the world outside. They outlive the program's crashes.
 *
 * Meta accepts every send, has no idempotency and owes a status `sent` for each. Chatwoot keeps contacts (unique by
 * identifier), conversations and messages, lists them, and never refuses a second copy. */
#include "base/ids.h"
#include "sim/sim.h"

#define MANY 4096

struct sent {
	char tag[64], to[64], text[160], wamid[80];
	bool told; /* its status was taken */
};
struct person {
	char identifier[96], source[96];
};
struct thread {
	int64_t person;
};
struct said {
	int64_t thread;
	char source[200], text[160], type[16];
	int files;
};

static struct sent sends[MANY];
static struct person people[MANY];
static struct thread threads[MANY];
static struct said said[MANY];
static size_t send_n, person_n, thread_n, said_n;

#define THREAD_FIRST 41 /* ids are places plus these */
#define SAID_FIRST   9001

void peers_reset(void)
{
	send_n = person_n = thread_n = said_n = 0;
	media_reset();
	evolution_reset();
}

static void put(char *to, size_t max, struct str s)
{
	if (!str_copy(str_sub(s, 0, max - 1), to, max))
		to[0] = '\0';
}

static struct str text_at(const struct json *root, const char *path)
{
	return json_str(json_path(root, path));
}

/* ---- Meta ---- */

void peers_note_send(const struct call_out *c, struct str wamid)
{
	struct sent *s = &sends[send_n];

	if (send_n++ == MANY)
		fail("too many sends");
	*s = (struct sent){ .told = false };
	put(s->tag, sizeof(s->tag), text_at(c->json, "biz_opaque_callback_data"));
	put(s->to, sizeof(s->to), text_at(c->json, "to"));
	put(s->text, sizeof(s->text), text_at(c->json, "text.body"));
	put(s->wamid, sizeof(s->wamid), wamid);
}

static bool meta(const struct call_out *c, int *ret_status, struct sbuf *body)
{
	char wamid[40];

	*ret_status = 200;
	if (media_answer(c, body))
		return true;
	(void)snprintf(wamid, sizeof(wamid), "wamid.%zu", send_n + 1);
	peers_note_send(c, str_of(wamid));
	sbuf_printf(body, "{\"messaging_product\":\"whatsapp\",\"messages\":[{\"id\":\"%s\"}]}",
		    wamid);
	*ret_status = 200;
	return true;
}

bool peers_status_due(struct sbuf *body)
{
	for (size_t i = 0; i < send_n; i++) {
		struct sent *s = &sends[i];

		if (s->told)
			continue;
		s->told = true;
		sbuf_printf(body,
			    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"900\","
			    "\"changes\":[{\"field\":"
			    "\"messages\",\"value\":{\"messaging_product\":\"whatsapp\","
			    "\"metadata\":{\"phone_number_id\":"
			    "\"1001\"},\"statuses\":[{\"id\":\"%s\",\"status\":\"sent\","
			    "\"timestamp\":\"%lld\","
			    "\"recipient_id\":\"%s\",\"biz_opaque_callback_data\":\"%s\"}]}}]}]}",
			    s->wamid, (long long)(sim.now_ms / 1000), s->to, s->tag);
		return true;
	}
	return false;
}

int peers_meta_sends_of(struct str text)
{
	int n = 0;

	for (size_t i = 0; i < send_n; i++)
		n += str_eqc(text, sends[i].text) ? 1 : 0;
	return n;
}

/* ---- Chatwoot ---- */

static bool chatwoot_contact(const struct call_out *c, int *ret_status, struct sbuf *body)
{
	struct str identifier = json_get_str(c->json, "identifier");
	struct person *p = &people[person_n];

	for (size_t i = 0; i < person_n; i++) {
		if (str_eqc(identifier, people[i].identifier)) {
			*ret_status = 422;
			sbuf_text(body, "{\"message\":\"Identifier has already been "
					"taken\",\"attributes\":[\"identifier\"]}");
			return true;
		}
	}
	if (++person_n == MANY)
		fail("too many contacts");
	put(p->identifier, sizeof(p->identifier), identifier);
	put(p->source, sizeof(p->source), json_get_str(c->json, "source_id"));
	sbuf_printf(
		body,
		"{\"payload\":{\"contact\":{\"id\":%zu},\"contact_inbox\":{\"source_id\":\"%s\"}}}",
		person_n, p->source);
	return true;
}

static bool chatwoot_filter(const struct call_out *c, struct sbuf *body)
{
	struct str value = text_at(c->json, "payload.0.values.0");

	sbuf_text(body, "{\"payload\":[");
	for (size_t i = 0, n = 0; i < person_n; i++) {
		ptrdiff_t colon = str_chr(str_of(people[i].identifier), ':');
		struct str digits =
			str_sub(str_of(people[i].identifier), (size_t)(colon + 1), SIZE_MAX);

		if (value.n > 0 && value.p[0] == '+')
			value = str_sub(value, 1, SIZE_MAX);
		if (str_eqc(value, people[i].identifier) || str_eq(value, digits))
			sbuf_printf(body,
				    "%s{\"id\":%zu,\"contact_inboxes\":[{\"source_id\":\"%s\","
				    "\"inbox\":{\"id\":7}}]}",
				    n++ > 0 ? "," : "", i + 1, people[i].source);
	}
	sbuf_text(body, "]}");
	return true;
}

static void chatwoot_threads(int64_t person, struct sbuf *body)
{
	int n = 0;

	sbuf_text(body, "{\"payload\":[");
	for (size_t i = thread_n; i > 0; i--) {
		if (threads[i - 1].person == person)
			sbuf_printf(body, "%s{\"id\":%zu,\"inbox_id\":7,\"status\":\"open\"}",
				    n++ > 0 ? "," : "", i - 1 + THREAD_FIRST);
	}
	sbuf_text(body, "]}");
}

static void print_said(const struct said *s, struct sbuf *body)
{
	sbuf_printf(body,
		    "{\"id\":%lld,\"conversation_id\":%lld,\"content\":\"x\",\"message_type\":%d,"
		    "\"private\":false,"
		    "\"source_id\":\"%s\",\"created_at\":1790000000,\"content_attributes\":{}%s}",
		    (long long)(s - said) + SAID_FIRST, (long long)s->thread,
		    strcmp(s->type, "incoming") == 0 ? 0 : 1, s->source,
		    s->files > 0 ? ",\"attachments\":[{\"id\":1,\"file_type\":\"file\"}]" : "");
}

/* The file of a form, read to its end. */
static void take_file(const struct http_form *f, struct said *s)
{
	struct err e = { .rc = RC_OK };
	char piece[4096];
	int64_t at = 0;
	size_t n = 0;

	do {
		if (f->source(f->source_arg, at, piece, sizeof(piece), &n, &e) != RC_OK)
			fail("the file cannot be read: %s", e.text);
		at += (int64_t)n;
	} while (n > 0);
	if (at != f->file_bytes)
		fail("the file has %lld bytes, not %lld", (long long)at, (long long)f->file_bytes);
	s->files = 1;
}

static void chatwoot_say(const struct call_out *c, int64_t thread, struct sbuf *body)
{
	struct said *s = &said[said_n];

	if (++said_n == MANY)
		fail("too many messages");
	s->thread = thread;
	put(s->source, sizeof(s->source), json_get_str(c->json, "source_id"));
	put(s->text, sizeof(s->text), json_get_str(c->json, "content"));
	put(s->type, sizeof(s->type), json_get_str(c->json, "message_type"));
	s->files = 0;
	if (c->request->form != NULL)
		take_file(c->request->form, s);
	print_said(s, body);
}

static void chatwoot_list(int64_t thread, int64_t after, struct sbuf *body)
{
	int n = 0;

	sbuf_text(body, "{\"meta\":{},\"payload\":[");
	for (size_t i = 0; i < said_n; i++) {
		if (said[i].thread != thread || (int64_t)i + SAID_FIRST <= after || n >= 100)
			continue;
		if (n++ > 0)
			sbuf_char(body, ',');
		print_said(&said[i], body);
	}
	sbuf_text(body, "]}");
}

/* "/api/v1/accounts/1/contacts/5/conversations": the number after `word`. */
static int64_t number_after(struct str path, const char *word)
{
	ptrdiff_t at = str_find(path, str_of(word));
	struct str rest, part;
	int64_t v;

	if (at < 0)
		return -1;
	rest = str_sub(path, (size_t)at + strlen(word), SIZE_MAX);
	if (!str_cut(&rest, '/', &part) || !str_i64(part, 0, INT32_MAX, &v))
		return -1;
	return v;
}

/* All threads, 25 a page, the newest first; each was active just now. */
static void chatwoot_page(struct str question, struct sbuf *body)
{
	ptrdiff_t at = str_find(question, STR("&page="));
	int64_t page = 1, n = 0, from;

	if (at >= 0)
		(void)!str_i64(str_sub(question, (size_t)at + 6, SIZE_MAX), 1, INT32_MAX, &page);
	from = (page - 1) * 25;
	sbuf_text(body, "{\"data\":{\"payload\":[");
	for (int64_t i = (int64_t)thread_n - 1 - from; i >= 0 && n < 25; i--)
		sbuf_printf(body,
			    "%s{\"id\":%lld,\"inbox_id\":7,\"status\":\"open\","
			    "\"last_activity_at\":%lld}",
			    n++ > 0 ? "," : "", (long long)i + THREAD_FIRST,
			    (long long)(sim.now_ms / 1000 - ((int64_t)thread_n - i) / 10));
	sbuf_text(body, "]}}");
}

static bool chatwoot(const struct call_out *c, int *ret_status, struct sbuf *body)
{
	ptrdiff_t question = str_chr(c->path, '?');
	struct str path = question < 0 ? c->path : str_sub(c->path, 0, (size_t)question);
	bool post = strcmp(c->method, "POST") == 0;
	int64_t thread = number_after(path, "/conversations/"), after = 0;

	*ret_status = 200;
	if (post && str_ends(path, STR("/contacts")))
		return chatwoot_contact(c, ret_status, body);
	if (post && str_ends(path, STR("/contacts/filter")))
		return chatwoot_filter(c, body);
	if (post && str_ends(path, STR("/contact_inboxes"))) {
		sbuf_printf(body, "{\"source_id\":\"%.*s\"}",
			    STRF(json_get_str(c->json, "source_id")));
		return true;
	}
	if (!post && str_find(path, STR("/contacts/")) >= 0) {
		chatwoot_threads(number_after(path, "/contacts/"), body);
		return true;
	}
	if (!post && str_ends(path, STR("/conversations"))) {
		chatwoot_page(str_sub(c->path, path.n, SIZE_MAX), body);
		return true;
	}
	if (post && str_ends(path, STR("/conversations"))) {
		threads[thread_n++].person = json_get_i64_or(c->json, "contact_id", 0);
		sbuf_printf(body, "{\"id\":%zu}", thread_n - 1 + THREAD_FIRST);
		return true;
	}
	if (strcmp(c->method, "PATCH") == 0) {
		sbuf_text(body, "{}");
		return true;
	}
	if (thread < 0 || !str_ends(path, STR("/messages")))
		return false;
	if (question >= 0 && str_find(c->path, STR("after=")) >= 0)
		(void)!str_i64(
			str_sub(c->path, (size_t)str_find(c->path, STR("after=")) + 6, SIZE_MAX), 0,
			INT32_MAX, &after);
	if (post)
		chatwoot_say(c, thread, body);
	else
		chatwoot_list(thread, after, body);
	return true;
}

int peers_chatwoot_copies_of(struct str text)
{
	int n = 0;

	for (size_t i = 0; i < said_n; i++)
		n += str_eqc(text, said[i].text) ? 1 : 0;
	return n;
}

int64_t peers_agent_says(int64_t conversation, struct str text)
{
	struct said *s = &said[said_n];

	if (++said_n == MANY)
		fail("too many messages");
	*s = (struct said){ .thread = conversation, .type = "outgoing" };
	(void)snprintf(s->source, sizeof(s->source), "agent-%zu", said_n);
	put(s->text, sizeof(s->text), text);
	return s - said + SAID_FIRST;
}

int64_t peers_conversation_of(struct str phone)
{
	for (size_t i = 0; i < thread_n; i++) {
		const char *id = people[threads[i].person - 1].identifier;

		if (str_ends(str_of(id), phone))
			return (int64_t)i + THREAD_FIRST;
	}
	return 0;
}

/* ---- n8n ---- */

static bool n8n(const struct call_out *c, int *ret_status, struct sbuf *body)
{
	struct jsonw_text {
		struct str id, text;
	} m = { json_get_str(c->json, "id"), json_get_str(c->json, "text") };

	sbuf_printf(body, "{\"id\":\"%.*s\",\"reply\":\"eco %.*s\"}", STRF(m.id), STRF(m.text));
	*ret_status = 200;
	return true;
}

/* ---- the upstream of a lookup ---- */

static bool lookup(const struct call_out *c, int *ret_status, struct sbuf *body)
{
	sbuf_text(body, str_ends(c->path, STR("/login"))
				? "{\"token\":\"T1\"}"
				: "{\"cliente\":{\"nombre\":\"Juan\",\"saldo\":5000}}");
	*ret_status = 200;
	return true;
}

bool peers_answer(const struct call_out *c, int *ret_status, struct sbuf *body)
{
	switch (c->peer) {
	case PEER_META:
		return meta(c, ret_status, body);
	case PEER_CHATWOOT:
		return chatwoot(c, ret_status, body);
	case PEER_N8N:
		return n8n(c, ret_status, body);
	case PEER_EVOLUTION:
		return evolution_answer(c, ret_status, body);
	case PEER_LOOKUP:
		return lookup(c, ret_status, body);
	case PEER_SELF:
	case PEER_COUNT:
		break;
	}
	return false;
}

/* ---- counting ---- */

int64_t peers_serial(const char *text)
{
	size_t n = strlen(text), at = n;
	int64_t v;

	while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9')
		at--;
	return str_i64(str_n(text + at, n - at), 0, INT32_MAX, &v) ? v : -1;
}

static int64_t meta_disorder(void)
{
	int64_t n = 0;

	for (size_t i = 0; i < send_n; i++) {
		for (size_t k = 0; k < i; k++)
			n += strcmp(sends[i].to, sends[k].to) == 0 &&
					     peers_serial(sends[i].text) <
						     peers_serial(sends[k].text)
				     ? 1
				     : 0;
	}
	return n;
}

static int64_t meta_twice(void)
{
	int64_t n = 0;

	for (size_t i = 0; i < send_n; i++) {
		for (size_t k = 0; k < i; k++)
			n += strncmp(sends[i].tag, sends[k].tag, ID_TEXT_MAX - 1) == 0 ? 1 : 0;
	}
	return n;
}

/* Texts of a scenario differ, so an equal one is a copy, whatever its source_id. */
static bool same_said(const struct said *a, const struct said *b)
{
	return a->thread == b->thread &&
	       (strcmp(a->source, b->source) == 0 || strcmp(a->text, b->text) == 0);
}

const char *peers_twice(void)
{
	for (size_t i = 0; i < said_n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (same_said(&said[i], &said[k]))
				return said[i].text;
		}
	}
	return "at Meta";
}

static int64_t chatwoot_pairs(bool twice)
{
	int64_t n = 0;

	for (size_t i = 0; i < said_n; i++) {
		for (size_t k = 0; k < i; k++) {
			bool late = said[i].thread == said[k].thread &&
				    strcmp(said[i].type, said[k].type) == 0 &&
				    peers_serial(said[i].text) < peers_serial(said[k].text);

			n += (twice ? same_said(&said[i], &said[k]) : late) ? 1 : 0;
		}
	}
	return n;
}

int64_t peers_count(struct str what)
{
	if (str_eqc(what, "meta.sends"))
		return (int64_t)send_n;
	if (str_eqc(what, "meta.twice"))
		return meta_twice();
	if (str_eqc(what, "meta.disorder"))
		return meta_disorder();
	if (str_starts(what, STR("meta.")))
		return media_count(str_sub(what, 5, SIZE_MAX));
	if (str_starts(what, STR("evolution.")))
		return evolution_count(str_sub(what, 10, SIZE_MAX));
	if (str_eqc(what, "files"))
		return box_files();
	if (str_eqc(what, "chatwoot.messages"))
		return (int64_t)said_n;
	if (str_eqc(what, "chatwoot.files")) {
		int64_t n = 0;

		for (size_t i = 0; i < said_n; i++)
			n += said[i].files;
		return n;
	}
	if (str_eqc(what, "chatwoot.contacts"))
		return (int64_t)person_n;
	if (str_eqc(what, "chatwoot.conversations"))
		return (int64_t)thread_n;
	if (str_eqc(what, "chatwoot.twice"))
		return chatwoot_pairs(true);
	if (str_eqc(what, "chatwoot.disorder"))
		return chatwoot_pairs(false);
	fail("nothing is counted as %.*s", STRF(what));
}
