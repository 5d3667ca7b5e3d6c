/* test_media_store.c - bytes of files in the data folder: once each, whole, and never half after a crash. */
#include "box.h"
#include "flow/media/media.h"
#include "flow/media/media_store.h"
#include "io/file.h"
#include "store/media.h"
#include "store/message/message.h"
#include "store_tx.h"

#include <dirent.h>
#include <unistd.h>

static struct box b;

static void open_with(const char *max_bytes)
{
	static const char *args[1];

	args[0] = max_bytes;
	box_open(&b, args, max_bytes != NULL ? 1 : 0);
}

static enum rc keep_unit(struct tx *tx, void *arg, struct err *e)
{
	return media_put_keep(tx, arg, e);
}

static enum rc place(struct media_put *put, const char *text, const struct media_said *said)
{
	const struct media_put_new n = { .company_id = 1, .max = 1000, .origin = "api" };

	err_clear(&t_err);
	TRY(media_put_begin(&b.app, &n, put, &t_err));
	TRY(media_put_add(put, text, strlen(text), &t_err));
	return media_put_place(put, said, &t_err);
}

/* Id of the stored file. */
static int64_t put_text(const char *text)
{
	struct media_put put = { .too_long = false };
	const struct media_said said = { .filename = STR("a.txt") };

	MUST(place(&put, text, &said));
	MUST(store_write(b.app.store, STORE_NORMAL, keep_unit, &put, &t_err));
	media_put_drop(&put);
	return put.media.id;
}

static int count_in(const char *dir)
{
	char path[1200];
	DIR *d = opendir(dir);
	const struct dirent *at;
	int n = 0;

	while (d != NULL && (at = readdir(d)) != NULL) {
		if (at->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, at->d_name);
		n += at->d_type == DT_DIR ? count_in(path) : 1;
	}
	if (d != NULL)
		(void)closedir(d);
	return n;
}

static int files(void)
{
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/media", t_dir());
	return count_in(path);
}

static void load(int64_t id, struct media *ret)
{
	struct db *db = store_reader(b.app.store);

	MUST(media_load(db, id, &b.arena, ret, &t_err));
	store_reader_done(b.app.store, db);
}

static struct media_totals totals(void)
{
	struct media_totals t;
	struct db *db = store_reader(b.app.store);

	MUST(media_get_totals(db, &t, &t_err));
	store_reader_done(b.app.store, db);
	return t;
}

TEST(the_same_bytes_are_one_file)
{
	const struct media_said csv = { .mime = STR("text/csv") };
	struct media_put put = { .too_long = false };
	struct media m;
	int64_t one, two;

	open_with(NULL);
	one = put_text("hello");
	two = put_text("hello");
	CHECK_I64("one row", one, two);
	CHECK_I64("one file", files(), 1);
	CHECK(put_text("world") != one);
	CHECK_I64("two files", files(), 2);
	CHECK_I64("two rows", totals().files, 2);
	CHECK_I64("bytes", totals().bytes, 10);
	load(one, &m);
	CHECK_STR("state", m.state, "stored");
	CHECK_STR("type", m.mime, "text/plain");
	CHECK_SPAN("name", m.filename, STR("a.txt"));
	MUST(place(&put, "hello", &csv));
	media_put_drop(&put);
	load(one, &m);
	CHECK_STR("the newest type", m.mime, "text/csv");
	CHECK_SPAN("a name stays", m.filename, STR("a.txt"));
	box_close(&b);
}

TEST(what_was_promised_has_to_be_true)
{
	uint8_t other[SHA256_BYTES] = { 0 };
	const struct media_said wrong_sha = { .sha256 = { (const char *)other, sizeof(other) } };
	const struct media_said wrong_size = { .bytes = 6 }, right = { .bytes = 5 };
	struct media_put put = { .too_long = false };

	open_with(NULL);
	CHECK_I64("checksum", place(&put, "hello", &wrong_sha), RC_INVALID);
	media_put_drop(&put);
	CHECK_I64("size", place(&put, "hello", &wrong_size), RC_INVALID);
	media_put_drop(&put);
	CHECK_I64("empty", place(&put, "", &right), RC_INVALID);
	media_put_drop(&put);
	CHECK_I64("nothing is left", files(), 0);
	CHECK_I64("right", place(&put, "hello", &right), RC_OK);
	media_put_drop(&put);
	box_close(&b);
}

TEST(a_file_that_is_too_long_is_told_from_a_full_disk)
{
	struct media_put put = { .too_long = false };
	const struct media_said said = { .bytes = 0 };
	char text[1002];

	open_with(NULL);
	memset(text, 'x', sizeof(text) - 1);
	text[1001] = '\0';
	CHECK_I64("too long", place(&put, text, &said), RC_LIMIT);
	CHECK(put.too_long);
	media_put_drop(&put);
	b.app.disk_low = true;
	CHECK_I64("disk", place(&put, "hello", &said), RC_LIMIT);
	CHECK(!put.too_long);
	media_put_drop(&put);
	CHECK_I64("nothing is left", files(), 0);
	box_close(&b);
}

TEST(a_crash_between_row_and_file_leaves_nothing)
{
	struct media_put put = { .too_long = false };
	const struct media_said said = { .bytes = 0 };
	struct file_out half = { 0 };
	char tmp[600];
	struct media m;

	open_with(NULL);
	put_text("kept");
	MUST(place(&put, "in its place, but never kept", &said));
	(void)snprintf(tmp, sizeof(tmp), "%s/media/tmp", t_dir());
	MUST(file_out_begin(tmp, &half, &t_err));
	close(half.fd);
	CHECK_I64("three", files(), 3);
	MUST(media_recover(&b.app, &t_err));
	CHECK_I64("one is left", files(), 1);
	load(put.media.id, &m);
	CHECK_STR("state", m.state, "gone");
	CHECK_I64("not counted", totals().files, 1);
	/* The unit of an answer that comes too late is refused, and the same bytes may come again. */
	CHECK_I64("too late", store_write(b.app.store, STORE_NORMAL, keep_unit, &put, NULL),
		  RC_CONFLICT);
	CHECK_I64("again", put_text("in its place, but never kept"), put.media.id);
	CHECK_I64("counted", totals().files, 2);
	MUST(media_recover(&b.app, &t_err));
	CHECK_I64("nothing to mend", files(), 2);
	box_close(&b);
}

TEST(a_file_that_somebody_deleted_comes_back_with_its_bytes)
{
	AUTO(file_in_close) struct file_in in = { 0 };
	char path[900], sha[65];
	struct media m;
	int64_t id;

	open_with(NULL);
	id = put_text("hello");
	crypto_sha256_hex(STR("hello"), sha);
	(void)snprintf(path, sizeof(path), "%s/media/1/%.2s/%s", t_dir(), sha, sha);
	CHECK(unlink(path) == 0);
	load(id, &m);
	CHECK_I64("gone", media_open(&b.app, &m, &in, NULL), RC_ABSENT);
	CHECK_I64("the same", put_text("hello"), id);
	MUST(media_open(&b.app, &m, &in, &t_err));
	CHECK_I64("counted once", totals().files, 1);
	box_close(&b);
}

static enum rc age_unit(struct tx *tx, void *arg, struct err *e)
{
	const int64_t *id = arg;

	tx->now_ms += DAY_MS; /* so that it was used later than the others */
	return media_touch(tx, *id, e);
}

TEST(retention_takes_what_was_unused_for_longest)
{
	struct media m;
	int64_t first, second;

	open_with("media_max_bytes=1048576");
	first = put_text("first");
	second = put_text("second");
	MUST(store_write(b.app.store, STORE_NORMAL, age_unit, &first, &t_err));
	CHECK(media_retain(&b.app, BOX_NOW_MS + DAY_MS));
	CHECK_I64("all stay", files(), 2);
	CHECK(media_retain(&b.app, BOX_NOW_MS + 365 * DAY_MS + HOUR_MS));
	CHECK_I64("by age", files(), 1);
	load(second, &m);
	CHECK_STR("the one", m.state, "gone");
	load(first, &m);
	CHECK_STR("not the other", m.state, "stored");
	CHECK_I64("counted", totals().bytes, 5);
	box_close(&b);
}

/* A message waits with this file. */
static enum rc wait_unit(struct tx *tx, void *arg, struct err *e)
{
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	const int64_t *media_id = arg;
	struct media f;
	struct message m = { .company_id = 1,
			     .conversation_id = ids.conversation,
			     .channel_id = ids.channel,
			     .outbound = true,
			     .status = MESSAGE_PENDING,
			     .sending = "queued",
			     .type = "document",
			     .sender_type = "crm_agent",
			     .source = "api",
			     .wa_id = STR("4915112345678"),
			     .content = STR("[document]") };

	TRY(message_add(tx, &m, e));
	TRY(media_load(tx->db, *media_id, &b.arena, &f, e));
	return media_use(tx, &(struct media_used){ .message_id = m.id, .media = &f }, e);
}

TEST(retention_keeps_what_a_message_waits_with)
{
	AUTO(sbuf_release) struct sbuf big = SBUF(2 * MIB);
	struct media_put put = { .too_long = false };
	const struct media_put_new n = { .company_id = 1, .max = 2 * MIB, .origin = "api" };
	const struct media_said said = { .bytes = 0 };
	int64_t waiting;

	open_with("media_max_bytes=1048576");
	waiting = put_text("waiting");
	MUST(store_write(b.app.store, STORE_NORMAL, wait_unit, &waiting, &t_err));
	put_text("idle");
	for (size_t i = 0; i < 1048576; i++)
		sbuf_char(&big, 'x');
	MUST(media_put_begin(&b.app, &n, &put, &t_err));
	MUST(media_put_add(&put, big.p, big.n, &t_err));
	MUST(media_put_place(&put, &said, &t_err));
	MUST(store_write(b.app.store, STORE_NORMAL, keep_unit, &put, &t_err));
	CHECK_I64("three", files(), 3);
	CHECK(media_retain(&b.app, BOX_NOW_MS + DAY_MS));
	CHECK(totals().bytes <= 1048576 + 7);
	{
		struct media m;

		load(waiting, &m);
		CHECK_STR("it waits", m.state, "stored");
	}
	media_put_drop(&put);
	box_close(&b);
}
