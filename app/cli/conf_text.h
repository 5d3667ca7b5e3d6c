/* conf_text.h - totem.conf with a comment for every setting, made from the table in store/setting/setting.def. */
#ifndef CLI_CONF_TEXT_H
#define CLI_CONF_TEXT_H

#include "base/sbuf.h"

/* `data_dir` NULL: left as a comment like the rest. */
void conf_text(struct sbuf *to, const char *data_dir);

#endif
