/* setting_form.h - the shapes that values of settings have (the column kind of setting.def). Pure but for setting_form_there. */
#ifndef STORE_SETTING_FORM_H
#define STORE_SETTING_FORM_H

#include "store/setting/setting.h"

/* RC_INVALID: `key`: "value" is <what it is not>. The value is plain text and not empty. */
enum rc setting_form_check(const struct setting_def *def, struct str key, struct str value,
			   struct err *e) MUST_CHECK;
/* No blanks at its ends (a token that was copied with its line end). The file has none; of the database it is not asked: what
 * worked until now goes on. */
enum rc setting_form_edges(const struct setting_def *def, struct str key, struct str value,
			   struct err *e) MUST_CHECK;
/* What a FILE or FOLDER names is there and is one, as far as this process may see. Others: RC_OK. */
enum rc setting_form_there(const struct setting_def *def, struct str key, struct str value,
			   struct err *e) MUST_CHECK;
/* The setting whose name is nearest to `key`, with the slug of `key`; false: none is near. */
#define SETTING_NEAR_MAX 160
bool setting_nearest(struct str key, char ret_key[SETTING_NEAR_MAX]) MUST_CHECK;

#endif
