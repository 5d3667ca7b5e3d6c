/* test_media_fetch.c - queue `media` over a real socket: the disk is full, an address ends, a lease is lost. What happens
 * over time is in tests/scenario/media-*.scn. */
#include "base/ids.h"
#include "box.h"
#include "flow/handlers.h"
#include "flow/media/media.h"
#include "io/http.h"
#include "sock.h"
#include "store/message/message.h"
#include "store_tx.h"

#include <pthread.h>
#include <stdatomic.h>

static struct box b;
static struct worker w;

/* Resolves every id to itself and gives eleven bytes. */
static struct {
	int fd, port;
	atomic_int resolves, downloads;
	pthread_t thread;
} peer;

static void answer(int fd, const char *request)
{
	char text[600], body[300];

	if (strncmp(request, "GET /file ", 10) == 0) {
		atomic_fetch_add(&peer.downloads, 1);
		(void)snprintf(body, sizeof(body), "hello world");
	} else {
		atomic_fetch_add(&peer.resolves, 1);
		(void)snprintf(
			body, sizeof(body),
			"{\"url\":\"http://127.0.0.1:%d/file\",\"mime_type\":\"text/plain\"}",
			peer.port);
	}
	(void)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
		       strlen(body), body);
	(void)sock_send(fd, text);
}

static void *peer_run(void *arg)
{
	char request[4000];

	(void)arg;
	for (;;) {
		int fd = accept4(peer.fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return NULL;
		while (sock_read(fd, request, sizeof(request), "\r\n\r\n") > 0)
			answer(fd, request);
		close(fd);
	}
}

static void open_all(void)
{
	static char base[64];
	static const char *const ARGS[] = { "channel.main.phone_number_id=1",
					    "channel.main.token=t", base };

	peer.fd = sock_listen(&peer.port);
	(void)snprintf(base, sizeof(base), "channel.main.base_url=http://127.0.0.1:%d", peer.port);
	MUST(http_start(&t_err));
	box_open(&b, ARGS, COUNT(ARGS));
	ASSERT(pthread_create(&peer.thread, NULL, peer_run, NULL) == 0);
	worker_init(&w, &b.app, QUEUE_MEDIA);
}

static void close_all(void)
{
	worker_release(&w);
	box_close(&b);
	shutdown(peer.fd, SHUT_RDWR);
	ASSERT(pthread_join(peer.thread, NULL) == 0);
	close(peer.fd);
	http_stop();
}

/* A customer's file; *arg gets the message. */
static enum rc arrive_unit(struct tx *tx, void *arg, struct err *e)
{
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	const struct wa_media in = { .id = STR("77"), .filename = STR("a.txt") };
	struct message m = { .company_id = 1,
			     .conversation_id = ids.conversation,
			     .channel_id = ids.channel,
			     .status = MESSAGE_DELIVERED,
			     .type = "document",
			     .sender_type = "customer",
			     .source = "customer",
			     .wa_id = STR("4915112345678"),
			     .content = STR("[document]") };
	int64_t *ret_id = arg;

	TRY(message_add(tx, &m, e));
	*ret_id = m.id;
	return media_want(
		tx, &(struct media_wanted){ .message_id = m.id, .provider = "meta", .media = &in },
		e);
}

static int64_t arrive(void)
{
	int64_t id = 0;

	MUST(store_write(b.app.store, STORE_NORMAL, arrive_unit, &id, &t_err));
	return id;
}

static const char *state_of_file(int64_t message_id)
{
	struct message_media m;
	struct db *db = store_reader(b.app.store);

	MUST(message_media_load(db, message_id, &b.arena, &m, &t_err));
	store_reader_done(b.app.store, db);
	return m.state;
}

static struct queue_counts counts(int64_t now_ms)
{
	struct queue_counts c;

	queue_get_counts(store_queues(b.app.store), QUEUE_MEDIA, now_ms, &c);
	return c;
}

TEST(on_a_full_disk_the_job_waits_and_nothing_is_lost)
{
	int64_t id, now = BOX_NOW_MS;

	open_all();
	id = arrive();
	b.app.disk_low = true;
	for (int i = 0; i < 20; i++, now += HOUR_MS)
		(void)work_one(&w, now);
	CHECK_STR("still wanted", state_of_file(id), "wanted");
	CHECK_I64("tried", atomic_load(&peer.resolves) > 1, true);
	CHECK_I64("nothing was fetched", atomic_load(&peer.downloads), 0);
	CHECK_I64("no attempt is counted", counts(now).failed, 0);
	CHECK_I64("no dead letter", counts(now).dead, 0);
	b.app.disk_low = false;
	CHECK_I64("runs", work_one(&w, now + HOUR_MS), RC_OK);
	CHECK_STR("and is here", state_of_file(id), "stored");
	CHECK_I64("once", atomic_load(&peer.downloads), 1);
	CHECK_I64("done", counts(now).done, 1);
	close_all();
}

TEST(two_messages_with_the_same_bytes_share_a_file)
{
	struct media_totals t;
	struct db *db;
	int64_t one, two;

	open_all();
	one = arrive();
	two = arrive();
	CHECK_I64("first", work_one(&w, BOX_NOW_MS), RC_OK);
	CHECK_I64("second", work_one(&w, BOX_NOW_MS), RC_OK);
	CHECK_STR("one", state_of_file(one), "stored");
	CHECK_STR("two", state_of_file(two), "stored");
	db = store_reader(b.app.store);
	MUST(media_get_totals(db, &t, &t_err));
	store_reader_done(b.app.store, db);
	CHECK_I64("one file", t.files, 1);
	CHECK_I64("its bytes", t.bytes, 11);
	/* The API shows it, and gives the bytes to this company only. */
	CHECK_I64("list", box_call(&b, "GET", "/api/v1/messages", NULL), 200);
	CHECK_STR("state", box_get(&b, "data.0.media.state"), "stored");
	CHECK_STR("name", box_get(&b, "data.0.media.filename"), "a.txt");
	CHECK_I64("bytes", box_call(&b, "GET", box_get(&b, "data.0.media.url"), NULL), 200);
	CHECK(b.r.file.open && b.r.file_bytes == 11);
	CHECK(box_has_header(&b, "Content-Disposition: attachment; filename=\"a.txt\""));
	CHECK(box_has_header(&b, "Content-Security-Policy: sandbox"));
	file_in_close(&b.r.file);
	close_all();
}

TEST(a_file_of_another_company_is_not_there)
{
	char id[ID_TEXT_MAX];
	struct media m;
	struct db *db;

	open_all();
	(void)arrive();
	CHECK_I64("fetched", work_one(&w, BOX_NOW_MS), RC_OK);
	id_text(BOX_NOW_MS, 1, id);
	db = store_reader(b.app.store);
	CHECK_I64("ours", media_find(db, 1, str_of(id), &b.arena, &m, NULL), RC_OK);
	CHECK_I64("theirs", media_find(db, 2, str_of(id), &b.arena, &m, NULL), RC_ABSENT);
	id_text(BOX_NOW_MS + 1, 1, id);
	CHECK_I64("another time", media_find(db, 1, str_of(id), &b.arena, &m, NULL), RC_ABSENT);
	CHECK_I64("no id", media_find(db, 1, STR("1"), &b.arena, &m, NULL), RC_ABSENT);
	store_reader_done(b.app.store, db);
	close_all();
}
