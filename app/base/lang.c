/* lang.c - see lang.h. */
#include "base/lang.h"

static const char *const NAMES[LANG_COUNT] = { "en", "es", "pt" };

bool lang_parse(struct str s, enum lang *ret)
{
	for (unsigned l = 0; l < LANG_COUNT; l++) {
		if (str_ieq(str_sub(s, 0, 2), str_of(NAMES[l])) &&
		    (s.n == 2 || s.p[2] == '-' || s.p[2] == '_')) {
			*ret = (enum lang)l;
			return true;
		}
	}
	return false;
}

/* Thousandths of "q=0.8"; 1000 without one. */
static int weight_of(struct str params)
{
	struct str part;

	while (str_cut(&params, ';', &part)) {
		int w = 0, unit = 1000;

		part = str_trim(part);
		if (!str_starts(part, STR("q=")) && !str_starts(part, STR("Q=")))
			continue;
		for (size_t i = 2; i < part.n && unit > 0; i++) {
			if (part.p[i] == '.')
				continue;
			if (part.p[i] < '0' || part.p[i] > '9')
				return 0;
			w += (part.p[i] - '0') * unit;
			unit /= 10;
		}
		return w;
	}
	return 1000;
}

enum lang lang_accept(struct str header, enum lang otherwise)
{
	enum lang best = otherwise, l;
	int best_weight = 0;
	struct str one, name;

	while (str_cut(&header, ',', &one)) {
		int w;

		if (!str_cut(&one, ';', &name) || !lang_parse(str_trim(name), &l))
			continue;
		w = weight_of(one);
		if (w > best_weight) {
			best = l;
			best_weight = w;
		}
	}
	return best;
}
