/* evolution_door.c - see evolution_door.h. */
#include "flow/evolution/evolution_door.h"

#include "peer/evolution/evolution_hook.h"
#include "peer/sign.h"

#define HEADER_NAME_MAX 64 /* name of the webhook header with its NUL; the setting allows 60 */

static bool header_fits(const struct channel *ch, const struct evolution_badge *b)
{
	char name[HEADER_NAME_MAX];

	return ch->webhook_header_value.n > 0 &&
	       str_copy(ch->webhook_header_name, name, sizeof(name)) && name[0] != '\0' &&
	       sign_token_equal(b->header(b->arg, name), ch->webhook_header_value);
}

enum rc evolution_door_check(const struct channel *ch, const struct evolution_badge *b,
			     struct err *e)
{
	bool by_header = ch->webhook_header_name.n > 0 && ch->webhook_header_value.n > 0;

	if (by_header && header_fits(ch, b))
		return RC_OK;
	if (ch->webhook_jwt_key.n > 0)
		return sign_jwt_check(b->authorization, ch->webhook_jwt_key, b->now_ms, e);
	if (!by_header)
		return FAIL(e, RC_ABSENT,
			    "This channel has neither webhook_header_value nor webhook_jwt_key.");
	return FAIL(e, RC_REFUSED, "The configured webhook header is missing or wrong.");
}

const struct channel *evolution_door_any(const struct config *c, const struct evolution_badge *b)
{
	for (size_t i = 0; i < c->channel_count; i++) {
		const struct channel *ch = &c->channels[i];

		if (strcmp(ch->provider, "evolution") == 0 &&
		    evolution_door_check(ch, b, NULL) == RC_OK)
			return ch;
	}
	return NULL;
}

static const char *const SECRETS[] = { "\"apikey\"",        "\"jwt_key\"",       "\"pubsub_token\"",
				       "\"Authorization\"", "\"authorization\"", "\"apiKey\"" };

/* Behind a key: blanks, a colon, blanks, and a text in quotes. False: no text, or an empty one. */
static bool find_value(struct str body, size_t at, size_t *ret_from, size_t *ret_to)
{
	while (at < body.n && (body.p[at] == ' ' || body.p[at] == '\t' || body.p[at] == '\n' ||
			       body.p[at] == '\r' || body.p[at] == ':'))
		at++;
	if (at == body.n || body.p[at] != '"')
		return false; /* null */
	*ret_from = ++at;
	while (at < body.n && body.p[at] != '"')
		at += body.p[at] == '\\' ? 2 : 1;
	*ret_to = size_min(at, body.n);
	return *ret_to > *ret_from;
}

static bool is_secret_key(struct str rest, size_t *ret_len)
{
	for (size_t i = 0; i < COUNT(SECRETS); i++) {
		*ret_len = strlen(SECRETS[i]);
		if (str_starts(rest, str_of(SECRETS[i])))
			return true;
	}
	return false;
}

/* Keys only: inside of a text the quotes would be escaped, so the character before is a backslash. One pass from quote
 * to quote; base64 has none, so 25 MB of it cost one memchr. */
bool evolution_door_redact(struct str body, struct sbuf *copy)
{
	size_t at = 0, from, to, len;
	bool any = false;

	while (at < body.n) {
		const char *quote = memchr(body.p + at, '"', body.n - at);

		if (quote == NULL)
			break;
		at = (size_t)(quote - body.p) + 1;
		if (at > 1 && quote[-1] == '\\')
			continue;
		if (!is_secret_key(str_sub(body, at - 1, body.n), &len) ||
		    !find_value(body, at - 1 + len, &from, &to))
			continue;
		if (!any)
			sbuf_str(copy, body);
		any = true;
		if (sbuf_ok(copy))
			memset(copy->p + from, '*', to - from);
		at = to;
	}
	return any;
}

/* Past the text that begins at `at`, behind its quote; base64 of 25 MB costs one memchr. */
static size_t text_end(struct str body, size_t at)
{
	while (at < body.n) {
		const char *quote = memchr(body.p + at, '"', body.n - at);
		size_t slashes = 0;

		if (quote == NULL)
			return body.n;
		while (quote - slashes > body.p + at && quote[-1 - (ptrdiff_t)slashes] == '\\')
			slashes++;
		at = (size_t)(quote - body.p) + 1;
		if (slashes % 2 == 0)
			return at;
	}
	return body.n;
}

/* The word of the event, a member of the outermost object wherever it stands: some put `data` before it. */
static struct str event_of(struct str body)
{
	size_t depth = 0, from, to;

	for (size_t at = 0; at < body.n;) {
		char c = body.p[at++];

		depth += c == '{' || c == '[';
		depth -= (c == '}' || c == ']') && depth > 0;
		if (c != '"')
			continue;
		from = at;
		at = text_end(body, at);
		if (depth == 1 && str_eqc(str_sub(body, from, at - from), "event\"") &&
		    find_value(body, at, &from, &to))
			return str_sub(body, from, to - from);
	}
	return STR_NONE;
}

bool evolution_door_is_secret(struct str body, struct str path_event)
{
	return str_eqc(evolution_event_name(event_of(body)), "creds.update") ||
	       str_eqc(evolution_event_name(path_event), "creds.update");
}
