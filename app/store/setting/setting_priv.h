/* setting_priv.h - inside of the settings: the snapshot that settings.c fills and setting.c reads. */
#ifndef STORE_SETTING_PRIV_H
#define STORE_SETTING_PRIV_H

#include "store/setting/setting.h"

#define SETTING_KEY_MAX     160
#define SETTING_CONTEXT_MAX (SETTING_KEY_MAX + 16)
#define SETTINGS_MAX        (4 * MIB) /* of one snapshot */

struct setting_value {
	struct setting_value *next; /* in order of appearance */
	const char *key;
	char *text;
	size_t n;
	const char *source;
};

struct settings {
	struct arena arena; /* holds this struct and everything below it */
	struct setting_value *first, *last;
	struct setting_value **sorted; /* by key, when all sources are read */
	size_t count;
	char doubt[ERR_TEXT_MAX]; /* settings_doubt; empty: none */
};

/* Slug part of a key that fits the row's pattern; false when it does not fit or the row has no slug. */
bool setting_slug_of(const struct setting_def *def, struct str key, struct str *ret);
/* Additional data of a sealed value. */
void setting_context(struct str key, char ret_text[SETTING_CONTEXT_MAX]);

#endif
