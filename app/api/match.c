/* match.c - see match.h. */
#include "api/match.h"

/* Length of the parameter "{...}" at p. */
static size_t param_length(const char *p)
{
	const char *end = strchr(p, '}');

	ASSERT(p[0] == '{' && end != NULL);
	return (size_t)(end - p) + 1;
}

bool match_path(const char *pattern, struct str path, struct match *ret)
{
	const char *p = pattern;
	size_t at = 0;

	ret->params = 0;
	while (*p != '\0') {
		if (*p != '{') {
			if (at >= path.n || path.p[at] != *p)
				return false;
			at++;
			p++;
			continue;
		}
		size_t n = param_length(p);
		size_t end = at;
		bool rest = p[n - 2] == '*';

		while (end < path.n && (rest || path.p[end] != '/'))
			end++;
		if (end == at)
			return false;
		ASSERT(ret->params < MATCH_PARAMS);
		ret->param[ret->params++] = str_sub(path, at, end - at);
		at = end;
		p += n;
	}
	return at == path.n;
}

static void allow_add(struct match *m, const char *method)
{
	size_t n = strlen(m->allow);
	int put;

	if (strstr(m->allow, method) != NULL)
		return;
	put = snprintf(m->allow + n, sizeof(m->allow) - n, "%s%s", n > 0 ? ", " : "", method);
	ASSERT(put > 0 && (size_t)put < sizeof(m->allow) - n);
}

enum rc match_find(const struct route *rows, size_t count, const struct req *q, struct match *ret)
{
	const char *method = strcmp(q->method, "HEAD") == 0 ? "GET" : q->method;
	struct str path = str_of(q->path);

	ret->allow[0] = '\0';
	ret->route = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct route *r = &rows[i];

		if ((r->where & q->listener) == 0 || !match_path(r->path, path, ret))
			continue;
		if (strcmp(r->method, method) == 0) {
			ret->route = r;
			return RC_OK;
		}
		allow_add(ret, r->method);
		if (strcmp(r->method, "GET") == 0)
			allow_add(ret, "HEAD");
	}
	return ret->allow[0] != '\0' ? RC_REFUSED : RC_ABSENT;
}
