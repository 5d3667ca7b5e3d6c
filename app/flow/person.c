/* person.c - see person.h. */
#include "flow/person.h"

#include "base/clock.h"
#include "base/enc.h"
#include "base/ids.h"
#include "flow/media/media_store.h"
#include "io/jsonw.h"
#include "store/queue/queue.h"

#define LIST_MAX   (4 * MIB)
#define PAGE_ROWS  200
#define PAGE_BYTES (1 * MIB) /* a page is full with the row that passes it */
#define PAGE_MAX   (64 * MIB)
#define RANGE      2000 /* raw requests that are looked through at once */
#define FOLDER     "totem-person/"

enum {
	OF_COMPANY = 1,
	OF_CONTACTS = 2,
	OF_CONVERSATIONS = 4,
	OF_ALIASES = 8,
	OF_THREADS = 16,
	OF_UUIDS = 32,
	IN_RANGES = 64,
	WITH_BYTES = 128,
	BY_KEY = 512,      /* the order key of jobs is a conversation and more */
	IN_MESSAGES = 256, /* ranges of messages, when there are groups */
};

static const struct part {
	const char *file;
	enum query query;
	unsigned of;
} PARTS[] = {
#define PART(file, query, of) { file, query, of },
#define LEFT_OUT(what, why)
#include "flow/person.def"
#undef PART
#undef LEFT_OUT
};

static const char README[] =
	"Everything that this box holds of one person. Each .jsonl file has one JSON object a "
	"line; "
	"times end in _ms or are\n"
	"milliseconds since 1970. media/ has the files of the messages, named by the sha256 that "
	"files-*.jsonl tells.\n"
	"Raw requests that name other people too come without their bytes.\n\n"
	"Todo lo que esta caja guarda de una persona. Cada archivo .jsonl tiene un objeto JSON por "
	"línea; los tiempos\n"
	"terminan en _ms o son milisegundos desde 1970. En media/ están los archivos de los "
	"mensajes, con el sha256 que dice\n"
	"files-*.jsonl. Los pedidos tal como llegaron que nombran también a otros vienen sin su "
	"contenido.\n\n"
	"Tudo o que esta caixa guarda de uma pessoa. Cada arquivo .jsonl tem um objeto JSON por "
	"linha; os tempos terminam\n"
	"em _ms ou são milissegundos desde 1970. Em media/ estão os arquivos das mensagens, com o "
	"sha256 que files-*.jsonl\n"
	"diz. Os pedidos como chegaram que nomeiam também outras pessoas vêm sem o conteúdo.\n";

struct person {
	struct app *app;
	int64_t contact_id, company_id, newest_delivery, newest_message;
	char name[64];
	struct sbuf contacts, conversations, aliases, threads, uuids; /* JSON arrays */
};

/* ---- whose it is ---- */

static void uuid_add(struct jsonw *w, int64_t created_ms, int64_t id)
{
	char text[ID_TEXT_MAX];

	id_text(created_ms, id, text);
	jsonw_text(w, text);
}

static enum rc read_who(struct person *p, struct db *db, struct jsonw *uuids, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	char text[ID_TEXT_MAX];
	struct jsonw w;
	enum rc rc;

	jsonw_init(&w, &p->contacts);
	jsonw_array(&w);
	TRY(stmt_begin(db, Q_PERSON_WHO, &s, e));
	stmt_bind_i64(&s, "contact_id", p->contact_id);
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		int64_t id = stmt_i64(&s, "id"), created_ms = stmt_i64(&s, "created_ms");

		jsonw_i64(&w, id);
		uuid_add(uuids, created_ms, id);
		if (id != p->contact_id)
			continue;
		p->company_id = stmt_i64(&s, "company_id");
		id_text(created_ms, id, text);
		(void)snprintf(p->name, sizeof(p->name), "totem-person-%s", text); /* 49 bytes */
	}
	jsonw_end(&w);
	if (rc != RC_ABSENT)
		return rc;
	return p->name[0] != '\0' ? RC_OK : FAIL(e, RC_ABSENT, "there is no such contact");
}

static enum rc read_threads(struct person *p, struct db *db, struct jsonw *uuids, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct jsonw conversations, threads;
	enum rc rc;

	jsonw_init(&conversations, &p->conversations);
	jsonw_init(&threads, &p->threads);
	jsonw_array(&conversations);
	jsonw_array(&threads);
	TRY(stmt_begin(db, Q_PERSON_THREADS, &s, e));
	stmt_bind_str(&s, "contacts", sbuf_view(&p->contacts));
	while ((rc = stmt_next(&s, e)) == RC_OK) {
		int64_t id = stmt_i64(&s, "id"), created_ms = stmt_i64(&s, "created_ms");
		int64_t thread = stmt_i64(&s, "chatwoot_conversation_id");

		jsonw_i64(&conversations, id);
		uuid_add(uuids, created_ms, id);
		if (thread != 0)
			jsonw_i64(&threads, thread);
	}
	jsonw_end(&conversations);
	jsonw_end(&threads);
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc read_aliases(struct person *p, struct db *db, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	struct jsonw w;
	enum rc rc;

	jsonw_init(&w, &p->aliases);
	jsonw_array(&w);
	TRY(stmt_begin(db, Q_PERSON_SPELLINGS, &s, e));
	stmt_bind_str(&s, "contacts", sbuf_view(&p->contacts));
	while ((rc = stmt_next(&s, e)) == RC_OK)
		jsonw_str(&w, stmt_str(&s, "alias"));
	jsonw_end(&w);
	return rc == RC_ABSENT ? RC_OK : rc;
}

static enum rc read_newest(struct db *db, enum query q, int64_t *ret, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, q, &s, e));
	TRY(stmt_next(&s, e));
	*ret = stmt_i64(&s, "id");
	return RC_OK;
}

static enum rc read_lists(struct person *p, struct db *db, struct err *e)
{
	struct jsonw uuids;

	jsonw_init(&uuids, &p->uuids);
	jsonw_array(&uuids);
	TRY(read_who(p, db, &uuids, e));
	TRY(read_threads(p, db, &uuids, e));
	jsonw_end(&uuids);
	TRY(read_aliases(p, db, e));
	TRY(read_newest(db, Q_PERSON_NEWEST_DELIVERY, &p->newest_delivery, e));
	TRY(read_newest(db, Q_PERSON_NEWEST_MESSAGE, &p->newest_message, e));
	return sbuf_ok(&p->contacts) && sbuf_ok(&p->conversations) && sbuf_ok(&p->aliases) &&
			       sbuf_ok(&p->threads) && sbuf_ok(&p->uuids)
		       ? RC_OK
		       : FAIL(e, RC_LIMIT, "the person has too many contacts and conversations");
}

enum rc person_open(struct app *app, int64_t contact_id, struct person **ret, struct err *e)
{
	struct person *p = mem_new(1, sizeof(*p));
	struct db *db = store_reader(app->store);
	enum rc rc;

	p->app = app;
	p->contact_id = contact_id;
	p->contacts.max = p->conversations.max = p->aliases.max = LIST_MAX;
	p->threads.max = p->uuids.max = LIST_MAX;
	rc = read_lists(p, db, e);
	store_reader_done(app->store, db);
	if (rc == RC_OK)
		*ret = p;
	else
		person_close(p);
	return rc;
}

void person_close(struct person *p)
{
	if (p == NULL)
		return;
	sbuf_release(&p->contacts);
	sbuf_release(&p->conversations);
	sbuf_release(&p->aliases);
	sbuf_release(&p->threads);
	sbuf_release(&p->uuids);
	mem_free(p);
}

const char *person_name(const struct person *p)
{
	return p->name;
}

/* ---- how much it is ---- */

static enum rc count(const struct person *p, struct db *db, struct person_counts *ret,
		     struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };

	TRY(stmt_begin(db, Q_PERSON_COUNTS, &s, e));
	stmt_bind_i64(&s, "company_id", p->company_id);
	stmt_bind_str(&s, "conversations", sbuf_view(&p->conversations));
	TRY(stmt_next(&s, e));
	ret->conversations = stmt_i64(&s, "conversations");
	ret->messages = stmt_i64(&s, "messages");
	ret->files = stmt_i64(&s, "files");
	ret->file_bytes = stmt_i64(&s, "file_bytes");
	return RC_OK;
}

enum rc person_count(const struct person *p, struct person_counts *ret, struct err *e)
{
	struct db *db = store_reader(p->app->store);
	enum rc rc = count(p, db, ret, e);

	store_reader_done(p->app->store, db);
	return rc;
}

/* ---- handing over ---- */

struct handing {
	const struct person *p;
	const struct part *part;
	struct tar_out out;
	struct tempo *pace;
	struct sbuf page;
	int number;          /* of the part's next file */
	int64_t after, upto; /* upto: of parts in ranges */
	bool more;
	int64_t ids[PAGE_ROWS]; /* of the page */
	size_t count;
};

static void bind(const struct handing *h, struct stmt *s)
{
	const struct person *p = h->p;
	unsigned of = h->part->of;

	if ((of & OF_COMPANY) != 0)
		stmt_bind_i64(s, "company_id", p->company_id);
	if ((of & OF_CONTACTS) != 0)
		stmt_bind_str(s, "contacts", sbuf_view(&p->contacts));
	if ((of & OF_CONVERSATIONS) != 0)
		stmt_bind_str(s, "conversations", sbuf_view(&p->conversations));
	if ((of & OF_ALIASES) != 0)
		stmt_bind_str(s, "aliases", sbuf_view(&p->aliases));
	if ((of & OF_THREADS) != 0)
		stmt_bind_str(s, "threads", sbuf_view(&p->threads));
	if ((of & OF_UUIDS) != 0)
		stmt_bind_str(s, "uuids", sbuf_view(&p->uuids));
	if ((of & BY_KEY) != 0)
		stmt_bind_i64(s, "mask", queue_key_mask());
	stmt_bind_i64(s, "after", h->after);
	if ((of & (IN_RANGES | IN_MESSAGES)) != 0)
		stmt_bind_i64(s, "upto", h->upto);
	stmt_bind_i64(s, "limit", PAGE_ROWS);
}

static enum rc page_read(struct handing *h, struct db *db, struct err *e)
{
	AUTO(stmt_end) struct stmt s = { 0 };
	enum rc rc = RC_OK;

	sbuf_reset(&h->page);
	h->count = 0;
	TRY(stmt_begin(db, h->part->query, &s, e));
	bind(h, &s);
	while (h->count < PAGE_ROWS && h->page.n < PAGE_BYTES && (rc = stmt_next(&s, e)) == RC_OK) {
		h->after = h->ids[h->count++] = stmt_i64(&s, "id");
		sbuf_str(&h->page, stmt_str(&s, "json"));
		sbuf_char(&h->page, '\n');
	}
	h->more = rc == RC_OK; /* else it was the end */
	if (rc != RC_OK && rc != RC_ABSENT)
		return rc;
	return sbuf_ok(&h->page) ? RC_OK : FAIL(e, RC_LIMIT, "a row is too long to hand over");
}

/* The end of a file's name, with its dot; "" when nothing tells it. */
static void end_of(const struct media *m, char ret[8])
{
	struct str name = m->filename, mime = str_of(m->mime), end;
	const char *dot = name.n > 0 ? memrchr(name.p, '.', name.n) : NULL;
	const char *slash = memrchr(mime.p, '/', mime.n);

	ret[0] = '\0';
	if (dot != NULL)
		end = str_n(dot + 1, (size_t)(name.p + name.n - dot - 1));
	else if (slash != NULL)
		end = str_of(slash + 1);
	else
		return;
	if (end.n == 0 || end.n > 5)
		return;
	for (size_t i = 0; i < end.n; i++) {
		if (memchr("abcdefghijklmnopqrstuvwxyz0123456789", end.p[i] | 0x20, 36) == NULL)
			return;
	}
	(void)snprintf(ret, 8, ".%.*s", STRF(end));
}

static enum rc file_write_out(struct handing *h, const struct media *m, struct err *e)
{
	AUTO(file_in_close) struct file_in in = { .open = false };
	char name[TAR_NAME_MAX + 1], sha[2 * MEDIA_SHA_BYTES + 1], end[8];
	struct err none = { .rc = RC_OK };
	enum rc rc;

	if (strcmp(m->state, "stored") != 0)
		return RC_OK; /* its row says so */
	rc = media_open(h->p->app, m, &in, &none);
	if (rc == RC_ABSENT)
		return RC_OK; /* somebody took it off the disk */
	if (rc != RC_OK)
		return FAIL(e, rc, "%s", none.text);
	enc_hex(m->sha256, sizeof(m->sha256), sha);
	end_of(m, end);
	(void)snprintf(name, sizeof(name), FOLDER "media/%s%s", sha, end); /* 89 bytes at most */
	return tar_add_file(&h->out, name, &in, in.bytes, h->pace, e);
}

static enum rc bytes_write(struct handing *h, struct err *e)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);

	for (size_t i = 0; i < h->count; i++) {
		struct err none = { .rc = RC_OK };
		struct db *db = store_reader(h->p->app->store);
		struct media m;
		enum rc rc = media_load(db, h->ids[i], &a, &m, &none);

		store_reader_done(h->p->app->store, db);
		if (rc == RC_OK)
			TRY(file_write_out(h, &m, e));
		else if (rc != RC_ABSENT) /* retention was quicker */
			return FAIL(e, rc, "%s", none.text);
		arena_reset(&a);
	}
	return RC_OK;
}

static enum rc page_write(struct handing *h, struct err *e)
{
	struct db *db = store_reader(h->p->app->store);
	enum rc rc = page_read(h, db, e);
	char name[TAR_NAME_MAX + 1];

	store_reader_done(h->p->app->store, db);
	if (rc != RC_OK)
		return rc;
	if (!tempo_step(h->pace))
		return FAIL(e, RC_RETRY, "stopped");
	if (h->page.n == 0)
		return RC_OK;
	(void)snprintf(name, sizeof(name), FOLDER "%s-%04d.jsonl", h->part->file, ++h->number);
	TRY(tar_add(&h->out, name, sbuf_view(&h->page), e));
	return (h->part->of & WITH_BYTES) != 0 ? bytes_write(h, e) : RC_OK;
}

static enum rc part_write(struct handing *h, const struct part *part, struct err *e)
{
	int64_t from = 0, last = 0;

	if ((part->of & IN_RANGES) != 0)
		last = h->p->newest_delivery;
	else if ((part->of & IN_MESSAGES) != 0)
		last = h->p->newest_message;

	h->part = part;
	h->number = 0;
	h->after = 0;
	do {
		h->upto = i64_min(from + RANGE, last);
		do
			TRY(page_write(h, e));
		while (h->more);
		h->after = from = h->upto;
	} while (from < last);
	return RC_OK;
}

enum rc person_write(const struct person *p, struct tempo *pace, tar_sink_fn *sink, void *arg,
		     struct err *e)
{
	struct handing *h = mem_new(1, sizeof(*h));
	enum rc rc;

	h->p = p;
	h->pace = pace;
	h->page.max = PAGE_MAX;
	h->out = (struct tar_out){ sink, arg, clock_now_ms() };
	rc = tar_add(&h->out, FOLDER "README.txt", str_of(README), e);
	for (size_t i = 0; rc == RC_OK && i < COUNT(PARTS); i++)
		rc = part_write(h, &PARTS[i], e);
	if (rc == RC_OK)
		rc = tar_end(&h->out, e);
	sbuf_release(&h->page);
	mem_free(h);
	return rc;
}
