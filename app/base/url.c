/* url.c - see url.h. No state; any thread. */
#include "base/url.h"

#include "base/limits.h"

/* HTTP_URL_MAX leaves room for what the encoders append. */
#define BASE_MAX 512u

static bool only(struct str s, const char *extra)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool plain =
			(c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!plain && (c == '\0' || strchr(extra, c) == NULL))
			return false;
	}
	return true;
}

static bool port_ok(struct str port, int64_t low)
{
	int64_t number;
	return str_i64(port, low, 65535, &number);
}

bool url_authority_ok(struct str a, int64_t port_low)
{
	if (a.n > 0 && a.p[0] == '[') {
		ptrdiff_t end = str_chr(a, ']');
		if (end < 3 || !only(str_sub(a, 1, (size_t)end - 1), ":."))
			return false;
		struct str rest = str_sub(a, (size_t)end + 1, a.n);
		return rest.n == 0 ||
		       (rest.p[0] == ':' && port_ok(str_sub(rest, 1, rest.n), port_low));
	}
	ptrdiff_t colon = str_chr(a, ':');
	struct str host = colon < 0 ? a : str_sub(a, 0, (size_t)colon);
	if (host.n == 0 || !only(host, ".-_") || host.p[0] == '.' || host.p[0] == '-')
		return false;
	return colon < 0 || port_ok(str_sub(a, (size_t)colon + 1, a.n), port_low);
}

static bool path_ok(struct str path)
{
	struct str part;
	while (str_cut(&path, '/', &part))
		if (part.n == 0 || str_eqc(part, ".") || str_eqc(part, "..") || !only(part, "-._~"))
			return false;
	return true;
}

static struct str behind_scheme(struct str url)
{
	if (str_starts(url, STR("https://")))
		return str_sub(url, 8, url.n);
	return str_starts(url, STR("http://")) ? str_sub(url, 7, url.n) : STR_NONE;
}

bool url_base_ok(struct str base, struct str *ret_clean)
{
	if (base.n == 0 || base.n > BASE_MAX)
		return false;
	if (base.p[base.n - 1] == '/')
		base = str_sub(base, 0, base.n - 1);
	struct str rest = behind_scheme(base);
	ptrdiff_t slash = str_chr(rest, '/');
	struct str authority = slash < 0 ? rest : str_sub(rest, 0, (size_t)slash);
	if (!url_authority_ok(authority, 1))
		return false;
	if (slash >= 0 && !path_ok(str_sub(rest, (size_t)slash + 1, rest.n)))
		return false;
	*ret_clean = base;
	return true;
}

bool url_ok(struct str url)
{
	struct str rest = behind_scheme(url);
	size_t end = 0;

	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] <= ' ' || rest.p[i] >= 0x7f ||
		    strchr("\"<>\\^`{|}", rest.p[i]) != NULL)
			return false;
	while (end < rest.n && strchr("/?#", rest.p[end]) == NULL)
		end++;
	return url_authority_ok(str_sub(rest, 0, end), 1);
}
