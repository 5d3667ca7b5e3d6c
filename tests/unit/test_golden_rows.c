/* test_golden_rows.c - payloads through the whole of ingest against the rows that they leave, byte for byte.
 *
 * tests/golden/meta/NAME.json is one webhook of Meta; tests/golden/ingest/NAME.json is an array of them, in the order in
 * which they come, with {"own":{"id":...,"to":...,"text":...}} for a message that this box sent before. Each runs in
 * a fresh database; what stands there afterwards is compared with NAME.rows. With GOLDEN_WRITE=1 in the environment the
 * expectations are written instead: read the difference before committing it. */
#include <dirent.h>
#include <unistd.h>

#include "flow/handlers.h"
#include "flow/ingest/ingest.h"
#include "flow/send/send.h"
#include "golden_rows.h"
#include "io/file.h"
#include "io/http.h"
#include "peer/meta/meta_hook.h"

#define FILE_MAX  (64 * KIB)
#define PRINT_MAX (512 * KIB)
#define WORKERS   2
/* One thread has no races to find, and is twenty times slower while they are looked for. */
#ifdef __SANITIZE_THREAD__
#define EVERY 8
#else
#define EVERY 1
#endif

static const char *const ARGS[] = {
	"channel.main.phone_number_id=109876543210987",
	"channel.main.waba_id=220011223344556",
	"channel.main.app_secret=s",
	"channel.second.phone_number_id=200",
	"channel.second.waba_id=300",
};
static struct box b;

static enum rc delivery_unit(struct tx *tx, void *arg, struct err *e)
{
	return delivery_add(tx, arg, e);
}

/* What waits in the two queues that write these tables. */
static void work(void)
{
	static const enum queue_id QUEUES[WORKERS] = { QUEUE_WEBHOOKS, QUEUE_CRM_INBOUND };

	for (size_t i = 0; i < WORKERS; i++) {
		struct worker w;

		worker_init(&w, &b.app, QUEUES[i]);
		while (work_one(&w, BOX_NOW_MS) == RC_OK)
			;
		worker_release(&w);
	}
}

static void deliver(struct str body)
{
	struct delivery d = { .received_ms = BOX_NOW_MS,
			      .company_id = 1,
			      .source = "meta",
			      .signature = "valid",
			      .request_id = STR("r"),
			      .headers = STR("{}"),
			      .body = body };

	MUST(store_write(b.app.store, STORE_NORMAL, delivery_unit, &d, &t_err));
	work();
}

struct own {
	struct str id, to, text;
};

static enum rc own_unit(struct tx *tx, void *arg, struct err *e)
{
	const struct own *o = arg;
	const struct channel *ch = &b.app.config->channels[0];
	const struct contact_who who = { .phone = o->to };
	struct message m = { .company_id = 1,
			     .channel_id = ch->id,
			     .outbound = true,
			     .timestamp = BOX_NOW_MS,
			     .type = "text",
			     .sender_type = "crm_agent",
			     .source = "api",
			     .wa_id = o->to,
			     .content = o->text };
	int64_t contact;

	TRY(contact_resolve(tx, 1, &who, &contact, e));
	TRY(conversation_resolve(tx, 1, ch->id, contact, o->to, &m.conversation_id, e));
	TRY(message_add(tx, &m, e));
	TRY(message_sending(tx, m.id, e));
	return message_accepted(tx, m.id, o->id, e);
}

static void wamids_of(struct rows *r, struct str body)
{
	struct wa_batch batch;

	if (meta_hook_decode(body, &b.arena, &batch, NULL) != RC_OK)
		return;
	for (size_t i = 0; i < batch.count && r->wamid_count < ROWS_MAX; i++) {
		const struct wa_status *s = batch.items[i].status;
		bool known = s == NULL;

		for (size_t k = 0; k < r->wamid_count; k++)
			known = known || str_eqc(s->id, r->wamids[k]);
		if (!known)
			r->wamids[r->wamid_count++] = s->id.p;
	}
}

static void step(struct rows *r, const struct json *n)
{
	const struct json *own = json_get(n, "own");
	struct sbuf body AUTO(sbuf_release) = SBUF(FILE_MAX);

	if (own != NULL) {
		struct own o = { json_get_str(own, "id"), json_get_str(own, "to"),
				 json_get_str(own, "text") };

		MUST(store_write(b.app.store, STORE_NORMAL, own_unit, &o, &t_err));
		return;
	}
	json_print(n, &body);
	wamids_of(r, sbuf_view(&body));
	deliver(sbuf_view(&body));
}

static void run(struct str body, struct sbuf *to)
{
	AUTO(json_freep) struct json *root = NULL;
	struct rows r = { .to = to };

	box_open(&b, ARGS, COUNT(ARGS));
	MUST(http_start(&t_err)); /* workers have a client, which nothing here uses */
	if (json_parse(body, &root, NULL) == RC_OK && json_kind(root) == JSON_ARRAY &&
	    json_kind(json_first(root)) == JSON_OBJECT) {
		for (const struct json *n = json_first(root); n != NULL; n = json_next(n))
			step(&r, n);
	} else {
		wamids_of(&r, body);
		deliver(body);
	}
	rows_print(&b, &r);
	http_stop();
	box_close(&b);
}

static bool read_file(const char *path, struct sbuf *to)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		return false;
	char *room = sbuf_room(to, FILE_MAX);
	ASSERT(room != NULL);
	sbuf_added(to, fread(room, 1, FILE_MAX, f));
	return fclose(f) == 0;
}

/* A fresh database is a copy of one that was made once: migrations are the slow part. */
static void fresh_database(void)
{
	static bool made;
	char path[512], first[512];

	(void)snprintf(path, sizeof(path), "%s/totem.db", t_dir());
	(void)snprintf(first, sizeof(first), "%s/first.db", t_dir());
	(void)unlink(path);
	if (!made) {
		box_open(&b, ARGS, COUNT(ARGS));
		box_close(&b);
		CHECK(rename(path, first) == 0);
		made = true;
	}
	struct sbuf bytes AUTO(sbuf_release) = SBUF(4 * MIB);
	MUST(file_read(first, &bytes, &t_err));
	MUST(file_write(path, sbuf_view(&bytes), 0600, &t_err));
}

static void compare(const char *folder, const char *name)
{
	struct sbuf body AUTO(sbuf_release) = SBUF(PRINT_MAX);
	struct sbuf wanted AUTO(sbuf_release) = SBUF(PRINT_MAX);
	struct sbuf got AUTO(sbuf_release) = SBUF(PRINT_MAX);
	char path[512];

	fresh_database();
	(void)snprintf(path, sizeof(path), "tests/golden/%s/%s", folder, name);
	CHECK(read_file(path, &body));
	run(sbuf_view(&body), &got);
	(void)snprintf(path, sizeof(path), "tests/golden/%s/%.*s.rows", folder,
		       (int)(strlen(name) - strlen(".json")), name);
	if (getenv("GOLDEN_WRITE") != NULL) {
		FILE *f = fopen(path, "wb");

		ASSERT(f != NULL);
		CHECK(fwrite(got.p, 1, got.n, f) == got.n);
		CHECK(fclose(f) == 0);
		return;
	}
	CHECK(read_file(path, &wanted));
	CHECK_SPAN(path, sbuf_view(&got), sbuf_view(&wanted));
}

/* "107-name.json": 107; 0: none. */
static int number_of(const char *name)
{
	int n = 0;

	for (; *name >= '0' && *name <= '9'; name++)
		n = n * 10 + (*name - '0');
	return n;
}

/* The cases whose number leaves `part` when divided by `parts`: test programs run side by side. */
static void run_folder(const char *folder, int part, int parts, int at_least)
{
	char path[256];
	int count = 0;

	(void)snprintf(path, sizeof(path), "tests/golden/%s", folder);
	DIR *d = opendir(path);
	CHECK(d != NULL);
	if (d == NULL)
		return;
	for (struct dirent *at = readdir(d); at != NULL; at = readdir(d)) {
		if (!str_ends(str_of(at->d_name), STR(".json")) ||
		    number_of(at->d_name) % parts != part)
			continue;
		if (count++ % EVERY == 0)
			compare(folder, at->d_name);
	}
	(void)closedir(d);
	CHECK(count >= at_least);
}

TEST(webhooks_of_meta_leave_these_rows_1)
{
	run_folder("meta", 0, 4, 36);
}

TEST(webhooks_of_meta_leave_these_rows_2)
{
	run_folder("meta", 1, 4, 36);
}

TEST(webhooks_of_meta_leave_these_rows_3)
{
	run_folder("meta", 2, 4, 36);
}

TEST(webhooks_of_meta_leave_these_rows_4)
{
	run_folder("meta", 3, 4, 36);
}

TEST(webhooks_one_after_the_other_leave_these_rows)
{
	run_folder("ingest", 0, 1, 20);
}
