/* media_type.c - see media_type.h. */
#include "peer/media_type.h"

#include "base/enc.h"

#define OCTETS "application/octet-stream"

struct magic {
	size_t at;
	struct str bytes;
	size_t also_at;
	struct str also; /* none: no second place */
	const char *mime;
};

#define MEMBER(family, mime, ending)
static const struct magic MAGICS[] = {
#define MAGIC(at, bytes, also_at, also, mime) \
	{ at, { bytes, sizeof(bytes) - 1 }, also_at, { also, sizeof(also) - 1 }, mime },
#include "peer/media_type.def"
#undef MAGIC
};
#undef MEMBER

struct member {
	const char *family, *mime, *ending;
};

#define MAGIC(at, bytes, also_at, also, mime)
static const struct member MEMBERS[] = {
#define MEMBER(family, mime, ending) { family, mime, ending },
#include "peer/media_type.def"
#undef MEMBER
};
#undef MAGIC

static uint8_t byte(struct str s, size_t i)
{
	return i < s.n ? (uint8_t)s.p[i] : 0;
}

static bool has(struct str s, size_t at, struct str what)
{
	return str_eq(str_sub(s, at, what.n), what);
}

/* ---- the families ---- */

/* Frames of MPEG audio have no magic number: eleven set bits, then fields of which some values do not exist. */
static const char *by_frame(struct str h)
{
	unsigned version = (byte(h, 1) >> 3) & 3u, layer = (byte(h, 1) >> 1) & 3u;

	if (h.n < 4 || byte(h, 0) != 0xff || (byte(h, 1) & 0xe0u) != 0xe0u)
		return NULL;
	if ((byte(h, 1) & 0xf6u) == 0xf0u) /* ADTS: twelve set bits, layer 0 */
		return ((byte(h, 2) >> 2) & 15u) < 13 ? "audio/aac" : NULL;
	if (version == 1 || layer == 0 || (byte(h, 2) >> 4) == 15 || ((byte(h, 2) >> 2) & 3u) == 3)
		return NULL;
	return "audio/mpeg";
}

static const char *by_magic(struct str h)
{
	for (size_t i = 0; i < COUNT(MAGICS); i++) {
		const struct magic *m = &MAGICS[i];

		if (has(h, m->at, m->bytes) && (m->also.n == 0 || has(h, m->also_at, m->also)))
			return m->mime;
	}
	return by_frame(h);
}

/* A head that ends inside of a character is fine. */
static bool is_text(struct str h)
{
	bool ok;

	if (h.n == 0)
		return false;
	while (h.n > 0) {
		size_t n = enc_utf8_step(h, &ok);
		unsigned char c = (unsigned char)h.p[0];

		if (!ok && h.n >= 4)
			return false;
		if (!ok)
			return (c & 0x80u) != 0;
		if (c < ' ' && strchr("\t\n\r\f\b\x1b", c) == NULL)
			return false;
		if (c == '\0')
			return false;
		h = str_sub(h, n, h.n);
	}
	return true;
}

/* What a browser would run has to be called by its name. */
static const char *markup(struct str h)
{
	static const struct {
		const char *begin, *mime;
	} ROWS[] = {
		{ "<!doctype html", "text/html" }, { "<html", "text/html" },
		{ "<head", "text/html" },          { "<body", "text/html" },
		{ "<script", "text/html" },        { "<svg", "image/svg+xml" },
		{ "<?xml", "text/xml" },
	};

	if (str_starts(h, STR("\xef\xbb\xbf")))
		h = str_sub(h, 3, h.n);
	h = str_trim(h);
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct str begin = str_of(ROWS[i].begin);

		if (str_ieq(str_sub(h, 0, begin.n), begin))
			return ROWS[i].mime;
	}
	return NULL;
}

/* The type without parameters, in lower case; false: that is no type. */
static bool plain_mime(struct str told, char ret[MEDIA_MIME_MAX])
{
	struct str type;
	size_t slashes = 0;

	if (!str_cut(&told, ';', &type))
		return false;
	type = str_trim(type);
	if (type.n < 3 || type.n >= MEDIA_MIME_MAX)
		return false;
	for (size_t i = 0; i < type.n; i++) {
		char c = type.p[i];
		bool upper = c >= 'A' && c <= 'Z';

		slashes += c == '/' ? 1u : 0u;
		if (!upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr("/.+-_", c) == NULL))
			return false;
		ret[i] = (char)(upper ? c + ('a' - 'A') : c);
	}
	ret[type.n] = '\0';
	return slashes == 1 && ret[0] != '/' && ret[type.n - 1] != '/';
}

static bool ends_so(struct str name, const char *ending)
{
	size_t n = strlen(ending);

	return name.n > n && str_ieq(str_sub(name, name.n - n, n), str_of(ending));
}

/* Inside of a family the peer's word counts, then the name. NULL: neither says a member. */
static const char *member_of(const char *family, const char *told, struct str name)
{
	for (size_t i = 0; i < COUNT(MEMBERS); i++) {
		if (strcmp(MEMBERS[i].family, family) == 0 && strcmp(MEMBERS[i].mime, told) == 0)
			return MEMBERS[i].mime;
	}
	for (size_t i = 0; i < COUNT(MEMBERS); i++) {
		if (strcmp(MEMBERS[i].family, family) == 0 && ends_so(name, MEMBERS[i].ending))
			return MEMBERS[i].mime;
	}
	return NULL;
}

/* A type that our table knows by its bytes cannot be one whose bytes say nothing. */
static bool has_magic(const char *mime)
{
	for (size_t i = 0; i < COUNT(MAGICS); i++) {
		if (strcmp(MAGICS[i].mime, mime) == 0)
			return true;
	}
	for (size_t i = 0; i < COUNT(MEMBERS); i++) {
		if (strcmp(MEMBERS[i].mime, mime) == 0)
			return true;
	}
	return strcmp(mime, "audio/aac") == 0 || strncmp(mime, "text/", 5) == 0;
}

/* ---- traits ---- */

/* RFC 7845 section 5.1: the first packet of the first page; channels at its tenth byte. */
static unsigned ogg_traits(struct str h)
{
	size_t body = 27u + byte(h, 26);

	if (!has(h, body, STR("OpusHead")) || body + 10 > h.n)
		return 0;
	return MEDIA_OPUS | (byte(h, body + 9) == 1 ? MEDIA_MONO : 0u);
}

/* Colour type 2 or 6 (RGB, RGBA) at 8 bits. */
static unsigned png_traits(struct str h)
{
	unsigned colour = byte(h, 25);

	if (h.n < 26)
		return 0;
	return byte(h, 24) == 8 && (colour == 2 || colour == 6) ? 0u : MEDIA_DEPTH_BAD;
}

/* Precision and components of the frame header, as far as the head reaches (a large EXIF block hides it). */
static unsigned jpeg_traits(struct str h)
{
	size_t at = 2;

	while (at + 9 < h.n && byte(h, at) == 0xff) {
		unsigned mark = byte(h, at + 1);
		size_t length = (size_t)byte(h, at + 2) << 8 | byte(h, at + 3);

		if (mark >= 0xc0 && mark <= 0xcf && mark != 0xc4 && mark != 0xc8 && mark != 0xcc)
			return byte(h, at + 4) != 8 || byte(h, at + 9) == 4 ? MEDIA_DEPTH_BAD : 0u;
		if (length < 2)
			return 0;
		at += 2 + length;
	}
	return 0;
}

static unsigned webp_traits(struct str h)
{
	return has(h, 12, STR("VP8X")) && (byte(h, 20) & 2u) != 0 ? MEDIA_ANIMATED : 0u;
}

static unsigned traits_of(struct str h, const char *mime)
{
	if (strcmp(mime, "audio/ogg") == 0)
		return ogg_traits(h);
	if (strcmp(mime, "image/png") == 0)
		return png_traits(h);
	if (strcmp(mime, "image/jpeg") == 0)
		return jpeg_traits(h);
	if (strcmp(mime, "image/webp") == 0)
		return webp_traits(h);
	return strcmp(mime, "image/gif") == 0 ? MEDIA_ANIMATED : 0u;
}

/* ---- the whole ---- */

void media_type_of(struct str head, struct str told, struct str filename, struct media_type *ret)
{
	char plain[MEDIA_MIME_MAX] = "";
	struct str h = str_sub(head, 0, MEDIA_HEAD_MAX);
	const char *seen = by_magic(h), *member;
	bool text = seen == NULL && is_text(h);

	*ret = (struct media_type){ .sniffed = seen != NULL || text };
	if (!plain_mime(told, plain))
		plain[0] = '\0';
	if (text) {
		ret->traits = MEDIA_TEXT;
		seen = markup(h);
		if (seen == NULL)
			seen = "text/plain";
	}
	member = seen != NULL ? member_of(seen, plain, filename) : NULL;
	if (member != NULL)
		seen = member;
	if (seen == NULL && plain[0] != '\0' && !has_magic(plain))
		seen = plain;
	(void)snprintf(ret->mime, sizeof(ret->mime), "%s", seen != NULL ? seen : OCTETS);
	ret->traits |= traits_of(h, ret->mime);
}

bool media_type_inline(const char *mime)
{
	static const char *const SAFE[] = {
		"image/jpeg", "image/png",  "image/gif", "image/webp", "video/mp4", "video/3gpp",
		"audio/ogg",  "audio/mpeg", "audio/mp4", "audio/aac",  "audio/amr",
	};

	for (size_t i = 0; i < COUNT(SAFE); i++) {
		if (strcmp(mime, SAFE[i]) == 0)
			return true;
	}
	return false;
}

/* Behind the last slash of either kind. */
static struct str last_part(struct str name)
{
	for (size_t i = name.n; i > 0; i--) {
		if (name.p[i - 1] == '/' || name.p[i - 1] == '\\')
			return str_sub(name, i, name.n);
	}
	return name;
}

/* C1 controls and the marks that turn the direction of writing ("gpj.exe" shown as "exe.jpg"). */
static bool is_deceit(struct str c, size_t n)
{
	return (n == 2 && byte(c, 0) == 0xc2 && byte(c, 1) < 0xa0) ||
	       (n == 3 && byte(c, 0) == 0xe2 && byte(c, 1) == 0x80 &&
		(byte(c, 2) >= 0xaa || (byte(c, 2) >= 0x8e && byte(c, 2) <= 0x8f)) &&
		byte(c, 2) <= 0xae) ||
	       (n == 3 && byte(c, 0) == 0xe2 && byte(c, 1) == 0x81 && byte(c, 2) >= 0xa6 &&
		byte(c, 2) <= 0xa9);
}

void media_type_name(struct str name, char ret_name[MEDIA_NAME_MAX + 1])
{
	struct str rest = str_trim(last_part(name));
	size_t n = 0;
	bool ok;

	while (rest.n > 0) {
		size_t step = enc_utf8_step(rest, &ok);
		unsigned char c = (unsigned char)rest.p[0];
		bool front = n == 0 && (c == '.' || c == ' '); /* hidden, or a way up */

		if (ok && !front &&
		    (step > 1 ? !is_deceit(rest, step)
			      : c >= ' ' && c != 0x7f && strchr("\"<>|*?:;%", c) == NULL)) {
			if (n + step > MEDIA_NAME_MAX)
				break;
			memcpy(ret_name + n, rest.p, step);
			n += step;
		}
		rest = str_sub(rest, step, rest.n);
	}
	ret_name[n] = '\0';
}
