/* media_kind.c - see media_kind.h. */
#include "peer/media_kind.h"

struct row {
	const char *kind, *mime;
	unsigned needs, never;
	int64_t kib;
};

static const struct row ROWS[] = {
#define KIND(kind, mime, needs, never, kib) { kind, mime, needs, never, kib },
#include "peer/media_kind.def"
#undef KIND
};

bool media_kind_is(struct str kind)
{
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		if (str_eqc(kind, ROWS[i].kind))
			return true;
	}
	return false;
}

static bool type_fits(const struct row *r, const char *mime)
{
	return strcmp(r->mime, "*") == 0 || strcmp(r->mime, mime) == 0;
}

static bool traits_fit(const struct row *r, unsigned traits)
{
	return (traits & r->needs) == r->needs && (traits & r->never) == 0;
}

/* The row that fits in all but size, or the one that came nearest. */
static const struct row *nearest(struct str kind, const struct media_facts *f)
{
	const struct row *best = NULL;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		if (!str_eqc(kind, ROWS[i].kind) || !type_fits(&ROWS[i], f->mime))
			continue;
		if (traits_fit(&ROWS[i], f->traits))
			return &ROWS[i];
		best = &ROWS[i];
	}
	return best;
}

static void types_of(struct str kind, char *to, size_t max)
{
	size_t n = 0;

	to[0] = '\0';
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		int put;

		if (!str_eqc(kind, ROWS[i].kind) || strstr(to, ROWS[i].mime) != NULL)
			continue;
		put = snprintf(to + n, max - n, "%s%s", n > 0 ? ", " : "", ROWS[i].mime);
		if (put < 0 || (size_t)put >= max - n)
			return;
		n += (size_t)put;
	}
}

enum rc media_kind_check(struct str kind, const struct media_facts *f, struct err *e)
{
	const struct row *r = nearest(kind, f);
	char types[160];

	if (!media_kind_is(kind))
		return FAIL(e, RC_INVALID,
			    "not a kind of file: image, video, audio, voice, sticker or document");
	types_of(kind, types, sizeof(types));
	if (r == NULL)
		return FAIL(e, RC_INVALID, "a %.20s has to be %s; this file is %.60s", kind.p,
			    types, f->mime);
	if (f->bytes <= 0)
		return FAIL(e, RC_INVALID, "the file is empty");
	if (f->bytes > r->kib * (int64_t)KIB)
		return FAIL(e, RC_INVALID, "a %.20s has at most %lld bytes; this file has %lld",
			    kind.p, (long long)(r->kib * (int64_t)KIB), (long long)f->bytes);
	if (traits_fit(r, f->traits))
		return RC_OK;
	if ((r->needs & MEDIA_OPUS) != 0)
		return FAIL(
			e, RC_INVALID,
			"an Ogg file has to be Opus with one channel; send this one as document");
	return FAIL(e, RC_INVALID,
		    "an image has to be 8-bit RGB or RGBA; send this one as document");
}

const char *media_kind_for(const struct media_facts *f)
{
	static const char *const TRY_AS[] = { "image", "video", "audio" };

	for (size_t i = 0; i < COUNT(TRY_AS); i++) {
		if (media_kind_check(str_of(TRY_AS[i]), f, NULL) == RC_OK)
			return TRY_AS[i];
	}
	return "document";
}

const char *media_kind_upload_type(const struct media_facts *f)
{
	return (f->traits & MEDIA_OPUS) != 0 ? "audio/ogg; codecs=opus" : f->mime;
}
