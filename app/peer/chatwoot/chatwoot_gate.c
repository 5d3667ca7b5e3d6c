/* chatwoot_gate.c - see chatwoot_gate.h. No state; any thread. */
#include "peer/chatwoot/chatwoot_gate.h"

static const struct gate {
	const char *name;
	int64_t version[3];
	const char *text[LANG_COUNT];
} gates[] = {
#define G(name_, major, minor, patch, en, es, pt)            \
	[CHATWOOT_GATE_##name_] = { #name_,                  \
				    { major, minor, patch }, \
				    { [LANG_EN] = en, [LANG_ES] = es, [LANG_PT] = pt } },
#include "peer/chatwoot/chatwoot_gate.def"
#undef G
};

static const struct warning {
	const char *name;
	const char *text[LANG_COUNT];
} warnings[] = {
#define A(name_, en, es, pt) \
	[CHATWOOT_WARNING_##name_] = { #name_, { [LANG_EN] = en, [LANG_ES] = es, [LANG_PT] = pt } },
#include "peer/chatwoot/chatwoot_warning.def"
#undef A
};

/* False: not a version. */
static bool read_version(struct str s, int64_t ret[3])
{
	if (s.n > 0 && s.p[0] == 'v')
		s = str_sub(s, 1, s.n);
	for (int i = 0; i < 3; i++) {
		size_t n = 0;

		while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
			n++;
		if (!str_i64(str_sub(s, 0, n), 0, 1000000, &ret[i]))
			return false;
		s = str_sub(s, n, s.n);
		if (i < 2 && (s.n == 0 || s.p[0] != '.')) {
			ret[2] = 0;
			return i > 0;
		}
		s = str_sub(s, 1, s.n);
	}
	return true;
}

bool chatwoot_gate_open(enum chatwoot_gate g, struct str version)
{
	int64_t v[3];

	ASSERT((unsigned)g < CHATWOOT_GATES);
	if (!read_version(version, v))
		return true;
	for (int i = 0; i < 3; i++)
		if (v[i] != gates[g].version[i])
			return v[i] > gates[g].version[i];
	return true;
}

const char *chatwoot_gate_name(enum chatwoot_gate g)
{
	ASSERT((unsigned)g < CHATWOOT_GATES);
	return gates[g].name;
}

const char *chatwoot_gate_text(enum chatwoot_gate g, enum lang lang)
{
	ASSERT((unsigned)g < CHATWOOT_GATES && (unsigned)lang < LANG_COUNT);
	return gates[g].text[lang];
}

void chatwoot_gate_since(enum chatwoot_gate g, char *ret_text, size_t bytes)
{
	ASSERT((unsigned)g < CHATWOOT_GATES);
	(void)snprintf(ret_text, bytes, "%lld.%lld.%lld", (long long)gates[g].version[0],
		       (long long)gates[g].version[1], (long long)gates[g].version[2]);
}

const char *chatwoot_warning_name(enum chatwoot_warning w)
{
	ASSERT((unsigned)w < CHATWOOT_WARNINGS);
	return warnings[w].name;
}

bool chatwoot_warning_parse(struct str name, enum chatwoot_warning *ret)
{
	for (int i = 0; i < CHATWOOT_WARNINGS; i++) {
		if (str_eqc(name, warnings[i].name)) {
			*ret = (enum chatwoot_warning)i;
			return true;
		}
	}
	return false;
}

void chatwoot_warning_text(enum chatwoot_warning w, enum lang lang, struct str argument,
			   struct sbuf *to)
{
	struct str text;
	ptrdiff_t at;

	ASSERT((unsigned)w < CHATWOOT_WARNINGS && (unsigned)lang < LANG_COUNT);
	text = str_of(warnings[w].text[lang]);
	at = str_find(text, STR("{1}"));
	if (at < 0) {
		sbuf_str(to, text);
		return;
	}
	sbuf_str(to, str_sub(text, 0, (size_t)at));
	sbuf_str(to, argument);
	sbuf_str(to, str_sub(text, (size_t)at + 3, text.n));
}

/* Four numbers below 256. */
static bool ipv4(struct str host, int64_t ret[4])
{
	struct str part;

	for (int i = 0; i < 4; i++) {
		if (!str_cut(&host, '.', &part) || !str_i64(part, 0, 255, &ret[i]))
			return false;
	}
	return host.n == 0;
}

bool chatwoot_host_loopback(struct str host)
{
	int64_t ip[4];

	if (ipv4(host, ip))
		return ip[0] == 127;
	return str_eqc(host, "localhost") || str_eqc(host, "[::1]") || str_eqc(host, "::1");
}

bool chatwoot_host_private(struct str host)
{
	static const char *const ends[] = { ".local", ".lan", ".internal", ".home.arpa" };
	int64_t ip[4];

	if (chatwoot_host_loopback(host))
		return true;
	if (ipv4(host, ip)) /* RFC 1918, 3927, 6598 */
		return ip[0] == 10 || (ip[0] == 192 && ip[1] == 168) ||
		       (ip[0] == 172 && ip[1] >= 16 && ip[1] <= 31) ||
		       (ip[0] == 169 && ip[1] == 254) ||
		       (ip[0] == 100 && ip[1] >= 64 && ip[1] <= 127);
	if (host.n > 0 && host.p[0] == '[') /* fc00::/7, fe80::/10 */
		return str_starts(host, STR("[fc")) || str_starts(host, STR("[fd")) ||
		       str_starts(host, STR("[fe8"));
	for (size_t i = 0; i < COUNT(ends); i++)
		if (str_ends(host, str_of(ends[i])))
			return true;
	return str_chr(host, '.') < 0;
}
