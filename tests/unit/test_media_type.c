/* test_media_type.c - what a file is, told by its first bytes; names that are safe. */
#include "peer/media_type.h"

#include "t.h"

#define B(text)                        \
	{                              \
		text, sizeof(text) - 1 \
	}

static const struct {
	const char *why;
	struct str head;
	const char *told, *name, *mime;
} TYPES[] = {
	{ "jpeg", B("\xff\xd8\xff\xe0\0\x10JFIF"), "image/jpeg", "a.jpg", "image/jpeg" },
	{ "jpeg called png", B("\xff\xd8\xff\xe1"), "image/png", NULL, "image/jpeg" },
	{ "png", B("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), NULL, NULL, "image/png" },
	{ "webp", B("RIFF\1\2\3\4WEBPVP8 "), NULL, NULL, "image/webp" },
	{ "wav", B("RIFF\1\2\3\4WAVE"), "audio/ogg", NULL, "audio/wav" },
	{ "gif", B("GIF89a"), NULL, NULL, "image/gif" },
	{ "mp4",
	  B("\0\0\0\x18"
	    "ftypmp42"),
	  NULL, NULL, "video/mp4" },
	{ "mp4 that is sound",
	  B("\0\0\0\x18"
	    "ftypmp42"),
	  "audio/mp4", NULL, "audio/mp4" },
	{ "m4a",
	  B("\0\0\0\x18"
	    "ftypM4A "),
	  NULL, NULL, "audio/mp4" },
	{ "3gp",
	  B("\0\0\0\x18"
	    "ftyp3gp5"),
	  NULL, NULL, "video/3gpp" },
	{ "heic",
	  B("\0\0\0\x18"
	    "ftypheic"),
	  NULL, NULL, "image/heic" },
	{ "mov",
	  B("\0\0\0\x18"
	    "ftypqt  "),
	  NULL, NULL, "video/quicktime" },
	{ "mp3 with a tag", B("ID3\4"), NULL, NULL, "audio/mpeg" },
	{ "mp3 without", B("\xff\xfb\x90\x64"), NULL, NULL, "audio/mpeg" },
	{ "aac", B("\xff\xf1\x50\x80"), NULL, NULL, "audio/aac" },
	{ "aac with a check sum", B("\xff\xf8\x50\x80"), NULL, NULL, "audio/aac" },
	{ "no frame", B("\xff\xff\xff\xff"), NULL, NULL, "application/octet-stream" },
	{ "amr", B("#!AMR\n\x3c"), NULL, NULL, "audio/amr" },
	{ "pdf", B("%PDF-1.7\n"), "image/jpeg", NULL, "application/pdf" },
	{ "word by its type", B("PK\3\4\x14"),
	  "application/vnd.openxmlformats-officedocument.wordprocessingml.document", NULL,
	  "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
	{ "excel by its name", B("PK\3\4\x14"), "application/octet-stream", "Plan.XLSX",
	  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	{ "a zip called image", B("PK\3\4\x14"), "image/jpeg", "a.jpg", "application/zip" },
	{ "old word", B("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), NULL, "a.doc", "application/msword" },
	{ "old office", B("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), NULL, NULL,
	  "application/x-ole-storage" },
	{ "text", B("ol\xc3\xa1, tudo bem?\n"), NULL, NULL, "text/plain" },
	{ "text cut in a character", B("ol\xc3"), NULL, NULL, "text/plain" },
	{ "csv", B("a;b\n1;2\n"), "text/csv", NULL, "text/csv" },
	{ "card by an old name of its type", B("BEGIN:VCARD\n"), "text/x-vcard", NULL,
	  "text/x-vcard" },
	{ "card of a directory", B("BEGIN:VCARD\n"), "text/directory", NULL, "text/directory" },
	{ "card by its name", B("BEGIN:VCARD\n"), NULL, "ana.vcf", "text/vcard" },
	{ "a page called text", B("  <!DOCTYPE html><script>"), "text/plain", "a.txt",
	  "text/html" },
	{ "a page called image", B("\xef\xbb\xbf<svg onload=x>"), "image/png", "a.png",
	  "image/svg+xml" },
	{ "bytes called image", B("\1\2\3\4"), "image/jpeg", "a.jpg", "application/octet-stream" },
	{ "bytes called something new", B("\1\2\3\4"), "Model/GLTF-binary; x=1", NULL,
	  "model/gltf-binary" },
	{ "a type that is none", B("\1\2\3\4"), "a/b/c", NULL, "application/octet-stream" },
	{ "a type with a line end", B("\1\2\3\4"), "a/b\r\nX: y", NULL,
	  "application/octet-stream" },
	{ "program", B("MZ\x90"), "image/png", "a.png", "application/x-msdownload" },
	{ "nothing", B(""), "image/png", NULL, "application/octet-stream" },
};

TEST(the_bytes_win_over_what_is_said)
{
	struct media_type t;

	EACH (r, TYPES) {
		media_type_of(r->head, str_of(r->told), str_of(r->name), &t);
		CHECK_STR(r->why, t.mime, r->mime);
	}
}

/* 27 bytes of page, one segment, then the identification header of Opus. */
static void opus_page(char *p, char channels)
{
	memcpy(p, "OggS\0\2", 6);
	memset(p + 6, 0, 20);
	p[26] = 1;
	p[27] = 19;
	memcpy(p + 28, "OpusHead\1", 9);
	p[37] = channels;
	memset(p + 38, 0, 9);
}

TEST(voice_notes_are_opus_with_one_channel)
{
	char page[47];
	struct media_type t;

	opus_page(page, 1);
	media_type_of(str_n(page, sizeof(page)), STR("audio/ogg; codecs=opus"), STR_NONE, &t);
	CHECK_STR("type", t.mime, "audio/ogg");
	CHECK_I64("mono", t.traits, MEDIA_OPUS | MEDIA_MONO);
	opus_page(page, 2);
	media_type_of(str_n(page, sizeof(page)), STR_NONE, STR_NONE, &t);
	CHECK_I64("stereo", t.traits, MEDIA_OPUS);
	media_type_of(str_n(page, 36), STR_NONE, STR_NONE, &t);
	CHECK_STR("cut before the channels", t.mime, "audio/ogg");
	CHECK_I64("and not believed", t.traits, 0);
	memcpy(page + 28, "\1vorbis\0\0", 9);
	media_type_of(str_n(page, sizeof(page)), STR_NONE, STR_NONE, &t);
	CHECK_STR("vorbis", t.mime, "audio/ogg");
	CHECK_I64("is no opus", t.traits, 0);
	memcpy(page + 28, "anything.", 9);
	media_type_of(str_n(page, sizeof(page)), STR("audio/ogg"), STR_NONE, &t);
	CHECK_STR("other streams", t.mime, "application/ogg");
	for (size_t n = 0; n < sizeof(page); n++) /* reads nothing behind the end */
		media_type_of(str_n(page, n), STR_NONE, STR_NONE, &t);
}

TEST(pictures_tell_their_depth_and_motion)
{
	static const struct {
		const char *why;
		struct str head;
		unsigned traits;
	} ROWS[] = {
		{ "png rgb", B("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2"), 0 },
		{ "png rgba", B("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6"), 0 },
		{ "png 16 bit", B("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x10\2"),
		  MEDIA_DEPTH_BAD },
		{ "png palette", B("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\3"),
		  MEDIA_DEPTH_BAD },
		{ "png cut", B("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1"), 0 },
		{ "jpeg colour", B("\xff\xd8\xff\xe0\0\4xx\xff\xc0\0\x11\x08\0\1\0\1\3\1\x22\0"),
		  0 },
		{ "jpeg of four inks",
		  B("\xff\xd8\xff\xe0\0\4xx\xff\xc2\0\x14\x08\0\1\0\1\4\1\x22\0"),
		  MEDIA_DEPTH_BAD },
		{ "jpeg 12 bit", B("\xff\xd8\xff\xc1\0\x11\x0c\0\1\0\1\3\1\x22\0"),
		  MEDIA_DEPTH_BAD },
		{ "jpeg with a length of nothing", B("\xff\xd8\xff\xe0\0\0xxxxxxxxxxxx"), 0 },
		{ "webp still", B("RIFF\1\2\3\4WEBPVP8X\x0a\0\0\0\x10\0\0\0"), 0 },
		{ "webp that moves", B("RIFF\1\2\3\4WEBPVP8X\x0a\0\0\0\x12\0\0\0"),
		  MEDIA_ANIMATED },
		{ "gif", B("GIF87a"), MEDIA_ANIMATED },
		{ "text", B("hi"), MEDIA_TEXT },
	};
	struct media_type t;

	EACH (r, ROWS) {
		media_type_of(r->head, STR_NONE, STR_NONE, &t);
		CHECK_I64(r->why, t.traits, r->traits);
	}
}

TEST(only_what_cannot_run_is_shown_in_place)
{
	CHECK(media_type_inline("image/jpeg"));
	CHECK(media_type_inline("audio/ogg"));
	CHECK(!media_type_inline("image/svg+xml"));
	CHECK(!media_type_inline("text/html"));
	CHECK(!media_type_inline("application/pdf"));
	CHECK(!media_type_inline("application/octet-stream"));
}

TEST(a_name_from_outside_is_made_harmless)
{
	static const struct {
		const char *why;
		struct str name;
		const char *safe;
	} ROWS[] = {
		{ "plain", B("cat.jpg"), "cat.jpg" },
		{ "umlauts stay", B("Rechnung M\xc3\xa4rz.pdf"), "Rechnung M\xc3\xa4rz.pdf" },
		{ "a way up", B("../../etc/passwd"), "passwd" },
		{ "of Windows", B("C:\\Users\\x\\a.txt"), "a.txt" },
		{ "hidden", B("...bashrc"), "bashrc" },
		{ "quotes and line ends", B("a\"b\r\nSet-Cookie: x.pdf"), "abSet-Cookie x.pdf" },
		{ "a name written backwards", B("photo\xe2\x80\xaegpj.exe"), "photogpj.exe" },
		{ "an isolate",
		  B("a\xe2\x81\xa6"
		    "b"),
		  "ab" },
		{ "a control of Latin-1",
		  B("a\xc2\x85"
		    "b"),
		  "ab" },
		{ "broken UTF-8",
		  B("a\xff"
		    "b"),
		  "ab" },
		{ "a NUL", { "a\0b", 3 }, "ab" },
		{ "only a path", B("a/"), "" },
		{ "nothing", { NULL, 0 }, "" },
	};
	char safe[MEDIA_NAME_MAX + 1], longest[1000];

	EACH (r, ROWS) {
		media_type_name(r->name, safe);
		CHECK_STR(r->why, safe, r->safe);
	}
	memset(longest, 'x', sizeof(longest));
	media_type_name(str_n(longest, sizeof(longest)), safe);
	CHECK_I64("cut", strlen(safe), MEDIA_NAME_MAX);
}
