/* test_media_want.c - ingest notes the file of a message in its own unit. */
#include "flow/media/media.h"

#include "store/message/message.h"
#include "store_tx.h"

static int64_t message(struct tx *tx, const char *meta)
{
	struct tx_ids ids = tx_conversation(tx, "4915112345678");
	struct message m = { .company_id = 1,
			     .conversation_id = ids.conversation,
			     .channel_id = ids.channel,
			     .status = MESSAGE_DELIVERED,
			     .type = "image",
			     .sender_type = "customer",
			     .source = "customer",
			     .meta_message_id = str_of(meta),
			     .wa_id = STR("4915112345678"),
			     .content = STR("[image]") };

	MUST(message_add(tx, &m, &t_err));
	return m.id;
}

static int64_t jobs(struct store *st)
{
	struct queue_counts c;

	queue_get_counts(store_queues(st), QUEUE_MEDIA, T_NOW, &c);
	return c.accepted;
}

static void want_image(struct tx *tx)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	const struct wa_media in = { .id = STR("1234567890"),
				     .mime = STR("image/jpeg"),
				     .filename = STR("cat.jpg"),
				     .sha256 = { 1, 2, 3 },
				     .has_sha256 = true,
				     .bytes = 77 };
	struct media_wanted w = { .provider = "meta", .media = &in };
	struct message_media got;

	w.message_id = message(tx, "wamid.1");
	MUST(media_want(tx, &w, &t_err));
	MUST(message_media_load(tx->db, w.message_id, &a, &got, &t_err));
	CHECK_STR("state", got.state, "wanted");
	CHECK_STR("provider", got.provider, "meta");
	CHECK_SPAN("id", got.peer_id, STR("1234567890"));
	CHECK_SPAN("name", got.filename, STR("cat.jpg"));
	CHECK_I64("hash", got.told_sha256.n, 32);
	CHECK_I64("bytes", got.told_bytes, 77);
	CHECK_I64("asked", got.asked_ms, T_NOW);
	CHECK_I64("no file yet", got.media_id, 0);
	CHECK(got.reason == NULL);
}

TEST(a_file_is_wanted_and_has_a_job)
{
	struct store *st = tx_open();

	tx_run(st, want_image);
	CHECK_I64("a job", jobs(st), 1);
	store_close(st);
}

static void want_lost(struct tx *tx)
{
	AUTO(arena_release) struct arena a = ARENA(64 * KIB);
	struct media_wanted w = { .provider = "meta", .fault_code = MEDIA_CODE_LOST };
	struct message_media got;

	w.message_id = message(tx, "wamid.2");
	MUST(media_want(tx, &w, &t_err));
	MUST(message_media_load(tx->db, w.message_id, &a, &got, &t_err));
	CHECK_STR("state", got.state, "failed");
	CHECK(got.reason != NULL && strstr(got.reason, "131052") != NULL);
	MUST(message_media_lost(tx, w.message_id, "expired", "too late", &t_err));
	MUST(message_media_load(tx->db, w.message_id, &a, &got, &t_err));
	CHECK_STR("state", got.state, "expired");
	CHECK_STR("reason", got.reason, "too late");
}

TEST(a_file_that_whatsapp_lost_is_told_and_not_fetched)
{
	struct store *st = tx_open();

	tx_run(st, want_lost);
	CHECK_I64("no job", jobs(st), 0);
	store_close(st);
}
