/* role.c - see role.h and role.def. */
#include "store/access/role.h"

enum numbers { FULL, MASKED };

static const struct {
	const char *text;
	enum numbers numbers;
	const char *scopes;
} ROLES[] = {
#define ROLE(name, text, numbers, scopes) { text, numbers, scopes },
#include "store/access/role.def"
#undef ROLE
};

const char *role_text(enum role r)
{
	ASSERT((unsigned)r < ROLE_COUNT);
	return ROLES[r].text;
}

bool role_parse(struct str text, enum role *ret)
{
	for (int i = 0; i < ROLE_COUNT; i++) {
		if (str_eqc(text, ROLES[i].text)) {
			*ret = (enum role)i;
			return true;
		}
	}
	return false;
}

uint32_t role_scopes(enum role r)
{
	uint32_t bits = 0;

	ASSERT((unsigned)r < ROLE_COUNT);
	ASSERT(token_scopes_parse(str_of(ROLES[r].scopes), &bits));
	return bits;
}

uint32_t role_scopes_of(struct str text)
{
	enum role r;

	return role_parse(text, &r) ? role_scopes(r) : 0;
}

bool role_masks(struct str text)
{
	enum role r;

	return !role_parse(text, &r) || ROLES[r].numbers == MASKED;
}
