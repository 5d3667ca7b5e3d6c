/* test_media_kind.c - which files WhatsApp takes as what. */
#include "peer/media_kind.h"

#include "t.h"

#define MB (1024 * (int64_t)1024)

TEST(every_row_of_the_table_at_its_limit)
{
	static const struct {
		const char *why, *kind;
		struct media_facts f;
		bool may;
		const char *says;
	} ROWS[] = {
		{ "jpeg", "image", { "image/jpeg", 0, 5 * MB }, true, NULL },
		{ "jpeg, a byte more", "image", { "image/jpeg", 0, 5 * MB + 1 }, false, "5242880" },
		{ "png", "image", { "image/png", 0, 1 }, true, NULL },
		{ "png with 16 bits",
		  "image",
		  { "image/png", MEDIA_DEPTH_BAD, 1 },
		  false,
		  "8-bit" },
		{ "webp as image",
		  "image",
		  { "image/webp", 0, 1 },
		  false,
		  "image/jpeg, image/png" },
		{ "gif as image", "image", { "image/gif", MEDIA_ANIMATED, 1 }, false, "image/gif" },
		{ "mp4", "video", { "video/mp4", 0, 16 * MB }, true, NULL },
		{ "mp4, a byte more", "video", { "video/mp4", 0, 16 * MB + 1 }, false, "16777216" },
		{ "3gp", "video", { "video/3gpp", 0, 1 }, true, NULL },
		{ "webm", "video", { "video/webm", 0, 1 }, false, "video/mp4" },
		{ "mp3", "audio", { "audio/mpeg", 0, 16 * MB }, true, NULL },
		{ "aac", "audio", { "audio/aac", 0, 1 }, true, NULL },
		{ "amr", "audio", { "audio/amr", 0, 1 }, true, NULL },
		{ "m4a", "audio", { "audio/mp4", 0, 1 }, true, NULL },
		{ "opus", "audio", { "audio/ogg", MEDIA_OPUS | MEDIA_MONO, 1 }, true, NULL },
		{ "vorbis", "audio", { "audio/ogg", 0, 1 }, false, "Opus" },
		{ "stereo", "audio", { "audio/ogg", MEDIA_OPUS, 1 }, false, "one channel" },
		{ "voice", "voice", { "audio/ogg", MEDIA_OPUS | MEDIA_MONO, 16 * MB }, true, NULL },
		{ "mp3 as voice", "voice", { "audio/mpeg", 0, 1 }, false, "audio/ogg" },
		{ "sticker", "sticker", { "image/webp", 0, 100 * 1024 }, true, NULL },
		{ "sticker, a byte more",
		  "sticker",
		  { "image/webp", 0, 100 * 1024 + 1 },
		  false,
		  "102400" },
		{ "moving", "sticker", { "image/webp", MEDIA_ANIMATED, 500 * 1024 }, true, NULL },
		{ "moving, more",
		  "sticker",
		  { "image/webp", MEDIA_ANIMATED, 500 * 1024 + 1 },
		  false,
		  "512000" },
		{ "anything", "document", { "application/zip", 0, 100 * MB }, true, NULL },
		{ "anything, more",
		  "document",
		  { "application/pdf", 0, 100 * MB + 1 },
		  false,
		  "104857600" },
		{ "empty", "document", { "application/pdf", 0, 0 }, false, "empty" },
		{ "no kind", "hologram", { "image/png", 0, 1 }, false, "not a kind" },
	};

	EACH (r, ROWS) {
		struct err e = { 0 };
		enum rc rc = media_kind_check(str_of(r->kind), &r->f, &e);

		CHECK_I64(r->why, rc, r->may ? RC_OK : RC_INVALID);
		if (!r->may && strstr(e.text, r->says) == NULL)
			CHECK_STR(r->why, e.text, r->says);
	}
	CHECK(media_kind_is(STR("voice")));
	CHECK(!media_kind_is(STR("Voice")));
}

TEST(a_file_of_which_nobody_said_more_goes_as_what_it_may_be)
{
	static const struct {
		const char *kind;
		struct media_facts f;
	} ROWS[] = {
		{ "image", { "image/png", 0, 10 } },
		{ "document", { "image/png", MEDIA_DEPTH_BAD, 10 } },
		{ "document", { "image/jpeg", 0, 6 * MB } },
		{ "video", { "video/mp4", 0, 10 } },
		{ "audio", { "audio/mpeg", 0, 10 } },
		{ "audio", { "audio/ogg", MEDIA_OPUS | MEDIA_MONO, 10 } },
		{ "document", { "audio/webm", 0, 10 } },
		{ "document", { "audio/ogg", 0, 10 } },
		{ "document", { "image/webp", 0, 10 } },
		{ "document", { "text/html", 0, 10 } },
	};
	const struct media_facts opus = { "audio/ogg", MEDIA_OPUS | MEDIA_MONO, 10 };
	const struct media_facts png = { "image/png", 0, 10 };

	EACH (r, ROWS)
		CHECK_STR(r->f.mime, media_kind_for(&r->f), r->kind);
	CHECK_STR("Meta refuses a bare audio/ogg", media_kind_upload_type(&opus),
		  "audio/ogg; codecs=opus");
	CHECK_STR("others as they are", media_kind_upload_type(&png), "image/png");
}
