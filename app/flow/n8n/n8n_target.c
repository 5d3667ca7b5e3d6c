/* n8n_target.c - see n8n_target.h. */
#include "flow/n8n/n8n_target.h"

#include "base/enc.h"
#include "io/crypto.h"

#define JWT_LIFE_S 300

static struct str get(const struct settings *s, const char *slug, const char *name)
{
	return setting_of(s, "n8n", slug, name);
}

static enum n8n_auth auth_of(struct str word)
{
	static const struct {
		const char *word;
		enum n8n_auth auth;
	} ROWS[] = {
		{ "header", N8N_AUTH_HEADER },
		{ "basic", N8N_AUTH_BASIC },
		{ "jwt", N8N_AUTH_JWT },
		{ "none", N8N_AUTH_NONE },
	};

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		if (str_eqc(word, ROWS[i].word))
			return ROWS[i].auth;
	}
	return N8N_AUTH_NONE;
}

void n8n_target_read(const struct settings *s, const char *slug, struct n8n_target *t)
{
	t->slug = slug;
	t->url = get(s, slug, "url");
	t->reply_url = get(s, slug, "reply_url");
	t->auth = auth_of(get(s, slug, "auth"));
	t->header_name = get(s, slug, "header_name");
	t->header_value = get(s, slug, "header_value");
	t->username = get(s, slug, "username");
	t->password = get(s, slug, "password");
	t->jwt_secret = get(s, slug, "jwt_secret");
	t->chat = str_eqc(get(s, slug, "payload"), "chat");
	t->channels = get(s, slug, "channels");
	t->types = get(s, slug, "types");
	t->statuses = get(s, slug, "statuses");
	t->words = get(s, slug, "words");
	t->groups = setting_is_yes(get(s, slug, "groups"));
	t->timeout_ms = setting_of_i64(s, "n8n", slug, "timeout_ms");
	t->history = setting_of_i64(s, "n8n", slug, "history");
	t->reply_token_ms = setting_of_i64(s, "n8n", slug, "reply_token_minutes") * MINUTE_MS;
	t->api_url = get(s, slug, "api_url");
	t->api_key = get(s, slug, "api_key");
}

/* ---- filters ---- */

static bool has_word(struct str list, struct str wanted)
{
	struct str word;
	bool any = false;

	while (str_cut(&list, ' ', &word)) {
		if (word.n == 0)
			continue;
		any = true;
		if (str_ieq(word, wanted))
			return true;
	}
	return !any;
}

/* People write "AYÚDA", "ayúda" and "ayuda": accents and case of the Latin letters do not count. Combining accents
 * (U+0300 to U+036F, as some keyboards send them) fall away. */
static void fold(struct str text, struct sbuf *to)
{
	/* U+00C0 to U+00FF; a dot: the letter stays as it is */
	static const char BASE[] = "aaaaaa.ceeeeiiii.nooooo.ouuuuy.."
				   "aaaaaa.ceeeeiiii.nooooo.ouuuuy.y";

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		unsigned char next = i + 1 < text.n ? (unsigned char)text.p[i + 1] : 0;
		bool latin = c == 0xc3 && next >= 0x80 && next < 0xc0;

		if (latin && BASE[next - 0x80] != '.') {
			sbuf_char(to, BASE[next - 0x80]);
			i++;
		} else if ((c == 0xcc && next >= 0x80) ||
			   (c == 0xcd && next >= 0x80 && next < 0xb0)) {
			i++;
		} else {
			sbuf_char(to, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : (char)c);
		}
	}
}

enum glyph { GLYPH_OTHER, GLYPH_LETTER, GLYPH_DIGIT };

/* Of the character whose first byte is p[0]. Letters are those of scripts that part words by blanks: Latin, Greek,
 * Cyrillic, Hebrew, Arabic, Indic; in Chinese or Thai a word is found anywhere. */
static enum glyph glyph(const unsigned char *p, size_t n)
{
	uint32_t c;

	if (p[0] < 0x80)
		return p[0] >= '0' && p[0] <= '9'   ? GLYPH_DIGIT
		       : p[0] >= 'a' && p[0] <= 'z' ? GLYPH_LETTER /* folded */
						    : GLYPH_OTHER;
	if (n >= 2 && (p[0] & 0xe0) == 0xc0)
		c = (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	else if (n >= 3 && (p[0] & 0xf0) == 0xe0)
		c = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	else
		return GLYPH_OTHER;
	return (c >= 0xc0 && c < 0xe00 && c != 0xd7 && c != 0xf7) || (c >= 0x10a0 && c < 0x2000)
		       ? GLYPH_LETTER
		       : GLYPH_OTHER;
}

/* Between the characters that end and begin at `at`: a word ends where letters or digits end, also "dni" of "dni08408122". */
static bool is_edge(struct str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t before = at;
	enum glyph left;

	if (at == 0 || at == s.n)
		return true;
	do {
		before--;
	} while (before > 0 && (p[before] & 0xc0) == 0x80);
	left = glyph(p + before, at - before);
	return left == GLYPH_OTHER || left != glyph(p + at, s.n - at);
}

/* As a whole word: "dni" is not in "mundnis"; "factur*" is in "facturas". Both are folded. */
static bool holds_word(struct str text, struct str word)
{
	bool begins = str_ends(word, STR("*"));

	if (begins)
		word = str_sub(word, 0, word.n - 1);
	for (size_t from = 0; from < text.n; from++) {
		ptrdiff_t at = str_find(str_sub(text, from, text.n), word);

		if (at < 0)
			return false;
		from += (size_t)at;
		if (is_edge(text, from) && (begins || is_edge(text, from + word.n)))
			return true;
	}
	return false;
}

static bool text_holds(struct str text, struct str word)
{
	AUTO(sbuf_release) struct sbuf w = SBUF(8 * KIB);

	fold(word, &w);
	return sbuf_ok(&w) && w.n > 0 && holds_word(text, sbuf_view(&w));
}

static bool has_piece(struct str list, struct str text)
{
	AUTO(sbuf_release) struct sbuf folded = SBUF(1 * MIB);
	struct str word;
	bool any = false;

	fold(text, &folded);
	while (str_cut(&list, ' ', &word)) {
		if (word.n == 0)
			continue;
		any = true;
		if (text_holds(sbuf_view(&folded), word))
			return true;
	}
	return !any;
}

bool n8n_target_wants(const struct n8n_target *t, const struct n8n_subject *m)
{
	return (t->groups || !m->group) && has_word(t->channels, m->channel) &&
	       has_word(t->types, m->type) && has_word(t->statuses, m->status) &&
	       has_piece(t->words, m->text);
}

struct str n8n_target_origin(struct str url)
{
	ptrdiff_t scheme = str_find(url, STR("://"));
	ptrdiff_t slash;

	if (scheme <= 0)
		return STR_NONE;
	slash = str_chr(str_sub(url, (size_t)scheme + 3, url.n), '/');
	return slash < 0 ? url : str_sub(url, 0, (size_t)scheme + 3 + (size_t)slash);
}

/* ---- who we are ---- */

static void base64url(struct sbuf *to, struct str bytes)
{
	size_t from = to->n;

	enc_base64(to, (const uint8_t *)bytes.p, bytes.n);
	for (size_t i = from; i < to->n; i++) {
		if (to->p[i] == '+')
			to->p[i] = '-';
		else if (to->p[i] == '/')
			to->p[i] = '_';
	}
	while (to->n > from && to->p[to->n - 1] == '=')
		to->n--;
}

/* RFC 7519 with HS256; short-lived, so that a logged one is soon worth nothing. */
static void jwt(const struct n8n_target *t, int64_t now_ms, struct sbuf *to)
{
	char claims[160];
	uint8_t mac[SHA256_BYTES];
	int64_t now_s = now_ms / SECOND_MS, end_s = now_s + JWT_LIFE_S;
	size_t from;

	(void)snprintf(claims, sizeof(claims),
		       "{\"iss\":\"totem\",\"sub\":\"%s\",\"iat\":%lld,\"exp\":%lld}", t->slug,
		       (long long)now_s, (long long)end_s); /* fits: slugs are short */
	sbuf_text(to, "Bearer ");
	from = to->n;
	base64url(to, STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
	sbuf_char(to, '.');
	base64url(to, str_of(claims));
	crypto_hmac_sha256(t->jwt_secret, str_n(to->p + from, to->n - from), mac);
	sbuf_char(to, '.');
	base64url(to, str_n((const char *)mac, sizeof(mac)));
}

static void basic(const struct n8n_target *t, struct sbuf *to)
{
	AUTO(sbuf_release) struct sbuf pair = SBUF(4 * KIB);

	sbuf_str(&pair, t->username);
	sbuf_char(&pair, ':');
	sbuf_str(&pair, t->password);
	sbuf_text(to, "Basic ");
	enc_base64(to, (const uint8_t *)pair.p, pair.n);
	crypto_zero(pair.p, pair.cap);
}

enum rc n8n_target_header(const struct n8n_target *t, int64_t now_ms, struct arena *a,
			  const char **ret_name, const char **ret_value, struct err *e)
{
	AUTO(sbuf_release) struct sbuf value = SBUF(8 * KIB);
	struct str name = STR("Authorization");

	switch (t->auth) {
	case N8N_AUTH_NONE:
		return RC_ABSENT;
	case N8N_AUTH_HEADER:
		if (t->header_name.n == 0)
			return RC_ABSENT;
		name = t->header_name;
		sbuf_str(&value, t->header_value);
		break;
	case N8N_AUTH_BASIC:
		basic(t, &value);
		break;
	case N8N_AUTH_JWT:
		jwt(t, now_ms, &value);
		break;
	}
	*ret_name = arena_dup(a, name);
	*ret_value = arena_dup(a, sbuf_view(&value));
	if (!sbuf_ok(&value) || *ret_name == NULL || *ret_value == NULL)
		return FAIL(e, RC_LIMIT, "no room for the header");
	return RC_OK;
}
